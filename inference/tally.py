"""Counts what inference did, for one `InferenceRun` row a minute.

Reads: the clock. Writes: nothing.
Never: reports energy for a frame that was not looked at.

Energy is modelled (settings `energy_per_frame_j`). The rate is counted in picture time and the
energy over unit time: on a unit the two are one; in a fast demonstration one frame that was really
looked at stands for all those of the same rate.
"""

from appliance.clock import Clock
from appliance.model import InferenceRun
from inference.detector import NOT_LOADED


class Tally:
    """The counts since the last row."""

    def __init__(self, clock: Clock, energy_per_frame_j: float, model_digest: str) -> None:
        self._clock = clock
        self._energy_per_frame_j = energy_per_frame_j
        self._model_digest = model_digest
        self._begin()

    def count(self, skipped: int, provider: str) -> None:
        """One frame was looked at by `provider`, and `skipped` before it were not."""
        self._frames += 1
        self._skipped += skipped
        self._provider = provider

    def due(self, every_s: float) -> bool:
        """Whether `every_s` unit seconds have passed since the last row."""
        return self._clock.stamp().uptime_s - self._begun.uptime_s >= every_s

    def row(self) -> InferenceRun:
        """What was done since the last row; begins the next."""
        now = self._clock.stamp()
        duration_s = now.uptime_s - self._begun.uptime_s
        media_s = self._clock.media_s() - self._begun_media_s
        frames_per_s = self._frames / media_s if media_s > 0 else 0.0
        power_w = frames_per_s * self._energy_per_frame_j
        run = InferenceRun(
            stamp=now,
            duration_s=duration_s,
            frames=self._frames,
            frames_skipped=self._skipped,
            energy_wh=power_w * duration_s / 3600,
            energy_measured=False,
            power_w=power_w,
            provider=self._provider,
            model_digest=self._model_digest,
        )
        self._begin()
        return run

    def _begin(self) -> None:
        self._begun = self._clock.stamp()
        self._begun_media_s = self._clock.media_s()
        self._frames = self._skipped = 0
        self._provider = NOT_LOADED
