"""The tensors that go into a model's run, and those that come out of it.

Reads and writes: nothing; pure NumPy.
Never: copies what is already in the model's own form.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from appliance.errors import ModelError
from appliance.wording.sentence import say
from inference.detection.heads import HEADS, HeadError, Outputs
from inference.detection.heads.candidates import Floats
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import Layout


def make_feed(entry: Floats, card: ModelCard) -> dict[str, np.ndarray]:
    """The inputs of one run for pictures x 3 x height x width numbers, by name."""
    picture = card.input
    turned = entry.transpose(0, 2, 3, 1) if picture.layout is Layout.NHWC else entry
    feed: dict[str, np.ndarray] = {
        picture.name: np.ascontiguousarray(turned.astype(picture.type, copy=False))
    }
    for one in picture.constants:
        feed[one.name] = np.tile(np.array(one.values, one.type), (len(entry), 1))
    return feed


def name_outputs(names: Sequence[str], outputs: Sequence[Any]) -> Outputs:
    """The outputs of a run by name; those of half precision as float32."""
    return {
        name: one.astype(np.float32) if one.dtype == np.float16 else one
        for name, one in zip(names, outputs, strict=True)
    }


def require_outputs(outputs: Outputs, card: ModelCard, model: str) -> None:
    """Raise `ModelError` where the card's head cannot read the outputs, or one holds a NaN."""
    try:
        HEADS[card.decoder].require_outputs(outputs, card)
    except HeadError as error:
        raise ModelError(say("the model {model} {error}", model=model, error=error)) from error
    if not all(is_finite(output) for output in outputs.values()):
        raise ModelError(
            say(
                "the model {model} gives invalid numbers (NaN) for a black picture: its weights "
                "are damaged; copy it again, or use another",
                model=model,
            )
        )


def is_finite(output: Floats) -> bool:
    return bool(np.isfinite(output).all())
