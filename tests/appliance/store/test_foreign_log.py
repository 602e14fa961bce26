"""A log beside a file that is not its own: the file stays as it is, the log is kept by name."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.model import BatteryState
from appliance.store import prepare
from appliance.store.backup import make_backup
from appliance.store.file_format import LOG, count_missing_pages, read_header
from appliance.store.log_owner import is_log_foreign
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.store.whole_check import find_damage, forget_check
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

BACKED_UP, SINCE_THEN = 40, 300


class KilledUnit:
    """A unit that made a backup, went on, and was killed: its log lies beside its file."""

    def __init__(self, open_store: OpenStore, clock: FakeClock, tmp_path: Path) -> None:
        power = open_store("power")
        self._clock = clock
        self.path = tmp_path / "killed" / "unit.db"
        power.add(*(filled.battery_state(clock.stamp()) for _ in range(BACKED_UP)))
        self.backup = make_backup(power, tmp_path / "copies")
        power.add(*(filled.battery_state(clock.stamp()) for _ in range(SINCE_THEN)))
        # With its directory: as one that was copied to another disk.
        shutil.copytree(power.path.parent, self.path.parent)
        forget_check(self.path)
        self.log = Path(f"{self.path}{LOG}")
        self.log_bytes = self.log.read_bytes()

    def count(self) -> int:
        with closing(Store(self.path, self._clock)) as store:
            return len(store.rows(BatteryState))


@pytest.fixture
def unit(open_store: OpenStore, clock: FakeClock, tmp_path: Path) -> KilledUnit:
    return KilledUnit(open_store, clock, tmp_path)


def put_back(unit: KilledUnit) -> None:
    os.replace(unit.backup, unit.path)


def copy_back(unit: KilledUnit) -> None:
    shutil.copyfile(unit.backup, unit.path)


@pytest.mark.parametrize("restore", [put_back, copy_back])
def test_a_backup_put_back_beside_the_log_of_a_killed_unit_is_whole(
    unit: KilledUnit, restore: Callable[[KilledUnit], None]
) -> None:
    restore(unit)
    aside = prepare_database(unit.path)
    assert aside is not None
    assert "the file was exchanged" in aside.text
    assert Path(f"{aside.path}{LOG}").read_bytes() == unit.log_bytes
    assert unit.count() == BACKED_UP
    assert find_damage(unit.path) is None


def test_a_directory_that_was_copied_as_a_whole_keeps_its_log(unit: KilledUnit) -> None:
    assert prepare_database(unit.path) is None
    assert unit.count() == BACKED_UP + SINCE_THEN


def test_a_check_copies_no_log_into_a_backup_put_back(unit: KilledUnit) -> None:
    put_back(unit)
    content = unit.path.read_bytes()
    assert find_damage(unit.path)
    assert unit.path.read_bytes() == content
    assert unit.log.read_bytes() == unit.log_bytes


@pytest.mark.parametrize("writer", ["power", None])
def test_who_comes_before_the_services_is_told_to_start_one(
    unit: KilledUnit, clock: FakeClock, writer: str | None
) -> None:
    put_back(unit)
    with pytest.raises(StoreError, match="start a service of the unit"):
        Store(unit.path, clock, writer)
    assert unit.log.read_bytes() == unit.log_bytes


def test_a_copy_of_an_earlier_start_is_known_as_another_file(
    unit: KilledUnit, clock: FakeClock, tmp_path: Path
) -> None:
    prepare_database(unit.path)
    by_hand = tmp_path / "by-hand.db"
    shutil.copyfile(unit.path, by_hand)
    with closing(Store(unit.path, clock, "power")):
        pass
    prepare_database(unit.path)  # the next start
    power = Store(unit.path, clock, "power")
    power.add(filled.battery_state(clock.stamp()))
    assert not is_log_foreign(unit.path)
    shutil.copyfile(by_hand, unit.path)
    assert is_log_foreign(unit.path)


def test_a_log_with_which_a_sound_file_is_damaged_goes_without_the_file(unit: KilledUnit) -> None:
    Path(f"{unit.path}.session").unlink()
    copy_back(unit)
    content = unit.path.read_bytes()
    aside = prepare_database(unit.path)
    assert aside is not None
    assert "without it the file is sound" in aside.text
    assert Path(f"{aside.path}{LOG}").read_bytes() == unit.log_bytes
    assert content[4096:] == unit.path.read_bytes()[4096 : len(content)]
    assert unit.count() == BACKED_UP


@pytest.mark.parametrize("size", [100, 40_960])
def test_zeros_over_the_file_leave_its_log_as_it_is(unit: KilledUnit, size: int) -> None:
    unit.path.write_bytes(bytes(size))
    aside = prepare_database(unit.path)
    assert aside is not None
    assert "was no database" in aside.text
    assert aside.path.read_bytes() == bytes(size)
    assert Path(f"{aside.path}{LOG}").read_bytes() == unit.log_bytes


def test_a_file_cut_to_its_half_beside_its_log_is_found_at_the_same_start(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(2000)))
    power.query("PRAGMA wal_checkpoint(TRUNCATE)")
    power.add(filled.battery_state(clock.stamp()))
    os.truncate(power.path, power.path.stat().st_size // 2)
    aside = prepare_database(power.path)
    assert aside is not None
    assert "pages of" in aside.text
    assert "missing" in aside.text


def test_pages_that_are_still_in_the_log_are_not_missing(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(500)))
    header = read_header(power.path)
    assert header is not None
    assert count_missing_pages(power.path, header) == 0
    assert prepare_database(power.path) is None


@pytest.mark.parametrize("has_log", [True, False])
def test_a_link_to_a_disk_that_is_not_mounted_is_left_and_named(
    unit: KilledUnit, tmp_path: Path, has_log: bool
) -> None:
    unit.path.unlink()
    unit.path.symlink_to(tmp_path / "disk/unit.db")
    if not has_log:
        unit.log.unlink()
    with pytest.raises(StoreError, match=r"is a link to .*disk/unit.db, which is not there: mount"):
        prepare_database(unit.path)
    assert unit.path.is_symlink()
    assert unit.log.exists() is has_log


def test_a_copy_that_is_put_back_works_with_a_log_again(unit: KilledUnit) -> None:
    put_back(unit)
    prepare_database(unit.path)
    with closing(sqlite3.connect(unit.path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_a_visitor_at_the_birth_of_the_next_database_does_not_make_its_log_foreign(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever looks keeps the log open, so that the new file has no number of its own yet."""
    path = tmp_path / "unit.db"
    prepare_database(path)
    path.write_bytes(b"this is not a database any more" * 100)
    visitors = []
    migrate = prepare.migrate

    def look_and_migrate(at: Path) -> None:
        visitors.append(sqlite3.connect(at))
        visitors[-1].execute("SELECT count(*) FROM sqlite_master").fetchone()
        migrate(at)

    monkeypatch.setattr(prepare, "migrate", look_and_migrate)
    assert prepare_database(path) is not None
    assert visitors
    for _ in range(3):
        assert prepare_database(path) is None
    visitors[0].close()
