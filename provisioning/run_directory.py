"""The directory of one run of `make run`: who has it, and which names it can have.

    with claim_directory(path): ...     # another run in it is refused, or its end waited for

Reads: /proc. Writes: `NAME.lock` beside the directory; the directory, empty.
Never: removes what the run before has left: it is kept once.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import HostError, SettingsError
from appliance.store.file_locks import LockedError, begin_file

CONF = "processes.conf"  # supervisord's; its process is known by it
ENDING_S = 40.0  # real seconds for an earlier run whose runner was killed: it stops in order
LONGEST_SOCKET_PATH = 80  # the kernel allows 107 bytes, names included
UNFIT = ('"', "\\", " ;", " #", "\n")  # supervisord's file cannot hold them


def check_name(directory: Path) -> None:
    """Raises `SettingsError` for a name that the process runner's file cannot hold."""
    for sign in UNFIT:
        if sign in str(directory):
            raise SettingsError(
                f"the path {str(directory)!r} holds {sign!r}, which the process runner cannot "
                "take; use another directory"
            )


@contextmanager
def claim_directory(directory: Path) -> Iterator[None]:
    """The directory for this run alone. Raises `HostError` where another run has it."""
    directory = directory.absolute()
    check_name(directory)
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        with begin_file(directory.with_name(f"{directory.name}.lock"), mode=0o666):
            wait_for_end_of_killed_run(directory)
            yield
    except LockedError:
        raise HostError(
            f"another run uses {directory}: stop it (Ctrl-C in its terminal), or name another "
            "directory with --dir and another port with --port"
        ) from None


def wait_for_end_of_killed_run(directory: Path, patience_s: float = ENDING_S) -> None:
    """A runner that was killed leaves its processes for a moment: they end by themselves."""
    ends_s = time.monotonic() + patience_s
    while pids := find_processes(directory / CONF):
        if time.monotonic() > ends_s:
            raise HostError(
                f"processes of an earlier run in {directory} do not end: kill {pids[0]}"
            )
        time.sleep(0.1)


def find_processes(conf: Path) -> list[int]:
    """The process runners with this configuration."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if os.fsencode(conf) in words:
            found.append(int(entry.parent.name))
    return found


def move_aside(directory: Path) -> None:
    """Make an empty directory; what an earlier run left is kept once, as NAME.previous."""
    if directory.exists():
        previous = directory.with_name(f"{directory.name}.previous")
        shutil.rmtree(previous, ignore_errors=True)
        directory.rename(previous)
    directory.mkdir(parents=True)


def make_socket_dir(directory: Path) -> Path:
    """A directory for sockets, elsewhere if the path would be too long for the kernel."""
    inside = directory / "sockets"
    if len(str(inside)) > LONGEST_SOCKET_PATH:
        return Path(tempfile.mkdtemp(prefix="unit-"))
    inside.mkdir()
    return inside
