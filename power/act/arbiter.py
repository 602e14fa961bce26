"""The arbiter: one budget from two sources, the guard's verdict and the planner's proposal.

Reads and writes: nothing; pure.
Never: lets the planner above the guard, delays a step down, or takes a step up that was not
allowed without a break for `dwell_up_s` (judged by uptime).
"""

from dataclasses import KW_ONLY, dataclass
from datetime import timedelta

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.settings import Settings
from appliance.store.tables import get_fresh_s
from appliance.wording.counts import format_count
from appliance.wording.sentence import Sentence, say
from appliance.wording.site_time import format_site_time
from power.guard.reserve import compute_reserve_wh
from power.guard.verdict import Verdict, format_duration
from power.plan.ladder import Proposal

VALID_S = get_fresh_s(
    EnergyBudget
)  # and at least three polls: a budget is renewed long before it ends


@dataclass(frozen=True, slots=True)
class ArbiterState:
    """What the arbiter remembers: the level that holds, and which source set it: "guard",
    "planner", or "dwell" while a higher level waits.

    `rising_to` is the lowest level above `level` that was wanted all the time since
    `rising_since_s`.
    """

    level: EnergyLevel | None = None
    _: KW_ONLY
    source: str = ""
    rising_to: EnergyLevel | None = None
    rising_since_s: float = 0.0


def arbitrate(
    before: ArbiterState, verdict: Verdict, proposal: Proposal, settings: Settings, now: Stamp
) -> tuple[ArbiterState, EnergyBudget]:
    """The next state and the budget that it means. The first order of a boot is no rise."""
    wanted = min(verdict.max_level, proposal.level)
    level, rising_to, rising_since_s = decide_level(before, wanted, verdict, settings, now)
    waits_s = settings.energy.dwell_up_s - (now.uptime_s - rising_since_s)
    zone = settings.site.timezone
    source, reason = explain(level, rising_to, waits_s, verdict, proposal, zone=zone)
    reserve_wh = verdict.reserve_wh
    if reserve_wh is None:
        reserve_wh = compute_reserve_wh(settings.battery, settings.energy)
    if source == "planner":
        days = reserve_wh / (settings.energy.hibernate_power_w * 24)
        reason = say(
            "{reason}, autonomy in hibernation {days}",
            reason=reason,
            days=format_count(days, "day", ".0f"),
        )
    budget = EnergyBudget(
        stamp=now,
        level=level,
        power_w=limit_power_w(level, proposal, settings),
        until=now.utc + timedelta(seconds=max(VALID_S, 3 * settings.meter.poll_every_s)),
        reserve_wh=reserve_wh,
        reason=reason,
        sun_is_free=proposal.sun_is_free and level > EnergyLevel.HIBERNATE,
    )
    return ArbiterState(
        level, source=source, rising_to=rising_to, rising_since_s=rising_since_s
    ), budget


def decide_level(
    before: ArbiterState, wanted: EnergyLevel, verdict: Verdict, settings: Settings, now: Stamp
) -> tuple[EnergyLevel, EnergyLevel | None, float]:
    """The level, the level that it rises to if that lasts, and since when it lasts."""
    if before.level is None or wanted <= before.level:
        return wanted, None, now.uptime_s
    if not verdict.may_rise:
        return before.level, None, now.uptime_s
    since_s = now.uptime_s if before.rising_to is None else before.rising_since_s
    rising_to = wanted if before.rising_to is None else min(wanted, before.rising_to)
    if now.uptime_s - since_s < settings.energy.dwell_up_s:
        return before.level, rising_to, since_s
    return rising_to, wanted if wanted > rising_to else None, now.uptime_s


def explain(
    level: EnergyLevel,
    rising_to: EnergyLevel | None,
    waits_s: float,
    verdict: Verdict,
    proposal: Proposal,
    *,
    zone: str,
) -> tuple[str, str]:
    """The source, and the sentence that begins with the level's name."""
    if verdict.max_level < proposal.level and level == verdict.max_level:
        return "guard", tell_held(level, verdict)
    if rising_to is not None:
        return "dwell", say(
            "{level}: {reason}; {rising_to} in {time} if this lasts",
            level=level,
            reason=proposal.reason,
            rising_to=rising_to,
            time=format_duration(waits_s),
        )
    if level < proposal.level:
        return "guard", tell_held(level, verdict)
    if not proposal.until:
        return "planner", say("{level}: {reason}", level=level, reason=proposal.reason)
    return "planner", say(
        "{level}, planned until {at}: {reason}",
        level=level,
        at=format_site_time(proposal.until, zone),
        reason=proposal.reason,
    )


def tell_held(level: EnergyLevel, verdict: Verdict) -> Sentence:
    """That the guard allows no more, and why."""
    return say("{level} held by the guard: {reason}", level=level, reason=verdict.reason)


def limit_power_w(level: EnergyLevel, proposal: Proposal, settings: Settings) -> float:
    """What the loads may draw: the planner's figure, but never more than the level allows."""
    allowed_w = settings.get_level_power_w(level)
    return min(allowed_w, proposal.power_w) if level == proposal.level else allowed_w


def tell_cycle(budget: EnergyBudget, status: str) -> Sentence:
    """The sentence of the power service: the budget, and what sleep has to say."""
    return say(
        "{reason}; the loads may draw {power_w:g} W{status}",
        reason=budget.reason,
        power_w=budget.power_w,
        status=status,
    )
