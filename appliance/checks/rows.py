"""Check: can the newest stored rows of every table be read?

Reads: the newest rows of all tables. Writes: nothing.
Never: deletes a row: what this release cannot read, another one may.
"""

from appliance.checks import NO_DATABASE, Finding
from appliance.clock import Clock
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.store.tables import TABLES

NAME = "rows"
NEWEST_ROWS = 2000  # of each table


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    if store is None:
        return Finding(NAME, NO_DATABASE, ok=None)
    for table in TABLES:
        store.rows(table.row, limit=NEWEST_ROWS, newest_first=True)
    found = store.unreadable.list_tables()
    if not found:
        return Finding(NAME, f"all of the newest {NEWEST_ROWS} of each table can be read", ok=True)
    return Finding(
        NAME,
        f"{', '.join(one.text for one in found)} cannot be read and count as unknown",
        "they go with their age; if there are ever more, the disk fails: make a backup "
        "(`unitctl backup`) and replace it. After a release was taken back: nothing to do",
        ok=False,
    )
