"""What a look costs here: before it, to know whether it can be paid, and after it, what it took.

Reads: the models' price list, through the model store. Writes: nothing.
Never: calls a look cheaper than the processor time that it was seen to take, but by a meter.

Where no meter has measured the model on this unit, a look has the price of the settings, or that of
its processor time if that is more. What a look on the CPU in place of the GPU costs is not known
from the price on the GPU: without a figure of its own it is taken as twice that.
"""

from collections.abc import Callable
from typing import Protocol

from appliance.media.frames import Picture
from inference.detection.detector import CPU, NOT_LOADED, FrameDetector
from inference.detection.frame_result import Cost

DEGRADED_COSTS = 2.0
NEWEST_SHARE = 0.2  # of the newest look, in the mean of all
STEP_SHARE = 0.25  # so far must the mean have moved before another price is expected
DECODE_S_PER_PIXEL = 4.9e-3 / (1920 * 1080)  # H.264 on one core; docs of the cameras have the bench
LONGEST_GROUP = 60  # pictures that are decoded at most for one look


class CostFigure(Protocol):
    """One entry of the price list: inference.model_store.Price."""

    @property
    def per_frame_j(self) -> float: ...
    @property
    def load_j(self) -> float: ...
    @property
    def measured(self) -> bool: ...


FindFigure = Callable[[str, str], CostFigure]  # by digest and provider


class CostModel:
    """The prices of this unit; learns from what looks took. `core_w`: one busy core's draw."""

    def __init__(self, find_figure: FindFigure, core_w: float) -> None:
        self._find_figure = find_figure
        self._figures: dict[tuple[str, str], CostFigure] = {}  # as read since the last refresh
        self._core_w = core_w
        self._mean_j: dict[tuple[str, str], float] = {}
        self._usual_j: dict[tuple[str, str], float] = {}
        self._load_j: dict[str, float] = {}
        self._last: dict[str, tuple[str, str]] = {}  # wanted and used provider by model

    def refresh(self) -> None:
        """Look into the price list again: it may have been written anew."""
        self._figures.clear()

    def estimate_nominal_j(self, detector: FrameDetector) -> float:
        """What a look should cost: on the device that was wanted."""
        wanted, _ = self._find_providers(detector)
        return self._get_figure(detector.digest, wanted).per_frame_j

    def estimate_run_j(self, detector: FrameDetector) -> float:
        """What the next look will cost, without loading."""
        _, used = self._find_providers(detector)
        listed = self._list_cost(detector)
        if listed.measured:
            return listed.energy_j
        return max(listed.energy_j, self._usual_j.get((detector.digest, used), 0.0))

    def estimate_pending_load_j(self, detector: FrameDetector) -> float:
        """What the next look needs for loading; 0 where it is loaded."""
        return 0.0 if detector.loaded else self.estimate_load_j(detector)

    def estimate_load_j(self, detector: FrameDetector) -> float:
        """What loading costs."""
        known = self._load_j.get(detector.digest)
        _, used = self._find_providers(detector)
        return self._get_figure(detector.digest, used).load_j if known is None else known

    def record_load(self, detector: FrameDetector, cpu_s: float) -> float:
        """What loading just took."""
        _, used = self._find_providers(detector)
        figure = self._get_figure(detector.digest, used)
        took_j = cpu_s * self._core_w
        if figure.measured or used != CPU:  # what a GPU takes is not seen in processor time
            took_j = figure.load_j if figure.measured else max(took_j, figure.load_j)
        self._load_j[detector.digest] = took_j
        return took_j

    def record_run(self, detector: FrameDetector, cpu_s: float) -> Cost:
        """What one look just took, of `cpu_s` processor time."""
        _, used = self._find_providers(detector)
        listed = self._list_cost(detector)
        if listed.measured:
            return listed
        took_j = max(listed.energy_j, cpu_s * self._core_w)
        self._learn((detector.digest, used), took_j)
        return Cost(took_j, measured=False)

    def _learn(self, key: tuple[str, str], took_j: float) -> None:
        """What is expected moves in steps: no plan changes because of every look."""
        mean_j = self._mean_j.get(key, took_j)
        mean_j += NEWEST_SHARE * (took_j - mean_j)
        self._mean_j[key] = mean_j
        usual_j = self._usual_j.get(key, 0.0)
        if abs(mean_j - usual_j) > STEP_SHARE * usual_j:
            self._usual_j[key] = mean_j

    def estimate_decode_j(self, picture: Picture, missed: int) -> float:
        """What the camera's process took to decode a picture, and those before it in its group."""
        pictures = min(LONGEST_GROUP, missed + 1)
        return pictures * picture.width * picture.height * DECODE_S_PER_PIXEL * self._core_w

    def _get_figure(self, digest: str, provider: str) -> CostFigure:
        known = self._figures.get((digest, provider))
        if known is None:
            known = self._figures[digest, provider] = self._find_figure(digest, provider)
        return known

    def _list_cost(self, detector: FrameDetector) -> Cost:
        wanted, used = self._find_providers(detector)
        figure = self._get_figure(detector.digest, used)
        should_j = self.estimate_nominal_j(detector)
        if used == CPU != wanted and figure.per_frame_j == should_j:  # nothing is known of the CPU
            return Cost(DEGRADED_COSTS * should_j, measured=False)
        return Cost(figure.per_frame_j, figure.measured)

    def _find_providers(self, detector: FrameDetector) -> tuple[str, str]:
        """Wanted and used provider: those of now, else of the last time."""
        if detector.provider != NOT_LOADED:
            self._last[detector.digest] = detector.wanted, detector.provider
        return self._last.get(detector.digest, (NOT_LOADED, NOT_LOADED))
