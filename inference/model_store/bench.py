"""Measures a model on this machine: energy of a frame and of loading, and latencies.

Reads: the energy meters, the clocks. Writes: nothing; changes.py stores the figure.
Never: counts the idle power of the computer: it is measured before loading and subtracted.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inference.detection.detector import Detector
from inference.model_store.meters import EnergyMeter, select_meters

REST_S = 3.0  # of a metered run, to measure the idle power without the model
LEAST_FRAMES = 5
PICTURE = (576, 768)  # a common size of a camera's second stream; its resize is part of a frame


@dataclass(frozen=True, slots=True)
class Instruments:
    """What is read while a model runs; `core_w`: power of a core, for time that no meter counts."""

    meters: Sequence[EnergyMeter]
    core_w: float
    now_s: Callable[[], float] = time.perf_counter
    cpu_s: Callable[[], float] = time.process_time
    pause: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class InstrumentReading:
    """All instruments at one moment."""

    at_s: float
    cpu_s: float
    meters_j: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class WorkCost:
    """What one interval of work took, without the computer's idle power."""

    took_s: float
    cpu_s: float
    energy_j: float


@dataclass(frozen=True, slots=True)
class BenchRun:
    """The results of a bench run. `meter`: names of the meters used, "" for none."""

    meter: str
    load: WorkCost
    work: WorkCost
    latencies_s: tuple[float, ...]

    @property
    def frames(self) -> int:
        return len(self.latencies_s)

    @property
    def per_frame_j(self) -> float:
        return self.work.energy_j / self.frames

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.work.cpu_s / self.frames

    @property
    def median_ms(self) -> float:
        return 1000 * statistics.median(self.latencies_s)

    @property
    def p95_ms(self) -> float:
        return 1000 * float(np.percentile(self.latencies_s, 95))


def measure(detector: Detector, seconds: float, tools: Instruments) -> BenchRun:
    """Rest (where there is a meter), load, run for `seconds`; raises `ModelError` where it fails.

    run = measure(detector, 10.0, Instruments(open_meters(open_nvml()), core_w=4.0))
    print(run.per_frame_j, run.median_ms)
    """
    picture = np.random.default_rng(1).integers(0, 256, (*PICTURE, 3), np.uint8)
    resting = read_instruments(tools)
    if tools.meters:
        tools.pause(REST_S)
    before = read_instruments(tools)
    detector.detect(picture)  # loads the session and warms it
    start = read_instruments(tools)
    latencies: list[float] = []
    while tools.now_s() - start.at_s < seconds or len(latencies) < LEAST_FRAMES:
        begun = tools.now_s()
        detector.detect(picture)
        latencies.append(tools.now_s() - begun)
    end = read_instruments(tools)
    used = select_meters(tools.meters, detector.provider)
    calculator = CostCalculator(tools, used, resting, before)
    name = " and ".join(meter.name for meter in used)
    return BenchRun(
        name, calculator.compute(before, start), calculator.compute(start, end), tuple(latencies)
    )


def read_instruments(tools: Instruments) -> InstrumentReading:
    meters_j = tuple(meter.read_energy_j() for meter in tools.meters)
    return InstrumentReading(tools.now_s(), tools.cpu_s(), meters_j)


class CostCalculator:
    """Makes a cost of two readings, with the idle power subtracted."""

    def __init__(
        self,
        tools: Instruments,
        counted: Sequence[EnergyMeter],
        resting: InstrumentReading,
        before: InstrumentReading,
    ) -> None:
        self._places = [index for index, one in enumerate(tools.meters) if one in counted]
        by_meter = any(meter.processor for meter in counted)
        self._core_w = 0.0 if by_meter else tools.core_w
        rested_s = before.at_s - resting.at_s
        self._rest_w = self._sum_metered_j(resting, before) / rested_s if rested_s > 0 else 0.0

    def _sum_metered_j(self, first: InstrumentReading, last: InstrumentReading) -> float:
        return sum(last.meters_j[place] - first.meters_j[place] for place in self._places)

    def compute(self, first: InstrumentReading, last: InstrumentReading) -> WorkCost:
        """The cost between two readings; processor time counts where no meter covers it."""
        took_s, cpu_s = last.at_s - first.at_s, last.cpu_s - first.cpu_s
        metered_j = max(0.0, self._sum_metered_j(first, last) - self._rest_w * took_s)
        return WorkCost(took_s, cpu_s, metered_j + cpu_s * self._core_w)
