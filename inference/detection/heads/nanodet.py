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
TO_FIRST_AND_LAST = np.array([[[-1.0], [1.0]]], np.float32)  # left and top lie before the point


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` in the model's outputs (in any order) that score `low` or more.

    The boxes of all grids are computed together: they are few, and each step of NumPy costs.
    """
    cells, strides, logits, scores, kinds, checked = [], [], [], [], [], []
    for stride, every, sides in split_grids(outputs, card):
        stride_scores = every[:, classes]
        cell, kind = np.divmod(np.flatnonzero(stride_scores >= low), len(classes))
        cells.append(cell)
        strides.append(np.full(len(cell), stride))
        logits.append(sides[cell])
        scores.append(stride_scores[cell, kind])
        kinds.append(kind)
        checked.append(stride_scores)
    found = np.concatenate(logits)
    require_finite(*checked, found)
    distances = compute_expectation(found.reshape(-1, 4, card.output.bins))
    boxes = compute_boxes(np.concatenate(cells), distances, np.concatenate(strides), card)
    numbers = np.asarray(classes, np.intp)[np.concatenate(kinds)]
    return Candidates(boxes, np.concatenate(scores), numbers)


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


def compute_boxes(cell: Numbers, distances: Floats, stride: Numbers, card: ModelCard) -> Floats:
    """Boxes (n x 4: left, top, right, bottom, in fractions) around the points of cells.

    `cell` and `stride` of each (n), `distances` to its four sides in strides (n x 4).
    """
    width, height = card.input.width, card.input.height
    row, column = np.divmod(cell, -(-width // stride))
    point = np.stack((column, row), axis=1) + card.output.cell_point
    sides = distances.reshape(-1, 2, 2) * TO_FIRST_AND_LAST
    edges = (point[:, None] + sides) * stride[:, None, None]
    boxes = edges / np.array([width, height], np.float32)
    return np.clip(boxes, 0, 1).reshape(-1, 4).astype(np.float32)


def count_cells(card: ModelCard, stride: int) -> int:
    """Cells of one grid."""
    return count_along(card.input.width, stride) * count_along(card.input.height, stride)


def count_along(side: int, stride: int) -> int:
    """Cells in one row or column of a grid; a last, partial cell counts."""
    return -(-side // stride)
