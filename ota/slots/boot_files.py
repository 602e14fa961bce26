"""Files of a system that come onto the ESP: each is whole under its name, or is not there.

    copy_file(files, slot / "vmlinuz", folder / "linux")
    rename_file(files, entry, renamed)

On FAT a renamed file has size 0 on the disk until its inode is written: Linux puts the new name
there without it, and a synchronized directory does not change that (vfat_rename, Linux 6.12).

Reads: a file, or a part of a partition. Writes: one file.
Never: writes into a file that is there.
"""

from pathlib import Path

from ota.files import PART, Files

CHUNK_BYTES = 2**20
MOST_BYTES = 2**40


def copy_file(
    files: Files, old: Path, new: Path, *, offset: int = 0, length: int = MOST_BYTES
) -> None:
    """`length` bytes from `offset` on, or as many as there are; raises `OSError`."""
    part = new.with_name(f"{new.name}{PART}")
    files.write(part, b"")
    at = 0
    with old.open("rb") as file:
        file.seek(offset)
        while data := file.read(min(CHUNK_BYTES, length - at)):
            files.write(part, data, offset=at)
            at += len(data)
    files.sync(part)
    rename_file(files, part, new)


def rename_file(files: Files, old: Path, new: Path) -> None:
    """Give a file another name; on the disk once the directory is synchronized, too."""
    files.rename(old, new)
    files.sync(new)


def replace_file(files: Files, path: Path, data: bytes) -> None:
    """Put a file with `data` in the place of `path`; it is on the disk when the call returns."""
    part = path.with_name(f"{path.name}{PART}")
    files.write(part, data)
    files.sync(part)
    rename_file(files, part, path)
    files.sync_directory(path.parent)


def remove_parts(files: Files, folder: Path, begin: str) -> None:
    """What a cut left half written."""
    for name in files.list_names(folder):
        if name.startswith(begin) and name.endswith(PART):
            files.remove(folder / name)
