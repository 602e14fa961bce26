"""The last seconds of a stream as it came, and films cut from them without decoding.

Reads and writes: nothing; packets come in, MP4 files go out, both in memory.
Never: decodes or encodes, and never keeps more than it was told to.
"""

from dataclasses import dataclass

from appliance.errors import CameraError
from sensors.camera.source import Heard


@dataclass(frozen=True, slots=True)
class Film:
    """One MP4 file; it begins at picture time `since_s`, with a key frame."""

    data: bytes
    since_s: float
    until_s: float
    width: int
    height: int


class Recording:
    """What came in the last `keep_s` picture seconds."""

    def __init__(self, keep_s: float) -> None:
        self._keep_s = keep_s

    def keep(self, heard: Heard) -> None:
        """Take one packet, in decoding order."""

    def mp4(self, since_s: float, until_s: float) -> Film:
        """The film that covers the time asked for, as far as it is kept; raises `CameraError`."""
        raise CameraError("films are not kept yet")
