"""Whether something moves before one camera: gates 0 and 1 and hints from outside, in one answer.

Reads and writes: nothing; packets' sizes and small grey pictures come in.
Never: decodes, waits, or takes a change of light for something that moves.
"""

from dataclasses import dataclass
from typing import Any

from appliance.model import Box

PACKETS, KEY_FRAMES = "packets", "key frames"


@dataclass(frozen=True, slots=True)
class Bout:
    """One stretch of movement. `score` is how clearly, 1: just so."""

    began_s: float
    last_s: float
    woken_by: str
    score: float


class Motion:
    """The state of one camera's gates. All times are picture time."""

    gates = "everything"
    packets_tell = True
    region: Box | None = None

    def hear(self, media_s: float, size_bytes: int, is_key: bool) -> None:
        """Gate 0: one packet came."""

    def wants_probe(self, media_s: float) -> bool:
        """Whether the key frame that was just heard should be looked at, small."""
        return False

    def look(self, grey: Any, media_s: float) -> None:
        """Gate 1: a picture of 160 x 120 (120 rows of 160 bytes), a key frame or any other."""

    def hint(self, source: str, media_s: float) -> None:
        """Somebody outside says that something moves now."""

    def moving(self, media_s: float) -> Bout | None:
        """The stretch that is going on, or None."""
        return Bout(media_s, media_s, PACKETS, 1.0)

    def over(self) -> list[Bout]:
        """The stretches that ended since the last call."""
        return []

    def reset(self) -> None:
        """The source began anew: learn again."""
