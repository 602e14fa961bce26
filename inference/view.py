"""Shows the last picture that was looked at, to whoever asks.

Reads and writes: the view socket (appliance/frames.py), in the server's threads.
Never: encodes a picture that nobody asked for, or shows one while nothing is being watched.
"""

from dataclasses import replace

from appliance.frames import JPEG, Answer, Ask, Picture, Refusal
from appliance.model import Detection
from inference.heads import jpeg
from inference.look import Look
from inference.track import Tracks


class View:
    """The newest look, or the reason why there is none. One attribute is swapped, so no lock."""

    def __init__(self, blur_heads: bool, threshold: float) -> None:
        self._blur_heads = blur_heads
        self._threshold = threshold
        self._shown: tuple[Look, Picture] | str = "nothing has been looked at yet"
        self._count = 0

    def show(self, look: Look, tracks: Tracks) -> None:
        """Show this look from now on, with the tracks that are surely seen in it."""
        seen = tuple(
            Detection(track.label, track.confidence, track.box)
            for track in tracks.live
            if track.seen_now and track.confidence >= self._threshold
        )
        # Pictures of several cameras take turns here, so they are counted anew.
        self._count += 1
        self._shown = (look, replace(look.picture, sequence=self._count, detections=seen))

    def hide(self, reason: str) -> None:
        """Show nothing from now on, and say why."""
        self._shown = reason

    def answer(self, ask: Ask) -> Answer:
        """The newest picture as JPEG, or why not."""
        shown = self._shown
        if isinstance(shown, str):
            return Refusal(shown)
        look, picture = shown
        if picture.sequence <= ask.after:
            return Refusal("nothing has been looked at since your last picture")
        data = jpeg(look, self._blur_heads)
        return replace(picture, encoding=JPEG, data=data)
