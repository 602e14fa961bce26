"""access.db: closed to others, whole after kill -9, and in words where it cannot be used."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.access import accounts, door, passwords
from appliance.access.acts import Outcome, begin_act, list_acts
from appliance.access.attempts import list_wrong
from appliance.access.database import AccessError, AccessFile, set_aside
from appliance.access.door import RefusedError
from appliance.access.roles import Origin, Person, Role
from appliance.clock import SystemClock
from tests.conftest import ROOT
from tests.stand_ins.fakes import FakeClock

PIN = "481516"
ANNA = Person("Anna", Role.TECHNICIAN, Origin.NETWORK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "access" / "access.db"


@pytest.fixture
def file(path: Path, clock: FakeClock) -> AccessFile:
    path.parent.parent.mkdir()
    found = AccessFile(path, clock)
    accounts.set_pin(found, passwords.hash_secret(PIN))
    return found


def test_looking_makes_no_file(path: Path, clock: FakeClock) -> None:
    file = AccessFile(path, clock)
    assert accounts.find_pin(file) is None
    assert accounts.list_accounts(file) == []
    assert not path.parent.exists()


def test_it_is_for_one_user_alone_whatever_the_umask(path: Path, clock: FakeClock) -> None:
    path.parent.parent.mkdir()
    before = os.umask(0)
    try:
        accounts.set_pin(AccessFile(path, clock), passwords.hash_secret(PIN))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o660, 0o644, 0o604])
def test_one_that_others_may_open_is_not_used(file: AccessFile, mode: int) -> None:
    file.path.chmod(mode)
    with pytest.raises(AccessError, match="is open to others"):
        door.log_in_by_pin(file, PIN)


def test_a_directory_that_others_may_write_is_not_used(file: AccessFile) -> None:
    file.path.parent.chmod(0o770)
    with pytest.raises(AccessError, match="is open to others"):
        accounts.find_pin(file)


def test_a_link_in_its_place_is_not_followed(file: AccessFile, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    file.path.rename(other)
    file.path.symlink_to(other)
    with pytest.raises(AccessError, match="is a link"):
        accounts.find_pin(file)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_another_service_is_not_used(file: AccessFile) -> None:
    os.chown(file.path, 65_534, -1)
    with pytest.raises(AccessError, match="belongs to somebody else"):
        accounts.find_pin(file)


@pytest.mark.parametrize("data", [b"x", b"x" * 40_000, b"SQLite format 3\0" + b"\xff" * 8000])
def test_a_damaged_one_lets_nobody_in_and_the_command_is_told(
    file: AccessFile, data: bytes
) -> None:
    file.path.write_bytes(data)
    with pytest.raises(AccessError, match="sudo unitctl access mend"):
        door.log_in_by_pin(file, PIN)
    aside = set_aside(file)
    assert aside is not None
    assert (aside / "access.db").read_bytes() == data
    assert accounts.find_pin(file) is None
    accounts.set_pin(file, passwords.hash_secret(PIN))
    assert door.log_in_by_pin(file, PIN)


def test_a_sound_one_is_not_set_aside(file: AccessFile) -> None:
    assert set_aside(file) is None
    assert accounts.find_pin(file) is not None


def test_one_that_another_program_holds_is_told_as_such(
    file: AccessFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.access.database.BUSY_TIMEOUT_MS", 10)
    other = sqlite3.connect(file.path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(AccessError, match="another program holds the database"):
        door.log_in_by_pin(file, PIN)
    other.close()
    assert door.log_in_by_pin(file, PIN)


def test_where_nothing_can_be_recorded_nobody_is_let_in_and_nothing_is_done(
    file: AccessFile, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin_act(file, clock, ANNA, "act", "", {}, Outcome.DONE)
    fill_up(monkeypatch)
    with pytest.raises(AccessError, match="no space left"):
        fill(file, clock)
    assert list_acts(file, 1)[0].outcome == "begun"


def fill(file: AccessFile, clock: FakeClock) -> None:
    for _ in range(200):
        begin_act(file, clock, ANNA, "act", "x" * 200, {"n": "y" * 3000})


def fill_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """No page more than there are: SQLite then answers as on a full disk."""
    open_it = AccessFile._open

    def open_full(self: AccessFile) -> sqlite3.Connection:
        db = open_it(self)
        count = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count={count}")
        return db

    monkeypatch.setattr(AccessFile, "_open", open_full)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_one_is_read_and_nobody_is_let_in(file: AccessFile) -> None:
    file.path.chmod(0o400)
    assert accounts.find_pin(file)
    with pytest.raises(AccessError, match="may not be written"):
        door.log_in_by_pin(file, PIN)


KILLED = """
import os, signal, sys
from pathlib import Path
from appliance.access import attempts, database, door, passwords
from appliance.clock import SystemClock
passwords.matches = door.matches = lambda stored, typed: os.kill(os.getpid(), signal.SIGKILL)
door.log_in_by_pin(database.AccessFile(Path(sys.argv[1]), SystemClock()), "000000")
"""
IN_THE_MIDDLE = """
import os, signal, sys
from pathlib import Path
from appliance.access.database import AccessFile
from appliance.clock import SystemClock
with AccessFile(Path(sys.argv[1]), SystemClock()).write() as db:
    db.execute("PRAGMA cache_size=1")
    db.execute("PRAGMA cache_spill=1")
    for number in range(3000):
        word = str(number) * 200
        db.execute("INSERT INTO token VALUES (?, ?, 'viewer', '')", (str(number), word))
    os.kill(os.getpid(), signal.SIGKILL)
"""


def run_until_killed(program: str, path: Path) -> None:
    command = [sys.executable, "-c", program, str(path)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
def unit_file(path: Path) -> AccessFile:
    """With the clock of this computer, as a process of its own has it."""
    path.parent.parent.mkdir()
    found = AccessFile(path, SystemClock())
    accounts.set_pin(found, passwords.hash_secret(PIN))
    return found


def test_a_try_that_is_killed_in_the_middle_counts_as_a_wrong_one(unit_file: AccessFile) -> None:
    for _ in range(5):
        run_until_killed(KILLED, unit_file.path)
    assert [(key, one.failures) for key, one in list_wrong(unit_file)] == [("pin", 5)]
    with pytest.raises(RefusedError, match="too many wrong tries"):
        door.log_in_by_pin(unit_file, PIN)


def test_a_write_that_is_killed_in_the_middle_is_taken_back_by_whoever_reads(
    unit_file: AccessFile,
) -> None:
    run_until_killed(IN_THE_MIDDLE, unit_file.path)
    assert unit_file.path.with_name("access.db-journal").exists()
    assert accounts.find_pin(unit_file) is not None
    with unit_file.read() as db:
        assert db.execute("SELECT count(*) FROM token").fetchone()[0] == 0


def test_an_act_that_was_killed_in_the_middle_stays_as_begun(
    file: AccessFile, clock: FakeClock
) -> None:
    begin_act(file, clock, ANNA, "door opened", "shed", {})
    assert list_acts(file, 1)[0].outcome == "begun"
