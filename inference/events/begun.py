"""Events that have begun and are still going on: what does not wait for their end.

    begun.follow((*running, *over))          # after each analysed frame
    store.add(*begun.take_rows(now))

Reads and writes: nothing.
Never: tells one twice, or a further part of a long one.
"""

from collections.abc import Sequence

from appliance.model import Stamp
from appliance.model_cameras import EventBegun
from inference.events.draft import EventDraft


class BegunEvents:
    """Those of one camera."""

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._begun: list[EventDraft] = []
        self._known_ids: frozenset[str] = frozenset()

    def follow(self, events: Sequence[EventDraft]) -> None:
        """The drafts that are events by now, running or just over."""
        new = [one for one in events if one.event_id not in self._known_ids]
        self._begun += [one for one in new if one.previous_id is None]
        self._known_ids = frozenset(one.event_id for one in events)

    def take_rows(self, now: Stamp) -> list[EventBegun]:
        """The rows of those that have begun since the last call."""
        begun, self._begun = self._begun, []
        return [
            EventBegun(now, one.event_id, self._camera, one.track.label, one.rule) for one in begun
        ]
