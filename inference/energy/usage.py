"""Counts what inference did, for one `InferenceRun` row a minute and one for each camera at work.

Reads: the clock. Writes: nothing.
Never: reports energy for a picture that was not looked at, or twice: decoding is the camera's.

The rate is counted in picture time and the energy over unit time: on a unit the two are one; in a
fast demonstration one look that was really made stands for all those of the same rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.clock import Clock
from appliance.model import CameraLooks, InferenceRun, Tier
from inference.detection.detector import NOT_LOADED
from inference.detection.frame_result import FrameResult

Row = InferenceRun | CameraLooks


@dataclass(slots=True)
class UsageCount:
    """What was done with the pictures of one camera, or of all."""

    frames: int = 0
    skipped: int = 0
    energy_j: float = 0.0
    modelled: int = 0  # looks whose energy no meter knows
    tier: Tier = Tier.NONE

    def add(self, look: FrameResult) -> None:
        self.frames += 1
        self.skipped += look.missed
        self.energy_j += look.cost.energy_j
        self.modelled += not look.cost.measured
        self.tier = look.tier

    @property
    def measured(self) -> bool:
        return self.frames > 0 and self.modelled == 0


class Usage:
    """The counts since the last rows."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._digest = ""
        self._cameras: dict[str, UsageCount] = {}
        self._begin(())

    def add(self, look: FrameResult) -> None:
        """One picture was looked at."""
        self._provider, self._digest = look.provider, look.digest
        self._all.add(look)
        self._cameras.setdefault(look.picture.camera, UsageCount()).add(look)

    def is_due(self, every_s: float) -> bool:
        """Whether `every_s` unit seconds have passed since the last rows."""
        return self._clock.stamp().uptime_s - self._begun.uptime_s >= every_s

    def take_rows(self, digest: str) -> list[Row]:
        """What was done since the last rows; begins the next.

        A camera has one while it is looked at, and one more that says that this is over.
        """
        rows: list[Row] = [
            self._make_run_row(digest),
            *(self._make_camera_row(*item) for item in self._cameras.items()),
        ]
        self._begin(name for name, count in self._cameras.items() if count.frames)
        return rows

    def _make_run_row(self, digest: str) -> InferenceRun:
        now, duration_s = self._clock.stamp(), self._duration_s()
        power_w = self._power_w(self._all)
        return InferenceRun(
            stamp=now,
            duration_s=duration_s,
            frames=self._all.frames,
            frames_skipped=self._all.skipped,
            energy_wh=power_w * duration_s / 3600,
            energy_measured=self._all.measured,
            power_w=power_w,
            provider=self._provider,
            model_digest=self._digest or digest,
        )

    def _make_camera_row(self, camera: str, count: UsageCount) -> CameraLooks:
        power_w, duration_s = self._power_w(count), self._duration_s()
        return CameraLooks(
            stamp=self._clock.stamp(),
            camera=camera,
            duration_s=duration_s,
            frames=count.frames,
            frames_skipped=count.skipped,
            energy_wh=power_w * duration_s / 3600,
            energy_measured=count.measured,
            power_w=power_w,
            tier=count.tier,
        )

    def _duration_s(self) -> float:
        return self._clock.stamp().uptime_s - self._begun.uptime_s

    def _power_w(self, count: UsageCount) -> float:
        media_s = self._clock.media_s() - self._begun_media_s
        return count.energy_j / media_s if media_s > 0 else 0.0

    def _begin(self, worked: Iterable[str]) -> None:
        self._begun = self._clock.stamp()
        self._begun_media_s = self._clock.media_s()
        self._provider = NOT_LOADED
        self._all = UsageCount()
        self._cameras = {name: UsageCount() for name in worked}
