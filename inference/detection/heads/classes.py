"""Classes: a classification model, for which the whole input is one thing.

Reads and writes: nothing; pure NumPy.
Never: says where something is: it names what another model has found (`classify` of a zone).
"""

import numpy as np

from inference.detection.heads.candidates import (
    Candidates,
    Floats,
    HeadError,
    Outputs,
    activate,
    find_output,
    format_mismatch,
    require_finite,
)
from inference.detection.model_card import ModelCard

SAME_THING_IOU: float | None = None
WHOLE = np.array([[0, 0, 1, 1]], np.float32)


def find_candidates(
    outputs: Outputs, card: ModelCard, classes: tuple[int, ...], low: float
) -> Candidates:
    """One candidate, the best class of all, where it is one of `classes` and scores enough."""
    scores = activate(read_scores(outputs, card), card.output.activation)
    require_finite(scores)
    best = int(scores.argmax())
    kept = slice(0, int(best in classes and bool(scores[best] >= low)))
    return Candidates(WHOLE[kept], scores[best : best + 1][kept], np.array([best], np.intp)[kept])


def require_outputs(outputs: Outputs, card: ModelCard) -> None:
    read_scores(outputs, card)


def read_scores(outputs: Outputs, card: ModelCard) -> Floats:
    """The scores of all classes; raises `HeadError`."""
    found = find_output(outputs, card.output.name, card)
    if found[0].size != len(card.classes):
        raise HeadError(format_mismatch(outputs, card, f"{len(card.classes)} scores"))
    return np.asarray(found[0].reshape(-1))
