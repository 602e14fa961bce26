"""The settings file itself: read as it is, and replaced as a whole with its owner and mode kept.

    held = read_target(path)
    replace_target(path, held, new_data)

Reads and writes: the settings file, and the file that becomes it, beside it.
Never: follows a symbolic link, or leaves half of a file: after a power cut it is the old one or the
new one.
"""

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from appliance.parsing.toml_text import MOST_BYTES
from appliance.settings_change.errors import ChangeError, Refused
from appliance.store.durable_files import sync_directory
from appliance.wording.sentence import say

PART = ".changed"
NOT_HERE = {
    errno.ELOOP: say(
        "it is a symbolic link, and only a regular file is changed: put the file there"
    ),
    errno.EROFS: say("its file system is read-only: change it where it is made"),
    errno.EACCES: say("this user may not: on a unit, give the command as root"),
    errno.EPERM: say("this user may not: on a unit, give the command as root"),
    errno.ENOSPC: say("there is no room on the disk: free some"),
    errno.ENOENT: say("it is not there"),
}


@dataclass(frozen=True, slots=True)
class Target:
    """The file as it was read."""

    data: bytes
    uid: int
    gid: int
    mode: int


def read_target(path: Path) -> Target:
    """The file with its owner and mode; raises `ChangeError`."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise make_error(path, error) from None
    try:
        info = os.fstat(handle)
        if not stat.S_ISREG(info.st_mode):
            raise ChangeError(say("{path} is no regular file", path=path), Refused.IMPOSSIBLE)
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise make_error(path, error) from None
    finally:
        os.close(handle)
    if len(data) > MOST_BYTES:
        raise ChangeError(
            say("{path} has more than {most_bytes} bytes", path=path, most_bytes=MOST_BYTES),
            Refused.IMPOSSIBLE,
        )
    return Target(data, info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode))


def replace_target(path: Path, held: Target, data: bytes) -> None:
    """Put a file with `data` in its place; raises `ChangeError` and leaves the old one."""
    part = path.with_name(f".{path.name}{PART}")
    try:
        write_part(part, held, data)
        part.replace(path)
        sync_directory(path.parent)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise make_error(path, error) from None


def write_part(part: Path, held: Target, data: bytes) -> None:
    """The new file on the disk, with the rights of the old one before it has its content."""
    with suppress(FileNotFoundError):
        part.unlink()  # of a process that was killed
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(part, flags, 0o600), "wb") as file:
        info = os.fstat(file.fileno())
        if (info.st_uid, info.st_gid) != (held.uid, held.gid):
            os.fchown(file.fileno(), held.uid, held.gid)
        os.fchmod(file.fileno(), held.mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def make_error(path: Path, error: OSError) -> ChangeError:
    """What the operating system refused, in words."""
    said = NOT_HERE.get(error.errno or 0, error.strerror or str(error))
    return ChangeError(
        say("{path} cannot be changed: {said}", path=path, said=said), Refused.IMPOSSIBLE
    )
