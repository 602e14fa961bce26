"""An error of the disk in words: no room, not writable, or damaged.

    with tell_disk_faults(directory): ...

Reads and writes: nothing.
Never: hides which call failed: the system's own text stands in the sentence.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.wording.sentence import say
from ota.errors import SpaceError

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def tell_disk_faults(directory: Path) -> Iterator[None]:
    """`OSError` becomes `SpaceError`."""
    try:
        yield
    except OSError as error:
        raise make_space_error(directory, error) from error


def make_space_error(directory: Path, error: OSError) -> SpaceError:
    if error.errno in FULL:
        return SpaceError(
            say(
                "the disk of {directory} is full ({error}); what was fetched is kept; free space "
                "on it and the download goes on",
                directory=directory,
                error=error,
            ),
            "disk-full",
        )
    return SpaceError(
        say(
            "{directory} cannot be read or written ({error}); what was fetched is kept; check "
            "the disk and its mount",
            directory=directory,
            error=error,
        ),
        "disk-fault",
    )


def require_room(directory: Path, *, needed_bytes: int, free_bytes: int) -> None:
    """Raises `SpaceError` before anything is fetched for nothing."""
    if needed_bytes > free_bytes:
        raise SpaceError(
            say(
                "the release needs {needed_bytes:.0f} MB in {directory}, {free_bytes:.0f} MB are "
                "free; nothing was fetched; free space on that disk",
                needed_bytes=needed_bytes / 1000000.0,
                directory=directory,
                free_bytes=free_bytes / 1000000.0,
            ),
            "no-room",
        )
