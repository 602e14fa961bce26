"""Decoding the outputs of a NanoDet model: scores and distances to boxes.

Reads and writes: nothing; pure NumPy.
Never: depends on a runtime or a file, or takes NaN for "nothing there".

NanoDet has no anchors. For each cell of three grids (strides 8, 16, 32) it gives a score per class
and, for each side of the box, a distribution over distances of 0 to 10 strides from the middle of
the cell: the distance is its expectation (Generalized Focal Loss, Li et al. 2020).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelError
from appliance.model_cameras import Box, Detection
from inference.detection.model_card import ModelCard

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
SAME_THING_IOU = 0.6  # NanoDet's own value for non-maximum suppression


@dataclass(frozen=True, slots=True)
class Candidates:
    """Unsorted candidates before suppression: boxes (n x 4), scores, class numbers."""

    boxes: Floats
    scores: Floats
    classes: NDArray[np.intp]


def decode(
    outputs: Sequence[Floats], card: ModelCard, classes: tuple[int, ...], floor: float
) -> list[Detection]:
    """The model's outputs as detections of `classes` that score `floor` or more, surest first."""
    return select_detections(find_candidates(outputs, card, classes, floor), card, floor)


def find_candidates(
    outputs: Sequence[Floats], card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` in the model's outputs (in any order) that score `low` or more.

    Each output is 1 x cells x classes (scores) or 1 x cells x 4 bins (distributions); the number of
    cells gives the stride. Raises `ModelError` where a number is none.
    """
    by_shape = {output.shape[1:]: output[0] for output in outputs}
    boxes, scores, kinds, doubt = [], [], [], 0.0
    for stride in card.strides:
        cells = count_cells_across(card.size, stride) ** 2
        stride_scores = by_shape[cells, len(card.classes)][:, classes]
        cell, kind = np.nonzero(stride_scores >= low)
        sides = by_shape[cells, 4 * card.bins][cell].reshape(-1, 4, card.bins)
        boxes.append(compute_boxes(cell, compute_expectation(sides) * stride, stride, card.size))
        scores.append(stride_scores[cell, kind])
        kinds.append(kind)
        # One NaN makes the sum one; compared with `low` it would look like nothing there.
        doubt += float(stride_scores.sum()) + float(sides.sum())
    if not math.isfinite(doubt):
        raise ModelError(
            "the model gave invalid numbers (NaN): its weights are damaged, or it does not "
            "work with this device's precision; copy it again, or use another"
        )
    numbers = np.asarray(classes, np.intp)[np.concatenate(kinds)]
    return Candidates(np.concatenate(boxes), np.concatenate(scores), numbers)


def select_detections(found: Candidates, card: ModelCard, floor: float) -> list[Detection]:
    """The candidates that score `floor` or more, one for each thing, the surest first."""
    sure = found.scores >= floor
    labels = [card.classes[number] for number in found.classes[sure].tolist()]
    return suppress_overlaps(found.boxes[sure], found.scores[sure], labels)


def find_faint_boxes(found: Candidates, number: int, floor: float) -> list[Box]:
    """Boxes of one class that score less than `floor`, often many on one thing.

    For hiding only: nothing is compared or sorted, so it costs next to nothing.
    """
    faint = (found.scores < floor) & (found.classes == number)
    return [Box(*box) for box in found.boxes[faint].tolist()]


def require_outputs(outputs: Sequence[Floats], card: ModelCard, model: str) -> None:
    """Raise `ModelError` where the outputs are not those that `decode` reads, or hold a NaN."""
    found = sorted(tuple(output.shape) for output in outputs)
    wanted = sorted(
        (card.batch or 1, count_cells_across(card.size, stride) ** 2, width)
        for stride in card.strides
        for width in (len(card.classes), 4 * card.bins)
    )
    if found != wanted:
        raise ModelError(
            f"the model {model} gives {found}, but by its card {wanted}: "
            "correct classes, strides and bins of the card"
        )
    if not all(np.isfinite(output).all() for output in outputs):
        raise ModelError(
            f"the model {model} gives invalid numbers (NaN) for a black picture: "
            "its weights are damaged; copy it again, or use another"
        )


def compute_expectation(logits: Floats) -> Floats:
    """The mean bin of each distribution: n x 4 x bins logits give n x 4."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    bins = np.arange(logits.shape[-1], dtype=np.float32)
    mean: Floats = (weights @ bins) / weights.sum(axis=-1)
    return mean


def compute_boxes(cell: NDArray[np.intp], sides: Floats, stride: int, size: int) -> Floats:
    """Boxes (n x 4: left, top, right, bottom, as fractions) around the middles of cells."""
    across = count_cells_across(size, stride)
    middle_x = (cell % across + 0.5) * stride
    middle_y = (cell // across + 0.5) * stride
    left, top, right, bottom = sides.T
    edges = (middle_x - left, middle_y - top, middle_x + right, middle_y + bottom)
    return np.clip(np.stack(edges, axis=1) / size, 0, 1).astype(np.float32)


def count_cells_across(size: int, stride: int) -> int:
    """Cells in one row of a grid; a last, partial cell counts."""
    return -(-size // stride)


def suppress_overlaps(boxes: Floats, scores: Floats, labels: list[str]) -> list[Detection]:
    """Non-maximum suppression within each label: of boxes on one thing, the surest stays."""
    overlap = compute_overlaps(boxes)
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable").tolist():
        rivals = [one for one in kept if labels[one] == labels[index]]
        if not any(overlap[index, one] > SAME_THING_IOU for one in rivals):
            kept.append(index)
    return [
        Detection(labels[index], float(scores[index]), Box(*boxes[index].tolist()))
        for index in kept
    ]


def compute_overlaps(boxes: Floats) -> Floats:
    """Intersection over union of each box with each: n x 4 gives n x n."""
    first = np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    last = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = np.clip(last - first, 0, None).prod(axis=2)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    ratio: Floats = shared / np.maximum(area[:, None] + area[None] - shared, 1e-9)
    return ratio
