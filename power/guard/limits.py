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
from appliance.wording.sentence import say

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
LVD_MARGIN = 1 / 64  # of the nominal voltage, above a disconnect: 0.2 V of 12.8
# Of that margin, where it would keep loads off a battery that is far from empty. It is more than a
# meter may be off by.
LEAST_MARGIN = 0.5
OF_LVD = say(
    "above the low-voltage disconnect of the load output, or the BMS's under-voltage protection"
)
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
    battery: BatterySettings,
    energy: EnergySettings,
    lvd_v: float | None = None,
    cell_uvp_v: float | None = None,
) -> Limits:
    """The limits of these settings. `lvd_v`: where a controller's load output disconnects, of the
    whole battery; `cell_uvp_v`: where its BMS does, of one cell.
    """
    profile, cells = get_profile(battery), count_cells(battery)
    nominal_v, lvd_v = cells * profile.nominal_v, select_lvd_v(lvd_v, profile, cells)
    cell = raise_above(follow_uvp(profile, cell_uvp_v), lvd_v / cells)
    clean_pct = energy.full_power_w * SHUTDOWN_S / 3600 / battery.capacity_wh * 100
    floor_pct = max(energy.off_below_pct, LEAST_FLOOR_PCT, clean_pct)
    return Limits(
        cell=cell,
        cells=cells,
        lowest_v=LOWEST_SHARE * nominal_v,
        highest_v=cells * cell.plausible_v,
        capacity_wh=battery.capacity_wh,
        capacity_ah=compute_capacity_ah(battery),
        resistance_ohm=find_resistance_ohm(battery),
        cell_ohm=cell.cell_ohm_ah / compute_capacity_ah(battery),
        deepest_sag_v=max(DEEPEST_SAG * nominal_v, lvd_v + LVD_MARGIN * nominal_v),
        charges_below_zero=not cell.is_harmed_by_frost,
        charging_a=CHARGING_C_RATE * compute_capacity_ah(battery),
        empty_pct=max(LEAST_FLOOR_PCT, clean_pct),
        floor_pct=floor_pct,
        hibernate_pct=(floor_pct + energy.sentinel_from_pct) / 2,
        sentinel_pct=energy.sentinel_from_pct,
        silent=compute_silent_ages(battery, energy),
        frozen=compute_frozen_ages(battery, energy),
    )


def is_possible_disconnect(disconnect_v: float, cell: ChemistryProfile) -> bool:
    """Whether this voltage of a cell can be meant for it; else it is not followed. Above `held_v`
    only a charger would hold it: such a figure is that of another battery.
    """
    return LOWEST_SHARE * cell.nominal_v <= disconnect_v <= cell.held_v


def select_lvd_v(lvd_v: float | None, cell: ChemistryProfile, cells: int) -> float:
    """The disconnect voltage that is followed; 0 for none."""
    return lvd_v if lvd_v is not None and is_possible_disconnect(lvd_v / cells, cell) else 0.0


def follow_uvp(cell: ChemistryProfile, uvp_v: float | None) -> ChemistryProfile:
    """The chemistry's limits above the under-voltage protection of its BMS, where that is known."""
    if uvp_v is None or not is_possible_disconnect(uvp_v, cell):
        return cell
    disconnect_v = max(cell.disconnect_v, uvp_v + LVD_MARGIN * cell.nominal_v)
    return replace(raise_above(cell, uvp_v), disconnect_v=Figure(disconnect_v, OF_LVD))


def raise_above(cell: ChemistryProfile, disconnect_v: float) -> ChemistryProfile:
    """The chemistry's limits, with the floor above a disconnect by a margin: it takes the unit down
    uncleanly, and a load output stays dark until its reconnect. Where loads may run again at a
    lower voltage than that, half of the margin is left (the audit says so).
    """
    margin_v = LVD_MARGIN * cell.nominal_v
    wanted_v, least_v = disconnect_v + margin_v, disconnect_v + LEAST_MARGIN * margin_v
    if wanted_v <= cell.floor_v:
        return cell
    floor_v = wanted_v if wanted_v <= cell.recovered_v else max(cell.recovered_v, least_v)
    share = 1 / 2 if floor_v <= cell.recovered_v else 1 / 4
    low_v = max(cell.low_v, floor_v + share * (cell.low_v - cell.floor_v))
    recovered_v = max(cell.recovered_v, low_v + share * (cell.recovered_v - cell.low_v))
    return replace(
        cell,
        floor_v=Figure(round(floor_v, 3), OF_LVD),
        low_v=Figure(round(low_v, 3), OF_LVD),
        recovered_v=Figure(round(recovered_v, 3), OF_LVD),
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
