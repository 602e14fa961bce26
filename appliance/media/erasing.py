"""Erases events on a person's order: their pictures, their clips, then their rows, and what alarms
say of them.

Reads: the event table, alarms and the event files. Writes: deletes from all, on disk when it
returns; a line in the journal that says who erased what.
Never: touches another table, or deletes a row whose pictures are still there: a command that was
interrupted is given again and finds the rest.

The rows are deleted in the name of their one writer, inference, as retention does it: inference may
not be running (it stops without energy), and an order to erase must not wait for sun. A transaction
keeps both apart. `secure_delete` overwrites what SQLite would only mark as free.
"""

import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from datetime import datetime
from pathlib import Path

from appliance.errors import HostError, StoreError
from appliance.journal.datagrams import SOCKET, Journal
from appliance.media import files as media_files
from appliance.media.files import CLIP, PICTURE, MediaFile
from appliance.store.event_rows import (
    EventFilter,
    EventKey,
    delete_events,
    find_alarm_ids,
    find_event_ids,
)
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from appliance.wording.site_time import format_site_time

JOURNAL_LIMIT_S = 5.0  # real seconds


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events are to be erased: a filter for rows, one for files, and both in words."""

    words: str
    rows: EventFilter
    takes_file: Callable[[MediaFile], bool]


@dataclass(frozen=True, slots=True)
class Erasure:
    """What a selection found: rows and files that will be erased, and alarms that will say no more
    than when, by which rule and to whom.
    """

    selection: Selection
    _: KW_ONLY
    events: int
    last_row: int  # rows that come later are not erased
    files: Mapping[Path, str]  # to their kind
    alarms: Sequence[str] = ()

    @property
    def sentence(self) -> str:
        """Such as "3 events, 3 pictures, 1 clip, 2 alarms of the camera gate"."""
        kinds = list(self.files.values())
        counts = [
            format_count(self.events, "event"),
            format_count(kinds.count(PICTURE), "picture"),
            format_count(kinds.count(CLIP), "clip"),
        ]
        if self.alarms:
            counts.append(format_count(len(self.alarms), "alarm"))
        return f"{', '.join(counts)} {self.selection.words}"


def select_before(moment: datetime, zone: str) -> Selection:
    """All that began before a moment, UTC; `zone`: in which the words name it."""
    until_s = moment.timestamp()
    words = f"from before {format_site_time(moment, zone, '%Y-%m-%d %H:%M:%S')}"
    return Selection(
        words,
        EventFilter(EventKey.BEFORE, encode_time(moment)),
        lambda file: file.taken_s < until_s,
    )


def select_camera(name: str) -> Selection:
    """All events of one camera."""
    words = f"of the camera {name}"
    return Selection(words, EventFilter(EventKey.CAMERA, name), lambda file: file.camera == name)


def select_event(event_id: str) -> Selection:
    """One event."""
    words = f"of the event {event_id}"
    return Selection(
        words,
        EventFilter(EventKey.EVENT, event_id),
        lambda file: file.event_id == event_id,
    )


def find_erasure(
    store: Store, snapshots: Path, selection: Selection, timelapse: Path | None = None
) -> Erasure:
    """What a selection finds; files whose rows are lost as well, and pictures of time-lapses.
    Raises `StoreError`.
    """
    rows = find_event_ids(store, selection.rows)
    events = {event_id for _, event_id in rows}
    try:
        stored = list(media_files.list_files(snapshots))
        stored += media_files.list_files(timelapse) if timelapse else ()
    except OSError as error:
        raise StoreError(
            say("{filename} cannot be read: {cause}", filename=error.filename, cause=error.strerror)
        ) from error
    files = {
        file.path: file.kind
        for file in stored
        if file.event_id in events or selection.takes_file(file)
    }
    last_row = rows[-1][0] if rows else 0
    alarms = find_alarm_ids(store, selection.rows, last_row)
    return Erasure(selection, events=len(rows), last_row=last_row, files=files, alarms=alarms)


def erase(store: Store, erasure: Erasure) -> None:
    """Erase what was found; `store` is one of the writer `inference`. Raises `StoreError`."""
    try:
        media_files.delete(erasure.files)
    except OSError as error:
        raise StoreError(
            say(
                "pictures cannot be deleted: {error}; some may be left, and no event was "
                "erased: run it as a user of the group appliance, and again",
                error=error,
            )
        ) from error
    delete_events(store, erasure.selection.rows, erasure.last_row, find_user_name())


def record_in_journal(erasure: Erasure) -> None:
    """A line in the journal, where there is one: who erased what. Raises `HostError`."""
    if not SOCKET.exists():
        return
    user = find_user_name()
    text = f"{erasure.sentence} erased by={user}"
    try:
        journal = Journal(SOCKET, JOURNAL_LIMIT_S)
        journal.send(text, SYSLOG_IDENTIFIER="unitctl", PRIORITY=5, ERASED_BY=user)
    except OSError as error:
        raise HostError(
            f"{text}, but the journal did not take this line: {error}; check "
            "`systemctl status systemd-journald`"
        ) from error


def find_user_name() -> str:
    """Who logged in, also behind sudo; else whom this process runs as."""
    try:
        return os.getlogin()
    except OSError:
        return pwd.getpwuid(os.getuid()).pw_name
