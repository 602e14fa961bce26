"""Parts: a model that tells things apart itself and gives boxes, scores and classes apart.

Reads and writes: nothing; pure NumPy.
Never: suppresses: what comes is final.

So do RT-DETR and D-FINE with their own post-processing (labels, boxes, scores), exports with NMS
inside (num_dets, det_boxes, det_scores, det_classes), torchvision, and TensorFlow's SSD. Where
there is a count of things, the rest of each tensor is filled up and means nothing.
"""

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


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """The things of `classes` that score `low` or more."""
    boxes, scores, numbers = read_parts(outputs, card)
    return find_ready(
        convert_boxes(boxes, card),
        scores=scores,
        numbers=numbers - card.output.first_class,
        classes=classes,
        low=low,
    )


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    """Raise `HeadError` where boxes, scores and classes are not of the same number of things."""
    boxes, scores, numbers = read_parts(outputs, card)
    if not len(boxes) == len(scores) == len(numbers):
        raise HeadError(format_mismatch(outputs, card, "as many boxes as scores and classes"))


def read_parts(outputs: Outputs, card: ModelCard) -> tuple[Floats, Floats, Floats]:
    """Boxes (n x 4), scores and class numbers of the things in one picture."""
    form = card.output
    boxes = find_output(outputs, form.boxes, card)
    if boxes.shape[-1:] != (4,):
        raise HeadError(format_mismatch(outputs, card, f"boxes of 4 numbers in {form.boxes}"))
    boxes = boxes.reshape(-1, 4)
    count = len(boxes)
    if form.count:
        count = min(count, int(find_output(outputs, form.count, card).reshape(-1)[0]))
    scores = find_output(outputs, form.scores, card).reshape(-1)
    numbers = find_output(outputs, form.numbers, card).reshape(-1)
    return boxes[:count], scores[:count], numbers[:count]
