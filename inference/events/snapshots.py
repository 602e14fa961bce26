"""The files of events: a snapshot of each and some clips, kept for some days and up to some size.

Reads and writes: files YYYY-MM-DD/EVENT.jpg and EVENT.mp4 in one directory, written whole or not at
all, and on disk before the event that names them. A file's modification time is that of its event.
Never: takes a file for old because the wall clock says so, keeps a picture without an event,
deletes a file that it did not write, or fills the disk: what else is stored there (the events
themselves) needs the space more.
"""

import shutil
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from pathlib import Path

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.media import files
from appliance.media.files import CLIP, PICTURE, MediaFile
from appliance.store.durable_files import replace_file, sync_directory
from appliance.store.event_ages import EventAges
from appliance.wording.sentence import say

TIDY_EVERY_S = 3600.0
FREE_FLOOR_BYTES = 500_000_000  # of the disk; below it the oldest files give way to new ones


class EventFiles:
    """The snapshots and clips below `directory`. `free_bytes` measures the free space there,
    `read_ages` says how old these events are (appliance/store/event_ages.py).
    """

    def __init__(
        self,
        directory: Path,
        *,
        keep_days: float,
        keep_mb: float,
        clock: Clock,
        free_bytes: Callable[[Path], int] | None = None,
        read_ages: Callable[[Collection[str]], EventAges] | None = None,
    ) -> None:
        self._directory = directory
        self._keep_s = keep_days * 86_400
        self._keep_bytes = keep_mb * 1e6
        self._clock = clock
        self._free_bytes = free_bytes or measure_free_bytes
        self._read_ages = read_ages or (lambda _: EventAges(clock.stamp().utc))
        self._tidied_s: float | None = None

    def put_snapshot(self, event_id: str, taken: datetime, jpeg: bytes) -> str:
        """Store the snapshot of an event at `taken`; returns its path below the data directory.

        Raises `StoreError`.
        """
        return self._put(files.make_path(self._directory, event_id, taken, PICTURE), taken, jpeg)

    def put_clip(self, event_id: str, taken: datetime, mp4: bytes) -> str:
        """Store the clip of an event, like `put_snapshot`."""
        return self._put(files.make_path(self._directory, event_id, taken, CLIP), taken, mp4)

    def tidy(self) -> int:
        """At most once an hour: delete what is too old, then the oldest above the size.

        Returns how many were deleted; raises `StoreError`.
        """
        now_s = self._clock.stamp().uptime_s
        if self._tidied_s is not None and now_s - self._tidied_s < TIDY_EVERY_S:
            return 0
        self._tidied_s = now_s
        try:
            return files.delete(self._list_surplus())
        except OSError as error:
            raise StoreError(
                say(
                    "old snapshots in {directory} cannot be deleted: {strerror}; check the "
                    "permissions",
                    directory=self._directory,
                    strerror=error.strerror,
                )
            ) from error

    def _put(self, path: Path, taken: datetime, data: bytes) -> str:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            self._make_room(len(data))
            if not path.parent.exists():
                path.parent.mkdir(exist_ok=True)
                sync_directory(self._directory)
            replace_file(path, data, modified_s=taken.timestamp())
        except OSError as error:
            raise StoreError(
                say(
                    "the snapshot {path} cannot be written: {strerror}; the event is kept without "
                    "it: check the free space and the permissions",
                    path=path,
                    strerror=error.strerror,
                )
            ) from error
        return str(path.relative_to(self._directory.parent))

    def _list_surplus(self) -> list[Path]:
        """Torn writes, and what is past its age or above the size."""
        surplus = list(files.list_partial_files(self._directory))
        oldest_first, ages = self._list_by_age()
        used_bytes = 0
        for kept in reversed(oldest_first):
            used_bytes += kept.size_bytes
            is_old = ages.is_older(kept.event_id, kept.taken_s, self._keep_s)
            if is_old or used_bytes > self._keep_bytes:
                surplus.append(kept.path)
        return surplus

    def _list_by_age(self) -> tuple[list[MediaFile], EventAges]:
        """All files, the oldest first, and the ages of their events."""
        found = list(files.list_files(self._directory))
        ages = self._read_ages({kept.event_id for kept in found})
        return sorted(found, key=lambda kept: ages.rank(kept.event_id, kept.taken_s)), ages

    def _make_room(self, size_bytes: int) -> None:
        """Delete the oldest files where the disk is nearly full.

        None is deleted where all of them would not be enough: then something else fills the disk,
        and the files would be lost for nothing. Raises `StoreError`.
        """
        missing_bytes = FREE_FLOOR_BYTES + size_bytes - self._free_bytes(self._directory)
        if missing_bytes <= 0:
            return
        gives_way = select_oldest(self._list_by_age()[0], missing_bytes)
        if not gives_way:
            raise StoreError(
                say(
                    "the disk of {directory} has less than {floor_mb:.0f} MB free, and it is not "
                    "pictures that fill it: the event is kept without one; find out what fills "
                    "the disk",
                    directory=self._directory,
                    floor_mb=FREE_FLOOR_BYTES / 1000000.0,
                )
            )
        files.delete(gives_way)


def select_oldest(oldest_first: Iterable[MediaFile], missing_bytes: int) -> list[Path]:
    """The oldest files that together free `missing_bytes`; none where all are too few."""
    found: list[Path] = []
    for kept in oldest_first:
        found.append(kept.path)
        missing_bytes -= kept.size_bytes
        if missing_bytes <= 0:
            return found
    return []


def measure_free_bytes(directory: Path) -> int:
    """The free space on a directory's disk for this user. Raises `OSError`."""
    return shutil.disk_usage(directory).free
