"""Usage: frames and energy of inference, for one `InferenceRun` row a minute and one per camera.

Reads: the clock. Writes: nothing.
Never: reports energy for a frame that was not analysed, or twice: decoding is counted by the
camera's process.

Power is energy over picture time, and the row's energy is that power over unit time. On a unit the
two times are the same; in a fast demonstration one real run stands for all of the same rate.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.clock import Clock
from appliance.model_cameras import CameraUsage, InferenceRun, Tier
from inference.detection.detector import NOT_LOADED
from inference.detection.frame_result import Cost, FrameResult

Row = InferenceRun | CameraUsage


@dataclass(slots=True)
class UsageCount:
    """Frames and energy of one camera, or of all."""

    frames: int = 0
    skipped: int = 0
    energy_j: float = 0.0
    modelled: int = 0  # frames whose energy no meter has measured
    tier: Tier = Tier.NONE

    def add(self, result: FrameResult) -> None:
        self.frames += 1
        self.skipped += result.missed
        self.energy_j += result.cost.energy_j
        self.modelled += not result.cost.measured
        self.tier = result.tier

    @property
    def measured(self) -> bool:
        return self.frames > 0 and self.modelled == 0


class Usage:
    """The counts since the last rows.

    usage.add(result)  # each FrameResult
    if usage.is_due(60):
        store.add(*usage.take_rows(digest))
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._digest = ""
        self._cameras: dict[str, UsageCount] = {}
        self._begin(())

    def add(self, result: FrameResult) -> None:
        """Count one analysed frame."""
        self._provider, self._digest = result.provider, result.digest
        self._all.add(result)
        self._cameras.setdefault(result.picture.camera, UsageCount()).add(result)

    def add_cost(self, camera: str, cost: Cost) -> None:
        """Count energy that is of no frame: a second look at an event."""
        for count in (self._all, self._cameras.setdefault(camera, UsageCount())):
            count.energy_j += cost.energy_j
            count.modelled += not cost.measured

    def is_due(self, every_s: float) -> bool:
        """Whether `every_s` unit seconds have passed since the last rows."""
        return self._clock.stamp().uptime_s - self._begun.uptime_s >= every_s

    def take_rows(self, digest: str) -> list[Row]:
        """Rows of what was done since the last ones; the counts begin anew.

        A camera has a row while its frames are analysed, and one more with 0 frames afterwards.
        """
        rows: list[Row] = [
            self._make_run_row(digest),
            *(self._make_camera_row(*item) for item in self._cameras.items()),
        ]
        self._begin(name for name, count in self._cameras.items() if count.frames)
        return rows

    def _make_run_row(self, digest: str) -> InferenceRun:
        now, duration_s = self._clock.stamp(), self._compute_duration_s()
        power_w = self._compute_power_w(self._all)
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

    def _make_camera_row(self, camera: str, count: UsageCount) -> CameraUsage:
        power_w, duration_s = self._compute_power_w(count), self._compute_duration_s()
        return CameraUsage(
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

    def _compute_duration_s(self) -> float:
        return self._clock.stamp().uptime_s - self._begun.uptime_s

    def _compute_power_w(self, count: UsageCount) -> float:
        media_s = self._clock.media_s() - self._begun_media_s
        return count.energy_j / media_s if media_s > 0 else 0.0

    def _begin(self, worked: Iterable[str]) -> None:
        self._begun = self._clock.stamp()
        self._begun_media_s = self._clock.media_s()
        self._provider = NOT_LOADED
        self._all = UsageCount()
        self._cameras = {name: UsageCount() for name in worked}
