"""What some steps of the database's shape are made of: the tables of alarms, the look-up of events.

Reads and writes: nothing; migrations.py runs it.
Never: changes once it has been released.
"""

STAMP = "id INTEGER PRIMARY KEY, at TEXT NOT NULL, boot_id TEXT NOT NULL, uptime_s REAL NOT NULL"
# fmt: off
ALARM_TABLES = (  # name, key, the other columns
    ("alarm", "alarm_id", """sequence INTEGER NOT NULL, key TEXT NOT NULL, rule TEXT NOT NULL,
        kind TEXT NOT NULL, priority TEXT NOT NULL, text TEXT NOT NULL, last TEXT NOT NULL,
        ends TEXT NOT NULL, occurrences INTEGER NOT NULL, reason TEXT NOT NULL,
        camera TEXT NOT NULL DEFAULT '', label TEXT NOT NULL DEFAULT '', snapshot TEXT,
        event_id TEXT NOT NULL DEFAULT '', acknowledged_by TEXT NOT NULL DEFAULT ''"""),
    ("alarm_delivery", "delivery_id", """alarm_id TEXT NOT NULL, recipient TEXT NOT NULL,
        channel TEXT NOT NULL, state TEXT NOT NULL, priority TEXT NOT NULL,
        covers INTEGER NOT NULL, not_before TEXT NOT NULL, attempts INTEGER NOT NULL,
        reason TEXT NOT NULL, sent TEXT, size_bytes INTEGER NOT NULL DEFAULT 0,
        sequence INTEGER NOT NULL DEFAULT 0, perhaps_sent INTEGER NOT NULL DEFAULT 0"""),
    ("alarm_position", "stream", "row_id INTEGER NOT NULL, negative INTEGER"),
)
# fmt: on

ZONE_OF_RULE = (
    "UPDATE event SET zone = substr(rule, 6, instr(rule || ':', ':') - 6) "
    "WHERE rule GLOB 'zone *' OR rule GLOB 'line *'"
)
EVENT_LOOKUP = (
    "ALTER TABLE event ADD COLUMN zone TEXT NOT NULL DEFAULT ''",
    ZONE_OF_RULE,
    "CREATE INDEX event_event_id ON event (event_id)",
    # `id` is in it for the order of the list.
    "CREATE INDEX event_label ON event (label, at, id, camera)",
    "CREATE INDEX event_zone ON event (zone, at, id, camera, label)",
)
DEVICE_STATE = """CREATE TABLE device_state (device TEXT PRIMARY KEY, at TEXT NOT NULL,
    boot_id TEXT NOT NULL, uptime_s REAL NOT NULL, model TEXT NOT NULL, polls INTEGER NOT NULL,
    failed_polls INTEGER NOT NULL, waits INTEGER, error TEXT, last_error TEXT, last_error_at TEXT,
    measured_at TEXT, figures TEXT, words TEXT, quality TEXT, ages_s TEXT)"""
# What one page of decisions is found by.
DECISION_TIMES = tuple(
    f"CREATE INDEX {table}_at ON {table} (at, id)" for table in ("camera_change", "switch_order")
)
UPDATE_TABLES = (
    f"""CREATE TABLE update_state ({STAMP}, step TEXT NOT NULL, release TEXT NOT NULL, running_release TEXT NOT NULL, reason TEXT NOT NULL, waits_for TEXT NOT NULL, progress_pct REAL)""",  # noqa: E501
    f"""CREATE TABLE check_in ({STAMP}, mirror TEXT NOT NULL, text TEXT NOT NULL, next_at TEXT, received_bytes INTEGER NOT NULL)""",  # noqa: E501
)
LINK_TABLES = (
    f"""CREATE TABLE link_state ({STAMP}, phase TEXT NOT NULL, reason TEXT NOT NULL,
    interface TEXT NOT NULL, operator TEXT NOT NULL, technology TEXT NOT NULL, signal_pct REAL,
    is_metered INTEGER, reached TEXT, month_bytes INTEGER NOT NULL, budget_bytes INTEGER,
    waits INTEGER NOT NULL, supply_off INTEGER NOT NULL, next_on TEXT, resets INTEGER NOT NULL)""",
    f"CREATE TABLE link_reset ({STAMP}, act TEXT NOT NULL, reason TEXT NOT NULL)",
    """CREATE TABLE link_day (day TEXT PRIMARY KEY, at TEXT NOT NULL, boot_id TEXT NOT NULL,
    uptime_s REAL NOT NULL, received_bytes INTEGER NOT NULL, sent_bytes INTEGER NOT NULL,
    epoch TEXT NOT NULL, counted_received_bytes INTEGER NOT NULL,
    counted_sent_bytes INTEGER NOT NULL)""",
)
