"""Back to a backup: only while nobody has the database open, and nothing of it is lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.model import BatteryState
from appliance.store import restore
from appliance.store.backup import make_backup
from appliance.store.file_format import LOG
from appliance.store.prepare import prepare_database
from appliance.store.restore import restore_backup
from appliance.store.store import Store
from tests.conftest import ROOT, OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

BACKED_UP, SINCE_THEN = 4, 30
OPENS = """
import sys
from pathlib import Path
from appliance.clock import SystemClock
from appliance.store.store import Store
store = Store(Path(sys.argv[1]), SystemClock(), "power")
store.publish_status("power", "works")
print(flush=True)
input()
"""


@contextmanager
def opened_by_a_service(path: Path) -> Iterator[int]:
    """Its process id."""
    words = [sys.executable, "-c", OPENS, str(path)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as one:
        assert one.stdout
        one.stdout.readline()
        yield one.pid
        one.communicate(b"\n")


def count(path: Path, clock: FakeClock) -> int:
    with closing(Store(path, clock)) as store:
        return len(store.rows(BatteryState))


@pytest.fixture
def copy(open_store: OpenStore, clock: FakeClock, tmp_path: Path) -> Path:
    """A backup, and beside it `killed/unit.db` with more rows and the log of a killed unit."""
    power = open_store("power")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(BACKED_UP)))
    made = make_backup(power, tmp_path / "copies")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(SINCE_THEN)))
    shutil.copytree(power.path.parent, tmp_path / "killed")
    return made


@pytest.fixture
def killed(copy: Path, tmp_path: Path) -> Path:
    return tmp_path / "killed/unit.db"


def test_what_was_there_is_kept_with_its_log_and_the_copy_is_the_database(
    copy: Path, killed: Path, clock: FakeClock
) -> None:
    before = {side: Path(f"{killed}{side}").read_bytes() for side in ("", LOG)}
    text = restore_backup(killed, copy)
    assert text.startswith(f"{copy} was restored as {killed}, and is sound; what was there is kept")
    aside = Path(text.rpartition(" ")[2])
    assert {side: Path(f"{aside}{side}").read_bytes() for side in before} == before
    assert prepare_database(killed) is None
    assert count(killed, clock) == BACKED_UP
    assert count(aside, clock) == BACKED_UP + SINCE_THEN
    assert copy.exists()


@pytest.mark.processes
def test_while_a_service_has_it_open_nothing_is_restored_and_the_service_named(
    copy: Path, killed: Path
) -> None:
    with (
        opened_by_a_service(killed) as pid,
        pytest.raises(StoreError, match=rf"is open in process {pid}: stop the unit first"),
    ):
        restore_backup(killed, copy)
    assert not list(killed.parent.glob("*.replaced-*"))
    assert "restored" in restore_backup(killed, copy)


def test_a_restore_that_is_cut_off_leaves_the_old_database_or_the_copy(
    copy: Path, killed: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The power goes when the copy has its name, and the old log still lies there."""

    def cut_off(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(restore, "move_side_files", cut_off)
    with pytest.raises(KeyboardInterrupt):
        restore_backup(killed, copy)
    aside = prepare_database(killed)
    assert aside is not None
    assert "its own" in aside.text
    assert count(killed, clock) == BACKED_UP


def test_a_full_disk_leaves_the_database_as_it_is(
    copy: Path, killed: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", fail)
    with pytest.raises(StoreError, match=r"was not restored.*No space left.*free space"):
        restore_backup(killed, copy)
    assert sorted(path.name for path in killed.parent.glob("*rest*")) == []
    assert count(killed, clock) == BACKED_UP + SINCE_THEN


def test_where_there_is_no_database_the_copy_becomes_it(
    copy: Path, tmp_path: Path, clock: FakeClock
) -> None:
    (tmp_path / "new").mkdir()
    assert restore_backup(tmp_path / "new/unit.db", copy).endswith("and is sound")
    assert count(tmp_path / "new/unit.db", clock) == BACKED_UP


def test_what_is_no_backup_is_refused(copy: Path, killed: Path, tmp_path: Path) -> None:
    text, other, torn = tmp_path / "text.db", tmp_path / "other.db", tmp_path / "torn.db"
    text.write_text("no database")
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE songs (title)")
    content = copy.read_bytes()
    torn.write_bytes(content[: len(content) // 2])
    for file, why in {
        text: "is no database; name",
        other: "is no database of a unit",
        torn: "is damaged",
        tmp_path / "missing.db": "is no database; name",
        killed: "is the database itself",
    }.items():
        with pytest.raises(StoreError, match=why):
            restore_backup(killed, file)
    with pytest.raises(StoreError, match="no finished copy"):
        restore_backup(copy.with_name("elsewhere.db"), killed)
