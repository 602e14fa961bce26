"""A card as the JSON that stands in its file: what inference/detection/model_card.py reads.

Reads and writes: nothing; pure.
Never: writes what is usual: a card shows what is particular about its model.
"""

from dataclasses import fields
from enum import Enum
from typing import Any

from inference.detection.model_card import ModelCard
from inference.detection.model_forms import InputForm, OutputForm, parse_output


def make_tree(card: ModelCard) -> dict[str, Any]:
    """The card as a tree for JSON."""
    return {
        "name": card.name,
        "sha256": card.sha256,
        "decoder": card.decoder,
        "tier": card.tier.value,
        "input": make_input_tree(card.input, card.batch),
        "output": make_output_tree(card.output, card.decoder),
        "licence": {
            "weights": card.licence.weights,
            "lineage": card.licence.lineage,
            "source": card.licence.source,
        },
        "classes": list(card.classes),
    }


def make_input_tree(entry: InputForm, batch: int | None) -> dict[str, Any]:
    """All of the input: mean and std are those of its `channels`."""
    tree: dict[str, Any] = {
        "name": entry.name,
        "shape": ["N" if side is None else side for side in entry.make_shape(batch)],
        "channels": entry.channels,
        "resize": entry.resize.value,
        "pad": entry.pad,
        "mean": list(entry.mean),
        "std": list(entry.std),
        "layout": entry.layout.value,
        "type": entry.type,
    }
    if entry.constants:
        tree["constants"] = [
            {"name": one.name, "type": one.type, "values": list(one.values)}
            for one in entry.constants
        ]
    return tree


def make_output_tree(output: OutputForm, decoder: str) -> dict[str, Any]:
    """What differs from the usual of this head."""
    needed = {"strides": list(output.strides), "bins": output.bins}
    usual = parse_output(needed, decoder)
    tree: dict[str, Any] = needed if decoder == "nanodet" else {}
    for field in fields(OutputForm):
        value = getattr(output, field.name)
        if value != getattr(usual, field.name):
            tree[field.name] = value.value if isinstance(value, Enum) else value
    return {key: list(one) if isinstance(one, tuple) else one for key, one in tree.items()} | (
        {"strides": list(output.strides)} if decoder == "yolox" else {}
    )
