"""Geometry of zones and crossing lines: point in polygon, side of a line, crossing.

Reads and writes: nothing; coordinates are fractions of the picture, origin top left.
Never: keeps a state (inference/events/rules.py does), and never takes the jitter of a box for a
step over a line.
"""

import math
from collections.abc import Sequence

from appliance.model_cameras import Box
from appliance.sections.cameras import Point

SETTLED = 0.1  # of the box, seen along the line's normal: how far past a line it must stand
LEFT, RIGHT, UNSETTLED = -1, 1, 0


def find_foot_point(box: Box) -> Point:
    """Where a thing touches the ground: the middle of its lower edge."""
    return (box.left + box.right) / 2, box.bottom


def is_inside(point: Point, polygon: Sequence[Point]) -> bool:
    """Whether a point lies in a polygon: a ray from it crosses its sides an odd number of times."""
    x, y = point
    odd = False
    before = polygon[-1]
    for corner in polygon:
        if (corner[1] > y) != (before[1] > y):
            share = (y - before[1]) / (corner[1] - before[1])
            odd ^= x < before[0] + share * (corner[0] - before[0])
        before = corner
    return odd


def compute_turn(start: Point, end: Point, point: Point) -> float:
    """Above 0 where `point` is to the right of the direction from `start` to `end`, below 0 left.

    y grows downwards: for a line to the right, what is lower in the picture is to its right.
    """
    return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])


def find_side(start: Point, end: Point, box: Box) -> int:
    """On which side of a line the thing surely stands; UNSETTLED near it, where boxes jitter."""
    length = math.dist(start, end)
    if length == 0:
        return UNSETTLED
    right, down = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    thickness = abs(down) * (box.right - box.left) + abs(right) * (box.bottom - box.top)
    distance = compute_turn(start, end, find_foot_point(box)) / length
    if abs(distance) <= SETTLED * thickness:
        return UNSETTLED
    return RIGHT if distance > 0 else LEFT


def is_between(start: Point, end: Point, *, before: Point, after: Point) -> bool:
    """Whether the segment from `before` to `after` passes between the ends of a line.

    The two points are known to be on different sides of it.
    """
    first, second = compute_turn(before, after, start), compute_turn(before, after, end)
    return (first >= 0) != (second >= 0) or first == 0 or second == 0
