"""One of two packs falls silent for good: the other is counted on alone, and loads go on by it."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from appliance.errors import BusError
from appliance.model import BatteryReading, PowerReading
from appliance.settings import Settings
from power.battery import estimator
from power.battery.estimate import Estimate
from power.devices.epever import EpeverTracer
from power.reading.connected import LOST_AFTER_S
from power.reading.meters import Device, Meters
from tests.scenes.readings import battery_reading, charger_reading
from tests.stand_ins.fakes import FakeClock

BATTERY = Settings().battery


class Line:
    """A device whose answers are set by hand; None: it is silent."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.profile = EpeverTracer()
        self.health = SimpleNamespace(find_fault=lambda _: None)
        self.set_points = None

    def read(self) -> Any:
        if self.answer is None:
            raise BusError("it does not answer")
        return self.answer


class Bank:
    """A charger and two packs side by side, polled every 10 s; each gives half of the current."""

    def __init__(self, clock: FakeClock, *, loads_on_battery: bool = True) -> None:
        self.clock = clock
        self.lines = {name: Line() for name in ("main", "one", "two")}
        charger = Device("charger", "main", self.lines["main"], loads_on_battery)  # type: ignore[arg-type]
        packs = [Device("bms", name, self.lines[name]) for name in ("one", "two")]  # type: ignore[arg-type]
        self.meters = Meters([charger, *packs], clock)
        self.silent: set[str] = set()
        self.changed: dict[str, Any] = {}
        self.estimate: Estimate | None = Estimate(clock.stamp(), 80.0, 3.0, "counted")

    def poll(self, seconds: float) -> PowerReading:
        for step in range(int(seconds / 10)):
            self.clock.advance(10)
            self._answer(0.01 * (step % 3))
            reading = self.meters.read().reading
            self.estimate = estimator.update(self.estimate, reading, BATTERY)
        assert reading is not None
        return reading

    def _answer(self, noise: float) -> None:
        volts = {"battery_voltage_v": 13.2 + noise, "battery_current_a": 0.0}
        sun = {"pv_power_w": 0.0, "pv_voltage_v": 0.0}
        self.lines["main"].answer = charger_reading(self.clock, **volts, **sun)
        for name in ("one", "two"):
            self.lines[name].answer = None if name in self.silent else self._pack(noise)

    def _pack(self, noise: float) -> BatteryReading:
        fields = {"voltage_v": 13.2 + noise, "current_a": -5.0 + noise, "full_ah": 100.0}
        pack = battery_reading(self.clock, **fields, state_of_charge_pct=None)
        return replace(pack, **self.changed)


@pytest.fixture
def bank(clock: FakeClock) -> Bank:
    return Bank(clock)


def test_for_ten_minutes_the_current_of_both_is_not_known(bank: Bank) -> None:
    assert bank.poll(60).battery_current_a == pytest.approx(-10, abs=0.1)
    bank.silent = {"two"}
    reading = bank.poll(LOST_AFTER_S - 20)
    assert (reading.battery_current_a, reading.discharge_share) == (None, None)


def test_then_the_other_is_half_of_the_battery_with_its_own_current(bank: Bank) -> None:
    """What flows to the silent one is no load's: that of the loads is not known."""
    bank.poll(60)
    bank.silent = {"two"}
    reading = bank.poll(LOST_AFTER_S + 20)
    assert reading.battery_current_a == pytest.approx(-5, abs=0.1)
    assert reading.discharge_share == 0.5
    assert reading.load_power_w is None


def test_its_charge_is_counted_on_instead_of_being_lost(bank: Bank) -> None:
    """5 A from 100 Ah: the charge of the other falls by 5 % an hour, and stays known."""
    bank.poll(60)
    bank.silent = {"two"}
    bank.poll(3 * 3600)
    assert bank.estimate is not None
    assert bank.estimate.charge_pct == pytest.approx(66, abs=4)
    assert bank.estimate.sigma_pct < 16
    bank.silent = set()
    assert bank.poll(60).discharge_share == 1.0
    assert bank.estimate.share == 1.0


def test_a_pack_that_never_answered_counts_for_nothing_either(bank: Bank) -> None:
    bank.silent = {"two"}
    assert bank.poll(LOST_AFTER_S + 20).discharge_share == 0.5


def test_nothing_is_left_where_the_other_denies_discharge(bank: Bank) -> None:
    bank.poll(60)
    bank.silent = {"two"}
    bank.poll(LOST_AFTER_S + 20)
    bank.changed = {"discharge_allowed": False}
    assert bank.poll(20).discharge_share == 0.0


def test_a_controller_that_measures_the_whole_current_needs_no_guess(clock: FakeClock) -> None:
    bank = Bank(clock, loads_on_battery=False)
    bank.poll(60)
    bank.silent = {"two"}
    reading = bank.poll(LOST_AFTER_S + 60)
    assert reading.discharge_share is None
    assert reading.battery_current_a is not None


def test_silence_of_all_changes_nothing_of_the_share(bank: Bank) -> None:
    bank.poll(60)
    bank.silent = {"one", "two"}
    assert bank.poll(2 * LOST_AFTER_S).discharge_share is None
