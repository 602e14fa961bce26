"""Time-lapse: a picture each some minutes, while surplus is available.

    if timelapse.is_due("gate", budget): ...             # then the camera's next frame is analysed
    timelapse.take("gate", result)

Reads and writes: pictures YYYY-MM-DD/NAME.jpg in one directory, as inference/events/snapshots.py
does.
Never: costs energy that a battery would need, or keeps a picture that is not hidden as a snapshot
is: with privacy masks, and with the heads of people blurred.
"""

from collections.abc import Mapping

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.model import EnergyBudget
from appliance.wording.sentence import say
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import encode_snapshot
from inference.events.draft import make_event_id
from inference.events.snapshots import EventFiles

MINUTE_S = 60.0
RULE = (0, "")  # in the place of an event's track and rule in the file's name


class Timelapse:
    """The pictures of all cameras; `every_min`: minutes between them, by camera, 0 for none."""

    def __init__(
        self, files: EventFiles, every_min: Mapping[str, float], clock: Clock, *, blur_heads: bool
    ) -> None:
        self._files = files
        self._every_s = {name: MINUTE_S * one for name, one in every_min.items() if one}
        self._clock = clock
        self._blur_heads = blur_heads
        self._taken_s: dict[str, float] = {}

    def is_due(self, camera: str, budget: EnergyBudget) -> bool:
        """Whether a picture of that camera is wanted now."""
        every_s = self._every_s.get(camera)
        if every_s is None or not budget.sun_is_free:
            return False
        taken_s = self._taken_s.get(camera)
        return taken_s is None or self._clock.stamp().uptime_s - taken_s >= every_s

    def take(self, camera: str, result: FrameResult) -> bool:
        """Store a frame that is wanted; False where only a part of it was analysed: people in the
        rest of it are not known. Raises `StoreError`; the next one is due after the usual time.
        """
        if result.part is not None and self._blur_heads:
            return False
        stamp = self._clock.stamp()
        self._taken_s[camera] = stamp.uptime_s
        name = make_event_id(result.picture.stamp, camera, RULE, 0)
        data = encode_snapshot(result, blur_heads=self._blur_heads)
        try:
            self._files.put_snapshot(name, result.picture.stamp.utc, data)
        except StoreError as error:
            raise StoreError(
                say(
                    "a picture of the time-lapse of {camera} is lost: {error}",
                    camera=camera,
                    error=error,
                )
            ) from error
        return True

    def tidy(self) -> None:
        """Delete what is too old, or too much. Raises `StoreError`."""
        self._files.tidy()
