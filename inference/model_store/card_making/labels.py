"""The names of a model's classes: told by hand, by its metadata, or COCO's where nothing is told.

Reads: a file of names, one in a line. Writes: nothing.
Never: calls an assumption knowledge: `assumed` says that there is one.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance.errors import ModelError
from appliance.parsing.small_file import read_small_file
from inference.detection.model_card import parse_classes
from inference.model_store.card_making.facts import LONGEST_TEXT, ModelFacts

MOST_LABELS_BYTES = 100_000
NAMES = (
    "person,bicycle,car,motorcycle,airplane,bus,train,truck,boat,traffic light,fire hydrant,"
    "stop sign,parking meter,bench,bird,cat,dog,horse,sheep,cow,elephant,bear,zebra,giraffe,"
    "backpack,umbrella,handbag,tie,suitcase,frisbee,skis,snowboard,sports ball,kite,baseball bat,"
    "baseball glove,skateboard,surfboard,tennis racket,bottle,wine glass,cup,fork,knife,spoon,bowl,"
    "banana,apple,sandwich,orange,broccoli,carrot,hot dog,pizza,donut,cake,chair,couch,"
    "potted plant,bed,dining table,toilet,tv,laptop,mouse,remote,keyboard,cell phone,microwave,"
    "oven,toaster,sink,refrigerator,book,clock,vase,scissors,teddy bear,hair drier,toothbrush"
)
COCO = tuple(NAMES.split(","))
# COCO's own numbers run from 1 to 90, and ten of them were never used.
UNUSED = (0, 12, 26, 29, 30, 45, 66, 68, 69, 71, 83)


def make_coco_91() -> tuple[str, ...]:
    """COCO's names at COCO's own numbers."""
    names = iter(COCO)
    return tuple(f"unused {one}" if one in UNUSED else next(names) for one in range(91))


@dataclass(frozen=True, slots=True)
class Labels:
    """The names of the classes; `assumed` says why these, where neither file nor hand does."""

    names: tuple[str, ...]
    assumed: str = ""


def list_labels(facts: ModelFacts, told: tuple[str, ...]) -> list[Labels]:
    """What the classes may be called, the likeliest first; empty where nothing says it."""
    if told:
        return [Labels(told)]
    names = read_names(facts)
    if names and not are_numbers(names) and not find_unusable(names):
        return [Labels(names)]
    if names and len(names) != len(COCO):
        return []
    text = "it says no names of its classes: those of COCO are taken"
    return [Labels(COCO, text), Labels(make_coco_91(), f"{text}, at COCO's own numbers")]


def read_names(facts: ModelFacts) -> tuple[str, ...]:
    """The names in the metadata; empty where there are none that can be used."""
    for key in ("names", "classes", "class_names", "labels", "character"):
        found = facts.read_value(key) or read_lines(facts.metadata.get(key, ""))
        if isinstance(found, Mapping):
            found = order_names(found)
        if isinstance(found, (list, tuple)) and found:
            return tuple(str(one) for one in found)
    return ()


def read_lines(text: str) -> list[str]:
    """Names that stand one in a line, as PaddleOCR's exports have them; empty for one line."""
    lines = [line.strip() for line in text[:LONGEST_TEXT].splitlines() if line.strip()]
    return lines if len(lines) > 1 else []


def order_names(found: Mapping[Any, Any]) -> list[Any]:
    """The names of a table by their numbers, which stand on its one side or its other; empty where
    they do on neither.
    """
    for pairs in (list(found.items()), [(number, name) for name, number in found.items()]):
        with suppress(ValueError, TypeError, OverflowError):
            return [name for _, name in sorted((int(number), str(name)) for number, name in pairs)]
    return []


def find_unusable(names: Sequence[str]) -> str:
    """Why these are no names of classes, as a card has them; "" where they are."""
    try:
        parse_classes(names)
    except ValueError as error:
        return str(error)
    return ""


def are_numbers(names: tuple[str, ...]) -> bool:
    """Whether an exporter only counted the classes: 0, 1, 2, or class0, class_1."""
    return all(name.lower().removeprefix("class").strip(" _-").isdigit() for name in names)


def read_labels_file(path: Path) -> tuple[str, ...]:
    """The names in a file, one in a line; raises `ModelError`."""
    try:
        text = read_small_file(path, MOST_LABELS_BYTES).decode()
    except (OSError, ValueError) as error:
        raise ModelError(
            f"the labels {path} cannot be read ({error}); name a text file with one name in a line"
        ) from error
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not names:
        raise ModelError(f"the labels {path} hold no name; write one in each line")
    if unusable := find_unusable(names):
        raise ModelError(f"the labels {path} cannot be used: {unusable}; correct the file")
    return names
