"""A position over restarts, erased rows, another database and an old backup."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import CameraError
from appliance.model import EnergyLevel
from appliance.settings import Settings
from appliance.store.backup import make_backup
from appliance.store.change_positions import (
    MOST_OPEN,
    NOTHING,
    LostPositionError,
    Position,
    ReadRow,
    parse_position,
    read_position,
)
from appliance.store.changes import MOST_ROWS, read_changes
from appliance.store.event_rows import EventFilter, EventKey, delete_events
from appliance.store.prepare import prepare_database
from appliance.store.retention import retain
from appliance.store.store import Store
from tests.appliance.web.test_web import event
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

rows = st.builds(ReadRow, st.integers(0, 10**17), st.from_regex(r"[0-9a-f]{8}", fullmatch=True))
positions = st.builds(
    Position,
    st.from_regex(r"[0-9a-f]{8}", fullmatch=True),
    rows,
    rows,
    rows,
    st.lists(st.integers(1, 10**17), max_size=MOST_OPEN).map(tuple),
)


@given(positions)
def test_a_position_is_read_as_it_was_written(position: Position) -> None:
    assert parse_position(str(position)) == position


@given(st.text())
def test_any_other_text_is_none(text: str) -> None:
    found = parse_position(text)
    assert found is None or str(found) == text


def restart(store: Store, position: Position) -> Position:
    """What a program has kept as text."""
    kept = parse_position(str(position))
    assert kept is not None
    store.reopen()
    return kept


def test_events_of_before_a_restart_are_not_told_again_and_none_is_left_out(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("inference")
    store.add(event(clock.stamp(), 0))
    position = read_position(store)
    numbers: list[str] = []
    for number in range(1, 2 * MOST_ROWS + 3):
        store.add(event(clock.stamp(), number))
    has_more = True
    while has_more:
        found = read_changes(store, restart(store, position))
        numbers += [one.row.event_id for one in found.events]  # type: ignore[union-attr]
        position, has_more = found.position, found.has_more
    assert numbers == [f"event-{number}" for number in range(1, 2 * MOST_ROWS + 3)]
    assert read_changes(store, position).is_empty


def test_the_end_of_a_fault_is_told_also_of_one_that_was_open_before(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("camera")
    store.raise_fault("camera@demo", CameraError("no picture"))
    position = restart(store, read_position(store))
    clock.set_wall_clock(clock.utc - timedelta(days=400))
    store.clear_faults("camera@demo")
    found = read_changes(store, position)
    assert [one.row_id for one in found.ended] == [1]
    assert (found.begun, found.position.open_faults) == ([], ())
    store.raise_fault("camera@demo", CameraError("no picture again"))
    store.clear_faults("camera@demo")
    store.raise_fault("camera@gate", CameraError("no picture"))
    found = read_changes(store, restart(store, found.position))
    assert [one.row_id for one in found.begun] == [2, 3]
    assert [one.row_id for one in found.ended] == [2]
    assert found.position.open_faults == (3,)


def test_a_level_is_told_when_it_changes_and_a_damaged_one_changes_nothing(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("power")
    full, eco = EnergyLevel.FULL, EnergyLevel.ECO
    store.add(filled.budget(clock.stamp(), full))
    position = read_position(store)
    for level in (full, full, eco, eco, full):
        clock.advance(60)
        store.add(filled.budget(clock.stamp(), level))
    with store.housekeeping() as execute:
        execute("UPDATE energy_budget SET level = 'FXLL' WHERE id IN (3, 5)", ())
        execute("UPDATE energy_budget SET level = x'ff' WHERE id = 2", ())
    found = read_changes(store, restart(store, position))
    assert [(one.row_id, one.before, one.row.level) for one in found.levels] == [  # type: ignore[union-attr]
        (4, full, eco),
        (6, eco, full),
    ]


def test_a_budget_of_the_same_level_is_no_change_and_is_read_once(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("power")
    full, eco = EnergyLevel.FULL, EnergyLevel.ECO
    store.add(filled.budget(clock.stamp(), full))
    first = position = read_position(store)
    told = []
    for level in (full, eco, eco, eco, full, full):
        clock.advance(60)
        store.add(filled.budget(clock.stamp(), level))
        found = read_changes(store, position)
        assert found.position.energy_budget != position.energy_budget
        told += found.levels
        position = found.position
    assert [(one.row_id, one.before) for one in told] == [(3, full), (6, eco)]
    assert read_changes(store, restart(store, first)).levels == told


def test_a_row_that_never_was_is_no_position(open_store: OpenStore, clock: FakeClock) -> None:
    store = open_store("inference")
    store.add(event(clock.stamp(), 1))
    forged = replace(read_position(store), event=ReadRow(10**17, NOTHING))
    with pytest.raises(LostPositionError, match="event"):
        read_changes(store, forged)


def test_what_was_deleted_of_age_is_no_reason_to_begin_anew(
    open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("power")
    store.add(filled.budget(clock.stamp(), EnergyLevel.FULL))
    position = read_position(store)
    clock.advance(5 * 86_400)
    store.add(filled.budget(clock.stamp(), EnergyLevel.ECO))
    retain(store)
    found = read_changes(store, restart(store, position))
    assert [(one.row_id, one.before) for one in found.levels] == [(2, None)]


@pytest.mark.parametrize("later", [0, 1, 2])
def test_after_the_newest_events_were_erased_it_says_so(
    open_store: OpenStore, clock: FakeClock, later: int
) -> None:
    """SQLite gives their numbers to the next ones."""
    store = open_store("inference")
    store.add(event(clock.stamp(), 0), event(clock.stamp(), 1))
    position = read_position(store)
    delete_events(store, EventFilter(EventKey.EVENT, "event-1"), 2, "anna")
    for number in range(later):
        clock.advance(1)
        store.add(event(clock.stamp(), 2 + number))
    with pytest.raises(LostPositionError, match="erased"):
        read_changes(store, restart(store, position))
    assert read_changes(store, read_position(store)).is_empty


def test_a_position_of_another_database_is_refused_also_where_it_was_empty(
    open_store: OpenStore, clock: FakeClock, settings: Settings, tmp_path: Path
) -> None:
    position = read_position(open_store())
    other = tmp_path / "other/unit.db"
    other.parent.mkdir()
    prepare_database(other)
    with closing(Store(other, clock)) as store, pytest.raises(LostPositionError, match="another"):
        read_changes(store, position)


def test_a_position_from_after_a_backup_is_refused_when_that_is_put_back(
    open_store: OpenStore, clock: FakeClock, tmp_path: Path
) -> None:
    store = open_store("power")
    store.raise_fault("power", CameraError("first"))
    copy = make_backup(store, tmp_path)
    store.raise_fault("sensors", CameraError("second"))
    position = read_position(store)
    with closing(Store(copy, clock)) as old, pytest.raises(LostPositionError, match="backup"):
        read_changes(old, position)


def test_a_row_that_cannot_be_read_is_passed_over_once(
    open_store: OpenStore, clock: FakeClock, settings: Settings
) -> None:
    store = open_store("inference")
    position = read_position(store)
    store.add(event(clock.stamp(), 1), event(clock.stamp(), 2), event(clock.stamp(), 3))
    with closing(sqlite3.connect(settings.database)) as db, db:
        db.execute("UPDATE event SET tier = 'no such', at = CAST(x'ff' AS TEXT) WHERE id = 3")
        db.execute("UPDATE event SET last_seen = 7 WHERE id = 1")
    found = read_changes(store, position)
    assert [one.row_id for one in found.events] == [2]
    assert read_changes(store, restart(store, found.position)).is_empty
