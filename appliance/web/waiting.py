"""Requests that wait for something to happen: so many at once, so many of one client, so long each.

    waiting = Waiting()
    with waiting.take_place("10.0.0.7"):
        found = waiting.wait(look, wait_s=20, is_over=lambda: False)

Reads: a clock. Writes: nothing.
Never: keeps a thread of the server that the page needs (server.py has one more for each place).
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from appliance.wording.sentence import say

MOST_WAITING = 4
MOST_OF_CLIENT = 2
LOOK_EVERY_S = 1.0  # real time
T = TypeVar("T")


class NoPlaceError(Exception):
    """As many wait as may; the text says who."""


class Waiting:
    """The places of one server."""

    def __init__(
        self,
        now_s: Callable[[], float] = time.monotonic,
        pause: Callable[[float], object] = time.sleep,
    ) -> None:
        self._now_s, self._pause = now_s, pause
        self._lock = threading.Lock()
        self._clients: Counter[str] = Counter()

    @contextmanager
    def take_place(self, client: str) -> Iterator[None]:
        """Hold a place; raises `NoPlaceError`."""
        with self._lock:
            if self._clients[client] >= MOST_OF_CLIENT:
                raise NoPlaceError(
                    say(
                        "{most_of_client} requests of {client} wait already",
                        most_of_client=MOST_OF_CLIENT,
                        client=client,
                    )
                )
            if self._clients.total() >= MOST_WAITING:
                raise NoPlaceError(
                    say("{most_waiting} requests wait already", most_waiting=MOST_WAITING)
                )
            self._clients[client] += 1
        try:
            yield
        finally:
            with self._lock:
                self._clients -= Counter((client,))

    def wait(
        self, look: Callable[[], T | None], wait_s: float, is_over: Callable[[], bool]
    ) -> T | None:
        """What `look` finds, asked once a second; None after `wait_s`, or where `is_over`."""
        ends_s = self._now_s() + wait_s
        while True:
            found = look()
            left_s = ends_s - self._now_s()
            if found is not None or left_s <= 0 or is_over():
                return found
            self._pause(min(LOOK_EVERY_S, left_s))
