"""The guard's fourth source: what the batteries' BMSs allow to be discharged.

Reads and writes: nothing; pure.
Never: forgets a disconnect because nobody reports any more; only a BMS that allows discharge again
ends it, and one that does so for moments only does not.

A BMS that does not allow discharge has disconnected, or is about to. So loads stop, and the
computer shuts down while there is power to do it; while the battery is charged it waits: that is
what ends an under-voltage disconnect. Where other packs remain, the level is what those carry.

A report that has been there since the boot may be a stuck one: a unit that powered off for it would
do so after each boot. While the battery supplies the unit all the same, at a sound voltage, the
computer stays on; after ten minutes the report is a fault, and is not followed until it changes.
"""

from dataclasses import replace
from math import isfinite

from appliance.errors import BusError
from appliance.model import EnergyLevel, PowerReading, Stamp
from appliance.settings import EnergySettings
from appliance.wording.sentence import say
from power.guard.limits import NO_RISE_AFTER_S, Limits
from power.guard.observations import (
    EMPTY_FOR_S,
    LONGEST_SUMMED_S,
    GuardState,
    Observation,
    is_discharging,
    is_of_now,
    is_recent,
    measured_at_s,
)
from power.guard.verdict import Verdict, forbid_loads

# Two measurements: a single one may be a BMS that has just started.
DISCONNECT_CONFIRMED_S = 1.0
# A BMS that allows and denies in turn: time denied is summed, of time allowed a part is taken off.
ALLOWED_WEIGHT, DENIED_OFTEN_S = 0.5, 10.0
MOST_SUMMED_S = EMPTY_FOR_S + LONGEST_SUMMED_S
CONTRADICTED_S = 600.0  # longer than a BMS waits between its report and its disconnect
DARK_W = 1.0  # what panels seem to give at night
DISCHARGE_ALLOWED = Verdict(EnergyLevel.FULL, say("the batteries may be discharged"))
LEVELS = (EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL)


class ContradictedDisconnect(BusError):  # noqa: N818  (named for what it is)
    """A BMS that reports a disconnect while its battery supplies the unit."""

    code = "battery-discharge"


def judge_disconnect(
    state: GuardState, limits: Limits, energy: EnergySettings, *, charged: bool
) -> Verdict:
    """What the packs that may be discharged allow; `charged`: current flows into the battery."""
    if state.is_contradicted:
        return DISCHARGE_ALLOWED
    if state.disconnected_since_s is not None:
        return judge_no_discharge(state, state.disconnected_since_s, charged=charged)
    if state.is_denied_often:
        return forbid_loads(
            say("the BMS has not allowed discharge, and has not yet for long again")
        )
    return DISCHARGE_ALLOWED if state.share >= 1 else judge_rest(state.share, limits, energy)


def judge_no_discharge(state: GuardState, since_s: float, *, charged: bool) -> Verdict:
    """No pack may be discharged: loads off, then a clean shutdown."""
    reason = say("the BMS does not allow discharge and may disconnect the unit at any moment")
    lasts_s = state.disconnected_seen_s - since_s
    if state.is_denied_often:
        lasts_s = max(lasts_s, state.denied_sum_s - LONGEST_SUMMED_S)
    if state.was_connected and lasts_s < DISCONNECT_CONFIRMED_S:
        return Verdict(EnergyLevel.FULL, reason, may_rise=False)
    if charged:
        return forbid_loads(say("{reason}, but charging", reason=reason))
    if state.contradicted_since_s is not None:
        return forbid_loads(say("{reason}, but its battery supplies the unit", reason=reason))
    if lasts_s < EMPTY_FOR_S:
        return forbid_loads(reason)
    return Verdict(EnergyLevel.OFF, reason, power_off=True, may_rise=False)


def judge_rest(share: float, limits: Limits, energy: EnergySettings) -> Verdict:
    """The highest level whose loads the other packs can carry; `limits` are those of them."""
    carried_w = limits.cell.discharge_c_rate * limits.capacity_wh
    powers_w = (energy.full_power_w, energy.eco_power_w, energy.sentinel_power_w)
    level = next(
        (level for level, watts in zip(LEVELS, powers_w, strict=True) if watts <= carried_w),
        EnergyLevel.HIBERNATE,
    )
    reason = say(
        "only {share:.0%} of the batteries may be discharged, which carries {carried_w:.0f} W",
        share=share,
        carried_w=carried_w,
    )
    return Verdict(level, reason)


def note_share(state: GuardState, reading: PowerReading | None, now: Stamp) -> GuardState:
    """What share of the batteries may be discharged; silence changes nothing of that."""
    if reading is None or not is_of_now(reading, now):
        return state
    share = reading.discharge_share
    if share is None or not 0 <= share <= 1 or not is_recent(reading, "discharge_share"):
        return state
    at_s = measured_at_s(reading, "discharge_share")
    is_denied = share == 0 and not state.is_contradicted
    state = sum_denied_time(state, at_s, denied=is_denied)
    if share > 0:
        return replace(
            state,
            share=share,
            disconnected_since_s=None,
            was_connected=True,
            contradicted_since_s=None,
            is_contradicted=False,
        )
    since_s = at_s if state.disconnected_since_s is None else state.disconnected_since_s
    return replace(state, disconnected_since_s=since_s, disconnected_seen_s=at_s)


def note_contradiction(
    state: GuardState,
    observation: Observation | None,
    reading: PowerReading | None,
    limits: Limits,
) -> GuardState:
    """Since when the battery supplies the unit although it may not be discharged. One that allowed
    it in this boot, and then not any more, is believed.
    """
    if state.disconnected_since_s is None or state.is_contradicted or observation is None:
        return state
    is_sound = observation.cell_v >= limits.cell.sound_v
    if state.was_connected or not is_sound or not is_supplied(reading, limits):
        return replace(state, contradicted_since_s=None)
    since_s = state.contradicted_since_s
    since_s = observation.at_s if since_s is None else since_s
    state = replace(state, contradicted_since_s=since_s)
    if observation.at_s - since_s < CONTRADICTED_S:
        return state
    return replace(state, is_contradicted=True, denied_sum_s=0.0, is_denied_often=False)


def is_supplied(reading: PowerReading | None, limits: Limits) -> bool:
    """Whether the battery is all that can feed the unit: by its measured current, or where none is
    measured by the dark.
    """
    if reading is None or reading.battery_current_a is not None:
        return is_discharging(reading, limits)
    sun_w = reading.pv_power_w
    return sun_w is not None and sun_w <= DARK_W and is_recent(reading, "pv_power_w")


def find_disconnect_faults(state: GuardState) -> list[ContradictedDisconnect]:
    """The fault of a report that is not followed, if it is not."""
    if not state.is_contradicted:
        return []
    fault = ContradictedDisconnect(
        say(
            "the BMS reports that the battery may not be discharged, but the battery has "
            "supplied this unit at a sound voltage since the boot: the report is not followed. "
            "Look at the BMS's own display or app, switch it off and on, and update its "
            "firmware"
        )
    )
    return [fault]


def sum_denied_time(state: GuardState, at_s: float, *, denied: bool) -> GuardState:
    """Add the time since the last report where discharge is denied; take a part of it off where it
    is allowed. What was often denied is over when nothing of that is left.
    """
    seen_s = at_s if state.share_seen_s is None else state.share_seen_s
    passed_s = min(max(0.0, at_s - seen_s), LONGEST_SUMMED_S if denied else NO_RISE_AFTER_S)
    sum_s = state.denied_sum_s + (passed_s if denied else -ALLOWED_WEIGHT * passed_s)
    sum_s = min(max(0.0, sum_s), MOST_SUMMED_S)
    is_often = sum_s > 0 if state.is_denied_often else sum_s >= DENIED_OFTEN_S
    return replace(state, denied_sum_s=sum_s, share_seen_s=at_s, is_denied_often=is_often)


def note_disconnects(state: GuardState, reading: PowerReading | None, now: Stamp) -> GuardState:
    """Where load outputs and BMSs disconnect by their settings, as it was last read."""
    if reading is None or not is_of_now(reading, now):
        return state
    lvd_v, uvp_v = reading.lvd_v, reading.cell_uvp_v
    return replace(
        state,
        lvd_v=lvd_v if lvd_v is not None and isfinite(lvd_v) else state.lvd_v,
        cell_uvp_v=uvp_v if uvp_v is not None and isfinite(uvp_v) else state.cell_uvp_v,
    )
