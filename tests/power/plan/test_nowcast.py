"""The solar nowcast: what today's sun says of the rest of the day."""

import pytest

from power.plan.nowcast import SolarNowcast, update_chances
from power.plan.plan import make_policy
from power.plan.policy_table import interpolate_clear_w, unpack_table
from power.plan.weather_model import CLASS_CLEAR_SKY_INDEX, mean_clear_sky_index
from tests.power.plan.site_days import a_plan, past_of

TABLE = unpack_table(make_policy(a_plan(past=past_of(*(CLASS_CLEAR_SKY_INDEX * 12)))))


def seen(clear_sky_index: float, until: float, throttled_from: float = 99.0) -> list[float]:
    nowcast = SolarNowcast()
    for quarter in range(int(until * 4) + 1):
        hour = quarter / 4
        sun_w = clear_sky_index * interpolate_clear_w(TABLE, hour - 0.125)
        nowcast.observe(TABLE, hour, None if hour >= throttled_from else sun_w)
    return nowcast.estimate_chances(TABLE)


def test_before_dawn_nothing_more_is_known_of_today() -> None:
    assert seen(0.9, until=5.0) == list(TABLE.weather[0])


@pytest.mark.parametrize("clear_sky_index", [0.05, 0.35, 0.86])
def test_the_sun_so_far_says_what_day_it_is(clear_sky_index: float) -> None:
    early, later = seen(clear_sky_index, until=8.0), seen(clear_sky_index, until=13.0)
    assert sum(later) == pytest.approx(1.0)
    assert abs(mean_clear_sky_index(later) - clear_sky_index) < 0.15
    assert (
        abs(mean_clear_sky_index(later) - clear_sky_index)
        <= abs(mean_clear_sky_index(early) - clear_sky_index) + 0.05
    )


def test_throttled_sun_is_no_cloud() -> None:
    assert seen(0.86, until=15.0, throttled_from=11.0) == pytest.approx(seen(0.86, until=10.75))


def test_a_morning_without_readings_is_not_replaced_by_one_reading() -> None:
    nowcast = SolarNowcast()
    nowcast.observe(TABLE, 5.0, 0.0)
    nowcast.observe(TABLE, 12.0, 0.02 * interpolate_clear_w(TABLE, 12.0))
    assert nowcast.estimate_chances(TABLE) == list(TABLE.weather[0])


def test_tomorrow_begins_anew() -> None:
    nowcast = SolarNowcast()
    for quarter in range(100):
        hour = quarter / 4
        nowcast.observe(TABLE, hour, 0.05 * interpolate_clear_w(TABLE, hour - 0.125))
    assert nowcast.estimate_chances(TABLE) == list(TABLE.weather[1])


def test_an_observation_far_from_every_class_still_gives_chances() -> None:
    assert sum(update_chances([0.2] * 5, clear_sky_index=9.0, sigma=0.01)) == pytest.approx(1.0)
