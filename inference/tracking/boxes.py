"""Geometry of boxes: overlap, area, middle and size, shifting. Pure.

Inputs and outputs: boxes in fractions of the picture.
Never: knows what a box is around.
"""

from appliance.model_cameras import Box

CUT_SHARE = 0.01  # of a part's side; a box that comes so near to its edge may be cut off there


def compute_overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    return compute_grown_overlap(one, other, 0.0, 0.0)


def compute_grown_overlap(one: Box, other: Box, wider: float, higher: float) -> float:
    """Intersection over union of two boxes, each grown by as much on each side."""
    wide = min(one.right, other.right) - max(one.left, other.left) + 2 * wider
    high = min(one.bottom, other.bottom) - max(one.top, other.top) + 2 * higher
    if wide <= 0 or high <= 0:
        return 0.0
    shared = wide * high
    first = (one.right - one.left + 2 * wider) * (one.bottom - one.top + 2 * higher)
    second = (other.right - other.left + 2 * wider) * (other.bottom - other.top + 2 * higher)
    return shared / (first + second - shared)


def compute_area(box: Box) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def measure_box(box: Box) -> tuple[float, float, float, float]:
    """Middle (right, down), width and height."""
    return (
        (box.left + box.right) / 2,
        (box.top + box.bottom) / 2,
        box.right - box.left,
        box.bottom - box.top,
    )


def make_box(x: float, y: float, width: float, height: float) -> Box:
    """The box of a middle, a width and a height."""
    return Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2)


def shift_box(box: Box, *, right: float, down: float) -> Box:
    return Box(box.left + right, box.top + down, box.right + right, box.bottom + down)


def touches(one: Box, other: Box) -> bool:
    """Whether two boxes share anything."""
    return compute_grown_overlap(one, other, 0.0, 0.0) > 0


def is_shown_whole(part: Box | None, box: Box) -> bool:
    """Whether `part` (None: the whole picture) shows what is in `box` as a whole.

    The edges of the picture cut nothing off that another frame could show.
    """
    if part is None:
        return True
    slack_x = CUT_SHARE * (part.right - part.left)
    slack_y = CUT_SHARE * (part.bottom - part.top)
    return (
        (part.left <= 0 or box.left > part.left + slack_x)
        and (part.top <= 0 or box.top > part.top + slack_y)
        and (part.right >= 1 or box.right < part.right - slack_x)
        and (part.bottom >= 1 or box.bottom < part.bottom - slack_y)
    )
