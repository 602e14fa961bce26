"""Voltage curves: what a battery's voltage shows of its charge, by the table of its chemistry.

Reads and writes: nothing; pure.
Never: claims more than a voltage can show. LFP is flat between 20 and 90 %: little, there.
"""

from dataclasses import dataclass
from functools import lru_cache

from appliance.chemistry import (
    ChemistryProfile,
    compute_capacity_ah,
    count_cells,
    find_resistance_ohm,
    get_profile,
)
from appliance.chemistry.profile import interpolate
from appliance.settings import BatterySettings

RESISTANCE = (0.5, 1.5)  # of the default, that it may really be: age, a bad crimp
CHARGING_RESISTANCE = (0.5, 5.0)  # a thin wire must not make a battery that is charged seem full
FREEZING_RESISTANCE = (0.5, 5.0)  # below 0 C, or where no probe measures how cold it is
COLD_CELLS = 4.0  # of the cells' own resistance, that freezing may add to a learned one
SURE_SIGMAS = 2.0  # of a learned resistance, to both sides
POLARISED_V = 0.1  # per cell at 1 C: what a current leaves behind for a while
UNKNOWN_COLD_C = 5.0  # how cold a battery without a probe may be
VOLTAGE_SIGMA_LIMIT_PCT = 30.0  # a charge that could be anything from 0 to 100 % has a sigma of 29
WIDTH_PER_SIGMA = 4.0
SIGMAS_TO_AN_END = 2.0
GRID_V = 0.002  # per cell


@dataclass(frozen=True, slots=True)
class UncertainCharge:
    """A charge and one standard deviation of it, both in % of the capacity."""

    charge_pct: float
    sigma_pct: float


@dataclass(frozen=True, slots=True)
class Resistance:
    """What has been learned of the resistance from the battery to where its voltage is measured:
    the last steps (ohm), and from enough of them the resistance; None while it is not known.
    """

    steps_ohm: tuple[float, ...] = ()
    ohm: float | None = None
    sigma_ohm: float = 0.0


UNKNOWN_RESISTANCE = Resistance()


@dataclass(frozen=True, slots=True)
class BatteryFacts:
    """What every step needs of one battery, derived once. `least_pct` and `most_pct` are the
    rested curve in steps of `GRID_V` from `lowest_v` on.
    """

    profile: ChemistryProfile
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
    profile, ah = get_profile(settings), compute_capacity_ah(settings)
    rested = profile.rested.points
    low_v, high_v = rested[0][0], rested[-1][0]
    grid = [low_v + GRID_V * step for step in range(round((high_v - low_v) / GRID_V) + 1)]
    least = [(row[0], row[1]) for row in rested]
    most = [(row[0], row[3]) for row in rested]
    return BatteryFacts(
        profile=profile,
        cells=count_cells(settings),
        capacity_ah=ah,
        capacity_wh=settings.capacity_wh,
        cell_ohm=find_resistance_ohm(settings) / count_cells(settings),
        pct_per_as=100 / ah / 3600,
        lowest_v=low_v,
        least_pct=tuple(interpolate(least, volts) for volts in grid),
        most_pct=tuple(interpolate(most, volts) for volts in grid),
    )


def compute_cold_unavailable_pct(settings: BatterySettings, temperature_c: float | None) -> float:
    """Charge (%) that is unavailable in the cold: the last part, there again when it is warm. At
    the rates of the makers' sheets, as a plan for days has it.

    An unknown temperature makes nothing unavailable; the guard's voltage floor protects then.
    """
    return compute_profile_unavailable_pct(get_profile(settings), temperature_c)


def compute_profile_unavailable_pct(
    profile: ChemistryProfile, temperature_c: float | None, c_rate: float | None = None
) -> float:
    """The same of one chemistry: the less, the lower the `c_rate` of the loads; an unknown one is
    that of the sheets.
    """
    if temperature_c is None:
        return 0.0
    return (1 - profile.find_usable_share(temperature_c, c_rate)) * 100


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
    usual = [(row[0], row[2]) for row in facts.profile.rested.points]
    charge_pct = interpolate(usual, voltage_v / facts.cells - (current_a or 0.0) * facts.cell_ohm)
    may_be_freezing = temperature_c is None or temperature_c < 0
    least_pct, most_pct = bound_charge(
        voltage_v, current_a or 0.0, may_be_freezing=may_be_freezing, facts=facts
    )
    most_pct = raise_for_cold(most_pct, temperature_c, facts)
    # The usual charge lies on one side of the range: two sigma must reach its farther end.
    farther_pct = max(charge_pct - least_pct, most_pct - charge_pct)
    sigma_pct = max(2.0, farther_pct / SIGMAS_TO_AN_END)
    return UncertainCharge(charge_pct, min(VOLTAGE_SIGMA_LIMIT_PCT, sigma_pct))


def bound_charge(
    voltage_v: float,
    current_a: float,
    *,
    may_be_freezing: bool,
    facts: BatteryFacts,
    resistance: Resistance = UNKNOWN_RESISTANCE,
) -> tuple[float, float]:
    """The least and the most charge (%) that a sound battery can have at this voltage.

    `may_be_freezing`: it is so cold, or may be, that the resistance is several times the usual.
    """
    cell_v = voltage_v / facts.cells
    usual = CHARGING_RESISTANCE if current_a > 0 else RESISTANCE
    shares = FREEZING_RESISTANCE if may_be_freezing else usual
    soft_ohm, hard_ohm = shares[0] * facts.cell_ohm, shares[1] * facts.cell_ohm
    if resistance.ohm is not None:
        soft_ohm, hard_ohm = bound_learned(resistance, facts, may_be_freezing=may_be_freezing)
    left_v = POLARISED_V * current_a / facts.capacity_ah
    soft_v, hard_v = soft_ohm * current_a, hard_ohm * current_a
    if current_a > 0:
        low_v, high_v = cell_v - hard_v - left_v, cell_v - soft_v + left_v
    else:
        low_v, high_v = cell_v - soft_v + left_v, cell_v - hard_v - left_v
    last = len(facts.least_pct) - 1
    low = int((low_v - facts.lowest_v) / GRID_V + 0.5)
    high = int((high_v - facts.lowest_v) / GRID_V + 0.5)
    return (
        facts.least_pct[0 if low < 0 else min(low, last)],
        facts.most_pct[0 if high < 0 else min(high, last)],
    )


def bound_learned(
    resistance: Resistance, facts: BatteryFacts, *, may_be_freezing: bool
) -> tuple[float, float]:
    """The least and the most resistance (ohm) that each cell may have, wires and all: what was
    learned, and what a current leaves behind over minutes.
    """
    unsure_ohm = SURE_SIGMAS * resistance.sigma_ohm / facts.cells
    learned_ohm = (resistance.ohm or 0.0) / facts.cells
    own_ohm = facts.profile.cell_ohm_ah / facts.capacity_ah
    slow_ohm = own_ohm * (1 + COLD_CELLS) if may_be_freezing else own_ohm
    return max(0.0, learned_ohm - unsure_ohm), learned_ohm + unsure_ohm + slow_ohm


def raise_for_cold(most_pct: float, temperature_c: float | None, facts: BatteryFacts) -> float:
    """The most charge, since in the cold a battery seems emptier than it is. Where no probe
    measures how cold it is, it may be so.
    """
    celsius = UNKNOWN_COLD_C if temperature_c is None else temperature_c
    cold_pct = compute_profile_unavailable_pct(facts.profile, celsius)
    return cold_pct + most_pct * (1 - cold_pct / 100)
