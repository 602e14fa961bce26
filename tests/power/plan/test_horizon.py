"""The weather horizon: intervals, chances, and what a forecast from outside shifts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.settings import Chemistry, SiteSettings
from power.plan.horizon import (
    HORIZON_DAYS,
    DayForecast,
    apply_forecast,
    build_horizon,
    split_day,
)
from power.plan.weather_model import CLASS_CLEAR_SKY_INDEX
from tests.power.plan.site_days import MIDNIGHT, SMALL, clear_hours, past_of


def test_the_horizon_covers_all_days_without_a_gap() -> None:
    horizon = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), past_of(0.5).days)
    ends = [one.starts + timedelta(hours=one.hours) for one in horizon.intervals]
    assert horizon.intervals[0].starts == MIDNIGHT
    assert ends[:-1] == [one.starts for one in horizon.intervals[1:]]
    assert ends[-1] == MIDNIGHT + timedelta(days=HORIZON_DAYS)
    assert len(horizon.weather) == len(horizon.cold) == HORIZON_DAYS + 1
    assert [one.last for one in horizon.intervals].count(True) == HORIZON_DAYS


def test_the_horizon_keeps_the_energy_of_the_clear_sky() -> None:
    clear_w = clear_hours(SMALL)
    horizon = build_horizon(SMALL, MIDNIGHT, clear_w, ())
    interval_wh = sum(one.clear_w * one.hours for one in horizon.intervals)
    assert interval_wh == pytest.approx(sum(clear_w), rel=1e-6)


def test_a_polar_night_is_one_interval_a_day() -> None:
    assert split_day([0.0] * 24, fine=False) == [(0, 24)]
    assert split_day([0.0] * 8 + [5.0] * 8 + [0.0] * 8, fine=False) == [(0, 8), (8, 16), (16, 24)]


def test_only_a_battery_that_must_not_be_charged_in_frost_fears_the_cold() -> None:
    arctic = replace(SMALL, site=SiteSettings(latitude_deg=68.0, longitude_deg=0.0))
    lead = replace(arctic, battery=replace(arctic.battery, chemistry=Chemistry.LEAD_ACID))
    january, past = datetime(2026, 1, 15, tzinfo=UTC), past_of(0.5, mean_c=-15.0).days
    assert build_horizon(arctic, january, clear_hours(arctic), past).cold[0] > 0.9
    assert build_horizon(lead, january, clear_hours(lead), past).cold[0] == 0.0


def test_a_forecast_shifts_its_own_day_and_no_other() -> None:
    plain = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), ())
    shifted = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), (), {1: DayForecast(0.86, 0.1)})
    assert shifted.weather[0] == plain.weather[0]
    assert shifted.weather[2:] == plain.weather[2:]
    assert shifted.weather[1][4] > 0.8 > plain.weather[1][4]


def test_a_forecast_that_agrees_with_no_class_changes_nothing() -> None:
    chances = (0.2, 0.2, 0.2, 0.2, 0.2)
    assert apply_forecast(chances, DayForecast(9.0, 0.001)) == chances
    sure = apply_forecast(chances, DayForecast(CLASS_CLEAR_SKY_INDEX[0], 0.02))
    assert sum(sure) == pytest.approx(1.0)
    assert sure[0] > 0.99
