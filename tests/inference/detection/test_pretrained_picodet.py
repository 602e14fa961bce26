"""The boxes of a real PicoDet are those that a package of other people makes of the same outputs.

picodet_cells.json was recorded once; tests/exporters/test_pretrained.py runs model and package.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from appliance.model_cameras import Tier
from inference.detection.heads import nanodet
from inference.detection.model_card import ModelCard
from inference.detection.model_forms import InputForm
from inference.detection.suppression import select_detections
from inference.model_store.card_making import families
from inference.model_store.card_making.labels import Labels

RECORD = json.loads((Path(__file__).parent / "picodet_cells.json").read_text())
LOW = 0.3


def make_outputs(record: dict[str, Any]) -> dict[str, np.ndarray]:
    """The model's outputs: nothing but the cells that were recorded."""
    width, height = record["input"]
    outputs: dict[str, np.ndarray] = {}
    for stride in (8, 16, 32, 64):
        cells = -(-width // stride) * -(-height // stride)
        scores = np.zeros((1, cells, len(record["classes"])), np.float32)
        sides = np.zeros((1, cells, 32), np.float32)
        for one in record["cells"]:
            if one["stride"] == stride:
                scores[0, one["cell"]], sides[0, one["cell"]] = one["scores"], one["sides"]
        outputs |= {f"scores {stride}": scores, f"sides {stride}": sides}
    return outputs


def test_the_card_that_is_made_gives_the_boxes_of_the_package() -> None:
    classes, outputs = tuple(RECORD["classes"]), make_outputs(RECORD)
    entry = InputForm("image", *RECORD["input"])
    guess = families.list_heads(outputs, [Labels(classes)], entry)[0]
    card = ModelCard("", Tier.USER, entry, guess.output, classes, decoder=guess.decoder)
    nanodet.require_outputs(outputs, card)
    candidates = nanodet.find_candidates(outputs, card, tuple(range(len(classes))), LOW)
    found = select_detections(candidates, classes, LOW, nanodet.SAME_THING_IOU)
    width, height = RECORD["picture"]
    size = np.array([width, height] * 2)
    mine = sorted((classes.index(one.label), one.confidence, one.box) for one in found)
    theirs = sorted(RECORD["found"])
    assert [one[0] for one in mine] == [one[0] for one in theirs]
    assert [one[1] for one in mine] == pytest.approx([one[1] for one in theirs], abs=1e-3)
    for (_, _, box), (_, _, *expected) in zip(mine, theirs, strict=True):
        sides = np.array([box.left, box.top, box.right, box.bottom]) * size
        assert sides == pytest.approx(expected, abs=0.6)
