"""Before a service opens the database: waits have a limit, checks are rare, nothing is lost."""

import errno
import fcntl
import os
import re
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from appliance.errors import StoreError
from appliance.model import BatteryState
from appliance.store import prepare, whole_check
from appliance.store.connection import BUSY_TIMEOUT_MS
from appliance.store.prepare import LOCK_S, describe_refusal, prepare_database
from appliance.store.store import Store
from appliance.store.whole_check import CHECK_S, find_damage, forget_check, is_checked
from tests.conftest import ROOT, OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.other_program import held_by_another_program


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[float | None]:
    """The limit of each check of the whole file from here on."""
    found: list[float | None] = []

    def count(path: Path, limit_s: float | None = None) -> str | None:
        found.append(limit_s)
        return find_damage(path, limit_s)

    monkeypatch.setattr(prepare, "find_damage", count)
    return found


def test_a_lock_that_another_program_keeps_is_waited_for_within_a_limit_and_its_holder_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prepare, "LOCK_S", 0.1)
    path = tmp_path / "unit.db"
    told: list[str] = []

    def prepare_it() -> None:
        try:
            prepare_database(path)
        except StoreError as error:
            told.append(str(error))

    with held_by_another_program(Path(f"{path}.lock")) as pid:
        waiting = threading.Thread(target=prepare_it, daemon=True)
        waiting.start()
        waiting.join(60)
        assert not waiting.is_alive(), "it waits without limit"
    assert re.search(rf"lock is held by process {pid} \(\w+.*\) for more than", told[0])
    assert prepare_database(path) is None


def test_the_limit_of_the_wait_is_the_documented_one() -> None:
    text = " ".join((ROOT / "docs/units.md").read_text().split())
    assert f"prepared under a lock beside it, for which it waits at most {LOCK_S:g} s" in text


def test_a_row_that_a_newer_release_refuses_is_told_with_what_to_do(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    with closing(sqlite3.connect(power.path)) as db:
        db.execute("DROP TABLE battery_state")
        db.execute(
            "CREATE TABLE battery_state (id INTEGER PRIMARY KEY, at, boot_id, uptime_s, "
            "state_of_charge_pct, sigma_pct, energy_wh, capacity_wh, time_to_go_s, charge_blocked, "
            "method, full_at, resistance_ohm, added_later TEXT NOT NULL)"
        )
    with pytest.raises(StoreError, match=r"a newer release.*`unitctl backup --restore BACKUP`"):
        power.add(filled.battery_state(clock.stamp()))


def test_of_twelve_services_that_start_one_checks_the_whole_file(
    open_store: OpenStore, checks: list[float | None]
) -> None:
    open_store("power").add(filled.battery_state(open_store("power").clock.stamp()))
    path = open_store().path
    forget_check(path)
    checks.clear()
    services = [open_store("power") for _ in range(12)]
    for service in services:
        service.publish_status("power", "works")
    assert checks == [CHECK_S]
    for service in services:
        service.close()
    assert prepare_database(path) is None
    assert checks == [CHECK_S], "a clean end needs no check"


def test_a_new_boot_checks_once(
    open_store: OpenStore, checks: list[float | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = open_store("power").path
    checks.clear()
    monkeypatch.setattr(whole_check, "read_boot_id", lambda: "another-boot")
    for _ in range(3):
        prepare_database(path)
    assert checks == [CHECK_S]


def test_a_file_that_changed_while_nobody_had_it_open_is_checked(
    open_store: OpenStore, checks: list[float | None]
) -> None:
    store = open_store("power")
    store.close()
    checks.clear()
    assert is_checked(store.path)
    with store.path.open("r+b") as file:
        file.seek(0, os.SEEK_END)
        file.write(b"x")
    prepare_database(store.path)
    assert checks == [CHECK_S]


def test_damage_that_is_met_at_work_has_the_next_start_check(open_store: OpenStore) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(power.clock.stamp()) for _ in range(500)))
    power.query("PRAGMA wal_checkpoint(TRUNCATE)")
    power.publish_status("power", "works")
    root = power.query("SELECT rootpage FROM sqlite_master WHERE name = 'battery_state'")[0][0]
    with power.path.open("r+b") as file:
        file.seek((root - 1) * 1024)
        file.write(os.urandom(1024))
    assert is_checked(power.path), "nobody has met it yet"
    assert prepare_database(power.path) is None
    fresh = Store(power.path, power.clock)
    with pytest.raises(StoreError, match=r"damaged; the next start of a service sets it aside"):
        fresh.rows(BatteryState)
    fresh.close()
    power.close()
    aside = prepare_database(power.path)
    assert aside is not None
    assert "was damaged" in aside.text


def test_a_check_that_takes_too_long_ends_and_what_was_seen_counts(open_store: OpenStore) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(power.clock.stamp()) for _ in range(20_000)))
    assert find_damage(power.path, limit_s=0.0) is None


def truncate_beside_its_log(path: Path, *, missing: bool) -> None:
    """The file goes and its log stays, as after a copy that failed, or a wrong `rm`."""
    log, kept = Path(f"{path}-wal"), path.with_name("kept")
    log.rename(kept)
    path.unlink()
    if not missing:
        path.touch()
    kept.rename(log)
    Path(f"{path}-shm").unlink(missing_ok=True)


@pytest.mark.parametrize("missing", [True, False])
def test_a_log_without_its_file_is_kept_by_name_and_reported(
    open_store: OpenStore, clock: FakeClock, missing: bool
) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(50)))
    log = Path(f"{power.path}-wal").read_bytes()
    assert log
    truncate_beside_its_log(power.path, missing=missing)
    aside = prepare_database(power.path)
    assert aside is not None
    assert Path(f"{aside.path}-wal").read_bytes() == log
    assert ("was missing" if missing else "was empty") in aside.text
    assert f"{aside.path}-wal" in aside.text
    assert Store(power.path, clock).rows(BatteryState) == []


@pytest.mark.parametrize("missing", [True, False])
def test_a_log_that_holds_everything_gives_everything_back(
    open_store: OpenStore, clock: FakeClock, missing: bool
) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(50)))
    power.query("PRAGMA wal_autocheckpoint=0")
    power.query("VACUUM")  # writes each page into the log
    truncate_beside_its_log(power.path, missing=missing)
    aside = prepare_database(power.path)
    assert aside is not None
    assert "all that was in it was recovered" in aside.text
    assert len(Store(power.path, clock).rows(BatteryState)) == 50
    assert find_damage(power.path) is None


def test_what_keeps_the_database_busy_is_not_the_disk(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.query(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS // 100}")
    with closing(sqlite3.connect(power.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program holds the database") as refused:
            power.add(filled.battery_state(clock.stamp()))
    assert "free space" not in str(refused.value)
    assert "permissions" not in str(refused.value)


def test_an_update_of_the_shape_that_meets_another_program_says_so(tmp_path: Path) -> None:
    path = tmp_path / "unit.db"
    prepare.create(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="another program holds the database") as refused:
            prepare.migrate(path)
    assert "free space" not in str(refused.value)


def test_the_lock_is_free_after_a_start(tmp_path: Path) -> None:
    prepare_database(tmp_path / "unit.db")
    with (tmp_path / "unit.db.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_file_that_may_not_be_opened_is_named_and_not_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "unit.db"
    path.touch()
    refused = PermissionError(errno.EACCES, "Permission denied", str(path))
    assert describe_refusal(path, refused).startswith(f"{path} cannot be opened: Permission denied")
    in_the_way = FileExistsError(errno.EEXIST, "File exists", str(path))
    said = describe_refusal(path / "unit.db", in_the_way)
    assert said.startswith(f"the data directory {path} cannot be written: File exists")
    full = OSError(errno.ENOSPC, "No space left on device", str(tmp_path / "unit.db.lock"))
    assert describe_refusal(path, full).startswith(f"the data directory {tmp_path} cannot be")
