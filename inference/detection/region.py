"""Region of interest: whether to analyse a whole picture or the moving part of it. Pure.

Inputs: where something moves, the sizes of picture and model, time since the last whole picture.
Output: the part to analyse, and why; detections of a part in fractions of the whole picture.
Never: enlarges a pixel (that shows nothing more), or skips the rest of the picture for long.

A model's input is a fixed square, to which a picture is scaled: of a person in 1920x1080 it gets 1
of 12 pixels. A run costs the same whatever part it shows, so the part decides what is found.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from appliance.model_cameras import Box, Detection
from appliance.wording.sentence import say
from inference.tracking.boxes import is_shown_whole

FULL_EVERY_S = 2.0  # picture seconds; what stands still outside the part is seen this often
MARGIN_SHARE = 0.5  # of the moving part's longer side, added to each side
LARGEST_SHARE = 0.6  # of the picture's pixels; a larger part would show hardly more than all


@dataclass(frozen=True, slots=True)
class Region:
    """The part to analyse: `box` None is the whole picture."""

    box: Box | None
    reason: str


def choose_region(
    moving: Box | None, *, width: int, height: int, size: int, since_full_s: float | None
) -> Region:
    """The part of a picture of width x height pixels for a model of size x size.

    `since_full_s`: picture seconds since the whole picture was analysed, None for never.
    """
    if moving is None:
        return Region(
            None, say("analysed the whole picture: it is not known where something moves")
        )
    if since_full_s is None or not 0 <= since_full_s < FULL_EVERY_S:
        return Region(
            None,
            say(
                "analysed the whole picture: that is done every {full_every_s:g} seconds",
                full_every_s=FULL_EVERY_S,
            ),
        )
    box = fit_square(moving, width=width, height=height, size=size)
    if box is None:
        return Region(None, say("analysed the whole picture: what moves lies outside it"))
    share = (box.right - box.left) * (box.bottom - box.top)
    if share > LARGEST_SHARE:
        return Region(
            None,
            say(
                "analysed the whole picture: what moves needs {share_pct:.0f} % of it",
                share_pct=share * 100,
            ),
        )
    return Region(
        box,
        say(
            "analysed the {share_pct:.0f} % of the picture where something moves",
            share_pct=share * 100,
        ),
    )


def fit_square(moving: Box, *, width: int, height: int, size: int) -> Box | None:
    """A part with margin around what moves, in whole pairs of pixels, as square as fits."""
    left, right = max(0.0, moving.left) * width, min(1.0, moving.right) * width
    top, bottom = max(0.0, moving.top) * height, min(1.0, moving.bottom) * height
    if not (left < right and top < bottom):
        return None
    side = max(float(size), max(right - left, bottom - top) * (1 + 2 * MARGIN_SHARE))
    first_x, last_x = place_span((left + right) / 2, length=side, limit=width)
    first_y, last_y = place_span((top + bottom) / 2, length=side, limit=height)
    return Box(first_x / width, first_y / height, last_x / width, last_y / height)


def place_span(middle: float, *, length: float, limit: int) -> tuple[int, int]:
    """First and last pixel border of an interval around `middle`, moved to lie within 0 to `limit`.

    Both are even (a chroma pixel covers two), but for a `limit` that is not.
    """
    pairs = -(-int(length) // 2)
    if 2 * pairs >= limit:
        return 0, limit
    first = min(max(0, round(middle / 2 - pairs / 2)), limit // 2 - pairs)
    last = 2 * (first + pairs)
    return 2 * first, limit if last == limit - 1 else last


def convert_to_pixels(part: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a part in pixels; left and top even, at least two pixels each."""
    left = min(max(0, round(part.left * width)), width - 1) // 2 * 2
    top = min(max(0, round(part.top * height)), height - 1) // 2 * 2
    right = min(max(left + 2, round(part.right * width)), width)
    bottom = min(max(top + 2, round(part.bottom * height)), height)
    return left, top, right, bottom


def map_detections_to_picture(found: Iterable[Detection], part: Box | None) -> list[Detection]:
    """Detections of a part as detections of the whole picture.

    What the part's edge cuts off is left out: half a thing would be reported as a small one, and
    the next whole picture shows it whole.
    """
    if part is None:
        return list(found)
    mapped = [replace(one, box=map_box_to_picture(one.box, part)) for one in found]
    return [one for one in mapped if is_shown_whole(part, one.box)]


def map_boxes_to_picture(found: Iterable[Box], part: Box | None) -> list[Box]:
    """Boxes in fractions of a part, cut off or not, in fractions of the whole picture."""
    return list(found) if part is None else [map_box_to_picture(box, part) for box in found]


def map_box_to_picture(box: Box, part: Box) -> Box:
    """A box in fractions of a part, in fractions of the whole."""
    wide, high = part.right - part.left, part.bottom - part.top
    return Box(
        part.left + box.left * wide,
        part.top + box.top * high,
        part.left + box.right * wide,
        part.top + box.bottom * high,
    )


def enclose(boxes: Iterable[Box]) -> Box | None:
    """The smallest box around all of them: what moves and what is followed; None for none."""
    known = list(boxes)
    if not known:
        return None
    return Box(
        min(box.left for box in known),
        min(box.top for box in known),
        max(box.right for box in known),
        max(box.bottom for box in known),
    )
