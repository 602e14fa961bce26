"""The shelf of snapshots: one JPEG per event, kept for some days and up to some size.

Reads and writes: files YYYY-MM-DD/EVENT.jpg in one directory, written whole or not at all, and on
disk before the event that names them. A file's modification time is the time of its event.
Never: keeps a picture without an event, or deletes a file that it did not write.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.clock import Clock
from appliance.errors import StoreError

TIDY_EVERY_S = 3600.0
PART = ".part"


@dataclass(frozen=True, slots=True)
class Kept:
    """One file on the shelf."""

    path: Path
    taken_s: float
    size_bytes: int


class SnapshotShelf:
    """The snapshots below `directory`."""

    def __init__(self, directory: Path, keep_days: float, keep_mb: float, clock: Clock) -> None:
        self._directory = directory
        self._keep_s = keep_days * 86_400
        self._keep_bytes = keep_mb * 1e6
        self._clock = clock
        self._tidied_s: float | None = None

    def put(self, event_id: str, taken: datetime, jpeg: bytes) -> str:
        """Store the picture of an event of `taken`; returns its path below the data directory.

        Raises `StoreError`.
        """
        path = self._directory / f"{taken:%Y-%m-%d}" / f"{event_id}.jpg"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, jpeg, taken)
        except OSError as error:
            raise StoreError(
                f"the snapshot {path} cannot be written: {error.strerror}; the event is kept "
                "without it: check the free space and the permissions"
            ) from error
        return str(path.relative_to(self._directory.parent))

    def tidy(self) -> int:
        """At most once an hour: delete what is too old, then the oldest above the size.

        Returns how many were deleted; raises `StoreError`.
        """
        now_s = self._clock.stamp().uptime_s
        if self._tidied_s is not None and now_s - self._tidied_s < TIDY_EVERY_S:
            return 0
        self._tidied_s = now_s
        try:
            return self._delete(self._surplus())
        except OSError as error:
            raise StoreError(
                f"old snapshots in {self._directory} cannot be deleted: {error.strerror}; "
                "check the permissions"
            ) from error

    def _surplus(self) -> list[Path]:
        """Torn writes, and what is past its age or above the size."""
        oldest_s = self._clock.stamp().utc.timestamp() - self._keep_s
        surplus = list(self._directory.glob(f"*/*{PART}"))
        used_bytes = 0
        for kept in sorted(self._kept(), key=lambda one: one.taken_s, reverse=True):
            used_bytes += kept.size_bytes
            if kept.taken_s < oldest_s or used_bytes > self._keep_bytes:
                surplus.append(kept.path)
        return surplus

    def _kept(self) -> list[Kept]:
        found = ((path, path.stat()) for path in self._directory.glob("*/*.jpg"))
        return [Kept(path, stat.st_mtime, stat.st_size) for path, stat in found]

    def _delete(self, paths: list[Path]) -> int:
        for path in paths:
            path.unlink(missing_ok=True)
        for day in {path.parent for path in paths}:
            if not any(day.iterdir()):
                day.rmdir()
        return len(paths)


def write_whole(path: Path, data: bytes, taken: datetime) -> None:
    """Write a file so that after a power cut it is there whole, or not at all."""
    part = path.with_name(path.name + PART)
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.utime(part, (taken.timestamp(), taken.timestamp()))
        part.rename(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
