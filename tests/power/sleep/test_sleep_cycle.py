"""Sleep and return inside the power service's own cycle, with the real guard and estimator."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from appliance.errors import StoreError
from appliance.log import SentenceLog
from appliance.model import BatteryState, EnergyBudget, EnergyLevel, Sleep, Wake
from appliance.process.host import Order
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.store.store import Store
from power.act.loads import Actuator
from power.cycle import PowerCycle
from power.plan.ladder import Ladder
from power.sleep import boot_record
from power.sleep.controller import SleepController
from tests.conftest import OpenStore
from tests.power.test_cycle import FakeMeter
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeHost
from tests.stand_ins.rig import make_bare_site
from tests.stand_ins.sleep_unit import FakeSleepOrders, FakeWakeAlarm, record_test


@dataclass
class RecordingHost(FakeHost):
    """PID 1 that records what is prepared when it is told to power off."""

    unit: Any = None
    found: dict[str, Any] = field(default_factory=dict)

    def power_off(self) -> Order:
        order = super().power_off()
        reported = json.loads(self.unit.settings.boot_record_file.read_text())
        self.found = {"end": reported["end"], "armed": self.unit.alarm.armed}
        return order


@dataclass
class RecordingOrders(FakeSleepOrders):
    """The same for a suspend: the row must be stored by then."""

    unit: Any = None
    stored: int = 0

    def suspend(self) -> Order:
        self.stored = len(self.unit.store.rows(Sleep))
        return super().suspend()


class Unit:
    """One power service that sleeps."""

    def __init__(self, clock: FakeClock, settings: Settings, store: Store) -> None:
        self.clock, self.settings, self.store = clock, settings, store
        self.meter, self.host, self.pid_one = (
            FakeMeter(clock),
            RecordingHost(unit=self),
            RecordingOrders(unit=self),
        )
        self.alarm = FakeWakeAlarm()
        self.restart()

    def restart(self) -> None:
        self.service = Service("power", self.settings, self.clock, self.store, SentenceLog("power"))
        actuator = Actuator(self.host, make_bare_site(["gate"], self.settings.host.may_power_off))
        record_test(self.settings, self.clock.utc)
        self.controller = SleepController(self.service, self.pid_one, self.alarm)
        self.cycle = PowerCycle(
            self.service, self.meter, Ladder(self.settings), actuator, self.controller
        )
        self.sentence = ""

    def pass_time(self, seconds: float, every_s: float = 10.0) -> None:
        for _ in range(max(1, int(seconds / every_s))):
            self.clock.advance(every_s)
            self.service.run_once(self._cycle)

    def until(self, true: Any, limit_s: float = 7200) -> None:
        for _ in range(int(limit_s / 10)):
            if true():
                return
            self.pass_time(10)
        pytest.fail(self.sentence)

    def level(self) -> EnergyLevel:
        last = self.store.last(EnergyBudget)
        assert last is not None
        return last.level

    def _cycle(self) -> str:
        self.sentence = self.cycle()
        return self.sentence


@pytest.fixture
def unit(clock: FakeClock, settings: Settings, open_store: OpenStore) -> Unit:
    """A unit that was charged to 90 % a minute ago, and works for half an hour."""
    store = open_store("power")
    store.add(
        BatteryState(
            clock.stamp(), 90.0, 1.0, 2300, 2560, None, charge_blocked=False, method="counted"
        )
    )
    clock.advance(60)
    unit = Unit(clock, settings, store)
    unit.pass_time(1800)
    return unit


def suspend(unit: Unit) -> datetime:
    """Let the charge fall until the unit sleeps; when it is to be woken."""
    unit.meter.amps = -100.0
    unit.until(lambda: unit.level() <= EnergyLevel.HIBERNATE, 20_000)
    unit.meter.amps = -0.1
    unit.until(lambda: "suspend" in unit.pid_one.orders)
    wakes = unit.store.rows(Sleep)[-1].wakes
    assert wakes is not None
    return wakes


def test_a_boot_with_a_full_battery_loses_no_time(unit: Unit) -> None:
    (wake,) = unit.store.rows(Wake)
    assert wake.stays
    assert unit.level() == EnergyLevel.FULL
    assert unit.sentence.endswith("the loads may draw 25 W")


def test_wake_and_cause_are_ready_when_pid_one_gets_the_order_to_power_off(unit: Unit) -> None:
    unit.meter.volts, unit.meter.amps = 11.6, -3.0
    unit.until(lambda: "poweroff" in unit.host.orders)
    (sleep,) = unit.store.rows(Sleep)
    assert unit.host.found == {"end": "ASLEEP", "armed": sleep.wakes}
    assert sleep.level == EnergyLevel.OFF


def test_loads_stop_before_a_disk_and_a_clock_that_hang_are_asked_about_a_power_off(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def hang(what: str) -> Callable[..., None]:
        def answer_nothing(*_: object) -> None:
            asked.append(f"{what} after {unit.host.orders[-1]}")
            raise TimeoutError("no answer within 3 s")

        return answer_nothing

    monkeypatch.setattr(boot_record, "write", hang("the boot record"))
    monkeypatch.setattr(unit.alarm, "arm", hang("the alarm"))
    unit.meter.volts, unit.meter.amps = 11.6, -3.0
    unit.until(lambda: "poweroff" in unit.host.orders)
    assert asked[:2] == [
        "the alarm after stop appliance-camera@gate",
        "the boot record after stop appliance-camera@gate",
    ]


def test_loads_stop_before_anything_else_is_done_about_a_sleep(unit: Unit) -> None:
    suspend(unit)
    assert "stop appliance-camera@gate" in unit.host.orders
    (sleep,) = unit.store.rows(Sleep)
    low = next(b for b in unit.store.rows(EnergyBudget) if b.level <= EnergyLevel.HIBERNATE)
    assert unit.pid_one.stored == 1
    assert timedelta(seconds=300) <= sleep.stamp.utc - low.stamp.utc <= timedelta(seconds=330)


@pytest.mark.parametrize("clock_stands_still", [False, True])
def test_the_charge_before_a_suspend_is_uncertain_after_it(
    unit: Unit, clock_stands_still: bool
) -> None:
    wakes = suspend(unit)
    saved = unit.clock.utc
    before = unit.store.rows(BatteryState)[-1]
    assert before.sigma_pct is not None
    unit.meter.silent = True
    unit.clock.advance((wakes - unit.clock.utc).total_seconds())
    if clock_stands_still:
        unit.clock.set_wall_clock(saved)
    unit.pass_time(30)
    after = unit.store.rows(BatteryState)[-1]
    assert after.sigma_pct is not None
    assert after.sigma_pct > before.sigma_pct + 10
    assert "poweroff" not in unit.host.orders  # an uncertainty alone


def test_a_computer_that_is_frozen_in_the_middle_of_a_poll_notices_it_all_the_same(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    wakes = suspend(unit)
    read = unit.meter.read

    def frozen() -> Any:
        monkeypatch.setattr(unit.meter, "read", read)
        poll = read()
        unit.clock.advance((wakes - unit.clock.utc).total_seconds())
        return poll

    monkeypatch.setattr(unit.meter, "read", frozen)
    unit.pass_time(10)
    assert (
        json.loads(unit.settings.boot_record_file.read_text())["cause"]
        == "the clock of the computer"
    )


def test_after_a_passed_check_the_level_waits_for_no_dwell(unit: Unit) -> None:
    wakes = suspend(unit)
    unit.controller._log.boot = replace(
        unit.controller._log.boot, failed=3
    )  # no charge alone will do
    unit.clock.advance((wakes - unit.clock.utc).total_seconds())
    unit.meter.volts, unit.meter.amps, unit.meter.sun_w = 14.4, 1.0, 200.0
    unit.pass_time(890)
    assert unit.level() == EnergyLevel.HIBERNATE
    unit.until(lambda: unit.level() >= EnergyLevel.SENTINEL, 60)
    wake = unit.store.rows(Wake)[-1]
    assert (wake.cause, wake.stays) == ("the clock of the computer", True)


def test_a_row_that_the_database_would_not_take_is_stored_when_it_can_be(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise StoreError("the database cannot be written: database or disk is full")

    monkeypatch.setattr(unit.store, "add", full)
    unit.meter.volts, unit.meter.amps = 11.6, -3.0
    unit.until(lambda: "poweroff" in unit.host.orders)
    assert unit.host.found["end"] == "ASLEEP"
    monkeypatch.undo()
    unit.pass_time(10)
    assert len(unit.store.rows(Sleep)) == 1


def test_a_laptop_that_may_not_power_off_is_put_to_sleep_instead(unit: Unit) -> None:
    unit.settings = replace(unit.settings, host=replace(unit.settings.host, may_power_off=False))
    unit.restart()
    unit.meter.volts, unit.meter.amps = 11.6, -3.0
    unit.until(lambda: "suspend" in unit.pid_one.orders)
    assert "poweroff" not in unit.host.orders
