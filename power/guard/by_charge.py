"""The guard's second source: the lower bound of the estimated charge.

Reads and writes: nothing; pure.
Never: powers off a unit whose battery is being charged, or whose voltage is high enough for loads
while only the uncertainty or the cold says empty.
"""

from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.guard.limits import Limits, derive_limits
from power.guard.observations import Observation, is_carried_by_sun, is_charging
from power.guard.reserve import compute_reserve_wh
from power.guard.verdict import Verdict

LOST_SIGMA_PCT = 25.0  # a count so unsure says nothing: any charge from 0 to 100 % has 29
CHARGE_ENOUGH = Verdict(EnergyLevel.FULL, say("there is charge enough"))


def judge_charge(
    least_pct: float | None,
    battery: BatteryState | None,
    limits: Limits,
    *,
    reserve_wh: float,
    reading: PowerReading | None = None,
    observation: Observation | None = None,
) -> Verdict:
    """`compute_lower_bound_pct` of the charge against floor, reserve and SENTINEL."""
    if least_pct is None:
        return Verdict(EnergyLevel.SENTINEL, say("the charge of the battery is unknown"))
    hibernate_pct = max(limits.hibernate_pct, reserve_wh / limits.capacity_wh * 100)
    if least_pct >= hibernate_pct and least_pct >= limits.sentinel_pct:
        return CHARGE_ENOUGH
    reason = say("there may be only {left_pct:.0f} % left to draw", left_pct=max(0.0, least_pct))
    recovered = observation is not None and observation.cell_v >= limits.cell.recovered_v
    if recovered and is_carried_by_sun(reading, limits):
        return Verdict(
            EnergyLevel.SENTINEL, say("{reason}, but the sun carries the loads", reason=reason)
        )
    if least_pct < limits.floor_pct:
        objection = find_objection(least_pct, reading, observation, battery, limits)
        return judge_below_floor(
            say(
                "{reason}, the floor is {floor_pct:g} %", reason=reason, floor_pct=limits.floor_pct
            ),
            objection,
        )
    if least_pct < hibernate_pct:
        kept = say(
            "the rest below {hibernate_pct:.0f} % is kept to stay alive",
            hibernate_pct=hibernate_pct,
        )
        return Verdict(EnergyLevel.HIBERNATE, say("{reason}, {kept}", reason=reason, kept=kept))
    return Verdict(EnergyLevel.SENTINEL, reason)


def judge_below_floor(reason: str, objection: str) -> Verdict:
    """Power off, unless something speaks against it."""
    if objection:
        return Verdict(
            EnergyLevel.HIBERNATE,
            say("{reason}, but {objection}", reason=reason, objection=objection),
        )
    return Verdict(EnergyLevel.OFF, reason, power_off=True)


def find_objection(
    least_pct: float,
    reading: PowerReading | None,
    observation: Observation | None,
    battery: BatteryState | None,
    limits: Limits,
) -> str:
    """What speaks against a power-off below the floor of charge; empty where nothing does.

    Charge that comes in; a sound voltage, or a good one that agrees with the count (lead-acid
    between floor and half full has no sound one), where only the uncertainty or the cold says
    empty; a sound voltage where the count is lost (no current is measured any more: one of several
    BMSs is silent), or that shows more than the floor. A unit that powered off for nothing might
    not come back until somebody visits it.
    """
    if is_charging(reading, battery, limits):
        return "charging"
    if observation is None or battery is None:
        return ""
    charge_pct, sigma_pct = battery.state_of_charge_pct or 0.0, battery.sigma_pct or 0.0
    is_above = charge_pct >= limits.floor_pct and charge_pct - sigma_pct >= limits.empty_pct
    is_cold = charge_pct - sigma_pct >= limits.floor_pct
    cause = say("the cold") if is_cold else say("the uncertainty")
    if observation.cell_v < limits.cell.sound_v:
        agrees = is_above and is_as_counted(observation, charge_pct, limits)
        told = say("the voltage agrees with the count, only {cause} says so", cause=cause)
        return told if agrees else ""
    if least_pct + sigma_pct >= limits.sentinel_pct or is_lost(sigma_pct, reading):
        return say("the voltage is sound")
    if is_above:
        return say("the voltage is sound, only {cause} says so", cause=cause)
    shows_pct = limits.cell.rested.find_least_pct(observation.cell_v)
    shows_more = shows_pct >= limits.floor_pct and charge_pct - sigma_pct >= limits.empty_pct
    told = say("the voltage shows {shows_pct:.0f} % or more", shows_pct=shows_pct)
    return told if shows_more else ""


def is_as_counted(observation: Observation, charge_pct: float, limits: Limits) -> bool:
    """Whether loads may run at this voltage, and it may be that of the counted charge."""
    is_good = observation.cell_v >= limits.cell.recovered_v
    return is_good and limits.cell.rested.find_most_pct(observation.cell_v) >= charge_pct


def is_lost(sigma_pct: float, reading: PowerReading | None) -> bool:
    """Whether the count says nothing, or is not counted any more: no current is measured (one of
    several BMSs is silent, or a shunt is connected the wrong way round).
    """
    no_current = reading is not None and reading.battery_current_a is None
    return no_current or sigma_pct >= LOST_SIGMA_PCT


def compute_hibernate_below_pct(settings: Settings, reserve_wh: float | None = None) -> float:
    """Charge below which no load runs: halfway from power-off to SENTINEL, or the reserve, if that
    is more. `reserve_wh` is the reserve of the day; left out, that of the settings.
    """
    limits = derive_limits(settings.battery, settings.energy)
    if reserve_wh is None:
        reserve_wh = compute_reserve_wh(settings.battery, settings.energy)
    return max(limits.hibernate_pct, reserve_wh / limits.capacity_wh * 100)
