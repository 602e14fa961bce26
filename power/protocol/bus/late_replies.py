"""Requests that had no reply in time: one may still come, and must not answer another request.

Reads and writes: nothing; pure but for the requests of the last minute that were lost.
Never: decides by time alone. A late reply may come after any silence, so that where it would fit
another request, the line has to show which reply is which.
"""

from dataclasses import dataclass
from typing import NamedTuple

LATEST_S = 60.0  # a gateway keeps a reply for seconds; nothing is known to keep it for a minute


class RequestKey(NamedTuple):
    """What is known of a request: all that its reply says about it, and its address.

    `address` is what the reply does not say. `size` is in bytes; None: the reply may have any.
    """

    device: int
    function: int
    address: object
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Lost:
    """A request whose reply has not come by `at_s`."""

    request: RequestKey
    at_s: float

    def fits(self, other: RequestKey, *, refused: bool) -> bool:
        """Whether its reply would pass for that of `other`. A refusal has no size of its own."""
        mine = self.request
        same_shape = refused or None in (mine.size, other.size) or mine.size == other.size
        same_head = (mine.device, mine.function) == (other.device, other.function)
        return same_head and same_shape and mine.address != other.address


class LateReplies:
    """The lost requests of one line."""

    def __init__(self) -> None:
        self._lost: dict[RequestKey, Lost] = {}

    def note_lost(self, request: RequestKey, now_s: float) -> None:
        self._lost[request] = Lost(request, now_s)

    def count_possible(self, request: RequestKey, now_s: float, *, refused: bool) -> int:
        """To how many other requests what was received for `request` may be the late reply."""
        self._lost = {key: one for key, one in self._lost.items() if now_s - one.at_s < LATEST_S}
        return sum(one.fits(request, refused=refused) for one in self._lost.values())

    def forget(self, device: int, but: RequestKey | None = None) -> None:
        """The device, which answers in order, has answered a later request: none will come late."""
        self._lost = {
            key: one for key, one in self._lost.items() if key.device != device or key == but
        }
