"""What the estimator learns of the drift, and how far it lets voltages and a BMS correct it."""

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from appliance.model import BatteryState, ChargeStage
from appliance.settings import BatterySettings
from power.battery import estimator
from power.battery.estimate import (
    COUNTED,
    FROM_BMS,
    FROM_VOLTAGE,
    Drift,
    Estimate,
    Moves,
)
from power.battery.estimator import update
from power.battery.synchronise import SYNCHRONISED_EMPTY, SYNCHRONISED_FULL
from power.battery.voltage_curve import Resistance
from tests.power.battery.estimates import DAY_S, LEAD, PACK, after, make_estimate, night
from tests.stand_ins.fakes import FakeClock


def cycled(clock: FakeClock, drift: float, days: int, pack: BatterySettings = PACK) -> Estimate:
    """Days of 20 h out and 4 h in to full, with a sensor that counts `drift` % a day too much."""
    offset_a = drift / 100 * pack.capacity_wh / pack.nominal_voltage_v / 24
    estimate = make_estimate(clock, 100.0, 1.0)
    for _ in range(days):
        estimate = after(estimate, clock, 20, pack, 300, amps=-2.0 + offset_a, volts=13.36)
        estimate = after(estimate, clock, 3.5, pack, 300, amps=40.0 / 3.5 + offset_a, volts=13.75)
        estimate = after(estimate, clock, 0.5, pack, 300, amps=1.5 + offset_a, volts=14.2)
        assert estimate.method == SYNCHRONISED_FULL
    return estimate


@pytest.mark.parametrize("drift", [-2.0, 2.0])
def test_full_charges_teach_what_the_sensor_counts_too_much(clock: FakeClock, drift: float) -> None:
    learned = cycled(clock, drift, days=6).drift
    assert learned.pct_per_day == pytest.approx(drift, abs=0.7)
    assert 0.7 <= learned.sigma_pct_per_day < 1.3


def test_an_unknown_drift_widens_sigma_fast_and_a_learned_one_slowly(clock: FakeClock) -> None:
    unknown = after(make_estimate(clock, 60, 1), clock, 24, amps=0.2)
    learned = after(make_estimate(clock, 60, 1, Drift(2.0, 0.7)), clock, 24, amps=0.2)
    assert unknown.sigma_pct == pytest.approx(math.hypot(1, 2.5), abs=0.3)
    assert learned.sigma_pct == pytest.approx(math.hypot(1, 0.7), abs=0.3)
    assert unknown.charge_pct - learned.charge_pct == pytest.approx(2.0, abs=0.1)


def test_what_is_known_of_a_drift_is_forgotten_over_weeks_but_never_all_known(
    clock: FakeClock,
) -> None:
    known = Drift(1.0, 0.7)
    later = after(make_estimate(clock, 60, 1, known), clock, 240, amps=0.2, step_s=500)
    assert 1.5 < later.drift.sigma_pct_per_day < 2.5
    sure = after(
        make_estimate(clock, 99, 1, Drift(1.0, 0.8, covariance=-0.7)),
        clock,
        0.2,
        amps=1.5,
        volts=14.2,
    )
    assert sure.method == SYNCHRONISED_FULL
    assert sure.drift.sigma_pct_per_day >= 0.7


def test_a_battery_that_is_held_full_teaches_no_drift(clock: FakeClock) -> None:
    start = replace(make_estimate(clock, 99, 1), method=SYNCHRONISED_FULL)
    floating: dict[str, Any] = {"charge_stage": ChargeStage.FLOAT, "volts": 13.8, "amps": 0.6}
    held = after(start, clock, 10, **floating)
    assert held.method == SYNCHRONISED_FULL
    assert held.drift.pct_per_day == pytest.approx(0.0, abs=0.1)


def test_lead_acid_teaches_no_drift_since_it_loses_charge(clock: FakeClock) -> None:
    assert cycled(clock, 0.0, days=3, pack=LEAD).drift.pct_per_day == 0


def test_when_it_was_full_is_remembered_shown_and_taken_over_after_a_restart(
    clock: FakeClock,
) -> None:
    estimate = after(make_estimate(clock, 95, 5), clock, 0.2, amps=1.5, volts=14.2)
    full_at = clock.stamp().utc
    estimate = after(estimate, clock, 5, volts=13.2)
    state = estimator.report_state(estimate, None, PACK, clock.stamp())
    restored = estimator.restore(state, clock.stamp(), clock_went_on=True)
    assert restored is not None
    assert estimate.full_at == state.full_at == restored.full_at == full_at


def test_a_restart_long_after_the_last_full_charge_still_lets_the_next_one_teach_the_drift(
    clock: FakeClock,
) -> None:
    start = replace(make_estimate(clock, 60, 25), full_at=clock.utc - timedelta(days=10))
    restored = estimator.restore(
        estimator.report_state(start, None, PACK, clock.stamp()), clock.stamp(), clock_went_on=True
    )
    full = after(restored, clock, 0.3, amps=1.5, volts=14.2)
    assert full.method == SYNCHRONISED_FULL
    assert full.drift.pct_per_day == pytest.approx(-4.0, abs=0.7)  # 40 % too little in 10 days


def test_a_miss_beyond_three_sigma_is_not_all_held_against_the_sensor(clock: FakeClock) -> None:
    start = make_estimate(clock, 60, 3, Drift(0.0, 1.0, covariance=-2.0))
    full = after(start, clock, 0.2, amps=1.5, volts=14.2)
    assert full.method == SYNCHRONISED_FULL
    assert -3 < full.drift.pct_per_day < -1
    assert full.drift.sigma_pct_per_day == pytest.approx(2.5, abs=0.01)


def test_a_current_that_was_not_measured_calls_nothing_full(clock: FakeClock) -> None:
    estimate: Estimate | None = make_estimate(clock, 60, 3)
    for _ in range(12):
        clock.advance(300)
        estimate = update(estimate, night(clock, volts=14.2, amps=0.0, pv_power_w=60.0), PACK)
    assert estimate is not None
    assert estimate.inputs.current_a == pytest.approx(2.2, abs=0.1)
    assert estimate.method != SYNCHRONISED_FULL


def test_below_freezing_a_voltage_under_load_says_less(clock: FakeClock) -> None:
    cool = after(
        make_estimate(clock, 60, 8), clock, 1, volts=12.6, amps=-8, battery_temperature_c=0.1
    )
    cold = after(
        make_estimate(clock, 60, 8), clock, 1, volts=12.6, amps=-8, battery_temperature_c=-0.1
    )
    assert cold.charge_pct > cool.charge_pct + 3


def test_after_one_day_a_stored_sigma_is_put_down_to_the_drift_of_one_day_only(
    clock: FakeClock,
) -> None:
    start = replace(make_estimate(clock, 60, 25), full_at=clock.utc - timedelta(days=1))
    restored = estimator.restore(
        estimator.report_state(start, None, PACK, clock.stamp()), clock.stamp(), clock_went_on=True
    )
    assert restored is not None
    assert restored.drift.covariance == pytest.approx(-(2.5**2))


def test_the_conditions_of_a_full_battery_do_not_hold_through_a_silence(clock: FakeClock) -> None:
    full = {"amps": 1.5, "volts": 14.2}
    once = update(make_estimate(clock, 70, 2), night(clock, **full), PACK)
    clock.advance(1200)
    again = update(once, night(clock, **full), PACK)
    assert again is not None
    assert again.method == COUNTED


@pytest.mark.parametrize(
    ("believed_pct", "sigma_pct", "volts", "least", "most"),
    [
        (40, 3, 12.5, 6, 20),  # the lower knee: nearly empty
        (5, 20, 13.15, 20, 60),  # the plateau: not nearly empty
        (5, 2, 13.15, 20, 55),  # and rather less than more of what it may be
        (60, 20, 13.5, 75, 100),  # above the plateau: nearly full
        (98, 2, 12.8, 10, 40),
    ],
)
def test_a_rested_voltage_corrects_a_count_that_it_leaves_no_room_for(
    clock: FakeClock, believed_pct: float, sigma_pct: float, volts: float, least: float, most: float
) -> None:
    estimate = after(make_estimate(clock, believed_pct, sigma_pct), clock, 0.5, volts=volts)
    assert least < estimate.charge_pct < most


@pytest.mark.parametrize(("charge_pct", "sigma_pct"), [(30, 4), (50, 12), (65, 5)])
def test_the_plateau_reported_all_night_neither_moves_nor_narrows_a_count_within_it(
    clock: FakeClock, charge_pct: float, sigma_pct: float
) -> None:
    start = make_estimate(clock, charge_pct, sigma_pct)
    later = after(start, clock, 10, volts=13.12, amps=-0.3)
    assert later.charge_pct == pytest.approx(charge_pct - 1.5, abs=0.6)
    assert later.sigma_pct >= sigma_pct


def test_one_voltage_reported_for_days_makes_no_count_surer_than_it_is(clock: FakeClock) -> None:
    hour = after(make_estimate(clock, 40, 30), clock, 1, volts=12.75, amps=-0.2)
    days = after(hour, clock, 48, volts=12.75, amps=-0.2, step_s=300)
    assert hour.sigma_pct >= 4
    assert days.sigma_pct >= 0.9 * hour.sigma_pct


def test_a_single_wild_voltage_moves_nothing(clock: FakeClock) -> None:
    before = after(make_estimate(clock, 60, 3), clock, 1)
    clock.advance(60)
    wild = update(before, night(clock, volts=12.0), PACK)
    later = after(wild, clock, 1)
    assert later.charge_pct == pytest.approx(58, abs=0.5)


@pytest.mark.parametrize(
    ("parts", "moves"),
    [
        ({"battery_temperature_c": -5.0}, False),
        ({"charge_allowed": False}, False),
        ({"amps": 0.001}, False),
        ({}, True),
    ],
)
def test_a_high_voltage_counts_only_where_charge_flows_into_the_cells(
    clock: FakeClock, parts: dict[str, Any], moves: bool
) -> None:
    day = {"volts": 14.0, "amps": 8.0, "pv_power_w": 150.0, "load_power_w": None, **parts}
    known = replace(make_estimate(clock, 40, 10), resistance=Resistance((), 0.02, 0.002))
    estimate = after(known, clock, 0.5, **day)
    assert (estimate.charge_pct > 60) is moves


def test_a_weak_cold_battery_is_not_called_emptier_than_the_cold_makes_it_look(
    clock: FakeClock,
) -> None:
    warm = after(make_estimate(clock, 45, 8), clock, 1, volts=12.6, amps=-0.5)
    cold = after(
        make_estimate(clock, 45, 8), clock, 1, volts=12.6, amps=-0.5, battery_temperature_c=-10.0
    )
    no_probe = after(
        make_estimate(clock, 45, 8), clock, 1, volts=12.6, amps=-0.5, battery_temperature_c=None
    )
    always_25 = after(
        make_estimate(clock, 45, 8), clock, 1, volts=12.6, amps=-0.5, battery_temperature_c=25.0
    )
    assert warm.charge_pct < no_probe.charge_pct < cold.charge_pct
    assert always_25.charge_pct == no_probe.charge_pct


@pytest.mark.parametrize(
    ("charge_pct", "sigma_pct", "reported_pct"),
    [
        (60, 12, 606.0),
        (90, 30, 101.0),
        (25, 30, 0.0),
        (25, 30, -3.0),
        (60, 30, math.nan),
        (60, 12, 4),
    ],
)
def test_an_impossible_or_far_state_of_charge_of_a_bms_is_ignored(
    clock: FakeClock, charge_pct: float, sigma_pct: float, reported_pct: float
) -> None:
    start = replace(make_estimate(clock, charge_pct, sigma_pct), full_at=clock.utc)
    estimate = update(start, night(clock), PACK, reported_pct)
    assert estimate is not None
    assert (estimate.charge_pct, estimate.method) == (charge_pct, COUNTED)


def test_a_bms_that_reports_otherwise_has_little_weight_once_a_day(clock: FakeClock) -> None:
    drift = Drift(0.0, 2.5, covariance=-20.0)
    start = replace(make_estimate(clock, 60, 20, drift), full_at=clock.utc)
    once = update(start, night(clock), PACK, 75.0)
    assert once is not None
    assert once.method == FROM_BMS
    assert 64 < once.charge_pct < 74
    assert 5 <= once.sigma_pct < 14
    hours = after(once, clock, 20, reported_pct=75.0, amps=-0.2)
    assert hours.charge_pct == pytest.approx(once.charge_pct - 2, abs=1)
    assert hours.drift.pct_per_day == once.drift.pct_per_day == 0


def test_a_bms_that_agrees_for_weeks_never_makes_the_estimate_sure(clock: FakeClock) -> None:
    estimate = replace(make_estimate(clock, 60, 30), full_at=clock.utc)
    for _ in range(15):
        estimate = after(estimate, clock, 24, amps=0.02, step_s=500, reported_pct=60.0)
        assert estimate.sigma_pct >= 5


def test_a_bms_adds_nothing_to_a_count_that_is_surer_than_it_is(clock: FakeClock) -> None:
    start = replace(make_estimate(clock, 60, 8), full_at=clock.utc)
    estimate = update(start, night(clock), PACK, 58.0)
    assert estimate is not None
    assert (estimate.charge_pct, estimate.method) == (60, COUNTED)


@pytest.mark.parametrize("hours", [1, 3, 6])
def test_after_a_dropout_its_ends_are_the_guess_of_its_middle(clock: FakeClock, hours: int) -> None:
    start = after(make_estimate(clock, 50, 2), clock, 0.5, amps=10.0, volts=13.4, pv_power_w=160.0)
    clock.advance(hours * 3600)
    back = update(start, night(clock, volts=13.4, amps=6.0, pv_power_w=110.0), PACK)
    assert back is not None
    assert back.charge_pct == pytest.approx(start.charge_pct + 4 * hours, abs=0.3)
    assert back.sigma_pct > 2 * hours


def test_a_night_and_a_day_of_silence_invent_no_sun(clock: FakeClock) -> None:
    start = after(make_estimate(clock, 70, 2), clock, 0.5, amps=10.0, volts=13.3, pv_power_w=160.0)
    clock.advance(DAY_S)
    back = update(start, night(clock, volts=13.3, amps=10.0, pv_power_w=160.0), PACK)
    assert back is not None
    assert back.charge_pct < start.charge_pct - 15  # a load of 26 W takes 24 % a day
    assert back.sigma_pct > 15


def test_empty_teaches_the_drift_too(clock: FakeClock) -> None:
    start = make_estimate(clock, 20, 10, Drift(0.0, 2.5, covariance=-20.0))
    estimate = after(start, clock, 0.1, volts=11.5, amps=-8.0)
    assert estimate.method == SYNCHRONISED_EMPTY
    assert estimate.drift.pct_per_day > 1


def test_a_rested_lead_acid_battery_corrects_the_count_after_an_hour(clock: FakeClock) -> None:
    start = make_estimate(clock, 90, 5)
    soon = after(start, clock, 0.8, LEAD, volts=12.1, amps=-0.5)
    assert soon.method == COUNTED
    later = after(soon, clock, 0.5, LEAD, volts=12.1, amps=-0.5)
    assert later.charge_pct < 50


def test_the_first_voltage_counts_at_once_after_hours_without_a_reading(clock: FakeClock) -> None:
    start = after(make_estimate(clock, 20, 2), clock, 0.5, volts=13.0)
    clock.advance(9 * 3600)
    back = update(start, night(clock, volts=13.5, amps=-1.0), PACK)
    assert back is not None
    assert back.method == FROM_VOLTAGE
    assert back.charge_pct > 60


def test_the_estimate_of_a_state_without_a_charge_is_none(clock: FakeClock) -> None:
    nothing = BatteryState(
        clock.stamp(), None, None, None, 2560, None, charge_blocked=False, method="unknown"
    )
    assert estimator.restore(nothing, clock.stamp(), clock_went_on=True) is None


def test_a_count_that_voltages_contradict_far_makes_the_drift_as_uncertain(
    clock: FakeClock,
) -> None:
    clock.advance(60)
    now_s = clock.stamp().uptime_s
    start = replace(make_estimate(clock, 100.0, 1.0), moves=Moves(now_s, 100.0, 1.0))
    drawn = after(start, clock, 48, volts=13.05, amps=-2.0)
    drawn = after(
        drawn, clock, 6, volts=12.4, amps=-2.0
    )  # next to empty, by half more than counted
    assert drawn.charge_pct < 20
    assert drawn.drift.pct_per_day > 5
    assert drawn.drift.sigma_pct_per_day > 2.5
