"""The history of the database's shape: one function a step, each applied once, in one transaction.

Reads and writes: the tables. Run as `python -m appliance.store.migrations FILE`, in a process of
its own, since sqlite-utils is too heavy to stay in the memory of a resident service.
Never: changes a step that has been released, and never refers to a dataclass (those move on).

Rule for every step: only add. A release that is rolled back must still open the file.
"""

import sqlite3
import sys
from pathlib import Path

from sqlite_utils import Database, Migrations

from appliance.store import later_tables as later
from appliance.store.alarm_positions import format_report_trigger, list_beginnings
from appliance.store.first_tables import FIRST_TABLES
from appliance.store.sqlite_errors import explain
from appliance.store.sqlite_files import limit_values

unit = Migrations("unit")

STAMP = later.STAMP
INDEX_NAME = str.maketrans({" ": "_", "(": None, ")": None, ",": None})
KEYED_STAMP = "at TEXT NOT NULL, boot_id TEXT NOT NULL, uptime_s REAL NOT NULL"


@unit()  # type: ignore[untyped-decorator]
def m0001_first_tables(db: Database) -> None:
    """The bus: readings, states, budgets, plans, results, faults."""
    for name, own in FIRST_TABLES.items():
        db.execute(f"CREATE TABLE {name} ({STAMP}, {own})")
    db.execute(f"CREATE TABLE service_state (service TEXT PRIMARY KEY, {KEYED_STAMP}, status TEXT)")
    db.execute("CREATE INDEX event_at ON event (at)")
    db.execute("CREATE INDEX fault_open ON fault (source, code) WHERE cleared IS NULL")
    db.execute("CREATE INDEX plan_starts ON energy_plan_step (starts)")


@unit()  # type: ignore[untyped-decorator]
def m0002_averages(db: Database) -> None:
    """Means of the numeric columns over 300 s and 3600 s, for the charts of weeks and years."""
    for name, numbers in {
        "power_reading": (
            "pv_power_w",
            "pv_voltage_v",
            "battery_voltage_v",
            "battery_current_a",
            "battery_temperature_c",
            "load_power_w",
        ),
        "battery_state": ("state_of_charge_pct", "sigma_pct", "energy_wh"),
        "environment_reading": ("hottest_temperature_c", "disk_used_pct", "computer_power_w"),
        "inference_run": ("power_w", "frames", "energy_wh"),
    }.items():
        own = ", ".join(f"{number} REAL" for number in numbers)
        db.execute(
            f"CREATE TABLE {name}_mean (step_s INTEGER NOT NULL, at TEXT NOT NULL, "
            f"rows INTEGER NOT NULL, {own}, PRIMARY KEY (step_s, at)) WITHOUT ROWID"
        )


@unit()  # type: ignore[untyped-decorator]
def m0003_batteries(db: Database) -> None:
    """What each BMS reports, and what the poll as a whole takes from it."""
    for column in ("lowest_cell_voltage_v REAL", "charge_allowed INTEGER", "ages_s TEXT"):
        db.execute(f"ALTER TABLE power_reading ADD COLUMN {column}")
    db.execute(
        f"CREATE TABLE battery_reading ({STAMP}, device TEXT, voltage_v REAL, current_a REAL, "
        "state_of_charge_pct REAL, remaining_ah REAL, full_ah REAL, cycles REAL, "
        "lowest_cell_voltage_v REAL, highest_cell_voltage_v REAL, lowest_temperature_c REAL, "
        "highest_temperature_c REAL, charge_allowed INTEGER, discharge_allowed INTEGER, "
        "alarms TEXT, quality TEXT, ages_s TEXT)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0004_energy(db: Database) -> None:
    """The planner's table, the days it learns from, and the unit's sleeps."""
    for table, column in (
        ("battery_state", "full_at TEXT"),
        ("energy_budget", "sun_is_free INTEGER"),
        ("energy_plan_step", "low_charge_pct REAL"),
        ("energy_plan_step", "high_charge_pct REAL"),
    ):
        db.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
    for name, own in {
        "energy_policy": "starts TEXT, ends TEXT, facts TEXT, worth BLOB, reason TEXT",
        "sleep": """level TEXT, wakes TEXT, armed TEXT, expected TEXT, state_of_charge_pct REAL,
            sigma_pct REAL, reason TEXT""",
        "wake": """asleep_since TEXT, cause TEXT, failed_boots INTEGER, state_of_charge_pct REAL,
            stays INTEGER, reason TEXT""",
    }.items():
        db.execute(f"CREATE TABLE {name} ({STAMP}, {own})")
    db.execute(
        f"CREATE TABLE sun_day (day TEXT PRIMARY KEY, {KEYED_STAMP}, measured_wh REAL, "
        "clear_wh REAL, hours TEXT, coldest_c REAL, warmest_c REAL)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0005_cameras(db: Database) -> None:
    """What each camera costs, which hints and modes it has had, and how an event came to be."""
    for column in (
        "power_measured INTEGER",
        "duration_s REAL",
        "cpu_s REAL",
        "frames_decoded INTEGER",
        "gates TEXT NOT NULL DEFAULT ''",
        "stream TEXT",
    ):
        db.execute(f"ALTER TABLE camera_state ADD COLUMN {column}")
    for column in (
        "rule TEXT NOT NULL DEFAULT ''",
        "clip TEXT",
        "woken_by TEXT NOT NULL DEFAULT ''",
        "drops INTEGER NOT NULL DEFAULT 0",
        "scores TEXT",
    ):
        db.execute(f"ALTER TABLE event ADD COLUMN {column}")
    for name, own in {
        "camera_change": "camera TEXT, mode TEXT, reason TEXT",
        "camera_motion": """camera TEXT, ended TEXT, woken_by TEXT, score REAL, looked INTEGER,
            reason TEXT""",
        "camera_hint": "camera TEXT, source TEXT, active INTEGER",
        "camera_looks": """camera TEXT, duration_s REAL, frames INTEGER, frames_skipped INTEGER,
            energy_wh REAL, energy_measured INTEGER, power_w REAL, tier TEXT""",
    }.items():
        db.execute(f"CREATE TABLE {name} ({STAMP}, {own})")


@unit()  # type: ignore[untyped-decorator]
def m0006_of_one_camera(db: Database) -> None:
    """The last change, movement and event of one camera, asked for while somebody looks: a camera
    before which nothing happens would need a walk through a year of the others' rows.
    """
    db.execute("CREATE INDEX camera_change_camera ON camera_change (camera)")
    db.execute("CREATE INDEX camera_motion_camera ON camera_motion (camera)")
    db.execute("CREATE INDEX event_camera ON event (camera, at)")


@unit()  # type: ignore[untyped-decorator]
def m0007_cells(db: Database) -> None:
    """All cells of a battery, as JSON: number -> V."""
    db.execute("ALTER TABLE battery_reading ADD COLUMN cell_voltages_v TEXT")


@unit()  # type: ignore[untyped-decorator]
def m0008_unit_time(db: Database) -> None:
    """The unit's own time (appliance/store/unit_time.py), and who tidied up last, when."""
    db.execute(
        "CREATE TABLE boot (boot_id TEXT PRIMARY KEY, starts_s REAL NOT NULL, at TEXT NOT NULL, "
        "uptime_s REAL NOT NULL, synchronized INTEGER NOT NULL)"
    )
    db.execute(
        "CREATE TABLE unit_time (one INTEGER PRIMARY KEY CHECK (one = 1), epoch TEXT NOT NULL, "
        "unit_s REAL NOT NULL, synchronized INTEGER NOT NULL)"
    )
    db.execute("CREATE TABLE tidied (writer TEXT PRIMARY KEY, unit_s REAL NOT NULL)")


@unit()  # type: ignore[untyped-decorator]
def m0009_last_event_of_one_camera(db: Database) -> None:
    """The event that was written last, of one camera: not that of the latest hour on the clock."""
    db.execute("CREATE INDEX event_of_camera ON event (camera)")


@unit()  # type: ignore[untyped-decorator]
def m0010_hours_at_each_level(db: Database) -> None:
    """Which share of the time each level was held, for the history of months and years."""
    db.execute(
        "CREATE TABLE energy_budget_mean (step_s INTEGER NOT NULL, at TEXT NOT NULL, "
        "rows INTEGER NOT NULL, power_w REAL, at_full REAL, at_eco REAL, at_sentinel REAL, "
        "at_hibernate REAL, at_off REAL, PRIMARY KEY (step_s, at)) WITHOUT ROWID"
    )


@unit()  # type: ignore[untyped-decorator]
def m0011_discharge_share(db: Database) -> None:
    """The share of the batteries' capacity that can be discharged."""
    db.execute("ALTER TABLE power_reading ADD COLUMN discharge_share REAL")


@unit()  # type: ignore[untyped-decorator]
def m0012_set_points(db: Database) -> None:
    """What each charge controller and BMS is set to, and the main figures in each reading."""
    for column in ("absorption_v", "float_v", "compensation_v_per_c", "lvd_v"):
        db.execute(f"ALTER TABLE power_reading ADD COLUMN {column} REAL")
    db.execute(
        f"CREATE TABLE set_points (device TEXT PRIMARY KEY, {KEYED_STAMP}, model TEXT, "
        "absorption_v REAL, float_v REAL, equalize_v REAL, equalizes INTEGER, "
        "compensation_v_per_c REAL, lvd_v REAL, lvr_v REAL, raises_lvd INTEGER, "
        "loads_on_output INTEGER, charge_from_c REAL, battery_type TEXT, is_lithium INTEGER, "
        "system_v REAL, cells INTEGER, uvp_v REAL, ovp_v REAL)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0013_yield(db: Database) -> None:
    """What the panels gave on a day: in all, and in its clear hours; unknown of days before."""
    hours = ("curtailed_h REAL", "clear_hours REAL", "clear_hours_wh REAL")
    for column in ("yield_wh REAL", *hours, "clear_hours_reference_wh REAL", "noon_pv_v REAL"):
        db.execute(f"ALTER TABLE sun_day ADD COLUMN {column}")


@unit()  # type: ignore[untyped-decorator]
def m0014_resistance(db: Database) -> None:
    """The resistance up to where the battery's voltage is measured, as it was learned."""
    db.execute("ALTER TABLE battery_state ADD COLUMN resistance_ohm REAL")


@unit()  # type: ignore[untyped-decorator]
def m0015_battery_age(db: Database) -> None:
    """What has flowed through the battery, its learned capacity, the time since it was full."""
    db.execute(
        f"CREATE TABLE battery_age ({STAMP}, since TEXT NOT NULL, charged_ah REAL NOT NULL, "
        "discharged_ah REAL NOT NULL, since_full_s REAL NOT NULL, drawn_since_full_ah REAL, "
        "charged_since_full_ah REAL NOT NULL DEFAULT 0, capacity_ah REAL, "
        "capacity_sigma_ah REAL, capacity_at TEXT)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0016_highest_pv_v(db: Database) -> None:
    """The highest voltage of the panels on a day: none means that none is connected."""
    db.execute("ALTER TABLE sun_day ADD COLUMN highest_pv_v REAL")


@unit()  # type: ignore[untyped-decorator]
def m0017_steady_w(db: Database) -> None:
    """What the panels gave in steady half-hours: which way they face is learned from it."""
    db.execute("ALTER TABLE sun_day ADD COLUMN steady_w TEXT")


@unit()  # type: ignore[untyped-decorator]
def m0018_sources(db: Database) -> None:
    """What each second source does and has given, and the plan that counts on them."""
    db.execute(
        f"CREATE TABLE source_state (source TEXT PRIMARY KEY, {KEYED_STAMP}, phase TEXT NOT NULL, "
        "cause TEXT, reason TEXT NOT NULL DEFAULT '', changed_s REAL NOT NULL, gave_s REAL, "
        "power_w REAL, run_s REAL NOT NULL, energy_wh REAL NOT NULL, cost REAL NOT NULL, "
        "starts INTEGER NOT NULL, fuel_left_kwh REAL, idle_s REAL NOT NULL, "
        "failures INTEGER NOT NULL, failure TEXT NOT NULL DEFAULT '', locked INTEGER NOT NULL, "
        "worth_per_kwh REAL)"
    )
    db.execute(
        f"CREATE TABLE source_policy ({STAMP}, starts TEXT NOT NULL, ends TEXT NOT NULL, "
        "facts TEXT, worth BLOB NOT NULL, reason TEXT NOT NULL, sources TEXT NOT NULL)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0019_planned_sources(db: Database) -> None:
    """What a second source is expected to give in a step of the plan."""
    db.execute("ALTER TABLE energy_plan_step ADD COLUMN source_power_w REAL")


@unit()  # type: ignore[untyped-decorator]
def m0020_more_set_points(db: Database) -> None:
    """Float or none, recharge, over-voltage, the highest temperature, what moves a load output."""
    columns = ("floats INTEGER", "recharge_v REAL", "over_voltage_v REAL", "charge_until_c REAL")
    for column in (*columns, "load_mode TEXT"):
        db.execute(f"ALTER TABLE set_points ADD COLUMN {column}")


@unit()  # type: ignore[untyped-decorator]
def m0021_cell_uvp_v(db: Database) -> None:
    """The voltage of a cell at which a BMS disconnects, in each reading as the LVD is."""
    db.execute("ALTER TABLE power_reading ADD COLUMN cell_uvp_v REAL")


@unit()  # type: ignore[untyped-decorator]
def m0022_camera_hold(db: Database) -> None:
    """What people ordered of cameras: pause, mute, off, for how long, who and why."""
    db.execute(
        f"CREATE TABLE camera_hold ({STAMP}, camera TEXT NOT NULL, kind TEXT NOT NULL, "
        "holds INTEGER NOT NULL, lasts_s REAL, until TEXT, who TEXT NOT NULL, via TEXT NOT NULL, "
        "reason TEXT NOT NULL)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0023_camera_coverage(db: Database) -> None:
    """When each camera was watched, and why not."""
    db.execute(
        f"CREATE TABLE camera_coverage ({STAMP}, camera TEXT NOT NULL, watching TEXT NOT NULL, "
        "duration_s REAL NOT NULL, reason TEXT NOT NULL)"
    )
    db.execute("CREATE INDEX camera_coverage_at ON camera_coverage (at)")


@unit()  # type: ignore[untyped-decorator]
def m0024_event_stream(db: Database) -> None:
    """Which of a camera's two streams the snapshot of an event is of."""
    db.execute("ALTER TABLE event ADD COLUMN stream TEXT NOT NULL DEFAULT ''")


@unit()  # type: ignore[untyped-decorator]
def m0025_event_switches(db: Database) -> None:
    """Events that have begun, and what was switched for them or for a camera that gives nothing."""
    db.execute(
        f"CREATE TABLE event_begun ({STAMP}, event_id TEXT NOT NULL, camera TEXT NOT NULL, "
        "label TEXT NOT NULL, rule TEXT NOT NULL)"
    )
    db.execute(
        f"CREATE TABLE switch_order ({STAMP}, switch TEXT NOT NULL, runs INTEGER NOT NULL, "
        "reason TEXT NOT NULL, event_id TEXT)"
    )


@unit()  # type: ignore[untyped-decorator]
def m0026_camera_streams(db: Database) -> None:
    """How far a camera's stream is behind, its key frames, damaged pictures, and what is wrong."""
    columns = ("lag_s REAL", "key_frame_s REAL", "frames_corrupt INTEGER", "decode_errors INTEGER")
    for column in (*columns, "advice TEXT"):
        db.execute(f"ALTER TABLE camera_state ADD COLUMN {column}")


@unit()  # type: ignore[untyped-decorator]
def m0027_event_sub_label(db: Database) -> None:
    """What a second look at an event says that it is, and how surely."""
    db.execute("ALTER TABLE event ADD COLUMN sub_label TEXT NOT NULL DEFAULT ''")
    db.execute("ALTER TABLE event ADD COLUMN sub_confidence REAL")


@unit()  # type: ignore[untyped-decorator]
def m0028_updates(db: Database) -> None:
    """The steps of updates, and when the unit asked for one."""
    for sql in later.UPDATE_TABLES:
        db.execute(sql)


@unit()  # type: ignore[untyped-decorator]
def m0029_alarms(db: Database) -> None:
    """Alarms, their messages, up to where occurrences were looked at, and what people ordered."""
    for name, key, own in later.ALARM_TABLES:
        db.execute(f"CREATE TABLE {name} ({key} TEXT PRIMARY KEY, {KEYED_STAMP}, {own})")
    indexed = ("alarm (sequence)", "alarm (key, sequence)", "alarm_delivery (alarm_id)")
    for place in (*indexed, "alarm (event_id)", "alarm_delivery (state)"):
        db.execute(f"CREATE INDEX {place.translate(INDEX_NAME)} ON {place}")
    order = "kind TEXT NOT NULL, alarm_id TEXT NOT NULL, recipient TEXT NOT NULL, who TEXT NOT NULL"
    db.execute(f"CREATE TABLE alarm_order ({STAMP}, {order}, via TEXT NOT NULL)")
    switch = "request_id TEXT NOT NULL, switch TEXT NOT NULL, on_s REAL NOT NULL"
    db.execute(f"CREATE TABLE alarm_switch ({STAMP}, {switch}, reason TEXT NOT NULL)")
    for sql in list_beginnings():
        db.execute(sql)


@unit()  # type: ignore[untyped-decorator]
def m0030_reports(db: Database) -> None:
    """Energy that only rises; what the broker was told, so that it can be taken back."""
    for name, key, own in (
        ("energy_total", "meter", "energy_wh REAL NOT NULL"),
        ("camera_energy", "camera", "energy_wh REAL NOT NULL"),
        ("report_position", "stream", "row_id INTEGER NOT NULL"),
    ):
        db.execute(f"CREATE TABLE {name} ({key} TEXT PRIMARY KEY, {KEYED_STAMP}, {own})")
    db.execute(f"CREATE TABLE published_topic (topic TEXT PRIMARY KEY, {KEYED_STAMP})")
    db.execute(
        f"CREATE TABLE update_hold ({STAMP}, holds INTEGER NOT NULL, until TEXT, "
        "who TEXT NOT NULL, via TEXT NOT NULL, reason TEXT NOT NULL)"
    )
    db.execute(format_report_trigger())


@unit()  # type: ignore[untyped-decorator]
def m0031_event_lookup(db: Database) -> None:
    """An event's zone or line by name; what finds one of 100,000 events by any of its filters; and
    which events a person has erased. (`id` is in the indexes for the order of the list.)
    """
    for sql in later.EVENT_LOOKUP:
        db.execute(sql)
    erasure = "who TEXT NOT NULL, via TEXT NOT NULL, events INTEGER NOT NULL, remaining TEXT"
    db.execute(f"CREATE TABLE event_erasure ({STAMP}, {erasure}, ended TEXT)")


@unit()  # type: ignore[untyped-decorator]
def m0032_devices(db: Database) -> None:
    """How each power device answers and what it measured last; decisions by their time."""
    for sql in (later.DEVICE_STATE, *later.DECISION_TIMES):
        db.execute(sql)


@unit()  # type: ignore[untyped-decorator]
def m0033_link(db: Database) -> None:
    """The mobile link, what its watchdog did, and what went over it on each day."""
    for sql in later.LINK_TABLES:
        db.execute(sql)


if __name__ == "__main__":
    try:
        database = Database(sys.argv[1])
        limit_values(database.conn)
        unit.apply(database)
    except sqlite3.Error as error:
        sys.exit(explain(error, Path(sys.argv[1])))
