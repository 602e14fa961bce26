"""What goes into a NanoDet model and what its numbers mean.

Reads and writes: nothing; pure NumPy, apart from OpenCV's resize.
Never: knows a runtime or a file.

NanoDet has no anchors. For each cell of three grids (strides 8, 16, 32) it gives a score per class
and, for each side of the box, a distribution over distances of 0 to 10 strides from the middle of
the cell: the distance is its expectation (Generalized Focal Loss, Li et al. 2020).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from appliance.model import Box, Detection
from inference.card import Card

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
SAME_THING_IOU = 0.6  # NanoDet's own value for non-maximum suppression


def blob(bgr: Bytes, card: Card) -> Floats:
    """A picture (height x width x 3, BGR) as the model's input (1 x 3 x size x size).

    Stretched, not padded: see models/PROVENANCE.md.
    """
    square = cv2.resize(bgr, (card.size, card.size), interpolation=cv2.INTER_LINEAR)
    planes = np.empty((1, 3, card.size, card.size), np.float32)
    for channel, (mean, std) in enumerate(zip(card.mean, card.std, strict=True)):
        plane = planes[0, channel]  # written in place: a third of the time of one big expression
        np.multiply(square[:, :, channel], np.float32(1 / std), out=plane)
        plane -= np.float32(mean / std)
    return planes


def decode(
    outputs: Sequence[Floats], card: Card, classes: tuple[int, ...], floor: float
) -> list[Detection]:
    """The model's outputs (in any order) as detections of `classes`, the surest first.

    `floor` is the least score that counts. Each output is 1 x cells x classes (scores) or
    1 x cells x 4 bins (distributions); the number of cells tells the stride.
    """
    by_shape = {output.shape[1:]: output[0] for output in outputs}
    boxes, scores, kinds = [], [], []
    for stride in card.strides:
        cells = cells_across(card.size, stride) ** 2
        stride_scores = by_shape[cells, len(card.classes)][:, classes]
        cell, kind = np.nonzero(stride_scores >= floor)
        sides = by_shape[cells, 4 * card.bins][cell].reshape(-1, 4, card.bins)
        boxes.append(corners(cell, expectation(sides) * stride, stride, card.size))
        scores.append(stride_scores[cell, kind])
        kinds.append(kind)
    return detections(
        np.concatenate(boxes),
        np.concatenate(scores),
        [card.classes[classes[kind]] for kind in np.concatenate(kinds)],
    )


def expectation(logits: Floats) -> Floats:
    """The mean bin of each distribution: n x 4 x bins logits give n x 4."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    bins = np.arange(logits.shape[-1], dtype=np.float32)
    mean: Floats = (weights @ bins) / weights.sum(axis=-1)
    return mean


def corners(cell: NDArray[np.intp], sides: Floats, stride: int, size: int) -> Floats:
    """Boxes (n x 4: left, top, right, bottom, as fractions) around the middles of cells."""
    across = cells_across(size, stride)
    middle_x = (cell % across + 0.5) * stride
    middle_y = (cell // across + 0.5) * stride
    left, top, right, bottom = sides.T
    edges = (middle_x - left, middle_y - top, middle_x + right, middle_y + bottom)
    return np.clip(np.stack(edges, axis=1) / size, 0, 1).astype(np.float32)


def cells_across(size: int, stride: int) -> int:
    """Cells in one row of a grid; a last, partial cell counts."""
    return -(-size // stride)


def detections(boxes: Floats, scores: Floats, labels: list[str]) -> list[Detection]:
    """Non-maximum suppression within each label: of boxes on one thing, the surest stays."""
    overlap = overlaps(boxes)
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        rivals = [one for one in kept if labels[one] == labels[index]]
        if not any(overlap[index, one] > SAME_THING_IOU for one in rivals):
            kept.append(index)
    return [
        Detection(labels[index], float(scores[index]), Box(*boxes[index].tolist()))
        for index in kept
    ]


def overlaps(boxes: Floats) -> Floats:
    """Intersection over union of each box with each: n x 4 gives n x n."""
    first = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    last = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(last - first, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    ratio: Floats = shared / np.maximum(area[:, None] + area[None] - shared, 1e-9)
    return ratio
