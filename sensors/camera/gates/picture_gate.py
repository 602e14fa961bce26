"""Gate 1: detects motion in small grey pictures by background subtraction.

Reads and writes: nothing; pictures of 160 x 120 come in. Imported with the first one (numpy).
Never: takes single pixels, masked parts, slow light or what stands still for motion.

A pixel counts where it differs from the background by more than its own noise, and five of the nine
around it do. The background is an exponential mean, first fitted to the light of the new picture:
clouds and automatic exposure are a gain and an offset of all of it. What differs from the
background must also differ from a picture about a second ago: a person who stands still, and the
hole that somebody leaves in a background learnt with him, do not move.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, sqrt
from typing import Any

import numpy as np

from appliance.model_cameras import Box
from appliance.sections.cameras import Polygon

WIDTH, HEIGHT = 160, 120
CELL = 8  # pixels; what moves is put together from cells
LEAST_PIXELS = 12  # a grown person at 40 m before a lens of 90 degrees
LEAST_IN_CELL = 4
MANY_PARTS = 5  # at once are rain, insects or noise: motion must be larger than the others
MOST_CLUTTER = 20.0  # pixels: parts as large as people are a crowd
LEAST_DIFFERENCE = 9.0  # grey levels
NOISES = 4.5  # mean deviations of a pixel that count as different
FIRST_NOISE = 2.0
FIRST_PICTURES = 8  # learn the noise quickly
MOST_NOISE = 60.0
LARGE_SHARE = 0.25  # of the picture: what changes so much at once, as headlights do, is no noise
NEIGHBOURS = 5  # of nine
STILL_S, CHANGED_S = 6.0, 25.0  # time constants of the background
NOISE_S = 30.0
MOST_STILL, MOST_CHANGED, MOST_NOISY = 0.5, 0.1, 0.05  # of the difference, per picture
MOST_EARLIER = 8  # pictures that are kept
EARLIER_S = 0.8  # age of the picture that motion must differ from as well
SAMPLE = np.s_[::4, ::4]
LEAST_GAIN, MOST_GAIN = 0.4, 2.5
EXPLAINED = 0.7  # of the difference may remain where a gain and an offset explain it


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameDifference:
    """How one picture differs from the background. `score` from 1 on: motion, in `region`.

    `changed_share` is how much of the picture is unlike the background, light included; `likeness`
    its correlation with the background (1: the same structure, 0: none), None where it is flat;
    `contrast` the picture's standard deviation in grey levels; `restless` how many pixels changed
    beside what moves most.
    """

    score: float
    region: Box | None
    changed_share: float
    likeness: float | None
    contrast: float
    restless: int = 0


class PictureGate:
    """The background model of one camera."""

    def __init__(self, masks: Sequence[Polygon] = ()) -> None:
        self._open = ~rasterise(masks)
        self._open_count = max(1, int(self._open.sum()))
        self._background: Any = None
        self._noise: Any = None
        self._earlier: list[tuple[float, Any]] = []
        self._compared_s = 0.0
        self._count = 0  # since the background was begun

    def restart(self) -> None:
        """The next picture is the background; the noise is learnt again."""
        self._background = None

    def compare(self, grey: Any, media_s: float, single: Any = None) -> FrameDifference:
        """Compare one picture (120 rows of 160 bytes) with the background, and learn from it.

        `single`: the newest picture as it came, where `grey` is the median of several.
        """
        now = np.frombuffer(grey, np.uint8).reshape(HEIGHT, WIDTH).astype(np.float32)
        sample = now[SAMPLE].ravel()
        contrast = compute_contrast(sample)
        if self._background is None:
            return self._start(now, media_s, contrast)
        self._forget(media_s)
        passed_s, self._compared_s = max(0.0, media_s - self._compared_s), media_s
        differs = np.abs(now - self._background)
        changed = int(np.count_nonzero((differs > LEAST_DIFFERENCE) & self._open))
        likeness, relit = self._match_light(sample)
        if relit:
            differs = np.abs(now - self._background)
        solid, score, region, largest = self._find_moving(now, differs)
        restless = self._count_changed(differs, single) - largest
        self._learn(now, solid, passed_s)
        self._learn_noise(differs, passed_s, changed=changed)
        self._earlier.append((media_s, now))
        return FrameDifference(
            score=score,
            region=region,
            changed_share=changed / self._open_count,
            likeness=likeness,
            contrast=contrast,
            restless=max(0, restless),
        )

    def _count_changed(self, differs: Any, single: Any) -> int:
        """How many pixels differ densely, whatever their noise is; of `single` if it is given."""
        if single is not None:
            seen = np.frombuffer(single, np.uint8).reshape(HEIGHT, WIDTH)
            differs = np.abs(seen - self._background)
        return int(np.count_nonzero(keep_dense((differs > LEAST_DIFFERENCE) & self._open)))

    def _start(self, now: Any, media_s: float, contrast: float) -> FrameDifference:
        """Begin the background with this picture, which therefore differs in nothing."""
        self._background = now.copy()
        self._noise = np.full((HEIGHT, WIDTH), FIRST_NOISE, np.float32)
        self._earlier = [(media_s, now)]
        self._compared_s = media_s
        self._count = 0
        return FrameDifference(
            score=0.0, region=None, changed_share=0.0, likeness=1.0, contrast=contrast
        )

    def _match_light(self, seen: Any) -> tuple[float | None, bool]:
        """Fit the background to the light of the picture; returns their correlation, and whether.

        `seen` is a sample of the picture. A gain and an offset are applied where they explain much
        of the difference.
        """
        known = self._background[SAMPLE].ravel()
        seen_mean, known_mean = float(seen.mean()), float(known.mean())
        away, usual = seen - seen_mean, known - known_mean
        known_size, seen_size = float(usual @ usual), float(away @ away)
        if min(known_size, seen_size) < seen.size:  # less than one grey level of contrast
            return None, False
        common = float(away @ usual)
        gain = common / known_size
        lift = seen_mean - gain * known_mean
        apart = float(np.abs(seen - known).mean())
        explained = apart > 1 and float(np.abs(away - gain * usual).mean()) < EXPLAINED * apart
        relit = explained and LEAST_GAIN < gain < MOST_GAIN
        if relit:
            for picture in (self._background, *(one for _, one in self._earlier)):
                np.multiply(picture, gain, out=picture)
                np.add(picture, lift, out=picture)
        return float(common / (known_size * seen_size) ** 0.5), relit

    def _find_moving(self, now: Any, differs: Any) -> tuple[Any, float, Box | None, int]:
        """Where the picture differs densely by more than its noise; score, region, size of most."""
        if self._count == 0:
            self._noise.fill(max(FIRST_NOISE, 1.25 * float(np.median(differs[SAMPLE]))))
        threshold = np.maximum(LEAST_DIFFERENCE, NOISES * self._noise)
        solid = keep_dense((differs > threshold) & self._open)
        if np.count_nonzero(solid) < LEAST_IN_CELL:
            return solid, 0.0, None, 0
        return solid, *self._find_largest(solid, now, threshold)

    def _find_largest(self, solid: Any, now: Any, threshold: Any) -> tuple[float, Box | None, int]:
        """Score, region and pixels of the largest part that moved in about a second."""
        earlier = self._earlier[0][1]
        moved = (np.abs(now - earlier) > threshold) & self._open
        pixels, moving = count_per_cell(solid), count_per_cell(moved)
        best, best_cells, all_of_it = 0, [], 0
        found = find_components({(int(y), int(x)) for y, x in np.argwhere(pixels >= LEAST_IN_CELL)})
        for cells in found:
            size = sum(int(pixels[cell]) for cell in cells)
            all_of_it += size
            if size > best and sum(int(moving[cell]) for cell in cells) >= size / 4:
                best, best_cells = size, cells
        needed = float(LEAST_PIXELS)
        if len(found) >= MANY_PARTS:
            needed += 3 * min(MOST_CLUTTER, (all_of_it - best) / (len(found) - 1))
        return best / needed, compute_bounding_box(best_cells) if best_cells else None, best

    def _learn(self, now: Any, solid: Any, passed_s: float) -> None:
        """The background follows: quickly where nothing changed, slowly where something did."""
        still = min(MOST_STILL, 1 - exp(-passed_s / STILL_S))
        changed = min(MOST_CHANGED, 1 - exp(-passed_s / CHANGED_S))
        step = now - self._background
        step *= np.float32(still)
        step[solid] *= np.float32(changed / still if still else 0.0)
        self._background += step

    def _learn_noise(self, differs: Any, passed_s: float, *, changed: int) -> None:
        """Each pixel's mean deviation follows too, but not upwards where much changes at once."""
        if changed > LARGE_SHARE * self._open_count:
            np.minimum(differs, self._noise, out=differs)
        noisy = min(MOST_NOISY, 1 - exp(-passed_s / NOISE_S))
        if self._count < FIRST_PICTURES:
            noisy = max(noisy, 1 / (self._count + 3))
        self._count += 1
        np.minimum(differs, MOST_NOISE, out=differs)
        differs -= self._noise
        differs *= np.float32(noisy)
        self._noise += differs

    def _forget(self, media_s: float) -> None:
        """Keep the newest picture that is old enough to compare with, and those after it."""
        while len(self._earlier) > 1 and media_s - self._earlier[1][0] >= EARLIER_S:
            del self._earlier[0]
        if len(self._earlier) > MOST_EARLIER:
            del self._earlier[1::2]


def compute_contrast(sample: Any) -> float:
    """The standard deviation in grey levels."""
    return sqrt(max(0.0, float(sample @ sample / sample.size - sample.mean() ** 2)))


def rasterise(masks: Sequence[Polygon]) -> Any:
    """The masks as bool (120 x 160): pixels with their centre in one (even-odd rule)."""
    x = (np.arange(WIDTH) + 0.5) / WIDTH
    y = ((np.arange(HEIGHT) + 0.5) / HEIGHT)[:, None]
    found = np.zeros((HEIGHT, WIDTH), bool)
    for polygon in masks:
        inside = np.zeros((HEIGHT, WIDTH), bool)
        for (x0, y0), (x1, y1) in zip(polygon, (*polygon[1:], *polygon[:1]), strict=True):
            if y0 != y1:
                between = (y0 <= y) != (y1 <= y)
                inside ^= between & (x < x0 + (y - y0) * (x1 - x0) / (y1 - y0))
        found |= inside
    return found


def keep_dense(changed: Any) -> Any:
    """The changed pixels that have enough changed neighbours."""
    ones = changed.view(np.uint8)
    wide = ones.copy()
    wide[:, 1:] += ones[:, :-1]
    wide[:, :-1] += ones[:, 1:]
    count = wide.copy()
    count[1:] += wide[:-1]
    count[:-1] += wide[1:]
    return changed & (count >= NEIGHBOURS)


def count_per_cell(pixels: Any) -> Any:
    """How many pixels are set in each cell."""
    rows = pixels.view(np.uint8).reshape(HEIGHT // CELL, CELL, WIDTH).sum(1, dtype=np.uint8)
    return rows.reshape(HEIGHT // CELL, WIDTH // CELL, CELL).sum(2, dtype=np.uint8)


def find_components(cells: set[tuple[int, int]]) -> list[list[tuple[int, int]]]:
    """Connected components: cells that touch, put together."""
    found = []
    while cells:
        part = [cells.pop()]
        for y, x in part:  # grows while it is walked through
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & cells
            cells -= near
            part += near
        found.append(part)
    return found


def compute_bounding_box(cells: list[tuple[int, int]]) -> Box:
    """The cells' rectangle with a margin of one cell, in fractions of the picture."""
    rows, columns = [y for y, _ in cells], [x for _, x in cells]
    return Box(
        max(0.0, (min(columns) - 1) * CELL / WIDTH),
        max(0.0, (min(rows) - 1) * CELL / HEIGHT),
        min(1.0, (max(columns) + 2) * CELL / WIDTH),
        min(1.0, (max(rows) + 2) * CELL / HEIGHT),
    )
