"""What has happened since it was looked at last: new rows of events, faults, sleeps and returns.

    found = NewRows(store, settings).read(level)
    found.occurrences, found.positions       # store both with what the occurrences make

Reads: those tables, `AlarmPosition` and `CameraHold` rows. Writes: nothing.
Never: goes by the wall clock: a row is new by its number. The end of a fault is no row of its own,
so each open fault has a position until it is over.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from appliance.alarms.occurrences import Occurrence
from appliance.alarms.streams import from_event, from_fault, from_fault_end, from_sleep, from_wake
from appliance.model import EnergyLevel, Fault, Sleep, Wake
from appliance.model_alarms import AlarmKind, AlarmOrder, AlarmPosition
from appliance.model_cameras import Event, HoldKind
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.camera_holds import HoldReader
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

FOLLOWED: tuple[type, ...] = (Event, Fault, Sleep, Wake, AlarmOrder)
OPEN_FAULT = "open-fault-"
TOLD = 0  # as its row: the end was told, and the position is of no use any more
MOST_OPEN_FAULTS = 500


@dataclass
class Found:
    """`over`: streams that are of no use any more. `is_whole`: nothing more is waiting."""

    occurrences: list[Occurrence] = field(default_factory=list)
    orders: list[AlarmOrder] = field(default_factory=list)
    positions: list[AlarmPosition] = field(default_factory=list)
    over: list[str] = field(default_factory=list)
    is_whole: bool = True


class NewRows:
    """Reads one page of each table at a time."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._holds = HoldReader(store)
        self._makers: dict[type, Callable[[Any, EnergyLevel], Occurrence | None]] = {
            Event: self._from_event,
            Fault: from_fault,
            Sleep: lambda row, level: from_sleep(row, level, settings.site.timezone),
            Wake: from_wake,
        }

    def begin(self, *, anew: bool) -> None:
        """Where a position cannot be read, or lies behind the last row, what happens from now on
        counts, and not the years before. `anew`: also what was not read yet is passed over, since
        nobody is to be told.
        """
        known = alarm_rows.read_positions(self._store)
        now = self._store.clock.stamp()
        streams = {BY_ROW[kind].name: kind for kind in FOLLOWED}
        changed: list[AlarmPosition] = []
        for name, kind in streams.items():
            last, position = alarm_rows.find_newest_id(self._store, kind), known.get(name)
            is_wrong = position is None or (last is not None and position > last)
            if last is not None and (is_wrong or (anew and position != last)):
                changed.append(AlarmPosition(now, name, last))
        if changed:
            self._store.add(*changed)

    def read(self, level: EnergyLevel) -> Found:
        """The next rows. Raises `StoreError`."""
        self.begin(anew=False)
        known = alarm_rows.read_positions(self._store)
        found = Found()
        for kind in FOLLOWED:
            self._read_table(kind, known, level, found)
        self._read_ends(known, level, found)
        return found

    def _read_table(
        self, kind: type, known: dict[str, int], level: EnergyLevel, found: Found
    ) -> None:
        name = BY_ROW[kind].name
        if name not in known:  # its table cannot be read now
            return
        rows: list[tuple[int, Any]] = alarm_rows.read_new(self._store, kind, known[name])
        for row_id, row in rows:
            self._take(row_id, row, level, found)
        if rows:
            now = self._store.clock.stamp()
            found.positions.append(AlarmPosition(now, name, rows[-1][0]))
            found.is_whole = found.is_whole and len(rows) < alarm_rows.PAGE_ROWS

    def _take(self, row_id: int, row: Any, level: EnergyLevel, found: Found) -> None:
        if isinstance(row, AlarmOrder):
            found.orders.append(row)
            return
        occurrence = self._makers[type(row)](row, level)
        if occurrence is not None:
            found.occurrences.append(occurrence)
        if isinstance(row, Fault) and row.cleared is None and self._tells_ends:
            now = self._store.clock.stamp()
            found.positions.append(AlarmPosition(now, f"{OPEN_FAULT}{row_id}", row_id))
        elif isinstance(row, Fault) and row.cleared is not None:
            found.occurrences.append(from_fault_end(row, level))

    @property
    def _tells_ends(self) -> bool:
        """Whether anybody is told of the end of a fault."""
        return any(one.on is AlarmKind.FAULT_OVER for one in self._settings.alarm.values())

    def _from_event(self, event: Event, level: EnergyLevel) -> Occurrence | None:
        """None for a camera that a person has muted: nobody is told."""
        muted = HoldKind.MUTE in self._holds.find(event.camera)
        return None if muted else from_event(event, level)

    def _read_ends(self, known: dict[str, int], level: EnergyLevel, found: Found) -> None:
        """The faults that were open when they were looked at last."""
        ends = [name for name in known if name.startswith(OPEN_FAULT)]
        found.over += [name for name in ends if known[name] == TOLD]
        ids = [known[name] for name in ends if known[name] != TOLD]
        if not ids:
            return
        faults = dict(alarm_rows.find_faults(self._store, ids[:MOST_OPEN_FAULTS]))
        for row_id in ids[:MOST_OPEN_FAULTS]:
            fault = faults.get(row_id)
            if fault is not None and fault.cleared is None:
                continue
            found.over.append(f"{OPEN_FAULT}{row_id}")
            now = self._store.clock.stamp()
            found.positions.append(AlarmPosition(now, f"{OPEN_FAULT}{row_id}", TOLD))
            found.occurrences += list_ends(fault, level)


def list_ends(fault: Fault | None, level: EnergyLevel) -> Iterator[Occurrence]:
    """The end of a fault; none of one that was deleted or cannot be read."""
    return iter(()) if fault is None else iter((from_fault_end(fault, level),))
