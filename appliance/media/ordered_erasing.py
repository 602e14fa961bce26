"""Erases events that a person chose on the page: their rows at once, then their pictures and clips.

    count = erase_events(store, settings, ["20260415T020000Z-gate-0a1b-7"], who="anna", via="page")
    finish_erasures(store, settings, discard)       # at each start: what a kill has left

Reads: notes of erasures. Writes: deletes events, their files, and then the notes of them.
Never: deletes a file that is not named as inference names those of an event, in its day.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from appliance.errors import StoreError
from appliance.media import files
from appliance.media.files import CLIP, EVENT, PICTURE, match_own_name
from appliance.settings import Settings
from appliance.store.event_erasures import (
    Unfinished,
    end_erasure,
    erase_listed,
    list_unfinished,
)
from appliance.store.store import Store
from appliance.wording.sentence import say

Discard = Callable[[str], None]  # the pictures of an alarm, by its id


def erase_events(
    store: Store, settings: Settings, event_ids: Sequence[str], *, who: str, via: str
) -> int:
    """Erase the rows, and note which files go next; how many rows there were. `store` is one of the
    writer `inference`. Raises `StoreError`.
    """
    found = [name for event_id in event_ids for name in list_names(settings, event_id)]
    return erase_listed(store, event_ids, found, who=who, via=via)


def list_names(settings: Settings, event_id: str) -> list[str]:
    """The files of an event that are there, below the data directory."""
    named = EVENT.fullmatch(event_id)
    if named is None:
        return []
    day = settings.snapshots_dir / "-".join(named.group("year", "month", "day"))
    paths = [day / f"{event_id}{kind}" for kind in (PICTURE, CLIP)]
    return [str(path.relative_to(settings.unit.data_dir)) for path in paths if path.exists()]


def finish_erasures(store: Store, settings: Settings, discard: Discard) -> int:
    """Delete what erasures have left; how many are finished now. Raises `StoreError`."""
    found = list_unfinished(store)
    for one in found:
        finish(store, settings, one, discard)
    return len(found)


def finish(store: Store, settings: Settings, one: Unfinished, discard: Discard) -> None:
    """Delete files, and pictures that wait for a channel: until their alarm was overwritten another
    could be laid there.
    """
    own = [path for name in one.files if (path := find_own_file(settings, name)) is not None]
    try:
        files.delete(own)
    except OSError as error:
        raise StoreError(
            say(
                "the pictures of erased events cannot be deleted: {error}; it is tried again "
                "when the page or inference starts: check the permissions of the snapshots",
                error=error,
            )
        ) from error
    for alarm_id in one.alarms:
        discard(alarm_id)
    end_erasure(store, one)


def find_own_file(settings: Settings, name: str) -> Path | None:
    """The path of a noted file; None where it is none of an event."""
    path = settings.unit.data_dir / name
    is_own = path.parent.parent == settings.snapshots_dir
    return path if is_own and match_own_name(path.parent.name, path.name) else None
