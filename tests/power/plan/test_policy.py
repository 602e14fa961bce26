"""The plan's table: how it is stored, how it is followed, and what today's sun says."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyLevel, EnergyPolicy
from appliance.store.store import Store
from power.plan.policy import (
    LEAST_GAIN_PER_H,
    QUARTER_H,
    DecisionState,
    PolicyTable,
    SolarNowcast,
    choose_option,
    compute_hour,
    compute_value_curve,
    evaluate_option,
    find_floor_pct,
    interpolate_clear_w,
    interpolate_value,
    unpack_table,
    update_chances,
)
from power.plan.utility import list_options
from power.plan.weather_model import CLASS_CLEARNESS
from tests.conftest import OpenStore
from tests.power.plan.site_days import MIDNIGHT, SMALL, a_prospect, past_of

CHOICES = list_options(SMALL)
PROSPECT = a_prospect(past=past_of(*(CLASS_CLEARNESS * 12)))
TABLE = unpack_table(PROSPECT.policy)
WH = SMALL.battery.capacity_wh


def chosen(
    charge_pct: float,
    hour: float = 1.0,
    sun_w: float = 0.0,
    table: PolicyTable = TABLE,
    cold: bool = False,
) -> EnergyLevel:
    now = DecisionState(hour, charge_pct, sun_w, cold)
    worth = compute_value_curve(table, hour + QUARTER_H, table.weather[0], cold)
    return choose_option(CHOICES, now, worth, table, WH, None).level


def test_a_stored_policy_comes_back_as_the_same_table(open_store: OpenStore) -> None:
    store: Store = open_store("plan")
    store.add(PROSPECT.policy)
    row = store.last(EnergyPolicy)
    assert row is not None
    assert unpack_table(row) == TABLE
    assert (TABLE.bounds_h[0], TABLE.bounds_h[-1]) == (0.0, 72.0)
    assert len(TABLE.values) == len(TABLE.bounds_h) == len(TABLE.floors_pct) + 1


@pytest.mark.parametrize("cut", [1, 4, 4000])
def test_a_table_that_is_not_whole_is_refused(cut: int) -> None:
    with pytest.raises(ValueError, match=r"not whole|multiple of"):
        unpack_table(replace(PROSPECT.policy, worth=PROSPECT.policy.worth[:-cut]))


def test_the_levels_rise_with_the_charge() -> None:
    levels = [chosen(charge_pct) for charge_pct in range(0, 101, 5)]
    assert levels == sorted(levels)
    assert levels[0] == EnergyLevel.HIBERNATE
    assert levels[-1] == EnergyLevel.FULL


def test_sun_that_a_full_battery_cannot_take_is_spent() -> None:
    assert chosen(100.0, hour=12.0, sun_w=100.0) == EnergyLevel.FULL


def test_nothing_is_worth_starting_at_the_floor() -> None:
    assert chosen(find_floor_pct(TABLE, 1.0)) == EnergyLevel.HIBERNATE


def test_a_doubtful_charge_is_spent_more_carefully() -> None:
    """The doubt is in the floors of the table."""
    doubtful = unpack_table(
        a_prospect(past=past_of(*(CLASS_CLEARNESS * 12)), sigma_pct=13.0).policy
    )
    assert min(doubtful.floors_pct) > max(TABLE.floors_pct[:12]) + 5
    levels = [chosen(charge_pct, table=doubtful) for charge_pct in range(20, 60, 5)]
    assert levels <= [chosen(charge_pct) for charge_pct in range(20, 60, 5)]
    assert levels[0] == EnergyLevel.HIBERNATE


def test_sun_that_a_cold_battery_cannot_take_is_spent_and_no_more() -> None:
    for charge_pct in range(25, 60, 5):
        assert chosen(charge_pct, 12.0, 60.0, cold=True) == EnergyLevel.FULL
        assert chosen(charge_pct, 1.0, 0.0, cold=True) <= chosen(charge_pct, 1.0, 0.0)


def test_the_option_that_holds_stays_for_a_small_gain() -> None:
    for charge_pct in range(20, 100):
        now = DecisionState(1.0, charge_pct, 0.0, cold=False)
        worth = compute_value_curve(TABLE, 1.25, TABLE.weather[0], cold=False)
        top = choose_option(CHOICES, now, worth, TABLE, WH, None)
        for held in CHOICES:
            kept = choose_option(CHOICES, now, worth, TABLE, WH, held)
            lost = evaluate_option(top, now, worth, TABLE, WH) - evaluate_option(
                held, now, worth, TABLE, WH
            )
            assert kept == (held if lost < LEAST_GAIN_PER_H * QUARTER_H else top)


def test_the_worth_between_two_moments_lies_between_theirs() -> None:
    skies = TABLE.weather[0]
    early = compute_value_curve(TABLE, 0.0, skies, cold=False)
    late = compute_value_curve(TABLE, 2.0, skies, cold=False)
    middle = compute_value_curve(TABLE, 1.0, skies, cold=False)
    assert middle == pytest.approx([(a + b) / 2 for a, b in zip(early, late, strict=True)])
    # Before the table and after it: its ends.
    assert compute_value_curve(TABLE, -5.0, skies, cold=False) == pytest.approx(early)
    assert compute_value_curve(TABLE, 99.0, skies, cold=False) == pytest.approx(
        compute_value_curve(TABLE, 72.0, skies, cold=False)
    )


def test_interpolation_is_linear_and_ends_at_the_ends() -> None:
    worth = [0.0, 10.0, 14.0]
    assert [interpolate_value(worth, charge) for charge in (-5, 0, 25, 50, 75, 100, 130)] == [
        0.0, 0.0, 5.0, 10.0, 12.0, 14.0, 14.0,
    ]  # fmt: skip


def test_the_clear_sky_is_linear_between_the_middles_of_the_hours() -> None:
    noon = TABLE.clear_w[11], TABLE.clear_w[12]
    assert interpolate_clear_w(TABLE, 11.5) == pytest.approx(noon[0])
    assert interpolate_clear_w(TABLE, 12.0) == pytest.approx(sum(noon) / 2)
    assert interpolate_clear_w(TABLE, -3.0) == TABLE.clear_w[0]


def test_hours_are_counted_from_the_tables_start() -> None:
    assert compute_hour(TABLE, MIDNIGHT + timedelta(hours=5.5)) == 5.5


# --- today's sky ----------------------------------------------------------------------------------


def seen(clearness: float, until: float, throttled_from: float = 99.0) -> list[float]:
    today = SolarNowcast()
    for quarter in range(int(until * 4) + 1):
        hour = quarter / 4
        sun_w = clearness * interpolate_clear_w(TABLE, hour - 0.125)
        today.observe(TABLE, hour, None if hour >= throttled_from else sun_w)
    return today.estimate_chances(TABLE)


def expected(skies: list[float]) -> float:
    return sum(chance * centre for chance, centre in zip(skies, CLASS_CLEARNESS, strict=True))


def test_before_dawn_nothing_more_is_known_of_today() -> None:
    assert seen(0.9, until=5.0) == list(TABLE.weather[0])


@pytest.mark.parametrize("clearness", [0.05, 0.35, 0.86])
def test_the_sun_so_far_says_what_day_it_is(clearness: float) -> None:
    early, later = seen(clearness, until=8.0), seen(clearness, until=13.0)
    assert sum(later) == pytest.approx(1.0)
    assert abs(expected(later) - clearness) < 0.15
    assert abs(expected(later) - clearness) <= abs(expected(early) - clearness) + 0.05


def test_throttled_sun_is_no_cloud() -> None:
    assert seen(0.86, until=15.0, throttled_from=11.0) == pytest.approx(seen(0.86, until=10.75))


def test_a_morning_that_nobody_saw_is_not_made_up_from_one_look() -> None:
    today = SolarNowcast()
    today.observe(TABLE, 5.0, 0.0)
    today.observe(TABLE, 12.0, 0.02 * interpolate_clear_w(TABLE, 12.0))
    assert today.estimate_chances(TABLE) == list(TABLE.weather[0])


def test_tomorrow_begins_anew() -> None:
    today = SolarNowcast()
    for quarter in range(100):
        hour = quarter / 4
        today.observe(TABLE, hour, 0.05 * interpolate_clear_w(TABLE, hour - 0.125))
    assert today.estimate_chances(TABLE) == list(TABLE.weather[1])


def test_an_observation_far_from_every_class_still_gives_chances() -> None:
    assert sum(update_chances([0.2] * 5, 9.0, 0.01)) == pytest.approx(1.0)
