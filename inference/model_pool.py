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
from appliance.model import Box, Tier
from appliance.settings import InferenceSettings
from inference.cameras.watched import WatchedCamera
from inference.detection import region
from inference.detection.detector import CPU, NOT_LOADED, Looker, Seen
from inference.detection.frame_result import Cost, Look
from inference.detection.head_blur import outside
from inference.detection.model_swap import Swap
from inference.detection.unload_policy import stay
from inference.energy.cost import Prices

IDLE_W = 4.0  # of a GPU that keeps a model's memory and its clocks up for it
RETRY_AFTER_S = 60.0
UNUSED_S = 30.0  # a model that no plan names any more is kept so long
Looked = tuple[WatchedCamera, Look]


class Choice(Protocol):
    """What the eyes need of inference.model_store.ModelStore."""

    def active(self) -> str:
        """The reference of the unit's model."""

    def active_changed(self) -> bool:
        """Whether that was chosen anew since the last call."""


class Eyes:
    """All models in use. `make` builds one by its reference; it loads when it looks."""

    def __init__(
        self,
        choice: Choice,
        make: Callable[[str], Looker],
        prices: Prices,
        settings: InferenceSettings,
        cpu_s: Callable[[], float] = time.process_time,
    ) -> None:
        """Raises `ModelError` where the unit's model cannot be used."""
        self.prices = prices
        self._choice = choice
        self._make = make
        self._regions = settings.regions
        self._cpu_s = cpu_s
        self._active = choice.active()
        self._named = self._active
        self._unit = Swap(self._active, make(self._active))
        self._seen_unit = self._unit.now()
        self._changed: Looker | None = None
        self._own: dict[str, Looker] = {}
        self._used_s: dict[str, float] = {}  # by digest
        self._failed: dict[str, tuple[ModelError, float]] = {}  # until when it is left alone

    # --- choosing ------------------------------------------------------------------------------

    @property
    def unit(self) -> Looker:
        """The model of all cameras that have none of their own."""
        before, looker = self._seen_unit, self._unit.now()
        if looker is not before and looker.loaded:
            self._changed = looker  # it was loaded in a thread: its first look pays for that
        self._seen_unit = looker
        return looker

    def choose(self, planned: str, now_s: float) -> None:
        """The plan names its model, "" for the one that is active."""
        if self._choice.active_changed():
            self._active = self._choice.active()
        name = planned or self._active
        if name == self._unit.name:
            self._failed.pop(self._named, None)  # nobody wants that one any more
        self._named = name
        if name != self._unit.name and not self.unit.loaded:
            self._replace(name, now_s)
        else:
            self._unit.want(name, lambda: self._make(name), now_s)

    def _replace(self, name: str, now_s: float) -> None:
        """Nothing is loaded, so nothing is loaded for the change either."""
        if self._waits(name, now_s):
            return
        try:
            self._unit = Swap(name, self._make(name))
        except ModelError as error:
            self._failed[name] = error, now_s + RETRY_AFTER_S
        else:
            self._failed.pop(name, None)

    def looker_for(self, camera: WatchedCamera, now_s: float) -> Looker:
        """The camera's own model if it has one that works, else the unit's."""
        name = camera.own.model
        if not name or self._waits(name, now_s):
            return self.unit
        if name not in self._own:
            try:
                self._own[name] = self._make(name)
            except ModelError as error:
                self._failed[name] = error, now_s + RETRY_AFTER_S
                return self.unit
        return self._own[name]

    def _waits(self, name: str, now_s: float) -> bool:
        """Whether that model failed a short while ago."""
        failed = self._failed.get(name)
        return failed is not None and now_s < failed[1]

    def troubles(self) -> list[ModelError]:
        """What is wrong with models that are wanted, and with the devices that they run on."""
        found = [error for error, _ in self._failed.values()]
        found += [self._unit.trouble] if self._unit.trouble else []
        found += [ModelError(one.degraded) for one in self._all() if one.degraded]
        return found

    # --- looking -------------------------------------------------------------------------------

    def price_j(self, camera: WatchedCamera, sharers: int, now_s: float) -> float:
        """What the next look will cost, with its share of the loading where that is needed."""
        looker = self.looker_for(camera, now_s)
        return self.prices.expected_j(looker) + self.prices.load_j(looker) / sharers

    def look(self, pulled: Sequence[tuple[WatchedCamera, Picture]], now_s: float) -> list[Looked]:
        """Look at pictures, those of one model together; raises `ModelError` of the unit's model.

        The looks are in the order of the pictures.
        """
        groups: dict[int, list[int]] = {}
        lookers = [self.looker_for(camera, now_s) for camera, _ in pulled]
        for index, looker in enumerate(lookers):
            groups.setdefault(id(looker), []).append(index)
        looks: dict[int, Look] = {}
        for indexes in groups.values():
            looker = lookers[indexes[0]]
            group = [pulled[index] for index in indexes]
            looks |= zip(indexes, self._look_with(looker, group, now_s), strict=True)
        return [(camera, looks[index]) for index, (camera, _) in enumerate(pulled)]

    def _look_with(
        self, looker: Looker, group: Sequence[tuple[WatchedCamera, Picture]], now_s: float
    ) -> list[Look]:
        try:
            return self._seen(looker, group, now_s)
        except ModelError as error:
            own = [name for name, one in self._own.items() if one is looker]
            if not own:
                raise
            self._failed[own[0]] = error, now_s + RETRY_AFTER_S
            return self._seen(self.unit, group, now_s)

    def _seen(
        self, looker: Looker, group: Sequence[tuple[WatchedCamera, Picture]], now_s: float
    ) -> list[Look]:
        load_j = self._load(looker) / len(group)
        parts = [self._part(looker, camera, picture) for camera, picture in group]
        began_s = self._cpu_s()
        seen = looker.look([picture for _, picture in group], parts)
        cpu_s = (self._cpu_s() - began_s) / len(group)
        self._used_s[looker.digest] = now_s
        for name in [name for name, one in self._own.items() if one is looker]:
            self._failed.pop(name, None)
        return [
            self._as_look(looker, camera, picture, one, cpu_s, load_j)
            for (camera, picture), one in zip(group, seen, strict=True)
        ]

    def _load(self, looker: Looker) -> float:
        """Load the model if need be; returns what that took."""
        if looker is self._changed:
            self._changed = None
            return self.prices.loaded(looker, looker.load_s or 0.0)
        if looker.loaded:
            return 0.0
        began_s = self._cpu_s()
        looker.load()
        return self.prices.loaded(looker, self._cpu_s() - began_s)

    def _part(self, looker: Looker, camera: WatchedCamera, picture: Picture) -> Box | None:
        """The part of the picture to look at: what moves, and what is followed."""
        if not self._regions or looker.tier is not Tier.INT8 or camera.own.model:
            return None
        if picture.region is None:
            return None
        moving = region.enclosing([picture.region, *(one.box for one in camera.tracks.live)])
        since_s = None if camera.full_s is None else picture.media_s - camera.full_s
        part = region.part_to_look_at(moving, picture.width, picture.height, looker.size, since_s)
        return part.box

    def _as_look(
        self,
        looker: Looker,
        camera: WatchedCamera,
        picture: Picture,
        seen: Seen,
        cpu_s: float,
        load_j: float,
    ) -> Look:
        took = self.prices.took(looker, cpu_s)
        return Look(
            picture,
            seen.detections,
            seen.part,
            tier_of(looker, seen, own=looker is self._own.get(camera.own.model)),
            looker.provider,
            looker.digest,
            camera.missed,
            Cost(took.energy_j + load_j, took.measured),
            load_j,
            self.prices.decode_j(picture, camera.missed),
            unseen=(*seen.people, *outside(camera.people, seen.part)),
        )

    # --- letting go ----------------------------------------------------------------------------

    def tidy(self, now_s: float) -> None:
        """Free what stays loaded without being needed (inference/detection/unload_policy.py)."""
        for looker in self._all():
            if not looker.loaded:
                continue
            idle_s = now_s - self._used_s.setdefault(looker.digest, now_s)
            idle_w = 0.0 if looker.provider in (CPU, NOT_LOADED) else IDLE_W
            if not stay(self.prices.load_cost_j(looker), idle_w, idle_s).keep:
                looker.free()

    def free_unused(self, now_s: float) -> None:
        """Free all that has not looked for a while: nothing is planned."""
        for looker in self._all():
            if looker.loaded and now_s - self._used_s.setdefault(looker.digest, now_s) > UNUSED_S:
                looker.free()

    def free(self) -> None:
        """Give all memory back."""
        self._unit.free()
        for looker in self._own.values():
            looker.free()

    def _all(self) -> Iterable[Looker]:
        return [self.unit, *self._own.values()]


def tier_of(looker: Looker, seen: Seen, own: bool) -> Tier:
    """How closely a picture was looked at."""
    if own:
        return Tier.USER
    return looker.tier if seen.part is None else Tier.REGION
