"""Shows the last picture that was looked at, to whoever asks.

Reads and writes: the view socket (appliance/media/frames.py), in the server's threads.
Never: encodes a picture that nobody asked for, or shows one while nothing is being watched.
"""

from dataclasses import replace

from appliance.media.frames import JPEG, Answer, Picture, PictureRequest, Refusal
from appliance.model import Detection
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import encode_jpeg, list_unseen_people
from inference.tracking.track import Tracks

Shown = tuple[FrameResult, Picture]


class View:
    """The newest look of each camera, or the reason why there is none.

    Who asks gets the camera that was looked at last. What is shown is replaced as a whole, never
    changed, so no lock is needed.
    """

    def __init__(self, blur_heads: bool, threshold: float) -> None:
        self._blur_heads = blur_heads
        self._threshold = threshold
        self._shown: dict[str, Shown] = {}
        self._reason = "nothing has been looked at yet"
        self._count = 0

    def show(self, result: FrameResult, tracks: Tracks) -> None:
        """Show this look from now on, with the tracks that are surely seen in it."""
        seen = tuple(
            Detection(track.label, track.confidence, track.box)
            for track in tracks.live
            if track.seen_now and track.confidence >= self._threshold
        )
        # Pictures of several cameras take turns here, so they are counted anew.
        self._count += 1
        picture = replace(result.picture, sequence=self._count, detections=seen)
        shown = (replace(result, unseen=(*result.unseen, *list_unseen_people(tracks))), picture)
        self._shown = {**self._without(result.picture.camera), result.picture.camera: shown}

    def hide_camera(self, camera: str, reason: str) -> None:
        """Show this camera no more: it gives no pictures."""
        self._reason = reason
        self._shown = self._without(camera)

    def hide(self, reason: str) -> None:
        """Show nothing from now on, and say why."""
        self._reason = reason
        self._shown = {}

    def answer(self, ask: PictureRequest) -> Answer:
        """The newest picture as JPEG, or why not."""
        newest = next(reversed(self._shown.values()), None)
        if newest is None:
            return Refusal(self._reason)
        look, picture = newest
        if picture.sequence <= ask.after:
            return Refusal("nothing has been looked at since your last picture")
        data = encode_jpeg(look, self._blur_heads)
        return replace(picture, encoding=JPEG, data=data)

    def _without(self, camera: str) -> dict[str, Shown]:
        return {name: shown for name, shown in self._shown.items() if name != camera}
