"""One cycle of the power service: read, estimate, judge, propose, arbitrate, act, and only then
store.

Reads and writes: chargers and batteries, PID 1, its rows PowerReading, BatteryReading,
BatteryState, BatteryAge, EnergyBudget; what a sleep needs besides is in power/sleep/controller.py.
Never: waits for disk or database: the recorder stores its rows, and brings what was stored before.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Protocol

from appliance.errors import ApplianceError
from appliance.model import BatteryState, EnergyBudget, EnergyLevel, PowerReading, Stamp
from appliance.process.recorder import Task
from appliance.process.rtc import Rtc
from appliance.process.service import Service
from appliance.wording.sentence import say
from power.act.arbiter import ArbiterState, arbitrate, tell_cycle
from power.act.camera_switches import CameraSwitches, CameraSwitchReport
from power.act.heaters import HeaterReport, Heaters
from power.act.loads import Actuator
from power.act.optional_parts import (
    CAMERA_SWITCHES,
    ESTIMATOR,
    HEATERS,
    PLANNER,
    SOURCES,
    OptionalParts,
)
from power.act.sources import SourceReport, Sources, SourceSituation
from power.act.switch_record import SwitchRecord
from power.audit.watch import BatteryWatch
from power.battery import estimator
from power.battery.ageing import AgeCounter
from power.battery.charge_balance import ChargeBalance
from power.battery.estimate import Estimate, find_plausible_voltage_v
from power.battery.unmeasured_source import find_source_faults
from power.guard.by_disconnect import find_disconnect_faults
from power.guard.by_temperature import find_frost_faults
from power.guard.guard import judge
from power.guard.limits import NO_RISE_AFTER_S, derive_limits
from power.guard.observations import GuardState, find_deadline_s
from power.guard.poll_rate import choose_period_s
from power.guard.verdict import forbid_loads
from power.memory import Memory, merge_estimates, merge_level, merge_readings
from power.plan.ladder import Ladder, Planner
from power.reading.combine import compute_full_ah, compute_reported_soc_pct
from power.reading.meters import Poll
from power.row_writer import Decision, Rows, RowWriter
from power.sleep.interface import (
    NoSleep,
    Permission,
    PermissionRequest,
    SleepInterface,
    SleepReport,
)

# Entries of systemd/catalog/appliance.catalog
LEVEL_CHANGED = "fb2ed442703a4f85a7f98a3f550b3acd"
BATTERY_FLOOR = "9728711804c842c3bbd709c734a8a903"


class DeviceReader(Protocol):
    """What the cycle needs of power.reading.meters."""

    def read(self) -> Poll:
        """One poll of all chargers and batteries; what failed is in its faults."""

    def note_load(self, power_w: float) -> None:
        """What the loads that are ordered on now draw at least."""

    def note_source(self, *, runs: bool) -> None:
        """Whether a source beside the sun may charge the battery now."""

    def confirm_from(self, uptime_s: float | None) -> None:
        """From when on a measurement confirms a low voltage; None where none waits for it."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known in this cycle. `reading`: the last usable one while it is fresh, else None;
    `reading_age_s`: its age however old, None where there was none in this boot.
    """

    now: Stamp
    poll: Poll
    battery: BatteryState
    reading: PowerReading | None
    reading_age_s: float | None


class PowerCycle:
    """The order in which things are done, and the state that is carried on."""

    def __init__(
        self,
        service: Service,
        meter: DeviceReader,
        planner: Planner,
        actuator: Actuator,
        sleep: SleepInterface | None = None,
        sources: Sources | None = None,
        heaters: Heaters | None = None,
    ) -> None:
        self._service, self._settings, self._clock = service, service.settings, service.clock
        self._meter, self._planner, self._actuator = meter, planner, actuator
        self._parts = OptionalParts(service.report_fault)
        self._sleep = sleep or NoSleep()
        self._sources = sources or Sources(self._settings)
        self._heaters = heaters or Heaters(self._settings)
        self._cameras = CameraSwitches(self._settings, service.recorder)
        self._switched = SwitchRecord(self._settings)
        self._writer = RowWriter(service.recorder)
        self._memory: Memory | None = Memory(
            service.recorder, service.clock, Rtc(service.settings.host.rtc)
        )
        self._watch = BatteryWatch(self._settings.battery)
        self._guard = GuardState()
        self._estimate: Estimate | None = None
        self._reading: PowerReading | None = None
        self._battery: BatteryState | None = None
        self._age = AgeCounter(service.settings.battery)
        self._balance = ChargeBalance(service.settings.battery)
        self._arbiter = ArbiterState()
        self._poll_began_s = self._poll_took_s = 0.0

    def __call__(self) -> str:
        """Do one cycle and return its sentence."""
        self._poll_began_s = self._clock.stamp().uptime_s
        poll = self._read()
        self._poll_took_s = self._clock.stamp().uptime_s - self._poll_began_s
        self._recall(poll)
        situation = self._estimate_charge(poll)
        request = self._judge(situation)
        permission = self._sleep.permit(request)
        sources = self._follow_sources(request, may_start=not permission.sleep_ordered)
        permission = wait_for_rescue(permission, request, sources)
        decision = self._arbitrate(permission, situation)
        report = self._act(decision, permission, request, situation, sources)
        self._store(decision, situation, report, sources)
        return tell_cycle(decision.budget, report.status)

    def finish(self) -> None:
        """The service ends: what the settings stop with it is stopped. Raises `HostError`."""
        ended = self._sources.finish(self._clock.stamp())
        if ended:
            self._service.recorder.submit(
                Task("the end of sources", lambda store: store.add(*ended), keep=True)
            )
        switches = [self._settings.source[one.source].switch for one in ended]
        self._actuator.stop_switches([*switches, *self._cameras.list_on()])

    def choose_period_s(self) -> float:
        """How soon the next cycle is due, from the beginning of this one."""
        return choose_period_s(
            self._guard,
            self._arbiter.level,
            usual_s=self._settings.meter.poll_every_s,
            poll_began_s=self._poll_began_s,
            poll_took_s=self._poll_took_s,
        )

    def _read(self) -> Poll:
        """Poll all devices, again where the first poll may have begun before a suspend."""
        poll = self._meter.read()
        if self._sleep.detect_return(self._clock.stamp()):
            self._begin_anew()
            poll = self._meter.read()
        reading = poll.reading
        if reading and find_plausible_voltage_v(reading, self._settings.battery) is not None:
            self._reading = reading
        return poll

    def _estimate_charge(self, poll: Poll) -> Situation:
        """The state of charge; where the estimator fails it is unknown, and begins anew."""
        now = self._clock.stamp()
        self._battery = self._parts.attempt(
            ESTIMATOR, lambda: self._count_charge(poll, now), lambda: self._lose_charge(now)
        )
        age_s = self._clock.age_s(self._reading.stamp) if self._reading else None
        fresh = self._reading if age_s is not None and age_s <= NO_RISE_AFTER_S else None
        return Situation(now, poll, self._battery, fresh, age_s)

    def _lose_charge(self, now: Stamp) -> BatteryState:
        self._estimate = None
        return estimator.report_unknown(self._settings.battery, now)

    def _count_charge(self, poll: Poll, now: Stamp) -> BatteryState:
        battery, reading = self._settings.battery, poll.reading
        bms_pct = compute_reported_soc_pct(poll.batteries)
        self._age.note_full_ah(compute_full_ah(poll.batteries, len(self._settings.bms)))
        self._estimate = estimator.update(
            self._estimate,
            reading,
            battery,
            bms_pct,
            self._age.capacity,
            self._balance.flow,
            self._sources.running,
        )
        state = estimator.report_state(
            self._estimate, reading, battery, now, loads_w=self._settings.energy.full_power_w
        )
        self._age.count(self._estimate, now)
        self._balance.follow(self._estimate, reading, poll.meters_differ_a)
        return state

    def _judge(self, at: Situation) -> PermissionRequest:
        """What the guard allows at most, for the sleep controller."""
        self._guard, verdict = judge(
            self._guard,
            at.reading,
            at.reading_age_s,
            at.battery,
            self._settings,
            at.now,
            clock_confirmed=self._clock.is_synchronized(),
            ordered=self._arbiter.level,
            heaters_w=self._heaters.power_w + self._cameras.power_w,
        )
        self._meter.confirm_from(find_deadline_s(self._guard))
        by_voltage = self._guard.may_lose_power
        return PermissionRequest(verdict, by_voltage, at.battery, at.reading, at.now)

    def _follow_sources(self, request: PermissionRequest, *, may_start: bool) -> SourceReport:
        """What the second sources do: by the guard's need, whatever the level is."""
        situation = SourceSituation(
            now=request.now,
            battery=request.battery,
            reading=request.reading,
            guard=self._guard,
            level=self._arbiter.level or EnergyLevel.HIBERNATE,
            reserve_wh=request.verdict.reserve_wh or 0.0,
            may_start=may_start,
            has_unmeasured_source=bool(self._estimate and self._estimate.has_unmeasured_source),
            heaters_w=self._heaters.power_w + self._cameras.power_w,
        )
        report = self._parts.attempt(
            SOURCES, lambda: self._sources.follow(situation), lambda: SourceReport({})
        )
        self._meter.note_source(runs=report.explains)
        if report.explains:
            self._balance.restart()
        return report

    def _arbitrate(self, permission: Permission, at: Situation) -> Decision:
        """The planner's proposal under the verdict. A check that has just passed is a new start:
        the level may rise at once.
        """
        before = ArbiterState() if permission.check_passed else self._arbiter
        known = (at.battery, at.reading, before.level)
        proposal = self._parts.attempt(
            PLANNER,
            lambda: self._planner.propose(*known),
            lambda: Ladder(self._settings).propose(*known),
        )
        after, budget = arbitrate(before, permission.verdict, proposal, self._settings, at.now)
        self._arbiter = after
        is_new = (before.level, before.source) != (after.level, after.source)
        return Decision(budget, after.source, is_new)

    def _act(
        self,
        decision: Decision,
        permission: Permission,
        request: PermissionRequest,
        at: Situation,
        sources: SourceReport,
    ) -> SleepReport:
        """Give the orders to PID 1; the log and the faults come after them."""
        budget = decision.budget
        heaters, cameras = self._follow_switches(budget, at)
        load_faults = self._actuator.apply(
            budget.level,
            may_power_off=lambda: self._sleep.permit_power_off(permission.verdict, request),
            power_w=budget.power_w,
            now=at.now,
            decided={**sources.switches, **heaters.switches, **cameras.switches},
            off=cameras.off,
        )
        self._switched.follow(self._actuator.list_ordered(), budget, sources.rows, cameras.rows)
        self._writer.store_orders(self._switched.rows)
        self._meter.note_load(self._settings.compute_base_w(budget.level))
        report = self._sleep_if_alone(budget.level, at, sources)
        if decision.is_new:
            message_id = BATTERY_FLOOR if permission.verdict.power_off else LEVEL_CHANGED
            self._service.log.info(budget.reason, message_id, level=budget.level.name)
        of_loads = (*load_faults, *sources.faults, *heaters.faults, *cameras.faults)
        of_unit = self._list_battery_faults(at, explained=sources.explains)
        for fault in (*at.poll.faults, *of_loads, *report.faults, *of_unit, *self._writer.faults):
            self._service.report_fault(fault)
        return report

    def _follow_switches(
        self, budget: EnergyBudget, at: Situation
    ) -> tuple[HeaterReport, CameraSwitchReport]:
        heaters = self._parts.attempt(
            HEATERS,
            lambda: self._heaters.follow(budget, at.battery, at.reading, at.now),
            lambda: HeaterReport({}),
        )
        used_w = self._settings.compute_base_w(budget.level) + self._heaters.power_w
        cameras = self._parts.attempt(
            CAMERA_SWITCHES,
            lambda: self._cameras.follow(budget, at.now, used_w=used_w),
            CameraSwitchReport,
        )
        return heaters, cameras

    def _sleep_if_alone(
        self, level: EnergyLevel, at: Situation, sources: SourceReport
    ) -> SleepReport:
        """One step towards sleep, but not while a source or a heater runs: nobody else would stop
        it.
        """
        if sources.keeps_awake:
            return SleepReport(status=say("; it stays up while a source runs"))
        if self._heaters.power_w > 0:
            return SleepReport(status=say("; it stays up while a heater is on"))
        return self._sleep.act(level, at.battery, at.now)

    def _list_battery_faults(self, at: Situation, *, explained: bool) -> list[ApplianceError]:
        """What is wrong with the battery and how it is treated."""
        poll, limits = at.poll, derive_limits(self._settings.battery, self._settings.energy)
        return [
            *find_frost_faults(at.battery, at.reading, limits),
            *find_disconnect_faults(self._guard),
            *([] if explained else find_source_faults(self._estimate)),
            *self._age.find_faults(),
            *self._balance.find_faults(),
            *self._watch.follow(
                poll.reading, poll.batteries, poll.set_points, now_s=at.now.uptime_s
            ),
        ]

    def _store(
        self, decision: Decision, at: Situation, report: SleepReport, sources: SourceReport
    ) -> None:
        """Store the rows; a budget that arrives after a broken store starts the loads anew."""
        readings = [at.poll.reading] if at.poll.reading else []
        age = self._age.age if self._memory is None else None  # not before the stored one is here
        rows = Rows(
            (*readings, at.battery),
            at.poll.batteries,
            report.rows,
            at.poll.set_points,
            age,
            sources.rows,
            (*at.poll.devices, *self._switched.states),
        )
        if self._writer.store(rows, decision):
            self._actuator.forget_orders()

    # --- starting up ---------------------------------------------------------------------------

    def _recall(self, poll: Poll) -> None:
        """Take what the database holds from before the start, once, whenever it comes."""
        if self._memory is None or not self._memory.is_here():
            return
        memory, self._memory = self._memory, None
        recalled = memory.estimate
        if self._estimate is not None and recalled is not None:
            bms_pct = compute_reported_soc_pct(poll.batteries)
            recalled = estimator.update(recalled, poll.reading, self._settings.battery, bms_pct)
        self._estimate = merge_estimates(self._estimate, recalled)
        self._reading = merge_readings(self._reading, memory.reading)
        self._age.resume(memory.age)
        is_first = self._arbiter.level is None
        now = self._clock.stamp()
        self._sources.recall(
            memory.sources, now, may_resume=is_first, clock_went_on=memory.has_clock_gone_on
        )
        self._arbiter = merge_level(self._arbiter, memory.budget, now)

    def _begin_anew(self) -> None:
        """After a suspend: no reading from before it counts, and what sun and sleep did to the
        charge is as unknown as over a boot.
        """
        self._guard, self._reading, self._memory = GuardState(), None, None
        self._age.note_sleep(self._settings.energy.hibernate_power_w)
        if self._estimate and self._battery:
            now, last = self._clock.stamp(), self._battery.stamp
            passed = timedelta(seconds=now.uptime_s - last.uptime_s)  # goes on through suspend
            other_boot = replace(self._battery, stamp=Stamp(now.utc - passed, "", last.uptime_s))
            restored = estimator.restore(other_boot, now, clock_went_on=True)
            self._estimate = restored and replace(restored, drift=self._estimate.drift)


def wait_for_rescue(
    permission: Permission, request: PermissionRequest, sources: SourceReport
) -> Permission:
    """A power-off by the charge alone waits for a source that was started a moment ago: without
    loads the computer takes little in these minutes. One by a low voltage waits for nothing.
    """
    verdict = permission.verdict
    if not (verdict.power_off and sources.may_rescue) or request.by_voltage:
        return permission
    reason = say("{reason}, but a source was started", reason=verdict.reason)
    return replace(permission, verdict=replace(forbid_loads(reason), reserve_wh=verdict.reserve_wh))
