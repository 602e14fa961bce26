"""What switching one load shows: its power, the sign of the battery's current, the resistance of
battery and wires. Each from medians of several readings, with the noise of each.

    seen = compare(running, off)        # lists of `Sample` while it ran, and while it was off

Reads and writes: nothing; pure.
Never: calls a difference a result that the noise alone could make.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from appliance.model import PowerReading

SCATTER = 1.4826  # the standard deviation, from the median of absolute deviations
MEDIAN_SIGMA = 1.2533  # of a median, over that of a mean


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading: current into the battery, its voltage, the power of all loads."""

    amps: float | None
    volts: float | None
    load_w: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """A difference and one standard deviation of it."""

    value: float
    sigma: float

    def is_clear(self, sigmas: float, least: float) -> bool:
        """Whether it is more than noise and more than `least`."""
        return abs(self.value) >= max(sigmas * self.sigma, least)


@dataclass(frozen=True, slots=True)
class Seen:
    """Running less off: current (below 0 where the sign is right), voltage, power of the loads;
    None where it was not measured.
    """

    amps: Step | None
    volts: Step | None
    load_w: Step | None

    @property
    def ohm(self) -> Step | None:
        """Voltage over current; None where one is not known."""
        if self.amps is None or self.volts is None or not self.amps.value:
            return None
        ohm = self.volts.value / self.amps.value
        shares = (self.volts.sigma / self.amps.value, ohm * self.amps.sigma / self.amps.value)
        return Step(ohm, math.hypot(*shares))


def take_sample(reading: PowerReading) -> Sample:
    """What is needed of a reading."""
    return Sample(reading.battery_current_a, reading.battery_voltage_v, reading.load_power_w)


def compare(running: Sequence[Sample], off: Sequence[Sample]) -> Seen:
    """The differences between both."""
    return Seen(
        find_step([one.amps for one in running], [one.amps for one in off]),
        find_step([one.volts for one in running], [one.volts for one in off]),
        find_step([one.load_w for one in running], [one.load_w for one in off]),
    )


def find_step(running: Iterable[float | None], off: Iterable[float | None]) -> Step | None:
    """None where either was not measured."""
    on = [one for one in running if one is not None]
    none = [one for one in off if one is not None]
    if not on or not none:
        return None
    return Step(median(on) - median(none), math.hypot(find_sigma(on), find_sigma(none)))


def find_sigma(values: Sequence[float]) -> float:
    """One standard deviation of their median."""
    middle = median(values)
    scatter = SCATTER * median(abs(one - middle) for one in values)
    return MEDIAN_SIGMA * scatter / math.sqrt(len(values))
