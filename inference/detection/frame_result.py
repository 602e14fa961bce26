"""The result of one analysed frame: the picture, its detections, and their energy cost.

Reads and writes: nothing; in memory only.
Never: copies or converts pixels.
"""

from dataclasses import KW_ONLY, dataclass

from appliance.media.frames import Picture
from appliance.model_cameras import Box, Detection, Tier
from appliance.sections.cameras import Polygon
from inference.tracking.attention import Cause


@dataclass(frozen=True, slots=True)
class Cost:
    """An energy cost; `measured` False: modelled, not metered."""

    energy_j: float = 0.0
    measured: bool = False


@dataclass(frozen=True, slots=True)
class FrameResult:
    """A raw picture with all detections in it, faint ones too.

    `part` is what was analysed, None for all of it; `cause` and `reason` say why it was looked at,
    and why this part; `looks` is how many runs of the model it took. `missed` pictures came since
    the analysed frame before and were skipped. `unseen` are boxes where people may be who are not
    in `detections`: too faint, cut off, or followed. `masks` are the camera's privacy masks. `cost`
    is the energy of the run, `load_j` of it loading the model; `decode_j` is the energy of decoding
    in the camera's process, which reports that itself.
    """

    picture: Picture
    detections: tuple[Detection, ...]
    _: KW_ONLY
    part: Box | None = None
    cause: Cause = Cause.MOVEMENT
    reason: str = ""
    looks: int = 1
    tier: Tier = Tier.INT8
    provider: str = "none"
    digest: str = ""
    missed: int = 0
    cost: Cost = Cost()
    load_j: float = 0.0
    decode_j: float = 0.0
    unseen: tuple[Box, ...] = ()
    masks: tuple[Polygon, ...] = ()

    @property
    def energy_j(self) -> float:
        """Energy of this frame: run, loading and decoding."""
        return self.cost.energy_j + self.decode_j
