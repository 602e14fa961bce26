"""Cameras of one level, forked from one process: what ends one leaves the others alone."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.errors import ApplianceError
from appliance.model import EnergyLevel
from appliance.process.service import Leave
from appliance.settings import Settings
from appliance.settings_file import load_settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from sensors.camera.group import REHEARSALS, list_cameras, rehearse_stream, watch
from tests.conftest import CLIP, ROOT
from tests.sensors.camera.camera_bench import Bench
from tests.waiting import wait_until

NAMES = ("gate", "yard")


@pytest.fixture
def site(tmp_path: Path) -> Settings:
    lines = [f'[unit]\ndata_dir = "{tmp_path}/data"\nrun_dir = "{tmp_path}/run"']
    lines += [f'[camera.{name}]\nsource = "{CLIP}"' for name in NAMES]
    lines += [f'[camera.road]\nsource = "{CLIP}"\nruns_from = "full"']
    (tmp_path / "data").mkdir()
    (tmp_path / "unit.toml").write_text("\n".join(lines) + "\n")
    settings = load_settings(tmp_path / "unit.toml")
    prepare_database(settings.database)
    return settings


@contextmanager
def running(site: Settings) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "sensors.camera.group", "sentinel"]
    command += ["--settings", str(site.path)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def find_pids(site: Settings) -> dict[str, int]:
    """The process that wrote last that it works, of each camera."""
    found = {}
    for name in NAMES:
        path = site.unit.run_dir / f"camera@{name}.lock"
        words = path.read_text().split() if path.exists() else []
        if words:
            found[name] = int(words[0])
    return found


def test_a_camera_that_crashes_starts_again_alone_and_reports_it(site: Settings) -> None:
    with running(site) as process, closing(Store(site.database, SystemClock())) as store:
        wait_until(lambda: len(find_pids(site)) == 2, "both cameras")
        first = find_pids(site)
        assert len({process.pid, *first.values()}) == 3
        os.kill(first["gate"], signal.SIGSEGV)
        wait_until(lambda: find_pids(site)["gate"] != first["gate"], "the camera again")
        wait_until(lambda: bool(store.list_open_faults()), "its fault")
        (fault,) = store.list_open_faults()
        assert (fault.source, fault.code) == ("camera@gate", "crash")
        assert "its process ended by SIGSEGV" in fault.text
        assert find_pids(site)["yard"] == first["yard"]
        process.terminate()
        assert process.wait(20) == 0
        wait_until(lambda: not is_there(first["yard"]), "the end of the other")


@pytest.mark.parametrize(
    "words", [("sensors.camera", "gate"), ("sensors.camera.group", "full")], ids=lambda one: one[1]
)
def test_a_unit_that_the_settings_no_longer_have_leaves_well_when_it_is_started_again(
    site: Settings, words: tuple[str, str], tmp_path: Path
) -> None:
    """As a restart of all does with those that ran by the settings before."""
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as pid_one:
        pid_one.bind(path)
        pid_one.settimeout(5)
        done = subprocess.run(
            [sys.executable, "-m", *words, "--settings", str(site.path)],
            cwd=ROOT,
            env=os.environ | {"NOTIFY_SOCKET": path},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert pid_one.recv(100) == b"READY=1"
    assert done.returncode == 0
    assert "any more: by the settings there are appliance-cameras@sentinel" in done.stderr
    assert find_pids(site) == {}


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_only_the_cameras_of_its_level_are_in_a_group(site: Settings) -> None:
    assert list_cameras(site, EnergyLevel.SENTINEL) == NAMES
    assert list_cameras(site, EnergyLevel.FULL) == ("road",)


def test_a_camera_whose_parent_is_gone_leaves(bench: Bench) -> None:
    cycle = watch(bench.service, lambda: "works", "", os.getppid())
    assert cycle() == "works"
    with pytest.raises(Leave, match="the process that started this one is gone"):
        watch(bench.service, lambda: "works", "", 1 + os.getppid())()


def test_a_crash_stays_a_fault_for_ten_minutes(bench: Bench) -> None:
    now_s = 0.0
    told: list[ApplianceError] = []
    bench.service.report_fault = told.append  # type: ignore[method-assign, assignment]
    cycle = watch(bench.service, lambda: "works", "it ended", os.getppid(), lambda: now_s)
    cycle()
    assert [one.code for one in told] == ["crash"]
    now_s = 601.0
    cycle()
    assert len(told) == 1


def test_the_rehearsal_decodes_a_stream_and_leaves_no_thread_behind() -> None:
    before = len(list(Path("/proc/self/task").iterdir()))
    assert rehearse_stream() == REHEARSALS
    assert len(list(Path("/proc/self/task").iterdir())) == before
