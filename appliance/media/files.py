"""Files of events: pictures and clips, as snapshots/YYYY-MM-DD/EVENT.jpg and EVENT.mp4.

Reads: file names and sizes below one directory. Writes: nothing; `delete` deletes files.
Never: treats a file as the unit's own that is not named like one, or follows a link.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from stat import S_ISREG

from appliance.store.durable_files import PART, sync_directory

PICTURE, CLIP = ".jpg", ".mp4"
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
NAME = re.compile(rf"(?P<event>[^/]+)(?P<kind>{re.escape(PICTURE)}|{re.escape(CLIP)})")
# Those of inference: time, camera, boot, track and part
EVENT = re.compile(r"\d{8}T\d{6}Z-(?P<camera>[a-z0-9-]+)-[0-9a-f]{4}-\d+(\.\d+)?")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of an event. `taken_s` is the time of its event, `kind` is PICTURE or CLIP."""

    path: Path
    event_id: str
    kind: str
    taken_s: float
    size_bytes: int

    @property
    def camera(self) -> str | None:
        """Whose event it is, by its name; None where that does not say."""
        found = EVENT.fullmatch(self.event_id)
        return found["camera"] if found else None


def make_path(directory: Path, event_id: str, taken: datetime, kind: str) -> Path:
    """Where the file of an event belongs."""
    return directory / f"{taken:%Y-%m-%d}" / f"{event_id}{kind}"


def list_files(directory: Path) -> Iterator[MediaFile]:
    """All files of events, in no order. Raises `OSError`."""
    for path in list_entries(directory):
        named = NAME.fullmatch(path.name)
        status = path.lstat() if named else None
        if named and status and S_ISREG(status.st_mode):
            yield MediaFile(path, named["event"], named["kind"], status.st_mtime, status.st_size)


def list_partial_files(directory: Path) -> Iterator[Path]:
    """Files not written completely, before a power cut or on a full disk. Raises `OSError`."""
    for path in list_entries(directory):
        if path.name.endswith(PART) and NAME.fullmatch(path.name.removesuffix(PART)):
            yield path


def list_entries(directory: Path) -> list[Path]:
    """All entries in the directories of days."""
    if not directory.is_dir():
        return []
    days = [day for day in directory.iterdir() if DAY.fullmatch(day.name)]
    return [path for day in days if day.is_dir() and not day.is_symlink() for path in day.iterdir()]


def delete(paths: Iterable[Path]) -> int:
    """Delete files, and days that are then empty; gone for good when it returns.

    Returns how many were there; raises `OSError`.
    """
    count = 0
    days: set[Path] = set()
    for path in paths:
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        count += 1
        days.add(path.parent)
    for day in days:
        sync_directory(day)
        with contextlib.suppress(OSError):  # not empty, or not any more
            day.rmdir()
        sync_directory(day.parent)
    return count
