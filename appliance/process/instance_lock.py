"""One copy of a service at a time: a lock on a file in the run directory.

    lock = take(settings.unit.run_dir, "camera@front")   # keep it: the kernel frees it at the end
    lock.beat()                                          # in each cycle: the copy still works

Reads: /proc/locks, to see who holds a lock. Writes: NAME.lock (who holds it, and when that copy
last worked) and the kernel's lock on it.
Never: waits for more than a second, and never keeps a service from starting but for a working copy
of itself: where the directory cannot be written, another program holds the lock, or the copy has
stood still for longer than the guard's watchdog allows, it goes on and says so. A second guard
gives the same orders as the first; no guard gives none.
"""

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from appliance.clock import BOOT_ID
from appliance.errors import ApplianceError
from appliance.store.file_locks import find_holder, try_lock
from appliance.wording.sentence import say

LIFELESS_S = 150.0  # real seconds; the watchdog of the power service is 120 s
BEAT_EVERY_S = 10.0
NOTE_BYTES = 200
TRIES, TRY_EVERY_S = 10, 0.05  # a copy that starts at this moment has the lock before its note


class RunningError(ApplianceError):
    """Another copy of this service runs."""

    code = "running"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who wrote that it holds the lock. `worked_s`: CLOCK_MONOTONIC, one for all processes."""

    pid: int
    boot_id: str
    name: str
    worked_s: float

    def works(self, name: str, locked_by: int | None) -> bool:
        """Whether this is a working copy of `name`; `locked_by` is who has the kernel's lock."""
        return (
            self.name == name
            and self.boot_id == read_boot_id()
            and locked_by in (None, self.pid)
            and 0 <= time.monotonic() - self.worked_s <= LIFELESS_S
        )


@dataclass
class InstanceLock:
    """Held until the process ends. `warning` is why no copy would be noticed, "" where it would."""

    name: str = ""
    warning: str = ""
    _handle: int = field(default=-1, repr=False)
    _beat_s: float = field(default=float("-inf"), repr=False)

    def beat(self) -> None:
        """Note that this copy works; what cannot be written is left."""
        now_s = time.monotonic()
        if self._handle < 0 or now_s - self._beat_s < BEAT_EVERY_S:
            return
        self._beat_s = now_s
        note = f"{os.getpid()} {read_boot_id()} {self.name} {now_s:.1f}\n"
        with suppress(OSError):
            os.pwrite(self._handle, note.encode().ljust(NOTE_BYTES), 0)

    def release(self) -> None:
        """Give the lock back before the process ends."""
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = -1


def take(directory: Path, name: str) -> InstanceLock:
    """Take the lock of the service `name`; raises `RunningError` where a copy of it works."""
    path = directory / f"{name}.lock"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        handle = open_lock(path)
    except OSError as error:
        return InstanceLock(
            name,
            say(
                "a second copy would not be noticed: {path}: {cause}",
                path=path,
                cause=error.strerror,
            ),
        )
    for _ in range(TRIES):
        if try_lock(handle):
            lock = InstanceLock(name, _handle=handle)
            lock.beat()
            return lock
        locked_by, holder = find_holder(os.fstat(handle)), read_holder(handle)
        if holder is not None and holder.works(name, locked_by):
            os.close(handle)
            raise RunningError(
                f"another copy of {name} runs already as process {holder.pid}: this one ends; "
                f"stop that one first (`kill {holder.pid}`, or `systemctl stop` its unit)"
            )
        time.sleep(TRY_EVERY_S)
    os.close(handle)
    return InstanceLock(name, describe_stranger(path, name, locked_by, holder))


def open_lock(path: Path) -> int:
    """Open the file for whoever may: root by hand and the service's user lock the same one."""
    flags = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
    with suppress(FileExistsError):
        handle = os.open(path, flags | os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o660)
        os.fchmod(handle, 0o660)  # whatever the umask
        with suppress(PermissionError):
            os.fchown(handle, -1, path.parent.stat().st_gid)
        return handle
    try:
        return os.open(path, flags | os.O_RDWR)
    except PermissionError:
        return os.open(path, flags | os.O_RDONLY)  # enough for the kernel's lock


def read_holder(handle: int) -> Holder | None:
    """Who wrote that it holds the lock; None where nobody did."""
    try:
        pid, boot_id, name, worked_s = os.pread(handle, NOTE_BYTES, 0).decode().split()
        return Holder(int(pid), boot_id, name, float(worked_s))
    except (OSError, ValueError):
        return None


def find_worked_s(directory: Path, name: str, pid: int) -> float | None:
    """When the copy of `name` with this pid last noted that it works (CLOCK_MONOTONIC); None where
    it has not.
    """
    try:
        handle = os.open(directory / f"{name}.lock", os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        holder = read_holder(handle)
    finally:
        os.close(handle)
    is_it = holder is not None and (holder.pid, holder.boot_id) == (pid, read_boot_id())
    return holder.worked_s if holder is not None and is_it else None


def describe_stranger(path: Path, name: str, locked_by: int | None, holder: Holder | None) -> str:
    """Why a lock that is held keeps nobody from starting."""
    if holder and holder.name == name and locked_by in (None, holder.pid):
        return say(
            "process {pid} holds {path} and has not worked for {lifeless_s:g} s: this copy "
            "of {name} works in its place; end that one (`kill -9 {pid}`)",
            pid=holder.pid,
            path=path,
            lifeless_s=LIFELESS_S,
            name=name,
        )
    whose = (
        say("process {locked_by}", locked_by=locked_by)
        if locked_by
        else say("a process that cannot be seen")
    )
    return say(
        "a second copy would not be noticed: {path} is held by {whose}, which is no {name}",
        path=path,
        whose=whose,
        name=name,
    )


def read_boot_id() -> str:
    """The kernel's id of this boot; "-" where it shows none."""
    try:
        return BOOT_ID.read_text().strip() or "-"
    except OSError:
        return "-"
