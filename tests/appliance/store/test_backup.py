"""Copies of the database: none torn stays, none of a wrong year passes for the newest."""

import fcntl
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.store import backup
from appliance.store.backup import KEEP, make_backup, remove_torn_copies
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.store.unit_time import record_time
from tests.conftest import ROOT, OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import START, FakeClock

# A backup that stops in the middle, for whoever kills it.
STOPS = """
import sys, time
from pathlib import Path
from appliance.store import backup
from appliance.store.store import Store
from appliance.clock import SystemClock
backup.find_damage = lambda part: print(part, flush=True) or time.sleep(1000)
backup.make_backup(Store(Path(sys.argv[1]), SystemClock()), Path(sys.argv[2]))
"""


def kill_a_backup(database: Path, directory: Path) -> Path:
    """What a backup leaves that is killed before it is done."""
    words = [sys.executable, "-c", STOPS, str(database), str(directory)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=environment) as one:
        assert one.stdout
        part = Path(one.stdout.readline().strip())
        assert remove_torn_copies(directory) == 0, "it is still being made"
        one.send_signal(signal.SIGKILL)
    assert part.exists()
    return part


@pytest.mark.processes
def test_what_a_killed_backup_leaves_goes_at_the_next_start_of_a_service(
    open_store: OpenStore,
) -> None:
    filled.fill(open_store)
    database = open_store().path
    directory = database.parent / backup.DIRECTORY
    others = directory / "unit-holiday.db.part"
    part = kill_a_backup(database, directory)
    others.write_bytes(b"a person's own")
    prepare_database(database)
    assert not part.exists()
    assert others.exists()


@pytest.mark.processes
def test_what_a_killed_backup_leaves_goes_at_the_next_backup(
    open_store: OpenStore, tmp_path: Path
) -> None:
    filled.fill(open_store)
    store = open_store()
    part = kill_a_backup(store.path, tmp_path / "card")
    made = make_backup(store, tmp_path / "card")
    assert [path.name for path in (tmp_path / "card").iterdir()] == [made.name]
    assert not part.exists()


def test_a_persons_own_copy_beside_the_units_is_never_deleted(
    open_store: OpenStore, clock: FakeClock, tmp_path: Path
) -> None:
    copies = tmp_path / "copies"
    copies.mkdir()
    own = [copies / "unit-before-the-moveZ.db", copies / "unit-20260401Z.db"]
    for path in own:
        path.write_bytes(b"a person's own")
    store = open_store("power")
    for _ in range(KEEP + 2):
        clock.advance(86_400)
        make_backup(store, copies)
    assert all(path.exists() for path in own)
    assert len(list(copies.iterdir())) == KEEP + len(own)


def test_of_two_backups_at_once_one_is_reported(open_store: OpenStore, tmp_path: Path) -> None:
    store = open_store()
    part = tmp_path / f"unit-{START:%Y%m%dT%H%M%SZ}.db.part"
    with part.open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match=r"another backup is being made: .*is held by process"):
            make_backup(store, tmp_path)
    assert part.exists()


def test_copies_of_a_wrong_year_do_not_push_out_the_right_ones(
    open_store: OpenStore, clock: FakeClock, tmp_path: Path
) -> None:
    power = open_store("power")
    record_time(power)
    names = []
    for years in (0, 2, 2, 0, 0, 0):
        clock.advance(86_400)
        right = clock.utc
        clock.set_wall_clock(right + timedelta(days=365 * years))
        record_time(power)
        names.append(make_backup(power, tmp_path).name)
        clock.set_wall_clock(right)
    assert sorted(path.name for path in tmp_path.glob("unit-*")) == sorted(names[-KEEP:])


def test_who_may_read_the_database_may_read_its_copy_and_nobody_else(
    open_store: OpenStore, tmp_path: Path
) -> None:
    before = os.umask(0)
    try:
        made = make_backup(open_store(), tmp_path)
    finally:
        os.umask(before)
    assert made.stat().st_mode & 0o777 == 0o640
    assert made.stat().st_gid == open_store().path.stat().st_gid


def test_a_copy_is_a_unit_again(open_store: OpenStore, clock: FakeClock, tmp_path: Path) -> None:
    filled.fill(open_store)
    made = make_backup(open_store(), tmp_path / "copies")
    shutil.copy(made, tmp_path / "unit.db")
    assert prepare_database(tmp_path / "unit.db") is None
    assert len(Store(tmp_path / "unit.db", clock).list_open_faults()) == 0
    with closing(sqlite3.connect(made)) as db:
        assert db.execute("SELECT count(*) FROM event").fetchone()[0] == 1
