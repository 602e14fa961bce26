"""Object detection: raw pictures in, detections out, on whatever runtime and device there is.

Reads: a model and its card. Writes: nothing.
Never: runs a model whose digest is not its card's, reports a device that it did not use, or reports
a thing that the edge of a part cuts off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2

from appliance.errors import ModelError
from appliance.media.frames import Picture
from appliance.model_cameras import Box, Detection, Tier
from inference.detection.head_blur import PERSON
from inference.detection.heads import HEADS, Outputs
from inference.detection.heads.candidates import Bytes, Candidates, Floats
from inference.detection.model_card import read_verified_card
from inference.detection.model_input import ModelInput
from inference.detection.placement import Placement, map_boxes_back
from inference.detection.region import map_boxes_to_picture, map_detections_to_picture
from inference.detection.sessions import (
    CPU,
    MOST_AT_ONCE,
    Session,
    SessionSettings,
    open_session,
)
from inference.detection.suppression import find_faint_boxes, select_detections

NOT_LOADED = "none"
PEOPLE_FROM = 0.15  # least confidence for hiding a head: measured in docs/privacy.md
__all__ = [
    "CPU",
    "NOT_LOADED",
    "Detector",
    "FrameDetector",
    "OnnxDetector",
    "PictureDetections",
]


@dataclass(frozen=True, slots=True)
class PictureDetections:
    """Detections in one picture, the surest first. `part` is what was analysed; None: all of it.

    `people` are boxes where people may be who are not in `detections`, too faint or cut off by the
    part: their heads are hidden all the same.
    """

    detections: tuple[Detection, ...]
    part: Box | None = None
    people: tuple[Box, ...] = ()


class Detector(Protocol):
    """Detects things in one picture.

    `provider` is the ONNX Runtime provider in use ("none" before the first picture), `wanted` the
    preferred one; `digest` is the model's SHA-256.
    """

    digest: str
    tier: Tier

    @property
    def provider(self) -> str: ...
    @property
    def wanted(self) -> str: ...

    def detect(self, bgr: Bytes) -> list[Detection]:
        """Detections in height x width x 3 bytes, BGR, the surest first; loads when needed."""

    def free(self) -> None:
        """Free the memory; the next `detect` loads again."""


class FrameDetector(Protocol):
    """Detects things in several pictures at a time. For one thread at a time.

    `size` is the side of the model's square input, in pixels; `degraded` is why this is not the
    wanted device ("" where it is, or nothing is loaded); `load_s` is how long loading
    took the last time, None before the first.
    """

    digest: str
    tier: Tier
    size: int

    @property
    def provider(self) -> str: ...
    @property
    def wanted(self) -> str: ...
    @property
    def degraded(self) -> str: ...
    @property
    def loaded(self) -> bool: ...
    @property
    def load_s(self) -> float | None: ...

    def analyse(
        self, pictures: Sequence[Picture], parts: Sequence[Box | None] | None = None
    ) -> list[PictureDetections]:
        """Detections in each raw picture, or in its part alone; loads when needed."""

    def load(self) -> None:
        """Load the model, to be ready for the next picture."""

    def free(self) -> None:
        """Free the memory; the next `analyse` loads again."""


class OnnxDetector:
    """One detection model. The constructor checks the file and its card; the session comes later.

    detector = OnnxDetector(path, threads=2, floor=0.25, labels=("person", "car"))
    for found in detector.analyse([picture])[0].detections: print(found.label, found.box)
    """

    def __init__(
        self,
        model: Path,
        *,
        threads: int,
        floor: float,
        labels: tuple[str, ...],
        session_settings: SessionSettings | None = None,
    ) -> None:
        """`floor`: least confidence that is reported. Raises `ModelError` in one sentence.

        `session_settings`: how the session is made; without it, with `threads` and no TensorRT.
        """
        self._model = model
        self._card = read_verified_card(model)
        self._classes = self._card.find_class_numbers(labels)
        known = [self._card.classes[number] for number in self._classes]
        self._person = self._classes[known.index(PERSON)] if PERSON in known else None
        self._session_settings = session_settings or SessionSettings(threads)
        self._floor = floor
        self._session: Session | None = None
        self._input: ModelInput | None = None
        self.digest = self._card.sha256
        self.tier = self._card.tier
        self.size = self._card.size
        self.load_s: float | None = None

    @property
    def provider(self) -> str:
        return self._session.provider if self._session else NOT_LOADED

    @property
    def wanted(self) -> str:
        return self._session.wanted if self._session else NOT_LOADED

    @property
    def degraded(self) -> str:
        return self._session.degraded if self._session else ""

    @property
    def loaded(self) -> bool:
        return self._session is not None

    def detect(self, bgr: Bytes) -> list[Detection]:
        """Detections in a picture (height x width x 3, BGR), the surest first."""
        model_input = self._prepare_input()
        place = model_input.put_bgr(0, bgr)
        return self._decode(model_input.tensor[: self._card.batch or 1], [place])[0][0]

    def analyse(
        self, pictures: Sequence[Picture], parts: Sequence[Box | None] | None = None
    ) -> list[PictureDetections]:
        """Detections in each picture; several in one run where the model takes them.

        Raises `ModelError`, and `CameraError` for a picture whose bytes do not fit its size.
        """
        asked = list(zip(pictures, parts or [None] * len(pictures), strict=True))
        most = self._card.batch or MOST_AT_ONCE
        return [
            seen
            for first in range(0, len(asked), most)
            for seen in self._run_batch(asked[first : first + most])
        ]

    def load(self) -> None:
        """Make the session and warm it; raises `ModelError`."""
        cv2.setNumThreads(self._session_settings.threads)
        self._session = open_session(self._model, self._card, self._session_settings)
        self.load_s = self._session.load_s

    def free(self) -> None:
        self._session = None
        self._input = None

    def _run_batch(
        self, asked: Sequence[tuple[Picture, Box | None]]
    ) -> Iterator[PictureDetections]:
        """One run for as many pictures as go in at once."""
        model_input = self._prepare_input(len(asked))
        places = [
            model_input.put(index, picture, part) for index, (picture, part) in enumerate(asked)
        ]
        found = self._decode(model_input.tensor[: self._card.batch or len(asked)], places)
        for (_, part), (detections, faint) in zip(asked, found, strict=True):
            whole = map_detections_to_picture(detections, part)
            people = [one.box for one in detections if one.label == PERSON] if part else []
            yield PictureDetections(
                tuple(whole), part, tuple(map_boxes_to_picture([*people, *faint], part))
            )

    def _decode(
        self, entry: Floats, places: Sequence[Placement]
    ) -> list[tuple[list[Detection], list[Box]]]:
        assert self._session is not None
        try:
            outputs = self._session.run(entry)
            return [
                self._select(select_picture(outputs, index, len(entry)), place)
                for index, place in enumerate(places)
            ]
        except ModelError:
            self.free()
            raise

    def _select(self, outputs: Outputs, place: Placement) -> tuple[list[Detection], list[Box]]:
        """The detections, and boxes where people may be who are too faint for that."""
        card, head = self._card, HEADS[self._card.decoder]
        low = self._floor if self._person is None else min(PEOPLE_FROM, self._floor)
        found = head.find_candidates(outputs, card, self._classes, low)
        boxes = map_boxes_back(found.boxes, place, card.input)
        found = Candidates(boxes, found.scores, found.classes)
        iou = head.SAME_THING_IOU if card.output.iou is None else card.output.iou or None
        sure = select_detections(found, card.classes, self._floor, iou)
        faint = [] if self._person is None else find_faint_boxes(found, self._person, self._floor)
        return sure, faint

    def _prepare_input(self, pictures: int = 1) -> ModelInput:
        """The memory for so many pictures, once the model is loaded."""
        if self._session is None:
            self.load()
        places = self._card.batch or pictures
        if self._input is None or len(self._input.tensor) < places:
            self._input = ModelInput(self._card, places)
        return self._input


def select_picture(outputs: Outputs, index: int, pictures: int) -> Outputs:
    """The outputs of one of several pictures in one run."""
    if pictures == 1:
        return outputs
    return {name: output[index : index + 1] for name, output in outputs.items()}
