"""Detects changes of light, and a camera that was covered or turned. Pure.

In: how much of each picture changed, its likeness and contrast. Out: until when motion is ignored,
and a description of a camera that seems covered or turned.
Never: wakes anybody, or takes a change of a part of the picture for a change of light.
"""

WHOLE_SHARE = 0.8  # of the picture: more changes only with the light, or with the camera
SETTLES_S = 3.0  # automatic exposure and infrared switching need that long
STRANGE_LIKENESS = 0.4  # below it a picture is of something else
FLAT_CONTRAST = 4.0  # grey levels
STAYS_S = 20.0  # before a strange picture is reported


class Light:
    """The state of light and view of one camera. `words` describe what is wrong, "" if nothing."""

    def __init__(self) -> None:
        self.settles_s = -1e9  # until then motion is ignored
        self.words = ""
        self._strange: str | None = None
        self._since_s = 0.0

    def judge(self, media_s: float, *, changed_share: float, likeness: float | None) -> bool:
        """Whether this picture shows a change of light, or the camera settles after one."""
        if changed_share <= WHOLE_SHARE:
            return media_s < self.settles_s
        if media_s >= self.settles_s:
            is_strange = likeness is None or likeness < STRANGE_LIKENESS
            self._strange = "another view than before: turned?" if is_strange else None
            self._since_s = media_s
        self.settles_s = media_s + SETTLES_S
        return True

    def note_contrast(self, media_s: float, contrast: float) -> None:
        """Take the contrast in grey levels; `words` follow when a fault lasts."""
        flat = "a flat picture: dark, or covered?" if contrast < FLAT_CONTRAST else None
        if flat and self._strange != flat:
            self._strange, self._since_s = flat, media_s
        elif not flat and self._strange and "flat" in self._strange:
            self._strange = None
        stays = self._strange is not None and media_s - self._since_s >= STAYS_S
        self.words = self._strange or "" if stays else ""
