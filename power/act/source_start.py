"""What starts a second source, and what forbids a start now.

Reads and writes: nothing; pure.
Never: lets a person be woken: in the quiet hours only the guard starts one, where the settings say
so; or lets the unit go dark beside a tank that is empty by the count alone: the guard tries it.
"""

from dataclasses import dataclass

from appliance.model import Stamp
from appliance.model_sources import SourceCause, SourceState
from appliance.sections.sources import SourceSettings, SourceStart
from appliance.wording.sentence import say
from power.act.source_evidence import Evidence
from power.guard.verdict import format_duration
from power.plan.source_decision import SourceDecision

DAY_S = 86_400.0
LEAST_ROOM_PCT = 5.0  # below the charge at which it stops: a start for less wears it


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceInputs:
    """What is known in this cycle. `local_h`: hour of the site's day, None where the clock is
    wrong. `refusal`: why the battery must not be charged, or "". `need`: why the guard wants it, or
    ""; `is_safe`: the guard needs it no more. `decision`: the plan's; None where there is no plan.
    `is_taken`: another source runs.
    """

    now: Stamp
    local_h: float | None
    charge_pct: float | None
    refusal: str
    need: str
    is_safe: bool
    decision: SourceDecision | None
    evidence: Evidence
    is_taken: bool = False


def find_cause(
    state: SourceState, source: SourceSettings, at: SourceInputs
) -> tuple[SourceCause | None, str]:
    """What wants it now, and why."""
    if at.need and source.guard_may_start:
        return SourceCause.GUARD, at.need
    if at.is_taken:
        return None, ""
    if source.test_every_days > 0 and state.idle_s >= source.test_every_days * DAY_S:
        return SourceCause.TEST, say(
            "a test run: none for {time}", time=format_duration(state.idle_s)
        )
    if source.starts_by is SourceStart.PLAN and at.decision is not None:
        return (SourceCause.PLAN if at.decision.runs else None), at.decision.reason
    is_low = at.charge_pct is not None and at.charge_pct < source.start_below_pct
    if source.starts_by is not SourceStart.NEVER and is_low:
        return SourceCause.CHARGE, say("the charge is {charge_pct:.0f} %", charge_pct=at.charge_pct)
    return None, ""


def find_obstacle(
    state: SourceState, source: SourceSettings, at: SourceInputs, cause: SourceCause
) -> str:
    """What forbids a start now, or ""."""
    rested_s = at.now.uptime_s - state.changed_s
    if state.locked:
        return say("it has given nothing {failures} times, and is locked", failures=state.failures)
    if rested_s < source.rest_s and state.starts:
        return say("it rests for another {time}", time=format_duration(source.rest_s - rested_s))
    if at.refusal:
        return at.refusal
    if is_quiet(source, at.local_h) and not may_disturb(source, at):
        return say("these are its quiet hours")
    return "" if cause is SourceCause.GUARD else find_shortage(state, source, at, cause)


def find_shortage(
    state: SourceState, source: SourceSettings, at: SourceInputs, cause: SourceCause
) -> str:
    """Too little fuel by the count, or too little room in the battery; or ""."""
    left_kwh = state.fuel_left_kwh
    if left_kwh is not None and left_kwh <= source.kept_kwh:
        kept = say(", which is kept for the guard") if left_kwh > 0 else ""
        return say(
            "its tank holds {left_kwh:.1f} kWh by the count{kept}", left_kwh=left_kwh, kept=kept
        )
    stop_pct, charge_pct = source.stop_above_pct, at.charge_pct
    if cause is SourceCause.PLAN and (charge_pct or 0.0) > stop_pct - LEAST_ROOM_PCT:
        return say(
            "the charge is {charge_pct:.0f} %, and it would stop at {stop_pct:.0f} %",
            charge_pct=charge_pct,
            stop_pct=stop_pct,
        )
    return ""


def may_disturb(source: SourceSettings, at: SourceInputs) -> bool:
    """Whether it may run in the quiet hours now."""
    return bool(at.need) and source.guard_ignores_quiet_hours


def is_quiet(source: SourceSettings, local_h: float | None) -> bool:
    """Whether these are the quiet hours; they may go over midnight."""
    begins, ends = source.quiet_from_h, source.quiet_until_h
    if begins is None or local_h is None or begins == ends:
        return False
    if begins < ends:
        return begins <= local_h < ends
    return local_h >= begins or local_h < ends
