"""What a battery that speaks for itself changes: its lowest cell, and whether it takes charge."""

from dataclasses import replace
from typing import Any

import pytest

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Settings
from power.battery import estimator
from power.battery.corrections import correct_by_voltage
from power.battery.estimate import COUNTED, Drift, Estimate, EstimatorInputs, RestWindow
from power.battery.estimator import update
from power.battery.synchronise import SYNCHRONISED_EMPTY, SYNCHRONISED_FULL
from power.battery.voltage_curve import derive_facts
from power.guard.guard import judge
from power.guard.observations import GuardState
from power.guard.verdict import Verdict
from tests.power.battery.estimates import make_estimate
from tests.scenes.readings import charger_reading
from tests.stand_ins.fakes import FakeClock

SETTINGS = Settings()
PACK = BatterySettings()


def reading(clock: FakeClock, **changed: Any) -> PowerReading:
    return replace(charger_reading(clock), **changed)


def verdict_after_a_minute(clock: FakeClock, **changed: Any) -> Verdict:
    state = GuardState()
    charged = BatteryState(
        clock.stamp(), 90.0, 2.0, None, 2560, None, charge_blocked=False, method="counted"
    )
    for _ in range(7):
        clock.advance(10)
        seen = reading(clock, battery_current_a=-2.0, **changed)
        state, verdict = judge(
            state, seen, 0.0, charged, SETTINGS, clock.stamp(), clock_confirmed=True
        )
    return verdict


def estimate_after(
    clock: FakeClock, minutes: int, start: float | Estimate, **changed: Any
) -> Estimate:
    estimate: Estimate | None = (
        start
        if isinstance(start, Estimate)
        else Estimate(clock.stamp(), start, 2.0, COUNTED, current_a=0.0)
    )
    for _ in range(minutes * 6):
        clock.advance(10)
        estimate = update(estimate, reading(clock, **changed), PACK)
    assert estimate is not None
    return estimate


def test_one_low_cell_powers_off_however_sound_the_sum_of_all_is(clock: FakeClock) -> None:
    assert verdict_after_a_minute(clock).max_level == EnergyLevel.FULL
    verdict = verdict_after_a_minute(clock, lowest_cell_voltage_v=2.9)
    assert verdict.power_off
    assert "2.90 V per cell" in verdict.reason


def test_a_sound_lowest_cell_changes_nothing(clock: FakeClock) -> None:
    verdict = verdict_after_a_minute(clock, lowest_cell_voltage_v=3.3)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.FULL, False)


@pytest.mark.parametrize(
    ("cell_v", "method"), [(2.7, SYNCHRONISED_EMPTY), (None, COUNTED), (3.2, COUNTED)]
)
def test_the_lowest_cell_says_when_the_battery_is_empty(
    clock: FakeClock, cell_v: float | None, method: str
) -> None:
    found = estimate_after(
        clock,
        6,
        60.0,
        battery_voltage_v=12.9,
        battery_current_a=-10.0,
        lowest_cell_voltage_v=cell_v,
    )
    assert found.method == method


@pytest.mark.parametrize(("allowed", "full"), [(None, True), (True, True), (False, False)])
def test_a_battery_that_takes_no_charge_is_not_called_full_for_a_floating_charger(
    clock: FakeClock, allowed: bool | None, full: bool
) -> None:
    floating: dict[str, Any] = {
        "battery_voltage_v": 13.5,
        "charge_stage": ChargeStage.FLOAT,
        "pv_power_w": 26.0,
    }
    absorbed = {**floating, "battery_voltage_v": 14.1}
    charged = estimate_after(clock, 3, 80.0, battery_current_a=2.0, **absorbed)
    found = estimate_after(
        clock, 31, charged, battery_current_a=0.0, charge_allowed=allowed, **floating
    )
    assert (found.method == SYNCHRONISED_FULL) is full


@pytest.mark.parametrize(("allowed", "blocked"), [(None, False), (True, False), (False, True)])
def test_no_sun_is_counted_on_while_the_battery_refuses_charge(
    clock: FakeClock, allowed: bool | None, blocked: bool
) -> None:
    seen = reading(clock, charge_allowed=allowed)
    estimate = update(None, seen, PACK)
    assert estimator.report_state(estimate, seen, PACK, clock.stamp()).charge_blocked is blocked


@pytest.mark.parametrize("is_turned", [False, True])
def test_voltages_make_no_drift_of_what_a_turned_current_leaves_open(
    clock: FakeClock, *, is_turned: bool
) -> None:
    counted = make_estimate(clock, 60.0, 12.0, Drift(0.0, 2.5, covariance=-12.0))
    window = RestWindow(since_s=0.0, until_s=3600.0, least_pct=80.0, most_pct=100.0)
    counted = replace(counted, rest=window, inputs=EstimatorInputs(is_turned=is_turned))
    corrected = correct_by_voltage(counted, derive_facts(PACK))
    assert corrected.charge_pct > 75
    assert (corrected.drift.pct_per_day == 0) is is_turned
