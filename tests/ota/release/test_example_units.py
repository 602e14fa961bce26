"""The examples of units for a fleet: systemd takes them, and the timer's command alarms in time."""

import shlex
import shutil
from datetime import timedelta
from pathlib import Path

from tests.conftest import ROOT
from tests.ota.release.conftest import Desk
from tests.systemd.unit_text import needs, run

EXAMPLES = ROOT / "docs/examples"
SERVICE, TIMER = "fleet-renew.service", "fleet-renew.timer"
SERVER = "fleet-serve.service"


def find_command() -> list[str]:
    lines = (EXAMPLES / SERVICE).read_text().splitlines()
    [line] = [one for one in lines if one.startswith("ExecStart=")]
    return shlex.split(line.removeprefix("ExecStart="))


@needs("systemd-analyze")
def test_systemd_accepts_them(tmp_path: Path) -> None:
    system, program = tmp_path / "etc/systemd/system", tmp_path / find_command()[0].lstrip("/")
    for directory in (system, program.parent, tmp_path / "usr/lib/systemd/system"):
        directory.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in ("sysinit", "basic", "shutdown", "timers", "multi-user", "network-online"):
        (tmp_path / f"usr/lib/systemd/system/{name}.target").write_text("[Unit]\n")
    for name in (SERVICE, TIMER, SERVER):
        shutil.copy(EXAMPLES / name, system / name)
    for name in (SERVICE, TIMER, SERVER):
        command = ("systemd-analyze", "verify", "--man=no", f"--root={tmp_path}", name)
        done = run(*command)
        assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_its_command_renews_each_day_and_fails_with_a_reason_before_a_role_expires(
    desk: Desk, tmp_path: Path
) -> None:
    words = [one.replace("/srv/", f"{tmp_path}/") for one in find_command()[1:]]
    began = desk.now
    for day in (0, 8, 100, 200):
        desk.now = began + timedelta(days=day)
        assert desk.type(*words).code == 0, day
    desk.now = began + timedelta(days=250)
    answer = desk.type(*words)
    assert answer.code == 1
    assert "targets of the image repository expires in 11" in answer.out
    assert "fleet renew targets" in answer.out
    desk.verify(tmp_path / "www")
