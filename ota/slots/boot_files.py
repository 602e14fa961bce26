"""Files of a system that come onto the ESP: each is whole under its name, or is not there.

    copy_file(files, slot / "vmlinuz", folder / "linux")

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
    files.rename(part, new)


def remove_parts(files: Files, folder: Path, begin: str) -> None:
    """What a cut left half written."""
    for name in files.list_names(folder):
        if name.startswith(begin) and name.endswith(PART):
            files.remove(folder / name)
