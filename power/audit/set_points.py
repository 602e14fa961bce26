"""What a charge controller or a BMS is set to, against the battery of the settings.

Reads and writes: nothing; pure.
Never: has a threshold of its own; each is of appliance/chemistry, in V of one cell.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from appliance.chemistry import ChemistryProfile, count_cells, get_profile
from appliance.model_set_points import SetPoints
from appliance.settings import BatterySettings
from power.audit.finding import AuditResult, Finding, Range, judge_words

CELL_SLACK_V = 0.005  # of one cell: what a device rounds to (Renogy: 0.1 V of 12 V)
CELL_SLACK_MV_PER_C = 0.3  # of one cell: in steps of 1 mV of 12 V and more
FROST_SLACK_C = 0.5
SOLD_AS_V = 12.0
OTHER_KIND = "its voltages are those of another kind of battery"
OTHER_CELLS = "its voltages are for another number of cells, or `cells` in the settings is wrong"
DARK = (
    "the computer powers off early, so as not to lose power without a shutdown, and the loads at "
    "its output have no power until the reconnect voltage"
)
BATTERY_LIFE = (
    "it raises the disconnect voltage day by day while the battery does not become full, until it "
    "disconnects this computer before it has shut down cleanly"
)


def audit_set_points(set_points: SetPoints, battery: BatterySettings) -> list[Finding]:
    """One finding for each set-point that the device can have; those that it gives are judged."""
    rules = CHARGER_RULES if set_points.uvp_v is None else BMS_RULES
    cell, cells = get_profile(battery), count_cells(battery)
    return [finding for rule in rules for finding in rule(set_points, cell, cells)]


def judge_battery(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """The kind of battery and its cells, as the device believes."""
    is_other = one.is_lithium is not None and one.is_lithium is cell.has_acid
    yield judge_words(
        "battery type",
        set_to=one.battery_type,
        should_be=f"{cell.title}, or user",
        harm=OTHER_KIND if is_other else "",
    )
    if one.cells is not None:
        harm = "" if one.cells == cells else OTHER_CELLS
        yield judge_words("cells", set_to=str(one.cells), should_be=str(cells), harm=harm)


def judge_system_v(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """The nominal voltage: batteries are sold as 12, 24, 36 and 48 V."""
    nominal_v = SOLD_AS_V * max(1, round(cells * cell.nominal_v / SOLD_AS_V))
    allowed = Range(nominal_v, nominal_v, OTHER_CELLS, OTHER_CELLS, digits=0)
    yield allowed.judge("system voltage", one.system_v)


def judge_charging(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Absorption and float."""
    limits, slack_v = cell.charger, CELL_SLACK_V * cells
    absorption = Range(
        limits.absorption_least_v * cells,
        limits.absorption_most_v * cells,
        "the battery never becomes full",
        "the cells are overcharged",
        slack=slack_v,
    )
    yield absorption.judge("absorption", one.absorption_v)
    floating = Range(
        limits.float_least_v * cells,
        limits.float_most_v * cells,
        "a full battery is discharged before it is charged again",
        "a full battery is held too high for hours, which ages it",
        slack=slack_v,
    )
    yield floating.judge("float", one.float_v)


def judge_equalization(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Where it harms never, but for one that is no higher than absorption; else up to the highest
    voltage of the cell.
    """
    name, harms = "equalization", cell.equalize_v is None
    most_v = cell.highest_v * cells
    if harms:
        most_v = one.absorption_v or cell.charger.absorption_least_v * cells
    should_be = "off" if harms else f"off, or up to {most_v:.2f} V"
    if one.equalizes is False:
        yield judge_words(name, set_to="off", should_be=should_be)
    elif one.equalizes is None or one.equalize_v is None:
        yield judge_words(name, set_to=None, should_be=should_be)
    else:
        is_harmless = one.equalize_v <= most_v + CELL_SLACK_V * cells
        harm = "" if is_harmless else "it holds the cells too high for hours"
        yield judge_words(name, set_to=f"{one.equalize_v:.2f} V", should_be=should_be, harm=harm)


def judge_compensation(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """In mV per C of the whole battery."""
    allowed = Range(
        1000 * cell.charger.compensation_strongest_v_per_c * cells,
        1000 * cell.charger.compensation_weakest_v_per_c * cells,
        "it charges too high in the cold and too low in the heat",
        "it charges too low in the cold and too high in the heat",
        "mV/C",
        0,
        CELL_SLACK_MV_PER_C * cells,
    )
    value = one.compensation_v_per_c
    found = allowed.judge("temperature compensation", None if value is None else 1000 * value)
    yield replace(found, should_be=f"{1000 * cell.compensation_v_per_c * cells:.0f} mV/C")


def judge_disconnect(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Low-voltage disconnect and reconnect of the load output, where loads are wired to it."""
    limits = cell.charger
    disconnect = Range(
        limits.lvd_least_v * cells,
        (cell.floor_v - limits.lvd_margin_v) * cells,
        "it protects nothing: the battery is empty, or its BMS disconnects first",
        DARK,
        slack=CELL_SLACK_V * cells,
    )
    reconnect = Range(
        cell.recovered_v * cells,
        cell.float_v * cells,
        "the loads come back while the battery is nearly empty",
        "the loads stay without power until the battery is nearly full",
    )
    if one.raises_lvd and one.loads_on_output:
        should_be = f"user levels, disconnect at {disconnect.describe()}"
        yield judge_words(
            "load output", set_to="BatteryLife", should_be=should_be, harm=BATTERY_LIFE
        )
        return
    found = (
        disconnect.judge("low-voltage disconnect", one.lvd_v),
        reconnect.judge("low-voltage reconnect", one.lvr_v),
    )
    yield from found if one.loads_on_output else map(set_aside, found)


def judge_frost(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:  # noqa: ARG001
    """Where charging is disabled in the cold."""
    name, from_c = "charging disabled below", one.charge_from_c
    set_to = None if from_c is None else f"{from_c:.0f} C"
    if cell.is_harmed_by_frost:
        is_right = from_c is None or from_c >= cell.charge_from_c - FROST_SLACK_C
        harm = "" if is_right else "charging in frost destroys the cells, without a sign at first"
        yield judge_words(
            name, set_to=set_to, should_be=f"{cell.charge_from_c:.0f} C or more", harm=harm
        )
    elif from_c is not None:
        harm = "this battery may be charged in frost, and is left empty" if from_c >= 0 else ""
        yield judge_words(name, set_to=set_to, should_be=f"{cell.charge_from_c:.0f} C", harm=harm)


def judge_protection(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Under-voltage and over-voltage protection (UVP, OVP) of a BMS, of one cell."""
    limits, own_cells = cell.charger, one.cells or cells
    under = Range(
        0.0,
        cell.floor_v - limits.lvd_margin_v,
        "",
        "the BMS disconnects the battery before this computer has shut down cleanly",
        slack=CELL_SLACK_V,
    )
    over = Range(
        limits.absorption_least_v,
        limits.ovp_most_v,
        "the BMS disables charging before the battery is full",
        "the BMS lets the cells be overcharged",
        slack=CELL_SLACK_V,
    )
    uvp_v = None if one.uvp_v is None else one.uvp_v / own_cells
    ovp_v = None if one.ovp_v is None else one.ovp_v / own_cells
    found = under.judge("under-voltage protection of a cell", uvp_v)
    yield replace(found, should_be=f"at most {under.high:.2f} V")
    yield over.judge("over-voltage protection of a cell", ovp_v)


def set_aside(finding: Finding) -> Finding:
    """The same where the output has no loads: shown, and not judged."""
    return replace(finding, result=AuditResult.NOT_USED, harm="")


Rule = Callable[[SetPoints, ChemistryProfile, int], Iterator[Finding]]
CHARGER_RULES: tuple[Rule, ...] = (
    judge_battery,
    judge_system_v,
    judge_charging,
    judge_equalization,
    judge_compensation,
    judge_disconnect,
    judge_frost,
)
BMS_RULES: tuple[Rule, ...] = (judge_battery, judge_protection, judge_frost)
