"""The guard: what the unit may do at most, judged from voltage, charge and silence alone.

Reads and writes: nothing; pure. It needs power/guard/limits.py, witness.py and reserve.py, no other
part.
Never: believes an estimate against a voltage, raises, or lets a longer silence allow more.

Its three voices are independent and the most careful one counts. The planner cannot overrule it.

What it promises (tests/power/guard/test_guard_never.py plays it): no load runs on a battery about
to cut off, as long as one of these tells the truth whenever it speaks:
* the voltage, or the lowest cell, within 12.5 mV a cell: loads stop 0.1 V above the empty cell;
* the charge less its sigma, and the probe that says how cold the battery is.
Silence is bounded by time: until then the loads use 3 % of the capacity, half of what that voltage
leaves. A meter that says exactly the same is a silent one (in a battery that carries FULL for a
day). A start without a word may use that again, or an hour's listening on an unknown charge.
Nobody can see: a voltage that lies high beside a count that does; cells that cool by more than
some degrees in a silence; a meter that freezes while the power service starts anew.
"""

import math
from dataclasses import dataclass

from appliance.model import BatteryState, EnergyLevel, PowerReading, Stamp
from appliance.settings import Settings
from power.guard.limits import NO_RISE_AFTER_S, SENTINEL_AFTER_S, Ages, Limits, derive_limits
from power.guard.observations import (
    EMPTY_FOR_S,
    LOW_FOR_S,
    GuardState,
    Observations,
    is_carried_by_sun,
    is_charging,
    observe,
    update_state,
)
from power.guard.reserve import compute_reserve_days, compute_reserve_wh

__all__ = [
    "NO_RISE_AFTER_S",
    "GuardState",
    "Verdict",
    "compute_reserve_wh",
    "format_duration",
    "hibernate_below_pct",
    "judge",
    "lower_bound_pct",
]

CHARGE_HELPS_S = 600.0  # a cell that is still empty after this is not being charged
ESTIMATE_EXPIRES_S = 600.0  # what nobody has worked out anew for so long is no belief


@dataclass(frozen=True, slots=True)
class Verdict:
    """The most that is allowed. `may_rise` False: whatever the level is, it may not go up now.

    `reserve_wh` is what is kept for dark days; None where nobody worked it out.
    """

    max_level: EnergyLevel
    power_off: bool
    reason: str
    may_rise: bool = True
    reserve_wh: float | None = None


GOOD_VOLTAGE = Verdict(EnergyLevel.FULL, False, "the voltage is good")
VOLTAGE_JUST_FALLEN = Verdict(
    EnergyLevel.FULL, False, "the voltage has just fallen", may_rise=False
)
CHARGE_ENOUGH = Verdict(EnergyLevel.FULL, False, "there is charge enough")
CHARGER_ANSWERS = Verdict(EnergyLevel.FULL, False, "the charger answers")


def judge(
    state: GuardState,
    reading: PowerReading | None,
    reading_age_s: float | None,
    battery: BatteryState | None,
    settings: Settings,
    now: Stamp,
) -> tuple[GuardState, Verdict]:
    """The guard's verdict `now`.

    `reading` is the last usable one while it is fresh (`HOLD_AFTER_S`), then None.
    `reading_age_s` is its age however old, None where there was none in this boot.
    """
    limits = derive_limits(settings.battery, settings.energy)
    heard = observe(reading, limits, now)
    state = update_state(state, heard, limits)
    battery = battery if battery is not None and is_current(battery, now) else None
    full_at = None if battery is None else battery.full_at
    reserve_wh = compute_reserve_wh(
        settings.battery, settings.energy, compute_reserve_days(settings, now.utc, full_at)
    )
    least_pct = lower_bound_pct(battery)
    voltage = judge_voltage(state, heard, is_charging(reading, battery, limits), limits, now)
    charge = judge_charge(least_pct, reading, heard, battery, limits, reserve_wh)
    silence = judge_silence(state, reading, reading_age_s, least_pct is not None, limits, now)
    hardest = take_stricter(take_stricter(voltage, charge), silence)
    return state, Verdict(
        hardest.max_level,
        voltage.power_off or charge.power_off,
        hardest.reason,
        voltage.may_rise and charge.may_rise and silence.may_rise,
        reserve_wh,
    )


def take_stricter(one: Verdict, other: Verdict) -> Verdict:
    """The more careful of two voices."""
    if one.max_level == other.max_level:
        return other if one.may_rise and not other.may_rise else one
    return other if other.max_level < one.max_level else one


def is_current(battery: BatteryState, now: Stamp) -> bool:
    """Whether this belief is of now."""
    age_s = now.uptime_s - battery.stamp.uptime_s
    return battery.stamp.boot_id == now.boot_id and age_s <= ESTIMATE_EXPIRES_S


def judge_voltage(
    state: GuardState, heard: Observations | None, charged: bool, limits: Limits, now: Stamp
) -> Verdict:
    """No loads on a low voltage; power off on an empty cell unless charge is coming in at last.

    A voltage that was never good since the start gets no benefit of the doubt: a service that
    starts again and again would never see it for long enough.
    """
    if state.low_since_s is None:
        return GOOD_VOLTAGE
    if heard is None:
        return judge_last_voltage(state, limits, now)
    if not state.confirmed:
        low = f"the first voltages heard are low, {heard.cell_v:.2f} V per cell"
        return VOLTAGE_JUST_FALLEN if state.was_good else forbid_loads(low)
    if state.empty_since_s is not None and heard.cell_v < limits.cell.floor_v:
        return judge_empty_cell(heard, state.empty_since_s, charged, limits, now)
    if heard.cell_v >= limits.cell.low_v:
        return forbid_loads(
            f"the voltage was low and is not back at {limits.cell.recovered_v:g} V per cell"
        )
    low_for = format_duration(now.uptime_s - state.low_since_s)
    return forbid_loads(
        f"{heard.cell_v:.2f} V per cell is below {limits.cell.low_v:g} V for {low_for}"
    )


def judge_empty_cell(
    heard: Observations, since_s: float, charged: bool, limits: Limits, now: Stamp
) -> Verdict:
    """Power off, but for a battery that is being charged again."""
    empty_s = now.uptime_s - since_s
    empty_for = format_duration(empty_s)
    said = f"{heard.cell_v:.2f} V per cell is below {limits.cell.floor_v:g} V for {empty_for}"
    if heard.at_s - since_s < EMPTY_FOR_S:
        return forbid_loads(said)
    if charged and empty_s < CHARGE_HELPS_S:
        return forbid_loads(f"{said}, but charging")
    return Verdict(EnergyLevel.OFF, True, said, may_rise=False)


def judge_last_voltage(state: GuardState, limits: Limits, now: Stamp) -> Verdict:
    """A low voltage, and then nothing more: as low as it was."""
    empty = state.empty_since_s is not None
    since_s = state.empty_since_s if empty else state.low_since_s
    lasts = since_s is not None and now.uptime_s - since_s >= (EMPTY_FOR_S if empty else LOW_FOR_S)
    if state.was_good and not state.confirmed and not lasts:
        return VOLTAGE_JUST_FALLEN
    least_v = limits.cell.floor_v if empty else limits.cell.low_v
    return forbid_loads(f"the last voltage heard was below {least_v:g} V per cell")


def forbid_loads(reason: str) -> Verdict:
    """The computer may stay on; nothing else, and nothing may start."""
    return Verdict(EnergyLevel.HIBERNATE, False, reason, may_rise=False)


def judge_charge(
    least_pct: float | None,
    reading: PowerReading | None,
    heard: Observations | None,
    battery: BatteryState | None,
    limits: Limits,
    reserve_wh: float,
) -> Verdict:
    """The lower bound of the charge against the floors."""
    if least_pct is None:
        return Verdict(EnergyLevel.SENTINEL, False, "the charge of the battery is unknown")
    rest_pct = max(limits.hibernate_pct, reserve_wh / limits.capacity_wh * 100)
    if least_pct >= rest_pct and least_pct >= limits.sentinel_pct:
        return CHARGE_ENOUGH
    said = f"there may be only {max(0.0, least_pct):.0f} % left to draw"
    sound = heard is not None and heard.cell_v >= limits.cell.recovered_v
    if sound and is_carried_by_sun(reading, limits):
        return Verdict(EnergyLevel.SENTINEL, False, f"{said}, but the sun carries the loads")
    if least_pct < limits.floor_pct:
        said += f", the floor is {limits.floor_pct:g} %"
        objection = find_objection(least_pct, reading, heard, battery, limits)
        return judge_below_floor(said, objection)
    if least_pct < rest_pct:
        said += f", the rest below {rest_pct:.0f} % is kept to stay alive"
        return Verdict(EnergyLevel.HIBERNATE, False, said)
    return Verdict(EnergyLevel.SENTINEL, False, said)


def judge_below_floor(said: str, objection: str) -> Verdict:
    """Power off, unless something speaks against it."""
    if objection:
        return Verdict(EnergyLevel.HIBERNATE, False, f"{said}, but {objection}")
    return Verdict(EnergyLevel.OFF, True, said)


def hibernate_below_pct(settings: Settings, reserve_wh: float | None = None) -> float:
    """Charge below which no load runs: halfway from power-off to SENTINEL, or the reserve, if that
    is more. `kept_wh` is the reserve of the day; left out, that of the settings.
    """
    limits = derive_limits(settings.battery, settings.energy)
    if reserve_wh is None:
        reserve_wh = compute_reserve_wh(settings.battery, settings.energy)
    return max(limits.hibernate_pct, reserve_wh / limits.capacity_wh * 100)


def lower_bound_pct(battery: BatteryState | None) -> float | None:
    """Charge less one sigma and what the cold hides; None if unknown.

    The two are taken off as independent doubts are, as the root of their squares: makers give cold
    capacities for currents far above ours, so rarely all of it is hidden.
    """
    if battery is None:
        return None
    charge_pct, sigma_pct = battery.state_of_charge_pct, battery.sigma_pct
    if charge_pct is None or sigma_pct is None or not (charge_pct <= 100 and sigma_pct >= 0):
        return None
    hidden_pct = 0.0
    if battery.energy_wh is not None and battery.capacity_wh > 0:
        drawable_pct = battery.energy_wh / battery.capacity_wh * 100
        hidden_pct = charge_pct - drawable_pct if drawable_pct < charge_pct else 0.0
    least_pct = charge_pct - math.hypot(sigma_pct, hidden_pct)
    return least_pct if math.isfinite(least_pct) else None


def find_objection(
    least_pct: float,
    reading: PowerReading | None,
    heard: Observations | None,
    battery: BatteryState | None,
    limits: Limits,
) -> str:
    """What speaks against a power-off below the floor of charge; empty where nothing does.

    Charge that comes in, or a sound voltage where doubt alone says empty. A unit that powered off
    for nothing might not come back until somebody visits it.
    """
    if is_charging(reading, battery, limits):
        return "charging"
    sigma_pct = battery.sigma_pct if battery and battery.sigma_pct is not None else 0.0
    doubt_alone = least_pct + sigma_pct >= limits.sentinel_pct
    sound = heard is not None and heard.cell_v >= limits.cell.sound_v
    return "the voltage is sound" if doubt_alone and sound else ""


def judge_silence(
    state: GuardState,
    reading: PowerReading | None,
    reading_age_s: float | None,
    known: bool,
    limits: Limits,
    now: Stamp,
) -> Verdict:
    """What an old, frozen or missing reading still allows: less the longer nobody has looked."""
    age_s = reading_age_s
    if (
        age_s is None
        or not math.isfinite(age_s)
        or (reading is not None and state.observed_s is None)
    ):
        return judge_never_read(known, limits, now)
    still_s = 0.0
    if state.observed_s is not None:
        # By the readings' stamps: in a demonstration's fast time a poll itself takes minutes.
        until_s = now.uptime_s - age_s if reading is None else reading.stamp.uptime_s
        age_s += max(0.0, until_s - state.observed_s)
        if state.observed_s > state.unchanged_since_s:
            still_s = now.uptime_s - state.unchanged_since_s
    if age_s <= NO_RISE_AFTER_S and still_s < limits.frozen.eco_s:
        return CHARGER_ANSWERS
    silent = f"the charger has not answered for {format_duration(age_s)}"
    still = f"the charger has said exactly the same for {format_duration(still_s)}"
    return take_stricter(
        limit_by_age(age_s, silent, limits.silent), limit_by_age(still_s, still, limits.frozen)
    )


def judge_never_read(known: bool, limits: Limits, now: Stamp) -> Verdict:
    """Not a word since the start: to listen is allowed as in any silence where the charge is
    `known` from before, else for an hour, in which somebody may mend it.
    """
    said = "the charger has not answered since the start"
    if now.uptime_s > (limits.silent.hibernate_s if known else SENTINEL_AFTER_S):
        return forbid_loads(said)
    return Verdict(EnergyLevel.SENTINEL, False, said, may_rise=False)


def limit_by_age(age_s: float, said: str, ages: Ages) -> Verdict:
    """The most that a silence of `age_s` allows."""
    if age_s > ages.hibernate_s:
        return forbid_loads(said)
    level = EnergyLevel.FULL
    if age_s > ages.eco_s:
        level = EnergyLevel.SENTINEL if age_s > ages.sentinel_s else EnergyLevel.ECO
    return Verdict(level, False, said, may_rise=age_s <= NO_RISE_AFTER_S)


def format_duration(seconds: float) -> str:
    """A duration in words: 40 s, 14 min, 3 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
