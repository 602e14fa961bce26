"""One copy of a service at a time: a lock on a file in the run directory.

    lock = take(settings.unit.run_dir, "camera@front")   # keep it: the kernel frees it at the end

Reads: /proc, to see who holds a lock. Writes: an empty file NAME.lock, and the kernel's lock on it.
Never: waits, and never keeps a service from starting but for a living copy of itself: where the
directory cannot be written, or another program holds the lock, it goes on and says so. A guard
without a lock is better than no guard.
"""

import fcntl
import os
from dataclasses import dataclass, field
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.store.file_locks import PROC, find_holder


class RunningError(ApplianceError):
    """Another copy of this service runs."""

    code = "running"


@dataclass
class InstanceLock:
    """Held until the process ends. `warning` is why no copy would be noticed, "" where it would."""

    warning: str = ""
    _handle: int = field(default=-1, repr=False)

    def release(self) -> None:
        """Give the lock back before the process ends."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


def take(directory: Path, name: str) -> InstanceLock:
    """Take the lock of the service `name`; raises `RunningError` where a copy of it runs."""
    path = directory / f"{name}.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o660)
    except OSError as error:
        return InstanceLock(f"a second copy would not be noticed: {path}: {error.strerror}")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = find_holder(os.fstat(handle))
        os.close(handle)
        if holder is not None and is_copy(holder):
            raise RunningError(
                f"another copy of {name} runs already as process {holder}: this one ends; "
                f"stop that one first (`kill {holder}`, or `systemctl stop` its unit)"
            ) from None
        whose = f"process {holder}" if holder else "a process that cannot be seen"
        return InstanceLock(
            f"a second copy would not be noticed: {path} is held by {whose}, which is no {name}"
        )
    return InstanceLock(_handle=handle)


def is_copy(pid: int) -> bool:
    """Whether a process runs the same module as this one (`python -m MODULE`)."""
    return read_module(pid) == read_module(os.getpid())


def read_module(pid: int) -> str:
    """The module that a process runs, or its program; "" where that cannot be seen."""
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return f"unseen {pid}"
    return words[words.index("-m") + 1] if "-m" in words[:-1] else words[0]
