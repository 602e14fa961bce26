"""One picture that was looked at, what was seen in it, and what that cost.

Reads and writes: nothing; in memory only.
Never: copies or converts the pixels until somebody wants them.
"""

from dataclasses import dataclass

from appliance.media.frames import Picture
from appliance.model import Box, Detection, Tier
from inference.detection.model_input import convert_to_bgr
from inference.detection.nanodet import Bytes


@dataclass(frozen=True, slots=True)
class Cost:
    """What something took; `measured` False: by a model of it."""

    energy_j: float = 0.0
    measured: bool = False


@dataclass(frozen=True, slots=True)
class FrameResult:
    """A raw picture with all detections in it, faint ones too.

    `part` is what was looked at, None for all of it. `missed` pictures came since the look before
    and were not looked at. `unseen` is where people may be of whom `detections` do not tell: too
    faint, cut off, or followed and not found in this picture. `cost` is what finding took, `load_j`
    of it loading the model, `decode_j` what decoding took in the camera's process, which reports
    that itself.
    """

    picture: Picture
    detections: tuple[Detection, ...]
    part: Box | None = None
    tier: Tier = Tier.INT8
    provider: str = "none"
    digest: str = ""
    missed: int = 0
    cost: Cost = Cost()
    load_j: float = 0.0
    decode_j: float = 0.0
    unseen: tuple[Box, ...] = ()

    @property
    def energy_j(self) -> float:
        """All that the look took."""
        return self.cost.energy_j + self.decode_j


def pixels(picture: Picture) -> Bytes:
    """The picture as height x width x 3, BGR; raises `CameraError`."""
    return convert_to_bgr(picture)
