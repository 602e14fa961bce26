"""One day as the panels saw it."""

from datetime import UTC, datetime

import pytest

from appliance.model import Stamp
from power.plan.solar_day import (
    HourMean,
    estimate_shade,
    estimate_shade_factors,
    make_sun_day,
    summarise_weather,
)

STAMP = Stamp(datetime(2026, 4, 16, 3, tzinfo=UTC), "00000001", 1.0)
DAY = datetime(2026, 4, 15, tzinfo=UTC)
CLEAR_W = [0.0] * 6 + [50.0, 200.0, 300.0, 400.0, 400.0, 300.0, 200.0, 5.0] + [0.0] * 10


def test_the_clear_sky_index_is_energy_over_energy_of_the_hours_that_were_seen() -> None:
    day = make_sun_day(
        STAMP,
        DAY,
        {9: HourMean(100.0, 1.0), 10: HourMean(300.0, 0.5)},
        clear_w=CLEAR_W,
        temperatures_c=[3.0, 9.0],
    )
    assert day.measured_wh == pytest.approx(100 + 150)
    assert day.clear_wh == pytest.approx(400 + 200)
    assert dict(day.hours) == {"9": 0.25, "10": 0.75}
    assert (day.coldest_c, day.warmest_c) == (3.0, 9.0)


def test_dark_hours_and_unseen_ones_do_not_count() -> None:
    hours = {3: HourMean(0.0, 1.0), 13: HourMean(4.0, 1.0), 9: HourMean(100.0, 0.0)}
    day = make_sun_day(STAMP, DAY, hours, clear_w=CLEAR_W, temperatures_c=[])
    assert (day.measured_wh, day.clear_wh, dict(day.hours)) == (0.0, 0.0, {})
    assert day.coldest_c is None


def test_too_little_seen_proves_nothing_about_the_day() -> None:
    day = make_sun_day(
        STAMP, DAY, {9: HourMean(100.0, 0.5)}, clear_w=CLEAR_W, temperatures_c=[2.0, 6.0]
    )
    assert summarise_weather(day, sum(CLEAR_W)).clear_sky_index is None
    assert summarise_weather(day, sum(CLEAR_W)).mean_c == 4.0
    assert summarise_weather(day, 500.0).clear_sky_index == pytest.approx(0.25)
    assert summarise_weather(day, 0.0).clear_sky_index is None  # a polar night


def test_shade_needs_days() -> None:
    assert set(estimate_shade([])) == {1.0}
    empty = make_sun_day(STAMP, DAY, {}, clear_w=CLEAR_W, temperatures_c=[])
    assert set(estimate_shade([empty])) == {1.0}


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
