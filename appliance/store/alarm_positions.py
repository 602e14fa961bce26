"""Up to where each table was looked at for alarms and reports: how that begins, and what deletions
make of it.

    for sql in list_beginnings():
        db.execute(sql)

What was there before alarms makes none; in a new database everything counts. SQLite gives the
number of a deleted newest row to the next one: a position above it would hide that one, so it
follows what is deleted.

Reads and writes: nothing; these are statements for the migrations that make the tables.
Never: moves a position forward.
"""

from collections.abc import Iterator

FOLLOWED = ("event", "fault", "sleep", "wake", "alarm_order")
# Tables whose rows are numbered, and which numbers are none that damage has made. The position of
# such a table is a number from which they go on, where rows do not say how far they were given.
NUMBERED = dict.fromkeys(
    ("alarm", "alarm_delivery"),
    "typeof(sequence) = 'integer' AND sequence BETWEEN 1 AND 1000000000",
)
LONG_AGO = "'1970-01-01T00:00:00.000Z', 'migration', 0"


def list_beginnings() -> Iterator[str]:
    """The positions of a database that has none, and a trigger for each of its tables."""
    for table in FOLLOWED:
        newest = f"(SELECT coalesce(max(id), 0) FROM {table})"
        yield (
            "INSERT INTO alarm_position (stream, at, boot_id, uptime_s, row_id, negative) "
            f"VALUES ('{table}', {LONG_AGO}, {newest}, -{newest})"
        )
        yield (
            f"CREATE TRIGGER {table}_deleted AFTER DELETE ON {table} WHEN old.id > {newest} BEGIN "
            f"UPDATE alarm_position SET row_id = {newest}, negative = -{newest} "
            f"WHERE stream = '{table}' AND row_id > {newest}; END"
        )


def format_report_trigger() -> str:
    """The same for the events that a broker was told of."""
    newest = "(SELECT coalesce(max(id), 0) FROM event)"
    return (
        f"CREATE TRIGGER event_deleted_reports AFTER DELETE ON event WHEN old.id > {newest} BEGIN "
        f"UPDATE report_position SET row_id = {newest} WHERE row_id > {newest}; END"
    )
