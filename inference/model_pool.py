"""The model pool: which model analyses which camera, and running it on several pictures at a time.

Reads: the choice of `unitctl models use`, models. Writes: nothing.
Never: loads a model that no camera needs, or keeps one loaded for longer than that saves energy.

The unit's model serves all cameras that have none of their own. It is changed between two runs,
when the new one is ready (inference/detection/model_swap.py). A camera whose own model fails is
served by the unit's.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Protocol

from appliance.errors import ModelError
from appliance.media.frames import Picture
from appliance.model_cameras import Tier
from appliance.sections.cameras import InferenceSettings
from appliance.wording.sentence import join_sentences, say
from inference.cameras.camera import InferenceCamera
from inference.cameras.waiting import PulledPicture
from inference.detection import region
from inference.detection.detector import CPU, NOT_LOADED, FrameDetector, PictureDetections
from inference.detection.frame_result import Cost, FrameResult
from inference.detection.head_blur import PERSON, select_outside
from inference.detection.model_swap import ModelSwap
from inference.detection.mosaic import make_mosaic, map_mosaic_back, merge
from inference.detection.region import Region
from inference.detection.unload_policy import decide_unload
from inference.energy.cost import CostModel
from inference.tracking import attention
from inference.tracking.boxes import touches

IDLE_W = 4.0  # of a GPU that holds a model's memory and keeps its clocks up
RETRY_AFTER_S = 60.0
UNUSED_S = 30.0  # a model that no plan names any more is kept so long
AnalysedFrame = tuple[InferenceCamera, FrameResult]


class ModelChoice(Protocol):
    """What the pool needs of inference.model_store.ModelStore."""

    def find_active(self) -> str:
        """The reference of the unit's model."""

    def has_active_changed(self) -> bool:
        """Whether that was chosen anew since the last call."""


class ModelPool:
    """All models in use. `make` builds one by its reference; it is loaded at its first run.

    pool = ModelPool(store, make, costs, settings.inference)
    pool.choose(plan.model, now_s)
    for camera, result in pool.analyse([(camera, picture)], now_s): ...
    """

    def __init__(
        self,
        choice: ModelChoice,
        make: Callable[[str], FrameDetector],
        costs: CostModel,
        settings: InferenceSettings,
        cpu_s: Callable[[], float] = time.process_time,
    ) -> None:
        """Raises `ModelError` where the unit's model cannot be used."""
        self.costs = costs
        self._choice = choice
        self._make = make
        self._regions = settings.regions
        self._cpu_s = cpu_s
        self._active = choice.find_active()
        self._named = self._active
        self._swap = ModelSwap(self._active, make(self._active))
        self._last_unit = self._swap.take_current()
        self._changed: FrameDetector | None = None
        self._own: dict[str, FrameDetector] = {}
        self._used_s: dict[str, float] = {}  # by digest
        self._failed: dict[str, tuple[ModelError, float]] = {}  # until when it is left alone

    # --- choosing ------------------------------------------------------------------------------

    @property
    def unit_detector(self) -> FrameDetector:
        """The model of all cameras that have none of their own."""
        before, detector = self._last_unit, self._swap.take_current()
        if detector is not before and detector.loaded:
            self._changed = detector  # it was loaded in a thread: its first run pays for that
        self._last_unit = detector
        return detector

    def choose(self, planned: str, now_s: float) -> None:
        """Want the model `planned`, "" for the active one."""
        if self._choice.has_active_changed():
            self._active = self._choice.find_active()
        name = planned or self._active
        if name == self._swap.name:
            self._failed.pop(self._named, None)  # nobody wants that one any more
        self._named = name
        if name != self._swap.name and not self.unit_detector.loaded:
            self._replace(name, now_s)
        else:
            self._swap.want(name, lambda: self._make(name), now_s)

    def _replace(self, name: str, now_s: float) -> None:
        """Change at once, without loading: no model is loaded now."""
        if self._failed_recently(name, now_s):
            return
        try:
            self._swap = ModelSwap(name, self._make(name))
        except ModelError as error:
            self._note_failure(name, error, now_s)
        else:
            self._failed.pop(name, None)

    def choose_detector(self, camera: InferenceCamera, now_s: float) -> FrameDetector:
        """The camera's own model if it has one that works, else the unit's."""
        name = camera.own.model
        if not name or self._failed_recently(name, now_s):
            return self.unit_detector
        if name not in self._own:
            try:
                self._own[name] = self._make(name)
            except ModelError as error:
                self._note_failure(name, error, now_s)
                return self.unit_detector
        return self._own[name]

    def _note_failure(self, name: str, error: ModelError, now_s: float) -> None:
        self._failed[name] = error, now_s + RETRY_AFTER_S

    def _failed_recently(self, name: str, now_s: float) -> bool:
        """Whether that model failed a short while ago."""
        failed = self._failed.get(name)
        return failed is not None and now_s < failed[1]

    def list_troubles(self) -> list[ModelError]:
        """What is wrong with models that are wanted, and with the devices that they run on."""
        found = [error for error, _ in self._failed.values()]
        found += [self._swap.trouble] if self._swap.trouble else []
        found += [ModelError(one.degraded) for one in self._list_detectors() if one.degraded]
        return found

    # --- running -------------------------------------------------------------------------------

    def estimate_j(self, camera: InferenceCamera, sharers: int, now_s: float) -> float:
        """Energy of the camera's next frame, with its share of the loading where that is needed."""
        detector = self.choose_detector(camera, now_s)
        load_j = self.costs.estimate_pending_load_j(detector)
        return self.costs.estimate_run_j(detector) + load_j / sharers

    def analyse(self, pictures: Sequence[PulledPicture], now_s: float) -> list[AnalysedFrame]:
        """Analyse pictures, those of one model together; raises `ModelError` of the unit's model.

        The results are in the order of the pictures.
        """
        groups: dict[int, list[int]] = {}
        detectors = [self.choose_detector(camera, now_s) for camera, _ in pictures]
        for index, detector in enumerate(detectors):
            groups.setdefault(id(detector), []).append(index)
        results: dict[int, FrameResult] = {}
        for indexes in groups.values():
            group = [pictures[index] for index in indexes]
            found = self._analyse_group(detectors[indexes[0]], group, now_s)
            results |= zip(indexes, found, strict=True)
        return [(camera, results[index]) for index, (camera, _) in enumerate(pictures)]

    def _analyse_group(
        self, detector: FrameDetector, group: Sequence[PulledPicture], now_s: float
    ) -> list[FrameResult]:
        try:
            return self._run_detector(detector, group, now_s)
        except ModelError as error:
            own = [name for name, one in self._own.items() if one is detector]
            if not own:
                raise
            self._note_failure(own[0], error, now_s)
            return self._run_detector(self.unit_detector, group, now_s)

    def _run_detector(
        self, detector: FrameDetector, group: Sequence[PulledPicture], now_s: float
    ) -> list[FrameResult]:
        load_j = self._load(detector) / len(group)
        regions = [self._choose_region(detector, camera, picture) for camera, picture in group]
        began_s = self._cpu_s()
        seen = detector.analyse([picture for _, picture in group], [one.box for one in regions])
        cpu_s = (self._cpu_s() - began_s) / len(group)
        self._used_s[detector.digest] = now_s
        for name in [name for name, one in self._own.items() if one is detector]:
            self._failed.pop(name, None)
        return [
            self._make_result(
                detector, camera, picture, one, reason=part.reason, cpu_s=cpu_s, load_j=load_j
            )
            for (camera, picture), one, part in zip(group, seen, regions, strict=True)
        ]

    def _load(self, detector: FrameDetector) -> float:
        """Load the model if it is not loaded; returns the energy."""
        if detector is self._changed:
            self._changed = None
            return self.costs.record_load(detector, detector.load_s or 0.0)
        if detector.loaded:
            return 0.0
        began_s = self._cpu_s()
        detector.load()
        return self.costs.record_load(detector, self._cpu_s() - began_s)

    def _choose_region(
        self, detector: FrameDetector, camera: InferenceCamera, picture: Picture
    ) -> Region:
        """The part to analyse, around what moves and what is followed, and why."""
        if not self._regions or detector.tier is not Tier.INT8 or camera.own.model:
            return Region(
                None, say("analysed the whole picture: this model does not look at parts")
            )
        moving = picture.region
        if moving is not None:
            watched = attention.select_watched(camera.tracks, moving, picture.media_s)
            moving = region.enclose([moving, *watched])
        since_s = None if camera.full_s is None else picture.media_s - camera.full_s
        return region.choose_region(
            moving,
            width=picture.width,
            height=picture.height,
            size=detector.size,
            since_full_s=since_s,
        )

    def _make_result(
        self,
        detector: FrameDetector,
        camera: InferenceCamera,
        picture: Picture,
        seen: PictureDetections,
        *,
        reason: str,
        cpu_s: float,
        load_j: float,
    ) -> FrameResult:
        took = self.costs.record_run(detector, cpu_s)
        return FrameResult(
            picture,
            seen.detections,
            part=seen.part,
            cause=attention.find_cause(camera.tracks, woken_by=picture.woken_by),
            reason=reason,
            tier=choose_tier(detector, seen, own=detector is self._own.get(camera.own.model)),
            provider=detector.provider,
            digest=detector.digest,
            missed=camera.missed,
            cost=Cost(took.energy_j + load_j, took.measured),
            load_j=load_j,
            masks=camera.own.privacy_masks,
            decode_j=self.costs.estimate_decode_j(picture, camera.missed),
            unseen=(*seen.people, *select_outside(camera.people, seen.part)),
        )

    def look_again(self, camera: InferenceCamera, result: FrameResult, reason: str) -> FrameResult:
        """The result after a second look at the whole picture, smaller; `reason` is why."""
        picture, second = result.picture, camera.second_look
        detector = self.choose_detector(camera, picture.media_s)
        mosaic = make_mosaic(picture, detector.size)
        began_s = self._cpu_s()
        try:
            (seen,) = detector.analyse([mosaic.picture])
        except ModelError:
            return result  # the next first look says what is wrong with it
        took = self.costs.record_run(detector, self._cpu_s() - began_s)
        found = map_mosaic_back(seen.detections, mosaic)
        counted = [one for one in found if second.counts(one.label, one.confidence)]
        moving = [one for one in counted if picture.region and touches(picture.region, one.box)]
        second.note(found=bool(moving), now_s=picture.media_s)
        cost = Cost(result.cost.energy_j + took.energy_j, result.cost.measured and took.measured)
        return replace(
            result,
            detections=merge(result.detections, moving),
            looks=2,
            reason=join_sentences("; ", [result.reason, reason]),
            cost=cost,
            unseen=(*result.unseen, *(one.box for one in found if one.label == PERSON)),
        )

    # --- unloading -----------------------------------------------------------------------------

    def unload_idle(self, now_s: float) -> None:
        """Free models that are loaded but idle (inference/detection/unload_policy.py)."""
        for detector in self._list_detectors():
            if not detector.loaded:
                continue
            idle_s = now_s - self._used_s.setdefault(detector.digest, now_s)
            idle_w = 0.0 if detector.provider in (CPU, NOT_LOADED) else IDLE_W
            load_j = self.costs.estimate_load_j(detector)
            if not decide_unload(load_j=load_j, idle_w=idle_w, idle_s=idle_s).keep:
                detector.free()

    def unload_unused(self, now_s: float) -> None:
        """Free all models without a run for `UNUSED_S`: nothing is planned."""
        for detector in self._list_detectors():
            if not detector.loaded:
                continue
            if now_s - self._used_s.setdefault(detector.digest, now_s) > UNUSED_S:
                detector.free()

    def free(self) -> None:
        """Free the memory of all models."""
        self._swap.free()
        for detector in self._own.values():
            detector.free()

    def _list_detectors(self) -> Iterable[FrameDetector]:
        return [self.unit_detector, *self._own.values()]


def choose_tier(detector: FrameDetector, seen: PictureDetections, *, own: bool) -> Tier:
    """The tier of a run: the camera's `own` model, a part alone, or the model's own tier."""
    if own:
        return Tier.USER
    return detector.tier if seen.part is None else Tier.REGION
