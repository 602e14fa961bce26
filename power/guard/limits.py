"""The guard's limits: voltages of a cell, floors of charge, and how long silence allows what.

Reads and writes: nothing; pure, worked out once for each settings.
Never: depends on a reading.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from appliance.chemistry import (
    ChemistryProfile,
    Figure,
    compute_capacity_ah,
    count_cells,
    find_resistance_ohm,
    get_profile,
)
from appliance.settings import BatterySettings, EnergySettings

NO_RISE_AFTER_S, ECO_AFTER_S, SENTINEL_AFTER_S = 60.0, 600.0, 3600.0
# Nothing that measures a battery reports exactly the same for so long, but for a coarse meter and a
# steady load; power/reading/plausibility.py waits as long.
FROZEN_AFTER_S = 1800.0
# Of the capacity: what the loads may use while nothing is measured. At the lowest voltage that lets
# them run, twice as much is left (power/guard/guard.py); half of it at most goes to FULL and ECO.
SILENT_SHARE = 0.03
CHARGING_C_RATE = 0.01  # C/100: a current sensor may be off by half of that
LEAST_FLOOR_PCT = 10.0
SHUTDOWN_S = 120.0  # of full power: what a clean shutdown may take


class Ages(NamedTuple):
    """Ages from which on no more than that level is allowed."""

    eco_s: float
    sentinel_s: float
    hibernate_s: float


# Of the nominal voltage. Below it no computer would run to see it: a reading error.
LOWEST_SHARE = 0.6
HIGHEST_LVD = 1.01  # of the nominal voltage: makers' highest are 12.0 V (lead-acid), 12.85 V (LFP)
LVD_MARGIN = 1 / 64  # of the nominal voltage, above an LVD: 0.2 V of 12.8
OF_LVD = "above the low-voltage disconnect of the controller's load output"
DEEPEST_SAG = 0.8  # of the nominal voltage: below it inverters disconnect (10.2 of 12.8 V)


@dataclass(frozen=True, slots=True)
class Limits:
    """Everything that the settings decide.

    `cells` in series; a battery has `lowest_v` to `highest_v`, or is misread. Loads stop below
    `hibernate_pct` of charge, and the computer below `floor_pct`; below `empty_pct` nothing is left
    whatever the settings say. `silent` are ages of the last
    reading, `frozen` of the last one that reported anything new.
    """

    cell: ChemistryProfile
    cells: int
    lowest_v: float
    highest_v: float
    capacity_wh: float
    capacity_ah: float
    resistance_ohm: float
    cell_ohm: float
    deepest_sag_v: float
    charges_below_zero: bool
    charging_a: float
    empty_pct: float
    floor_pct: float
    hibernate_pct: float
    sentinel_pct: float
    silent: Ages
    frozen: Ages


@lru_cache(maxsize=32)
def derive_limits(
    battery: BatterySettings, energy: EnergySettings, lvd_v: float | None = None
) -> Limits:
    """The limits of these settings. `lvd_v`: where a controller's load output disconnects."""
    nominal_v = count_cells(battery) * get_profile(battery).nominal_v
    lvd_v = lvd_v if is_possible_lvd(lvd_v, nominal_v) else None
    cell = raise_above_lvd(get_profile(battery), lvd_v, count_cells(battery))
    clean_wh = energy.full_power_w * SHUTDOWN_S / 3600
    clean_pct = clean_wh / battery.capacity_wh * 100
    floor_pct = max(energy.off_below_pct, LEAST_FLOOR_PCT, clean_pct)
    return Limits(
        cell=cell,
        cells=count_cells(battery),
        lowest_v=LOWEST_SHARE * nominal_v,
        highest_v=count_cells(battery) * cell.plausible_v,
        capacity_wh=battery.capacity_wh,
        capacity_ah=compute_capacity_ah(battery),
        resistance_ohm=find_resistance_ohm(battery),
        cell_ohm=cell.cell_ohm_ah / compute_capacity_ah(battery),
        deepest_sag_v=max(DEEPEST_SAG * nominal_v, (lvd_v or 0.0) + LVD_MARGIN * nominal_v),
        charges_below_zero=not cell.is_harmed_by_frost,
        charging_a=CHARGING_C_RATE * compute_capacity_ah(battery),
        empty_pct=max(LEAST_FLOOR_PCT, clean_pct),
        floor_pct=floor_pct,
        hibernate_pct=(floor_pct + energy.sentinel_from_pct) / 2,
        sentinel_pct=energy.sentinel_from_pct,
        silent=compute_silent_ages(battery, energy),
        frozen=compute_frozen_ages(battery, energy),
    )


def is_possible_lvd(lvd_v: float | None, nominal_v: float) -> bool:
    """Whether a battery of this nominal voltage can be meant with it; else it is not followed."""
    return lvd_v is not None and LOWEST_SHARE <= lvd_v / nominal_v <= HIGHEST_LVD


def raise_above_lvd(cell: ChemistryProfile, lvd_v: float | None, cells: int) -> ChemistryProfile:
    """The chemistry's limits, with the floor above the low-voltage disconnect by a margin: a load
    output that disconnects takes the unit down uncleanly, and it stays dark until its reconnect.

    One that is set above `recovered_v` is not followed further than that (the audit says so).
    """
    if lvd_v is None:
        return cell
    wanted_v = lvd_v / cells + LVD_MARGIN * cell.nominal_v
    if wanted_v <= cell.floor_v:
        return cell
    floor_v = min(wanted_v, cell.recovered_v)
    low_v = max(cell.low_v, floor_v + (cell.low_v - cell.floor_v) / 2)
    recovered_v = max(cell.recovered_v, low_v + (cell.recovered_v - cell.low_v) / 2)
    return replace(
        cell,
        floor_v=Figure(floor_v, OF_LVD),
        low_v=Figure(low_v, OF_LVD),
        recovered_v=Figure(recovered_v, OF_LVD),
    )


def compute_silent_ages(battery: BatterySettings, energy: EnergySettings) -> Ages:
    """The usual ages, shorter for a small battery, and when listening ends as well."""
    allowed_wh = SILENT_SHARE * battery.capacity_wh
    full_wh = energy.full_power_w * ECO_AFTER_S / 3600
    eco_wh = energy.eco_power_w * (SENTINEL_AFTER_S - ECO_AFTER_S) / 3600
    shrink = min(1.0, allowed_wh / 2 / (full_wh + eco_wh))
    left_wh = allowed_wh - shrink * (full_wh + eco_wh)
    sentinel_s = shrink * SENTINEL_AFTER_S
    hibernate_s = sentinel_s + left_wh / energy.sentinel_power_w * 3600
    return Ages(shrink * ECO_AFTER_S, sentinel_s, hibernate_s)


def compute_frozen_ages(battery: BatterySettings, energy: EnergySettings) -> Ages:
    """The same where a meter answers and reports nothing new. These ages are not shortened: a
    coarse meter may well report the same for a while.
    """
    used_wh = energy.full_power_w * FROZEN_AFTER_S / 3600
    used_wh += energy.eco_power_w * (SENTINEL_AFTER_S - FROZEN_AFTER_S) / 3600
    left_wh = max(0.0, SILENT_SHARE * battery.capacity_wh - used_wh)
    hibernate_s = SENTINEL_AFTER_S + left_wh / energy.sentinel_power_w * 3600
    return Ages(FROZEN_AFTER_S, SENTINEL_AFTER_S, hibernate_s)
