"""What every head gives: candidates; and the steps that several heads share.

Reads and writes: nothing; pure NumPy.
Never: sorts or suppresses; inference/detection/suppression.py does, for all heads alike.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.errors import ModelError
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import Activation, BoxForm

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Numbers = NDArray[np.intp]
Outputs = Mapping[str, Floats]  # by name, each of one picture: the first axis has length 1


class HeadError(ModelError):
    """A model's outputs are not those that its card describes: `wanted` says which those are."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Unsorted candidates before suppression: boxes (n x 4), scores, class numbers.

    A box is left, top, right, bottom, in fractions of the model's input; it may reach beyond it.
    """

    boxes: Floats
    scores: Floats
    classes: Numbers

    def __len__(self) -> int:
        return len(self.scores)


class Head(Protocol):
    """One family of models."""

    SAME_THING_IOU: (
        float | None
    )  # for suppression, as the family's own tools have it; None: no need

    @property
    def find_candidates(
        self,
    ) -> Callable[[Outputs, ModelCard, tuple[int, ...], float], Candidates]:
        """Candidates of these classes that score as much or more. Raises `ModelError` for NaN."""

    @property
    def require_outputs(self) -> Callable[[Outputs, ModelCard], None]:
        """Raise `HeadError` where these are not the outputs of such a model."""


def find_output(outputs: Outputs, name: str, card: ModelCard) -> Floats:
    """The output that the card names, or the first where it names none."""
    found = outputs.get(name) if name else next(iter(outputs.values()), None)
    if found is None:
        raise HeadError(format_mismatch(outputs, card, f"an output called {name!r}"))
    return found


def format_mismatch(outputs: Outputs, card: ModelCard, wanted: str) -> str:
    """The sentence for outputs that do not fit the card."""
    given = ", ".join(f"{name} {list(one.shape)}" for name, one in outputs.items()) or "nothing"
    return (
        f"gives {given}, but by its card (head {card.decoder}, {len(card.classes)} classes) it has "
        f"{wanted}; `unitctl models add FILE` without a card makes one that fits the model"
    )


def require_finite(*values: Floats) -> None:
    """Raise `ModelError` where a number is none: compared with a limit, NaN looks like nothing."""
    if not math.isfinite(sum(float(one.sum()) for one in values)):
        raise ModelError(
            "the model gave invalid numbers (NaN): its weights are damaged, or it does not "
            "work with this device's precision; copy it again, or use another"
        )


def convert_boxes(boxes: Floats, card: ModelCard) -> Floats:
    """Boxes as a model gives them (n x 4) as left, top, right, bottom in fractions of its input."""
    form = card.output.box
    if form is BoxForm.CXCYWH:
        half = boxes[:, 2:4] / 2
        boxes = np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)
    elif form is BoxForm.YXYX:
        boxes = boxes[:, [1, 0, 3, 2]]
    if card.output.pixels:
        width, height = card.input.width, card.input.height
        return np.asarray(boxes / np.array([width, height, width, height]), np.float32)
    return boxes.astype(np.float32, copy=False)


def activate(scores: Floats, activation: Activation) -> Floats:
    """Scores from 0 to 1 of what a model gives."""
    if activation is Activation.SIGMOID:
        return compute_sigmoid(scores)
    if activation is Activation.SOFTMAX:
        weights: Floats = np.exp(scores - scores.max(axis=-1, keepdims=True))
        total: Floats = weights.sum(axis=-1, keepdims=True)
        return np.asarray(weights / total, np.float32)
    return scores


def compute_sigmoid(values: Floats) -> Floats:
    """1 / (1 + exp(-x)), without an overflow."""
    return np.asarray(0.5 * (1 + np.tanh(0.5 * values)), np.float32)


def select_best_of_row(every: Floats, kinds: Numbers, classes: Sequence[int]) -> NDArray[np.bool_]:
    """Which rows (n x all classes) have their best score in the class that they were found for.

    `kinds` are places in `classes`. One thing is not reported as a dog and as a cat.
    """
    same: NDArray[np.bool_] = every.argmax(axis=1) == np.asarray(classes)[kinds]
    return same


def find_ready(
    boxes: Floats, *, scores: Floats, numbers: Floats, classes: Sequence[int], low: float
) -> Candidates:
    """Candidates of things that the model itself has told apart, one row each."""
    require_finite(scores)
    kinds = numbers.astype(np.intp)
    wanted = (scores >= low) & np.isin(kinds, classes)
    return Candidates(boxes[wanted], scores[wanted], kinds[wanted])
