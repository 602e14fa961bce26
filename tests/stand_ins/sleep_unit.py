"""A sleep controller around a real store; PID 1, the check-in and the alarm are fakes."""

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from appliance.log import SentenceLog
from appliance.model import BatteryState, EnergyLevel, PowerReading, Sleep, Wake
from appliance.process.host import Job, Order
from appliance.process.rtc import RtcError
from appliance.process.service import Service
from appliance.settings import HostSettings, Settings
from appliance.store.store import Store
from power.guard.verdict import Verdict
from power.sleep.controller import SleepController
from power.sleep.interface import PermissionRequest
from power.sleep.states import SleepState
from power.sleep.wake_test import WakeTest, identify_computer, write_test
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.orders import FakeOrder

FULL = Verdict(EnergyLevel.FULL, "there is charge enough")
LOW = Verdict(EnergyLevel.HIBERNATE, "the rest is kept to stay alive")
EMPTY = Verdict(EnergyLevel.OFF, "the floor is 10 %", power_off=True)
SUNSET = datetime(2026, 1, 10, 16, 0, tzinfo=UTC)  # 17:40 by the sun of the default site
MORNING = datetime(2026, 1, 11, 7, 20, tzinfo=UTC)  # nine


@dataclass
class FakeCheckIn:
    """A check-in that lasts until it is abandoned."""

    lasts: bool = True
    abandoned: bool = False

    def is_over(self) -> bool:
        return not self.lasts

    def abandon(self) -> None:
        self.abandoned, self.lasts = True, False


@dataclass
class FakeSleepOrders:
    """PID 1 for sleeps; `orders` are those that it was given."""

    orders: list[str] = field(default_factory=list)
    refuses: bool = False
    hangs: bool = False
    given: list[FakeOrder] = field(default_factory=list)
    checkin: FakeCheckIn = field(default_factory=FakeCheckIn)

    def suspend(self) -> Order:
        return self._take("suspend")

    def power_off(self) -> Order:
        return self._take("poweroff")

    def run(self, unit: str) -> Job:
        if error := self._take(f"run {unit}").error:
            raise error
        return cast("Job", self.checkin)

    def _take(self, order: str) -> Order:
        self.orders += [] if self.refuses else [order]
        self.given.append(FakeOrder(order, refused=self.refuses, hangs=self.hangs))
        return self.given[-1]


@dataclass
class FakeWakeAlarm:
    """A clock that can wake the computer, or cannot."""

    broken: bool = False
    armed: datetime | None = None

    def check(self) -> None:
        if self.broken:
            raise RtcError("no wake can be armed because there is no clock")

    def arm(self, _now: datetime, wakes: datetime) -> None:
        self.check()
        self.armed = wakes

    def find_wait(self, now: datetime) -> timedelta | None:
        return None if self.armed is None else self.armed - now


@dataclass
class SleepUnit:
    """The sleeps of one power service; `pass_time` calls them as the cycle does."""

    clock: FakeClock
    settings: Settings
    store: Store
    pid_one: FakeSleepOrders = field(default_factory=FakeSleepOrders)
    alarm: FakeWakeAlarm = field(default_factory=FakeWakeAlarm)
    pct: float = 80.0
    sun_w: float | None = 0.0
    verdict: Verdict = FULL
    by_voltage: bool = False
    silent: bool = False
    is_tested: bool = True

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The process begins anew."""
        service = Service("power", self.settings, self.clock, self.store, SentenceLog("power"))
        if self.is_tested:
            record_test(self.settings, self.clock.utc)
        self.controller = SleepController(service, self.pid_one, self.alarm)
        self.level, self.powers_off = EnergyLevel.FULL, False
        self.faults: list[str] = []
        self.states: list[SleepState] = [self.controller.state]

    def pass_time(self, seconds: float, every_s: float = 10.0) -> None:
        for _ in range(max(1, int(seconds / every_s))):
            self.clock.advance(every_s)
            self.cycle()

    def cycle(self) -> None:
        now, controller = self.clock.stamp(), self.controller
        self.came_back = controller.detect_return(now)
        battery = BatteryState(
            now, self.pct, 1.0, None, 2560, None, charge_blocked=False, method="counted"
        )
        amps = 0.0 if self.sun_w is None else self.sun_w / 13
        reading = PowerReading(now, "test", self.sun_w, 30, 13, amps, 20, 3.0, None, None)
        fresh = None if self.silent else reading
        request = PermissionRequest(self.verdict, self.by_voltage, battery, fresh, now)
        permission = controller.permit(request)
        self.level = permission.verdict.max_level
        self.powers_off = controller.permit_power_off(permission.verdict, request)
        self.check_passed = permission.check_passed
        report = controller.act(self.level, battery, now)
        self.faults = [str(error) for error in report.faults]
        self.status, self.rows = report.status, report.rows
        self.states.append(controller.state)
        self.store.add(*report.rows)

    def is_at(self, level: EnergyLevel) -> bool:
        return self.level == level

    def goes_off(self) -> bool:
        return self.powers_off

    def sleeps(self) -> list[Sleep]:
        return self.store.rows(Sleep)

    def wakes(self) -> list[Wake]:
        return self.store.rows(Wake)

    def file(self) -> dict[str, Any]:
        return cast("dict[str, Any]", json.loads(self.settings.boot_record_file.read_text()))

    def boot(self, down_s: float) -> None:
        """The computer was off that long and boots."""
        self.clock.reboot(down_s)
        self.restart()


def make_unit_at_sunset(clock: FakeClock, settings: Settings, store: Store) -> SleepUnit:
    """A unit at sunset, well and at work for an hour."""
    clock.set_wall_clock(SUNSET)
    unit = SleepUnit(clock, settings, store)
    unit.pass_time(3600)
    assert unit.file()["well"]
    return unit


def record_test(settings: Settings, at: datetime) -> None:
    """Somebody has seen this computer wake by its clock."""
    test = WakeTest(
        at,
        woke=True,
        said="its clock woke it",
        computer=identify_computer(),
        rtc=str(settings.host.rtc),
        mode=settings.host.sleep,
    )
    write_test(settings.wake_test_file, test)


def change_host(unit: SleepUnit, **changes: Any) -> None:
    """The same unit with other settings of its host."""
    unit.settings = replace(unit.settings, host=replace(HostSettings(), **changes))
    unit.restart()


def sleep_through(unit: SleepUnit, until: datetime) -> None:
    """Suspend, and be woken at `until`: the process only sees that time has jumped."""
    unit.verdict, unit.pct = LOW, 14.0
    unit.pass_time(320)
    assert unit.pid_one.orders[-1] == "suspend"
    unit.clock.advance((until - unit.clock.utc).total_seconds())
    unit.verdict = FULL
