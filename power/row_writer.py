"""Has the rows of the power cycle stored, sparingly: flash wears with each transaction.

Reads and writes: the rows of the power service, through the recorder.
Never: loses a row about sleep, or waits for the database.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from appliance.model import (
    BatteryAge,
    BatteryReading,
    BatteryState,
    EnergyBudget,
    EnergyTotal,
    PowerReading,
    Sleep,
    Stamp,
    Wake,
)
from appliance.model_cameras import SwitchOrder
from appliance.model_set_points import DeviceState, SetPoints
from appliance.model_sources import SourceState
from appliance.process.recorder import Recorder, Task
from appliance.store.refusals import add_rows
from power.reading.energy_count import EnergyCount
from power.reading.serial_numbers import OtherDevice, SerialNumbers

BUDGET_EVERY_S = 60.0
STORE_EVERY_S = 20.0
BATTERIES_EVERY_S = 60.0
SET_POINTS_EVERY_S = 86_400.0  # while they stay the same
ENERGY_EVERY_S = 60.0  # what a power cut may lose of it
AGE_EVERY_S = 3600.0  # what a power cut may lose of the counts
LATE_S = 60.0  # a budget that waited longer than until the next one
POLL_JITTER_S = 1.0  # a poll that comes a little early still counts as the one that is due


@dataclass(frozen=True, slots=True)
class Decision:
    """The budget of this cycle, who set its level (`ArbiterState.source`), and whether level or
    source is another one than before.
    """

    budget: EnergyBudget
    source: str
    is_new: bool


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of one cycle."""

    power: tuple[PowerReading | BatteryState, ...]
    batteries: tuple[BatteryReading, ...]
    sleep: tuple[Sleep | Wake, ...]
    set_points: tuple[SetPoints, ...] = ()
    age: BatteryAge | None = None
    sources: tuple[SourceState, ...] = ()
    devices: tuple[DeviceState, ...] = ()


class RowWriter:
    """Hands all rows of one cycle to the recorder in one transaction: the budget when it says
    something new, the rest with it and every `STORE_EVERY_S`, since each transaction costs the
    flash some pages. Rows about sleep go by themselves, as events: they are never dropped for room.
    """

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._submitted: Decision | None = None
        self._budgets: list[Task] = []
        self._missed = False
        self._store_at_s = self._age_at_s = self._energy_at_s = 0.0
        self._batteries_at_s = self._devices_at_s = 0.0
        self._energy, self._is_energy_resumed = EnergyCount(), False
        self._stored_energy = recorder.follow(
            "the energy_totals", lambda store: tuple(store.rows(EnergyTotal))
        )
        self._serial_numbers = SerialNumbers()
        self._stored_devices = recorder.follow(
            "the device_states", lambda store: tuple(store.rows(DeviceState))
        )
        self._set_points: dict[str, SetPoints] = {}

    def store_orders(self, rows: Sequence[SwitchOrder]) -> None:
        """Hand over what was switched for cameras, as it comes."""
        if rows:
            self._submit("orders to switches", tuple(rows), essential=False)

    def store(self, rows: Rows, decision: Decision) -> bool:
        """Hand over what is due. True where a budget is stored again after some were not, or late:
        inference, which leaves when no budget reaches it, must then be started anew.
        """
        budget, now_s = decision.budget, decision.budget.stamp.uptime_s
        for reading in rows.power:
            if isinstance(reading, PowerReading):
                self._energy.add(reading)
        if rows.sleep:
            self._submit("rows about sleep", rows.sleep, essential=True)
        if is_due := self._is_budget_due(decision):
            self._submitted = decision
        if is_due or rows.sleep or rows.sources or now_s >= self._store_at_s:
            self._store_at_s = now_s + STORE_EVERY_S - POLL_JITTER_S
            due = (
                *rows.power,
                *self._take_batteries(rows, now_s),
                *self._take_devices(rows, now_s),
                *self._take_set_points(rows, now_s),
                *self._take_age(rows, now_s),
                *self._take_energy(rows, budget.stamp),
                *rows.sources,
                *([budget] if is_due else []),
            )
            task = self._submit("rows of the power cycle", due)
            self._budgets += [task] if is_due else []
        return self._have_budgets_returned()

    def _submit(self, name: str, rows: tuple[Any, ...], *, essential: bool = False) -> Task:
        task = Task(name, lambda store: add_rows(store, rows), essential=essential)
        return self._recorder.submit(task)

    def _have_budgets_returned(self) -> bool:
        over = [task for task in self._budgets if task.dropped or task.done_s is not None]
        self._budgets = [task for task in self._budgets if task not in over]
        self._missed = self._missed or any(is_late(task) for task in over)
        if not self._missed or all(task.dropped for task in over):
            return False
        self._missed = False
        return True

    @property
    def faults(self) -> list[OtherDevice]:
        """Devices in whose place others answer than before."""
        return self._serial_numbers.find_faults()

    def _take_batteries(self, rows: Rows, now_s: float) -> tuple[BatteryReading, ...]:
        if now_s < self._batteries_at_s:
            return ()
        self._batteries_at_s = now_s + BATTERIES_EVERY_S - POLL_JITTER_S
        return rows.batteries

    def _take_devices(self, rows: Rows, now_s: float) -> tuple[DeviceState, ...]:
        """Once those of before the start are here: a row that is replaced knew who answered."""
        if now_s < self._devices_at_s or not self._stored_devices.wait(0.0):
            return ()
        self._devices_at_s = now_s + BATTERIES_EVERY_S - POLL_JITTER_S
        self._serial_numbers.recall(self._stored_devices.value or ())
        return self._serial_numbers.compare(rows.devices)

    def _take_age(self, rows: Rows, now_s: float) -> tuple[BatteryAge, ...]:
        """That of each few hours, and of each moment at which the unit may lose its power."""
        if rows.age is None or (now_s < self._age_at_s and not rows.sleep):
            return ()
        self._age_at_s = now_s + AGE_EVERY_S
        return (rows.age,)

    def _take_energy(self, rows: Rows, now: Stamp) -> tuple[EnergyTotal, ...]:
        """The counts, each minute and before a sleep, once those of before the start are here."""
        if not self._is_energy_resumed:
            if not self._stored_energy.wait(0.0):
                return ()
            self._energy.resume(self._stored_energy.value or ())
            self._is_energy_resumed = True
        if now.uptime_s < self._energy_at_s and not rows.sleep:
            return ()
        self._energy_at_s = now.uptime_s + ENERGY_EVERY_S - POLL_JITTER_S
        return self._energy.list_totals(now)

    def _take_set_points(self, rows: Rows, now_s: float) -> tuple[SetPoints, ...]:
        """Those that have changed since they were stored, or were stored a day ago."""
        due = tuple(one for one in rows.set_points if self._is_set_point_due(one, now_s))
        self._set_points.update((one.device, one) for one in due)
        return due

    def _is_set_point_due(self, one: SetPoints, now_s: float) -> bool:
        stored = self._set_points.get(one.device)
        if stored is None or replace(stored, stamp=one.stamp) != one:
            return True
        return now_s - stored.stamp.uptime_s >= SET_POINTS_EVERY_S

    def _is_budget_due(self, decision: Decision) -> bool:
        handed = self._submitted
        if handed is None or handed.source != decision.source:
            return True
        before, budget = handed.budget, decision.budget
        age_s = budget.stamp.uptime_s - before.stamp.uptime_s
        return before.level != budget.level or age_s >= BUDGET_EVERY_S


def is_late(task: Task) -> bool:
    """Whether a budget did not reach the database, or so late that its readers may be gone."""
    return task.dropped or task.failures > 0 or (task.done_s or 0.0) - task.submitted_s > LATE_S
