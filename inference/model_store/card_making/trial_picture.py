"""A picture with people at known places, and how well a guess finds them.

Reads: inference/models/trial-picture.jpg, a part of the pedestrian clip. Writes: nothing.
Never: counts a box that lies elsewhere as found.

The places were read off the picture by eye, not with a model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from appliance.errors import ModelError
from appliance.model_cameras import Box, Detection
from inference.detection.heads.candidates import Bytes
from inference.tracking.boxes import compute_overlap

PICTURE = Path(__file__).resolve().parents[2] / "models" / "trial-picture.jpg"
PEOPLE = (
    Box(0.134, 0.611, 0.213, 0.847),
    Box(0.219, 0.687, 0.304, 0.972),
    Box(0.391, 0.596, 0.487, 0.882),
    Box(0.722, 0.511, 0.800, 0.757),
)
WORDS = ("person", "people", "human", "pedestrian")  # what a model may call them
FAINTEST = 0.05
SURE = 0.3  # a box with so much confidence that lies elsewhere is wrong
SAME_PLACE_IOU = 0.45


@dataclass(frozen=True, slots=True)
class TrialScore:
    """What was found: `found` of the known people, `wrong` boxes elsewhere, confidences summed."""

    found: int
    wrong: int
    confidence: float

    @property
    def quality(self) -> float:
        """0 to 1: the mean confidence for the known people, less for wrong boxes."""
        return self.confidence / (len(PEOPLE) + self.wrong)

    def describe(self) -> str:
        text = f"{self.found} of {len(PEOPLE)} people"
        text += f" (confidence {self.confidence / self.found:.2f})" if self.found else ""
        return text + (f" and {self.wrong} where nobody is" if self.wrong else "")


def load_picture() -> Bytes:
    """The picture, height x width x 3, BGR; raises `ModelError`."""
    bgr = cv2.imread(str(PICTURE))
    if bgr is None:
        raise ModelError(f"the trial picture {PICTURE} is gone; install the unit's software again")
    return np.asarray(bgr, np.uint8)


def find_person(classes: Sequence[str]) -> int | None:
    """The number of the class that means a person."""
    names = [one.lower() for one in classes]
    return next((names.index(word) for word in WORDS if word in names), None)


def score(detections: Sequence[Detection]) -> TrialScore:
    """How well these detections of people are those of the picture."""
    best = [
        max(
            (
                one.confidence
                for one in detections
                if compute_overlap(one.box, person) > SAME_PLACE_IOU
            ),
            default=0.0,
        )
        for person in PEOPLE
    ]
    wrong = [
        one
        for one in detections
        if one.confidence >= SURE
        and all(compute_overlap(one.box, person) < SAME_PLACE_IOU / 2 for person in PEOPLE)
    ]
    return TrialScore(sum(one > 0 for one in best), len(wrong), sum(best))
