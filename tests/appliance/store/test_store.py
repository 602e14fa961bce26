"""The bus: stale means none, one writer a table, and a damaged file is never lost."""

import multiprocessing
import os
import sqlite3
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlite_utils import Database

from appliance.errors import BusError, CameraError, StoreError
from appliance.model import BatteryState, EnergyBudget, GpuReading, PowerReading, ServiceState
from appliance.model_cameras import CameraState, Event
from appliance.store import migrations, prepare, rows
from appliance.store.connection import connect
from appliance.store.decoding import list_columns
from appliance.store.steps import LEVEL_SHARES
from appliance.store.store import Store
from appliance.store.tables import TABLES
from appliance.store.whole_check import find_damage
from appliance.wording.rule_zone import find_zone_name
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import START, FakeClock


def test_a_row_comes_back_as_it_was(open_store: OpenStore) -> None:
    filled.fill(open_store)
    store = open_store()
    now = store.clock.stamp()
    assert store.last(PowerReading) == filled.reading(now)
    assert store.last(EnergyBudget) == filled.budget(now)
    assert store.last(Event) == filled.event(now)


def test_an_old_row_is_none(open_store: OpenStore, clock: FakeClock) -> None:
    filled.fill(open_store)
    clock.advance(60)
    assert open_store().latest(EnergyBudget, max_age_s=60) is not None
    clock.advance(1)
    assert open_store().latest(EnergyBudget, max_age_s=60) is None


def test_a_row_of_an_earlier_boot_is_none_however_young(
    open_store: OpenStore, clock: FakeClock
) -> None:
    filled.fill(open_store)
    clock.reboot(down_s=1)
    store = open_store()
    assert store.latest(EnergyBudget, max_age_s=1e9) is None
    assert store.last(EnergyBudget) is not None, "for showing, it is still there"


@pytest.mark.parametrize("jump", [timedelta(days=-900), timedelta(days=900)])
def test_a_jump_of_the_wall_clock_changes_no_age_and_no_order(
    open_store: OpenStore, clock: FakeClock, jump: timedelta
) -> None:
    power = open_store("power")
    power.add(filled.battery_state(clock.stamp(), 50.0))
    clock.advance(10)
    clock.set_wall_clock(START + jump)
    assert power.latest(BatteryState, max_age_s=15) is not None
    power.add(filled.battery_state(clock.stamp(), 51.0))
    newest = power.latest(BatteryState, max_age_s=15)
    assert newest is not None
    assert newest.state_of_charge_pct == 51.0


def test_the_newest_row_of_one_camera_or_gpu_can_be_asked_for(open_store: OpenStore) -> None:
    sensors = open_store("sensors")
    now = sensors.clock.stamp()
    sensors.add(GpuReading(now, "a", 1, 2, 3, 4), GpuReading(now, "b", 5, 6, 7, 8))
    found = sensors.last(GpuReading, gpu="a")
    assert found is not None
    assert found.power_w == 1


def test_a_table_has_one_writer(open_store: OpenStore) -> None:
    sensors = open_store("sensors")
    with pytest.raises(StoreError, match="sensors may not write energy_budget: its one writer is"):
        sensors.add(filled.budget(sensors.clock.stamp()))


def test_a_transaction_is_whole_or_not_at_all(open_store: OpenStore) -> None:
    power = open_store("power")
    now = power.clock.stamp()
    with pytest.raises(StoreError):
        power.add(filled.battery_state(now), filled.event(now))
    assert power.last(BatteryState) is None


def test_a_reader_cannot_write_even_around_the_door(open_store: OpenStore) -> None:
    reader = open_store()
    with pytest.raises(StoreError, match="a reader may not write service_state"):
        reader.publish_status("power", "hello")
    with pytest.raises(StoreError, match="readonly"):
        reader.query("DELETE FROM event")


def test_a_service_has_one_sentence(open_store: OpenStore) -> None:
    power = open_store("power")
    power.publish_status("power", "first")
    power.publish_status("power", "second")
    assert [state.status for state in power.rows(ServiceState)] == ["second"]


def test_a_fault_is_logged_once_until_it_is_over(open_store: OpenStore) -> None:
    power, camera = open_store("power"), open_store("camera")
    assert power.raise_fault("power", BusError("no answer"))
    assert not power.raise_fault("power", BusError("no answer"))
    camera.raise_fault("camera@front", CameraError("gone"))
    assert power.clear_faults("power") == ["bus"]
    assert [fault.source for fault in power.list_open_faults()] == ["camera@front"]
    assert power.raise_fault("power", BusError("again"))


def test_the_tables_have_the_columns_of_their_dataclasses(open_store: OpenStore) -> None:
    store = open_store()
    for table in TABLES:
        info = store.query(f"SELECT name FROM pragma_table_info('{table.name}')")
        assert {row["name"] for row in info} - {"id"} == set(list_columns(table.row)), table.name
        if table.averaged:
            info = store.query(f"SELECT name FROM pragma_table_info('{table.name}_mean')")
            numbers = {row["name"] for row in info} - {"step_s", "at", "rows"}
            assert numbers, table.name
            assert numbers <= {*list_columns(table.row), *LEVEL_SHARES}, table.name


def test_preparing_has_the_newest_step() -> None:
    assert [step.name for step in migrations.unit._migrations][-1] == prepare.NEWEST_STEP


def test_a_database_of_the_first_release_still_opens(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "unit.db"
    prepare.create(path)
    first = Database(path)
    migrations.unit.apply(first, stop_before="m0002_averages")
    known = {column.name for column in first["battery_state"].columns}
    row = rows.encode(filled.battery_state(clock.stamp(), 44.0))
    first["battery_state"].insert({name: row[name] for name in row if name in known})
    first.conn.close()
    assert prepare.prepare_database(path) is None
    after = Store(path, clock)
    state = after.last(BatteryState)
    assert state is not None
    assert state.state_of_charge_pct == 44.0
    assert after.query("SELECT * FROM battery_state_mean") == []


def test_events_of_an_earlier_release_get_the_name_of_their_zone(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "unit.db"
    prepare.create(path)
    earlier = Database(path)
    migrations.unit.apply(earlier, stop_before="m0031_event_lookup")
    rules = ("zone yard: stayed 10 s", "line gate: crossed to the left", "", "zone odd", "others")
    for number, rule in enumerate(rules):
        row = rows.encode(replace(filled.event(clock.stamp(), f"e{number}"), rule=rule))
        earlier["event"].insert({name: row[name] for name in row if name != "zone"})
    earlier.conn.close()
    assert prepare.prepare_database(path) is None
    found = [event.zone for event in Store(path, clock).rows(Event)]
    assert found == ["yard", "gate", "", "odd", ""]
    assert found == [find_zone_name(rule) for rule in rules]


def test_a_database_of_a_later_release_opens_after_a_rollback(
    open_store: OpenStore, clock: FakeClock
) -> None:
    path = open_store().path
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE battery_state ADD COLUMN cycles REAL")
        db.execute("CREATE TABLE of_the_future (x)")
    power = open_store("power")
    power.add(filled.battery_state(clock.stamp()))
    assert power.last(BatteryState) == filled.battery_state(clock.stamp())


@pytest.mark.parametrize("spoil", ["header", "middle", "not a database"])
def test_a_damaged_database_is_set_aside_byte_for_byte(
    open_store: OpenStore, clock: FakeClock, spoil: str
) -> None:
    power = open_store("power")
    power.add(*(filled.reading(clock.stamp(), float(watt)) for watt in range(500)))
    path = power.path
    power.close()
    data = bytearray(path.read_bytes())
    if spoil == "header":
        data[:16] = b"x" * 16
    elif spoil == "middle":
        data[8192:-4096] = os.urandom(len(data) - 12_288)
    else:
        data = bytearray(b"#!/bin/sh\n" * 500)
    path.write_bytes(data)
    first = prepare.prepare_database(path)
    assert first is not None
    assert first.path.name.startswith("unit.db.damaged-")
    assert first.path.read_bytes() == data
    assert str(first.path) in first.text
    path.write_bytes(data)
    second = prepare.prepare_database(path)
    assert second is not None
    assert second.path != first.path, "the first damaged file was overwritten"
    assert Store(path, clock).last(PowerReading) is None


def test_a_process_notices_that_the_file_was_replaced(open_store: OpenStore) -> None:
    store = open_store()
    assert not store.is_replaced()
    store.path.rename(store.path.with_suffix(".aside"))
    assert store.is_replaced()


def test_services_of_other_users_may_write_whatever_the_umask(
    tmp_path: Path, clock: FakeClock
) -> None:
    before = os.umask(0o077)
    try:
        prepare.prepare_database(tmp_path / "unit.db")
        Store(tmp_path / "unit.db", clock, "power").publish_status("power", "works")
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert set(modes.values()) == {0o660}, modes
    assert set(modes) >= {"unit.db", "unit.db.lock"}


def test_a_full_disk_is_reported_and_loses_nothing_that_was_there(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(filled.battery_state(clock.stamp(), 50.0))
    pages = power.query("PRAGMA page_count")[0][0]
    power.query(f"PRAGMA max_page_count={pages + 2}")
    many = [filled.battery_state(clock.stamp(), 51.0) for _ in range(2000)]
    with pytest.raises(StoreError, match=r"full.*check the free space"):
        power.add(*many)
    power.query("PRAGMA max_page_count=1000000")
    assert power.rows(BatteryState, limit=1)[0].state_of_charge_pct == 50.0
    power.add(filled.battery_state(clock.stamp(), 52.0))
    last = power.last(BatteryState)
    assert last is not None
    assert last.state_of_charge_pct == 52.0


def test_a_database_that_is_not_there_is_reported(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(StoreError, match=r"cannot be opened.*the unit's services create it"):
        Store(tmp_path / "unit.db", clock)


def test_a_data_directory_that_cannot_be_is_reported(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file stands in the way")
    with pytest.raises(StoreError, match="data directory"):
        prepare.prepare_database(tmp_path / "data" / "unit.db")


def write_many(path: Path, writer: str, count: int) -> None:
    """In a process of its own: write `count` sentences and as many camera rows."""
    clock = FakeClock()
    prepare.prepare_database(path)
    store = Store(path, clock, writer)
    for number in range(count):
        store.publish_status(writer, f"cycle {number}")
        store.add(
            filled.battery_state(clock.stamp())
            if writer == "power"
            else filled.event(clock.stamp())
        )


def test_two_processes_start_and_write_together(tmp_path: Path) -> None:
    path = tmp_path / "unit.db"
    spawn = multiprocessing.get_context("spawn")
    writers = [
        spawn.Process(target=write_many, args=(path, name, 100)) for name in ("power", "inference")
    ]
    for process in writers:
        process.start()
    for process in writers:
        process.join(60)
    assert [process.exitcode for process in writers] == [0, 0]
    store = Store(path, FakeClock())
    assert len(store.rows(BatteryState)) == len(store.rows(Event)) == 100
    assert find_damage(path) is None
    assert list(tmp_path.glob("*damaged*")) == []


def test_an_event_is_on_disk_when_it_is_acknowledged(open_store: OpenStore) -> None:
    inference, camera = open_store("inference"), open_store("camera")
    now = inference.clock.stamp()
    inference.add(filled.event(now))
    assert inference.query("PRAGMA synchronous")[0][0] == 2, "FULL"
    camera.publish_status("camera@demo", "works")
    assert camera.query("PRAGMA synchronous")[0][0] == 1, "NORMAL"


def test_a_connection_for_a_copy_sees_what_is_not_yet_in_the_main_file(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(filled.battery_state(clock.stamp()))
    db = connect(power.path, read_only=True)
    assert db.execute("SELECT count(*) FROM battery_state").fetchone()[0] == 1
    db.close()
    assert power.last(CameraState) is None


def test_every_table_can_be_listed_in_its_order(open_store: OpenStore) -> None:
    store = open_store()
    for table in TABLES:
        store.rows(table.row, newest_first=True)
    assert store.unreadable.list_tables() == []
