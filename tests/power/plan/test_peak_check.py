"""A nominal power that cannot be that of the panels is told; weather, winter and torn words not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import SolarDay, Stamp
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.plan.array_yield import HistoryPoint
from power.plan.peak_check import check_peak

SITE = SiteSettings(latitude_deg=48.0, longitude_deg=0.0)
UNIT = replace(Settings(), site=SITE, panels=PanelsSettings(peak_w=600.0))
SUMMER, WINTER = datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)


def points_of(*watts: float | None) -> list[HistoryPoint]:
    """Steps of five minutes."""
    return [
        HistoryPoint(1 / 12, pv_power_w=one, temperature_c=10.0, throttled=False) for one in watts
    ]


def dark_days(count: int, index: float, first: datetime = SUMMER) -> list[SolarDay]:
    """Days whose best hour gave that share of a clear sky."""
    return [
        SolarDay(
            Stamp(first, "b", 1.0),
            first + timedelta(days=number),
            measured_wh=300.0,
            clear_wh=3000.0,
            hours={"7": 0.9, "10": index / 2, "12": index},
        )
        for number in range(count)
    ]


@pytest.mark.parametrize("peak_w", [100.0, 300.0, 400.0])
def test_panels_that_give_more_than_the_settings_know_are_told(peak_w: float) -> None:
    unit = replace(UNIT, panels=PanelsSettings(peak_w=peak_w))
    text = str(check_peak([], points_of(*[510.0] * 30), unit))
    assert "gave some 510 W for 2.5 h of the last two days" in text
    assert f"panels.peak_w says {peak_w:g} W: set it" in text


def test_cold_panels_the_edges_of_clouds_and_torn_words_are_no_wrong_nominal_power() -> None:
    assert (
        check_peak([], points_of(*[700.0] * 60, *[780.0] * 6, *[65535.0] * 3, None), UNIT) is None
    )


def test_a_nominal_power_ten_times_too_high_is_told_by_the_best_hour_of_weeks() -> None:
    text = str(check_peak(dark_days(45, 0.1), [], UNIT))
    assert (
        "more than 10 % of what 600 W of them give under a clear sky: check panels.peak_w" in text
    )


def test_few_days_a_bright_hour_or_a_deep_winter_say_nothing_of_the_nominal_power() -> None:
    assert check_peak(dark_days(30, 0.1), [], UNIT) is None
    assert check_peak([*dark_days(45, 0.1), *dark_days(1, 0.5)], [], UNIT) is None
    assert check_peak(dark_days(45, 0.1, WINTER), [], UNIT) is None
    unseen = [replace(day, hours={"7": 0.1}) for day in dark_days(45, 0.1)]
    assert check_peak(unseen, [], UNIT) is None
