"""One check-in at a time: a lock that no other service can take.

    with only_one(settings.update.dir, log): ...     # RunningError where another one runs

Reads: /proc/locks, to name who holds it. Writes: checkin.lock in the update directory, and the
kernel's lock on it.
Never: leaves the lock to a group: whoever may open it could keep the unit from ever being updated;
or lets a second one work because the first takes long, as a download over a slow link does.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from appliance.log import SentenceLog
from appliance.process.instance_lock import RunningError
from appliance.store.file_locks import LockedError, take_lock

NAME = "checkin.lock"
MODE = 0o600
FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
LIMIT_S = 1.0  # one that ends at this moment is waited for


@contextmanager
def only_one(directory: Path, log: SentenceLog) -> Iterator[None]:
    """Raises `RunningError`. Where the lock cannot be made (a full disk), it goes on and says so: a
    release on trial must be committed or taken back.
    """
    path = directory / NAME
    try:
        handle = open_own(path)
    except OSError as error:
        log.warning(f"a second check-in would not be noticed: {path}: {error.strerror}")
        yield
        return
    try:
        lock(handle, path)
        yield
    finally:
        os.close(handle)


def open_own(path: Path) -> int:
    """The file, for the owner of its directory alone: root by hand makes it for the updater."""
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    handle = os.open(path, FLAGS, MODE)
    with suppress(PermissionError):
        os.fchmod(handle, MODE)  # whatever the umask
        above = path.parent.stat()
        os.fchown(handle, above.st_uid, above.st_gid)
    return handle


def lock(handle: int, path: Path) -> None:
    try:
        take_lock(handle, path, LIMIT_S)
    except LockedError as error:
        raise RunningError(f"another check-in runs already: {error}") from error
