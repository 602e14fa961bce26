"""A model's card: the JSON file beside a model that says what it is and how it is fed.

Reads: MODEL.json and, to check its digest, MODEL.onnx. Writes: nothing.
Never: lets a model be used that is not, byte for byte, the one that its card describes.
"""

import difflib
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.model import Tier


@dataclass(frozen=True, slots=True)
class Card:
    """What the detector needs to know of one model.

    `size` is the side of its square input in pixels; `mean` and `std` are per channel, in BGR, of
    8-bit values; `bins` is the number of distances per side of a box, in steps of a stride.
    """

    sha256: str
    tier: Tier
    input_name: str
    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    strides: tuple[int, ...]
    bins: int
    classes: tuple[str, ...]

    def numbers_of(self, labels: tuple[str, ...]) -> tuple[int, ...]:
        """The class numbers of `labels`; raises `ModelError` for a name that it cannot see."""
        for label in labels:
            if label not in self.classes:
                near = difflib.get_close_matches(label, self.classes, n=1, cutoff=0.5)
                advice = f"did you mean {near[0]!r}?" if near else "its card lists all it can see"
                raise ModelError(f"the model does not know the label {label!r}; {advice}")
        return tuple(self.classes.index(label) for label in labels)


def verified_card(model: Path) -> Card:
    """The card of `model`, once the file's digest matches it; raises `ModelError`."""
    digest = digest_of(model)
    card = read_card(model.with_suffix(".json"))
    if digest != card.sha256:
        raise ModelError(
            f"the model {model} is damaged or another one: its SHA-256 begins {digest[:12]}, "
            f"its card says {card.sha256[:12]}; copy the model and its card together again"
        )
    return card


def digest_of(model: Path) -> str:
    """The SHA-256 of a file in hex digits."""
    try:
        with model.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            f"the model {model} cannot be read: {error.strerror}; "
            "see `model` in the section [inference] of the settings"
        ) from error


def read_card(path: Path) -> Card:
    """The card in `path`; raises `ModelError` where it is missing or incomplete."""
    try:
        return card_from(json.loads(path.read_text()))
    except OSError as error:
        raise ModelError(
            f"the model's card {path} cannot be read: {error.strerror}; it belongs beside the model"
        ) from error
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(
            f"the model's card {path} is damaged or incomplete ({error}); "
            "copy the model and its card together again"
        ) from error


def card_from(tree: dict[str, Any]) -> Card:
    """A card from its JSON; a missing key is a `KeyError`, a wrong one a `ValueError`."""
    entry, output = tree["input"], tree["output"]
    batch, channels, height, width = entry["shape"]
    if (batch, channels, height) != (1, 3, width) or tree["decoder"] != "nanodet":
        raise ValueError("only NanoDet models with one square BGR picture are known")
    return Card(
        sha256=tree["sha256"],
        tier=Tier(tree["tier"]),
        input_name=entry["name"],
        size=width,
        mean=tuple(entry["mean"]),
        std=tuple(entry["std"]),
        strides=tuple(output["strides"]),
        bins=output["bins"],
        classes=tuple(tree["classes"]),
    )
