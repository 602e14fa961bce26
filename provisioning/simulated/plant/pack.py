"""A lithium iron phosphate battery: voltage, charge and cold, as pure functions.

Reads and writes: nothing.
Never: depends on the controller or the sun.

`charge` is the share (0 to 1) of the nominal ampere-hours. A part of them is not usable in the
cold: at 0 C 85 % can be used, at -20 C 70 %; what is hidden is there again when it is warm.
"""

import math
from bisect import bisect_right
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from appliance.chemistry import compute_capacity_ah, count_cells, find_resistance_ohm
from appliance.errors import SettingsError
from appliance.settings import BatterySettings, Chemistry

CELL_V = 3.2
CUT_OFF_CELL_V = 2.5  # the battery's own protection: 10.0 V with four cells
COLD_LIMIT_C = 0.0  # no charging below: lithium plating
# Rested cell voltage over usable charge at 25 C: the usual flat curve. Below 0 it falls off a
# cliff, which is where a cold battery ends.
# fmt: off
OCV = (
    (-1.00, 0.50), (-0.05, 1.80), (0.00, 2.50), (0.02, 2.85), (0.05, 3.05), (0.10, 3.17),
    (0.20, 3.23),  (0.30, 3.26),  (0.40, 3.285), (0.50, 3.295), (0.60, 3.305), (0.70, 3.32),
    (0.80, 3.33),  (0.90, 3.34),  (0.97, 3.36), (0.98, 3.39), (0.99, 3.44),
    (1.00, 3.60),
)
# fmt: on
SLOW_FROM = 0.97  # of the charge: from here on a cell takes charge ever more slowly,
SLOWEST_TIMES = 4.0  # in the end as if its resistance were so many times as much: for minutes
USABLE = ((-40.0, 0.50), (-20.0, 0.70), (0.0, 0.85), (25.0, 1.0))


class OcvPoint(NamedTuple):
    """Rested voltage of the whole battery, its slope per unit of charge, and its resistance while
    it is charged.
    """

    ocv_v: float
    slope_v: float
    charging_ohm: float


@dataclass(frozen=True, slots=True)
class Pack:
    """One battery: cells in series, ampere-hours, resistance."""

    cells: int
    capacity_ah: float
    resistance_ohm: float

    @property
    def cut_off_v(self) -> float:
        return CUT_OFF_CELL_V * self.cells

    def find_ocv(self, charge: float, temperature_c: float) -> OcvPoint:
        """Where on its voltage curve the battery stands."""
        share = compute_usable_share(temperature_c)
        seen = (charge - (1 - share)) / share
        upper = min(max(bisect_right(OCV, (seen, math.inf)), 1), len(OCV) - 1)
        (x0, v0), (x1, v1) = OCV[upper - 1], OCV[upper]
        slope_v = (v1 - v0) / (x1 - x0)
        cell_v = max(0.0, v0 + slope_v * (seen - x0))
        slow = min(1.0, max(0.0, (seen - SLOW_FROM) / (1 - SLOW_FROM)))
        charging_ohm = self.resistance_ohm * (1 + (SLOWEST_TIMES - 1) * slow)
        return OcvPoint(cell_v * self.cells, slope_v * self.cells / share, charging_ohm)

    def get_ohm(self, at: OcvPoint, *, charges: bool) -> float:
        """The resistance that a current meets."""
        return at.charging_ohm if charges else self.resistance_ohm

    def compute_current_a(self, power_w: float, at: OcvPoint) -> float | None:
        """Current (+ in) that carries `power_w` (+ in) at the terminals; None if it cannot."""
        ohm = self.get_ohm(at, charges=power_w > 0)
        root = at.ocv_v**2 + 4 * ohm * power_w
        if root < 0:
            return None
        return (math.sqrt(root) - at.ocv_v) / (2 * ohm)

    def compute_voltage_v(self, at: OcvPoint, current_a: float) -> float:
        """Voltage of the terminals while `current_a` (+ in) flows."""
        return at.ocv_v + current_a * self.get_ohm(at, charges=current_a > 0)

    def compute_limit_current_a(self, at: OcvPoint, *, limit_v: float, step_s: float) -> float:
        """Current that brings the terminals to `limit_v` at the end of the step.

        Looking to the end (implicit Euler) keeps the taper stable however small the resistance.
        """
        rise_ohm = at.slope_v * step_s / 3600 / self.capacity_ah
        ohm = self.get_ohm(at, charges=limit_v > at.ocv_v)
        return (limit_v - at.ocv_v) / (ohm + rise_ohm)


def compute_usable_share(temperature_c: float) -> float:
    """Share of the nominal charge that can be used at this temperature."""
    for (t0, s0), (t1, s1) in pairwise(USABLE):
        if temperature_c < t1:
            return s0 + (s1 - s0) * max(0.0, temperature_c - t0) / (t1 - t0)
    return USABLE[-1][1]


def make_pack(battery: BatterySettings) -> Pack:
    """The battery of the settings; raise `SettingsError` for one that is not simulated."""
    if battery.chemistry is not Chemistry.LFP:
        raise SettingsError(
            f"battery.chemistry is {battery.chemistry.value!r}: the simulator has lfp only"
        )
    return Pack(count_cells(battery), compute_capacity_ah(battery), find_resistance_ohm(battery))
