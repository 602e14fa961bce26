"""YOLOX: one tensor with a row for each cell, box and sizes relative to the cell.

Reads and writes: nothing; pure NumPy.
Never: computes the box of a cell in which nothing was found.

The official export leaves the decoding to others: the middle of a box is (x + column) x stride, its
width exp(w) x stride. An export with `--decode_in_inference` needs the head `yolo`.
"""

from functools import lru_cache

import numpy as np

from inference.detection.heads import yolo
from inference.detection.heads.candidates import (
    Candidates,
    Floats,
    HeadError,
    Outputs,
    convert_boxes,
    format_mismatch,
    require_finite,
)
from inference.detection.model_card import ModelCard

SAME_THING_IOU: float | None = 0.45


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` whose score is `low` or more, and the best of their row."""
    rows = yolo.read_rows(outputs, card)
    index, kind, scores = yolo.find_rows(rows, card, classes, low)
    cells = make_cells(card.input.width, card.input.height, card.output.strides)[index]
    stride = cells[:, 2:]
    middle = (rows[index, :2] + cells[:, :2]) * stride
    boxes = np.concatenate([middle, np.exp(rows[index, 2:4]) * stride], axis=1)
    require_finite(boxes)
    return Candidates(convert_boxes(boxes, card), scores, np.asarray(classes, np.intp)[kind])


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    """Raise `HeadError` where there is not one row for each cell."""
    rows = yolo.read_rows(outputs, card)
    cells = make_cells(card.input.width, card.input.height, card.output.strides)
    if len(rows) != len(cells):
        wanted = f"one row for each of {len(cells)} cells of strides {list(card.output.strides)}"
        raise HeadError(format_mismatch(outputs, card, wanted))


@lru_cache(maxsize=8)
def make_cells(width: int, height: int, strides: tuple[int, ...]) -> Floats:
    """Column, row and stride of each cell, in the order of the rows."""
    grids = []
    for stride in strides:
        row, column = np.mgrid[: height // stride, : width // stride].reshape(2, -1)
        grids.append(np.stack([column, row, np.full_like(row, stride)], axis=1))
    return np.concatenate(grids).astype(np.float32)
