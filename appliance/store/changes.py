"""What was stored after a position: events, faults and their ends, changes of the energy level.

    found = read_changes(store, position)
    found.events, found.position, found.has_more

Reads: these tables, through the `Store` that it is given. Writes: nothing.
Never: leaves out what is stored while it reads: each table is read up to the row that was the
newest at first.
"""

from dataclasses import dataclass

from appliance.model import EnergyBudget, EnergyLevel, Fault
from appliance.model_cameras import Event
from appliance.store.change_positions import (
    Position,
    ReadRow,
    check_position,
    read_newest_id,
    read_row,
)
from appliance.store.reading import decode_row
from appliance.store.row_search import RowSearch
from appliance.store.rows import Row
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

MOST_ROWS = 100  # of each table in one answer
LEVELS = ", ".join(f"'{level.name}'" for level in EnergyLevel)
EARLIER = (
    f"(SELECT earlier.level FROM energy_budget AS earlier WHERE earlier.id < energy_budget.id "
    f"AND earlier.level IN ({LEVELS}) ORDER BY earlier.id DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class StoredRow:
    """A row with its id. `before`: of a change of level the one that held before, None where that
    is not stored any more.
    """

    row_id: int
    row: Event | Fault | EnergyBudget
    before: EnergyLevel | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """What came after a position, each in the order of storing, and up to where that is.

    `begun` and `ended` are faults; one that came and went since is in both. `has_more`: there is
    more after `position` already.
    """

    events: list[StoredRow]
    begun: list[StoredRow]
    ended: list[StoredRow]
    levels: list[StoredRow]
    position: Position
    has_more: bool

    @property
    def is_empty(self) -> bool:
        """Whether nothing has changed."""
        return not (self.events or self.begun or self.ended or self.levels)


def read_changes(store: Store, after: Position) -> Changes:
    """What was stored after that. Raises `LostPositionError` and `StoreError`."""
    check_position(store, after)
    events, event = read_table(store, "event", after.event)
    begun, fault = read_table(store, "fault", after.fault)
    levels, budget = read_table(store, "energy_budget", after.energy_budget)
    known = [one for one in (read_fault(store, row_id) for row_id in after.open_faults) if one]
    faults = [*known, *begun]
    lasting = tuple(one.row_id for one in faults if not is_over(one))
    has_more = any(len(rows) == MOST_ROWS for rows in (events, begun, levels))
    position = Position(after.database, event, fault, budget, lasting)
    ended = [one for one in faults if is_over(one)]
    return Changes(events, begun, ended, levels, position, has_more)


def read_table(store: Store, table: str, after: ReadRow) -> tuple[list[StoredRow], ReadRow]:
    """The next rows of a table, and which was read last; of the budgets those of another level."""
    newest = read_newest_id(store, table)
    condition, columns = "id > ? AND id <= ?", "*"
    if table == "energy_budget":
        condition += f" AND level IN ({LEVELS}) AND level IS NOT {EARLIER}"
        columns += f", {EARLIER} AS before"
    search = RowSearch(table, condition, "ORDER BY id", (after.row_id, newest), columns)
    rows = store.collect(search, lambda row: read_stored(store, table, row), MOST_ROWS)
    if len(rows) == MOST_ROWS:
        newest = rows[-1].row_id
    if newest <= after.row_id:
        return rows, after
    return rows, read_row(store, table, newest)


def read_stored(store: Store, table: str, row: Row) -> StoredRow | None:
    """One row; None where it cannot be read."""
    kind = {"event": Event, "fault": Fault, "energy_budget": EnergyBudget}[table]
    found = decode_row(BY_ROW[kind], row, store.unreadable)
    if found is None:
        return None
    before = row["before"] if "before" in row.keys() else None  # noqa: SIM118  (a row iterates its values)
    return StoredRow(row["id"], found, EnergyLevel[before] if before else None)


def read_fault(store: Store, row_id: int) -> StoredRow | None:
    """That fault; None where it is not there any more."""
    search = RowSearch("fault", "id = ?", "ORDER BY id", (row_id,))
    found = store.collect(search, lambda row: read_stored(store, "fault", row), 1)
    return found[0] if found else None


def is_over(stored: StoredRow) -> bool:
    """Whether a fault has ended."""
    return isinstance(stored.row, Fault) and stored.row.cleared is not None
