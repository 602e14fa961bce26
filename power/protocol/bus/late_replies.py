"""Requests that had no reply in time: one may still come, and must not answer another request.

Reads and writes: nothing; pure but for the open requests of one device.
Never: decides by time. A reply may be late by seconds, or be kept until the next request.

A device answers in order, and each request once at most. So replies are counted. Where two lost
requests may still be answered, two replies are discarded, and only the third is that of a third
request. Replies that never come correct the count: a reply of a size that no earlier request can
have shows that the line is in step, and so do many that are the same as the one that counts.
"""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from appliance.errors import BusError

MOST_OPEN = 8  # no device or gateway is known that keeps so many replies
ENOUGH_SIGNS = 16  # that the line is in step: values that only look like it are never so many

Answer = TypeVar("Answer")


class RequestKey(NamedTuple):
    """What is known of a request: all that its reply says about it, and its address.

    `address` is what the reply does not say. `size` is in bytes; None: the reply may have any.
    """

    function: int
    address: object
    size: int | None = None

    def is_same(self, other: "RequestKey") -> bool:
        """Whether both ask for the same; how long the last reply was makes no difference."""
        return (self.function, self.address) == (other.function, other.address)


class OpenRequests:
    """The requests to one device that may still be answered, oldest first."""

    def __init__(self) -> None:
        self._open: deque[RequestKey] = deque(maxlen=MOST_OPEN)
        self._sizes: set[int] = set()  # of replies; one only: the device may give no other
        self._known: dict[tuple[int, object], object] = {}  # the last answer to each request
        self._signs = 0

    def exchange(self, request: RequestKey, ask: Callable[[], tuple[Answer, int | None]]) -> Answer:
        """The answer to `request`: `ask` again until an answer can be that of no other.

        `ask` returns an answer and its size in bytes, None for a refusal; its errors are raised.
        """
        try:
            answer, others = self._ask(request, ask)
            first, suspects = answer, others
            while others:
                answer, others = self._ask(request, ask)
        except BusError:
            self._signs = 0
            raise
        self._correct_count(first, answer, suspects)
        self._known[request[:2]] = answer
        return answer

    def _ask(
        self, request: RequestKey, ask: Callable[[], tuple[Answer, int | None]]
    ) -> tuple[Answer, list[RequestKey]]:
        """One answer, and the other requests to which it may be the late one."""
        self._open.append(request)
        answer, size = ask()
        possible = self._take_reply(request, size)
        others = [one for one in possible if not one.is_same(request)]
        if size is not None and not others:
            self._sizes.add(size)
        return answer, others

    def note_other_size(self, request: RequestKey, size: int) -> None:
        """A sound reply came of a size that `request` did not ask for."""
        self._take_reply(request._replace(address=None), size)

    def _take_reply(self, request: RequestKey, size: int | None) -> list[RequestKey]:
        """Close the oldest open request that a reply may answer; returns all that it may."""
        possible = [one for one in self._open if self._may_answer(one, request, size)]
        while possible and self._open.popleft() is not possible[0]:
            pass  # a device that answers a later request has answered this one, or never will
        return possible

    def _may_answer(self, one: RequestKey, request: RequestKey, size: int | None) -> bool:
        """Whether a reply of that size, received for `request`, may be that to `one`."""
        if one.is_same(request):
            return True
        tells_sizes = size is not None and len(self._sizes) > 1
        return one.function == request.function and not (
            tells_sizes and one.size not in (None, size)
        )

    def _correct_count(self, first: object, last: object, suspects: list[RequestKey]) -> None:
        """Count how often the first answer was the right one already, and no other request's."""
        known = [self._known.get(one[:2], first) for one in suspects]
        if not suspects or (first in known and first == last):
            return
        if first in known:
            self._signs = 0
        elif first == last:
            self._signs += 1
        if self._signs >= ENOUGH_SIGNS:
            self._open.clear()
            self._signs = 0
