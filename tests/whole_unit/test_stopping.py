"""`make run` is stopped by an impatient person: nothing of the unit stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def list_processes(directory: Path) -> list[str]:
    """The command lines of all processes that name `directory`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if str(directory) in words and str(os.getpid()) != path.parent.name:
            found.append(words)
    return found


def test_signals_that_come_while_it_stops_leave_no_process(tmp_path: Path) -> None:
    directory = tmp_path / "run"
    command = [sys.executable, "-m", "provisioning", "--day", "60s", "--port", "0"]
    run = subprocess.Popen(
        [*command, "--dir", str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    wait_until(lambda: "The unit runs" in str(run.stdout and run.stdout.readline()), "the unit")
    assert len(list_processes(directory)) > 3
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        run.send_signal(number)
        wait_until(lambda: is_signal_taken(run.pid), "the signal")
    run.stdout.close()
    run.wait(60)
    wait_until(lambda: not list_processes(directory), "the end of all processes")


def is_signal_taken(pid: int) -> bool:
    """Whether no signal waits for that process, or it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    pending = [line.split()[1] for line in status.splitlines() if line.startswith("ShdPnd")]
    return all(int(bits, 16) == 0 for bits in pending)
