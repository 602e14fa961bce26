"""Where on a stick the releases are: at its top, or one directory below.

    find_trees(Path("/run/appliance-stick/mount"))      # [.../updates]

Reads: names at the top of the stick. Writes: nothing.
Never: follows a link, reads a directory without end, or hands on a name with control characters.
"""

import os
import stat
from itertools import islice
from pathlib import Path

METADATA = ("image/metadata", "director/metadata")
MOST_NAMES = 2000  # at the top of a stick


def find_trees(top: Path, *, most_names: int = MOST_NAMES) -> list[Path]:
    """Raises `OSError`: the stick cannot be read."""
    if is_tree(top):
        return [top]
    with os.scandir(top) as entries:
        names = [one.name for one in islice(entries, most_names) if is_named_directory(one)]
    return [top / name for name in sorted(names) if is_tree(top / name)]


def is_named_directory(entry: "os.DirEntry[str]") -> bool:
    """Whether it is a directory whose name a person can read."""
    return entry.name.isprintable() and entry.is_dir(follow_symlinks=False)


def is_tree(path: Path) -> bool:
    """Whether image and director repositories are there; raises `OSError` for a stick that cannot
    be read.
    """
    return all(
        is_plain(path / name.partition("/")[0]) and is_plain(path / name) for name in METADATA
    )


def is_plain(path: Path) -> bool:
    """Whether it is a directory itself."""
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return False
