"""Damages replies as a bad line does.

Reads and writes: nothing; pure but for its own random numbers.
Never: damages anything unless its quirk is on.
"""

from collections.abc import Collection
from random import Random

from provisioning.simulated.lines.framing import build_rtu_frame, parse_rtu_frame
from provisioning.simulated.lines.quirks import (
    DELAYED,
    FLOOD,
    FOREIGN,
    LATE,
    NOISE,
    STALE,
    TRUNCATED,
)

SHARE = 0.2
FLOOD_BYTES = 1000
HALF = 0.5


class Damage:
    """Damages one reply in five, in one of the ways that are on; `share` of them for a bench."""

    def __init__(self, quirks: Collection[str], seed: int, share: float = SHARE) -> None:
        self._ways = [way for way in WAYS if way in quirks]
        self._late, self._stale = LATE in quirks, STALE in quirks
        self._delayed, self._is_behind = DELAYED in quirks, False
        self._random = Random(seed)
        self._share = share
        self._held = self._last = b""

    def apply(self, reply: bytes) -> bytes:
        """What arrives in place of `reply`; nothing where it is late: it comes with the next."""
        if not reply:
            return reply
        held, self._held = self._held, b""
        hit = self._random.random() < self._share
        if self._delayed and self._is_behind != hit:
            self._is_behind, self._held = True, reply
            return held
        self._is_behind = False
        if hit and self._late and not held:
            self._held = reply
            return b""
        before, self._last = self._last[len(self._last) // 2 :], reply
        if hit and self._stale and self._random.random() < HALF:
            return before + held + reply
        if hit and self._ways:
            reply = WAYS[self._random.choice(self._ways)](reply, self._random)
        return held + reply


def flip_byte(reply: bytes, random: Random) -> bytes:
    place = random.randrange(len(reply))
    flipped = reply[place] ^ random.randint(1, 255)
    return reply[:place] + bytes([flipped]) + reply[place + 1 :]


def truncate(reply: bytes, random: Random) -> bytes:
    return reply[: random.randrange(1, len(reply))] if len(reply) > 1 else b""


def readdress(reply: bytes, random: Random) -> bytes:
    """The same with another id and a right CRC; frames that are not RTU become noise."""
    content = parse_rtu_frame(reply)
    if content is None:
        return flip_byte(reply, random)
    return build_rtu_frame((content[0] + 1) & 0xFF, content[1])


def prepend_flood(reply: bytes, random: Random) -> bytes:
    return random.randbytes(FLOOD_BYTES) + reply


WAYS = {NOISE: flip_byte, TRUNCATED: truncate, FOREIGN: readdress, FLOOD: prepend_flood}
