"""Holds what the unit finds with the card that it makes against what a model's own tools find.

Reads: a model and its tools' answer. Writes: the card, in a directory of the test.
Never: pairs two boxes whose label, score or sides differ by more than a hundredth.
"""

import json
from pathlib import Path

import cv2
import numpy as np

from appliance.model_cameras import Box, Detection
from inference.detection.detector import OnnxDetector
from inference.model_store.card_making.hints import Hints
from inference.model_store.card_making.request import CardMaker

LOW = 0.3
Found = list[list[float]]  # class, score, left, top, right, bottom in pixels


def find(
    model: Path, picture: Path, hints: Hints, place: Path
) -> tuple[tuple[str, ...], list[Detection], tuple[int, int]]:
    """Labels, what the unit finds at 0.3 and more, width and height of the picture."""
    own = place / "model.onnx"
    own.symlink_to(model)
    own.with_suffix(".json").write_bytes(CardMaker(hints, licence="test").make(own))
    classes = tuple(json.loads(own.with_suffix(".json").read_text())["classes"])
    bgr = np.asarray(cv2.imread(str(picture)), np.uint8)
    found = OnnxDetector(own, threads=2, floor=LOW, labels=classes).detect(bgr)
    return classes, found, (bgr.shape[1], bgr.shape[0])


def list_missing(
    expected: Found, classes: tuple[str, ...], found: list[Detection], size: tuple[int, int]
) -> list[tuple[str, float, list[float]]]:
    """What of `expected` is not in `found`: label, score and sides in fractions."""
    missing = []
    for number, score, *box in expected:
        edges = [min(1.0, max(0.0, side / most)) for side, most in zip(box, size * 2, strict=True)]
        if not any(
            classes.index(one.label) == number
            and abs(one.confidence - score) < 0.01
            and max(abs(a - b) for a, b in zip(edges, list_sides(one.box), strict=True)) < 0.01
            for one in found
        ):
            missing.append(
                (classes[int(number)], round(score, 3), [round(one, 3) for one in edges])
            )
    return missing


def list_sides(box: Box) -> tuple[float, float, float, float]:
    return box.left, box.top, box.right, box.bottom
