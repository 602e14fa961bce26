"""Locks on files (flock): taken within a limit, and who holds one.

    take_lock(handle, path, limit_s=10)    # LockedError names the process that has it

Reads: /proc/locks and the names of processes. Writes: the kernel's lock.
Never: waits without limit.
"""

import fcntl
import os
import time
from pathlib import Path

from appliance.errors import ApplianceError

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
                f"{path} is held by {describe_holder(handle)} for more than {limit_s:g} s; "
                "end that one, or wait until it is done"
            )
        time.sleep(TRY_EVERY_S)


def try_lock(handle: int) -> bool:
    """Take the lock of an open file if nobody has it; returns whether it was taken."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def describe_holder(handle: int) -> str:
    """The process that has the lock of an open file: "process 812 (sleep)"."""
    pid = find_holder(os.fstat(handle).st_ino)
    if pid is None:
        return "a process that cannot be seen from here"
    try:
        return f"process {pid} ({(PROC / str(pid) / 'comm').read_text().strip()})"
    except OSError:
        return f"process {pid}"


def find_holder(inode: int) -> int | None:
    """The process that holds the lock on a file, as the kernel says; None where it is not seen."""
    try:
        lines = (PROC / "locks").read_text().splitlines()
    except OSError:
        return None
    for words in (line.split() for line in lines):
        # 7: FLOCK  ADVISORY  WRITE 14698 fe:00:2146644 0 EOF
        if len(words) > 5 and words[1] == "FLOCK" and words[5].endswith(f":{inode}"):
            return int(words[4]) or None  # 0: of another container
    return None
