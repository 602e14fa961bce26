"""What the checks of a trial look at: rows of this boot, from a moment on.

Reads: the unit database. Writes: nothing.
Never: takes a row that was written before the trial for a sign of life.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.settings import Settings
from appliance.store.store import Store

T = TypeVar("T")
Items = dict[str, str]  # what is looked at -> "" where it works, else what is wrong


@dataclass(frozen=True, slots=True)
class Sight:
    """`since`: rows count from then on, None: those that are fresh. `app`: the app layer in use,
    None: the installed program.
    """

    settings: Settings
    store: Store
    since: Stamp | None = None
    app: Path | None = None

    def find(self, kind: type[T], **where: str) -> T | None:
        """The newest row, if it is fresh and of the trial."""
        row = self.store.latest(kind, None, **where)
        return row if row is not None and self.is_new(row) else None

    def find_last(self, kind: type[T], **where: str) -> T | None:
        """The newest row of this boot and of the trial, however old it is by now."""
        row = self.store.last(kind, **where)
        return row if row is not None and self.is_new(row) else None

    def is_new(self, row: object) -> bool:
        """Whether a row was written in this boot, after the trial began."""
        stamp: Stamp = row.stamp  # type: ignore[attr-defined]
        now = self.store.clock.stamp()
        begins_s = 0.0 if self.since is None else self.since.uptime_s
        return stamp.boot_id == now.boot_id and stamp.uptime_s >= begins_s

    @property
    def level(self) -> EnergyLevel:
        """The energy level now; OFF where there is no budget."""
        budget = self.store.latest(EnergyBudget)
        return budget.level if budget else EnergyLevel.OFF
