"""The camera seam: what every camera must be able to do.

Reads and writes: nothing; a clip, and later a stream or a device, is behind it.
Never: knows which kinds there are (sensors/opening.py does).
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Shot:
    """One decoded picture. `media_s` is picture time (the clock's `media_s`) of this picture.

    `data` is height x width x 3 bytes BGR, or a JPEG file.
    """

    media_s: float
    width: int
    height: int
    data: bytes


class Camera(Protocol):
    """A source of pictures that can be listened to without decoding."""

    @property
    def sequence(self) -> int:
        """The number of the newest frame that is due, from 0; -1 before the first."""

    def advance(self, media_s: float) -> None:
        """Take in what came until `media_s` without decoding; raises `CameraError`."""

    def shot(self, encoding: str) -> Shot | None:
        """Decode the newest picture; None where there is none yet. Raises `CameraError`."""

    def rest(self) -> None:
        """Free the decoder; the next `shot` makes a new one."""

    def close(self) -> None:
        """Let go of the file or the connection."""
