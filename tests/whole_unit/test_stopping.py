"""`make run` is stopped by an impatient person: nothing of the unit stays behind."""

import os
import pty
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from provisioning.run_directory import CONF, claim_directory
from tests.conftest import ROOT
from tests.waiting import wait_until

pytestmark = pytest.mark.processes


def find_running(directory: Path) -> dict[int, str]:
    """The command lines of all processes that name `directory`, by their number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has just ended
        if str(directory) in words and str(os.getpid()) != path.parent.name:
            found[int(path.parent.name)] = words
    return found


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """The directory of a run, in a path with a space; what stays is killed after the test."""
    yield tmp_path / "my unit" / "run"
    for process in find_running(tmp_path):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


def make_command(directory: Path) -> list[str]:
    words = ["-m", "provisioning", "--day", "60s", "--port", "0", "--dir", str(directory)]
    return [sys.executable, *words]


def start_unit(directory: Path, *before: str) -> subprocess.Popen[str]:
    """`make run`, until its unit runs; `before` is what starts it."""
    run = subprocess.Popen(
        [*before, *make_command(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert run.stdout is not None
    wait_until(lambda: "The unit runs" in str(run.stdout and run.stdout.readline()), "the unit")
    assert len(find_running(directory)) > 3
    return run


def wait_for_end(directory: Path) -> None:
    wait_until(lambda: not find_running(directory), "the end of all processes")


def test_signals_that_come_while_it_stops_leave_no_process(directory: Path) -> None:
    run = start_unit(directory)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        run.send_signal(number)
        wait_until(lambda: is_signal_taken(run.pid), "the signal")
    run.communicate(timeout=60)
    wait_for_end(directory)


@pytest.mark.long
def test_with_nohup_it_outlasts_the_terminal_and_is_stopped_by_an_interrupt(
    directory: Path,
) -> None:
    """A shell's script starts what stands in its background with interrupts ignored as well."""
    run = start_unit(directory, "sh", "-c", 'trap "" HUP INT; exec "$@"', "sh")
    for number in (signal.SIGHUP, signal.SIGINT):
        run.send_signal(number)
        wait_until(lambda: is_signal_taken(run.pid), "the signal")
    assert "stopped" in run.communicate(timeout=60)[0], "a closed terminal ends it without a word"
    wait_for_end(directory)


@pytest.mark.long
def test_signals_to_all_processes_at_once_leave_none_and_are_no_error(directory: Path) -> None:
    run = start_unit(directory)
    supervisor = int((directory / CONF).with_name("supervisord.pid").read_text())
    os.kill(supervisor, signal.SIGTERM)
    run.send_signal(signal.SIGINT)
    assert "Traceback" not in run.communicate(timeout=60)[1]
    assert run.returncode == 0
    wait_for_end(directory)


# The tests themselves may have been started with `nohup`.
TAKE_TERMINAL = (
    "import fcntl, os, signal, subprocess, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGHUP, signal.SIG_DFL); "
)
FIRST = {
    "the run itself": TAKE_TERMINAL + "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])",
    "make, which waits for it": TAKE_TERMINAL
    + (
        "signal.signal(signal.SIGHUP, lambda *_: None); "
        "sys.exit(subprocess.call([sys.executable, *sys.argv[1:]]))"
    ),
}


@pytest.mark.long
@pytest.mark.parametrize("first", FIRST)
def test_a_closed_terminal_leaves_no_process(directory: Path, first: str) -> None:
    """The kernel tells only the first process of the session; writing fails from then."""
    master, slave = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-c", FIRST[first], *make_command(directory)[1:]],
        cwd=ROOT,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    shown = bytearray()

    def is_running() -> bool:
        try:
            shown.extend(os.read(master, 4096))
        except OSError:  # no process has this terminal any more
            pytest.fail(f"it ended before it ran: {shown.decode()}")
        return b"The unit runs" in shown

    wait_until(is_running, "the unit")
    os.close(master)
    assert run.wait(60) == 0
    wait_for_end(directory)


@pytest.mark.long
def test_a_killed_runner_leaves_no_process_and_the_next_run_can_begin(directory: Path) -> None:
    run = start_unit(directory)
    run.kill()
    run.communicate(timeout=60)
    with claim_directory(directory):  # waits for what still ends
        wait_for_end(directory)


@pytest.mark.long
def test_a_killed_process_runner_leaves_no_process_and_is_told(directory: Path) -> None:
    run = start_unit(directory)
    supervisor = int((directory / CONF).with_name("supervisord.pid").read_text())
    os.kill(supervisor, signal.SIGKILL)
    assert "the process runner was killed by signal 9" in run.communicate(timeout=60)[1]
    assert run.returncode == 1
    wait_for_end(directory)


def is_signal_taken(pid: int) -> bool:
    """Whether no signal waits for that process, or it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return True
    pending = [line.split()[1] for line in status.splitlines() if line.startswith("ShdPnd")]
    return all(int(bits, 16) == 0 for bits in pending)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv (util-linux)")
@pytest.mark.parametrize("target", ["run", "day"])
def test_a_run_ends_with_the_make_that_started_it(target: str) -> None:
    asked = ["make", "--no-print-directory", "--dry-run", "--old-file=.venv/installed", target]
    shown = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert shown.startswith("setpriv --pdeathsig TERM .venv/bin/python -m provisioning ")
