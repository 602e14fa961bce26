"""One cycle of the power service: read, estimate, judge, propose, arbitrate, act, and only then
store.

Reads and writes: chargers and batteries, PID 1, its rows PowerReading, BatteryReading,
BatteryState, EnergyBudget; what a sleep needs besides is in power/sleep/controller.py.
Never: waits for the disk before it has acted; a full or broken disk is a fault, not a stop.
"""

from dataclasses import replace
from typing import Any, Protocol, TypeVar

from appliance.errors import ApplianceError, StoreError
from appliance.model import BatteryState, EnergyBudget, PowerReading
from appliance.process.service import Service
from power.act.arbiter import ArbiterState, arbitrate
from power.act.loads import Actuator
from power.battery import estimator
from power.battery.estimate import Estimate, plausible_voltage_v
from power.guard.guard import NO_RISE_AFTER_S, GuardState, judge
from power.plan.ladder import Planner
from power.reading.combine import said_pct
from power.reading.meters import Poll
from power.sleep.interface import NoSleep, SleepInterface

BUDGET_EVERY_S = 60.0
STORE_EVERY_S = 20.0
BATTERIES_EVERY_S = 60.0
POLL_JITTER_S = 1.0  # a poll that comes a little early still counts as the one that is due
# Entries of systemd/catalog/appliance.catalog
LEVEL_CHANGED = "fb2ed442703a4f85a7f98a3f550b3acd"
BATTERY_FLOOR = "9728711804c842c3bbd709c734a8a903"
T = TypeVar("T")


class DeviceReader(Protocol):
    """What the cycle needs of power.reading.meters."""

    def read(self) -> Poll:
        """One poll of all chargers and batteries; what failed is in its faults."""


class PowerCycle:
    """The state that is carried from cycle to cycle, and the order in which things are done."""

    def __init__(
        self,
        service: Service,
        meter: DeviceReader,
        planner: Planner,
        actuator: Actuator,
        sleep: SleepInterface | None = None,
    ) -> None:
        self._service = service
        self._settings = service.settings
        self._clock = service.clock
        self._meter = meter
        self._planner = planner
        self._actuator = actuator
        self._night = sleep or NoSleep()
        self._guard = GuardState()
        self._estimate = self._stored_belief()
        self._heard = self._of_this_boot(PowerReading)
        self._state: BatteryState | None = None
        budget = self._of_this_boot(EnergyBudget)
        self._ruling = ArbiterState(budget.level if budget else None)
        self._told: tuple[EnergyBudget, str] | None = None
        self._unstored = False
        self._store_at_s = self._batteries_at_s = 0.0

    def __call__(self) -> str:
        """Do one cycle and return its sentence."""
        poll = self._meter.read()
        if self._night.returned(self._clock.stamp()):
            self._begin_anew()
            poll = self._meter.read()  # the first may have been asked before the sleep
        reading = poll.reading
        if reading and plausible_voltage_v(reading, self._settings.battery) is not None:
            self._heard = reading
        now = self._clock.stamp()
        self._estimate = estimator.update(
            self._estimate, reading, self._settings.battery, said_pct(poll.batteries)
        )
        self._state = state = estimator.report_state(
            self._estimate, reading, self._settings.battery, now
        )
        age_s = self._clock.age_s(self._heard.stamp) if self._heard else None
        fresh = self._heard if age_s is not None and age_s <= NO_RISE_AFTER_S else None
        self._guard, verdict = judge(self._guard, fresh, age_s, state, self._settings, now)
        verdict = self._night.judge(verdict, state, fresh, now)
        # Who has just passed the energy check has earned what it allows.
        before = ArbiterState() if self._night.released else self._ruling
        proposal = self._planner.propose(state, fresh, before.level)
        self._ruling, budget = arbitrate(before, verdict, proposal, self._settings, now)
        errors: list[ApplianceError] = [*poll.faults]
        power_off = self._night.may_power_off(verdict, self._guard.confirmed, state, now)
        errors += self._actuator.apply(
            budget.level, power_off, budget.power_w, budget.stamp.uptime_s
        )
        errors += self._night.act(budget.level, state, now)
        if (before.level, before.source) != (self._ruling.level, self._ruling.source):
            self._service.log.info(
                budget.reason,
                BATTERY_FLOOR if verdict.power_off else LEVEL_CHANGED,
                level=budget.level.name,
            )
        for error in errors:
            self._service.report_fault(error)
        self._store(poll, state, budget)
        return f"{budget.reason}; the loads may draw {budget.power_w:g} W{self._night.says}"

    def _store(self, poll: Poll, state: BatteryState, budget: EnergyBudget) -> None:
        """All rows of one cycle in one transaction: the budget when it says something new, the
        rest with it and every `STORE_EVERY_S`, since each transaction costs the flash some pages.
        """
        due, now_s = self._budget_due(budget), budget.stamp.uptime_s
        nights = self._night.rows
        if not due and not self._unstored and not nights and now_s < self._store_at_s:
            return
        rows: list[Any] = [state] if poll.reading is None else [poll.reading, state]
        if now_s >= self._batteries_at_s:
            rows += poll.batteries
            self._batteries_at_s = now_s + BATTERIES_EVERY_S - POLL_JITTER_S
        try:
            self._service.store.add(*rows, *nights, *([budget] if due else []))
        except StoreError as error:
            self._unstored = True
            self._service.report_fault(error)
            return
        self._store_at_s = now_s + STORE_EVERY_S - POLL_JITTER_S
        self._night.rows = []
        if due:
            self._told = (budget, self._ruling.source)
        if self._unstored:
            # Inference leaves where no budget reaches it; now that one does, it is started again.
            self._unstored = False
            self._actuator.forget_orders()

    def _budget_due(self, budget: EnergyBudget) -> bool:
        if self._told is None:
            return True
        told, voice = self._told
        changed = (told.level, voice) != (budget.level, self._ruling.source)
        return changed or budget.stamp.uptime_s - told.stamp.uptime_s >= BUDGET_EVERY_S

    # --- starting up ---------------------------------------------------------------------------

    def _begin_anew(self) -> None:
        """After a suspend: nothing heard before it counts, and what the sun and the sleep did to
        the charge is as unknown as over a boot.
        """
        self._guard, self._heard = GuardState(), None
        if self._estimate and self._state:
            other_boot = replace(self._state, stamp=replace(self._state.stamp, boot_id=""))
            restored = estimator.restore(other_boot, self._clock.stamp())
            self._estimate = restored and replace(restored, drift=self._estimate.drift)

    def _stored_belief(self) -> Estimate | None:
        stored = self._last(BatteryState)
        return estimator.restore(stored, self._clock.stamp()) if stored else None

    def _of_this_boot(self, kind: type[T]) -> T | None:
        row: Any = self._last(kind)
        return row if row is not None and self._clock.age_s(row.stamp) is not None else None

    def _last(self, kind: type[T]) -> T | None:
        """The last stored row; a database that cannot be read is a fault and means none."""
        try:
            return self._service.store.last(kind)
        except StoreError as error:
            self._service.report_fault(error)
            return None
