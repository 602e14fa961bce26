"""May the disk, or the file that stands for one, be erased; and does somebody say so.

    require_permission(disk, is_file=False, least_bytes=least_bytes, given="sdb")

Reads: what is known of the disk; the answer of the technician. Writes: the question.
Never: lets anything be erased that holds the image itself, is in use, or that nobody named.
"""

import errno
import os
import sys
from pathlib import Path

from provisioning.disk_installation.errors import RefusedError
from provisioning.disk_installation.inspection import describe, find_obstacle, inspect
from provisioning.disk_installation.overlap import list_loops, overlaps
from provisioning.disk_installation.source import STANDARD_INPUT

TERMINAL = Path("/dev/tty")


def refuse_image_as_target(image: Path, disk: Path) -> None:
    """Raises `RefusedError` where the image would be erased while it is read."""
    try:
        source = os.fstat(0) if image == STANDARD_INPUT else image.stat()
        target = disk.stat()
    except OSError:
        return  # one of them is not there: whoever opens it says so
    if overlaps(source, target):
        name = "on standard input" if image == STANDARD_INPUT else image
        raise RefusedError(
            f"{disk} is, or holds, the image {name}, which would be erased while it is read: name "
            "another disk, or copy the image to another one first"
        )


def require_permission(disk: Path, *, is_file: bool, least_bytes: int, given: str | None) -> None:
    """Raises `RefusedError` where it may not be erased, or nobody says that it may. `given`: the
    name from the command line; None: ask.
    """
    name, content = look_at_file(disk, least_bytes) if is_file else look_at(disk, least_bytes)
    refuse_attached(disk)
    if content:
        print(f"All that is on it is erased:\n{content}", file=sys.stderr, flush=True)
    if content or given is not None:
        confirm(name, given)


def look_at(path: Path, least_bytes: int) -> tuple[str, str]:
    """The name of a disk and what is on it."""
    disk = inspect(path)
    if why_not := find_obstacle(disk, least_bytes):
        raise RefusedError(why_not)
    return disk.name, describe(disk)


def look_at_file(path: Path, least_bytes: int) -> tuple[str, str]:
    """The name of a file and what is in it; "" where nothing ever was written to it."""
    if not path.is_file():
        raise RefusedError(f"{path} is no file: `truncate -s {least_bytes} {path}`")
    real = path.resolve()
    if is_empty(real):
        return real.name, ""
    return real.name, f"  {real.name}: a file of {real.stat().st_size} bytes, {real}"


def is_empty(file: Path) -> bool:
    """Whether it is one hole, as `truncate` makes it; raises `RefusedError`."""
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        raise RefusedError(f"{file} cannot be read: {error.strerror}") from error
    try:
        os.lseek(descriptor, 0, os.SEEK_DATA)
    except OSError as error:
        return error.errno == errno.ENXIO
    finally:
        os.close(descriptor)
    return False


def refuse_attached(disk: Path) -> None:
    loops = list_loops(disk.stat())
    if loops:
        raise RefusedError(
            f"{disk} is in use: it is attached to {', '.join(loops)}; unmount what is mounted from "
            f"there, then `losetup --detach {' '.join(loops)}`"
        )


def confirm(name: str, given: str | None) -> None:
    answer = given if given is not None else ask_person(name)
    if answer != name:
        raise RefusedError(f"{answer!r} is not the name of what is erased ({name})")


def ask_person(name: str) -> str:
    try:
        with TERMINAL.open("w") as terminal:
            terminal.write(f"Type its name ({name}) to erase it: ")
        with TERMINAL.open(encoding="utf-8", errors="replace") as terminal:  # one cannot be both
            return terminal.readline().strip()
    except OSError as error:
        raise RefusedError(f"nobody can be asked here: give --yes-erase {name}") from error
