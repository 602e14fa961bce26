"""What the unit finds with real exports is what their own tools find, number for number.

Needs EXPORTS, a directory that make_exports.py has filled; `make test-exporters` does both. The
weights are random, so nothing is known of the picture: the card is made untried, as the family
usually is, and boxes, scores and classes are those of the family's own code.
"""

import json
import os
from pathlib import Path

import pytest

from inference.model_store.card_making import trial_picture
from inference.model_store.card_making.hints import Hints
from tests.exporters.comparing import find, list_missing

EXPORTS = Path(os.environ.get("EXPORTS", "nowhere"))
SURE = 0.32  # scores near the limit of 0.3 may fall on either side
MODELS = sorted(EXPORTS.glob("*.onnx"))
pytestmark = pytest.mark.skipif(not MODELS, reason="no exports: see make_exports.py")


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_the_unit_finds_what_the_familys_own_tool_finds(model: Path, tmp_path: Path) -> None:
    hints = Hints(untried=True)
    classes, found, size = find(model, trial_picture.PICTURE, hints, tmp_path)
    expected = json.loads(model.with_suffix(".json").read_text())
    sure = [row for row in expected if row[1] > SURE]
    assert sure, "the export says something"
    missing = list_missing(sure, classes, found, size)
    assert not missing, missing[:5]
    if len(expected) < 100:
        assert len([one for one in found if one.confidence > SURE]) <= len(expected)
