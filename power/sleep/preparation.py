"""Preparation of a sleep: arms the wake, writes the boot record, starts the check-in.

Reads: the plan. Writes: boots.json, the alarm of the computer's clock, an order to PID 1 to start
the check-in.
Never: gives the order itself, or calls a wake armed that the clock does not read back.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, Sleep, Stamp
from appliance.process import rtc
from appliance.process.host import Job, Order
from appliance.process.rtc import RtcError
from appliance.process.service import Service
from appliance.store.store import Store
from appliance.wording.sentence import say
from power.sleep.boot_check import Boot, BootEnd, SleepRecord
from power.sleep.boot_log import BootLog
from power.sleep.bounded import BoundedCalls
from power.sleep.wake_time import WakeTime, choose_wake_time

PLAN_EVERY_S = 300.0
WAKE_OFF_BY = timedelta(minutes=2)  # some clocks keep an alarm to the minute, and rounding
MOST_STEPS = 2000  # of a plan: 72 hours in quarters of an hour are 288


class SleepOrders(Protocol):
    """What is needed of appliance.process.host.Host."""

    def suspend(self) -> Order:
        """Order sleep with the memory kept."""

    def power_off(self) -> Order:
        """Order a clean shutdown."""

    def run(self, unit: str) -> Job:
        """Ask PID 1 to run a oneshot."""


class WakeAlarm(Protocol):
    """What is needed of appliance.process.rtc.Rtc."""

    def check(self) -> None:
        """Raise `RtcError` where no wake can be armed."""

    def arm(self, now: datetime, wakes: datetime) -> None:
        """Arm the wake or raise `RtcError`."""

    def find_wait(self, now: datetime) -> timedelta | None:
        """How long until the armed wake; None where none is armed."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is prepared. `row` None: no wake is armed, no sleep. `written`: `boot` is on disk."""

    boot: Boot
    row: Sleep | None = None
    written: bool = False
    faults: tuple[ApplianceError, ...] = ()


def make_sleep_row(
    level: EnergyLevel,
    wake: WakeTime,
    *,
    armed: str,
    why: str,
    battery: BatteryState,
    now: Stamp,
) -> Sleep:
    """The row of a sleep; `armed`: what will wake the unit, "" where nothing will."""
    return Sleep(
        stamp=now,
        level=level,
        wakes=wake.at if armed else None,
        armed=armed,
        expected=wake.expected if armed else None,
        state_of_charge_pct=battery.state_of_charge_pct,
        sigma_pct=battery.sigma_pct,
        reason=say("{why}; the wake is set {reason}", why=why, reason=wake.reason)
        if armed
        else why,
    )


class SleepPreparer:
    """Prepares the sleeps of one unit. `record`: writes the boot record."""

    def __init__(
        self, service: Service, record: BootLog, host: SleepOrders, alarm: WakeAlarm
    ) -> None:
        self._service, self._settings, self._record = service, service.settings, record
        self._host, self._alarm = host, alarm
        self._alarm_calls = BoundedCalls()
        self._plan = service.recorder.follow("the newest plan_step", read_plan, PLAN_EVERY_S)

    def prepare(
        self,
        boot: Boot,
        level: EnergyLevel,
        why: str,
        battery: BatteryState,
        now: Stamp,
        *,
        test_wake: WakeTime | None = None,
    ) -> Preparation:
        """Arm the wake and write the record; without a wake only OFF goes on: it must. What hangs
        is a fault after some seconds, and the rest is prepared without it.
        """
        wake = test_wake or choose_wake_time(
            now.utc, self._list_plan_steps(), boot.failed, self._settings
        )
        armed, faults = self._arm(wake, now)
        if not armed and level is not EnergyLevel.OFF:
            return Preparation(boot, faults=tuple(faults))
        row = make_sleep_row(level, wake, armed=armed, why=why, battery=battery, now=now)
        nap = SleepRecord(
            now.utc,
            level,
            wakes=row.wakes,
            hoped=wake.enough_at if armed else None,
            armed=armed,
            reason=row.reason,
            is_test=test_wake is not None,
        )
        boot = replace(boot, end=BootEnd.ASLEEP, nap=nap)
        error = self._record.write(boot)
        if error:
            return Preparation(boot, row, faults=(*faults, error))
        return Preparation(boot, row, written=True, faults=tuple(faults))

    def start_checkin(self) -> Job | None:
        """Begin the check-in of the settings; None where there is none. Raises `HostError`."""
        unit = self._settings.host.checkin
        return self._host.run(unit) if unit else None

    def test_alarm(self) -> RtcError | None:
        """The error that arming a wake would raise now, or None."""
        return self._ask_alarm(self._alarm.check)

    def is_wake_due_as_planned(self, row: Sleep, now: Stamp) -> bool:
        """Whether the armed wake still comes as long after `row` as it says.

        Where the wall clock or the computer's clock has been set meanwhile (a check-in brings the
        network, and that a time server), the alarm may lie years ahead. Without an armed wake there
        is nothing to lose; a clock that hangs cannot be armed anew either.
        """
        if row.wakes is None:
            return True
        passed = timedelta(seconds=now.uptime_s - row.stamp.uptime_s)
        if abs(now.utc - row.stamp.utc - passed) > WAKE_OFF_BY:
            return False
        try:
            wait = self._alarm_calls.run(lambda: self._alarm.find_wait(now.utc))
        except TimeoutError:
            return True
        return wait is not None and abs(row.wakes - now.utc - wait) <= WAKE_OFF_BY

    def _arm(self, wake: WakeTime, now: Stamp) -> tuple[str, list[ApplianceError]]:
        """What will wake the unit, "" where nothing will, and why not."""
        error = self._ask_alarm(lambda: self._alarm.arm(now.utc, wake.at))
        return ("", [error]) if error else (rtc.NAME, [])

    def _ask_alarm(self, act: Callable[[], None]) -> RtcError | None:
        try:
            self._alarm_calls.run(act)
        except RtcError as error:
            return error
        except TimeoutError as error:
            return RtcError(
                say("the clock of the computer hangs ({error}): no wake can be armed", error=error)
            )
        return None

    def _list_plan_steps(self) -> Sequence[EnergyPlanStep]:
        """The newest plan, from memory; none where it is not known: the sun rises without one."""
        self._service.recorder.refresh()
        return self._plan.value or ()


def read_plan(store: Store) -> list[EnergyPlanStep]:
    """The steps of the newest plan, and none that an earlier one made at a later, wrong hour."""
    newest = store.last(EnergyPlanStep)
    if newest is None:
        return []
    steps = store.rows(EnergyPlanStep, newest.stamp.utc, MOST_STEPS, newest_first=True)
    return [step for step in reversed(steps) if step.stamp == newest.stamp]
