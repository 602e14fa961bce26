"""Voltage curves: what a battery's voltage shows of its charge, for two chemistries, as tables.

Reads and writes: nothing; pure.
Never: claims more than a voltage can show. LFP is flat between 20 and 90 %: little, there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from appliance.settings import BatterySettings, Chemistry

RESISTANCE = (0.5, 1.5)  # of the setting, that it may really be: age, a bad crimp
FREEZING_RESISTANCE = (0.5, 5.0)  # below 0 C, or where no probe measures how cold it is
POLARISED_V = 0.1  # per cell at 1 C: what a current leaves behind for a while
UNKNOWN_COLD_C = 5.0  # how cold a battery without a probe may be
VOLTAGE_SIGMA_LIMIT_PCT = 30.0  # a charge that could be anything from 0 to 100 % has a sigma of 29
WIDTH_PER_SIGMA = 4.0
GRID_V = 0.002  # per cell


@dataclass(frozen=True, slots=True)
class UncertainCharge:
    """A charge and one standard deviation of it, both in % of the capacity."""

    charge_pct: float
    sigma_pct: float


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a chemistry.

    `rested_curve`: (V, least %, usual %, most %), rising. `usable_by_temperature`: (C, share of
    the capacity), rising. `full_v`: charged with a small tail current, it is full. `floating_v`:
    least voltage at which a controller's FLOAT is believed. `held_v`: from here on it may be the
    charger's voltage, not the cell's. `empty_v`: discharged, it is empty. `rest_c_rate`: the most
    current at which the voltage is used, `rest_s`: for how long. `loses_charge`: a full one goes
    on taking what it does not keep.
    """

    nominal_v: float
    rested_curve: tuple[tuple[float, float, float, float], ...]
    full_v: float
    full: UncertainCharge
    floating: UncertainCharge
    floating_v: float
    held_v: float
    empty_v: float
    empty: UncertainCharge
    rest_c_rate: float
    rest_s: float
    charge_efficiency: float
    loses_charge: bool
    usable_by_temperature: tuple[tuple[float, float], ...]
    charges_below_zero: bool


# Rested curve: least and most are the charges that three usual LFP tables give 40 mV lower and
# higher: a meter off by 12 mV a cell, 5 to 25 mV of hysteresis (accure.net on the hysteresis of
# LFP), and what a current left behind. Full and empty: dbus-serialbattery's defaults MAX_CELL 3.45,
# FLOAT 3.375 and MIN_CELL 2.90. Cold capacity: 85 % at 0 C, 70 % at -20 C (makers' sheets).
LFP = Cell(
    nominal_v=3.2,
    rested_curve=(
        (2.50, 0, 0, 2),
        (2.90, 2, 4, 9),
        (3.00, 4, 7, 11),
        (3.05, 5, 9, 14),
        (3.10, 6, 11, 17),
        (3.14, 8, 13, 19),
        (3.17, 9, 15, 21),
        (3.20, 11, 19, 32),
        (3.22, 13, 24, 40),
        (3.25, 18, 35, 63),
        (3.28, 26, 51, 75),
        (3.31, 38, 68, 90),
        (3.33, 54, 81, 97),
        (3.35, 68, 92, 100),
        (3.36, 76, 94, 100),
        (3.38, 88, 97, 100),
        (3.40, 93, 98, 100),
        (3.45, 97, 99, 100),
    ),
    full_v=3.45,
    full=UncertainCharge(100, 1),
    floating=UncertainCharge(98, 2),
    floating_v=3.34,
    held_v=3.37,
    empty_v=2.90,
    empty=UncertainCharge(3, 3),
    rest_c_rate=0.2,
    rest_s=600,
    charge_efficiency=0.995,
    loses_charge=False,
    usable_by_temperature=((-20, 0.70), (0, 0.85), (25, 1.0)),
    charges_below_zero=False,
)

# Textbook rested voltages at 25 C (12.73, 12.5, 12.24, 12.06 and 11.9 V for six cells).
# A charged cell needs hours to rest; an hour is a compromise that the wide range pays for.
LEAD_ACID = Cell(
    nominal_v=2.0,
    rested_curve=(
        (1.95, 0, 0, 5),
        (1.98, 0, 0, 20),
        (2.01, 5, 25, 45),
        (2.04, 25, 50, 75),
        (2.083, 50, 75, 98),
        (2.122, 78, 100, 100),
    ),
    full_v=2.35,
    full=UncertainCharge(100, 3),
    floating=UncertainCharge(98, 4),
    floating_v=2.20,
    held_v=2.15,
    empty_v=1.85,
    empty=UncertainCharge(5, 5),
    rest_c_rate=0.02,
    rest_s=3600,
    charge_efficiency=0.88,
    loses_charge=True,
    usable_by_temperature=((-20, 0.40), (0, 0.65), (25, 1.0)),
    charges_below_zero=True,
)

CELLS = {Chemistry.LFP: LFP, Chemistry.LEAD_ACID: LEAD_ACID}


@dataclass(frozen=True, slots=True)
class BatteryFacts:
    """What every step needs of one battery, derived once. `least_pct` and `most_pct` are the
    rested curve in steps of `GRID_V` from `lowest_v` on.
    """

    cell: Cell
    cells: int
    capacity_ah: float
    capacity_wh: float
    cell_ohm: float
    pct_per_as: float
    lowest_v: float
    least_pct: tuple[float, ...]
    most_pct: tuple[float, ...]


@lru_cache(maxsize=16)
def derive_facts(settings: BatterySettings) -> BatteryFacts:
    """The facts of the battery in the settings."""
    cell, ah = get_cell(settings), compute_capacity_ah(settings)
    low_v, high_v = cell.rested_curve[0][0], cell.rested_curve[-1][0]
    grid = [low_v + GRID_V * step for step in range(round((high_v - low_v) / GRID_V) + 1)]
    least = [(row[0], row[1]) for row in cell.rested_curve]
    most = [(row[0], row[3]) for row in cell.rested_curve]
    return BatteryFacts(
        cell=cell,
        cells=count_cells(settings),
        capacity_ah=ah,
        capacity_wh=settings.capacity_wh,
        cell_ohm=settings.resistance_ohm / count_cells(settings),
        pct_per_as=100 / ah / 3600,
        lowest_v=low_v,
        least_pct=tuple(interpolate(least, volts) for volts in grid),
        most_pct=tuple(interpolate(most, volts) for volts in grid),
    )


def get_cell(settings: BatterySettings) -> Cell:
    """The facts of this battery's chemistry."""
    return CELLS[settings.chemistry]


def count_cells(settings: BatterySettings) -> int:
    """Cells in series: 4 for 12.8 V LFP, 6 for 12 V lead-acid."""
    return max(1, round(settings.nominal_voltage_v / get_cell(settings).nominal_v))


def compute_capacity_ah(settings: BatterySettings) -> float:
    """Charge of the full battery."""
    return settings.capacity_wh / settings.nominal_voltage_v


def compute_cold_unavailable_pct(settings: BatterySettings, temperature_c: float | None) -> float:
    """Charge (%) that is unavailable in the cold: the last part, there again when it is warm.

    An unknown temperature makes nothing unavailable; the guard's voltage floor protects then.
    """
    return compute_cell_unavailable_pct(get_cell(settings), temperature_c)


def compute_cell_unavailable_pct(cell: Cell, temperature_c: float | None) -> float:
    """The same of one chemistry."""
    if temperature_c is None or temperature_c >= cell.usable_by_temperature[-1][0]:
        return 0.0
    return (1 - interpolate(cell.usable_by_temperature, temperature_c)) * 100


def estimate_from_voltage(
    voltage_v: float,
    current_a: float | None,
    settings: BatterySettings,
    *,
    temperature_c: float | None = None,
) -> UncertainCharge:
    """The charge that a battery voltage (V) shows on its own, with I*R taken off.

    `current_a` is positive into the battery; None counts as no current. The sigma grows with the
    current, since the resistance is known only roughly, and hardly at all below 0 C.
    """
    facts = derive_facts(settings)
    usual = [(row[0], row[2]) for row in facts.cell.rested_curve]
    charge_pct = interpolate(usual, voltage_v / facts.cells - (current_a or 0.0) * facts.cell_ohm)
    may_be_freezing = temperature_c is None or temperature_c < 0
    least_pct, most_pct = bound_charge(
        voltage_v, current_a or 0.0, may_be_freezing=may_be_freezing, facts=facts
    )
    most_pct = raise_for_cold(most_pct, temperature_c, facts)
    sigma_pct = max(2.0, (most_pct - least_pct) / WIDTH_PER_SIGMA)
    return UncertainCharge(charge_pct, min(VOLTAGE_SIGMA_LIMIT_PCT, sigma_pct))


def bound_charge(
    voltage_v: float, current_a: float, *, may_be_freezing: bool, facts: BatteryFacts
) -> tuple[float, float]:
    """The least and the most charge (%) that a sound battery can have at this voltage.

    `may_be_freezing`: it is so cold, or may be, that the resistance is several times the setting.
    """
    cell_v, drop_v = voltage_v / facts.cells, current_a * facts.cell_ohm
    soft, hard = FREEZING_RESISTANCE if may_be_freezing else RESISTANCE
    left_v = POLARISED_V * current_a / facts.capacity_ah
    if current_a > 0:
        low_v, high_v = cell_v - hard * drop_v - left_v, cell_v - soft * drop_v + left_v
    else:
        low_v, high_v = cell_v - soft * drop_v + left_v, cell_v - hard * drop_v - left_v
    last = len(facts.least_pct) - 1
    low = int((low_v - facts.lowest_v) / GRID_V + 0.5)
    high = int((high_v - facts.lowest_v) / GRID_V + 0.5)
    return (
        facts.least_pct[0 if low < 0 else min(low, last)],
        facts.most_pct[0 if high < 0 else min(high, last)],
    )


def raise_for_cold(most_pct: float, temperature_c: float | None, facts: BatteryFacts) -> float:
    """The most charge, since in the cold a battery seems emptier than it is. Where no probe
    measures how cold it is, it may be so.
    """
    celsius = UNKNOWN_COLD_C if temperature_c is None else temperature_c
    cold_pct = compute_cell_unavailable_pct(facts.cell, celsius)
    return cold_pct + most_pct * (1 - cold_pct / 100)


def interpolate(points: Sequence[tuple[float, float]], x: float) -> float:
    """Piecewise linear through rising `points`; constant outside of them."""
    if x <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in pairwise(points):
        if x <= right:
            return low + (high - low) * (x - left) / (right - left)
    return points[-1][1]
