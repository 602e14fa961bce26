"""Packs that are disconnected: left out of voltage, cells and capacity, and reported."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appliance.model import BatteryReading, EnergyLevel, PowerReading, Quality
from appliance.settings import Settings
from power.battery import estimator
from power.devices.epever import EpeverTracer
from power.guard.guard import judge
from power.guard.observations import GuardState
from power.guard.verdict import Verdict
from power.reading.checks import CheckedPoll, DeviceChecks
from power.reading.combine import Charger, combine, compute_reported_soc_pct
from tests.power.guard.test_guard import a_state
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock

SETTINGS = Settings()
AWAY: dict[str, Any] = {
    "voltage_v": 10.2,
    "lowest_cell_voltage_v": 2.45,
    "highest_cell_voltage_v": 2.60,
    "current_a": 0.0,
    "discharge_allowed": False,
}
HEALTHY: dict[str, Any] = {"voltage_v": 13.1, "lowest_cell_voltage_v": 3.27, "current_a": -2.0}


def combined(clock: FakeClock, *packs: BatteryReading | None, volts: float = 13.1) -> PowerReading:
    charger = charger_reading(clock, battery_voltage_v=volts, pv_power_w=0.0)
    found = combine(
        [Charger(EpeverTracer(), loads_on_battery=True, reading=charger)], packs, clock.age_s
    )
    assert found is not None
    return found


def test_a_disconnected_pack_is_left_out_of_voltage_and_cells(clock: FakeClock) -> None:
    found = combined(clock, battery_reading(clock, **HEALTHY), battery_reading(clock, **AWAY))
    assert (found.battery_voltage_v, found.lowest_cell_voltage_v) == (13.1, 3.27)
    assert found.discharge_share == 0.5


def test_a_healthy_pack_beside_a_disconnected_one_keeps_the_unit_working(clock: FakeClock) -> None:
    """The absent pack has 10.2 V and cells of 2.45 V; the other carries the loads."""
    state, estimate = GuardState(), None
    for step in range(40):
        clock.advance(2)
        away = battery_reading(clock, **AWAY) if step > 5 else battery_reading(clock, **HEALTHY)
        reading = combined(clock, battery_reading(clock, **HEALTHY), away)
        estimate = estimator.update(estimate, reading, SETTINGS.battery)
        now = clock.stamp()
        battery = estimator.report_state(estimate, reading, SETTINGS.battery, now)
        battery = replace(battery, state_of_charge_pct=60.0, sigma_pct=5.0, energy_wh=None)
        state, verdict = judge(state, reading, 0.0, battery, SETTINGS, now, clock_confirmed=True)
    assert verdict.max_level is EnergyLevel.FULL


def test_the_share_goes_by_capacity_where_all_report_it(clock: FakeClock) -> None:
    small = battery_reading(clock, **{**AWAY, "full_ah": 100.0})
    large = battery_reading(clock, **{**HEALTHY, "full_ah": 300.0})
    assert combined(clock, small, large).discharge_share == 0.75
    unknown = replace(large, full_ah=None)
    assert combined(clock, small, unknown).discharge_share == 0.5


def test_a_sole_pack_that_may_not_be_discharged_is_no_share_at_all(clock: FakeClock) -> None:
    found = combined(clock, battery_reading(clock, **AWAY))
    assert (found.discharge_share, found.battery_voltage_v) == (0.0, 10.2)


def test_what_no_bms_says_is_unknown(clock: FakeClock) -> None:
    silent = battery_reading(clock, discharge_allowed=None)
    found = combined(clock, silent)
    assert (found.discharge_share, found.quality["discharge_share"]) == (None, Quality.ABSENT)
    found = combined(clock, battery_reading(clock, **HEALTHY), None)
    assert (found.discharge_share, found.quality["discharge_share"]) == (None, Quality.STALE)
    found = combined(clock, battery_reading(clock, **AWAY), None)
    assert (found.discharge_share, found.battery_voltage_v) == (0.0, 13.1)
    assert combined(clock, battery_reading(clock, **AWAY), silent).discharge_share == 0.5


def test_the_charge_of_a_disconnected_pack_is_not_that_of_the_others(clock: FakeClock) -> None:
    away = battery_reading(clock, **{**AWAY, "state_of_charge_pct": 2.0})
    here = battery_reading(clock, **{**HEALTHY, "state_of_charge_pct": 60.0})
    assert compute_reported_soc_pct([away, here]) == 60
    assert compute_reported_soc_pct([away]) == 2


def check(clock: FakeClock, checks: DeviceChecks, **away: Any) -> CheckedPoll:
    charger = charger_reading(clock, pv_power_w=0.0)
    chargers = {"main": Charger(EpeverTracer(), loads_on_battery=True, reading=charger)}
    packs = {
        "one": battery_reading(clock, **HEALTHY),
        "two": battery_reading(clock, **{**AWAY, **away}),
    }
    return checks.check(chargers, packs, clock.stamp().uptime_s)


def test_a_disconnected_pack_is_one_fault_with_what_to_do(clock: FakeClock) -> None:
    checks = DeviceChecks()
    (fault,) = check(clock, checks).faults
    assert fault.code == "battery-two"
    assert "it is disconnected (10.20 V, lowest cell 2.45 V)" in str(fault)
    assert "charge it" in str(fault)
    clock.advance(10)
    assert check(clock, checks, discharge_allowed=True, voltage_v=13.1).faults != ()
    clock.advance(120)
    assert not [
        one
        for one in check(clock, checks, discharge_allowed=True, voltage_v=13.1).faults
        if "it is disconnected" in str(one)
    ]


@pytest.mark.parametrize(("amps", "share", "cell_v"), [(0.0, 0.5, 3.27), (-9.0, 1.0, 2.45)])
def test_a_pack_whose_voltage_is_not_the_others_and_gives_nothing_is_disconnected(
    clock: FakeClock, amps: float, share: float, cell_v: float
) -> None:
    """Its BMS does not say what it allows. One that gives current is on the wires all the same."""
    polled = check(clock, DeviceChecks(), discharge_allowed=None, current_a=amps)
    whole = combine(list(polled.chargers.values()), list(polled.batteries.values()), clock.age_s)
    assert whole is not None
    assert (whole.discharge_share, whole.lowest_cell_voltage_v) == (share, cell_v)


@dataclass
class TwoPacks:
    """A unit on two parallel packs: what the checks remember, and what the guard makes of it."""

    clock: FakeClock
    times: int = 1
    checks: DeviceChecks = field(default_factory=DeviceChecks)
    state: GuardState = field(default_factory=GuardState)

    def hold(
        self, seconds: float, one: dict[str, Any] | None, two: dict[str, Any] | None
    ) -> Verdict:
        settings = replace(
            SETTINGS, battery=replace(SETTINGS.battery, nominal_voltage_v=12.8 * self.times)
        )
        for step in range(round(seconds / 10)):
            self.clock.advance(10)
            reading = self.poll({"one": one, "two": two}, 0.005 * (step % 3))
            battery, now = a_state(self.clock, 60, 3), self.clock.stamp()
            self.state, verdict = judge(
                self.state, reading, 0.0, battery, settings, now, clock_confirmed=True
            )
        return verdict

    def poll(self, told: dict[str, dict[str, Any] | None], moves: float) -> PowerReading | None:
        packs = {
            name: None
            if values is None
            else battery_reading(self.clock, **self.scale(values, moves))
            for name, values in told.items()
        }
        volts = 13.1 * self.times + moves
        charger = charger_reading(self.clock, battery_voltage_v=volts, pv_power_w=0.0)
        chargers = {"main": Charger(EpeverTracer(), loads_on_battery=True, reading=charger)}
        polled = self.checks.check(chargers, packs, self.clock.stamp().uptime_s)
        return combine(
            list(polled.chargers.values()),
            list(polled.batteries.values()),
            self.clock.age_s,
            discharge_share=polled.discharge_share,
        )

    def scale(self, values: dict[str, Any], moves: float) -> dict[str, Any]:
        current_a = values["current_a"]
        current_a = current_a and current_a + moves
        return {
            **values,
            "voltage_v": values["voltage_v"] * self.times + moves,
            "current_a": current_a,
        }


DENIES = {**HEALTHY, "discharge_allowed": False}


@pytest.mark.parametrize("times", [1, 2, 4])
def test_a_pack_that_denies_beside_one_that_is_long_silent_is_the_last_one(
    clock: FakeClock, times: int
) -> None:
    site = TwoPacks(clock, times)
    site.hold(120, HEALTHY, HEALTHY)
    assert site.hold(300, HEALTHY, None).max_level is EnergyLevel.FULL
    assert site.hold(20, DENIES, None).max_level is EnergyLevel.HIBERNATE
    assert site.hold(30, DENIES, None).power_off


@pytest.mark.parametrize("times", [1, 4])
def test_a_pack_that_was_disconnected_when_it_fell_silent_stays_so(
    clock: FakeClock, times: int
) -> None:
    site = TwoPacks(clock, times)
    site.hold(120, HEALTHY, HEALTHY)
    assert site.hold(120, HEALTHY, AWAY).max_level is EnergyLevel.FULL
    assert site.hold(60, HEALTHY, None).max_level is EnergyLevel.FULL
    assert site.hold(50, DENIES, None).power_off


def test_a_pack_that_was_silent_from_the_start_carries_no_load(clock: FakeClock) -> None:
    """Until it has carried the computer for ten minutes."""
    site = TwoPacks(clock)
    assert site.hold(120, HEALTHY, None).max_level is EnergyLevel.FULL
    verdict = site.hold(300, DENIES, None)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)


def test_a_pack_that_carries_the_unit_alone_may_fall_silent(clock: FakeClock) -> None:
    """The other has been away for an hour: a broken cable must not power off the unit."""
    site = TwoPacks(clock)
    site.hold(120, HEALTHY, HEALTHY)
    site.hold(3600, HEALTHY, AWAY)
    verdict = site.hold(3600, None, AWAY)
    assert verdict.max_level is EnergyLevel.FULL
    assert site.state.share == 0.5
    assert site.hold(60, HEALTHY, AWAY).max_level is EnergyLevel.FULL
    assert site.hold(60, {**AWAY}, AWAY).power_off


def test_a_missed_poll_is_not_a_long_silence(clock: FakeClock) -> None:
    site = TwoPacks(clock)
    site.hold(120, HEALTHY, HEALTHY)
    site.hold(60, HEALTHY, None)
    assert site.hold(1800, DENIES, None).max_level is EnergyLevel.FULL
    assert site.state.share == 0.5


def test_a_start_beside_a_pack_that_denies_and_a_silent_one_powers_off_nothing(
    clock: FakeClock,
) -> None:
    """Something has carried the unit until now."""
    assert not TwoPacks(clock).hold(600, DENIES, None).power_off
