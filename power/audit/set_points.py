"""What a charge controller or a BMS is set to, against the battery of the settings.

Charging is judged here, what disconnects in power/audit/disconnects.py.

Reads and writes: nothing; pure.
Never: has a threshold of its own; each is of appliance/chemistry, in V of one cell.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from appliance.chemistry import ChemistryProfile, count_cells, get_profile
from appliance.model_set_points import SetPoints
from appliance.settings import BatterySettings
from appliance.wording.sentence import say
from power.audit.disconnects import (
    CELL_SLACK_V,
    judge_frost,
    judge_heat,
    judge_load_output,
    judge_protection,
)
from power.audit.finding import Finding, Range, judge_words

CELL_SLACK_MV_PER_C = 0.3  # of one cell: in steps of 1 mV of 12 V and more
SOLD_AS_V = 12.0
OTHER_KIND = say("its voltages are those of another kind of battery")
OTHER_LITHIUM = "NMC"  # in a device's words; none of the supported chemistries
NO_FLOAT = say("none: it charges anew below a voltage")
OTHER_CELLS = say(
    "its voltages are for another number of cells, or `cells` in the settings is wrong"
)


def audit_set_points(
    set_points: SetPoints, battery: BatterySettings, bms_uvp_v: float | None = None
) -> list[Finding]:
    """One finding for each set-point that the device can have; those that it gives are judged.
    `bms_uvp_v`: where the first BMS disconnects, V of the battery; None: not known.
    """
    rules = CHARGER_RULES if set_points.uvp_v is None else BMS_RULES
    cell, cells = get_profile(battery), count_cells(battery)
    found = [finding for rule in rules for finding in rule(set_points, cell, cells)]
    if set_points.uvp_v is None:
        found += judge_load_output(set_points, cell, cells, bms_uvp_v)
    return found


def find_first_uvp_v(found: Iterable[SetPoints]) -> float | None:
    """Where the first BMS disconnects, V of the battery; None where none gives it."""
    return max((one.uvp_v for one in found if one.uvp_v is not None), default=None)


def judge_battery(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """The kind of battery and its cells, as the device believes."""
    is_other = one.is_lithium is not None and one.is_lithium is cell.has_acid
    is_other |= OTHER_LITHIUM in (one.battery_type or "")
    yield judge_words(
        say("battery type"),
        set_to=one.battery_type,
        should_be=say("{cell}, or user", cell=cell.title),
        harm=OTHER_KIND if is_other else "",
    )
    if one.cells is not None:
        harm = "" if one.cells == cells else OTHER_CELLS
        yield judge_words("cells", set_to=str(one.cells), should_be=str(cells), harm=harm)


def judge_system_v(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """The nominal voltage: batteries are sold as 12, 24, 36 and 48 V."""
    nominal_v = SOLD_AS_V * max(1, round(cells * cell.nominal_v / SOLD_AS_V))
    allowed = Range(nominal_v, nominal_v, OTHER_CELLS, OTHER_CELLS, digits=0)
    yield allowed.judge(say("system voltage"), one.system_v)


def judge_charging(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Absorption and float."""
    limits, slack_v = cell.charger, CELL_SLACK_V * cells
    absorption = Range(
        limits.absorption_least_v * cells,
        limits.absorption_most_v * cells,
        say("the battery never becomes full"),
        say("the cells are overcharged"),
        slack=slack_v,
    )
    yield absorption.judge("absorption", one.absorption_v)
    if one.floats is False:
        yield judge_words(
            "float", set_to=NO_FLOAT, should_be=say("none, or as the battery needs it")
        )
    else:
        yield judge_float(one, cell, cells)
    if one.recharge_v is not None:
        yield judge_recharge(one, cell, cells)


def judge_float(one: SetPoints, cell: ChemistryProfile, cells: int) -> Finding:
    """What a full battery is held at."""
    limits, slack_v = cell.charger, CELL_SLACK_V * cells
    floating = Range(
        limits.float_least_v * cells,
        limits.float_most_v * cells,
        say("a full battery is discharged before it is charged again"),
        say("a full battery is held too high for hours, which ages it"),
        slack=slack_v,
    )
    return floating.judge("float", one.float_v)


def judge_recharge(one: SetPoints, cell: ChemistryProfile, cells: int) -> Finding:
    """Where absorption begins anew: below what a full battery is held at."""
    highest_v = one.float_v or cell.charger.float_most_v * cells
    allowed = Range(
        cell.charger.recharge_least_v * cells,
        max(highest_v, cell.charger.recharge_least_v * cells),
        say("a battery that was discharged is not charged fully again"),
        say("absorption begins anew all day, which ages a full battery"),
        slack=CELL_SLACK_V * cells,
    )
    return allowed.judge(say("recharge below"), one.recharge_v)


def judge_over_voltage(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Where the controller stops charging at once, where it gives that."""
    allowed = Range(
        one.absorption_v or cell.charger.absorption_least_v * cells,
        cell.charger.over_voltage_most_v * cells,
        say("it stops charging before the battery is full"),
        say("a charge control that fails overcharges the cells"),
        slack=CELL_SLACK_V * cells,
    )
    if one.over_voltage_v is not None:
        yield allowed.judge(say("over-voltage disconnect"), one.over_voltage_v)


def judge_equalization(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Where it harms never, but for one that is no higher than absorption; else up to the highest
    voltage of the cell.
    """
    name, harms = "equalization", cell.equalize_v is None
    most_v = cell.highest_v * cells
    if harms:
        most_v = one.absorption_v or cell.charger.absorption_least_v * cells
    should_be = say("off") if harms else say("off, or up to {most_v:.2f} V", most_v=most_v)
    if one.equalizes is False:
        yield judge_words(name, set_to="off", should_be=should_be)
    elif one.equalizes is None or one.equalize_v is None:
        yield judge_words(name, set_to=None, should_be=should_be)
    else:
        is_harmless = one.equalize_v <= most_v + CELL_SLACK_V * cells
        harm = "" if is_harmless else say("it holds the cells too high for hours")
        yield judge_words(
            name,
            set_to=say("{volts:.2f} V", volts=one.equalize_v),
            should_be=should_be,
            harm=harm,
        )


def judge_compensation(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """In mV per C of the whole battery."""
    allowed = Range(
        1000 * cell.charger.compensation_strongest_v_per_c * cells,
        1000 * cell.charger.compensation_weakest_v_per_c * cells,
        say("it charges too high in the cold and too low in the heat"),
        say("it charges too low in the cold and too high in the heat"),
        "mV/C",
        0,
        CELL_SLACK_MV_PER_C * cells,
    )
    value = one.compensation_v_per_c
    found = allowed.judge(say("temperature compensation"), None if value is None else 1000 * value)
    yield replace(
        found,
        should_be=say(
            "{millivolt:.0f} mV/C",
            millivolt=1000 * cell.compensation_v_per_c * cells,
        ),
    )


Rule = Callable[[SetPoints, ChemistryProfile, int], Iterator[Finding]]
CHARGER_RULES: tuple[Rule, ...] = (
    judge_battery,
    judge_system_v,
    judge_charging,
    judge_equalization,
    judge_compensation,
    judge_over_voltage,
    judge_frost,
    judge_heat,
)
BMS_RULES: tuple[Rule, ...] = (judge_battery, judge_protection, judge_frost)
