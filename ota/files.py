"""The files of an update, behind one seam: what must survive a power cut goes through here.

    replace(files, path, data)           # the old file or the new one is there, never half of one
    append_line(files, path, line)       # on the disk when the call returns
    swap_link(files, path, "trees/ab12") # one pointer, old or new
    take_away(files, path)               # content is there whole, or not at all

Reads and writes: through `Files`; ota/disk.py is the real disk. In tests a recording layer stands
in, which cuts the power after every call and drops what was not synchronized.
Never: counts on an order that the disk does not promise: a name is durable after its directory was
synchronized, content after its file was.
"""

from pathlib import Path
from typing import Protocol

PART = ".part"  # ends the name of a file that is being written
GONE = ".gone"  # ends the name of content that is being removed


class Files(Protocol):
    """A file system's calls. All raise `OSError`; `read` also where a file is too large."""

    def read(self, path: Path, *, most_bytes: int) -> bytes:
        """A whole file; raises `OSError` (EFBIG) where it has more."""

    def read_at(self, path: Path, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset` on; fewer where the file ends."""

    def measure(self, path: Path) -> int | None:
        """Size of a file in bytes; None where there is none."""

    def list_names(self, path: Path) -> list[str]:
        """The names in a directory, sorted; none where there is no directory."""

    def is_directory(self, path: Path) -> bool:
        """Whether it is a directory itself (no link to one)."""

    def read_link(self, path: Path) -> str | None:
        """Where a symbolic link points; None where there is none."""

    def free_bytes(self, path: Path) -> int:
        """What may still be written beside `path`."""

    def make_directory(self, path: Path) -> None:
        """With its parents; one that is there stays."""

    def write(
        self, path: Path, data: bytes, *, offset: int | None = None, mode: int = 0o644
    ) -> None:
        """A new file with `data` in place of any old one; with `offset`, bytes inside of a file
        (made where there is none). On the disk only after `sync`.
        """

    def truncate(self, path: Path, length: int) -> None:
        """Cut a file, or lengthen it with zeros."""

    def sync(self, path: Path) -> None:
        """Wait until the disk has the file's content."""

    def sync_directory(self, path: Path) -> None:
        """Wait until the disk has the names in a directory."""

    def rename(self, old: Path, new: Path) -> None:
        """Takes the place of `new`, in one step."""

    def link(self, old: Path, new: Path) -> None:
        """A second name (hard link) of a file."""

    def make_link(self, target: str, path: Path) -> None:
        """A symbolic link at `path`."""

    def remove(self, path: Path) -> None:
        """A file or link; none there is no error."""

    def remove_directory(self, path: Path) -> None:
        """An empty directory; none there is no error."""


def replace(files: Files, path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Put a file with `data` in the place of `path`."""
    part = path.with_name(f"{path.name}{PART}")
    files.write(part, data, mode=mode)
    files.sync(part)
    files.rename(part, path)
    files.sync_directory(path.parent)


def append_line(files: Files, path: Path, line: bytes) -> None:
    """Add a line to a file that exists; a torn last line (no line feed) is ended first."""
    length = files.measure(path)
    if length is None:
        files.write(path, line + b"\n")
        files.sync(path)
        files.sync_directory(path.parent)
        return
    torn = length > 0 and files.read_at(path, length - 1, 1) != b"\n"
    files.write(path, (b"\n" if torn else b"") + line + b"\n", offset=length)
    files.sync(path)


def swap_link(files: Files, path: Path, target: str) -> None:
    """Let the link at `path` point to `target`; there is always the old one or the new one."""
    part = path.with_name(f"{path.name}{PART}")
    files.remove(part)
    files.make_link(target, part)
    files.rename(part, path)
    files.sync_directory(path.parent)


def remove_tree(files: Files, path: Path) -> None:
    """Remove a directory with all that is in it; links are removed, not followed."""
    if not files.is_directory(path):
        files.remove(path)
        return
    for name in files.list_names(path):
        remove_tree(files, path / name)
    files.remove_directory(path)


def take_away(files: Files, path: Path) -> None:
    """Remove content, its name first: whoever finds it by its name finds it whole."""
    aside = path.with_name(f"{path.name.removesuffix(PART)}{GONE}")
    remove_tree(files, aside)
    if path.name in files.list_names(path.parent):
        files.rename(path, aside)
        files.sync_directory(path.parent)
        remove_tree(files, aside)
