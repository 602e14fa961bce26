"""The camera seam: what every source of packets must be able to do.

Reads and writes: nothing; a clip, a stream or a device is behind it.
Never: decodes, and never knows which kinds there are (opening.py does).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Codec:
    """What a decoder must know before the first packet: FFmpeg's name and the codec's header."""

    name: str
    extradata: bytes = b""


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One packet, undecoded. `packet` is PyAV's.

    `media_s` is the clock's picture time at which its picture is shown.
    """

    packet: Any
    codec: Codec
    media_s: float
    size_bytes: int
    is_key: bool


OnPacket = Callable[[EncodedPacket], None]


class Camera(Protocol):
    """A source of packets in decoding order, given one by one to the `hear` that it was made with.

    `stream` says in words what comes ("h264 1920x1080, 25 frames a second, 2100 kbit/s"), None
    while nothing comes. `patience_s` is for how long a live source may gather packets before it
    gives them: a wake-up costs more than a packet.
    """

    most_gathered_s: float

    @property
    def stream(self) -> str | None:
        """What comes."""

    def advance(self, media_s: float) -> None:
        """Give what is due at `media_s`; raises `CameraError` once the source is lost.

        A live source gives packets by itself, in a thread of its own; here it only tells its
        health, and a source that fell silent counts as lost.
        """

    def due_in_s(self, media_s: float) -> float | None:
        """Picture seconds until `advance` has more to give; None: it comes by itself."""

    def close(self) -> None:
        """Let go of the file or the connection; nothing is heard afterwards. Returns at once."""
