"""A broker without a memory, and Home Assistant beside it, as far as events are concerned."""

import json
from typing import Any


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
