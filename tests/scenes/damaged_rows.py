"""A unit with rows in every table, the ways in which a stored row can be damaged, and all who read.

Reads and writes: through the stores that it is given; damage goes past them, as a disk does.
Never: leaves a table empty: a reader of no rows proves nothing.
"""

import json
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any

from appliance.clock import Clock
from appliance.commands.bundle import list_contents
from appliance.commands.status import build_sections
from appliance.errors import ApplianceError, BusError, StoreError
from appliance.model import (
    BatteryAge,
    BatteryReading,
    BatteryState,
    EnergyLevel,
    EnergyPlanStep,
    EnergyPolicy,
    EnergyTotal,
    Fault,
    PowerReading,
    Quality,
    Sleep,
    SolarDay,
    Stamp,
    Wake,
)
from appliance.model_alarms import PublishedTopic, ReportPosition
from appliance.model_cameras import (
    CameraCoverage,
    CameraEnergy,
    CameraHint,
    CameraState,
    Event,
    EventBegun,
    EventErasure,
    HoldKind,
    SwitchOrder,
    Watching,
)
from appliance.model_set_points import DeviceState, SetPoints
from appliance.model_sources import SourceCause, SourcePhase, SourceState
from appliance.model_updates import CheckIn, UpdateHold, UpdateState, UpdateStep
from appliance.mqtt import event_message
from appliance.mqtt.camera_state import build_camera_states
from appliance.mqtt.presence import Presence
from appliance.mqtt.topics import Topics
from appliance.mqtt.unit_state import build_unit_states
from appliance.settings import Settings
from appliance.status import camera_costs, camera_moment, charts, events, status_document
from appliance.status.coverage import build_coverage
from appliance.status.energy_moment import find_energy_moment
from appliance.status.event_timeline import build_timeline
from appliance.status.history import Span, build_history
from appliance.store import camera_holds
from appliance.store.camera_holds import Order
from appliance.store.decoding import list_columns
from appliance.store.event_pages import EventPlace, EventQuery, PlacedEvent, read_older
from appliance.store.event_rows import (
    EventFilter,
    EventKey,
    find_event_ids,
    read_new_events,
)
from appliance.store.retention import retain
from appliance.store.sqlite_files import MOST_VALUE_BYTES
from appliance.store.store import Store
from appliance.store.tables import TABLES, Table
from appliance.web.app import create_app
from power.battery import estimator
from power.commands import outlook, why
from power.plan import history, site_history
from power.plan.policy_planner import PolicyPlanner
from power.plan.policy_table import PolicyTable, pack_table
from power.plan.source_policy import count_on_sources
from power.plan.weather_model import CLASS_COUNT
from tests.conftest import OpenStore
from tests.power.plan.site_days import plain_sky
from tests.scenes import alarms, filled, mobile_link

DAY = timedelta(days=1)
BAD_TEXT = b"\xff\xfe"  # stored as text: no UTF-8

DAMAGE: Mapping[str, Any] = {
    "a member that no release knows": "XBSENT",
    "text": "abc",
    "no text": "",
    "NULL": None,
    "bytes": b"\x00\xff\x10",
    "a huge text": "x" * (MOST_VALUE_BYTES + 1),
    "huge bytes": bytes(MOST_VALUE_BYTES + 1),
    "infinity": float("inf"),
    "a huge number": 1e300,
    "a huge whole number": 2**63 - 1,
    "the least whole number": -(2**63),
    "a negative number": -5,
    "nothing": 0,
    "a broken time": "2026-02-31T25:61:61.000Z",
    "half a time": "2026-04",
    "a time without a zone": "2026-04-15T02:00:00",
    "the first time of all": "0001-01-01T00:00:00.000Z",
    "the last time of all": "9999-12-31T23:59:59.999Z",
    "half of JSON": '{"a":',
    "JSON of another kind": "[1, null]",
    "JSON with NaN": '{"a": NaN, "b": Infinity}',
    "JSON of unknown members": '{"pv_power_w": "XBSENT"}',
    "nested JSON": "[" * 3000,
    "a text with a zero": "a\0b",
    "text that is no Unicode": BAD_TEXT,
}


def fill_every_table(open_store: OpenStore, pass_time: Callable[[], None] = lambda: None) -> None:
    """Rows in each table, in most of them before and after some time has passed."""
    clock = open_store().clock
    filled.fill(open_store)
    filled.break_camera(open_store)
    open_store("power").raise_fault("power", BusError("no answer"))
    pass_time()
    filled.fill(open_store)
    now = clock.stamp()
    open_store("power").add(*power_rows(now))
    open_store("hints").add(CameraHint(now, "demo", "pir", active=True))
    anna = Order(who="anna", via="unitctl", reason="visitors", span=DAY)
    camera_holds.add_holds(
        open_store("camera"), camera_holds.make_hold("demo", HoldKind.PAUSE, anna, now)
    )
    open_store("inference").add(
        EventBegun(now, "e", "demo", "person", "zone yard"),
        EventErasure(now, "anna", "page", 1, '{"files": [], "alarms": []}', None),
    )
    open_store("camera").add(CameraCoverage(now, "demo", Watching.WATCHED, 60.0, "FULL"))
    open_store("checkin").add(
        UpdateState(now, UpdateStep.GATE, "2", "1", "waits", "energy", progress_pct=40.0),
        CheckIn(now, "https://updates.example", "release 2 is offered", now.utc + DAY, 1013),
    )
    open_store("alarm").add(*alarms.make_rows(now))
    open_store("sensors").add(*mobile_link.make_rows(now))
    open_store("mqtt").add(
        CameraEnergy(now, "demo", 30.0),
        PublishedTopic(now, "neural-energy/test/state"),
        ReportPosition(now, "event", 1),
        UpdateHold(now, holds=True, until=now.utc + DAY, who="anna", via="topic", reason="guests"),
    )
    open_store("plan").add(*plan_rows(now))
    open_store("plan").publish_status("plan", "planned 72 h")


def power_rows(now: Stamp) -> list[Any]:
    earlier = replace(now, utc=now.utc - DAY)
    return [
        BatteryReading(now, "pack", 13.3, 20.0, 70.0, quality={"voltage_v": Quality.STALE}),
        BatteryAge(now, earlier.utc, 900.0, 880.0, 3600.0, 20.0, 5.0, 96.0, 2.0, earlier.utc),
        SourceState(now, "main", SourcePhase.GIVING, SourceCause.PLAN, "dear", fuel_left_kwh=3.0),
        SetPoints(now, "charger main", "epever-tracer", absorption_v=14.2, cells=4),
        DeviceState(now, "charger main", "epever-tracer", 120, 1, figures={"pv_power_w": 20.0}),
        Sleep(earlier, EnergyLevel.HIBERNATE, now.utc, "the clock", now.utc, 40.0, 3.0, "night"),
        Wake(now, earlier.utc, "the clock", 0, 40.0, stays=True, reason="sun"),
        EnergyTotal(now, "sun", 1200.0),
        SwitchOrder(now, "siren", runs=True, reason="person at demo: on for 60 s", event_id="e"),
    ]


def plan_rows(now: Stamp) -> list[Any]:
    steps = [
        EnergyPlanStep(now, now.utc + timedelta(minutes=15 * n), 10.0, 5.0, 50.0, EnergyLevel.ECO)
        for n in range(8)
    ]
    days = [
        SolarDay(
            now,
            now.utc.replace(hour=0, minute=0) - n * DAY,
            800.0,
            1000.0,
            {"11": 0.8},
            yield_wh=900.0,
            curtailed_h=2.0,
            clear_hours=3.0,
            clear_hours_wh=500.0,
            clear_hours_reference_wh=600.0,
            noon_pv_v=30.0,
            highest_pv_v=38.0,
            steady_w={"735": 212.0},
        )
        for n in range(1, 4)
    ]
    return [*steps, *days, a_policy(now), count_on_sources(a_policy(now), ["main"])]


def a_policy(now: Stamp) -> EnergyPolicy:
    table = PolicyTable(
        starts=now.utc - timedelta(hours=2),
        ends=now.utc + timedelta(hours=22),
        bounds_h=[0.0, 12.0, 24.0],
        floors_pct=[20.0, 20.0],
        clear_w=[50.0] * 24,
        weather=[[1 / CLASS_COUNT] * CLASS_COUNT],
        values=[[[0.0, 5.0, 9.0]] * CLASS_COUNT * 2] * 3,
        levels=3,
    )
    facts = {name: float(value) for name, value in table.facts.items()}
    return EnergyPolicy(now, table.starts, table.ends, facts, pack_table(table), "sun expected")


def damage(path: Path, table: str, column: str, value: Any, *, all_rows: bool) -> bool:
    """Put the value there as a disk would; False where SQLite itself does not let it stand."""
    newest = "1" if all_rows else f"rowid = (SELECT max(rowid) FROM {table})"
    mark = "CAST(? AS TEXT)" if value == BAD_TEXT else "?"
    db = sqlite3.connect(path)
    try:
        db.execute(f"UPDATE OR REPLACE {table} SET {column} = {mark} WHERE {newest}", (value,))
        db.commit()
    except sqlite3.IntegrityError:
        return False
    finally:
        db.close()
    return True


def drop_column(path: Path, table: str, column: str) -> bool:
    """A database of a release that had no such column; False where an index needs it."""
    db = sqlite3.connect(path)
    try:
        for (name,) in db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql > ''",
            (table,),
        ).fetchall():
            db.execute(f"DROP INDEX {name}")
        db.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
        db.commit()
    except sqlite3.OperationalError:
        return False
    finally:
        db.close()
    return True


def list_readers(open_store: OpenStore, settings: Settings) -> dict[str, Callable[[], object]]:
    """Everything that reads rows, by name."""
    store = open_store()
    now = store.clock.stamp().utc
    since, until = now - 2 * DAY, now + DAY
    return {
        "the store": lambda: read_tables(store, since, until),
        "status": lambda: build_status(store, settings),
        "events": lambda: events.list_events(store, EventQuery(since=since), limit=100),
        "older events": lambda: read_older(store, EventQuery(until=until), None, 10),
        "one event": lambda: events.describe_one_event(store, EventQuery(), "damaged"),
        "filters of events": lambda: events.list_filters(store),
        "timeline": lambda: build_timeline(store, EventQuery(zone="yard"), now, UTC),
        "faults": lambda: status_document.list_faults(store, all=True),
        "history": lambda: [build_history(store, settings, span) for span in Span],
        "chart": lambda: charts.build_day(store, settings),
        "costs": lambda: camera_costs.sum_up(store, since, until),
        "why a camera": lambda: tolerate(lambda: camera_moment.find_moment(store, "demo", now)),
        "coverage": lambda: build_coverage(store, settings, 3),
        "holds": lambda: camera_holds.HoldReader(store).find("demo"),
        "why a level": lambda: tolerate(lambda: explain_level(store, settings)),
        "outlook": lambda: read_outlook(store, settings),
        "new events": lambda: publish_events(store, settings),
        "alarms": lambda: alarms.read_all(store, until),
        "the link": lambda: mobile_link.read_all(store, settings),
        "events to erase": lambda: find_event_ids(store, EventFilter(EventKey.CAMERA, "demo")),
        "export": lambda: [list(lines) for _, lines in list_contents(settings, store, since)],
        "the plan": lambda: read_for_plan(store, settings),
        "the guard": lambda: read_for_guard(store, settings),
        "the page": lambda: open_page(settings, store.clock),
        "retention": lambda: tidy(open_store),
    }  # fmt: skip


def tolerate(read: Callable[[], object]) -> object:
    """What a reader says instead of an answer is one."""
    try:
        return read()
    except ApplianceError as error:
        if error.code == "store":
            raise
        return str(error)


def open_page(settings: Settings, clock: Clock) -> None:
    client = create_app(settings, clock).test_client()
    for path in ("/api/status", "/api/day", "/api/events", "/metrics"):
        answer = client.get(path)
        assert answer.status_code == HTTPStatus.OK, f"{path}: {answer.text}"


def tidy(open_store: OpenStore) -> None:
    """A service prepares its database first: only a reader can meet one of an older shape."""
    for name in ("power", "sensors", "camera", "inference", "plan"):
        with suppress(StoreError):
            retain(open_store(name))


def read_tables(store: Store, since: datetime, until: datetime) -> None:
    for table in TABLES:
        read_table(store, table, since, until)


def read_table(store: Store, table: Table, since: datetime, until: datetime) -> None:
    kind = table.row
    store.last(kind)
    if table.fresh_s:
        store.latest(kind)
    store.rows(kind, since=since)
    store.rows(kind, limit=1, newest_first=True)
    if not table.key:
        store.before(kind, until)
        store.after(kind, since)
    store.count(kind, since, until)
    for column in ("camera", "gpu", "source"):
        if column in list_columns(kind):
            store.list_values(kind, column)
            store.count_by(kind, column, since, until)
    for column in ("power_w", "sigma_pct", "frames"):
        if column in list_columns(kind):
            store.sum_columns(kind, since, until, column)
            store.average(kind, column, since, until)
    if kind is Fault:
        store.list_faults_at(until, "power", "camera@demo")
        store.list_open_faults()
    if kind in (Event, CameraState):
        store.list_values(kind, "camera")


def build_status(store: Store, settings: Settings) -> object:
    document = status_document.build(store, settings)
    topics = Topics(settings, "id")
    build_unit_states(topics, document, store)
    presence = Presence(store, settings)
    presence.follow()
    build_camera_states(topics, document, presence, {})
    json.dumps(document, allow_nan=False)
    return build_sections(document, settings)


def explain_level(store: Store, settings: Settings) -> object:
    now = store.clock.stamp().utc
    answer = find_energy_moment(store, now, now=now, zone=settings.site.timezone)
    return why.build_document(answer), why.build_sections(answer, settings)


def read_outlook(store: Store, settings: Settings) -> object:
    steps = outlook.read_newest_plan(store)
    policy = store.last(EnergyPolicy)
    if not steps:
        return None
    document = outlook.build_document(None, steps, policy)
    return document, outlook.build_sections(None, steps, policy, settings)


def publish_events(store: Store, settings: Settings) -> object:
    topics = Topics(settings, "id")
    new = (PlacedEvent(EventPlace("", row), event) for row, event in read_new_events(store, 0))
    return [event_message.build_event(topics, events.describe_event(one)) for one in new]


def read_for_plan(store: Store, settings: Settings) -> object:
    now = store.clock.stamp()
    today = history.to_solar_date(now.utc, settings)
    days = history.read_days(store, today)
    history.make_new_days(store, settings, plain_sky, now)
    return site_history.build_history(days, settings, plain_sky, today)


def read_for_guard(store: Store, settings: Settings) -> object:
    now = store.clock.stamp()
    stored = store.last(BatteryState)
    planner = PolicyPlanner(settings, lambda: store.last(EnergyPolicy))
    reading = filled.reading(now)
    planner.propose(filled.battery_state(now), reading, None)
    store.last(PowerReading)
    return estimator.restore(stored, now, clock_went_on=True) if stored else None
