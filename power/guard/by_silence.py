"""The guard's third source: how long the charger has been silent, or has reported the same.

Reads and writes: nothing; pure.
Never: lets a longer silence allow more.
"""

import math

from appliance.model import EnergyLevel, PowerReading, Stamp
from appliance.wording.sentence import say
from power.guard.limits import NO_RISE_AFTER_S, SENTINEL_AFTER_S, Ages, Limits
from power.guard.observations import GuardState
from power.guard.verdict import Verdict, forbid_loads, format_duration, take_stricter

CHARGER_ANSWERS = Verdict(EnergyLevel.FULL, say("the charger answers"))


def judge_silence(
    state: GuardState,
    reading: PowerReading | None,
    reading_age_s: float | None,
    limits: Limits,
    now: Stamp,
    *,
    charge_known: bool,
) -> Verdict:
    """What an old, frozen or missing reading still allows: less, the older it is."""
    is_unusable = reading is not None and state.observed_s is None
    if reading_age_s is None or not math.isfinite(reading_age_s) or is_unusable:
        return judge_never_read(limits, now, charge_known=charge_known)
    silent_s, frozen_s = measure_silence(state, reading, reading_age_s, now)
    if silent_s <= NO_RISE_AFTER_S and frozen_s < limits.frozen.eco_s:
        return CHARGER_ANSWERS
    silent = say(
        "no voltage of the battery has been read for {time}", time=format_duration(silent_s)
    )
    frozen = say(
        "the charger has reported exactly the same for {time}", time=format_duration(frozen_s)
    )
    return take_stricter(
        limit_by_age(silent_s, silent, limits.silent),
        limit_by_age(frozen_s, frozen, limits.frozen),
    )


def measure_silence(
    state: GuardState, reading: PowerReading | None, age_s: float, now: Stamp
) -> tuple[float, float]:
    """For how long there was no usable reading, and for how long all of them were the same.

    By the readings' stamps: in a demonstration's fast time a poll itself takes minutes.
    """
    if state.observed_s is None:
        return age_s, 0.0
    until_s = now.uptime_s - age_s if reading is None else reading.stamp.uptime_s
    silent_s = age_s + max(0.0, until_s - state.observed_s)
    is_same = state.observed_s > state.unchanged_since_s
    return silent_s, now.uptime_s - state.unchanged_since_s if is_same else 0.0


def judge_never_read(limits: Limits, now: Stamp, *, charge_known: bool) -> Verdict:
    """No reading since the start: to listen is allowed as in any silence where the charge is known
    from before, else for an hour, in which somebody may mend it.
    """
    reason = say("no voltage of the battery has been read since the start")
    if now.uptime_s > (limits.silent.hibernate_s if charge_known else SENTINEL_AFTER_S):
        return forbid_loads(reason)
    return Verdict(EnergyLevel.SENTINEL, reason, may_rise=False)


def limit_by_age(age_s: float, reason: str, ages: Ages) -> Verdict:
    """The most that a silence of `age_s` allows."""
    if age_s > ages.hibernate_s:
        return forbid_loads(reason)
    level = EnergyLevel.FULL
    if age_s > ages.eco_s:
        level = EnergyLevel.SENTINEL if age_s > ages.sentinel_s else EnergyLevel.ECO
    return Verdict(level, reason, may_rise=age_s <= NO_RISE_AFTER_S)
