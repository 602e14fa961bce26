"""What a copy of the database does with the alarms in it: nothing of them is sent from there.

    with db:
        close_alarms(db)

What a copy holds as waiting or unread was sent, or acknowledged, by the unit after the copy was
made; nobody can know what was not. So nobody is sent it a second time: what happens after the copy
was put in place makes alarms, and nothing before.

Reads and writes: the tables of alarms in the file that is opened.
Never: lets a number come again: a monitoring station takes one for a repetition.
"""

import sqlite3

from appliance.store.alarm_positions import FOLLOWED, LONG_AGO, NUMBERED

WHY = "not sent: it stood in a copy of the database, and may have been sent since"
WHO = "a copy of the database that was put back"
LEAP = 1000  # numbers that were perhaps given since
BEHIND = "stream GLOB 'open-fault-*'"  # a fault may be over since, and that was told


def close_alarms(db: sqlite3.Connection) -> None:
    """Of a copy that nobody has open; one that is older than alarms has none."""
    found = {row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "alarm_position" not in found:
        return
    db.execute(
        "UPDATE alarm_delivery SET state = 'DROPPED', reason = ? "
        "WHERE state IN ('WAITING', 'SENDING')",
        (WHY,),
    )
    db.execute("UPDATE alarm SET acknowledged_by = ? WHERE acknowledged_by = ''", (WHO,))
    db.execute(f"DELETE FROM alarm_position WHERE {BEHIND}")
    for table in FOLLOWED:
        newest = f"SELECT coalesce(max(id), 0) FROM {table}"
        own = f"row_id = ({newest}), negative = -({newest})"
        db.execute(f"UPDATE alarm_position SET {own} WHERE stream = '{table}'")
    for table, highest in NUMBERED.items():
        db.execute(
            "REPLACE INTO alarm_position (stream, at, boot_id, uptime_s, row_id, negative) "
            f"SELECT '{table}', {LONG_AGO}, {LEAP} + number, -{LEAP} - number FROM "
            f"(SELECT coalesce(max(sequence), 0) AS number FROM {table} WHERE {highest})"
        )
