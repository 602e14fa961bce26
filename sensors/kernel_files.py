"""One-line files of the kernel (/sys, /proc) as text and numbers.

Reads: the file it is given. Writes: nothing.
Never: fails because a part is powered down; what cannot be read is unknown.
"""

from pathlib import Path


def read_text(path: Path) -> str:
    """The file's one line; empty where it cannot be read."""
    try:
        return path.read_text(errors="replace").strip()
    except OSError:  # a rail or zone that is powered down answers with an error
        return ""


def read_number(path: Path) -> int | None:
    """The file's whole number, or None."""
    try:
        return int(read_text(path))
    except ValueError:
        return None
