"""The live view: the last analysed frame with its detections, for whoever asks.

Reads and writes: the view socket (appliance/media/frame_socket.py), in the server's threads.
Never: encodes a picture that nobody asked for, or shows one while nothing is analysed.
"""

from collections.abc import Mapping
from dataclasses import replace

from appliance.media.frames import JPEG, Answer, PictureRequest, Refusal
from appliance.model_cameras import Detection
from appliance.wording.sentence import say
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import encode_jpeg, list_followed_people
from inference.tracking.state import Tracks

NO_THRESHOLDS: Mapping[str, float] = {}
Shown = tuple[int, FrameResult, Tracks]  # its number: pictures of several cameras share the view


class View:
    """The newest analysed frame of each camera, or the reason why there is none.

    An answer shows the camera that is asked for, else the one that was analysed last. What is shown
    is replaced as a whole, never changed, so no lock is needed.

        view = View(blur_heads=True, threshold=0.45)
        server = FrameServer(settings.view_socket, view.answer)
    """

    def __init__(
        self,
        *,
        blur_heads: bool,
        threshold: float,
        label_thresholds: Mapping[str, float] = NO_THRESHOLDS,
    ) -> None:
        self._blur_heads = blur_heads
        self._threshold = threshold
        self._label_thresholds = label_thresholds
        self._shown: dict[str, Shown] = {}
        self._reason: str = say("no frame has been analysed yet")
        self._count = 0

    def show(self, result: FrameResult, tracks: Tracks) -> None:
        """Show this frame from now on, with the tracks that are surely seen in it."""
        self._count += 1
        camera = result.picture.camera
        self._shown = {**self._list_others(camera), camera: (self._count, result, tracks)}

    def hide_camera(self, camera: str, reason: str) -> None:
        """Stop showing this camera: it gives no pictures."""
        self._reason = reason
        self._shown = self._list_others(camera)

    def hide(self, reason: str) -> None:
        """Show nothing from now on, and say why."""
        self._reason = reason
        self._shown = {}

    def answer(self, request: PictureRequest) -> Answer:
        """The newest picture as JPEG, of the camera that is asked for or of any, or the reason why
        there is none.
        """
        shown = self._shown
        newest = (
            shown.get(request.camera) if request.camera else next(reversed(shown.values()), None)
        )
        if newest is None:
            return Refusal(tell_none(request.camera) if shown else self._reason)
        number, result, tracks = newest
        if number <= request.after:
            return Refusal(say("no frame has been analysed since your last picture"))
        people = (*result.unseen, *list_followed_people(tracks))
        data = encode_jpeg(replace(result, unseen=people), blur_heads=self._blur_heads)
        return replace(
            result.picture,
            sequence=number,
            detections=self._select_sure(tracks),
            encoding=JPEG,
            data=data,
        )

    def _select_sure(self, tracks: Tracks) -> tuple[Detection, ...]:
        """The tracks that are surely seen in the newest frame."""
        return tuple(
            Detection(track.label, track.confidence, track.box)
            for track in tracks.live
            if track.seen_now
            and track.confidence >= self._label_thresholds.get(track.label, self._threshold)
        )

    def _list_others(self, camera: str) -> dict[str, Shown]:
        return {name: shown for name, shown in self._shown.items() if name != camera}


def tell_none(camera: str) -> str:
    """Why there is no picture of that camera."""
    return say(
        "no picture of {camera} is analysed now: nothing moves there, or it gives none",
        camera=camera,
    )
