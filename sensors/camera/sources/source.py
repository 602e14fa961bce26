"""The camera interface: what every source of encoded packets must be able to do.

Reads and writes: nothing; a video file, a network stream or a video device implements it.
Never: decodes, or depends on which kinds there are (opening.py does).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Codec:
    """What a decoder must know before the first packet: FFmpeg's name and the parameter sets.

    The size is for codecs whose packets do not have it (Cinepak); 0 where it is not known.
    """

    name: str
    extradata: bytes = b""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class EncodedPacket:
    """One packet, not decoded. `av_packet` is PyAV's.

    `media_s` is the presentation time of its picture, in the clock's picture time.
    """

    av_packet: Any
    codec: Codec
    media_s: float
    size_bytes: int
    is_key: bool


OnPacket = Callable[[EncodedPacket], None]


class Camera(Protocol):
    """A source of packets; gives each to the `on_packet` that it was made with, in decoding order.

    `stream` says in words what comes ("h264 1920x1080, 25 frames a second, 2100 kbit/s"), None
    while nothing comes. `most_gathered_s` is for how long a live source may let packets gather
    before it gives them: a wake-up costs more than a packet. `lag_s` is by how much its packets
    come too late beyond that, None where it is not known; `advice` says what is wrong with
    its clock.
    """

    most_gathered_s: float

    @property
    def stream(self) -> str | None:
        """What comes."""

    @property
    def lag_s(self) -> float | None:
        """How far what comes is behind."""

    @property
    def advice(self) -> str:
        """What is wrong with its clock, and what to do; "" where nothing is."""

    def advance(self, media_s: float) -> None:
        """Give what is due at `media_s`; raises `CameraError` once the source is lost.

        A live source gives packets by itself, in a thread of its own; here it only reports its
        health, and a source that sends nothing any more counts as lost.
        """

    def due_in_s(self, media_s: float) -> float | None:
        """Picture seconds until `advance` has more to give; None for a live source."""

    def close(self) -> None:
        """Close the file or the connection; no packet is given afterwards. Returns at once."""


class VideoDecoder(Protocol):
    """What is used of libav's decoders."""

    def decode(self, packet: Any) -> list[Any]:
        """The frames that one packet gives; None: all that are left."""

    def flush_buffers(self) -> None:
        """Forget all packets: the next one is a key frame."""
