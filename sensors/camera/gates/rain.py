"""Takes rain, snow and insects out of small grey pictures: the median of three of one moment.

Reads and writes: nothing; pictures of 160 x 120 come in. Imported with the first one (numpy).
Never: asks for more pictures while the scene is calm: each must be decoded.

A drop or a flake is at a pixel in one picture of three, somebody who walks in two or three of them
(the median of a few frames: Hase, Miyake, Yoneda, "Real-time snowfall noise elimination", 1999).
"""

from typing import Any

import numpy as np

PICTURES = 3
LEAST_APART_S = 0.08  # a drop is elsewhere by then
MOST_APART_S = 0.3  # who walks is elsewhere by then, too
RESTLESS_PIXELS = 40.0  # of 19200, on average, beside what moves most: rain begins ...
CALM_PIXELS = 20.0  # ... and ends
MEMORY = 0.05  # share of one picture in that average
MOST_PIXELS = 400.0  # of one picture that count: headlights are no rain


class Rain:
    """Whether small things move everywhere, and the pictures of this moment."""

    def __init__(self) -> None:
        self.falls = False
        self._pixels = 0.0
        self._moment: list[tuple[float, Any]] = []
        self._alone = False  # the moment before had too few pictures

    @property
    def newest(self) -> Any | None:
        """The newest picture of this moment as it came."""
        return self._moment[-1][1] if self._moment else None

    def note(self, pixels: int) -> None:
        """How many pixels of one picture changed beside what moves most."""
        self._pixels += MEMORY * (min(MOST_PIXELS, pixels) - self._pixels)
        self.falls = self._pixels > (CALM_PIXELS if self.falls else RESTLESS_PIXELS)
        if not self.falls:
            self._moment.clear()

    def wants_more(self, media_s: float) -> bool:
        """Whether the picture that comes now is needed besides those of this moment."""
        if not 0 < len(self._moment) < PICTURES:
            return False
        return LEAST_APART_S <= media_s - self._moment[-1][0] <= MOST_APART_S

    def gather(self, grey: Any, media_s: float) -> Any | None:
        """The median of this picture and those before it; None until there are three.

        Where nobody gave the others the last time, it is this picture as it is.
        """
        ended = bool(self._moment) and not 0 <= media_s - self._moment[-1][0] <= MOST_APART_S
        if ended:
            self._alone = len(self._moment) < PICTURES
            self._moment.clear()
        self._moment = self._moment[1 - PICTURES :]
        self._moment.append((media_s, np.frombuffer(grey, np.uint8)))
        if len(self._moment) < PICTURES:
            return self.newest if self._alone else None
        first, second, third = (picture for _, picture in self._moment)
        low, high = np.minimum(first, second), np.maximum(first, second)
        return np.maximum(low, np.minimum(high, third))
