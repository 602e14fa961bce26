"""What disconnects the battery, the loads or the charge, and at what it is set to.

Reads and writes: nothing; pure.
Never: has a threshold of its own; each is of appliance/chemistry, in V of one cell.
"""

from collections.abc import Iterator
from dataclasses import replace

from appliance.chemistry import ChemistryProfile
from appliance.model_set_points import SetPoints
from appliance.wording.sentence import as_sentence, say
from power.audit.finding import AuditResult, Finding, Range, judge_words

CELL_SLACK_V = 0.005  # of one cell: what a device rounds to (Renogy: 0.1 V of 12 V)
PROBE_SLACK_C = 0.5
EMPTY_FIRST = say("it protects nothing: the battery is empty, or its BMS disconnects first")
DARK = say(
    "the computer powers off early, so as not to be disconnected without a shutdown, and "
    "the loads at its output have no power until the reconnect voltage"
)
EARLY = say("the computer powers off early, so as not to be disconnected without a shutdown")
NOT_FOLLOWED = say(
    "it disconnects this computer without a shutdown: no battery at rest is that high"
)
# Of an output that follows no voltages of the user, by the device's words.
LOAD_MODES = {
    "off": say("the loads at its output have no power"),
    "always on": EMPTY_FIRST,
    "BatteryLife": say(
        "it raises the disconnect voltage day by day while the battery does not become full, "
        "until it disconnects this computer before it has shut down cleanly"
    ),
    "automatic energy selector": say(
        "it moves the disconnect voltage by itself, and may disconnect this computer before it "
        "has shut down cleanly"
    ),
}

# Below the floor. Smaller than an LVD's: Pylontech's own 44.5 V of 15 cells is 2.967 V.
UVP_MARGIN_V = 0.025


def judge_load_output(
    one: SetPoints, cell: ChemistryProfile, cells: int, bms_uvp_v: float | None
) -> Iterator[Finding]:
    """Low-voltage disconnect and reconnect of the load output, where loads are wired to it."""
    disconnect = make_lvd_range(one, cell, cells, bms_uvp_v)
    reconnect = Range(
        cell.recovered_v * cells,
        cell.charger.lvr_most_v * cells,
        say("the loads come back while the battery is nearly empty"),
        say("the loads stay without power until the battery is nearly full"),
        slack=CELL_SLACK_V * cells,
    )
    mode = "BatteryLife" if one.raises_lvd else one.load_mode
    if mode in LOAD_MODES:
        found = [
            judge_words(
                say("load output"),
                set_to=as_sentence(mode),
                should_be=say(
                    "user levels, disconnect at {disconnect}", disconnect=disconnect.describe()
                ),
                harm=LOAD_MODES[mode],
            )
        ]
    else:
        found = [
            disconnect.judge(say("low-voltage disconnect"), one.lvd_v),
            reconnect.judge(say("low-voltage reconnect"), one.lvr_v),
        ]
    yield from found if one.loads_on_output else map(set_aside, found)


def make_lvd_range(
    one: SetPoints, cell: ChemistryProfile, cells: int, bms_uvp_v: float | None
) -> Range:
    """Where a load output may disconnect: before a BMS does, and after this computer is off."""
    highest_v = (cell.floor_v - cell.charger.lvd_margin_v) * cells
    least_v = max(cell.charger.lvd_least_v * cells, bms_uvp_v or 0.0)
    is_followed = one.lvd_v is None or one.lvd_v <= cell.held_v * cells
    above, slack_v = DARK if is_followed else NOT_FOLLOWED, CELL_SLACK_V * cells
    return Range(min(least_v, highest_v), highest_v, EMPTY_FIRST, above, slack=slack_v)


def judge_frost(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:  # noqa: ARG001
    """Where charging is disabled in the cold."""
    name, from_c, limits = say("charging disabled below"), one.charge_from_c, cell.charger
    if cell.is_harmed_by_frost:
        allowed = Range(
            cell.charge_from_c,
            limits.charge_from_most_c,
            say("charging in frost destroys the cells, without a sign at first"),
            say("the battery is not charged on cool days"),
            "C",
            0,
            PROBE_SLACK_C,
        )
        yield allowed.judge(name, from_c)
    elif from_c is not None:
        is_right = from_c <= limits.charge_from_most_c + PROBE_SLACK_C
        harm = "" if is_right else say("this battery may be charged in frost, and is left empty")
        should_be = say("{celsius:.0f} C", celsius=cell.charge_from_c)
        yield judge_words(
            name, set_to=say("{celsius:.0f} C", celsius=from_c), should_be=should_be, harm=harm
        )


def judge_heat(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:  # noqa: ARG001
    """Where charging is disabled in the heat, where the device gives that."""
    allowed = Range(
        cell.charger.charge_until_least_c,
        cell.charger.charge_until_most_c,
        say("the battery is not charged on hot days"),
        say("a battery that is too hot is charged"),
        "C",
        0,
        PROBE_SLACK_C,
    )
    if one.charge_until_c is not None:
        yield allowed.judge(say("charging disabled above"), one.charge_until_c)


def judge_protection(one: SetPoints, cell: ChemistryProfile, cells: int) -> Iterator[Finding]:
    """Under-voltage and over-voltage protection (UVP, OVP) of a BMS, of one cell."""
    limits, own_cells = cell.charger, one.cells or cells
    under = Range(
        limits.uvp_least_v,
        cell.floor_v - UVP_MARGIN_V,
        say("the BMS lets the cells be discharged until they are damaged"),
        EARLY,
        slack=CELL_SLACK_V,
    )
    over = Range(
        limits.absorption_least_v,
        limits.ovp_most_v,
        say("the BMS disables charging before the battery is full"),
        say("the BMS lets the cells be overcharged"),
        slack=CELL_SLACK_V,
    )
    uvp_v = None if one.uvp_v is None else one.uvp_v / own_cells
    ovp_v = None if one.ovp_v is None else one.ovp_v / own_cells
    yield under.judge(say("under-voltage protection of a cell"), uvp_v)
    yield over.judge(say("over-voltage protection of a cell"), ovp_v)


def set_aside(finding: Finding) -> Finding:
    """The same where the output has no loads: shown, and not judged."""
    return replace(finding, result=AuditResult.NOT_USED, harm="")
