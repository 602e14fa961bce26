"""Which model looks for which camera, and looking with it, several pictures at a time.

Reads: the choice of `unitctl models use`, models. Writes: nothing.
Never: loads a model that nobody looks with, or keeps one for longer than that pays.

The unit's model looks for all cameras that have none of their own. It is changed between two
looks, when the new one is ready (inference/detection/model_swap.py). A camera whose own model fails
is looked at with the unit's.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from appliance.errors import ModelError
from appliance.media.frames import Picture
from appliance.model_cameras import Box, Tier
from appliance.settings_cameras import InferenceSettings
from inference.cameras.camera import InferenceCamera
from inference.detection import region
from inference.detection.detector import CPU, NOT_LOADED, FrameDetector, PictureDetections
from inference.detection.frame_result import Cost, FrameResult
from inference.detection.head_blur import select_outside
from inference.detection.model_swap import ModelSwap
from inference.detection.unload_policy import decide_unload
from inference.energy.cost import CostModel

IDLE_W = 4.0  # of a GPU that keeps a model's memory and its clocks up for it
RETRY_AFTER_S = 60.0
UNUSED_S = 30.0  # a model that no plan names any more is kept so long
AnalysedFrame = tuple[InferenceCamera, FrameResult]


class ModelChoice(Protocol):
    """What the eyes need of inference.model_store.ModelStore."""

    def find_active(self) -> str:
        """The reference of the unit's model."""

    def has_active_changed(self) -> bool:
        """Whether that was chosen anew since the last call."""


class ModelPool:
    """All models in use. `make` builds one by its reference; it loads when it looks."""

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
            self._changed = detector  # it was loaded in a thread: its first look pays for that
        self._last_unit = detector
        return detector

    def choose(self, planned: str, now_s: float) -> None:
        """The plan names its model, "" for the one that is active."""
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
        """Nothing is loaded, so nothing is loaded for the change either."""
        if self._failed_recently(name, now_s):
            return
        try:
            self._swap = ModelSwap(name, self._make(name))
        except ModelError as error:
            self._failed[name] = error, now_s + RETRY_AFTER_S
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
                self._failed[name] = error, now_s + RETRY_AFTER_S
                return self.unit_detector
        return self._own[name]

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

    # --- looking -------------------------------------------------------------------------------

    def estimate_j(self, camera: InferenceCamera, sharers: int, now_s: float) -> float:
        """What the next look will cost, with its share of the loading where that is needed."""
        detector = self.choose_detector(camera, now_s)
        return (
            self.costs.estimate_run_j(detector)
            + self.costs.estimate_pending_load_j(detector) / sharers
        )

    def analyse(
        self, pulled: Sequence[tuple[InferenceCamera, Picture]], now_s: float
    ) -> list[AnalysedFrame]:
        """Look at pictures, those of one model together; raises `ModelError` of the unit's model.

        The looks are in the order of the pictures.
        """
        groups: dict[int, list[int]] = {}
        detectors = [self.choose_detector(camera, now_s) for camera, _ in pulled]
        for index, detector in enumerate(detectors):
            groups.setdefault(id(detector), []).append(index)
        looks: dict[int, FrameResult] = {}
        for indexes in groups.values():
            detector = detectors[indexes[0]]
            group = [pulled[index] for index in indexes]
            looks |= zip(indexes, self._analyse_group(detector, group, now_s), strict=True)
        return [(camera, looks[index]) for index, (camera, _) in enumerate(pulled)]

    def _analyse_group(
        self,
        detector: FrameDetector,
        group: Sequence[tuple[InferenceCamera, Picture]],
        now_s: float,
    ) -> list[FrameResult]:
        try:
            return self._run_detector(detector, group, now_s)
        except ModelError as error:
            own = [name for name, one in self._own.items() if one is detector]
            if not own:
                raise
            self._failed[own[0]] = error, now_s + RETRY_AFTER_S
            return self._run_detector(self.unit_detector, group, now_s)

    def _run_detector(
        self,
        detector: FrameDetector,
        group: Sequence[tuple[InferenceCamera, Picture]],
        now_s: float,
    ) -> list[FrameResult]:
        load_j = self._load(detector) / len(group)
        parts = [self._choose_part(detector, camera, picture) for camera, picture in group]
        began_s = self._cpu_s()
        seen = detector.analyse([picture for _, picture in group], parts)
        cpu_s = (self._cpu_s() - began_s) / len(group)
        self._used_s[detector.digest] = now_s
        for name in [name for name, one in self._own.items() if one is detector]:
            self._failed.pop(name, None)
        return [
            self._make_result(detector, camera, picture, one, cpu_s, load_j)
            for (camera, picture), one in zip(group, seen, strict=True)
        ]

    def _load(self, detector: FrameDetector) -> float:
        """Load the model if need be; returns what that took."""
        if detector is self._changed:
            self._changed = None
            return self.costs.record_load(detector, detector.load_s or 0.0)
        if detector.loaded:
            return 0.0
        began_s = self._cpu_s()
        detector.load()
        return self.costs.record_load(detector, self._cpu_s() - began_s)

    def _choose_part(
        self, detector: FrameDetector, camera: InferenceCamera, picture: Picture
    ) -> Box | None:
        """The part of the picture to look at: what moves, and what is followed."""
        if not self._regions or detector.tier is not Tier.INT8 or camera.own.model:
            return None
        if picture.region is None:
            return None
        moving = region.enclose([picture.region, *(one.box for one in camera.tracks.live)])
        since_s = None if camera.full_s is None else picture.media_s - camera.full_s
        part = region.choose_part(moving, picture.width, picture.height, detector.size, since_s)
        return part.box

    def _make_result(
        self,
        detector: FrameDetector,
        camera: InferenceCamera,
        picture: Picture,
        seen: PictureDetections,
        cpu_s: float,
        load_j: float,
    ) -> FrameResult:
        took = self.costs.record_run(detector, cpu_s)
        return FrameResult(
            picture,
            seen.detections,
            seen.part,
            choose_tier(detector, seen, own=detector is self._own.get(camera.own.model)),
            detector.provider,
            detector.digest,
            camera.missed,
            Cost(took.energy_j + load_j, took.measured),
            load_j,
            self.costs.estimate_decode_j(picture, camera.missed),
            unseen=(*seen.people, *select_outside(camera.people, seen.part)),
        )

    # --- letting go ----------------------------------------------------------------------------

    def unload_idle(self, now_s: float) -> None:
        """Free what stays loaded without being needed (inference/detection/unload_policy.py)."""
        for detector in self._list_detectors():
            if not detector.loaded:
                continue
            idle_s = now_s - self._used_s.setdefault(detector.digest, now_s)
            idle_w = 0.0 if detector.provider in (CPU, NOT_LOADED) else IDLE_W
            if not decide_unload(self.costs.estimate_load_j(detector), idle_w, idle_s).keep:
                detector.free()

    def unload_unused(self, now_s: float) -> None:
        """Free all that has not looked for a while: nothing is planned."""
        for detector in self._list_detectors():
            if (
                detector.loaded
                and now_s - self._used_s.setdefault(detector.digest, now_s) > UNUSED_S
            ):
                detector.free()

    def free(self) -> None:
        """Give all memory back."""
        self._swap.free()
        for detector in self._own.values():
            detector.free()

    def _list_detectors(self) -> Iterable[FrameDetector]:
        return [self.unit_detector, *self._own.values()]


def choose_tier(detector: FrameDetector, seen: PictureDetections, own: bool) -> Tier:
    """How closely a picture was looked at."""
    if own:
        return Tier.USER
    return detector.tier if seen.part is None else Tier.REGION
