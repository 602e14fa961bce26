"""What a zone, a mask or a line must be to mean something: no edge crosses another, and it has a
size.

    fault = find_polygon_fault(((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)))     # "" where there is none

In: points, in fractions of the picture. Out: why a shape means nothing. Pure.
Never: keeps a unit from starting: a file that somebody wrote with such a shape is warned of, and
only a change that makes one is refused (appliance/settings_change).
"""

import math
from collections.abc import Iterator, Sequence

from appliance.sections.cameras import CameraSettings, Point, Polygon
from appliance.settings_rules.places import Error, Place
from appliance.wording.sentence import say

Edge = tuple[Point, Point]
MOST_CORNERS = 64
LEAST_AREA = 0.0004  # of the picture's: 2 % of its width by 2 % of its height
LEAST_LENGTH = 0.02  # of a line
LEAST_STEP = 0.001  # between two corners


def find_shape_faults(camera: CameraSettings, here: Place) -> Iterator[Error]:
    """Of all shapes of a camera, each with its place."""
    for key in ("privacy_masks", "motion_masks"):
        for number, polygon in enumerate(getattr(camera, key), start=1):
            if fault := find_polygon_fault(polygon):
                yield (*here, key), say("number {number} {fault}", number=number, fault=fault)
    for name, zone in camera.zone.items():
        if fault := find_polygon_fault(zone.polygon):
            yield (*here, "zone", name, "polygon"), fault
    for name, line in camera.line.items():
        if math.dist(line.start, line.end) < LEAST_LENGTH:
            yield (*here, "line", name), say("is too short: draw its ends farther apart")


def find_polygon_fault(polygon: Polygon) -> str:
    """Why a polygon means nothing; "" where it means something."""
    if len(polygon) > MOST_CORNERS:
        count = len(polygon)
        return say("has {corners} corners: {most} are enough", corners=count, most=MOST_CORNERS)
    edges = list(zip(polygon, (*polygon[1:], *polygon[:1]), strict=True))
    for number, (start, end) in enumerate(edges, start=1):
        if math.dist(start, end) < LEAST_STEP:
            return say("has its corner {number} twice: take one away", number=number)
    if pair := find_crossing(edges):
        one, other = pair
        return say("crosses itself: its edges {one} and {other} cross", one=one, other=other)
    if measure_area(polygon) < LEAST_AREA:
        return say("is too small to hold anything: draw it larger")
    return ""


def find_crossing(edges: Sequence[Edge]) -> tuple[int, int] | None:
    """The numbers of the first two edges that meet elsewhere than at their common corner."""
    count = len(edges)
    for first in range(count):
        for second in range(first + 2, count):
            is_neighbour = first == 0 and second == count - 1
            if not is_neighbour and do_meet(edges[first], edges[second]):
                return first + 1, second + 1
    return None


def do_meet(one: Edge, other: Edge) -> bool:
    """Whether two edges have a point in common."""
    ends = [(one, end) for end in other] + [(other, end) for end in one]
    sides = [find_side(edge, end) for edge, end in ends]
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    return any(
        side == 0 and is_within(edge, end) for side, (edge, end) in zip(sides, ends, strict=True)
    )


def find_side(edge: Edge, point: Point) -> float:
    """Above 0 where the point is to one side of the edge's line, below to the other, 0 on it."""
    (ax, ay), (bx, by) = edge
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)


def is_within(edge: Edge, point: Point) -> bool:
    """Whether a point on the edge's line is between its ends."""
    a, b = edge
    return all(min(a[i], b[i]) <= point[i] <= max(a[i], b[i]) for i in (0, 1))


def measure_area(polygon: Polygon) -> float:
    """As a share of the picture."""
    ends = zip(polygon, (*polygon[1:], *polygon[:1]), strict=True)
    return abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in ends)) / 2
