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
from power.guard.limits import HOLD_AFTER_S, SENTINEL_AFTER_S, Ages, Limits, limits_of
from power.guard.observations import (
    EMPTY_FOR_S,
    LOW_FOR_S,
    GuardState,
    Heard,
    charging,
    hear,
    remember,
    sun_carries,
)
from power.guard.reserve import reserve_days, reserve_wh

__all__ = [
    "HOLD_AFTER_S",
    "GuardState",
    "Verdict",
    "hibernate_below_pct",
    "judge",
    "lower_bound_pct",
    "reserve_wh",
    "spell",
]

CHARGE_HELPS_S = 600.0  # a cell that is still empty after this is not being charged
BELIEF_OLD_S = 600.0  # what nobody has worked out anew for so long is no belief


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
FALLEN = Verdict(EnergyLevel.FULL, False, "the voltage has just fallen", may_rise=False)
CHARGE_ENOUGH = Verdict(EnergyLevel.FULL, False, "there is charge enough")
ANSWERS = Verdict(EnergyLevel.FULL, False, "the charger answers")


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
    limits = limits_of(settings.battery, settings.energy)
    heard = hear(reading, limits, now)
    state = remember(state, heard, limits)
    battery = battery if battery is not None and current(battery, now) else None
    full_at = None if battery is None else battery.full_at
    kept_wh = reserve_wh(
        settings.battery, settings.energy, reserve_days(settings, now.utc, full_at)
    )
    least_pct = lower_bound_pct(battery)
    voltage = by_voltage(state, heard, charging(reading, battery, limits), limits, now)
    charge = by_charge(least_pct, reading, heard, battery, limits, kept_wh)
    silence = by_silence(state, reading, reading_age_s, least_pct is not None, limits, now)
    hardest = harder(harder(voltage, charge), silence)
    return state, Verdict(
        hardest.max_level,
        voltage.power_off or charge.power_off,
        hardest.reason,
        voltage.may_rise and charge.may_rise and silence.may_rise,
        kept_wh,
    )


def harder(one: Verdict, other: Verdict) -> Verdict:
    """The more careful of two voices."""
    if one.max_level == other.max_level:
        return other if one.may_rise and not other.may_rise else one
    return other if other.max_level < one.max_level else one


def current(battery: BatteryState, now: Stamp) -> bool:
    """Whether this belief is of now."""
    age_s = now.uptime_s - battery.stamp.uptime_s
    return battery.stamp.boot_id == now.boot_id and age_s <= BELIEF_OLD_S


def by_voltage(
    state: GuardState, heard: Heard | None, charged: bool, limits: Limits, now: Stamp
) -> Verdict:
    """No loads on a low voltage; power off on an empty cell unless charge is coming in at last.

    A voltage that was never good since the start gets no benefit of the doubt: a service that
    starts again and again would never see it for long enough.
    """
    if state.low_since_s is None:
        return GOOD_VOLTAGE
    if heard is None:
        return last_heard(state, limits, now)
    if not state.confirmed:
        low = f"the first voltages heard are low, {heard.cell_v:.2f} V per cell"
        return FALLEN if state.sound else no_loads(low)
    if state.empty_since_s is not None and heard.cell_v < limits.cell.floor:
        return by_empty_cell(heard, state.empty_since_s, charged, limits, now)
    if heard.cell_v >= limits.cell.low:
        return no_loads(f"the voltage was low and is not back at {limits.cell.over:g} V per cell")
    low_for = spell(now.uptime_s - state.low_since_s)
    return no_loads(f"{heard.cell_v:.2f} V per cell is below {limits.cell.low:g} V for {low_for}")


def by_empty_cell(
    heard: Heard, since_s: float, charged: bool, limits: Limits, now: Stamp
) -> Verdict:
    """Power off, but for a battery that is being charged again."""
    empty_s = now.uptime_s - since_s
    said = f"{heard.cell_v:.2f} V per cell is below {limits.cell.floor:g} V for {spell(empty_s)}"
    if heard.at_s - since_s < EMPTY_FOR_S:
        return no_loads(said)
    if charged and empty_s < CHARGE_HELPS_S:
        return no_loads(f"{said}, but charging")
    return Verdict(EnergyLevel.OFF, True, said, may_rise=False)


def last_heard(state: GuardState, limits: Limits, now: Stamp) -> Verdict:
    """A low voltage, and then nothing more: as low as it was."""
    empty = state.empty_since_s is not None
    since_s = state.empty_since_s if empty else state.low_since_s
    lasts = since_s is not None and now.uptime_s - since_s >= (EMPTY_FOR_S if empty else LOW_FOR_S)
    if state.sound and not state.confirmed and not lasts:
        return FALLEN
    least_v = limits.cell.floor if empty else limits.cell.low
    return no_loads(f"the last voltage heard was below {least_v:g} V per cell")


def no_loads(reason: str) -> Verdict:
    """The computer may stay on; nothing else, and nothing may start."""
    return Verdict(EnergyLevel.HIBERNATE, False, reason, may_rise=False)


def by_charge(
    least_pct: float | None,
    reading: PowerReading | None,
    heard: Heard | None,
    battery: BatteryState | None,
    limits: Limits,
    kept_wh: float,
) -> Verdict:
    """The lower bound of the charge against the floors."""
    if least_pct is None:
        return Verdict(EnergyLevel.SENTINEL, False, "the charge of the battery is unknown")
    rest_pct = max(limits.rest_pct, kept_wh / limits.capacity_wh * 100)
    if least_pct >= rest_pct and least_pct >= limits.sentinel_pct:
        return CHARGE_ENOUGH
    said = f"there may be only {max(0.0, least_pct):.0f} % left to draw"
    sound = heard is not None and heard.cell_v >= limits.cell.over
    if sound and sun_carries(reading, limits):
        return Verdict(EnergyLevel.SENTINEL, False, f"{said}, but the sun carries the loads")
    if least_pct < limits.floor_pct:
        said += f", the floor is {limits.floor_pct:g} %"
        objection = why_stay_on(least_pct, reading, heard, battery, limits)
        return below_floor(said, objection)
    if least_pct < rest_pct:
        said += f", the rest below {rest_pct:.0f} % is kept to stay alive"
        return Verdict(EnergyLevel.HIBERNATE, False, said)
    return Verdict(EnergyLevel.SENTINEL, False, said)


def below_floor(said: str, objection: str) -> Verdict:
    """Power off, unless something speaks against it."""
    if objection:
        return Verdict(EnergyLevel.HIBERNATE, False, f"{said}, but {objection}")
    return Verdict(EnergyLevel.OFF, True, said)


def hibernate_below_pct(settings: Settings, kept_wh: float | None = None) -> float:
    """Charge below which no load runs: halfway from power-off to SENTINEL, or the reserve, if that
    is more. `kept_wh` is the reserve of the day; left out, that of the settings.
    """
    limits = limits_of(settings.battery, settings.energy)
    if kept_wh is None:
        kept_wh = reserve_wh(settings.battery, settings.energy)
    return max(limits.rest_pct, kept_wh / limits.capacity_wh * 100)


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


def why_stay_on(
    least_pct: float,
    reading: PowerReading | None,
    heard: Heard | None,
    battery: BatteryState | None,
    limits: Limits,
) -> str:
    """What speaks against a power-off below the floor of charge; empty where nothing does.

    Charge that comes in, or a sound voltage where doubt alone says empty. A unit that powered off
    for nothing might not come back until somebody visits it.
    """
    if charging(reading, battery, limits):
        return "charging"
    sigma_pct = battery.sigma_pct if battery and battery.sigma_pct is not None else 0.0
    doubt_alone = least_pct + sigma_pct >= limits.sentinel_pct
    sound = heard is not None and heard.cell_v >= limits.cell.sound
    return "the voltage is sound" if doubt_alone and sound else ""


def by_silence(
    state: GuardState,
    reading: PowerReading | None,
    reading_age_s: float | None,
    known: bool,
    limits: Limits,
    now: Stamp,
) -> Verdict:
    """What an old, frozen or missing reading still allows: less the longer nobody has looked."""
    age_s = reading_age_s
    if age_s is None or not math.isfinite(age_s) or (reading is not None and state.heard_s is None):
        return unheard(known, limits, now)
    still_s = 0.0
    if state.heard_s is not None:
        # By the readings' stamps: in a demonstration's fast time a poll itself takes minutes.
        until_s = now.uptime_s - age_s if reading is None else reading.stamp.uptime_s
        age_s += max(0.0, until_s - state.heard_s)
        if state.heard_s > state.said_since_s:
            still_s = now.uptime_s - state.said_since_s
    if age_s <= HOLD_AFTER_S and still_s < limits.still.eco_s:
        return ANSWERS
    silent = f"the charger has not answered for {spell(age_s)}"
    still = f"the charger has said exactly the same for {spell(still_s)}"
    return harder(
        after_silence(age_s, silent, limits.silent), after_silence(still_s, still, limits.still)
    )


def unheard(known: bool, limits: Limits, now: Stamp) -> Verdict:
    """Not a word since the start: to listen is allowed as in any silence where the charge is
    `known` from before, else for an hour, in which somebody may mend it.
    """
    said = "the charger has not answered since the start"
    if now.uptime_s > (limits.silent.hibernate_s if known else SENTINEL_AFTER_S):
        return no_loads(said)
    return Verdict(EnergyLevel.SENTINEL, False, said, may_rise=False)


def after_silence(age_s: float, said: str, ages: Ages) -> Verdict:
    """The most that a silence of `age_s` allows."""
    if age_s > ages.hibernate_s:
        return no_loads(said)
    level = EnergyLevel.FULL
    if age_s > ages.eco_s:
        level = EnergyLevel.SENTINEL if age_s > ages.sentinel_s else EnergyLevel.ECO
    return Verdict(level, False, said, may_rise=age_s <= HOLD_AFTER_S)


def spell(seconds: float) -> str:
    """A duration in words: 40 s, 14 min, 3 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.0f} h"
