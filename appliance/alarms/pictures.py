"""The picture of a message: the event's snapshot where it is small, else its thumbnail.

    path = prepare(settings, alarm.snapshot, "a-1.owner.mail")     # None: without a picture
    discard(path)

Reads: the snapshot, as it is stored: masked, heads hidden. Writes: a file in the run directory,
which lies in memory.
Never: decodes a picture, or sends more than 28 kB, which are 38 kB in a mail.
"""

from contextlib import suppress
from glob import escape
from pathlib import Path

from appliance.media.thumbnails import HEAD_BYTES, extract_thumbnail
from appliance.settings import Settings

MOST_BYTES = 28_000
PREFIX, SUFFIX = "alarm-", ".jpg"


def prepare(settings: Settings, snapshot: str | None, delivery_id: str) -> Path | None:
    """A file that a channel may read until the message is settled; None where there is no picture
    any more.
    """
    place = settings.unit.data_dir / (snapshot or "")
    if snapshot is None or ".." in place.parts or settings.snapshots_dir not in place.parents:
        return None
    data = read_small(place)
    if data is None:
        return None
    path = settings.unit.run_dir / f"{PREFIX}{delivery_id}{SUFFIX}"
    try:
        path.write_bytes(data)
    except OSError:
        return None  # the text goes without it
    return path


def read_small(path: Path) -> bytes | None:
    """The whole picture, else its thumbnail; None where neither is there and small enough."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError:
        return None
    if len(head) <= MOST_BYTES:
        return head or None
    thumbnail = extract_thumbnail(head)
    return thumbnail if thumbnail is not None and len(thumbnail) <= MOST_BYTES else None


def discard(settings: Settings, delivery_id: str) -> None:
    """It is of no use any more."""
    with suppress(OSError):
        (settings.unit.run_dir / f"{PREFIX}{delivery_id}{SUFFIX}").unlink()


def discard_of(settings: Settings, alarm_id: str) -> None:
    """What is laid ready for the messages of one alarm: its event was erased."""
    for path in settings.unit.run_dir.glob(f"{PREFIX}{escape(alarm_id)}.*{SUFFIX}"):
        with suppress(OSError):
            path.unlink()


def discard_all(settings: Settings) -> None:
    """What a process that was killed has left."""
    for path in settings.unit.run_dir.glob(f"{PREFIX}*{SUFFIX}"):
        with suppress(OSError):
            path.unlink()
