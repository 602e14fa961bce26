"""A second look at an event: which class a classification model gives to what was found.

Reads: a model and its card, when a zone first needs them. Writes: nothing.
Never: keeps an event back because its model fails, or runs for zones that do not ask for it.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from appliance.errors import ModelError
from appliance.model_cameras import Box, Detection
from appliance.sections.cameras import CameraSettings
from inference.detection.detector import OnnxDetector
from inference.detection.frame_result import Cost
from inference.detection.heads.candidates import Bytes
from inference.detection.model_input import convert_to_bgr
from inference.events.draft import EventDraft
from inference.events.rules import build_rules

MARGIN_SHARE = 0.1  # of a box's sides, on each side: a box often cuts a thing a little


@dataclass(frozen=True, slots=True)
class SubLabel:
    """The class that a zone's own model gives, its confidence, and what that cost."""

    name: str
    confidence: float
    cost: Cost


class SubLabels:
    """The classification models of all zones, each loaded at its first event.

    found = sub_labels.find(camera.own, draft)  # None where its zone names no model
    """

    def __init__(
        self,
        make: Callable[[str], OnnxDetector],
        record: Callable[[OnnxDetector, float], Cost],
        report_fault: Callable[[ModelError], None],
    ) -> None:
        """`record` makes a cost of processor seconds (inference/energy/cost.py)."""
        self._make, self._record, self._report_fault = make, record, report_fault
        self._models: dict[str, OnnxDetector] = {}

    def find(self, camera: CameraSettings, draft: EventDraft) -> SubLabel | None:
        """The class of the thing in the draft's best frame."""
        _, zone = build_rules(camera).zones.get(draft.tag, ("", None))
        if zone is None or not zone.classify:
            return None
        try:
            return self._run(zone.classify, cut_out(draft))
        except ModelError as error:
            self._report_fault(error)
            return None

    def _run(self, name: str, crop: Bytes) -> SubLabel | None:
        began_s = time.process_time()
        if name not in self._models:
            self._models[name] = self._make(name)
        model = self._models[name]
        found: list[Detection] = model.detect(crop)
        cost = self._record(model, time.process_time() - began_s)
        return SubLabel(found[0].label, found[0].confidence, cost) if found else None


def cut_out(draft: EventDraft) -> Bytes:
    """What was found, with a margin, of the frame that shows it best."""
    bgr = convert_to_bgr(draft.best.picture)
    height, width = bgr.shape[:2]
    wide = MARGIN_SHARE * (draft.box.right - draft.box.left)
    high = MARGIN_SHARE * (draft.box.bottom - draft.box.top)
    grown = Box(
        max(0.0, draft.box.left - wide),
        max(0.0, draft.box.top - high),
        min(1.0, draft.box.right + wide),
        min(1.0, draft.box.bottom + high),
    )
    left, top = int(grown.left * (width - 1)), int(grown.top * (height - 1))
    right = max(left + 1, round(grown.right * width))
    bottom = max(top + 1, round(grown.bottom * height))
    return bgr[top:bottom, left:right]
