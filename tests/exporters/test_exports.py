"""What the unit finds with real exports is what their own tools find, number for number.

Needs EXPORTS, a directory that make_exports.py has filled; `make test-exporters` does both. The
weights are random, so nothing is known of the picture: the card is made untried, as the family
usually is, and boxes, scores and classes are those of the family's own code.
"""

import json
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from appliance.model_cameras import Box
from inference.detection.detector import OnnxDetector
from inference.model_store.card_making import trial_picture
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.request import CardMaker

EXPORTS = Path(os.environ.get("EXPORTS", "nowhere"))
MISSING = 0.05  # RT-DETR keeps the best queries: another way to scale a picture changes a few
LOW, SURE = 0.3, 0.32  # scores near the limit may fall on either side
MODELS = sorted(EXPORTS.glob("*.onnx"))
pytestmark = pytest.mark.skipif(not MODELS, reason="no exports: see make_exports.py")
AMBIGUOUS = {"yolox-decoded": "yolo"}  # as YOLOX without decoding: the trial tells, not the shape


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_the_unit_finds_what_the_familys_own_tool_finds(model: Path, tmp_path: Path) -> None:
    own = tmp_path / "model.onnx"
    own.symlink_to(model)
    hints = Hints(untried=True, head=AMBIGUOUS.get(model.stem, ""))
    own.with_suffix(".json").write_bytes(CardMaker(hints, licence="test").make(own))
    classes = tuple(json.loads(own.with_suffix(".json").read_text())["classes"])
    bgr = np.asarray(cv2.imread(str(trial_picture.PICTURE)), np.uint8)
    found = OnnxDetector(own, threads=2, floor=LOW, labels=classes).detect(bgr)
    expected = json.loads(model.with_suffix(".json").read_text())
    height, width = bgr.shape[:2]
    sure = [row for row in expected if row[1] > SURE]
    assert sure, "the export says something"
    missing = []
    for number, score, *box in sure:
        size = (width, height, width, height)
        edges = [min(1.0, max(0.0, side / most)) for side, most in zip(box, size, strict=True)]
        if not any(
            classes.index(one.label) == number
            and abs(one.confidence - score) < 0.01
            and max(abs(a - b) for a, b in zip(edges, list_sides(one.box), strict=True)) < 0.01
            for one in found
        ):
            missing.append(
                (classes[int(number)], round(score, 3), [round(one, 3) for one in edges])
            )
    assert len(missing) <= MISSING * len(sure), missing[:5]
    if len(expected) < 100:
        assert len([one for one in found if one.confidence > SURE]) <= len(expected)


def list_sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom
