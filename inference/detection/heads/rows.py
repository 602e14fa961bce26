"""Rows: a model that tells things apart itself and gives one row for each.

Reads and writes: nothing; pure NumPy.
Never: suppresses: what comes is final.

YOLOv10, YOLO26 and exports with NMS inside: left, top, right, bottom, score, class. Others have the
columns in another order, and the number of the picture before them: the card's `columns`.
"""

import numpy as np

from inference.detection.heads.candidates import (
    Candidates,
    Floats,
    HeadError,
    Outputs,
    convert_boxes,
    find_output,
    find_ready,
    format_mismatch,
)
from inference.detection.model_card import ModelCard

SAME_THING_IOU: float | None = None
BOX = ("left", "top", "right", "bottom")


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """The rows of `classes` that score `low` or more."""
    rows = read_rows(outputs, card)
    columns = card.output.columns
    boxes = rows[:, [columns.index(side) for side in BOX]]
    numbers = rows[:, columns.index("class")] - card.output.first_class
    return find_ready(
        convert_boxes(boxes, card),
        scores=rows[:, columns.index("score")],
        numbers=numbers,
        classes=classes,
        low=low,
    )


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    read_rows(outputs, card)


def read_rows(outputs: Outputs, card: ModelCard) -> Floats:
    """The output as things x columns; raises `HeadError`."""
    found = find_output(outputs, card.output.name, card)
    width = len(card.output.columns)
    if found.ndim not in (2, 3) or found.shape[-1] != width or np.prod(found.shape[:-2]) > 1:
        raise HeadError(format_mismatch(outputs, card, f"rows of {width} columns"))
    return found.reshape(-1, width)
