"""One copy of a service at a time: refused at once, freed by the kernel, never in a guard's way."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.process import instance_lock
from appliance.process.instance_lock import RunningError, take
from appliance.settings import Settings
from appliance.settings_text import format_settings
from appliance.store import file_locks
from appliance.store.file_locks import find_holder
from tests.conftest import ROOT
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


def test_another_program_that_holds_the_lock_keeps_no_service_from_starting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held_by_another_program(tmp_path / "power.lock") as pid:
        monkeypatch.setattr(instance_lock, "read_module", str)
        warning = take(tmp_path, "power").warning
    assert f"is held by process {pid}, which is no power" in warning


def test_where_the_kernel_does_not_show_who_holds_it_the_service_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = take(tmp_path, "power")
    monkeypatch.setattr(file_locks, "PROC", tmp_path)
    assert "is held by a process that cannot be seen" in take(tmp_path, "power").warning
    held.release()


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
