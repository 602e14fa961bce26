"""What the unit knows of one chemistry: figures of one cell, each with its source.

    LFP.absorption_v                  # 3.5
    LFP.absorption_v.source           # "Victron, Lithium Smart manual, ..."

Reads and writes: nothing.
Never: holds a figure without a source (`Figure` and `Curve` cannot be made without one).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log
from typing import Self


class Figure(float):
    """A number and where it comes from; it computes as a `float`."""

    __slots__ = ("source",)
    source: str

    def __new__(cls, value: float, source: str) -> Self:
        made = super().__new__(cls, value)
        made.source = source
        return made

    def __getnewargs__(self) -> tuple[float, str]:  # type: ignore[override]
        return float(self), self.source


def interpolate(points: Sequence[tuple[float, float]], x: float) -> float:
    """Piecewise linear through rising `points`; constant outside of them."""
    if x <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    return points[-1][1]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points (x, y), x rising, and where they come from; constant outside of them."""

    points: tuple[tuple[float, float], ...]
    source: str

    def at(self, x: float) -> float:
        """Piecewise linear."""
        return interpolate(self.points, x)


@dataclass(frozen=True, slots=True)
class RestedCurve:
    """(V, least %, usual %, most %), V rising: charges that a rested voltage leaves possible."""

    points: tuple[tuple[float, float, float, float], ...]
    source: str

    def find_least_pct(self, cell_v: float) -> float:
        """The least charge (%) that this voltage leaves possible."""
        return interpolate([(row[0], row[1]) for row in self.points], cell_v)

    def find_most_pct(self, cell_v: float) -> float:
        """The most charge (%) that this voltage leaves possible."""
        return interpolate([(row[0], row[3]) for row in self.points], cell_v)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The charges (%) of the fallback ladder that suit a chemistry, used where the settings name
    none: `energy.full_from_pct` and so on.
    """

    full_from_pct: Figure
    eco_from_pct: Figure
    sentinel_from_pct: Figure
    off_below_pct: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerLimits:
    """Set-points of a charge controller or a BMS that suit a cell, V of one cell at 25 C.

    `compensation_...`: the strongest and the weakest that suits it. `lvd_least_v`: a load output
    that disconnects lower protects nothing; `lvd_margin_v`: how far below the guard's floor it must
    stay. `ovp_most_v`: where its BMS must have disabled charging. `charge_c_rate_most`: the most
    current into it, over its capacity. `charge_from_most_c`: charging that is disabled below more
    is missed on cool days; `charge_until_...`: where it may be disabled in the heat.
    `recharge_least_v`: where absorption must begin anew. `over_voltage_most_v`: where a controller
    must have stopped. `lvr_most_v`: loads that come back no sooner wait for a nearly full battery.
    `uvp_least_v`: a BMS that disconnects no sooner protects nothing.
    """

    absorption_least_v: Figure
    absorption_most_v: Figure
    float_least_v: Figure
    float_most_v: Figure
    compensation_strongest_v_per_c: Figure
    compensation_weakest_v_per_c: Figure
    lvd_least_v: Figure
    lvd_margin_v: Figure
    ovp_most_v: Figure
    charge_c_rate_most: Figure
    charge_from_most_c: Figure
    charge_until_least_c: Figure
    charge_until_most_c: Figure
    recharge_least_v: Figure
    over_voltage_most_v: Figure
    lvr_most_v: Figure
    uvp_least_v: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class ChemistryProfile:
    """One cell of a chemistry: V per cell, at 25 C where nothing else is said.

    What it is: `nominal_v`; `cell_ohm_ah`: resistance of a cell (ohm) times its capacity (Ah).
    What a charger does: `absorption_v`, `float_v`; `equalize_v`, None where it harms;
    `compensation_v_per_c`: what both change with each degree above 25 C.
    What shows that it is full: at `full_v` or more with a charging current that has become smaller
    than `tail_c_rate`; `floating_v`: least voltage at which a controller's FLOAT is believed;
    `held_v`: from here on it may be the charger's voltage, not the cell's.
    What shows that it is empty: discharged at `empty_v`. `disconnect_v`: its BMS, or the load
    output of a controller, disconnects here.
    What the guard does: at `floor_v` the cell counts as empty; below `low_v` no load runs, until it
    is at `recovered_v`; at `sound_v` it is not empty, whatever the count says.
    What harms it: more than `highest_v`, by a charger or an equalization; charging below
    `charge_from_c` or above `charge_until_c`; `hottest_c`; cells that differ by `spread_v`. Above
    `plausible_v` it is a reading error.
    What it gives: `rested`; `usable_by_temperature` (C, share of the capacity) at `usable_c_rate`,
    `usable_slowly` at `slow_c_rate` and less;
    `discharge_c_rate`: what it gives for hours; `charge_efficiency`; `loses_charge`: a full one
    goes on taking what it does not keep.
    `rest_c_rate`: the most current at which the voltage is used, after `rest_s`.
    `freezes_at_c` by charge (%), None where it does not freeze.
    """

    title: str
    nominal_v: Figure
    cell_ohm_ah: Figure
    absorption_v: Figure
    float_v: Figure
    equalize_v: Figure | None
    compensation_v_per_c: Figure
    full_v: Figure
    tail_c_rate: Figure
    floating_v: Figure
    held_v: Figure
    empty_v: Figure
    disconnect_v: Figure
    floor_v: Figure
    low_v: Figure
    recovered_v: Figure
    sound_v: Figure
    highest_v: Figure
    plausible_v: Figure
    charge_from_c: Figure
    charge_until_c: Figure
    hottest_c: Figure
    spread_v: Figure
    rested: RestedCurve
    rest_c_rate: Figure
    rest_s: Figure
    full_pct: Figure
    full_sigma_pct: Figure
    floating_pct: Figure
    floating_sigma_pct: Figure
    empty_pct: Figure
    empty_sigma_pct: Figure
    discharge_c_rate: Figure
    charge_efficiency: Figure
    loses_charge: bool
    full_every_days: Figure
    usable_by_temperature: Curve
    usable_c_rate: Figure
    usable_slowly: Curve
    slow_c_rate: Figure
    freezes_at_c: Curve | None
    charger: ChargerLimits
    ladder: Ladder

    def find_usable_share(self, celsius: float, c_rate: float | None) -> float:
        """Share of the capacity that can be drawn at this temperature and rate; a rate that is not
        known is a high one. Between the two curves it goes with the logarithm of the rate.
        """
        fast, slow = self.usable_by_temperature.at(celsius), self.usable_slowly.at(celsius)
        if c_rate is None or not c_rate < self.usable_c_rate:
            return fast
        if c_rate <= self.slow_c_rate:
            return slow
        part = log(c_rate / self.slow_c_rate) / log(self.usable_c_rate / self.slow_c_rate)
        return slow + part * (fast - slow)

    @property
    def has_acid(self) -> bool:
        """Whether it is lead-acid."""
        return self.freezes_at_c is not None

    @property
    def is_harmed_by_frost(self) -> bool:
        """Whether charging below 0 C harms it."""
        return self.charge_from_c >= 0
