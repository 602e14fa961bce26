"""What Home Assistant may not have heard: from which row on, and when it may be told again.

    unheard.note(payload)                # it has come or gone; from paho's thread
    unheard.follow(position, read_id)    # once a cycle, before anything is told
    unheard.is_due()                     # it is back and listens: tell again what `list_rows` gives
    unheard.note_told_again()            # the broker has acknowledged all of that
    unheard.keep()                       # before the position of what was told is stored

Reads: Event and ReportPosition rows. Writes: ReportPosition rows.
Never: takes it for there because it was there on an earlier connection: a broker acknowledges an
event that nobody listens to, and keeps it for nobody.

Two marks are stored, each the last row before what is to be told again. `AWAY`: it was not there.
`UNHEARD`: nothing is known; of these, what is older than a day is not told again.
"""

from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol

from appliance.model_alarms import ReportPosition
from appliance.model_cameras import Event
from appliance.mqtt.topics import OFFLINE, ONLINE
from appliance.store.event_rows import read_last_events
from appliance.store.store import Store

AWAY, UNHEARD = "event-away", "event-unheard"
UNNOTICED_S = 120.0  # for so long a listener may be gone before the broker notices
SETTLE_S = 8.0  # it says that it is there before it listens to each entity
DAY = timedelta(days=1)


class Connections(Protocol):
    """What is asked of the broker."""

    @property
    def connections(self) -> int:
        """How many there were."""

    @property
    def trouble(self) -> str:
        """Why there is none now; "" where there is one."""


class Unheard:
    """Of one listener. `follow` and `keep` raise `StoreError`."""

    def __init__(self, store: Store, broker: Connections) -> None:
        self._store, self._broker = store, broker
        self._marks: dict[str, int | None] = {AWAY: None, UNHEARD: None}
        self._stored: dict[str, int | None] = dict(self._marks)
        self._said: deque[tuple[int, bytes]] = deque()  # connections with what it said there
        self._recent: deque[tuple[float, int]] = deque()  # uptimes with rows that were told
        self._read_id = 0
        self._connection = 0
        self._connected_s = 0.0
        self._connected_id = 0  # the last row that was surely heard before this connection
        self._is_known = False  # whether it has said anything on this connection
        self._is_presumed = False  # whether `UNHEARD` is there because of this connection alone
        self._back_s: float | None = None  # since when it is there
        self._again_s: float | None = None  # since when it has been told again

    def begin(self, rows: Mapping[str, ReportPosition], position: int, told: str) -> None:
        """The marks that are stored. `told`: the stream of `position`."""
        for stream in self._marks:
            row_id = rows[stream].row_id if stream in rows else -1
            self._marks[stream] = self._stored[stream] = row_id if row_id >= 0 else None
        self._connected_id = position
        if told in rows:
            since = rows[told].stamp.utc - timedelta(seconds=UNNOTICED_S)
            last = read_last_events(self._store, 0, position)
            lately = [row_id for row_id, event in last if event.last_seen > since]
            self._connected_id = min(lately, default=position + 1) - 1

    def note(self, payload: bytes) -> None:
        """What Home Assistant says of itself: `online` or `offline`."""
        self._said.append((self._broker.connections, payload[:20]))

    def note_told(self, row_id: int) -> None:
        """That row was given to the broker."""
        self._recent.append((self._now_s(), row_id))

    def follow(self, position: int, read_id: int) -> None:
        """Take what has happened. `position`: acknowledged up to there; `read_id`: read."""
        self._read_id = read_id
        for stream, mark in self._marks.items():
            self._marks[stream] = None if mark is None else min(mark, read_id)  # some were erased
        self._follow_connection(position)
        while self._said and self._said[0][0] <= self._connection:
            connection, payload = self._said.popleft()
            if connection < self._connection:
                continue
            if payload == ONLINE.encode():
                self._note_online()
            elif payload == OFFLINE.encode():
                self._note_offline()
        if not self._broker.trouble:
            while self._recent and self._now_s() - self._recent[0][0] > UNNOTICED_S:
                self._recent.popleft()
        if self._again_s is not None and self._now_s() - self._again_s > UNNOTICED_S:
            self._again_s = None
            self._marks = dict.fromkeys(self._marks)

    def is_due(self) -> bool:
        """Whether it has been there long enough to listen, and something is to be told again."""
        if self._back_s is None or self._again_s is not None or self._find_first() is None:
            return False
        return self._now_s() - self._back_s >= SETTLE_S

    def list_rows(self) -> list[tuple[int, Event]]:
        """What is to be told again: the last of it, in the order in which it was written."""
        first, away_id = self._find_first(), self._marks[AWAY]
        if first is None:
            return []
        last_day = self._store.clock.stamp().utc - DAY
        return [
            (row_id, event)
            for row_id, event in read_last_events(self._store, first, self._read_id)
            if event.last_seen >= last_day or (away_id is not None and row_id > away_id)
        ]

    def note_told_again(self) -> None:
        """It is forgotten only when it would have been noticed that it went meanwhile."""
        self._again_s = self._now_s()

    def keep(self) -> None:
        """Store the marks that have changed."""
        for stream, mark in self._marks.items():
            if mark != self._stored[stream]:
                row_id = -1 if mark is None else mark
                self._store.add(ReportPosition(self._store.clock.stamp(), stream, row_id))
                self._stored[stream] = mark

    def _follow_connection(self, position: int) -> None:
        """Who is there is not known any more: a broker that was away has told nobody that its
        listeners were, too, and a service that was away has heard nothing.
        """
        if self._broker.connections == self._connection:
            return
        heard_id = self._connected_id if self._connection == 0 else self._find_last_heard()
        self._connection = self._broker.connections
        self._connected_s, self._connected_id = self._now_s(), min(position, heard_id)
        self._is_known, self._back_s, self._again_s = False, None, None
        self._is_presumed = self._marks[UNHEARD] is None
        self._mark(UNHEARD, self._connected_id)

    def _note_online(self) -> None:
        if self._back_s is not None:
            return
        if not self._is_known:  # it was not there when this connection began
            self._mark(AWAY, self._connected_id)
        self._is_known, self._back_s = True, self._now_s()

    def _note_offline(self) -> None:
        was_there = not self._is_known and self._now_s() - self._connected_s > UNNOTICED_S
        if was_there and self._is_presumed:  # since this connection began
            self._marks[UNHEARD] = None
        self._mark(AWAY, self._find_last_heard())
        self._is_known, self._back_s, self._again_s = True, None, None

    def _mark(self, stream: str, row_id: int) -> None:
        before = self._marks[stream]
        self._marks[stream] = row_id if before is None else min(before, row_id)

    def _find_first(self) -> int | None:
        return min((mark for mark in self._marks.values() if mark is not None), default=None)

    def _find_last_heard(self) -> int:
        """The row before those that were told while it may have been gone already."""
        return min((row_id for _, row_id in self._recent), default=self._read_id + 1) - 1

    def _now_s(self) -> float:
        return self._store.clock.stamp().uptime_s
