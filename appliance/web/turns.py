"""Whose request is answered next: that of the client that asks least: what it was answered of late
and what it still waits for.

    server.task_dispatcher.queue = Turns()      # instead of waitress's deque

Reads: a clock. Writes: of each channel, whether it is queued.
Never: lets a client with many requests keep a visitor waiting for more than what is being answered.
"""

import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

MEMORY_S = 10.0  # so long an answer counts; who only polls the page is then like a newcomer


class Turns:
    """What waits for a thread of the server; its users hold the dispatcher's lock."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._waiting: dict[str, deque[Any]] = {}  # by client; who waits longest stands first
        self._answered: deque[tuple[float, str]] = deque()
        self._counts: Counter[str] = Counter()

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def append(self, channel: Any) -> None:
        channel.is_queued = True
        self._waiting.setdefault(channel.client, deque()).append(channel)

    def popleft(self) -> Any:
        """The next one; there must be one."""
        self._forget_old()
        client = min(self._waiting, key=self._count_asked)
        mine = self._waiting.pop(client)
        found = mine.popleft()
        found.is_queued = False
        if mine:
            self._waiting[client] = mine  # behind the others
        self._counts[client] += 1
        self._answered.append((self._now_s(), client))
        return found

    def _count_asked(self, client: str) -> int:
        """Its requests of late; a connection may hold many that were sent at once."""
        return self._counts[client] + sum(len(one.requests) for one in self._waiting[client])

    def _forget_old(self) -> None:
        while self._answered and self._answered[0][0] <= self._now_s() - MEMORY_S:
            _, client = self._answered.popleft()
            self._counts[client] -= 1
            if not self._counts[client]:
                del self._counts[client]
