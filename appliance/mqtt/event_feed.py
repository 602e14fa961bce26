"""The events of the unit to the broker, each at least once: remembered where it stopped.

    feed.follow()                        # once a cycle
    feed.settle()                        # when the service ends
    feed.note_listener(payload)          # Home Assistant has come or gone; from paho's thread

Reads: Event, CameraHold and ReportPosition rows. Writes: ReportPosition rows, messages.
Never: moves its position past an event that the broker has not acknowledged, or tells of an event
whose camera was muted then or is now.

Without a connection nothing is taken from the database, so nothing waits in memory. Events that are
older than a week are not told: they are in the unit. What Home Assistant may not have heard
(unheard.py) is told `again` once it is back: a broker keeps no event for it.
"""

from collections import deque
from datetime import timedelta
from itertools import takewhile
from typing import Protocol

from appliance.model_alarms import ReportPosition
from appliance.model_cameras import Event, HoldKind
from appliance.mqtt.event_message import build_event
from appliance.mqtt.topics import Topics
from appliance.mqtt.unheard import Connections, Unheard
from appliance.status.events import describe_event
from appliance.store.camera_holds import HoldReader, find_holds_at
from appliance.store.event_pages import EventPlace, PlacedEvent
from appliance.store.event_rows import read_new_events, read_newest_id
from appliance.store.rows import encode_time
from appliance.store.store import Store

TOLD = "event"
WEEK = timedelta(days=7)


class EventBroker(Connections, Protocol):
    """What the feed needs of a broker."""

    def publish_event(self, topic: str, text: str) -> int | None:
        """The number by which it is acknowledged; None where nothing can be published now."""

    def has_acknowledged(self, number: int) -> bool:
        """Whether the broker has it."""


class EventFeed:
    """Of one unit. `follow` raises `StoreError`."""

    def __init__(self, store: Store, topics: Topics, broker: EventBroker) -> None:
        self._store, self._topics, self._broker = store, topics, broker
        self._holds = HoldReader(store)
        self._position: int | None = None  # the last row that is acknowledged
        self._read_id = 0
        self._told: deque[tuple[int, int | None]] = deque()  # rows with their numbers
        self._unheard = Unheard(store, broker)
        self._again: deque[tuple[int, Event]] | None = None  # what is left to be told again
        self._again_numbers: list[int] = []

    def follow(self) -> None:
        """Tell what is new, then remember what was acknowledged: a disk that takes no row keeps
        nothing from being told.
        """
        position = self._begin() if self._position is None else self._position
        self._unheard.follow(position, self._read_id)
        self._tell_again()
        self._tell_new()
        self._unheard.keep()
        self.settle()

    def note_listener(self, payload: bytes) -> None:
        """What Home Assistant says of itself: `online` or `offline`."""
        self._unheard.note(payload)

    def _begin(self) -> int:
        rows = {row.stream: row for row in self._store.rows(ReportPosition)}
        newest = read_newest_id(self._store)
        if TOLD not in rows:
            self._store.add(ReportPosition(self._store.clock.stamp(), TOLD, newest))
        position = min(rows[TOLD].row_id, newest) if TOLD in rows else newest
        self._unheard.begin(rows, position, TOLD)
        self._position = self._read_id = position
        return position

    def settle(self) -> None:
        """Remember what was acknowledged; the last time when the service ends."""
        done = list(takewhile(lambda one: self._is_settled(one[1]), self._told))
        if done:
            settled, _ = done[-1]
            self._store.add(ReportPosition(self._store.clock.stamp(), TOLD, settled))
            self._position = settled
            for _ in done:
                self._told.popleft()

    def _is_settled(self, number: int | None) -> bool:
        return number is None or self._broker.has_acknowledged(number)

    def _tell_new(self) -> None:
        self._read_id = min(self._read_id, read_newest_id(self._store))  # some were erased
        for row_id, event in read_new_events(self._store, self._read_id):
            number = None
            if self._is_for_others(event):
                number = self._tell(row_id, event, again=False)
                if number is None:
                    return
            self._told.append((row_id, number))
            self._read_id = row_id

    def _tell_again(self) -> None:
        if not self._unheard.is_due():
            self._again = None
            return
        if self._again is None:
            self._again, self._again_numbers = deque(self._unheard.list_rows()), []
        while self._again:
            row_id, event = self._again[0]
            if self._is_for_others(event):
                number = self._tell(row_id, event, again=True)
                if number is None:
                    return
                self._again_numbers.append(number)
            self._again.popleft()
        if all(self._broker.has_acknowledged(number) for number in self._again_numbers):
            self._unheard.note_told_again()

    def _tell(self, row_id: int, event: Event, *, again: bool) -> int | None:
        placed = PlacedEvent(EventPlace(encode_time(event.stamp.utc), row_id), event)
        message = build_event(self._topics, describe_event(placed), again=again)
        number = self._broker.publish_event(*message)
        if number is not None:
            self._unheard.note_told(row_id)
        return number

    def _is_for_others(self, event: Event) -> bool:
        if self._store.clock.stamp().utc - event.last_seen > WEEK:
            return False
        then = find_holds_at(self._store, event.camera, event.stamp.utc)
        is_muted_now = HoldKind.MUTE in self._holds.find(event.camera)
        return not is_muted_now and all(hold.kind is not HoldKind.MUTE for hold in then)
