"""Detects changes of light, and a camera that was covered or turned. Pure.

In: how much of each picture changed, its likeness and contrast. Out: until when motion is ignored,
and a description of a camera that seems covered or turned, or whose light never comes to rest.
Never: wakes anybody, takes a change of a part of the picture for a change of light, or blames light
for longer than blame_limit.py allows.
"""

from enum import Enum

from appliance.wording.sentence import say
from sensors.camera.gates.blame_limit import BlameLimit

WHOLE_SHARE = 0.8  # of the picture: more changes only with the light, or with the camera
SETTLES_S = 3.0  # automatic exposure and infrared switching need that long
STRANGE_LIKENESS = 0.4  # below it a picture is of something else
FLAT_CONTRAST = 4.0  # grey levels
STAYS_S = 20.0  # before a strange picture is reported
RESTLESS = say("the whole picture changes again and again, so each change is taken for motion")


class Whole(Enum):
    """What a picture is taken for."""

    STEADY = "no change of the whole"
    LIGHT = "a change of light: motion is ignored"
    MOTION = "a change of the whole that light was blamed for too often"


class Light:
    """The state of light and view of one camera. `words` describe what is wrong, "" if nothing."""

    def __init__(self) -> None:
        self.settles_s = -1e9  # until then motion is ignored
        self._limit = BlameLimit()
        self._restless_s = -1e9  # until then the light is said to be restless
        self._now_s = -1e9
        self._strange: str | None = None
        self._since_s = 0.0

    @property
    def words(self) -> str:
        """What is wrong with light or view, "" if nothing."""
        if self._now_s < self._restless_s:
            return RESTLESS
        stays = self._strange is not None and self._now_s - self._since_s >= STAYS_S
        return self._strange or "" if stays else ""

    def judge(self, media_s: float, *, changed_share: float, likeness: float | None) -> Whole:
        """Whether this picture shows a change of light, or the camera settles after one."""
        if changed_share <= WHOLE_SHARE:
            return Whole.LIGHT if media_s < self.settles_s else Whole.STEADY
        if media_s >= self.settles_s:
            is_strange = likeness is None or likeness < STRANGE_LIKENESS
            self._strange = say("another view than before: turned?") if is_strange else None
            self._since_s = media_s
        fresh_s = media_s + SETTLES_S - max(media_s, self.settles_s)
        if not self._limit.spend(media_s, fresh_s):
            self._restless_s = media_s + STAYS_S
            return Whole.MOTION
        self.settles_s = media_s + SETTLES_S
        return Whole.LIGHT

    def note_contrast(self, media_s: float, contrast: float) -> None:
        """Take the contrast in grey levels; `words` follow when a fault lasts."""
        self._now_s = media_s
        flat = say("a flat picture: dark, or covered?") if contrast < FLAT_CONTRAST else None
        if flat and self._strange != flat:
            self._strange, self._since_s = flat, media_s
        elif not flat and self._strange and "flat" in self._strange:
            self._strange = None
