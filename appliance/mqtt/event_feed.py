"""The events of the unit to the broker, each at least once: remembered where it stopped.

    feed.follow()                        # once a cycle
    feed.settle()                        # when the service ends
    feed.note_listener(payload)          # Home Assistant has come or gone; from paho's thread

Reads: Event, CameraHold and ReportPosition rows. Writes: ReportPosition rows, messages.
Never: moves its position past an event that the broker has not acknowledged, or tells of an event
whose camera was muted then or is now.

Without a connection nothing is taken from the database, so nothing waits in memory. Events that are
older than a week are not told: they are in the unit. What Home Assistant was not there for is told
`again` once it is back: a broker keeps no event for it.
"""

from collections import deque
from datetime import timedelta
from itertools import takewhile
from typing import Protocol

from appliance.model_alarms import ReportPosition
from appliance.model_cameras import Event, HoldKind
from appliance.mqtt.event_message import build_event
from appliance.mqtt.topics import ONLINE, Topics
from appliance.status.events import describe_event
from appliance.store.camera_holds import HoldReader, find_holds_at
from appliance.store.event_pages import EventPlace, PlacedEvent
from appliance.store.event_rows import read_new_events, read_newest_id
from appliance.store.rows import encode_time
from appliance.store.store import Store

TOLD, AWAY, UNHEARD = "event", "event-away", "event-unheard"
WEEK = timedelta(days=7)
UNNOTICED_S = 120.0  # for so long a listener may be gone before the broker notices
SETTLE_S = 8.0  # it says that it is there before it listens to each entity
REBOOT_S = 900.0  # for so long a listener may come back after the unit, when the broker was away
MOST_AGAIN = 200


class EventBroker(Protocol):
    """What the feed needs of a broker."""

    @property
    def connections(self) -> int:
        """How many there were."""

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
        self._recent: deque[tuple[float, int]] = deque()  # uptimes with rows
        self._listener: deque[bytes] = deque()
        self._connections = 0
        self._connected: tuple[float, int] = (0.0, 0)  # uptime, the last row that was told before
        self._unheard_id: int | None = None  # that row, until a listener has said that it is there
        self._stored_unheard_id: int | None = None
        self._away_id: int | None = None
        self._back_s: float | None = None

    def follow(self) -> None:
        """Tell what is new, then remember what was acknowledged: a disk that takes no row keeps
        nothing from being told.
        """
        if self._position is None:
            self._begin()
        self._follow_connection()
        self._follow_listener()
        self._tell_new()
        self._store_unheard()
        self.settle()

    def note_listener(self, payload: bytes) -> None:
        """What Home Assistant says of itself: `online` or `offline`."""
        self._listener.append(payload[:20])

    def _begin(self) -> None:
        rows = {row.stream: row for row in self._store.rows(ReportPosition)}
        stored = {stream: row.row_id for stream, row in rows.items()}
        newest = read_newest_id(self._store)
        if TOLD not in stored:
            self._store.add(ReportPosition(self._store.clock.stamp(), TOLD, newest))
        self._position = self._read_id = min(stored.get(TOLD, newest), newest)
        away = stored.get(AWAY, -1)
        self._away_id = away if 0 <= away <= newest else None
        if 0 <= stored.get(UNHEARD, -1) <= newest:
            self._stored_unheard_id = self._unheard_id = stored[UNHEARD]
            age = self._store.clock.stamp().utc - rows[UNHEARD].stamp.utc
            self._connected = (self._now_s() - age.total_seconds(), self._unheard_id)

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

    def _tell(self, row_id: int, event: Event, *, again: bool) -> int | None:
        placed = PlacedEvent(EventPlace(encode_time(event.stamp.utc), row_id), event)
        message = build_event(self._topics, describe_event(placed), again=again)
        number = self._broker.publish_event(*message)
        if number is not None:
            self._recent.append((self._now_s(), row_id))
        return number

    def _is_for_others(self, event: Event) -> bool:
        if self._store.clock.stamp().utc - event.last_seen > WEEK:
            return False
        then = find_holds_at(self._store, event.camera, event.stamp.utc)
        is_muted_now = HoldKind.MUTE in self._holds.find(event.camera)
        return not is_muted_now and all(hold.kind is not HoldKind.MUTE for hold in then)

    # --- whoever was not there -------------------------------------------------------------------

    def _follow_connection(self) -> None:
        """A broker that was away has told nobody that its listeners were, too."""
        if self._broker.connections == self._connections or self._position is None:
            return
        is_first, row_id = self._connections == 0, self._position
        self._connections = self._broker.connections
        if self._unheard_id is not None and self._is_connection_new():
            row_id = min(row_id, self._unheard_id)  # nobody was there since the one before
        elif is_first:
            self._unheard_id = None
        self._connected = (self._now_s(), row_id)
        if not is_first:
            self._unheard_id = row_id

    def _is_connection_new(self) -> bool:
        return self._now_s() - self._connected[0] <= REBOOT_S

    def _store_unheard(self) -> None:
        if self._unheard_id != self._stored_unheard_id:
            self._keep(UNHEARD, self._unheard_id)
            self._stored_unheard_id = self._unheard_id

    def _follow_listener(self) -> None:
        while self._listener:
            is_back = self._listener.popleft() == ONLINE.encode()
            if is_back:
                self._note_back()
            elif self._away_id is None:
                self._keep_away(self._find_last_heard())
        while self._recent and self._now_s() - self._recent[0][0] > UNNOTICED_S:
            self._recent.popleft()
        if self._back_s is not None and self._now_s() - self._back_s >= SETTLE_S:
            self._tell_again()

    def _note_back(self) -> None:
        connected_s, row_id = self._connected
        if self._is_connection_new() and row_id < self._read_id:
            is_earlier = self._unheard_id is not None and row_id < (self._away_id or 0)
            if self._away_id is None or is_earlier:
                self._keep_away(row_id)
        self._connected = (connected_s, self._read_id)
        self._unheard_id = None
        self._back_s = self._now_s() if self._away_id is not None else None

    def _find_last_heard(self) -> int:
        """The row before those that were told while it may have been gone already."""
        recent = (row for at_s, row in self._recent if self._now_s() - at_s <= UNNOTICED_S)
        return min(recent, default=self._read_id + 1) - 1

    def _tell_again(self) -> None:
        last = self._away_id if self._away_id is not None else self._read_id
        missed = [one for one in read_new_events(self._store, last) if one[0] <= self._read_id]
        for row_id, event in missed[-MOST_AGAIN:]:
            is_told = self._is_for_others(event)
            if is_told and self._tell(row_id, event, again=True) is None:
                return
        self._back_s = None
        self._keep_away(None)

    def _keep_away(self, row_id: int | None) -> None:
        self._away_id = row_id
        self._keep(AWAY, row_id)

    def _keep(self, stream: str, row_id: int | None) -> None:
        stored = -1 if row_id is None else row_id
        self._store.add(ReportPosition(self._store.clock.stamp(), stream, stored))

    def _now_s(self) -> float:
        return self._store.clock.stamp().uptime_s
