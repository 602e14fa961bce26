"""The model card: the JSON file beside a model with its input, output, classes, licence, digest.

Reads: MODEL.json and, to check its digest, MODEL.onnx. Writes: nothing.
Never: lets a model be used whose bytes are not those that its card describes.
"""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.model_cameras import Tier
from appliance.parsing.nearest import advise
from appliance.strict_json import parse_object, require_whole_number
from appliance.wording.sentence import say
from inference.detection.model_forms import (
    InputForm,
    OutputForm,
    parse_input,
    parse_output,
    require_one_line,
)

NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
DIGEST = re.compile(r"[0-9a-f]{64}")
DECODERS = ("nanodet", "yolo", "yolox", "detr", "rows", "parts", "classes")
MOST_CARD_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Licence:
    """Under which licence the weights may be used (SPDX name), and where they come from."""

    weights: str = ""
    lineage: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What the detector needs to know of one model.

    `batch` is how many pictures go in at once, None: any number. `decoder` is its head
    (inference/detection/heads).
    """

    sha256: str
    tier: Tier
    input: InputForm
    output: OutputForm
    classes: tuple[str, ...]
    name: str = ""
    batch: int | None = 1
    licence: Licence = Licence()
    decoder: str = "nanodet"

    @property
    def size(self) -> int:
        """The longer side of the input, in pixels."""
        return max(self.input.width, self.input.height)

    def find_class_numbers(self, labels: tuple[str, ...]) -> tuple[int, ...]:
        """The class numbers of `labels`; raises `ModelError` for a name that it cannot see."""
        for label in labels:
            if label not in self.classes:
                advice = advise(label, self.classes, "its card lists all it can see")
                raise ModelError(
                    say(
                        "the model does not know the label {label}; {advice}",
                        label=repr(label),
                        advice=advice,
                    )
                )
        return tuple(self.classes.index(label) for label in labels)


def read_verified_card(model: Path) -> ModelCard:
    """The card of `model`, once the file's digest matches it; raises `ModelError`."""
    digest = compute_digest(model)
    card = read_card(model.with_suffix(".json"))
    require_digest(model, digest, card)
    return card


def require_digest(model: Path, digest: str, card: ModelCard) -> None:
    """Raise `ModelError` where the card describes another file."""
    if digest != card.sha256:
        raise ModelError(
            say(
                "the model {model} is damaged or another one: its SHA-256 begins {digest}, its "
                "card says {sha256}; copy the model and its card together again",
                model=model,
                digest=digest[:12],
                sha256=card.sha256[:12],
            )
        )


def compute_digest(model: Path) -> str:
    """The SHA-256 of a file in hex digits."""
    try:
        with open(model, "rb", opener=open_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise OSError(errno.EINVAL, "it is no regular file")
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelError(
            say(
                "the model {model} cannot be read: {strerror}; see `model` in the section "
                "[inference] of the settings",
                model=model,
                strerror=error.strerror,
            )
        ) from error


def open_without_waiting(path: str, flags: int) -> int:
    """Opens a file without waiting: a pipe would wait for its writer."""
    return os.open(path, flags | os.O_NONBLOCK)


def read_card(path: Path) -> ModelCard:
    """The card in `path`; raises `ModelError` where it is missing or incomplete."""
    return parse_card(read_card_bytes(path), path)


def read_card_bytes(path: Path) -> bytes:
    """What stands in a card; raises `ModelError` where it cannot be read or is no card."""
    try:
        with open(path, "rb", opener=open_without_waiting) as file:
            data = file.read(MOST_CARD_BYTES + 1) or b""
    except OSError as error:
        raise ModelError(
            say(
                "the model's card {path} cannot be read: {strerror}; it belongs beside the model",
                path=path,
                strerror=error.strerror,
            )
        ) from error
    if len(data) > MOST_CARD_BYTES:
        raise ModelError(
            say(
                "the model's card {path} is larger than {most_card_bytes} bytes and so no card; "
                "copy the model and its card together again",
                path=path,
                most_card_bytes=MOST_CARD_BYTES,
            )
        )
    return data


def parse_card(data: bytes, path: Path) -> ModelCard:
    """A card from its text; `path` is for the error's sentence."""
    try:
        return build_card(parse_object(data, most_bytes=MOST_CARD_BYTES))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise ModelError(
            say(
                "the model's card {path} is damaged or incomplete ({error}); copy the model and "
                "its card together again",
                path=path,
                error=error,
            )
        ) from error


def build_card(tree: dict[str, Any]) -> ModelCard:
    """A card from its JSON; a missing key is a `KeyError`, a wrong one a `ValueError`."""
    if tree["decoder"] not in DECODERS:
        raise ValueError(f"the decoder {tree['decoder']!r} is none of {', '.join(DECODERS)}")
    if not DIGEST.fullmatch(tree["sha256"]):
        raise ValueError("its sha256 is not 64 hex digits")
    return ModelCard(
        sha256=tree["sha256"],
        tier=Tier(tree["tier"]),
        input=parse_input(tree["input"]),
        output=parse_output(tree["output"], tree["decoder"]),
        classes=parse_classes(tree["classes"]),
        name=parse_name(tree),
        batch=parse_batch(tree["input"]["shape"][0]),
        licence=parse_licence(tree.get("licence", {})),
        decoder=tree["decoder"],
    )


def parse_batch(value: object) -> int | None:
    """How many pictures go in at once: a number, or None where a name or -1 stands for any."""
    if value is None or value == -1 or isinstance(value, str):
        return None
    return require_whole_number(value, "the batch", 1, 256)


def parse_name(tree: dict[str, Any]) -> str:
    """The card's name; an old card has a title there, and the name is its file's."""
    for value in (tree.get("name", ""), Path(tree.get("file", "")).stem):
        if NAME.fullmatch(value):
            return str(value)
    made = re.sub(r"[^a-z0-9]+", "-", str(tree.get("name", "")).lower()).strip("-")
    return made[:64]


def parse_licence(tree: dict[str, Any]) -> Licence:
    return Licence(
        *(require_one_line(tree.get(key, ""), key) for key in ("weights", "lineage", "source"))
    )


def parse_classes(value: Sequence[str]) -> tuple[str, ...]:
    """The names of the classes; raises `ValueError`."""
    classes = tuple(require_one_line(one, "a class") for one in value)
    if not classes or len(set(classes)) != len(classes) or "" in classes:
        raise ValueError("its classes must have names, each another one")
    return classes
