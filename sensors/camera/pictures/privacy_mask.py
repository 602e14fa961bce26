"""Privacy mask: blackens polygons in a picture before it leaves this process.

Reads and writes: pixels in memory, in place.
Never: leaves a pixel that a polygon touches, however little: all edges are rounded outwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, pairwise
from math import ceil, floor

from appliance.sections.cameras import Point, Polygon

BLACK, NEUTRAL = 16, 128  # luma and chroma
Span = tuple[int, int]


class PrivacyMask:
    """Blackens `polygons` (corners in fractions of the picture) in I420 planes of any size."""

    def __init__(self, polygons: Sequence[Polygon]) -> None:
        self._polygons = polygons
        self._size = (0, 0)
        self._fills: list[tuple[int, int, bytes]] = []

    def __call__(self, planes: bytearray, width: int, height: int) -> None:
        """Blacken the masked parts of one picture in place."""
        if (width, height) != self._size:
            self._fills = compute_fills(self._polygons, width, height)
            self._size = (width, height)
        with memoryview(planes) as view:
            for begin, end, colour in self._fills:
                view[begin:end] = colour


def compute_fills(
    polygons: Iterable[Polygon], width: int, height: int
) -> list[tuple[int, int, bytes]]:
    """What to write into the planes: begin, end and bytes of each run."""
    luma = [
        merge_spans(span for one in polygons for span in find_spans(one, row, width, height))
        for row in range(height)
    ]
    half_width, half_height = -(-width // 2), -(-height // 2)
    chroma = [
        merge_spans(
            (begin // 2, -(-end // 2))
            for row in luma[2 * half : 2 * half + 2]
            for begin, end in row
        )
        for half in range(half_height)
    ]
    luma_bytes, chroma_bytes = width * height, half_width * half_height
    areas = (
        (0, luma, width, BLACK),
        (luma_bytes, chroma, half_width, NEUTRAL),
        (luma_bytes + chroma_bytes, chroma, half_width, NEUTRAL),
    )
    return [
        (start + begin, start + end, bytes([colour]) * (end - begin))
        for start, plane, across, colour in areas
        for begin, end in merge_rows(plane, across)
    ]


def merge_rows(plane: Sequence[Sequence[Span]], across: int) -> list[Span]:
    """The spans of all rows as runs of bytes; whole rows become one run."""
    rows = ((number * across, row) for number, row in enumerate(plane))
    return merge_spans((start + begin, start + end) for start, row in rows for begin, end in row)


def find_spans(polygon: Polygon, row: int, width: int, height: int) -> Iterator[Span]:
    """The pixels of one row that the polygon touches, as runs that may overlap.

    These are the pixels that an edge passes through, and those between edges at the middle of the
    row. Where the polygon's edges cross each other, the winding number decides (not even-odd).
    """
    corners = [(x * width, y * height) for x, y in polygon]
    edges = list(pairwise([*corners, corners[0]]))
    for edge in edges:
        if touched := clip_edge_to_row(edge, row):
            yield round_outwards(*touched, width)
    around = 0
    crossed = sorted(chain.from_iterable(find_crossing(edge, row + 0.5) for edge in edges))
    for (left, turn), (right, _) in pairwise(crossed):
        around += turn
        if around:
            yield round_outwards(left, right, width)


def round_outwards(left: float, right: float, width: int) -> Span:
    """Whole pixels of a row of `width`."""
    return max(0, floor(left)), min(width, ceil(right))


def clip_edge_to_row(edge: tuple[Point, Point], row: int) -> Point | None:
    """From where to where the edge lies in the row; None where it does not."""
    (x1, y1), (x2, y2) = sorted(edge, key=lambda point: point[1])
    if y2 <= row or y1 >= row + 1:
        return None
    if y1 == y2:
        return min(x1, x2), max(x1, x2)
    slope = (x2 - x1) / (y2 - y1)
    enters = x1 + slope * (max(y1, row) - y1)
    leaves = x1 + slope * (min(y2, row + 1) - y1)
    return min(enters, leaves), max(enters, leaves)


def find_crossing(edge: tuple[Point, Point], y: float) -> Iterator[tuple[float, int]]:
    """Where the edge crosses the height `y`, and 1 down or -1 up; a corner at it counts once."""
    (x1, y1), (x2, y2) = edge
    if min(y1, y2) <= y < max(y1, y2):
        yield x1 + (x2 - x1) * (y - y1) / (y2 - y1), 1 if y2 > y1 else -1


def merge_spans(found: Iterable[Span]) -> list[Span]:
    """Runs in order, those that touch each other as one; empty ones left out."""
    result: list[Span] = []
    for begin, end in sorted(found):
        if begin >= end:
            continue
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result
