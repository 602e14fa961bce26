"""What is believed of the days to come: the outlook, and a forecast from outside."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import Chemistry, SiteSettings
from power.plan.forecast_file import ForecastError, read_forecast
from power.plan.horizon import (
    HORIZON_DAYS,
    DayForecast,
    apply_forecast,
    build_horizon,
    estimate_shade_factors,
    split_day,
)
from power.plan.weather_model import CLASS_CLEARNESS
from tests.power.plan.site_days import MIDNIGHT, SMALL, clear_hours, past_of

NOW = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
DAY = {"date": "2026-11-22", "clearness": 0.4, "sigma": 0.15}


# --- the outlook ----------------------------------------------------------------------------------


def test_the_outlook_covers_all_days_without_a_gap() -> None:
    outlook = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), past_of(0.5).days)
    ends = [one.starts + timedelta(hours=one.hours) for one in outlook.intervals]
    assert outlook.intervals[0].starts == MIDNIGHT
    assert ends[:-1] == [one.starts for one in outlook.intervals[1:]]
    assert ends[-1] == MIDNIGHT + timedelta(days=HORIZON_DAYS)
    assert len(outlook.weather) == len(outlook.cold) == HORIZON_DAYS + 1
    assert [one.last for one in outlook.intervals].count(True) == HORIZON_DAYS


def test_the_outlook_keeps_the_energy_of_the_clear_sky() -> None:
    clear_w = clear_hours(SMALL)
    outlook = build_horizon(SMALL, MIDNIGHT, clear_w, ())
    stretched_wh = sum(one.clear_w * one.hours for one in outlook.intervals)
    assert stretched_wh == pytest.approx(sum(clear_w), rel=1e-6)


def test_a_polar_night_is_one_stretch_a_day() -> None:
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
    told = build_horizon(SMALL, MIDNIGHT, clear_hours(SMALL), (), {1: DayForecast(0.86, 0.1)})
    assert told.weather[0] == plain.weather[0]
    assert told.weather[2:] == plain.weather[2:]
    assert told.weather[1][4] > 0.8 > plain.weather[1][4]


def test_a_forecast_that_agrees_with_no_class_changes_nothing() -> None:
    chances = (0.2, 0.2, 0.2, 0.2, 0.2)
    assert apply_forecast(chances, DayForecast(9.0, 0.001)) == chances
    sure = apply_forecast(chances, DayForecast(CLASS_CLEARNESS[0], 0.02))
    assert sum(sure) == pytest.approx(1.0)
    assert sure[0] > 0.99


def test_an_hour_is_shaded_only_if_it_gives_less_again_and_again() -> None:
    shaded = [{"9": 0.2, "12": 0.9}] * 40
    factors = estimate_shade_factors(shaded, [0.9] * 40)
    assert factors[9] < 0.4
    assert factors[12] == pytest.approx(1.0, abs=0.01)
    assert factors[3] == 1.0  # nobody saw that hour
    once = estimate_shade_factors([{"9": 0.2}], [0.9])
    assert once[9] > 0.8
    cloudy = estimate_shade_factors([{"9": 0.05}] * 40, [0.2] * 40)
    assert cloudy[9] == 1.0  # a cloudy day says nothing of shade


# --- the file -------------------------------------------------------------------------------------


def written(tmp_path: Path, document: Any) -> Path:
    path = tmp_path / "forecast.json"
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def test_a_fresh_forecast_is_read_by_day_from_today(tmp_path: Path) -> None:
    tomorrow = {"date": "2026-11-23", "clearness": 1, "sigma": 0.3}
    past = {"date": "2026-11-21", "clearness": 0.1, "sigma": 0.3}
    path = written(tmp_path, {"made": "2026-11-22T05:00:00Z", "days": [past, DAY, tomorrow]})
    told = read_forecast(path, NOW, NOW.date())
    assert told == {0: DayForecast(0.4, 0.15), 1: DayForecast(1.0, 0.3)}


def test_no_forecast_and_an_old_one_are_no_fault(tmp_path: Path) -> None:
    assert read_forecast(tmp_path / "none.json", NOW, NOW.date()) == {}
    path = written(tmp_path, {"made": "2026-11-20T05:00:00+00:00", "days": [DAY]})
    assert read_forecast(path, NOW, NOW.date()) == {}


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("{", "no JSON"),
        ("[]", 'no list "days"'),
        ("[" * 100_000, "more than 65536 bytes"),
        ("[" * 60_000, "left aside"),
        (b"\xff\xfe".decode("latin-1"), "no JSON"),
        ({"made": "2026-11-22T05:00:00Z", "days": {}}, 'no list "days"'),
        ({"made": "2026-11-22T05:00:00", "days": [DAY]}, '"made" is no time'),
        ({"days": [DAY]}, '"made" is no time'),
        ({"made": 5, "days": [DAY]}, '"made" is no time'),
        ({"made": "2026-11-23T05:00:00Z", "days": [DAY]}, "still to come"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY, DAY]}, "there twice"),
        ({"made": "2026-11-22T05:00:00Z", "days": [3]}, "day 1 is no object"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"date": None}]}, "no date such as"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"date": "22.11."}]}, "no date such as"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"clearness": -0.1}]}, "from 0 to 1.2"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"clearness": True}]}, "from 0 to 1.2"),
        ({"made": "2026-11-22T05:00:00Z", "days": [DAY | {"sigma": 0}]}, '"sigma" of day 1'),
        (f'{{"made": "2026-11-22T05:00:00Z", "days": [{json.dumps(DAY)[:-1]}, "sigma": NaN}}]}}',
         "from 0.02 to 1"),
    ],
)  # fmt: skip
def test_a_bad_forecast_is_one_sentence_that_says_what_to_do(
    tmp_path: Path, document: Any, said: str
) -> None:
    path = written(tmp_path, document)
    with pytest.raises(ForecastError, match=said) as found:
        read_forecast(path, NOW, NOW.date())
    assert found.value.code == "forecast"
    assert str(path) in str(found.value)
    assert "\n" not in str(found.value)


def test_a_forecast_that_cannot_be_opened_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ForecastError, match="cannot be read"):
        read_forecast(tmp_path, NOW, NOW.date())
