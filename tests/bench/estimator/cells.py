"""Cells with tables of their own: lithium iron phosphate, and lead-acid with gassing.

Reads and writes: nothing.
Never: uses a figure of appliance/chemistry: what one table feeds on both sides agrees in error.
"""

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

Curve = tuple[tuple[float, float], ...]
# fmt: off
# Rested voltage by charge (0 to 1), of two makers of BMSs. Below 0: a cell that is torn down.
LFP_CHART: Curve = (
    (-0.5, 1.0), (0.0, 2.80), (0.02, 3.00), (0.05, 3.10), (0.10, 3.20), (0.15, 3.25), (0.25, 3.28),
    (0.35, 3.30), (0.45, 3.315), (0.55, 3.33), (0.65, 3.34), (0.75, 3.35), (0.85, 3.37),
    (0.95, 3.40), (0.98, 3.45), (1.0, 3.50), (1.005, 3.62), (1.02, 4.2),
)
LIBRE_SOLAR: Curve = (  # taken while it was discharged
    (-0.5, 1.0), (0.0, 2.833), (0.05, 3.132), (0.10, 3.177), (0.15, 3.190), (0.20, 3.213),
    (0.25, 3.226), (0.30, 3.240), (0.35, 3.252), (0.40, 3.262), (0.45, 3.264), (0.50, 3.265),
    (0.60, 3.271), (0.70, 3.283), (0.75, 3.296), (0.80, 3.304), (0.85, 3.308), (0.90, 3.309),
    (0.95, 3.314), (0.985, 3.36), (0.995, 3.42), (1.0, 3.50), (1.005, 3.62), (1.02, 4.2),
)
# Specific gravity by charge (Rolls Battery, Battery User Manual, table 3) plus 0.845 V.
LEAD: Curve = (
    (-0.5, 1.2), (-0.02, 1.90), (0.0, 1.965), (0.25, 2.005), (0.50, 2.035), (0.75, 2.070),
    (1.0, 2.110), (1.01, 2.13), (1.2, 2.16),
)
# fmt: on
WARM_C = 25.0


def interpolate(curve: Curve, x: float) -> float:
    if x <= curve[0][0]:
        return curve[0][1]
    for (left, low), (right, high) in pairwise(curve):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    return curve[-1][1]


class Cell(Protocol):
    """One cell of 1 Ah: currents are C-rates, resistances ohm Ah."""

    @property
    def cut_v(self) -> float:
        """Where its BMS, or the load itself, disconnects."""

    @property
    def most_charge(self) -> float:
        """Where its charge ends."""

    def rested_v(self, charge: float, celsius: float) -> float:
        """Without any current, at that charge (0 to 1 of what it really has)."""

    def resistance(self, charge: float, celsius: float, *, charging: bool) -> float:
        """What a current changes at once."""

    def slow(self, celsius: float) -> tuple[float, float]:
        """What it changes over time: resistance and time constant (s)."""

    def loss(self, cell_v: float, celsius: float) -> float:
        """The current (C-rate) that gases instead of charging."""


@dataclass(frozen=True, slots=True)
class LfpCell:
    """Flat, with little loss; a part is not usable in the cold, which multiplies the resistance."""

    curve: Curve = LFP_CHART
    ohm: float = 0.22
    worn: float = 1.0  # the resistance of an old one, as a factor
    cut_v: float = 2.7
    most_charge: float = 1.005

    def rested_v(self, charge: float, celsius: float) -> float:
        hidden = 0.006 * max(0.0, WARM_C - celsius)  # 15 % at 0 C, 24 % at -15 C
        return interpolate(self.curve, (charge - hidden) / (1 - hidden))

    def resistance(self, charge: float, celsius: float, *, charging: bool) -> float:
        cold = math.exp(0.035 * max(0.0, WARM_C - celsius))
        full = 0.15 * charge / (1.02 - charge) if charging else 0.0
        return self.ohm * self.worn * cold * (1 + max(0.0, full))

    def slow(self, celsius: float) -> tuple[float, float]:
        return 0.15 * self.worn * math.exp(0.03 * max(0.0, WARM_C - celsius)), 900.0

    def loss(self, cell_v: float, celsius: float) -> float:
        return 0.0


@dataclass(frozen=True, slots=True)
class LeadCell:
    """Lead-acid. Resistance near full after Shepherd, gassing after Lander: 20 mA of 100 Ah at
    2.23 V and 20 C, e-fold in 1/11 V and in 17 C.
    """

    ohm: float = 0.10
    gassing: float = 1.0  # of flooded; sealed ones recombine
    worn: float = 1.0
    cut_v: float = 1.75
    most_charge: float = 1.0

    def rested_v(self, charge: float, celsius: float) -> float:
        hidden = 0.008 * max(0.0, WARM_C - celsius)
        return interpolate(LEAD, (charge - hidden) / (1 - hidden)) + 0.0002 * (celsius - WARM_C)

    def resistance(self, charge: float, celsius: float, *, charging: bool) -> float:
        cold = math.exp(0.02 * max(0.0, WARM_C - celsius))
        full = 1.5 * charge / (1.004 - charge) if charging else 0.05 / max(0.05, charge + 0.05)
        return self.ohm * self.worn * cold * (1 + max(0.0, full))

    def slow(self, celsius: float) -> tuple[float, float]:
        return 0.25 * self.worn * math.exp(0.02 * max(0.0, WARM_C - celsius)), 5400.0

    def loss(self, cell_v: float, celsius: float) -> float:
        share = 2e-4 * math.exp(11 * (cell_v - 2.23) + 0.06 * (celsius - 20))
        return self.gassing * share if cell_v > 2.1 else 0.0
