"""Small files of others (settings, records, passwords, pins): read whole, or not at all.

    data = read_small_file(path, most_bytes=65_536)
    data = read_kept_file(path, most_bytes=65_536)      # what is no file of ours is `InputError`
    word = read_word(Path("/sys/class/gpio/gpio17/value"))

Reads: the file. Writes: nothing.
Never: waits, as a pipe would for its writer, and never reads without end, as from /dev/zero.
"""

import errno
import os
import stat
from pathlib import Path

from appliance.strict_json import InputError

WORD_BYTES = 256
FOREIGN = (errno.EINVAL, errno.EFBIG, errno.ELOOP, errno.ENOTDIR, errno.ENXIO)


def read_small_file(path: Path, most_bytes: int) -> bytes:
    """What stands in a regular file; raises `OSError` in words, also where it is larger."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
        with open(handle, "rb", closefd=False) as file:
            data = file.read(most_bytes + 1)
    finally:
        os.close(handle)
    if len(data) > most_bytes:
        raise OSError(errno.EFBIG, f"it is larger than {most_bytes} bytes", str(path))
    return data


def read_kept_file(path: Path, most_bytes: int) -> bytes:
    """As `read_small_file`, of a file that this program keeps: a pipe, a directory, a ring of links
    or what is too large in its place is damage, `InputError`. Raises `OSError` for the disk.
    """
    try:
        return read_small_file(path, most_bytes)
    except OSError as error:
        if error.errno in FOREIGN:
            raise InputError(error.strerror or "it is no file") from None
        raise


def read_word(path: Path) -> str | None:
    """The first `WORD_BYTES` of a pin or relay, as text without white space around it; None where
    it is empty or cannot be read now. Device files are read as well; nothing is waited for.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.read(handle, WORD_BYTES).decode(errors="replace").strip() or None
        finally:
            os.close(handle)
    except OSError:
        return None
