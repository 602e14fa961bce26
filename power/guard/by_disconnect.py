"""The guard's fourth source: what the batteries' BMSs allow to be discharged.

Reads and writes: nothing; pure.
Never: forgets a disconnect because nobody reports any more; only a BMS that allows discharge again
ends it, and one that does so for moments only does not.

A BMS that does not allow discharge has disconnected, or is about to. So loads stop, and the
computer shuts down while there is power to do it; while the battery is charged it waits: that is
what ends an under-voltage disconnect. Where other packs remain, the level is what those carry.
"""

from dataclasses import replace
from math import isfinite

from appliance.model import EnergyLevel, PowerReading, Stamp
from appliance.settings import EnergySettings
from power.guard.limits import NO_RISE_AFTER_S, Limits
from power.guard.observations import (
    EMPTY_FOR_S,
    LONGEST_SUMMED_S,
    GuardState,
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
DISCHARGE_ALLOWED = Verdict(EnergyLevel.FULL, "the batteries may be discharged")
LEVELS = (EnergyLevel.FULL, EnergyLevel.ECO, EnergyLevel.SENTINEL)


def judge_disconnect(
    state: GuardState, limits: Limits, energy: EnergySettings, *, charged: bool
) -> Verdict:
    """What the packs that may be discharged allow; `charged`: current flows into the battery."""
    if state.disconnected_since_s is not None:
        return judge_no_discharge(state, state.disconnected_since_s, charged=charged)
    if state.is_denied_often:
        return forbid_loads("the BMS has not allowed discharge, and has not yet for long again")
    return DISCHARGE_ALLOWED if state.share >= 1 else judge_rest(state.share, limits, energy)


def judge_no_discharge(state: GuardState, since_s: float, *, charged: bool) -> Verdict:
    """No pack may be discharged: loads off, then a clean shutdown."""
    reason = "the BMS does not allow discharge and may disconnect the unit at any moment"
    lasts_s = state.disconnected_seen_s - since_s
    if state.is_denied_often:
        lasts_s = max(lasts_s, state.denied_sum_s - LONGEST_SUMMED_S)
    if state.was_connected and lasts_s < DISCONNECT_CONFIRMED_S:
        return Verdict(EnergyLevel.FULL, reason, may_rise=False)
    if charged:
        return forbid_loads(f"{reason}, but charging")
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
    reason = f"only {share:.0%} of the batteries may be discharged, which carries {carried_w:.0f} W"
    return Verdict(level, reason)


def note_share(state: GuardState, reading: PowerReading | None, now: Stamp) -> GuardState:
    """What share of the batteries may be discharged; silence changes nothing of that."""
    if reading is None or not is_of_now(reading, now):
        return state
    share = reading.discharge_share
    if share is None or not 0 <= share <= 1 or not is_recent(reading, "discharge_share"):
        return state
    at_s = measured_at_s(reading, "discharge_share")
    state = sum_denied_time(state, at_s, denied=share == 0)
    if share > 0:
        return replace(state, share=share, disconnected_since_s=None, was_connected=True)
    since_s = at_s if state.disconnected_since_s is None else state.disconnected_since_s
    return replace(state, disconnected_since_s=since_s, disconnected_seen_s=at_s)


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


def note_lvd(state: GuardState, reading: PowerReading | None, now: Stamp) -> GuardState:
    """The low-voltage disconnect of the load outputs, as it was last read."""
    if reading is None or reading.lvd_v is None or not is_of_now(reading, now):
        return state
    return replace(state, lvd_v=reading.lvd_v) if isfinite(reading.lvd_v) else state
