"""The sleep controller: a state machine that puts the unit to sleep and receives it back.

Reads: boots.json. Writes: boots.json, orders to PID 1, and the `Sleep` and `Wake` rows that the
cycle stores. Before a sleep: what power/sleep/preparation.py says.
Never: overrules the guard, suspends without an armed wake, or holds an order to power off for
longer than the preparation may take (and a check-in's minute, where only the charge is low).

A suspended process does not notice its sleep. Only the clock shows it: time has jumped, or the
armed wake is over. power/sleep/states.py has the table of states.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from appliance.errors import HostError
from appliance.model import BatteryState, EnergyLevel, Stamp
from appliance.process.service import Service
from appliance.settings import SleepMode
from appliance.wording.sentence import say
from power.guard.verdict import Verdict
from power.sleep.boot_check import (
    WELL_FOR_S,
    CheckResult,
    EnergyCheck,
    begin_after_sleep,
    record_sent_back,
    run_check,
)
from power.sleep.boot_log import BootLog
from power.sleep.interface import Permission, PermissionRequest, SleepReport, limit_to_hibernate
from power.sleep.preparation import SleepOrders, WakeAlarm
from power.sleep.sequence import SleepSequence
from power.sleep.states import (
    PASSED,
    POWER_OFF_STATES,
    CheckProgress,
    CycleTimes,
    PendingSleep,
    SleepState,
    note_level,
)
from power.sleep.wake_test import LOADS_OFF_S, WakeTests, choose_slept, choose_test_wake
from power.sleep.wake_time import choose_sleep_mode, is_sleep_due, is_wake_due

JUMP_S = 120.0  # a gap between two cycles, beyond three polls, that was no slow cycle
FAST_JUMP_S = 8.0  # real seconds, where a demonstration's clock is fast: its cycles are not
RETRY_AFTER_S = 300.0  # after a refusal
Step = Callable[[EnergyLevel, BatteryState, Stamp], SleepState]


class SleepController:
    """The sleeps of one unit; power/sleep/interface.py says what each public call is for."""

    def __init__(self, service: Service, host: SleepOrders, alarm: WakeAlarm) -> None:
        self._settings, self._clock = service.settings, service.clock
        self._log = BootLog(service)
        self._sequence = SleepSequence(service, self._log, host, alarm)
        self._tests = WakeTests(service)
        self._tests.note_start(self._log.boot, was_off=self._log.was_off)
        self._test_asked = False
        now = service.clock.stamp()
        self._times = CycleTimes(now)
        check = None if self._log.boot.checked else EnergyCheck(now.uptime_s)
        self._progress = CheckProgress(check)
        self.state = self._progress.state
        self._steps: Mapping[SleepState, Step] = {
            SleepState.CHECKING: self._keep_state,
            SleepState.AWAKE: self._sleep_when_due,
            SleepState.SENT_BACK: self._go_back_to_sleep,
            SleepState.WAITING_FOR_CHECKIN: self._order_after_checkin,
            SleepState.ORDERED: self._repeat_order,
            SleepState.POWER_OFF_WAITING: self._keep_state,
            SleepState.POWER_OFF_ORDERED: self._keep_state,
        }

    def detect_return(self, now: Stamp) -> bool:
        jumped, gap_s = self._has_time_jumped(), self._measure_gap_s()
        self._times = replace(self._times, last_cycle=now)
        pending = self._sequence.pending
        if self.state is not SleepState.ORDERED or pending is None:
            return False
        if not jumped and not is_wake_due(pending.row, now):
            return False
        self._sequence.pending = None
        self._log.boot = begin_after_sleep(self._log.boot, now)
        self._tests.note_return(self._log.boot, choose_slept(self._log.boot.nap, gap_s))
        self._end_test()
        self._progress = CheckProgress(EnergyCheck(now.uptime_s))
        self._times = replace(self._times, low_since_s=None, up_since_s=None)
        self.state = SleepState.CHECKING
        return True

    def permit(self, request: PermissionRequest) -> Permission:
        verdict, check_passed = request.verdict, False
        self._test_asked = self._tests.take_request(request.now.uptime_s)
        if self._sequence.is_order_out:
            verdict = limit_to_hibernate(verdict, say("the order to sleep is given"))
        elif self._progress.check is not None:
            verdict, check_passed = self._continue_check(self._progress.check, request)
        elif self._test_asked:
            verdict = limit_to_hibernate(verdict, say("a wake test was asked for"))
        return Permission(verdict, check_passed, self._sequence.is_order_out)

    def permit_power_off(self, verdict: Verdict, request: PermissionRequest) -> bool:
        if not verdict.power_off or not self._settings.host.may_power_off:
            if self.state in POWER_OFF_STATES and not self._sequence.is_order_out:
                self._cancel_sleep()
            return verdict.power_off
        if self.state not in POWER_OFF_STATES:
            self._prepare_power_off(verdict.reason, request)
        pending = self._sequence.pending
        if pending is None:
            return True  # nothing could be prepared in time
        if not request.by_voltage and not pending.end_checkin(self._clock):
            return False
        if self.state is SleepState.POWER_OFF_WAITING:
            if not self._sequence.is_wake_due_as_planned(request.now):
                return self._rearm_power_off(verdict, request)
            self._sequence.pending = replace(pending, ordered_at=request.now)
            self.state = SleepState.POWER_OFF_ORDERED
        return True

    def act(self, level: EnergyLevel, battery: BatteryState, now: Stamp) -> SleepReport:
        self._follow_level(level, now)
        self.state = self._steps[self.state](level, battery, now)
        report, untested = self._sequence.report(), self._tests.error
        return replace(report, faults=(*report.faults, untested)) if untested else report

    def finish(self) -> None:
        """PID 1 ends the service: a clean end, unless a sleep is what ends it."""
        self._log.finish()

    # --- the energy check -----------------------------------------------------------------------

    def _continue_check(
        self, check: EnergyCheck, request: PermissionRequest
    ) -> tuple[Verdict, bool]:
        """The verdict, no more than HIBERNATE until the check has passed; whether it just has."""
        verdict, reading, now = request.verdict, request.reading, request.now
        boot, battery = self._log.boot, request.battery
        check, result, why = run_check(check, boot, battery, reading, now, self._settings)
        self._progress = replace(self._progress, check=check)
        if result is CheckResult.STAY:
            self._pass_check(why, battery, now)
            return verdict, True
        if result is CheckResult.BACK:
            check = self._fail_check(why, battery, now)
        if self._sequence.pending is None:
            self._sequence.status = say("; {why}", why=why)
        if reading is None and check.seen_s is None:
            verdict = replace(verdict, power_off=False)  # the charge is only a stored one
        return limit_to_hibernate(verdict, why), False

    def _pass_check(self, why: str, battery: BatteryState, now: Stamp) -> None:
        if self._sequence.pending is not None:
            self._cancel_sleep()
        self._log.boot = replace(self._log.boot, checked=True)
        self._progress, self._sequence.status, self.state = PASSED, "", SleepState.AWAKE
        self._sequence.add_wake(why, battery, now, stays=True)

    def _fail_check(self, why: str, battery: BatteryState, now: Stamp) -> EnergyCheck:
        """Begin the check anew; once in each boot, where it can sleep, send the unit back."""
        check = EnergyCheck(now.uptime_s)
        self._progress = replace(self._progress, check=check)
        if self._may_sleep() and self.state is SleepState.CHECKING:
            self._progress = replace(self._progress, sent_back=why)
            self._log.boot = record_sent_back(self._log.boot, now)
            self.state = SleepState.SENT_BACK
            self._sequence.add_wake(why, battery, now, stays=False)
        return check

    # --- the guard's power-off ------------------------------------------------------------------

    def _prepare_power_off(self, why: str, request: PermissionRequest) -> None:
        prepared = self._sequence.prepare_power_off(
            why, request.battery, request.now, checkin=not request.by_voltage
        )
        self.state = SleepState.POWER_OFF_WAITING if prepared else self._progress.state

    def _rearm_power_off(self, verdict: Verdict, request: PermissionRequest) -> bool:
        """A clock was set since the wake was armed: arm it anew; the order follows at once, or, by
        charge only, in the next cycle.
        """
        self._prepare_power_off(verdict.reason, request)
        pending = self._sequence.pending
        if pending is None:
            return True
        if not request.by_voltage:
            return False
        self._sequence.pending = replace(pending, ordered_at=request.now)
        self.state = SleepState.POWER_OFF_ORDERED
        return True

    # --- the steps of `act`: each returns the next state ----------------------------------------

    def _keep_state(self, *_: object) -> SleepState:
        return self.state

    def _sleep_when_due(self, level: EnergyLevel, battery: BatteryState, now: Stamp) -> SleepState:
        low_since_s = self._times.low_since_s
        if self._test_asked:
            has_ended = low_since_s is not None and now.uptime_s - low_since_s >= LOADS_OFF_S
            return self._prepare_test(battery, now) if has_ended else self.state
        if not is_sleep_due(level, low_since_s, now, self._settings):
            return self.state
        if not self._may_sleep():
            self._sequence.status = say("; it stays up with its loads off: its wake was not tested")
            return self.state
        return self._prepare_sleep(say("no load may run"), battery, now)

    def _prepare_test(self, battery: BatteryState, now: Stamp) -> SleepState:
        """Sleep for some minutes; where no wake can be armed, the test is over."""
        test_wake = choose_test_wake(now.utc, self._settings)
        if self._sequence.prepare(say("a wake test"), battery, now, test_wake=test_wake):
            return SleepState.WAITING_FOR_CHECKIN
        self._end_test()
        return self.state

    def _go_back_to_sleep(self, _: EnergyLevel, battery: BatteryState, now: Stamp) -> SleepState:
        return self._prepare_sleep(self._progress.sent_back, battery, now)

    def _prepare_sleep(self, why: str, battery: BatteryState, now: Stamp) -> SleepState:
        """Prepare it; the order follows in a later cycle, when the row is stored."""
        if now.uptime_s < self._times.retry_at_s:
            return self.state
        if self._sequence.prepare(why, battery, now):
            return SleepState.WAITING_FOR_CHECKIN
        self._retry_later(now)
        self._sequence.status = say("; it stays up with its loads off: no wake can be armed")
        return self.state

    def _order_after_checkin(self, _: EnergyLevel, __: BatteryState, now: Stamp) -> SleepState:
        pending = self._sequence.pending
        if pending is None or not pending.end_checkin(self._clock):
            return self.state
        if not self._sequence.is_recorded():
            return self.state
        return self._order_sleep(pending, now)

    def _repeat_order(self, _: EnergyLevel, __: BatteryState, now: Stamp) -> SleepState:
        pending, refusal = self._sequence.pending, self._sequence.find_refusal()
        if refusal:
            return self._take_refusal(refusal, now)
        if pending is None or self._sequence.is_order_out:
            return self.state
        self._sequence.faults["host"] = HostError(
            say("the computer was ordered to sleep and is still up")
        )
        return self._order_sleep(pending, now)

    def _order_sleep(self, pending: PendingSleep, now: Stamp) -> SleepState:
        if not self._sequence.is_wake_due_as_planned(now):
            self._cancel_sleep()  # a clock was set: it is prepared anew in the next cycle
            return self.state
        self._sequence.order(pending, now)
        refusal = self._sequence.find_refusal()
        return self._take_refusal(refusal, now) if refusal else SleepState.ORDERED

    def _take_refusal(self, error: HostError, now: Stamp) -> SleepState:
        if self._has_time_jumped():
            return SleepState.ORDERED  # it was obeyed before it was answered
        self._cancel_sleep()
        self._sequence.faults["host"] = error
        self._retry_later(now)
        return self.state

    # --- common to both -------------------------------------------------------------------------

    def _follow_level(self, level: EnergyLevel, now: Stamp) -> None:
        """Note the level; one above HIBERNATE ends a prepared sleep and makes a good boot."""
        self._times = note_level(self._times, level, now.uptime_s)
        if self._times.up_since_s is None:
            return
        self._sequence.faults.pop("host", None)
        if self._sequence.pending is None:
            self._sequence.status = ""
        elif not self._sequence.is_order_out:
            self._cancel_sleep()
        if not self._log.boot.well and now.uptime_s - self._times.up_since_s >= WELL_FOR_S:
            self._log.boot = replace(self._log.boot, well=True, failed=0)

    def _end_test(self) -> None:
        self._tests.end_request()
        self._test_asked = False

    def _may_sleep(self) -> bool:
        """Whether the settings want sleep, and this computer was seen to wake from it."""
        wanted = choose_sleep_mode(self._settings) is not SleepMode.STAY
        return wanted and self._tests.error is None

    def _cancel_sleep(self) -> None:
        self._end_test()
        self._sequence.cancel()
        self.state = self._progress.state

    def _retry_later(self, now: Stamp) -> None:
        self._times = replace(self._times, retry_at_s=now.uptime_s + RETRY_AFTER_S)

    def _has_time_jumped(self) -> bool:
        """Whether more time has passed since this cycle began than a cycle takes."""
        slow_s = max(JUMP_S, FAST_JUMP_S * self._settings.clock.speed)
        return self._measure_gap_s() > slow_s + 3 * self._settings.meter.poll_every_s

    def _measure_gap_s(self) -> float:
        """How long ago this cycle began; where it has just begun, the one before."""
        return self._clock.age_s(self._times.last_cycle) or 0.0
