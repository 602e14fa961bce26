"""Non-maximum suppression: of boxes on one thing, the surest stays. Pure.

Inputs: candidates of any head. Output: detections, the surest first.
Never: compares things of different labels.
"""

import numpy as np

from appliance.model_cameras import Box, Detection
from inference.detection.heads.candidates import Candidates, Floats

LARGEST_FAINT = 0.4  # of the picture: half of it would be hidden for what is hardly there
SAME_FAINT_IOU = 0.7
MOST = 1000  # candidates that are compared, the surest ones: with more, the limit is too low


def select_detections(
    found: Candidates, classes: tuple[str, ...], floor: float, iou: float | None
) -> list[Detection]:
    """The candidates that score `floor` or more, one for each thing, the surest first.

    `iou`: boxes of one label that overlap by more are on one thing; None: none are.
    """
    sure = np.flatnonzero(found.scores >= floor)
    order = sure[np.argsort(-found.scores[sure], kind="stable")[:MOST]]
    if iou is not None:
        order = order[suppress_overlaps(found.boxes[order], found.classes[order], iou)]
    boxes = np.clip(found.boxes[order], 0, 1)
    return [
        Detection(classes[number], score, Box(*box))
        for number, score, box in zip(
            found.classes[order].tolist(),
            found.scores[order].tolist(),
            boxes.tolist(),
            strict=True,
        )
    ]


def suppress_overlaps(boxes: Floats, kinds: np.ndarray, iou: float) -> list[int]:
    """The places of the boxes that stay, of n x 4 boxes with the surest first."""
    overlap = compute_overlaps(boxes) * (kinds[:, None] == kinds[None])
    kept: list[int] = []
    gone = np.zeros(len(boxes), np.bool_)
    for index in range(len(boxes)):
        if not gone[index]:
            kept.append(index)
            gone |= overlap[index] > iou
    return kept


def find_faint_boxes(found: Candidates, number: int, floor: float) -> list[Box]:
    """Boxes of one class that score less than `floor`, the surest first, one for each thing.

    For hiding only. The largest are left out: who is near is found by a surer box.
    """
    area = (found.boxes[:, 2:] - found.boxes[:, :2]).clip(0).prod(axis=1)
    is_faint = (found.scores < floor) & (found.classes == number) & (area < LARGEST_FAINT)
    faint = np.flatnonzero(is_faint)
    order = faint[np.argsort(-found.scores[faint], kind="stable")[:MOST]]
    order = order[suppress_overlaps(found.boxes[order], found.classes[order], SAME_FAINT_IOU)]
    return [Box(*box) for box in np.clip(found.boxes[order], 0, 1).tolist()]


def compute_overlaps(boxes: Floats) -> Floats:
    """Intersection over union of each box with each: n x 4 gives n x n."""
    first = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    last = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(last - first, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    ratio: Floats = shared / np.maximum(area[:, None] + area[None] - shared, 1e-9)
    return ratio
