"""A pseudo-truth for a truth that may not be passed on: detections linked over the whole clip.

Reads and writes: nothing.
Never: is a truth. What the model missed throughout is missing here too.

Pieces: detections of neighbouring frames that overlap well and have no rival. Pieces are joined
where the way on from one and the way back from the next meet; joints and gaps are filled by a line
between them; then all is averaged over half a second to both sides. Unlike a tracker, each step
knows the future.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment  # type: ignore[import-untyped]

from appliance.model_cameras import Box, Detection
from inference.tracking.boxes import compute_overlap

SURE = 0.35
CLEAR_OVERLAP = 0.5
SAME_PERSON = 0.4
LONGEST_GAP = 25  # frames
SHORTEST = 15  # frames; what was there for less is no one
HALF_WINDOW = 5
NO_COST = 1e6

Piece = dict[int, Box]  # by frame


def make_smoothed_tracks(frames: Sequence[Sequence[Detection]]) -> list[dict[int, Box]]:
    """Who is where in each frame, by number."""
    found: list[dict[int, Box]] = [{} for _ in frames]
    whole = [
        fill_gaps(piece) for piece in join_pieces(link_pieces(frames)) if len(piece) >= SHORTEST
    ]
    for number, piece in enumerate(whole, 1):
        for frame, box in piece.items():
            found[frame][number] = box
    return found


def link_pieces(frames: Sequence[Sequence[Detection]]) -> list[Piece]:
    """What surely belongs together from frame to frame."""
    done: list[Piece] = []
    running: list[Piece] = []
    for frame, detections in enumerate(frames):
        boxes = suppress_overlaps([one.box for one in detections if one.confidence >= SURE])
        chances = [[compute_overlap(piece[frame - 1], box) for box in boxes] for piece in running]
        table = np.array(chances).reshape(len(running), len(boxes))
        clear = (table >= CLEAR_OVERLAP) & ((table >= 0.3).sum(0, keepdims=True) == 1)
        clear &= (table >= 0.3).sum(1, keepdims=True) == 1
        following = []
        for row, column in zip(*np.nonzero(clear), strict=True):
            running[row][frame] = boxes[column]
            following.append(running[row])
        done += [piece for piece in running if frame not in piece]
        taken = set(np.nonzero(clear)[1].tolist())
        following += [{frame: box} for n, box in enumerate(boxes) if n not in taken]
        running = following
    return done + running


def suppress_overlaps(boxes: list[Box]) -> list[Box]:
    """One box for each person: of two on one another, the surer. The surest come first."""
    kept: list[Box] = []
    for box in boxes:
        if all(compute_overlap(box, other) <= SAME_PERSON for other in kept):
            kept.append(box)
    return kept


def join_pieces(found: list[Piece]) -> list[Piece]:
    """Pieces of one person as one: the cheapest assignment of ends to beginnings."""
    cost = np.full((len(found), len(found)), NO_COST)
    for row, one in enumerate(found):
        for column, other in enumerate(found):
            if 0 < min(other) - max(one) <= LONGEST_GAP:
                cost[row, column] = measure_distance(one, other)
    after = {
        row: column
        for row, column in zip(*linear_sum_assignment(cost), strict=True)
        if cost[row, column] < 1.0
    }
    whole = []
    for first in sorted(set(range(len(found))) - set(after.values())):
        piece: Piece = {}
        number: int | None = first
        while number is not None:
            piece |= found[number]
            number = after.get(number)
        whole.append(piece)
    return whole


def measure_distance(one: Piece, other: Piece) -> float:
    """How far the way on from `one` misses the way back from `other`, in box heights."""
    end, start = max(one), min(other)
    gap = start - end
    there = find_middle(one[end]) + estimate_speed(one, end, -1) * gap
    back = find_middle(other[start]) - estimate_speed(other, start, 1) * gap
    height = max(one[end].bottom - one[end].top, other[start].bottom - other[start].top)
    size = abs((one[end].bottom - one[end].top) / (other[start].bottom - other[start].top) - 1)
    off = np.abs(there - find_middle(other[start])) + np.abs(back - find_middle(one[end]))
    return float(off.sum() / 2 / height + size + 0.01 * gap)


def estimate_speed(piece: Piece, frame: int, step: int) -> NDArray[np.float64]:
    """Per frame, over up to ten frames inside the piece."""
    other = frame
    while other + step in piece and abs(other + step - frame) <= 10:
        other += step
    if abs(other - frame) < 3:
        return np.zeros(2)
    return (find_middle(piece[other]) - find_middle(piece[frame])) / (other - frame)


def find_middle(box: Box) -> NDArray[np.float64]:
    return np.array([(box.left + box.right) / 2, (box.top + box.bottom) / 2])


def fill_gaps(piece: Piece) -> Piece:
    """Without gaps, and averaged over some frames to both sides."""
    known = sorted(piece)
    sides = np.array([[b.left, b.top, b.right, b.bottom] for b in (piece[n] for n in known)])
    every = np.arange(known[0], known[-1] + 1)
    lines = np.stack([np.interp(every, known, side) for side in sides.T])
    smooth = []
    for place in range(len(every)):
        reach = min(HALF_WINDOW, place, len(every) - 1 - place)
        smooth.append(lines[:, place - reach : place + reach + 1].mean(1))
    return {int(n): Box(*(float(x) for x in box)) for n, box in zip(every, smooth, strict=True)}
