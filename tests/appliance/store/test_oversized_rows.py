"""A row with a value that would fill the memory is passed over by every reader, and reported."""

import sqlite3
import tracemalloc
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.model import BatteryState, EnergyLevel, EnergyPolicy, Fault, PowerReading
from appliance.store.pages import export_rows
from appliance.store.retention import retain
from appliance.store.row_search import MOST_OVERSIZED
from appliance.store.sqlite_files import MOST_VALUE_BYTES
from appliance.store.store import Store
from appliance.store.tables import BY_ROW
from appliance.store.whole_check import find_damage
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.scenes.damaged_rows import a_policy
from tests.stand_ins.fakes import FakeClock

HUGE_BYTES = 30_000_000


def make_huge(path: Path, table: str, column: str, where: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute(f"UPDATE {table} SET {column} = zeroblob({HUGE_BYTES}) WHERE {where}")
        db.commit()


@pytest.fixture
def power(open_store: OpenStore, clock: FakeClock) -> Store:
    """A store with five states of the battery of which the last and the second are too large."""
    store = open_store("power")
    for _ in range(5):
        store.add(filled.battery_state(clock.stamp()))
        clock.advance(20)
    make_huge(store.path, "battery_state", "method", "id IN (2, 5)")
    return store


def test_a_row_that_is_too_large_is_passed_over_and_named(power: Store, clock: FakeClock) -> None:
    found = power.last(BatteryState)
    assert found is not None
    assert clock.age_s(found.stamp) == 40
    assert len(power.rows(BatteryState)) == 3
    assert len(power.rows(BatteryState, limit=2, newest_first=True)) == 2
    assert power.before(BatteryState, clock.stamp().utc) == found
    told = power.unreadable.describe() or ""
    assert "2 rows of battery_state (the first: 2, its value of more than 1 MB)" in told


def test_what_is_too_large_is_never_in_memory(power: Store) -> None:
    tracemalloc.start()
    try:
        power.last(BatteryState)
        power.rows(BatteryState)
        find_damage(power.path)
        assert tracemalloc.get_traced_memory()[1] < HUGE_BYTES / 4
    finally:
        tracemalloc.stop()


def test_a_plan_that_is_too_large_is_none_and_the_one_before_it_is_read(
    open_store: OpenStore, clock: FakeClock
) -> None:
    plan = open_store("plan")
    plan.add(a_policy(clock.stamp()))
    plan.add(a_policy(clock.stamp()))
    make_huge(plan.path, "energy_policy", "worth", "id = 2")
    assert open_store("power").last(EnergyPolicy) == a_policy(clock.stamp())
    make_huge(plan.path, "energy_policy", "worth", "1")
    assert open_store("power").last(EnergyPolicy) is None


def test_an_id_that_is_used_again_is_read_again(power: Store, clock: FakeClock) -> None:
    power.last(BatteryState)
    with closing(sqlite3.connect(power.path)) as db:
        db.execute("UPDATE battery_state SET method = 'counted'")
        db.commit()
    assert len(power.rows(BatteryState)) == 5


def test_an_export_has_all_other_rows(power: Store, clock: FakeClock) -> None:
    since = clock.stamp().utc - timedelta(days=1)
    rows = list(export_rows(power, BY_ROW[BatteryState], since))
    assert [row["id"] for row in rows] == [1, 3, 4]
    assert set(rows[0]) == set(power.query("SELECT * FROM battery_state WHERE id = 1")[0].keys())


def test_retention_goes_on_beside_rows_that_are_too_large(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    for _ in range(3):
        power.add(filled.reading(clock.stamp()))
    for row_id, column in ((1, "pv_power_w"), (2, "at")):
        make_huge(power.path, "power_reading", column, f"id = {row_id}")
    clock.advance(3 * 86_400)
    power.add(filled.reading(clock.stamp()))
    retain(power)
    assert [row["rows"] for row in power.query("SELECT rows FROM power_reading_mean")] == [1, 1]
    assert len(power.query("SELECT id FROM power_reading")) == 1, "too large, and too old"
    assert power.last(PowerReading) is not None


def test_what_is_too_large_is_not_stored(power: Store, clock: FakeClock) -> None:
    with pytest.raises(StoreError, match="larger than any that a unit stores"):
        power.add(Fault(clock.stamp(), "bus", "power", "x" * (MOST_VALUE_BYTES + 1), None))
    power.add(filled.budget(clock.stamp(), EnergyLevel.ECO))


def test_a_table_of_rows_that_are_too_large_is_unreadable_and_ends_nothing(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    for _ in range(MOST_OVERSIZED + 1):
        power.add(filled.battery_state(clock.stamp()))
    text = "x" * (MOST_VALUE_BYTES + 1)
    with closing(sqlite3.connect(power.path)) as db:
        db.execute("UPDATE battery_state SET method = ?", (text,))
        db.commit()
    assert power.last(BatteryState) is None
    assert "value of more than 1 MB" in (power.unreadable.describe() or "")
