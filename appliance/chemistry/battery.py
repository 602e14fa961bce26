"""The battery of the settings: its profile, its cells, its capacity and its resistance.

Reads and writes: nothing; pure.
Never: guesses between two numbers of cells (`find_cell_count_error`).
"""

from dataclasses import replace

from appliance.chemistry.lead_acid import AGM, FLOODED, GEL, UNKNOWN_KIND
from appliance.chemistry.lfp import LFP
from appliance.chemistry.profile import ChemistryProfile
from appliance.settings import BatterySettings, Chemistry
from appliance.wording.sentence import say

PROFILES: dict[Chemistry, ChemistryProfile] = {
    Chemistry.LFP: LFP,
    Chemistry.FLOODED: FLOODED,
    Chemistry.AGM: AGM,
    Chemistry.GEL: GEL,
    Chemistry.LEAD_ACID: UNKNOWN_KIND,
}
SOLD_AS_V = 12.0  # batteries are sold as 12, 24, 36, 48 V, whatever their cells add up to
NEAR_NOMINAL = 0.01  # of the nominal voltage of n cells: the settings' figure is that
# Of the nominal voltage of n cells: within it a figure can be meant for them (48 V for 16 of LFP).
SAID_OF_CELLS = (0.92, 1.08)
MOST_CELLS = 50
BLOCK_CELLS = 3  # lead-acid is sold in blocks of 6 and 12 V; a bank of 2 V cells has as many
CABLES_OHM = 0.012  # 3 m there and back of 10 mm2 copper, a fuse, the transistors of a BMS


def get_profile(battery: BatterySettings) -> ChemistryProfile:
    """The figures of this battery's chemistry."""
    return PROFILES[battery.chemistry]


def count_cells(battery: BatterySettings) -> int:
    """Cells in series: the settings' figure, or as many as make up the nominal voltage."""
    if battery.cells is not None:
        return battery.cells
    return max(1, round(battery.nominal_voltage_v / get_profile(battery).nominal_v))


def find_cell_count_error(battery: BatterySettings) -> str:
    """Why the number of cells is not certain; empty where it is."""
    cell_v, volts = get_profile(battery).nominal_v, battery.nominal_voltage_v
    possible = [n for n in range(1, MOST_CELLS) if is_meant_for(n, cell_v, volts)]
    if battery.cells is not None:
        if battery.cells in possible:
            return ""
        whole_v = battery.cells * cell_v
        return say(
            "{volts:g} V is not said of {cells} cells of {cell_v:g} V ({whole_v:g} V)",
            volts=volts,
            cells=battery.cells,
            cell_v=cell_v,
            whole_v=whole_v,
        )
    is_exact = abs(volts / cell_v / count_cells(battery) - 1) <= NEAR_NOMINAL
    is_sold_as = volts % SOLD_AS_V == 0 and SOLD_AS_V % cell_v != 0
    if len(possible) == 1 or (is_exact and not is_sold_as):
        return find_block_error(battery)
    if not possible:
        return say(
            "no number of cells of {cell_v:g} V has {volts:g} V: give the voltage as sold",
            cell_v=cell_v,
            volts=volts,
        )
    said = " or ".join(map(str, possible))
    return say(
        "{volts:g} V is said of {said} cells of {cell_v:g} V: set `cells` under [battery] "
        "to what the data sheet or the BMS says",
        volts=volts,
        said=said,
        cell_v=cell_v,
    )


def find_block_error(battery: BatterySettings) -> str:
    """Why lead-acid of this voltage is none that is sold; empty where it is."""
    if not get_profile(battery).has_acid or count_cells(battery) % BLOCK_CELLS == 0:
        return ""
    return say(
        "no lead-acid battery is sold as {nominal_voltage_v:g} V: give the voltage as sold "
        "(12, 24, 36, 48 V), or set `cells` under [battery] where it has another number",
        nominal_voltage_v=battery.nominal_voltage_v,
    )


def is_meant_for(cells: int, cell_v: float, volts: float) -> bool:
    """Whether a nominal voltage can be meant for so many cells."""
    low, high = SAID_OF_CELLS
    return low <= volts / (cells * cell_v) <= high


def compute_capacity_ah(battery: BatterySettings) -> float:
    """Charge of the full battery: the rated energy over the nominal voltage, both as sold."""
    return battery.capacity_wh / battery.nominal_voltage_v


def take_share(battery: BatterySettings, share: float) -> BatterySettings:
    """The part of a battery of several packs that is connected; all of it where nothing is."""
    if not 0 < share < 1:
        return battery
    return replace(battery, capacity_wh=battery.capacity_wh * share)


def find_resistance_ohm(battery: BatterySettings) -> float:
    """From the battery to where its voltage is measured: the settings' figure, or by its size."""
    if battery.resistance_ohm is not None:
        return battery.resistance_ohm
    profile = get_profile(battery)
    cell_ohm = profile.cell_ohm_ah / compute_capacity_ah(battery)
    return count_cells(battery) * cell_ohm + CABLES_OHM
