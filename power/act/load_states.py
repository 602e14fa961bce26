"""Which loads are not as they should be, by what PID 1 and the switches themselves report.

Reads and writes: nothing; pure. power/act/load_check.py asks, reports and tries again.
Never: takes an unknown state for a wrong one, or a service that left of itself for a fault.

A load that should be off and is not:

    a service    PID 1 has it running, or starting
    a switch     its file reads as on, or as neither on nor off; or PID 1 has it started; or
                 switching it off has failed (after its stop, or with all others at boot) and has
                 not succeeded since
    unknown      no fault: as long as PID 1 does not answer, its orders are repeated anyway

A load that should run and does not: it has failed, it starts again and again, it is not there, or
(cameras and switches, which never leave of themselves) it has ended.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.sections.loads import SwitchSettings
from appliance.settings import Settings
from appliance.wording.sentence import say

SWITCH, SWITCH_OFF = "appliance-switch@", "appliance-switch-off@"
RUNNING = say("PID 1 has it running")
ALL_OFF = "appliance-switches-off"
PROPERTIES = "Id,LoadState,ActiveState,SubState,Result"
LEAVES_ITSELF = ("appliance-inference", "appliance-hints")
ON = ("active", "reloading", "activating", "refreshing")


@dataclass(frozen=True, slots=True)
class UnitState:
    """One unit as PID 1 reports it."""

    active: str
    sub: str = ""
    result: str = "success"
    loaded: str = "loaded"


@dataclass(frozen=True, slots=True)
class LoadDeviation:
    """A load that is not as it should be, and why that is known. `off`: it should be off."""

    unit: str
    off: bool
    why: str


States = Mapping[str, UnitState]


def parse_states(text: str) -> dict[str, UnitState]:
    """What `systemctl show` printed, by unit name without its suffix."""
    states = {}
    for block in text.strip().split("\n\n"):
        pairs = dict(line.partition("=")[::2] for line in block.splitlines())
        if pairs.get("Id") and pairs.get("ActiveState"):
            states[pairs["Id"].removesuffix(".service")] = UnitState(
                pairs["ActiveState"],
                pairs.get("SubState", ""),
                pairs.get("Result", "success"),
                pairs.get("LoadState", "loaded"),
            )
    return states


def list_units(loads: Mapping[str, bool]) -> list[str]:
    """All units to ask for, that these loads (and whether they should run) are judged by."""
    switches = [unit for unit in loads if unit.startswith(SWITCH)]
    return [*loads, *map(name_off, switches), *([ALL_OFF] if switches else [])]


def name_off(unit: str) -> str:
    """The unit that switches off what `unit` has switched on."""
    return SWITCH_OFF + unit.removeprefix(SWITCH)


def find_wrong(
    loads: Mapping[str, bool], states: States, reads_on: Mapping[str, bool | None]
) -> list[LoadDeviation]:
    """The loads that are not as they should be. `reads_on`: what the switches that can be read say
    of themselves, None: neither on nor off.
    """
    found = []
    for unit, runs in loads.items():
        state = states.get(unit)
        why = (
            explain_not_running(unit, state, reads_on.get(unit))
            if runs
            else explain_not_off(unit, state, states, reads_on)
        )
        if why:
            found.append(LoadDeviation(unit, not runs, why))
    return found


def explain_not_off(
    unit: str, state: UnitState | None, states: States, reads_on: Mapping[str, bool | None]
) -> str:
    """Why it is known that the load is not off; empty where it is off, or unknown."""
    if state is not None and state.active in ON:
        return RUNNING
    if not unit.startswith(SWITCH) or reads_on.get(unit) is False:
        return ""
    if reads_on.get(unit):
        return say("it reads back as on")
    unreadable = say("it reads back neither as on nor as off") if unit in reads_on and state else ""
    confirmed = states.get(name_off(unit))
    if confirmed is not None and confirmed.active == "active":
        return unreadable
    if state is not None and state.active == "failed":
        return say("switching it off failed")
    at_boot = states.get(ALL_OFF)
    failed = at_boot is not None and at_boot.active == "failed"
    return say("switching all loads off at the start failed") if failed else unreadable


def explain_not_running(unit: str, state: UnitState | None, reads_on: bool | None) -> str:
    """Why it is known that the load does not run; empty where it does, or that is unknown."""
    if state is None:
        return ""
    reasons = {
        say("PID 1 has no such unit"): state.loaded != "loaded",
        say("it has failed ({result})", result=state.result): state.active == "failed",
        say("it ends again and again ({result})", result=state.result): state.sub == "auto-restart",
        say("it has ended"): state.active == "inactive" and unit not in LEAVES_ITSELF,
        say("it reads back as off"): state.active == "active" and reads_on is False,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")


def list_switches(settings: Settings) -> dict[str, SwitchSettings]:
    """The switches by the name of their unit."""
    return {SWITCH + name: switch for name, switch in settings.switch.items()}
