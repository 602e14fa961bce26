"""Files of events: pictures and clips, as snapshots/YYYY-MM-DD/EVENT.jpg and EVENT.mp4.

Reads: file names and sizes below one directory. Writes: nothing; `delete` deletes files.
Never: treats a file as the unit's own that is not named exactly as inference names its files, in
the directory of that day, or follows a link: a person may keep pictures of their own there.
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
# An event as inference/events/draft.py names it: time, camera, boot, track, rule, part
EVENT = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})T\d{6}Z-(?P<camera>[a-z0-9][a-z0-9-]*)"
    r"-[0-9a-f]{4}-\d+(?:[a-z]\d+)*(?:\.\d+)?"
)
NAME = re.compile(rf"(?P<event>{EVENT.pattern})(?P<kind>{re.escape(PICTURE)}|{re.escape(CLIP)})")


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One file of an event of `camera`. `taken_s` is the time of its event, `kind` is PICTURE or
    CLIP.
    """

    path: Path
    event_id: str
    camera: str
    kind: str
    taken_s: float
    size_bytes: int


def make_path(directory: Path, event_id: str, taken: datetime, kind: str) -> Path:
    """Where the file of an event belongs."""
    return directory / f"{taken:%Y-%m-%d}" / f"{event_id}{kind}"


def list_files(directory: Path) -> Iterator[MediaFile]:
    """All files of events, in no order. Raises `OSError`."""
    for path in list_entries(directory):
        named = match_own_name(path.parent.name, path.name)
        status = path.lstat() if named else None
        if named and status and S_ISREG(status.st_mode):
            event_id, camera, kind = named.group("event", "camera", "kind")
            yield MediaFile(path, event_id, camera, kind, status.st_mtime, status.st_size)


def list_partial_files(directory: Path) -> Iterator[Path]:
    """Files not written completely, before a power cut or on a full disk. Raises `OSError`."""
    for path in list_entries(directory):
        name = path.name.removesuffix(PART)
        if name != path.name and match_own_name(path.parent.name, name):
            yield path


def match_own_name(day: str, name: str) -> re.Match[str] | None:
    """The parts of a name that the unit gives to a file in the directory of that day."""
    named = NAME.fullmatch(name)
    if named and "-".join(named.group("year", "month", "day")) == day:
        return named
    return None


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
