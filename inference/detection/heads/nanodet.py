"""NanoDet and NanoDet-Plus: scores and, for each side of a box, a distribution of distances.

Reads and writes: nothing; pure NumPy.
Never: computes the boxes of cells in which nothing was found.

There are no anchors. For each cell of some grids (strides 8, 16, 32, and 64 for Plus) the model
gives a score per class and, for each side of the box, a distribution over distances of whole
strides from the cell's point: the distance is its expectation (Generalized Focal Loss, Li et al.
2020). That point is the middle of the cell, for Plus its corner. Scores and distributions come as
two outputs for each grid, as one for each grid, or as one for all.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

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
TO_SIDES = np.array([-1, -1, 1, 1])  # left and top lie before the point


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` in the model's outputs (in any order) that score `low` or more.

    All grids are taken together, and only cells in which something was found: each step of NumPy
    costs, however few there are.
    """
    grids = split_grids(outputs, card)
    every = np.concatenate([scores.take(classes, axis=1) for scores, _ in grids])
    cell, kind = np.divmod((every >= low).ravel().nonzero()[0], len(classes))
    found = np.concatenate(list(select_cells([sides for _, sides in grids], cell)))
    require_finite(every, found)
    points, scales = make_points(
        card.input.width, card.input.height, card.output.strides, card.output.cell_point
    )
    boxes = points[cell] + scales[cell] * compute_expectation(
        found.reshape(-1, 4, card.output.bins)
    )
    np.minimum(np.maximum(boxes, 0, out=boxes), 1, out=boxes)
    return Candidates(boxes, every[cell, kind], np.asarray(classes, np.intp)[kind])


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


def split_grids(outputs: Outputs, card: ModelCard) -> list[tuple[Floats, Floats]]:
    """Scores (cells x classes) and distributions (cells x 4 bins) of each grid."""
    by_shape = {one.shape[1:]: one[0] for one in outputs.values()}
    classes, bins = len(card.classes), 4 * card.output.bins
    counts = [count_cells(card, stride) for stride in card.output.strides]
    whole, first = by_shape.get((sum(counts), classes + bins)), 0
    grids = []
    for count in counts:
        joined = by_shape.get((count, classes + bins))
        if whole is not None:
            joined = whole[first : first + count]
        first += count
        if joined is None:
            grids.append((by_shape[count, classes], by_shape[count, bins]))
        else:
            grids.append((joined[:, :classes], joined[:, classes:]))
    return grids


def select_cells(grids: Sequence[Floats], cells: Numbers) -> Iterator[Floats]:
    """The rows of some cells, whose numbers rise through all grids, grid by grid."""
    first = begin = 0
    for grid in grids:
        end = int(cells.searchsorted(first + len(grid)))
        yield grid[cells[begin:end] - first]
        first, begin = first + len(grid), end


def compute_expectation(logits: Floats) -> Floats:
    """The mean bin of each distribution: n x 4 x bins logits give n x 4."""
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    sums = weights @ make_moments(logits.shape[-1])
    mean: Floats = sums[..., 0] / sums[..., 1]
    return mean


@lru_cache(maxsize=8)
def make_moments(bins: int) -> Floats:
    """By which weights of bins are multiplied for the sum of bins, and that of weights."""
    return np.stack((np.arange(bins), np.ones(bins)), axis=1).astype(np.float32)


@lru_cache(maxsize=8)
def make_points(
    width: int, height: int, strides: tuple[int, ...], cell_point: float
) -> tuple[Floats, Floats]:
    """The points of the cells of all grids, twice each (cells x 4: to the sides left, top, right,
    bottom), and how far one bin leads from there; in fractions of the input.
    """
    size = np.array([width, height] * 2, np.float32)
    points, scales = [], []
    for stride in strides:
        wide, high = count_along(width, stride), count_along(height, stride)
        row, column = np.divmod(np.arange(wide * high), wide)
        point = np.stack((column, row) * 2, axis=1) + cell_point
        points.append(point * stride / size)
        scales.append(np.tile(TO_SIDES * stride / size, (wide * high, 1)))
    return np.concatenate(points).astype(np.float32), np.concatenate(scales).astype(np.float32)


def count_cells(card: ModelCard, stride: int) -> int:
    """Cells of one grid."""
    return count_along(card.input.width, stride) * count_along(card.input.height, stride)


def count_along(side: int, stride: int) -> int:
    """Cells in one row or column of a grid; a last, partial cell counts."""
    return -(-side // stride)
