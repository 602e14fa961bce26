"""One picture that was looked at, and what was seen in it.

Reads and writes: nothing; in memory only.
Never: copies the pixels until somebody wants them.
"""

from dataclasses import dataclass

import numpy as np

from appliance.errors import CameraError
from appliance.frames import BGR, Picture
from appliance.model import Detection
from inference.detector import Detector
from inference.nanodet import Bytes


@dataclass(frozen=True, slots=True)
class Look:
    """A raw picture with all detections in it, faint ones too."""

    picture: Picture
    detections: tuple[Detection, ...]

    @classmethod
    def of(cls, picture: Picture, detector: Detector) -> "Look":
        """Look at a picture."""
        return cls(picture, tuple(detector.detect(pixels(picture))))


def pixels(picture: Picture) -> Bytes:
    """The picture as height x width x 3, BGR, without a copy; raises `CameraError`."""
    shape = (picture.height, picture.width, 3)
    if picture.encoding != BGR or len(picture.data) != picture.height * picture.width * 3:
        raise CameraError(
            f"the camera {picture.camera} sent {len(picture.data)} bytes of {picture.encoding} for "
            f"a picture of {picture.width}x{picture.height}: it runs another version of the program"
        )
    return np.frombuffer(picture.data, np.uint8).reshape(shape)
