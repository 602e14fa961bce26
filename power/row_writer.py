"""Stores the rows of the power cycle, sparingly: flash wears with each transaction.

Reads and writes: the rows of the power service.
Never: loses a row about sleep, or stops the service because the store is broken.
"""

from dataclasses import dataclass
from typing import Any

from appliance.errors import StoreError
from appliance.model import BatteryReading, BatteryState, EnergyBudget, PowerReading, Sleep, Wake
from appliance.process.service import Service

BUDGET_EVERY_S = 60.0
STORE_EVERY_S = 20.0
BATTERIES_EVERY_S = 60.0
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
    """The rows of one cycle; those about sleep are kept until they are stored."""

    power: tuple[PowerReading | BatteryState, ...]
    batteries: tuple[BatteryReading, ...]
    sleep: tuple[Sleep | Wake, ...]


class RowWriter:
    """Stores all rows of one cycle in one transaction: the budget when it says something new, the
    rest with it and every `STORE_EVERY_S`, since each transaction costs the flash some pages.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._stored: Decision | None = None
        self._failed = False
        self._sleep_rows: tuple[Sleep | Wake, ...] = ()
        self._store_at_s = self._batteries_at_s = 0.0

    def store(self, rows: Rows, decision: Decision) -> bool:
        """Store what is due. True where a budget is stored again after the store had failed:
        inference, which leaves when no budget reaches it, must then be started anew.
        """
        self._sleep_rows += rows.sleep
        budget, now_s = decision.budget, decision.budget.stamp.uptime_s
        is_due = self._is_budget_due(decision)
        if not (is_due or self._failed or self._sleep_rows or now_s >= self._store_at_s):
            return False
        due: list[Any] = [*rows.power, *self._take_batteries(rows, now_s), *self._sleep_rows]
        try:
            self._service.store.add(*due, *([budget] if is_due else []))
        except StoreError as error:
            self._failed = True
            self._service.report_fault(error)
            return False
        self._store_at_s = now_s + STORE_EVERY_S - POLL_JITTER_S
        self._sleep_rows = ()
        if is_due:
            self._stored = decision
        had_failed, self._failed = self._failed, False
        return had_failed

    def _take_batteries(self, rows: Rows, now_s: float) -> tuple[BatteryReading, ...]:
        if now_s < self._batteries_at_s:
            return ()
        self._batteries_at_s = now_s + BATTERIES_EVERY_S - POLL_JITTER_S
        return rows.batteries

    def _is_budget_due(self, decision: Decision) -> bool:
        stored = self._stored
        if stored is None or stored.source != decision.source:
            return True
        before, budget = stored.budget, decision.budget
        age_s = budget.stamp.uptime_s - before.stamp.uptime_s
        return before.level != budget.level or age_s >= BUDGET_EVERY_S
