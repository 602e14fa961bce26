"""One copy of a service at a time: refused at once, freed by the kernel, never in a guard's way."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.log import SentenceLog
from appliance.process import instance_lock
from appliance.process.instance_lock import (
    BEAT_EVERY_S,
    LIFELESS_S,
    InstanceLock,
    RunningError,
    take,
)
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.settings_text import format_settings
from appliance.store import file_locks
from appliance.store.file_locks import find_holder
from tests.conftest import ROOT, OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.other_program import held_by_another_program
from tests.waiting import wait_until


def test_a_second_copy_learns_who_has_the_lock_and_the_third_gets_it(tmp_path: Path) -> None:
    first = take(tmp_path, "power")
    assert not first.warning
    with pytest.raises(RunningError, match=f"power runs already as process {os.getpid()}: "):
        take(tmp_path, "power")
    first.release()
    assert not take(tmp_path, "power").warning


def test_two_instances_of_a_template_do_not_disturb_each_other(tmp_path: Path) -> None:
    locks = [take(tmp_path, name) for name in ("camera@front", "camera@rear", "camera")]
    assert not any(one.warning for one in locks)


@pytest.mark.parametrize("place", ["missing/run", "file/run"])
def test_a_run_directory_that_is_missing_is_made_and_one_that_cannot_be_is_reported(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_text("")
    warning = take(tmp_path / place, "power").warning
    assert bool(warning) is place.startswith("file")
    assert not warning or "a second copy would not be noticed" in warning


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "power.lock").symlink_to(tmp_path / "unit.toml")
    assert "would not be noticed" in take(tmp_path, "power").warning
    assert not (tmp_path / "unit.toml").exists()


def write_note(path: Path, pid: int, name: str = "power", age_s: float = 0.0) -> None:
    """As the holder of the lock would."""
    lock = InstanceLock(name, _handle=instance_lock.open_lock(path))
    lock.beat()
    note = path.read_text().split()
    note[0], note[3] = str(pid), f"{float(note[3]) - age_s:.1f}"
    path.write_text(" ".join(note))
    lock.release()


def test_another_program_that_holds_the_lock_keeps_no_service_from_starting(tmp_path: Path) -> None:
    take(tmp_path, "power").release()
    with held_by_another_program(tmp_path / "power.lock") as pid:
        warning = take(tmp_path, "power").warning
    assert f"is held by process {pid}, which is no power" in warning


def test_a_program_with_the_words_of_the_service_keeps_it_from_starting_no_more_than_any_other(
    tmp_path: Path,
) -> None:
    with held_by_another_program(tmp_path / "power.lock", "-m", "power") as pid:
        assert f"is held by process {pid}" in take(tmp_path, "power").warning


def test_where_the_kernel_does_not_show_who_holds_it_what_the_holder_wrote_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_locks, "PROC", tmp_path)
    with held_by_another_program(tmp_path / "power.lock"):
        assert "is held by a process that cannot be seen" in take(tmp_path, "power").warning
        write_note(tmp_path / "power.lock", 812)
        with pytest.raises(RunningError, match="runs already as process 812"):
            take(tmp_path, "power")


def test_a_copy_that_has_stood_still_for_long_keeps_nobody_away_and_is_named(
    tmp_path: Path,
) -> None:
    with held_by_another_program(tmp_path / "power.lock") as pid:
        write_note(tmp_path / "power.lock", pid, age_s=LIFELESS_S - 20)
        with pytest.raises(RunningError, match=f"runs already as process {pid}"):
            take(tmp_path, "power")
        write_note(tmp_path / "power.lock", pid, age_s=LIFELESS_S + 20)
        assert f"process {pid} holds" in take(tmp_path, "power").warning


def test_a_copy_that_works_says_so_in_each_cycle(
    tmp_path: Path,
    settings: Settings,
    clock: FakeClock,
    open_store: OpenStore,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock = take(tmp_path, "power")
    before = (tmp_path / "power.lock").read_text().split()
    now_s = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now_s + BEAT_EVERY_S + 1)
    store = open_store("power")
    service = Service("power", settings, clock, store, SentenceLog("power"), lock=lock)
    service.run_once(lambda: "works")
    after = (tmp_path / "power.lock").read_text().split()
    assert float(after[3]) > float(before[3]) + BEAT_EVERY_S
    assert after[:3] == [str(os.getpid()), before[1], "power"]


def test_the_note_of_another_boot_or_another_service_counts_for_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_by_another_program(tmp_path / "power.lock") as pid:
        write_note(tmp_path / "power.lock", pid, "sensors")
        assert "which is no power" in take(tmp_path, "power").warning
        monkeypatch.setattr(instance_lock, "read_boot_id", lambda: "another-boot")
        write_note(tmp_path / "power.lock", pid)
        monkeypatch.undo()
        assert take(tmp_path, "power").warning


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_whoever_makes_the_lock_all_of_the_group_can_take_it(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        take(tmp_path, "power").release()
    finally:
        os.umask(before)
    assert (tmp_path / "power.lock").stat().st_mode & 0o777 == 0o660


def test_a_lock_on_the_same_inode_of_another_file_system_is_not_this_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = tmp_path.stat()
    other = f"{os.major(status.st_dev) + 1:02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    own = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    line = "{}: FLOCK  ADVISORY  WRITE {} {} 0 EOF\n"
    (tmp_path / "locks").write_text(line.format(1, 17, other) + line.format(2, 18, own))
    monkeypatch.setattr(file_locks, "PROC", tmp_path)
    assert find_holder(status) == 18


# --- real processes ------------------------------------------------------------------------------


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Starts a copy of the sensors service."""
    settings.path.write_text(format_settings(replace(settings, camera={})))
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        words = [sys.executable, "-m", "sensors", "--settings", str(settings.path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        started.append(
            subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=environment, cwd=ROOT)
        )
        return started[-1]

    yield begin
    for one in started:
        one.kill()
        one.communicate()


@pytest.mark.processes
def test_of_two_copies_of_a_service_the_second_ends_and_after_a_crash_the_next_one_runs(
    settings: Settings, start: Callable[[], subprocess.Popen[str]]
) -> None:
    lock = settings.unit.run_dir / "sensors.lock"

    def holds(one: subprocess.Popen[str]) -> bool:
        return lock.exists() and find_holder(lock.stat()) == one.pid

    first = start()
    wait_until(lambda: holds(first), "the lock of the first")
    second = start()
    _, reported = second.communicate(timeout=60)
    assert second.returncode == 3
    assert reported.count("\n") == 1
    assert f"another copy of sensors runs already as process {first.pid}" in reported
    first.send_signal(signal.SIGKILL)
    first.wait()
    third = start()
    wait_until(lambda: holds(third), "the lock of the third")


@pytest.mark.processes
def test_a_service_starts_though_another_program_holds_its_lock(
    settings: Settings, start: Callable[[], subprocess.Popen[str]]
) -> None:
    settings.unit.run_dir.mkdir(parents=True)
    with held_by_another_program(settings.unit.run_dir / "sensors.lock"):
        service = start()
        message: list[str] = []
        assert service.stderr
        reader = threading.Thread(target=lambda: message.extend(service.stderr or ()), daemon=True)
        reader.start()
        wait_until(lambda: any("started" in line for line in message), "the service")
        service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0
        reader.join(10)
    assert any("which is no sensors" in line for line in message)
