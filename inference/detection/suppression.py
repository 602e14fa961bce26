"""Non-maximum suppression: of boxes on one thing, the surest stays. Pure.

Inputs: candidates of any head. Output: detections, the surest first.
Never: compares things of different labels.
"""

import numpy as np

from appliance.model_cameras import Box, Detection
from inference.detection.heads.candidates import Candidates, Floats, Numbers

LARGEST_FAINT = 0.4  # of the picture: half of it would be hidden for what is hardly there
SAME_FAINT_IOU = 0.7
MOST = 1000  # candidates that are compared, the surest ones: with more, the limit is too low


def select_detections(
    found: Candidates, classes: tuple[str, ...], floor: float, iou: float | None
) -> list[Detection]:
    """The candidates that score `floor` or more, one for each thing, the surest first.

    `iou`: boxes of one label that overlap by more are on one thing; None: none are.
    """
    order = sort_by_score(found, found.scores >= floor)
    if iou is not None:
        order = order[suppress_overlaps(found.boxes[order], found.classes[order], iou)]
    boxes = limit_to_input(found.boxes[order])
    return [
        Detection(classes[number], score, Box(*box))
        for number, score, box in zip(
            found.classes[order].tolist(),
            found.scores[order].tolist(),
            boxes.tolist(),
            strict=True,
        )
    ]


def find_faint_boxes(found: Candidates, number: int, floor: float) -> list[Box]:
    """Boxes of one class that score less than `floor`, the surest first, one for each thing.

    For hiding only. The largest are left out: who is near is found by a surer box.
    """
    side = np.maximum(found.boxes[:, 2:] - found.boxes[:, :2], 0)
    is_small = side[:, 0] * side[:, 1] < LARGEST_FAINT
    order = sort_by_score(found, (found.scores < floor) & (found.classes == number) & is_small)
    boxes = found.boxes[order]
    kept = boxes[suppress_overlaps(boxes, found.classes[order], SAME_FAINT_IOU)]
    return [Box(*box) for box in limit_to_input(kept).tolist()]


def sort_by_score(found: Candidates, wanted: np.ndarray) -> Numbers:
    """The places of the wanted candidates (n flags), the surest first, `MOST` at most."""
    places = wanted.nonzero()[0]
    return places[(-found.scores[places]).argsort(kind="stable")[:MOST]]


def limit_to_input(boxes: Floats) -> Floats:
    """Boxes cut to the input. Not by `np.clip`, which costs four times as much for so few."""
    return np.asarray(np.minimum(np.maximum(boxes, 0), 1), np.float32)


def suppress_overlaps(boxes: Floats, kinds: Numbers, iou: float) -> list[int]:
    """The places of the boxes that stay, of n x 4 boxes with the surest first."""
    hits = exceed_overlap(boxes, iou) & (kinds[:, None] == kinds)
    rows = np.packbits(hits, axis=1, bitorder="little")
    flags, wide = rows.tobytes(), rows.shape[1]
    kept: list[int] = []
    gone = 0  # a bit for each box
    for index in range(len(boxes)):
        if not gone >> index & 1:
            kept.append(index)
            gone |= int.from_bytes(flags[index * wide : (index + 1) * wide], "little")
    return kept


def exceed_overlap(boxes: Floats, iou: float) -> np.ndarray:
    """Whether intersection over union of each box with each is above `iou`: n x 4 gives n x n."""
    left, top, right, bottom = boxes.T
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    high = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    area = (right - left) * (bottom - top)
    union = np.maximum(area[:, None] + area - shared, 1e-9)
    found: np.ndarray = shared > iou * union
    return found
