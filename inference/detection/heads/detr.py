"""DETR and its kin: boxes and scores in two tensors, one row for each query.

Reads and writes: nothing; pure NumPy.
Never: computes the box of a query that found nothing.

RT-DETR, D-FINE, RF-DETR and Deformable DETR give logits of independent classes (sigmoid); the first
DETR shares between classes and "nothing" (softmax). YOLO-NAS gives probabilities and needs
suppression (`iou` in its card).
"""

import numpy as np

from inference.detection.heads.candidates import (
    Candidates,
    HeadError,
    Outputs,
    activate,
    convert_boxes,
    find_output,
    format_mismatch,
    require_finite,
)
from inference.detection.model_card import ModelCard

SAME_THING_IOU: float | None = None


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """Candidates of `classes` that score `low` or more; a query may be of several classes."""
    given = find_output(outputs, card.output.scores, card)[0]
    scores = activate(given, card.output.activation)[:, classes]
    require_finite(scores)
    index, kind = np.nonzero(scores >= low)
    boxes = convert_boxes(find_output(outputs, card.output.boxes, card)[0][index], card)
    require_finite(boxes)
    return Candidates(boxes, scores[index, kind], np.asarray(classes, np.intp)[kind])


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    """Raise `HeadError` where boxes and scores do not fit each other and the classes."""
    scores = find_output(outputs, card.output.scores, card)
    boxes = find_output(outputs, card.output.boxes, card)
    fits = scores.ndim == 3 and scores.shape[2] in (len(card.classes), len(card.classes) + 1)
    if not fits or boxes.shape[1:] != (scores.shape[1], 4):
        wanted = f"scores of queries x {len(card.classes)} and boxes of queries x 4"
        raise HeadError(format_mismatch(outputs, card, wanted))
