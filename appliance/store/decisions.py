"""What the unit decided, from all its streams in one order: newest first, by a cursor.

    page = read_decisions(store, DecisionQuery(("level", "sleep", "wake")), None, 50)
    page = read_decisions(store, query, page[-1].place, 50)      # older ones

Reads: EnergyBudget, Sleep, Wake, SwitchOrder, CameraChange, CameraHold, UpdateState, UpdateHold,
through the `Store` that it is given. Writes: nothing.
Never: reads more of a stream than one page can hold, or shows a decision twice.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

from appliance.model import EnergyBudget, Sleep, Wake
from appliance.model_cameras import CameraChange, CameraHold, SwitchOrder
from appliance.model_updates import UpdateHold, UpdateState
from appliance.store.changes import EARLIER, LEVELS
from appliance.store.reading import decode_row
from appliance.store.row_search import RowSearch
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.tables import BY_ROW

PLACE = re.compile(
    r"(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)_([0-9]{1,2})_([1-9]\d{0,17})", re.ASCII
)
# The order of decisions of one moment: what follows from another stands above it.
STREAMS: dict[str, type] = {
    "switch": SwitchOrder,
    "camera": CameraChange,
    "hold": CameraHold,
    "level": EnergyBudget,
    "sleep": Sleep,
    "wake": Wake,
    "update": UpdateState,
    "update-hold": UpdateHold,
}
ACT_RANK = len(STREAMS)  # of what people did; appliance/access keeps that


@dataclass(frozen=True, slots=True)
class DecisionPlace:
    """Where a decision stands in the order: its time as stored, its stream's rank, its row's id."""

    at: str
    rank: int
    row: int

    def __str__(self) -> str:
        return f"{self.at}_{self.rank}_{self.row}"

    @property
    def key(self) -> tuple[str, int, int]:
        """Later ones are greater."""
        return self.at, -self.rank, self.row


@dataclass(frozen=True, slots=True)
class DecisionQuery:
    """Which: of these streams, from `since` on and before `until`; None: all."""

    streams: tuple[str, ...] = tuple(STREAMS)
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One row with its place and the name of its stream."""

    place: DecisionPlace
    stream: str
    row: Any


def parse_place(text: str) -> DecisionPlace | None:
    """The place of a cursor; None where the text is none."""
    found = PLACE.fullmatch(text)
    return DecisionPlace(found[1], int(found[2]), int(found[3])) if found else None


def read_decisions(
    store: Store, query: DecisionQuery, before: DecisionPlace | None, limit: int
) -> list[Decision]:
    """The newest ones, or those before a place. Raises `StoreError`."""
    streams = [
        read_stream(store, query, name, before, limit) for name in STREAMS if name in query.streams
    ]
    return merge_decisions(streams, limit)


def merge_decisions(streams: Sequence[Sequence[Decision]], limit: int) -> list[Decision]:
    """Those of several streams in one order, the newest first."""
    together = merge(*streams, key=lambda one: one.place.key, reverse=True)
    return list(islice(together, limit))


def read_stream(
    store: Store, query: DecisionQuery, name: str, before: DecisionPlace | None, limit: int
) -> list[Decision]:
    """The newest rows of one stream; of the budgets those of another level than the one before."""
    kind, rank = STREAMS[name], list(STREAMS).index(name)
    table = BY_ROW[kind]
    terms = [("at >= ?", (encode_time(query.since),))] if query.since else []
    terms += [("at < ?", (encode_time(query.until),))] if query.until else []
    terms += [compare_place(before, rank)] if before else []
    conditions = [text for text, _ in terms]
    if kind is EnergyBudget:
        conditions += [f"level IN ({LEVELS})", f"level IS NOT {EARLIER}"]
    values = tuple(value for _, some in terms for value in some)
    search = RowSearch(
        table.name, " AND ".join(conditions) or "1", "ORDER BY at DESC, id DESC", values
    )

    def keep(row: Any) -> Decision | None:
        found = decode_row(table, row, store.unreadable)
        place = DecisionPlace(row["at"], rank, row["id"])
        return None if found is None else Decision(place, name, found)

    return store.collect(search, keep, limit)


def compare_place(before: DecisionPlace, rank: int) -> tuple[str, tuple[Any, ...]]:
    """SQL: after that place in the order, and so older."""
    if rank == before.rank:
        return "(at < ? OR (at = ? AND id < ?))", (before.at, before.at, before.row)
    return ("at <= ?" if rank > before.rank else "at < ?"), (before.at,)
