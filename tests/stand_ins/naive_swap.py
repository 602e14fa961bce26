"""A pointer that is swapped as it must not be: removed, then made anew, as a control.

Reads: nothing. Writes: a symbolic link, through `Files`.
Never: is used but to see it fail: after a cut between the two there is no pointer.
"""

from pathlib import Path

from ota.files import Files


def swap_naively(files: Files, path: Path, target: str) -> None:
    files.remove(path)
    files.make_link(target, path)
    files.sync_directory(path.parent)
