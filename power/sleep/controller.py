"""Puts the unit to sleep and receives it back: the energy check, the packing, the order.

Reads: boots.json. Writes: boots.json, orders to PID 1, and the `Sleep` and `Wake` rows that the
cycle stores. Before a sleep: what power/sleep/preparation.py says.
Never: overrules the guard, suspends without a wake that is armed, or holds an order to power off
for longer than packing may take (and for a check-in's minute, where only the charge is low).

A suspended process hears nothing of its sleep. That it slept is told by the clock alone: time has
jumped, or the armed wake is over.
"""

from dataclasses import dataclass, replace

from appliance.errors import ApplianceError, HostError
from appliance.model import BatteryState, EnergyLevel, PowerReading, Sleep, Stamp, Wake
from appliance.process.host import Job
from appliance.process.service import Service
from appliance.settings import SleepMode
from power.guard.guard import Verdict
from power.sleep import boot_record
from power.sleep.boot_check import (
    WELL_FOR_S,
    Boot,
    BootEnd,
    CheckResult,
    EnergyCheck,
    begin_after_sleep,
    begin_boot,
    count_failure,
    record_sent_back,
    run_check,
)
from power.sleep.boot_record import BootsError
from power.sleep.interface import limit_to_hibernate
from power.sleep.preparation import Preparation, SleepOrders, SleepPreparer, WakeAlarm
from power.sleep.wake_time import choose_sleep_mode, is_sleep_due, is_wake_due

CHECKIN_S = 60.0
AWAKE_S = 120.0  # who is still up after this was not put to sleep
SLEPT_S = 120.0  # a gap between two cycles, beyond three polls, that was no slow cycle
AGAIN_S = 300.0  # after a refusal


@dataclass(slots=True)
class Going:
    """A sleep under way: packed, then told to the fleet, then ordered; `by_guard` elsewhere."""

    row: Sleep
    by_guard: bool
    errand: Job | None = None
    ordered: Stamp | None = None


class SleepController:
    """The nights of one unit; what each call is for says power/sleep/interface.py."""

    def __init__(self, service: Service, host: SleepOrders, alarm: WakeAlarm) -> None:
        self.rows: list[Sleep | Wake] = []
        self.released = False
        self.says = ""
        self._service, self._settings, self._clock = service, service.settings, service.clock
        self._host, self._packer = host, SleepPreparer(service, host, alarm)
        self._faults: dict[str, ApplianceError] = {}
        now = self._clock.stamp()
        self._boot = begin_boot(self._read(), now)
        self._written: Boot | None = None
        self._check = None if self._boot.checked else EnergyCheck(now.uptime_s)
        self._back = ""
        self._going: Going | None = None
        self._last = now
        self._low_since_s: float | None = None
        self._up_since_s: float | None = None
        self._not_before_s = 0.0
        self._warn_early()

    # --- before the orders: may anything run yet? -----------------------------------------------

    def returned(self, now: Stamp) -> bool:
        jumped, self._last = self._jumped(), now
        going = self._going
        if going is None or going.ordered is None or going.by_guard:
            return False
        if not jumped and not is_wake_due(going.row, now):
            return False
        self._going, self._back = None, ""
        self._boot = begin_after_sleep(self._boot, now)
        self._check = EnergyCheck(now.uptime_s)
        self._low_since_s = self._up_since_s = None
        return True

    def _jumped(self) -> bool:
        """Whether more time has passed since this cycle began than a cycle takes."""
        gap_s = self._clock.age_s(self._last) or 0.0
        return gap_s > SLEPT_S + 3 * self._settings.meter.poll_every_s

    def judge(
        self, verdict: Verdict, battery: BatteryState, reading: PowerReading | None, now: Stamp
    ) -> Verdict:
        self.released = False
        if self._going and self._on_its_way(self._going):
            return limit_to_hibernate(verdict, "the order to sleep is given")
        if self._check is None:
            return verdict
        self._check, answer, why = run_check(
            self._check, self._boot, battery, reading, now, self._settings
        )
        if answer is CheckResult.STAY:
            self._stay(why, battery, now)
            return verdict
        if answer is CheckResult.BACK:
            self._send_back(why, battery, now)
        if self._going is None:
            self.says = f"; {why}"
        if reading is None and self._check.seen_s is None:
            verdict = replace(verdict, power_off=False)  # its charge is only remembered
        return limit_to_hibernate(verdict, why)

    def _stay(self, why: str, battery: BatteryState, now: Stamp) -> None:
        if self._going is not None:
            self._stay_up()
        self._boot = replace(self._boot, checked=True)
        self._check, self._back, self.says, self.released = None, "", "", True
        self._tell_wake(True, why, battery, now)

    def _send_back(self, why: str, battery: BatteryState, now: Stamp) -> None:
        """Once for each boot; where it cannot sleep the check begins anew and goes on."""
        self._check = EnergyCheck(now.uptime_s)
        if self._back or self._going or choose_sleep_mode(self._settings) is SleepMode.STAY:
            return
        self._back = why
        self._boot = record_sent_back(self._boot, now)
        self._tell_wake(False, why, battery, now)

    def _tell_wake(self, stays: bool, why: str, battery: BatteryState, now: Stamp) -> None:
        boot, charge_pct = self._boot, battery.state_of_charge_pct
        since = boot.asleep_since
        self.rows.append(Wake(now, since, boot.cause, boot.failed, charge_pct, stays, why))
        verb = "stays up" if stays else "goes back to sleep"
        self._service.log.info(f"the unit {verb} ({boot.cause}): {why}", failed_boots=boot.failed)

    # --- with the orders: the guard wants to power off ------------------------------------------

    def may_power_off(
        self, verdict: Verdict, by_voltage: bool, battery: BatteryState, now: Stamp
    ) -> bool:
        if not verdict.power_off or not self._settings.host.may_power_off:
            if self._going and self._going.by_guard and not self._on_its_way(self._going):
                self._stay_up()
            return verdict.power_off
        if self._going is None or not self._going.by_guard:
            self._leave_errand()
            boot, off = count_failure(self._boot), EnergyLevel.OFF
            packed = self._packer.prepare_in_time(boot, off, verdict.reason, battery, now)
            self._take(packed, by_guard=True, checkin=not by_voltage)
        going = self._going
        if going is None or by_voltage or self._told(going):
            if going and going.ordered is None:
                going.ordered = now
            return True
        return False

    def _on_its_way(self, going: Going) -> bool:
        """Whether an order may still be carried out: PID 1 takes none back."""
        return going.ordered is not None and (self._clock.age_s(going.ordered) or 0.0) <= AWAKE_S

    # --- after the orders: a sleep of its own accord --------------------------------------------

    def act(self, level: EnergyLevel, battery: BatteryState, now: Stamp) -> list[ApplianceError]:
        self._watch_level(level, now)
        if self._going is None:
            self._lie_down(level, battery, now)
        elif not self._going.by_guard:
            self._go(self._going, now)
        self._write()
        return list(self._faults.values())

    def _watch_level(self, level: EnergyLevel, now: Stamp) -> None:
        """Since when the level is low, or high; and whether this boot has become a good one."""
        if level <= EnergyLevel.HIBERNATE:
            self._up_since_s = None
            self._low_since_s = now.uptime_s if self._low_since_s is None else self._low_since_s
            return
        self._low_since_s = None
        self._up_since_s = now.uptime_s if self._up_since_s is None else self._up_since_s
        self._faults.pop("host", None)
        if self._going and not self._on_its_way(self._going):
            self._stay_up()
        if not self._boot.well and now.uptime_s - self._up_since_s >= WELL_FOR_S:
            self._boot = replace(self._boot, well=True, failed=0)

    def _lie_down(self, level: EnergyLevel, battery: BatteryState, now: Stamp) -> None:
        """Pack, if it is time. The order follows in a later cycle, when the row is stored."""
        tired = self._check is None and is_sleep_due(level, self._low_since_s, now, self._settings)
        if not (tired or self._back) or now.uptime_s < self._not_before_s:
            return
        why = self._back or "no load may run"
        packed = self._packer.prepare(self._boot, EnergyLevel.HIBERNATE, why, battery, now)
        self._take(packed, by_guard=False, checkin=True)
        if self._going is None:
            self._not_before_s = now.uptime_s + AGAIN_S
            self.says = "; it stays up with its loads off: no wake can be armed"

    def _go(self, going: Going, now: Stamp) -> None:
        """In a later cycle (the row is stored) and when the fleet knows; again if none comes."""
        if going.ordered is None:
            if not self._told(going):
                return
        elif self._on_its_way(going):
            return
        else:
            self._faults["host"] = HostError("the computer was told to sleep and is still up")
        going.ordered = now
        try:
            self._order()
        except HostError as error:
            if self._jumped():
                return  # it was obeyed before it was answered
            self._stay_up()
            self._faults["host"] = error
            self._not_before_s = now.uptime_s + AGAIN_S

    def _order(self) -> None:
        if choose_sleep_mode(self._settings) is SleepMode.POWER_OFF:
            self._host.power_off()
        else:
            self._host.suspend()

    # --- both ways to sleep ---------------------------------------------------------------------

    def _take(self, packed: Preparation, by_guard: bool, checkin: bool) -> None:
        """Remember what is packed, and tell the fleet."""
        for code in ("wake", "boots", "host"):
            self._faults.pop(code, None)
        self._faults |= {fault.code: fault for fault in packed.faults}
        self._boot = packed.boot
        row = packed.row
        if row is None:
            self._going = None
            return
        self._written = packed.boot if packed.written else None
        self.rows.append(row)
        self._going = Going(row, by_guard, self._tell_fleet() if checkin else None)
        until = f"until {row.wakes:%H:%M} UTC" if row.wakes else "and nothing will wake it"
        self.says = f"; it goes to sleep {until}"
        self._service.log.info(f"the unit goes to sleep {until}: {row.reason}", armed=row.armed)

    def _tell_fleet(self) -> Job | None:
        try:
            return self._packer.start_checkin()
        except HostError as error:
            self._faults["host"] = error
            return None

    def _told(self, going: Going) -> bool:
        """Whether the fleet knows, or has been given its time."""
        if going.errand is None or going.errand.is_over():
            return True
        if (self._clock.age_s(going.row.stamp) or 0.0) < CHECKIN_S:
            return False
        going.errand.abandon()
        return True

    def _stay_up(self) -> None:
        """The sleep is off. An armed wake does no harm."""
        self._leave_errand()
        self._going, self.says = None, ""
        self._boot = replace(self._boot, end=BootEnd.RUNNING)

    def _leave_errand(self) -> None:
        if self._going and self._going.errand:
            self._going.errand.abandon()

    # --- the record -----------------------------------------------------------------------------

    def finish(self) -> None:
        """PID 1 ends the service: a clean end, unless a sleep is what ends it."""
        if self._boot.end is BootEnd.RUNNING:
            self._boot = replace(self._boot, end=BootEnd.STOPPED)
        boot_record.write(self._settings.boots_file, self._boot)

    def _read(self) -> Boot | None:
        try:
            return boot_record.read(self._settings.boots_file)
        except BootsError as error:
            self._service.report_fault(error)
            return None

    def _write(self) -> None:
        if self._boot == self._written:
            return
        try:
            boot_record.write(self._settings.boots_file, self._boot)
        except BootsError as error:
            self._faults["boots"] = error
            return
        self._faults.pop("boots", None)
        self._written = self._boot

    def _warn_early(self) -> None:
        """A unit that could not be woken says so by day, while somebody may be near."""
        sleeps = choose_sleep_mode(self._settings) is not SleepMode.STAY
        error = self._packer.test_alarm()
        if error and (sleeps or self._settings.host.may_power_off):
            self._faults["wake"] = error
