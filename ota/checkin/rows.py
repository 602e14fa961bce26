"""What people see of an update: rows of each step and each time that a mirror was asked.

Reads and writes: `update_state`, `check_in`, the faults `update`
and `release-damaged`.
Never: is the truth of an update, which is the journal; a database that fails stops no update.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from appliance.errors import StoreError
from appliance.log import SentenceLog
from appliance.model import EnergyBudget, EnergyLevel
from appliance.model_updates import CheckIn, UpdateState, UpdateStep
from appliance.store.store import Store
from appliance.store.tables import CHECKIN
from ota.checkin.rate import find_next
from ota.errors import DamageError, RefusedError, UpdateError
from ota.machine.progress import Progress, Record
from ota.machine.result import Wait

WAITS_FOR_ENERGY = "6b2f2180ad044c9ba3d2beb1d3e01a1e"
FAULTS = frozenset(("trust", "slot", "operator", "space"))  # what somebody should look at


@dataclass(slots=True)
class UpdateRows:
    """`last`: the row that was written last, by this process or one before. `damage`: what stands
    against the release that runs.
    """

    store: Store
    log: SentenceLog
    last: UpdateState | None = None
    damage: DamageError | None = None

    def __post_init__(self) -> None:
        with suppress(StoreError):
            self.last = self.store.last(UpdateState)

    def follow(self, progress: Progress, record: Record) -> None:
        """A step was entered."""
        self.log.info(record.reason, step=record.step.value, release=record.release)
        self._publish(progress, record.step, record.reason, Wait(""))

    def rest(self, progress: Progress, wait: Wait) -> None:
        """An update waits, or there is none: what it waits for, and whether that is a fault."""
        if wait.waits_for == "energy":
            self.log.info(wait.reason, WAITS_FOR_ENERGY)
        self._publish(progress, progress.step, wait.reason, wait)
        self._report(wait)

    def find_times(self, unit: str) -> tuple[datetime | None, datetime | None]:
        """When the unit asked last, and when it is to ask next by the energy level of now."""
        with suppress(StoreError):
            if row := self.store.last(CheckIn):
                return row.stamp.utc, find_next(row.stamp.utc, self._read_level(), unit)
        return None, None

    def note_check_in(self, unit: str, *, mirror: str, text: str, received_bytes: int) -> None:
        """That the unit has asked, and when it asks again."""
        now = self.store.clock.stamp()
        with suppress(StoreError):
            next_at = find_next(now.utc, self._read_level(), unit)
            self.store.add(CheckIn(now, mirror, text, next_at, received_bytes))

    def note_report(self, trouble: UpdateError | None) -> None:
        """What came of sending the report; that the link failed is no fault, nor the end of one."""
        if trouble is not None:
            self.log.warning(str(trouble))
        with suppress(StoreError):
            if isinstance(trouble, RefusedError):
                self.store.raise_fault(CHECKIN, trouble)
            elif trouble is None:
                open_codes = {f.code for f in self.store.list_open_faults() if f.source == CHECKIN}
                self.store.clear_faults(CHECKIN, frozenset(open_codes - {RefusedError.code}))

    def has_energy_to_be_hurried(self) -> bool:
        """Whether the fleet may have the unit ask before its time: not without a budget."""
        with suppress(StoreError):
            budget = self.store.latest(EnergyBudget)
            return budget is not None and budget.level >= EnergyLevel.SENTINEL
        return False

    def show_share(self, progress: Progress, percent: float) -> None:
        """How far the present step is."""
        reason = progress.entered.reason if progress.entered else ""
        self._publish(progress, progress.step, reason, Wait("", progress_pct=percent))

    def _read_level(self) -> EnergyLevel:
        """The energy level now; without a budget SENTINEL: rarely, and not never."""
        budget = self.store.latest(EnergyBudget)
        return budget.level if budget else EnergyLevel.SENTINEL

    def _publish(self, progress: Progress, step: UpdateStep, reason: str, wait: Wait) -> None:
        row = UpdateState(
            stamp=self.store.clock.stamp(),
            step=step,
            release=progress.release,
            running_release=progress.running_release,
            reason=reason,
            waits_for=wait.waits_for,
            progress_pct=wait.progress_pct,
        )
        if self.last is not None and tell_apart(self.last) == tell_apart(row):
            return
        self.last = row
        try:
            self.store.add(row)
        except StoreError as error:
            self.log.warning(f"the update goes on; its state is not shown: {error}")

    def _report(self, wait: Wait) -> None:
        wrong: list[UpdateError] = [self.damage] if self.damage else []
        if wait.waits_for in FAULTS:
            wrong.append(UpdateError(wait.reason, wait.waits_for))
        with suppress(StoreError):
            for one in wrong:
                self.store.raise_fault(CHECKIN, one)
            still = frozenset((RefusedError.code, *(one.code for one in wrong)))
            self.store.clear_faults(CHECKIN, still)
            self.store.publish_status(CHECKIN, wait.reason)


def tell_apart(row: UpdateState) -> tuple[object, ...]:
    """What of a row is news."""
    return (
        row.step,
        row.release,
        row.running_release,
        row.reason,
        row.waits_for,
        row.progress_pct,
    )
