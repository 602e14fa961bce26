"""The guard: what the unit may do at most, judged from what the battery and its devices report.

Reads and writes: nothing; pure. It needs the other files of power/guard, no other part of power.
Never: lets an estimate overrule a voltage, raises, or lets a longer silence allow more.

Its five sources (by_voltage, by_disconnect, by_charge, by_temperature, by_silence) are independent
and the strictest counts. The planner cannot overrule it.

What it promises (tests/power/guard/test_guard_never.py plays it): no load runs on a battery about
to cut off, as long as one of these is true whenever it is reported:
* the voltage, or the lowest cell, within 12.5 mV a cell: loads stop 0.1 V above the empty cell;
* the charge less its sigma, and the probe that measures how cold the battery is.
In a silence (no answer, no voltage, zeros, or exactly the same again) loads may go on by dead
reckoning (dead_reckoning.py): what voltage and count both proved before, less the most that the
ordered loads and what was measured beside them can have drawn; a sixth is kept, and a day is the
longest. That holds for a battery that has 60 % of its capacity left, for five times the usual
resistance, for a current of the wrong sign or of zero, and in the cold. Where nothing was proved,
silence is bounded by time: until then the loads use 3 % of the capacity, half of what that voltage
leaves (a meter that reports the same: in a battery that carries FULL for a day). A start without a
reading may use that again, or an hour's listening on an unknown charge.
For minutes a sure count and a measured current may explain a low voltage (sag.py).
What no source can show: a voltage that lies high beside a count that does; cells that cool by more
than ten degrees in a silence; a meter that freezes while the power service starts anew; a load that
nobody measures and that draws more than the unit.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce

from appliance.chemistry import take_share
from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.settings import EnergySettings, Settings
from power.guard.by_charge import judge_charge
from power.guard.by_disconnect import (
    judge_disconnect,
    note_contradiction,
    note_disconnects,
    note_share,
)
from power.guard.by_silence import judge_silence
from power.guard.by_temperature import judge_temperature
from power.guard.by_voltage import judge_voltage
from power.guard.dead_reckoning import (
    News,
    extend_silence,
    find_own_power_w,
    follow_proof,
    reckon_count,
)
from power.guard.limits import Limits, derive_limits
from power.guard.observations import GuardState, is_charging, update_state
from power.guard.proven_charge import compute_lower_bound_pct
from power.guard.reserve import compute_reserve_days, compute_reserve_wh
from power.guard.sag import follow_sag, judge_sag
from power.guard.verdict import Verdict, take_stricter

ESTIMATE_EXPIRES_S = 600.0  # a state of charge older than this counts as unknown


def judge(
    state: GuardState,
    reading: PowerReading | None,
    reading_age_s: float | None,
    battery: BatteryState | None,
    settings: Settings,
    now: Stamp,
    *,
    clock_confirmed: bool,
    ordered: EnergyLevel | None = None,
    heaters_w: float = 0.0,
) -> tuple[GuardState, Verdict]:
    """The guard's next state, and its verdict `now`; `clock_confirmed`: by a time server.

    `reading` is the last usable one while it is fresh (`NO_RISE_AFTER_S`), then None.
    `reading_age_s` is its age however old, None where there was none in this boot. `ordered`: the
    level since the last judgement, None where that is not known: then it may have been FULL.
    `heaters_w`: of the heaters that were on since.
    """
    before = state
    state = note_disconnects(note_share(state, reading, now), reading, now)
    settings = limit_to_share(settings, state.share)
    limits = derive_limits(settings.battery, settings.energy, state.lvd_v, state.cell_uvp_v)
    battery = battery if battery is not None and is_current(battery, now) else None
    state, observation = follow_sag(state, reading, battery, limits, now)
    state = update_state(state, observation, limits)
    state = note_contradiction(state, observation, reading, limits)
    own_w = find_own_power_w(settings, ordered) + heaters_w
    news = News(observation, reading, battery, own_w, now)
    state = follow_proof(before, state, news, limits)
    reserve_wh = compute_todays_reserve_wh(battery, settings, now, confirmed=clock_confirmed)
    verdicts = judge_sources(
        state, news, limits, settings.energy, reserve_wh=reserve_wh, reading_age_s=reading_age_s
    )
    return state, join_verdicts(verdicts, reserve_wh)


def judge_sources(
    state: GuardState,
    news: News,
    limits: Limits,
    energy: EnergySettings,
    *,
    reserve_wh: float,
    reading_age_s: float | None,
) -> list[Verdict]:
    """Each source's verdict."""
    observation, reading, battery, _, now = news
    charged = is_charging(reading, battery, limits)
    least_pct = reckon_count(compute_lower_bound_pct(battery), state.proven, limits, now)
    known = least_pct is not None
    silence = judge_silence(state, reading, reading_age_s, limits, now, charge_known=known)
    charge = judge_charge(
        least_pct, battery, limits, reserve_wh=reserve_wh, reading=reading, observation=observation
    )
    return [
        judge_voltage(state, observation, limits, now, charged=charged),
        judge_sag(state, observation),
        judge_disconnect(state, limits, energy, charged=charged),
        charge,
        judge_temperature(battery, reading, observation, limits),
        extend_silence(silence, state, limits, now),
    ]


def join_verdicts(verdicts: Sequence[Verdict], reserve_wh: float) -> Verdict:
    """The strictest counts; each can order the power-off and forbid a rise."""
    strictest = reduce(take_stricter, verdicts)
    return Verdict(
        strictest.max_level,
        strictest.reason,
        power_off=any(one.power_off for one in verdicts),
        may_rise=all(one.may_rise for one in verdicts),
        reserve_wh=reserve_wh,
    )


def limit_to_share(settings: Settings, share: float) -> Settings:
    """The settings with the part of the battery that may be discharged: what is kept, and for how
    long a silence may last, go by that part.
    """
    if share >= 1:
        return settings
    return replace(settings, battery=take_share(settings.battery, share))


def compute_todays_reserve_wh(
    battery: BatteryState | None, settings: Settings, now: Stamp, *, confirmed: bool
) -> float:
    """The reserve by season, and by how long ago the battery was full."""
    full_at = None if battery is None else battery.full_at
    days = compute_reserve_days(settings, now.utc, full_at, confirmed=confirmed)
    return compute_reserve_wh(settings.battery, settings.energy, days)


def is_current(battery: BatteryState, now: Stamp) -> bool:
    """Whether this state of charge was estimated just now."""
    age_s = now.uptime_s - battery.stamp.uptime_s
    return battery.stamp.boot_id == now.boot_id and age_s <= ESTIMATE_EXPIRES_S
