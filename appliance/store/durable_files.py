"""Files that survive a power cut: whole or not at all, and on the disk when the call returns.

    replace_file(path, data)             # the old file or the new one is there, never half of one
    name_new_file(part, handle, path)    # takes no other file's place, also on a stick
    path.unlink()
    sync_directory(path.parent)          # and gone for good

Reads: nothing. Writes: files, and the file that becomes each of them, beside it.
Never: removes a file before its replacement is on the disk.

A file that others may write at the same time needs a lock as well: file_locks.py.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

PART = ".part"  # ends the name of a file that is being written


def replace_file(
    path: Path,
    data: bytes,
    *,
    part: Path | None = None,
    mode: int | None = None,
    modified_s: float | None = None,
) -> None:
    """Put a file with `data` in the place of `path`; raises `OSError` and leaves the old one.

    `part` is the new file until it is whole (default: `path` and ".part"); `mode` and `modified_s`
    are those of `write_file`.
    """
    part = part or path.with_name(f"{path.name}{PART}")
    try:
        write_file(part, [data], mode=mode, modified_s=modified_s)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise
    sync_directory(path.parent)


def write_file(
    path: Path, chunks: Iterable[bytes], *, mode: int | None = None, modified_s: float | None = None
) -> None:
    """Write a file's content to the disk; its name is there after `sync_directory`.

    `mode` are its rights, None: what the process gives to new files. `modified_s` is its time of
    modification (Unix time), None: now. Raises `OSError`.
    """
    with path.open("wb") as file:
        if mode is not None:
            os.fchmod(file.fileno(), mode)
        file.writelines(chunks)
        file.flush()
        if modified_s is not None:
            os.utime(file.fileno(), (modified_s, modified_s))
        os.fsync(file.fileno())


def name_new_file(part: Path, handle: int, path: Path) -> None:
    """Give the whole file `part`, open as `handle`, the name `path`; raises `FileExistsError` where
    that is taken, `OSError`. A FAT file system, as sticks have it, knows no second name, and a new
    name has size 0 there until the file is synchronized once more.
    """
    try:
        os.link(part, path)
        part.unlink()
    except PermissionError:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC))
        part.replace(path)
    os.fsync(handle)
    sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Wait until the disk has the names in a directory as they are now. Raises `OSError`."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
