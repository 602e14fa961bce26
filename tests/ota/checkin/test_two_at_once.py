"""Two check-ins at once: the second one ends and says so; no other service can keep it away."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from appliance.log import SentenceLog
from appliance.process import service
from appliance.process.instance_lock import LIFELESS_S, RunningError
from ota.checkin.only_one import NAME, only_one

NOBODY = 65534
LOG = SentenceLog("test")


@pytest.fixture
def unit_toml(tmp_path: Path) -> Path:
    path = tmp_path / "unit.toml"
    path.write_text(
        '[unit]\ndata_dir = "data"\nrun_dir = "run"\n'
        '[update]\ndir = "ota"\nmirrors = ["file:///nowhere"]\n'
    )
    return path


def check_in(path: Path) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-m", "ota.checkin", "--settings", str(path), "--now"]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


def test_a_second_check_in_ends_while_the_first_one_runs(unit_toml: Path) -> None:
    with only_one(unit_toml.parent / "ota", LOG):
        second = check_in(unit_toml)
    assert second.returncode == service.RUNS_ALREADY, second.stderr
    assert "another check-in runs already" in second.stderr
    assert check_in(unit_toml).returncode != service.RUNS_ALREADY


def test_one_that_takes_hours_is_not_taken_for_dead(
    unit_toml: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with only_one(unit_toml.parent / "ota", LOG):
        monkeypatch.setattr(
            "appliance.process.instance_lock.time.monotonic", lambda: monotonic() + 2 * LIFELESS_S
        )
        with pytest.raises(RunningError), only_one(unit_toml.parent / "ota", LOG):
            pass


def test_whoever_may_write_to_the_run_directory_cannot_keep_it_away(unit_toml: Path) -> None:
    (unit_toml.parent / "run").mkdir()
    with (unit_toml.parent / "run" / NAME).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert check_in(unit_toml).returncode != service.RUNS_ALREADY


def test_only_the_updater_may_open_the_lock(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with only_one(tmp_path / "ota", LOG):
            found = (tmp_path / "ota" / NAME).stat()
    finally:
        os.umask(before)
    assert (found.st_mode & 0o777, found.st_uid) == (0o600, os.geteuid())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_what_root_makes_by_hand_is_the_updaters(tmp_path: Path) -> None:
    (tmp_path / "ota").mkdir()
    os.chown(tmp_path / "ota", NOBODY, NOBODY)
    with only_one(tmp_path / "ota", LOG):
        assert (tmp_path / "ota" / NAME).stat().st_uid == NOBODY


def test_a_directory_that_cannot_be_written_stops_no_rollback(tmp_path: Path) -> None:
    (tmp_path / "ota").mkdir()
    (tmp_path / "ota" / NAME).symlink_to("/nowhere")
    with only_one(tmp_path / "ota", LOG):
        pass
