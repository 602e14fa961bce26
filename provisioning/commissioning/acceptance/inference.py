"""Check: does the unit's model analyse one picture?

Reads: the model in use, a photograph of the test, the newest InferenceRun. Writes: nothing.
Never: takes the place of the inference service; the model is loaded here once and let go.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from appliance.model_cameras import InferenceRun
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.scene import Scene
from provisioning.commissioning.findings import Figure, Finding, Verdict
from provisioning.commissioning.report.document import Photograph

NAME, TITLE = "inference", say("The model analyses a picture")
JOULE_PER_WH, SHOWN = 3600.0, 12


def check_inference(scene: Scene, photographs: Iterable[Photograph]) -> Finding:
    """One picture of one camera. Raises `ModelError`."""
    data = next((one.data for one in photographs if one.data is not None), None)
    if data is None:
        reason = say("no camera gave a picture to analyse")
        return Finding(NAME, TITLE, Verdict.NOT_POSSIBLE, reason)
    seen = analyse(scene, data)
    figures = (
        Figure(say("Model"), seen.model),
        Figure(say("SHA-256 of the model"), seen.sha256[:SHOWN]),
        Figure(say("Runs on"), seen.provider),
        Figure(say("Time for one picture"), round(seen.took_ms, 1), "ms"),
        Figure(say("Objects found"), seen.objects),
        *describe_energy(scene),
    )
    reason = say("{model} has analysed a picture in {ms:.0f} ms", model=seen.model, ms=seen.took_ms)
    return Finding(NAME, TITLE, Verdict.PASSED, reason, figures)


@dataclass(frozen=True, slots=True)
class Analysed:
    """What one run of a model took and found."""

    model: str
    sha256: str
    provider: str
    took_ms: float
    objects: int


def analyse(scene: Scene, data: bytes) -> Analysed:
    """One picture (JPEG) by the unit's model. Raises `ModelError`."""
    import cv2  # noqa: PLC0415  (with the model, 200 MB)
    import numpy as np  # noqa: PLC0415

    from inference.detection.detector import OnnxDetector  # noqa: PLC0415
    from inference.model_store.store import ModelStore  # noqa: PLC0415

    own, store = scene.settings.inference, ModelStore(scene.settings)
    model = store.find(store.find_active())
    detector = OnnxDetector(
        model.path, threads=own.threads, floor=own.threshold, labels=model.card.classes
    )
    detector.load()
    picture: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    began_s = time.monotonic()
    objects = len(detector.detect(picture))
    took_ms = 1000 * (time.monotonic() - began_s)
    return Analysed(model.name, detector.digest, detector.provider, took_ms, objects)


def describe_energy(scene: Scene) -> tuple[Figure, ...]:
    """What the service uses for a picture; nothing where it has analysed none just now."""
    run = scene.find(InferenceRun)
    if run is None or not run.frames:
        return ()
    joule = run.energy_wh * JOULE_PER_WH / run.frames
    how = say("Energy of a picture, measured") if run.energy_measured else None
    title = how or say("Energy of a picture, by a model")
    return (Figure(title, round(joule, 3), "J", scene.age_s(run)),)
