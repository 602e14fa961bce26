"""How old events are by boots and uptime, and in which order they were stored: for their files.

    ages = read_event_ages(store, {"20260415T020000Z-gate-0a1b-7"})
    ages.is_older(event_id, taken_s, keep_s), ages.rank(event_id, taken_s)

Reads: the event table and the unit's own time, through the `Store` that it is given. Writes:
nothing.
Never: makes an event older because the wall clock was wrong when it was stored, or is now.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from appliance.store.row_search import RowSearch
from appliance.store.store import Store
from appliance.store.trusted_time import FIRST_TIME
from appliance.store.unit_time import read_time

PAGE_ROWS = 1000
JUST_NOW_S = 86_400.0


@dataclass(frozen=True, slots=True)
class EventAges:
    """`trusted_utc` is the present as far as it is explained. `rows`: of each event that has a row,
    its id and its age in s (None where that is damaged).
    """

    trusted_utc: datetime
    rows: Mapping[str, tuple[int, float | None]] = field(default_factory=dict)

    def is_older(self, event_id: str, taken_s: float, keep_s: float) -> bool:
        """Whether an event is certainly older than `keep_s`; `taken_s`: its time by its file.

        Without a row only that time is known. From before there was this software it is none.
        """
        if event_id in self.rows:
            age_s = self.rows[event_id][1]
            return age_s is not None and age_s > keep_s
        first_s = FIRST_TIME.timestamp()
        return first_s <= taken_s < self.trusted_utc.timestamp() - keep_s

    def rank(self, event_id: str, taken_s: float) -> tuple[float, float]:
        """For sorting, the oldest first: events in the order of their rows; before them what lost
        its row, after them what has none yet.
        """
        if event_id in self.rows:
            return (float(self.rows[event_id][0]), taken_s)
        is_new = taken_s > self.trusted_utc.timestamp() - JUST_NOW_S
        return (float("inf") if is_new else -1.0, taken_s)


def read_event_ages(store: Store, wanted: Collection[str]) -> EventAges:
    """The ages of these events. Raises `StoreError`."""
    time, last = read_time(store), 0
    rows: dict[str, tuple[int, float | None]] = {}
    columns = "id, event_id, boot_id, uptime_s"
    while page := store.collect(
        RowSearch("event", "id > ?", "ORDER BY id", (last,), columns), lambda row: row, PAGE_ROWS
    ):
        last = page[-1]["id"]
        for row in page:
            if row["event_id"] in wanted:
                age_s = time.measure_age_s(row["boot_id"], row["uptime_s"])
                rows[row["event_id"]] = (row["id"], age_s)
    return EventAges(time.trusted_utc, rows)
