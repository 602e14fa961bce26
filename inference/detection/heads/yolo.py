"""YOLO: one tensor with a row of box and scores for each anchor.

Reads and writes: nothing; pure NumPy.
Never: computes the box of a row in which nothing was found.

YOLOv8 to v13 give 1 x (4 + classes) x anchors; YOLOv3 to v7 1 x anchors x (5 + classes), where the
fifth column says how sure it is that there is anything (`objectness`): a factor of each score.
Ultralytics' RT-DETR gives 1 x 300 x (4 + classes), in fractions. What follows the scores, such as
the coefficients of masks, is left alone.
"""

import numpy as np

from inference.detection.heads.candidates import (
    Candidates,
    Floats,
    HeadError,
    Outputs,
    activate,
    convert_boxes,
    find_output,
    format_mismatch,
    require_finite,
    select_best_of_row,
)
from inference.detection.model_card import ModelCard

SAME_THING_IOU: float | None = 0.7


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` whose score is `low` or more, and the best of their row."""
    rows = read_rows(outputs, card)
    index, kind, scores = find_rows(rows, card, classes, low)
    boxes = convert_boxes(rows[index, :4], card)
    require_finite(boxes)
    return Candidates(boxes, scores, np.asarray(classes, np.intp)[kind])


def find_rows(
    rows: Floats, card: ModelCard, classes: tuple[int, ...], low: float
) -> tuple[np.ndarray, np.ndarray, Floats]:
    """Rows with something in them, its place in `classes`, and its score."""
    first = count_before(card)
    scores = activate(rows[:, [first + one for one in classes]], card.output.activation)
    if card.output.objectness:
        scores = scores * activate(rows[:, 4:5], card.output.activation)
    require_finite(scores)
    index, kind = np.nonzero(scores >= low)
    best = select_best_of_row(rows[index, first : first + len(card.classes)], kind, classes)
    index, kind = index[best], kind[best]
    return index, kind, scores[index, kind]


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    read_rows(outputs, card)


def read_rows(outputs: Outputs, card: ModelCard) -> Floats:
    """The output as anchors x columns, whichever way round it is; raises `HeadError`."""
    found: Floats = find_output(outputs, card.output.name, card)
    width = count_before(card) + len(card.classes) + card.output.extra
    if found.ndim == 3 and found.shape[2] == width:
        return np.asarray(found[0])
    if found.ndim == 3 and found.shape[1] == width:
        return np.asarray(found[0].T)
    raise HeadError(format_mismatch(outputs, card, f"{width} columns"))


def count_before(card: ModelCard) -> int:
    """Columns before the scores."""
    return 5 if card.output.objectness else 4
