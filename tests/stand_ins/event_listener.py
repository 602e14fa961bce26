"""A broker without a memory, and Home Assistant beside it, as far as events are concerned."""

import json
from collections.abc import Callable
from typing import Any

from appliance.mqtt.event_feed import EventFeed
from appliance.mqtt.unheard import SETTLE_S
from tests.conftest import OpenStore
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import event


class EventHouse:
    """Numbers what it gets; acknowledges when told. `trouble`: why there is no connection.
    `hears`: whether Home Assistant listens. `most`: so many it takes before it is asked again.
    """

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.heard: set[str] = set()
        self.acknowledged: set[int] = set()
        self.acknowledges = self.hears = True
        self.trouble = ""
        self.connections = 1
        self.most: int | None = None
        self._waiting = 0

    def publish_event(self, topic: str, text: str) -> int | None:
        if self.trouble or (self.most is not None and self._waiting >= self.most):
            return None
        self.got.append(json.loads(text))
        self._waiting += 1
        number = len(self.got)
        if self.acknowledges:
            self.acknowledged.add(number)
        if self.hears:
            self.heard.add(self.got[-1]["event_id"])
        return number

    def has_acknowledged(self, number: int) -> bool:
        return number in self.acknowledged

    def take_more(self) -> None:
        """What was sent has been acknowledged."""
        self._waiting = 0

    def restart(self) -> None:
        """The broker is killed and back; the unit has found it at once, Home Assistant not yet."""
        self.connections += 1
        self.hears = False

    def list_ids(self) -> list[str]:
        return [one["event_id"] for one in self.got]

    def list_again(self) -> list[str]:
        return [one["event_id"] for one in self.got if one.get("again")]


class Scene:
    """One unit, one broker, one Home Assistant; the service can be killed at any moment."""

    def __init__(
        self,
        make: Callable[[], EventFeed],
        open_store: OpenStore,
        clock: FakeClock,
        house: EventHouse,
    ) -> None:
        self._make, self._open_store, self.clock, self.house = make, open_store, clock, house
        self.feed: EventFeed = make()
        self._count = 0

    def see(self, count: int = 1) -> None:
        """Events, and the cycles in which they are told and acknowledged."""
        numbers = range(self._count + 1, self._count + 1 + count)
        self._count += count
        self._open_store("inference").add(*(event(self.clock, number) for number in numbers))
        self.wait(2)

    def wait(self, seconds: float) -> None:
        """Cycles, a second apart."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            self.house.take_more()
            self.feed.follow()

    def kill_service(self) -> None:
        self.feed = self._make()

    def restart_broker(self) -> None:
        self.house.restart()
        self.wait(1)

    def say(self, *payloads: bytes) -> None:
        for payload in payloads:
            self.feed.note_listener(payload)
        self.wait(1)

    def leave(self) -> None:
        self.house.hears = False
        self.say(b"offline")

    def come(self) -> None:
        """Home Assistant is started, and listens to all a moment after it has said so."""
        self.say(b"online")
        self.wait(SETTLE_S / 2)
        self.house.hears = True

    def list_lost(self) -> list[str]:
        """What it has not heard when all has been quiet for a while."""
        self.wait(SETTLE_S + 2)
        names = [f"e{number}" for number in range(1, self._count + 1)]
        return [name for name in names if name not in self.house.heard]
