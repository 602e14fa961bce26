"""Locks on files (flock): taken within a limit, who holds one, and files that nobody holds.

    take_lock(handle, path, limit_s=10)         # LockedError names the process that has it
    with hold_lock(path, limit_s=10): ...       # of a file that the services share
    with begin_file(part) as handle: ...        # its writer holds the lock of a file in the making
    remove_leftovers(directory.glob("*.part"))  # of writers that were killed

Reads: /proc/locks and the names of processes. Writes: the kernel's lock.
Never: waits without limit, or removes a file that somebody still writes.
"""

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.wording.sentence import say

PROC = Path("/proc")
TRY_EVERY_S = 0.05


class LockedError(ApplianceError):
    """Another process has the lock and kept it."""

    code = "locked"


def take_lock(handle: int, path: Path, limit_s: float) -> None:
    """Take the lock of an open file; raises `LockedError` after `limit_s` real seconds."""
    ends_s = time.monotonic() + limit_s
    while not try_lock(handle):
        if time.monotonic() >= ends_s:
            raise LockedError(
                say(
                    "{path} is held by {holder} for more than {limit_s:g} s; end that one, or "
                    "wait until it is done",
                    path=path,
                    holder=describe_holder(handle),
                    limit_s=limit_s,
                )
            )
        time.sleep(TRY_EVERY_S)


def try_lock(handle: int) -> bool:
    """Take the lock of an open file if nobody has it; returns whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_locked(path: Path) -> bool:
    """Whether somebody has the lock of that file now; not where it is not there."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def hold_lock(path: Path, limit_s: float) -> Iterator[None]:
    """Hold the lock of a file that the services share; raises `LockedError` and `OSError`."""
    handle = open_shared(path)
    try:
        take_lock(handle, path, limit_s)
        yield
    finally:
        os.close(handle)


def open_shared(path: Path) -> int:
    """Open a file, created group-writable whatever the umask: the services are different users."""
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o660)
        os.fchmod(handle, 0o660)
    except FileExistsError:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    return handle


@contextmanager
def begin_file(path: Path, mode: int = 0o640) -> Iterator[int]:
    """A new file and its lock, held until the end; an old one of that name is begun anew.

    Raises `LockedError` where somebody else writes it, and `OSError`.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    try:
        take_lock(handle, path, limit_s=0.0)
        os.truncate(handle, 0)
        yield handle
    finally:
        os.close(handle)


def remove_leftovers(paths: Iterable[Path]) -> int:
    """Remove those of the files that no process holds; returns how many. What cannot be removed
    stays.
    """
    return sum(remove_leftover(path) for path in paths)


def remove_leftover(path: Path) -> bool:
    """Remove a file if no process holds it."""
    with suppress(OSError):
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            if try_lock(handle):
                path.unlink()
                return True
        finally:
            os.close(handle)
    return False


def describe_holder(handle: int) -> str:
    """The process that has the lock of an open file: "process 812 (sleep)"."""
    pid = find_holder(os.fstat(handle))
    if pid is None:
        return say("a process that cannot be seen from here")
    try:
        return say(
            "process {pid} ({command})",
            pid=pid,
            command=(PROC / str(pid) / "comm").read_text().strip(),
        )
    except OSError:
        return say("process {pid}", pid=pid)


def find_holder(status: os.stat_result, kind: str = "FLOCK") -> int | None:
    """The process that holds a lock on a file (from the kernel); None where it is not seen.

    `kind`: of flock ("FLOCK") or of fcntl ("POSIX").
    """
    try:
        lines = (PROC / "locks").read_text().splitlines()
    except OSError:
        return None
    place = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for words in (line.split() for line in lines):
        # 7: FLOCK  ADVISORY  WRITE 14698 fe:00:2146644 0 EOF
        if len(words) > 5 and words[1] == kind and words[5] == place:
            return int(words[4]) or None  # 0: of another container
    return None
