"""What a battery's voltage says about its charge: facts of the two chemistries, as tables.

Reads and writes: nothing; pure.
Never: claims more than voltage can tell. LFP is flat between 20 and 90 %, so sigma is wide there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from appliance.settings import BatterySettings, Chemistry

RESISTANCE_DOUBT = 0.5  # share of I*R that may be wrong: age, a bad crimp
FROST_DOUBT = 4.0  # below 0 C the resistance is several times the setting
WIDEST_SIGMA_PCT = 30.0  # a charge that could be anything from 0 to 100 % has a sigma of 29


@dataclass(frozen=True, slots=True)
class Evidence:
    """A charge and one standard deviation of it, both in % of the capacity."""

    charge_pct: float
    sigma_pct: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a chemistry.

    `rested`: (V, charge %, sigma %), rising. `usable`: (C, share of the capacity), rising.
    `full_v`: charged with a small tail current, it is full. `floating_v`: least voltage at which
    a controller's FLOAT is believed. `empty_v`: discharged, it is empty. `rest_s`: how long the
    current must be small before the rested curve holds.
    """

    nominal_v: float
    rested: tuple[tuple[float, float, float], ...]
    full_v: float
    full: Evidence
    floating: Evidence
    floating_v: float
    empty_v: float
    empty: Evidence
    rest_s: float
    charge_efficiency: float
    usable: tuple[tuple[float, float], ...]
    charges_below_zero: bool


# Rested curve: the usual LFP table; above 3.45 V only a charger holds it. The sigma allows for
# 15 mV of hysteresis and meter error. Full and empty: dbus-serialbattery's defaults MAX_CELL 3.45,
# FLOAT 3.375 and MIN_CELL 2.90. Cold capacity: 85 % at 0 C, 70 % at -20 C (makers' sheets).
LFP = Cell(
    nominal_v=3.2,
    rested=(
        (2.50, 0, 2),
        (2.90, 3, 3),
        (3.00, 8, 4),
        (3.10, 12, 4),
        (3.18, 17, 5),
        (3.22, 24, 6),
        (3.25, 37, 13),
        (3.28, 52, 20),
        (3.31, 65, 25),
        (3.33, 80, 18),
        (3.35, 92, 10),
        (3.40, 98, 4),
        (3.45, 99, 3),
    ),
    full_v=3.45,
    full=Evidence(100, 1),
    floating=Evidence(98, 2),
    floating_v=3.34,
    empty_v=2.90,
    empty=Evidence(3, 3),
    rest_s=600,
    charge_efficiency=0.995,
    usable=((-20, 0.70), (0, 0.85), (25, 1.0)),
    charges_below_zero=False,
)

# Textbook rested voltages at 25 C (12.73, 12.5, 12.24, 12.06 and 11.9 V for six cells).
# A charged cell needs hours to rest; an hour is a compromise that the wide sigma pays for.
LEAD_ACID = Cell(
    nominal_v=2.0,
    rested=(
        (1.98, 0, 8),
        (2.01, 25, 12),
        (2.04, 50, 15),
        (2.083, 75, 15),
        (2.122, 100, 12),
    ),
    full_v=2.35,
    full=Evidence(100, 3),
    floating=Evidence(98, 4),
    floating_v=2.20,
    empty_v=1.85,
    empty=Evidence(5, 5),
    rest_s=3600,
    charge_efficiency=0.88,
    usable=((-20, 0.40), (0, 0.65), (25, 1.0)),
    charges_below_zero=True,
)

CELLS = {Chemistry.LFP: LFP, Chemistry.LEAD_ACID: LEAD_ACID}


def cell_of(settings: BatterySettings) -> Cell:
    """The facts of this battery's chemistry."""
    return CELLS[settings.chemistry]


def cell_count(settings: BatterySettings) -> int:
    """Cells in series: 4 for 12.8 V LFP, 6 for 12 V lead-acid."""
    return max(1, round(settings.nominal_voltage_v / cell_of(settings).nominal_v))


def capacity_ah(settings: BatterySettings) -> float:
    """Charge of the full battery."""
    return settings.capacity_wh / settings.nominal_voltage_v


def hidden_pct(settings: BatterySettings, temperature_c: float | None) -> float:
    """Charge (%) that the cold keeps back: the last part, there again when it is warm.

    An unknown temperature hides nothing; the guard's voltage floor is what protects then.
    """
    if temperature_c is None:
        return 0.0
    return (1 - interpolate(cell_of(settings).usable, temperature_c)) * 100


def charge_from_voltage(
    voltage_v: float,
    current_a: float | None,
    settings: BatterySettings,
    temperature_c: float | None = None,
) -> Evidence:
    """The charge that a battery voltage (V) speaks for, with I*R taken off.

    `current_a` is positive into the battery; None counts as no current. The sigma grows with the
    current, since the resistance is known only roughly, and hardly at all below 0 C.
    """
    cells = cell_count(settings)
    drop_v = (current_a or 0.0) * settings.resistance_ohm
    cell_v = (voltage_v - drop_v) / cells
    frost = temperature_c is not None and temperature_c < 0
    doubt_v = abs(drop_v) * (FROST_DOUBT if frost else RESISTANCE_DOUBT) / cells
    charges = [(row[0], row[1]) for row in cell_of(settings).rested]
    sigmas = [(row[0], row[2]) for row in cell_of(settings).rested]
    spread_pct = interpolate(charges, cell_v + doubt_v) - interpolate(charges, cell_v - doubt_v)
    sigma_pct = interpolate(sigmas, cell_v) + spread_pct / 2
    return Evidence(interpolate(charges, cell_v), min(sigma_pct, WIDEST_SIGMA_PCT))


def interpolate(points: Sequence[tuple[float, float]], x: float) -> float:
    """Piecewise linear through rising `points`; constant outside of them."""
    if x <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    return points[-1][1]
