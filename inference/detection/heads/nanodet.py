"""NanoDet and NanoDet-Plus: scores and, for each side of a box, a distribution of distances.

Reads and writes: nothing; pure NumPy.
Never: computes the boxes of cells in which nothing was found.

There are no anchors. For each cell of some grids (strides 8, 16, 32, and 64 for Plus) the model
gives a score per class and, for each side of the box, a distribution over distances of whole
strides from the cell's point: the distance is its expectation (Generalized Focal Loss, Li et al.
2020). That point is the middle of the cell, for Plus its corner. Scores and distributions come as
two outputs for each grid, as one for each grid, or as one for all.
"""

from collections.abc import Iterator

import numpy as np

from inference.detection.heads.candidates import (
    Candidates,
    Floats,
    HeadError,
    Numbers,
    Outputs,
    format_mismatch,
    require_finite,
)
from inference.detection.model_card import ModelCard

SAME_THING_IOU: float | None = 0.6


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` in the model's outputs (in any order) that score `low` or more."""
    boxes, scores, kinds, checked = [], [], [], []
    for stride, every, sides in split_grids(outputs, card):
        stride_scores = every[:, classes]
        cell, kind = np.nonzero(stride_scores >= low)
        logits = sides[cell].reshape(-1, 4, card.output.bins)
        boxes.append(compute_boxes(cell, compute_expectation(logits) * stride, stride, card))
        scores.append(stride_scores[cell, kind])
        kinds.append(kind)
        checked += [stride_scores, logits]
    require_finite(*checked)
    numbers = np.asarray(classes, np.intp)[np.concatenate(kinds)]
    return Candidates(np.concatenate(boxes), np.concatenate(scores), numbers)


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    """Raise `HeadError` where a grid's scores or distributions are missing."""
    cells = {stride: count_cells(card, stride) for stride in card.output.strides}
    wide = (len(card.classes), 4 * card.output.bins)
    found = sorted(tuple(one.shape[1:]) for one in outputs.values())
    apart = sorted((count, width) for count in cells.values() for width in wide)
    joined = sorted((count, sum(wide)) for count in cells.values())
    if found not in (apart, joined, [(sum(cells.values()), sum(wide))]):
        wanted = f"strides {list(cells)} and {card.output.bins} bins, so e.g. {apart[-1]}"
        raise HeadError(format_mismatch(outputs, card, wanted))


def split_grids(outputs: Outputs, card: ModelCard) -> Iterator[tuple[int, Floats, Floats]]:
    """Stride, scores (cells x classes) and distributions (cells x 4 bins) of each grid."""
    by_shape = {one.shape[1:]: one[0] for one in outputs.values()}
    classes, bins = len(card.classes), 4 * card.output.bins
    counts = [count_cells(card, stride) for stride in card.output.strides]
    whole, first = by_shape.get((sum(counts), classes + bins)), 0
    for stride, count in zip(card.output.strides, counts, strict=True):
        joined = by_shape.get((count, classes + bins))
        if whole is not None:
            joined = whole[first : first + count]
        first += count
        if joined is None:
            yield stride, by_shape[count, classes], by_shape[count, bins]
        else:
            yield stride, joined[:, :classes], joined[:, classes:]


def compute_expectation(logits: Floats) -> Floats:
    """The mean bin of each distribution: n x 4 x bins logits give n x 4."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    bins = np.arange(logits.shape[-1], dtype=np.float32)
    mean: Floats = (weights @ bins) / weights.sum(axis=-1)
    return mean


def compute_boxes(cell: Numbers, sides: Floats, stride: int, card: ModelCard) -> Floats:
    """Boxes (n x 4: left, top, right, bottom, in fractions) around the points of cells."""
    width, height = card.input.width, card.input.height
    across = count_along(width, stride)
    x = (cell % across + card.output.cell_point) * stride
    y = (cell // across + card.output.cell_point) * stride
    left, top, right, bottom = sides.T
    edges = np.stack((x - left, y - top, x + right, y + bottom), axis=1)
    size = np.array([width, height, width, height], np.float32)
    return np.clip(edges / size, 0, 1).astype(np.float32)


def count_cells(card: ModelCard, stride: int) -> int:
    """Cells of one grid."""
    return count_along(card.input.width, stride) * count_along(card.input.height, stride)


def count_along(side: int, stride: int) -> int:
    """Cells in one row or column of a grid; a last, partial cell counts."""
    return -(-side // stride)
