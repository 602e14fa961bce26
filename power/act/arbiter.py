"""The arbiter: one order out of two voices, the guard's and the planner's.

Reads and writes: nothing; pure.
Never: lets the planner above the guard, delays a step down, or takes a step up that has not been
earned without a break for `dwell_up_s` (judged by uptime).
"""

from dataclasses import dataclass
from datetime import timedelta

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.settings import Settings
from power.guard.reserve import compute_reserve_wh
from power.guard.verdict import Verdict, format_duration
from power.plan.ladder import Proposal

VALID_S = 180.0  # and at least three polls: a budget is renewed long before it ends


@dataclass(frozen=True, slots=True)
class ArbiterState:
    """What the arbiter remembers: the level that holds, whose voice set it, and what is earned.

    `earning` is the lowest level above `level` that was wanted all the time since `since_s`.
    """

    level: EnergyLevel | None = None
    source: str = ""
    rising_to: EnergyLevel | None = None
    rising_since_s: float = 0.0


def arbitrate(
    ruling: ArbiterState, verdict: Verdict, proposal: Proposal, settings: Settings, now: Stamp
) -> tuple[ArbiterState, EnergyBudget]:
    """The next ruling and the budget that it means. The first order of a boot is no rise."""
    wanted = min(verdict.max_level, proposal.level)
    if ruling.level is None or wanted <= ruling.level:
        level, earning, since_s = wanted, None, now.uptime_s
    else:
        level, earning, since_s = rise(ruling, ruling.level, wanted, verdict, settings, now)
    waits_s = settings.energy.dwell_up_s - (now.uptime_s - since_s)
    kept_wh = verdict.reserve_wh
    if kept_wh is None:
        kept_wh = compute_reserve_wh(settings.battery, settings.energy)
    voice, reason = explain(level, earning, waits_s, verdict, proposal)
    kept = f", reserve {kept_wh / (settings.energy.hibernate_power_w * 24):.0f} days"
    budget = EnergyBudget(
        stamp=now,
        level=level,
        power_w=limit_power_w(level, proposal, settings),
        until=now.utc + timedelta(seconds=max(VALID_S, 3 * settings.meter.poll_every_s)),
        reserve_wh=kept_wh,
        reason=f"{level.name}{reason}" + (kept if voice == "planner" else ""),
        sun_is_free=proposal.sun_is_free and level > EnergyLevel.HIBERNATE,
    )
    return ArbiterState(level, voice, earning, since_s), budget


def rise(
    ruling: ArbiterState,
    level: EnergyLevel,
    wanted: EnergyLevel,
    verdict: Verdict,
    settings: Settings,
    now: Stamp,
) -> tuple[EnergyLevel, EnergyLevel | None, float]:
    """Level, level being earned, and since when, while more is wanted than holds."""
    if not verdict.may_rise:
        return level, None, now.uptime_s
    since_s = now.uptime_s if ruling.rising_to is None else ruling.rising_since_s
    earning = wanted if ruling.rising_to is None else min(wanted, ruling.rising_to)
    if now.uptime_s - since_s < settings.energy.dwell_up_s:
        return level, earning, since_s
    return earning, wanted if wanted > earning else None, now.uptime_s


def explain(
    level: EnergyLevel,
    earning: EnergyLevel | None,
    waits_s: float,
    verdict: Verdict,
    proposal: Proposal,
) -> tuple[str, str]:
    """Whose voice it is, and the rest of the sentence after the level's name."""
    if verdict.max_level < proposal.level and level == verdict.max_level:
        return "guard", f" held by the guard: {verdict.reason}"
    if earning is not None:
        return (
            "dwell",
            f": {proposal.reason}; {earning.name} in {format_duration(waits_s)} if this lasts",
        )
    if level < proposal.level:
        return "guard", f" held by the guard: {verdict.reason}"
    until = f" until {proposal.until:%H:%M} UTC" if proposal.until else ""
    return "planner", f"{until}: {proposal.reason}"


def limit_power_w(level: EnergyLevel, proposal: Proposal, settings: Settings) -> float:
    """What the loads may draw: the planner's figure, but never more than the level allows."""
    allowed_w = settings.power_w(level)
    return min(allowed_w, proposal.power_w) if level == proposal.level else allowed_w
