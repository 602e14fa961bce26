"""The energy cost per inference run: an estimate before the run, and what it took after it.

Reads: the models' measured costs, through the model store. Writes: nothing.
Never: reports less than the processor time of a run costs, unless a meter measured the model.

Where no meter has measured the model on this unit, a run costs what the settings say, or what its
processor time costs if that is more. The cost on the CPU is not known from the cost on the GPU:
without a figure of its own it is taken as twice that.
"""

from collections.abc import Callable
from typing import Protocol

from appliance.media.frames import Picture
from inference.detection.detector import CPU, NOT_LOADED, FrameDetector
from inference.detection.frame_result import Cost

DEGRADED_COSTS = 2.0
NEWEST_SHARE = 0.2  # weight of the newest run in the running mean
STEP_SHARE = 0.25  # the mean must have moved so far before the estimate follows
DECODE_S_PER_PIXEL = 4.9e-3 / (1920 * 1080)  # H.264 on one core (docs/benchmarks.md)
LONGEST_GROUP = 60  # pictures that are decoded at most for one analysed frame


class CostFigure(Protocol):
    """Costs of one model on one provider: inference.model_store.ModelCost."""

    @property
    def per_frame_j(self) -> float: ...
    @property
    def load_j(self) -> float: ...
    @property
    def measured(self) -> bool: ...


FindFigure = Callable[[str, str], CostFigure]  # by digest and provider


class CostModel:
    """The costs of this unit; learns from the runs. `core_w`: power of one busy core."""

    def __init__(self, find_figure: FindFigure, *, core_w: float) -> None:
        self._find_figure = find_figure
        self._figures: dict[tuple[str, str], CostFigure] = {}  # read since the last refresh
        self._core_w = core_w
        self._mean_j: dict[tuple[str, str], float] = {}
        self._usual_j: dict[tuple[str, str], float] = {}
        self._load_j: dict[str, float] = {}
        self._last: dict[str, tuple[str, str]] = {}  # wanted and used provider by model

    def refresh(self) -> None:
        """Forget the figures: the file may have been written anew."""
        self._figures.clear()

    def estimate_nominal_j(self, detector: FrameDetector) -> float:
        """Energy of one run on the device that was wanted."""
        wanted, _ = self._find_providers(detector)
        return self._get_figure(detector.digest, wanted).per_frame_j

    def estimate_run_j(self, detector: FrameDetector) -> float:
        """Energy of the next run, without loading."""
        _, used = self._find_providers(detector)
        listed = self._list_cost(detector)
        if listed.measured:
            return listed.energy_j
        return max(listed.energy_j, self._usual_j.get((detector.digest, used), 0.0))

    def estimate_pending_load_j(self, detector: FrameDetector) -> float:
        """Energy that the next run needs for loading; 0 where the model is loaded."""
        return 0.0 if detector.loaded else self.estimate_load_j(detector)

    def estimate_load_j(self, detector: FrameDetector) -> float:
        """Energy of loading the model once."""
        known = self._load_j.get(detector.digest)
        _, used = self._find_providers(detector)
        return self._get_figure(detector.digest, used).load_j if known is None else known

    def record_load(self, detector: FrameDetector, cpu_s: float) -> float:
        """Energy that loading just took, from `cpu_s` processor time; kept for later estimates."""
        _, used = self._find_providers(detector)
        figure = self._get_figure(detector.digest, used)
        took_j = cpu_s * self._core_w
        if figure.measured or used != CPU:  # what a GPU takes is not seen in processor time
            took_j = figure.load_j if figure.measured else max(took_j, figure.load_j)
        self._load_j[detector.digest] = took_j
        return took_j

    def record_run(self, detector: FrameDetector, cpu_s: float) -> Cost:
        """Energy that one run just took, from `cpu_s` processor time; kept for later estimates."""
        _, used = self._find_providers(detector)
        listed = self._list_cost(detector)
        if listed.measured:
            return listed
        took_j = max(listed.energy_j, cpu_s * self._core_w)
        self._learn((detector.digest, used), took_j)
        return Cost(took_j, measured=False)

    def _learn(self, key: tuple[str, str], took_j: float) -> None:
        """The estimate moves in steps, so that not every run changes the plan."""
        mean_j = self._mean_j.get(key, took_j)
        mean_j += NEWEST_SHARE * (took_j - mean_j)
        self._mean_j[key] = mean_j
        usual_j = self._usual_j.get(key, 0.0)
        if abs(mean_j - usual_j) > STEP_SHARE * usual_j:
            self._usual_j[key] = mean_j

    def estimate_decode_j(self, picture: Picture, missed: int) -> float:
        """Energy that the camera's process took to decode a picture and its group so far."""
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
        nominal_j = self.estimate_nominal_j(detector)
        if used == CPU != wanted and figure.per_frame_j == nominal_j:  # nothing is known of the CPU
            return Cost(DEGRADED_COSTS * nominal_j, measured=False)
        return Cost(figure.per_frame_j, figure.measured)

    def _find_providers(self, detector: FrameDetector) -> tuple[str, str]:
        """Wanted and used provider: those of now, else those of the last time."""
        if detector.provider != NOT_LOADED:
            self._last[detector.digest] = detector.wanted, detector.provider
        return self._last.get(detector.digest, (NOT_LOADED, NOT_LOADED))
