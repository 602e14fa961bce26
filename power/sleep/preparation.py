"""Preparation of a sleep: arms the wake, writes the boot record, starts the check-in.

Reads: the plan. Writes: boots.json, the alarm of the computer's clock, an order to PID 1 to start
the check-in.
Never: gives the order itself, or calls a wake armed that the clock does not read back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Thread
from typing import Protocol, TypeVar

from appliance.errors import ApplianceError, StoreError
from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, Sleep, Stamp
from appliance.process import rtc
from appliance.process.host import Job
from appliance.process.rtc import RtcError
from appliance.process.service import Service
from power.sleep import boot_record
from power.sleep.boot_check import Boot, BootEnd, SleepRecord
from power.sleep.boot_record import BootsError
from power.sleep.wake_time import WakeTime, choose_wake_time

PREPARED_WITHIN_S = 3.0  # real seconds: a weak battery does not wait for a disk that hangs
T = TypeVar("T")


class SleepOrders(Protocol):
    """What is needed of appliance.process.host.Host."""

    def suspend(self) -> None:
        """Ask PID 1 for sleep with the memory kept."""

    def power_off(self) -> None:
        """Ask PID 1 for a clean shutdown."""

    def run(self, unit: str) -> Job:
        """Ask PID 1 to run a oneshot."""


class WakeAlarm(Protocol):
    """What is needed of appliance.process.rtc.Rtc."""

    def check(self) -> None:
        """Raise `RtcError` where no wake can be armed."""

    def arm(self, now: datetime, wakes: datetime) -> None:
        """Arm the wake or raise `RtcError`."""


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is prepared. `row` None: no wake is armed, no sleep. `written`: `boot` is on disk."""

    boot: Boot
    row: Sleep | None = None
    written: bool = False
    faults: tuple[ApplianceError, ...] = ()


class SleepPreparer:
    """Prepares the sleeps of one unit; it keeps no state."""

    def __init__(self, service: Service, host: SleepOrders, alarm: WakeAlarm) -> None:
        self._service, self._settings = service, service.settings
        self._host, self._alarm = host, alarm

    def prepare(
        self, boot: Boot, level: EnergyLevel, why: str, battery: BatteryState, now: Stamp
    ) -> Preparation:
        """Arm the wake and write the record; without a wake only OFF goes on: it must."""
        wake = choose_wake_time(now.utc, self._read_plan(), boot.failed, self._settings)
        armed, faults = self._arm(wake, now)
        if not armed and level is not EnergyLevel.OFF:
            return Preparation(boot, faults=tuple(faults))
        row = Sleep(
            stamp=now,
            level=level,
            wakes=wake.at if armed else None,
            armed=armed,
            expected=wake.expected if armed else None,
            state_of_charge_pct=battery.state_of_charge_pct,
            sigma_pct=battery.sigma_pct,
            reason=f"{why}; the wake is set {wake.reason}" if armed else why,
        )
        nap = SleepRecord(
            now.utc, level, row.wakes, wake.enough_at if armed else None, armed, row.reason
        )
        boot = replace(boot, end=BootEnd.ASLEEP, nap=nap)
        try:
            boot_record.write(self._settings.boot_record_file, boot)
        except BootsError as error:
            return Preparation(boot, row, faults=(*faults, error))
        return Preparation(boot, row, written=True, faults=tuple(faults))

    def prepare_in_time(
        self, boot: Boot, level: EnergyLevel, why: str, battery: BatteryState, now: Stamp
    ) -> Preparation:
        """The same, or nothing but a fault where a disk or a database hangs."""
        prepared = run_within(
            PREPARED_WITHIN_S, lambda: self.prepare(boot, level, why, battery, now)
        )
        if prepared is not None:
            return prepared
        error = BootsError(
            f"the sleep was not on record within {PREPARED_WITHIN_S:g} s; check the disk"
        )
        return Preparation(boot, faults=(error,))

    def start_checkin(self) -> Job | None:
        """Begin the check-in of the settings; None where there is none. Raises `HostError`."""
        unit = self._settings.host.checkin
        return self._host.run(unit) if unit else None

    def test_alarm(self) -> RtcError | None:
        """The error that arming a wake would raise now, or None."""
        try:
            self._alarm.check()
        except RtcError as error:
            return error
        return None

    def _arm(self, wake: WakeTime, now: Stamp) -> tuple[str, list[ApplianceError]]:
        """What will wake the unit, "" where nothing will, and why not."""
        try:
            self._alarm.arm(now.utc, wake.at)
        except RtcError as error:
            return "", [error]
        return rtc.NAME, []

    def _read_plan(self) -> list[EnergyPlanStep]:
        """The newest plan; none where it cannot be read."""
        try:
            newest = self._service.store.last(EnergyPlanStep)
            if newest is None:
                return []
            return self._service.store.rows(EnergyPlanStep, since=newest.stamp.utc)
        except StoreError:
            return []  # the cycle reports it; the sun rises without a database


def run_within(limit_s: float, act: Callable[[], T]) -> T | None:
    """What `act` gives, or None where it takes longer than `limit_s` real seconds."""
    found: list[T] = []
    worker = Thread(target=lambda: found.append(act()), daemon=True)
    worker.start()
    worker.join(limit_s)
    return found[0] if found else None
