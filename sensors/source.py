"""The camera seam: what every camera must be able to do, and how one is opened from its settings.

Reads: nothing itself. Writes: nothing.
Never: imports PyAV before a camera is really opened: a camera that is off costs no memory for it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.errors import CameraError


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


def open_camera(source: str, directory: Path) -> Camera:
    """The camera of a `source` setting; a relative path counts from `directory`."""
    if not source:
        raise CameraError("the camera has no source: set `source` in its section to a clip's path")
    if "://" in source:
        raise CameraError(
            f"{source} is a stream, and this release plays files only: "
            "set the camera's `source` to the path of a clip"
        )
    from sensors.clip import Clip  # noqa: PLC0415  (PyAV costs 18 MB: only where it works)

    return Clip(directory / source)
