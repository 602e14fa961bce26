"""The sequence of one sleep: prepared, checked in, ordered, or cancelled; and what it reports.

Reads and writes: orders to PID 1; by its parts boots.json and the alarm of the computer's clock.
Never: decides when to sleep; power/sleep/controller.py does.
"""

from dataclasses import replace

from appliance.errors import ApplianceError, HostError
from appliance.model import BatteryState, EnergyLevel, Sleep, Stamp, Wake
from appliance.process.host import Job
from appliance.process.service import Service
from appliance.settings import SleepMode
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time
from power.sleep.boot_check import BootEnd, count_failure
from power.sleep.boot_log import BootLog
from power.sleep.interface import SleepReport
from power.sleep.preparation import Preparation, SleepOrders, SleepPreparer, WakeAlarm
from power.sleep.states import PendingSleep
from power.sleep.wake_time import WakeTime, choose_sleep_mode

RECORDED_WITHIN_S = 60.0  # a check-in may take as long; a hanging disk keeps no unit awake


class SleepSequence:
    """Holds the pending sleep, if any, and collects rows, faults and status of the cycle."""

    def __init__(self, service: Service, log: BootLog, host: SleepOrders, alarm: WakeAlarm) -> None:
        self._service, self._log, self._host = service, log, host
        self._preparer = SleepPreparer(service, log, host, alarm)
        self._rows: list[Sleep | Wake] = []
        self.faults: dict[str, ApplianceError] = {}
        self.pending: PendingSleep | None = None
        self.status = ""
        self._test_alarm()

    def prepare(
        self, why: str, battery: BatteryState, now: Stamp, *, test_wake: WakeTime | None = None
    ) -> bool:
        """Prepare HIBERNATE and start the check-in; False where no wake can be armed."""
        boot, level = self._log.boot, EnergyLevel.HIBERNATE
        prepared = self._preparer.prepare(boot, level, why, battery, now, test_wake=test_wake)
        return self._take(prepared, checkin=test_wake is None)

    def prepare_power_off(
        self, why: str, battery: BatteryState, now: Stamp, *, checkin: bool
    ) -> bool:
        """Prepare OFF in place of what is pending."""
        if self.pending is not None:
            self.pending.abandon_checkin()
        boot, level = count_failure(self._log.boot), EnergyLevel.OFF
        prepared = self._preparer.prepare(boot, level, why, battery, now)
        return self._take(prepared, checkin=checkin)

    def is_wake_due_as_planned(self, now: Stamp) -> bool:
        """Whether the wake of the pending sleep still comes when it should."""
        return self.pending is None or self._preparer.is_wake_due_as_planned(self.pending.row, now)

    def order(self, pending: PendingSleep, now: Stamp) -> None:
        """Order the sleep from PID 1; `find_refusal` says what became of it."""
        powers_off = choose_sleep_mode(self._service.settings) is SleepMode.POWER_OFF
        order = self._host.power_off() if powers_off else self._host.suspend()
        self.pending = replace(pending, ordered_at=now, order=order)

    def find_refusal(self) -> HostError | None:
        """Why PID 1 did not take the order to sleep; None while it may."""
        order = self.pending.order if self.pending else None
        return order.error if order is not None and order.is_over() else None

    def is_recorded(self) -> bool:
        """Whether the row of the pending sleep is stored, or was waited for long enough."""
        recorder, clock = self._service.recorder, self._service.clock
        if self.pending is None or recorder.is_clear():
            return True
        return (clock.age_s(self.pending.row.stamp) or 0.0) >= RECORDED_WITHIN_S

    @property
    def is_order_out(self) -> bool:
        """Whether an order may still be carried out."""
        return self.pending is not None and self.pending.is_order_out(self._service.clock)

    def cancel(self) -> None:
        """The unit stays up. A wake that is armed does no harm."""
        if self.pending is not None:
            self.pending.abandon_checkin()
        self.pending, self.status = None, ""
        self._log.boot = replace(self._log.boot, end=BootEnd.RUNNING)

    def add_wake(self, why: str, battery: BatteryState, now: Stamp, *, stays: bool) -> None:
        """Report what the energy check has decided."""
        self._rows.append(self._log.record_wake(why, battery, now, stays=stays))

    def report(self) -> SleepReport:
        """Write the boot's record where it has changed; the cycle's report, rows given once."""
        self._save_record()
        rows, self._rows = tuple(self._rows), []
        return SleepReport(rows, self.status, tuple(self.faults.values()))

    def _take(self, prepared: Preparation, *, checkin: bool) -> bool:
        for code in ("wake", "boots", "host"):
            self.faults.pop(code, None)
        self.faults |= {fault.code: fault for fault in prepared.faults}
        row = prepared.row
        if row is None:
            self._log.boot, self.pending = prepared.boot, None
            return False
        self._log.replace(prepared.boot, is_written=prepared.written)
        self._rows.append(row)
        self.pending = PendingSleep(row, self._start_checkin() if checkin else None)
        until = say("and nothing will wake it")
        if row.wakes:
            until = say(
                "until {at}", at=format_site_time(row.wakes, self._service.settings.site.timezone)
            )
        self.status = say("; it goes to sleep {until}", until=until)
        self._service.log.info(
            say("the unit goes to sleep {until}: {reason}", until=until, reason=row.reason),
            armed=row.armed,
        )
        return True

    def _start_checkin(self) -> Job | None:
        try:
            return self._preparer.start_checkin()
        except HostError as error:
            self.faults["host"] = error
            return None

    def _save_record(self) -> None:
        if not self._log.has_changed:
            return
        error = self._log.save()
        if error:
            self.faults["boots"] = error
        else:
            self.faults.pop("boots", None)

    def _test_alarm(self) -> None:
        """A unit that could not be woken reports it by day, while somebody may be near."""
        settings = self._service.settings
        sleeps = choose_sleep_mode(settings) is not SleepMode.STAY
        error = self._preparer.test_alarm()
        if error and (sleeps or settings.host.may_power_off):
            self.faults["wake"] = error
