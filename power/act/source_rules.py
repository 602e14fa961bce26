"""The rules of a second source: when a generator is started and stopped, and what it has given.

    state = follow_source(state, source, inputs)     # once in each cycle
    state.is_ordered                                 # what its switch is ordered to

Reads and writes: nothing; pure.
Never: starts one that is locked, that must rest, or whose energy the battery must not take; runs
one for longer than its settings allow; counts on one that gives nothing.

What starts it, the first that holds: the guard's need, a test run, the plan, the charge. What stops
it at once: it gives nothing, or the battery must not be charged. Everything else waits until it has
run for its least time.
"""

from dataclasses import replace

from appliance.model_sources import SourceCause, SourcePhase, SourceState
from appliance.sections.sources import SourceSettings, SourceStart
from appliance.wording.sentence import say
from power.act.source_count import count_run
from power.act.source_evidence import Evidence
from power.act.source_start import (
    SourceInputs,
    find_cause,
    find_obstacle,
    is_quiet,
    may_disturb,
)
from power.guard.verdict import format_duration

LONGEST_STEP_S = 120.0  # a longer gap between two cycles is not counted as a run


def follow_source(state: SourceState, source: SourceSettings, at: SourceInputs) -> SourceState:
    """The next state of a source."""
    worth = at.decision.worth_per_kwh if at.decision else None
    step_s = at.now.uptime_s - state.stamp.uptime_s
    if not 0 <= step_s <= LONGEST_STEP_S:
        step_s = 0.0
    state = replace(count_run(state, source, step_s), stamp=at.now, worth_per_kwh=worth)
    if not source.switch:
        return note_presence(state, at.evidence)
    if state.is_ordered:
        return follow_run(note_evidence(state, at), source, at)
    return follow_rest(state, source, at)


def note_presence(state: SourceState, evidence: Evidence) -> SourceState:
    """Of a source that nothing starts or stops: whether it is there."""
    if evidence.gives:
        return replace(
            state, phase=SourcePhase.THERE, power_w=evidence.power_w, reason=say("it gives power")
        )
    return replace(state, phase=SourcePhase.OFF, power_w=None, reason=say("it is not there"))


# --- while it runs ------------------------------------------------------------------------------


def note_evidence(state: SourceState, at: SourceInputs) -> SourceState:
    """Whether it gives, as far as that is seen; a run that gives ends a row of failures."""
    if at.evidence.gives:
        return replace(
            state,
            phase=SourcePhase.GIVING,
            gave_s=at.now.uptime_s,
            power_w=at.evidence.power_w,
            failures=0,
            failure="",
        )
    power_w = 0.0 if at.evidence.gives is False else at.evidence.power_w
    return replace(state, power_w=power_w)


def follow_run(state: SourceState, source: SourceSettings, at: SourceInputs) -> SourceState:
    """Stop it, or let it run."""
    failure = find_failure(state, source, at)
    if failure:
        return note_failure(state, source, at.now.uptime_s, failure)
    why = at.refusal or find_stop_reason(state, source, at)
    return stop_source(state, at.now.uptime_s, why) if why else state


def find_failure(state: SourceState, source: SourceSettings, at: SourceInputs) -> str:
    """In which way it gives nothing, or ""."""
    if at.evidence.gives is not False:
        return ""
    now_s, ran_s = at.now.uptime_s, at.now.uptime_s - state.changed_s
    if state.gave_s is None:
        late = ran_s > source.warm_up_s + source.gives_within_s
        return (
            say("was started and has given nothing for {time}", time=format_duration(ran_s))
            if late
            else ""
        )
    silent_s = now_s - state.gave_s
    late = silent_s > source.gives_within_s
    return (
        say("runs and has given nothing any more for {time}", time=format_duration(silent_s))
        if late
        else ""
    )


def note_failure(
    state: SourceState, source: SourceSettings, now_s: float, failure: str
) -> SourceState:
    """Stop it; after too many failures in a row it is locked."""
    failures = state.failures + 1
    stopped = stop_source(state, now_s, say("it {failure}", failure=failure))
    locked = failures >= source.most_tries
    return replace(stopped, failures=failures, failure=failure, locked=locked)


def stop_source(state: SourceState, now_s: float, why: str) -> SourceState:
    """It is ordered to stop now."""
    return replace(
        state,
        phase=SourcePhase.OFF,
        cause=None,
        reason=say("stopped: {why}", why=why),
        changed_s=now_s,
        gave_s=None,
        power_w=None,
    )


def find_stop_reason(state: SourceState, source: SourceSettings, at: SourceInputs) -> str:
    """Why a run that gives ends now, or ""."""
    ran_s = at.now.uptime_s - state.changed_s
    if ran_s >= source.most_run_s:
        return say("it has run for its longest time, {time}", time=format_duration(ran_s))
    if state.cause is SourceCause.TEST and not at.need:
        return say("the test run is over") if ran_s >= source.test_run_s else ""
    if ran_s < source.least_run_s:
        return ""
    if is_quiet(source, at.local_h) and not may_disturb(source, at):
        return say("the quiet hours have begun")
    if at.charge_pct is not None and at.charge_pct >= source.stop_above_pct:
        return say("the charge is {charge_pct:.0f} %", charge_pct=at.charge_pct)
    return "" if at.need else find_end_of_cause(state, source, at)


def find_end_of_cause(state: SourceState, source: SourceSettings, at: SourceInputs) -> str:
    """Why that for which it was started is over, or ""; another reason to run takes its place."""
    decision = at.decision if source.starts_by is SourceStart.PLAN else None
    if decision is not None and state.cause is not SourceCause.CHARGE:
        wanted = decision.runs or (state.cause is SourceCause.GUARD and not at.is_safe)
        return "" if wanted else decision.reason
    if state.cause is SourceCause.GUARD and at.is_safe and source.starts_by is SourceStart.NEVER:
        return say("the guard needs it no more")
    return ""  # by charge it runs until stop_above_pct


# --- while it rests -----------------------------------------------------------------------------


def follow_rest(state: SourceState, source: SourceSettings, at: SourceInputs) -> SourceState:
    """Start it where something wants it and nothing forbids it; the reason says which."""
    cause, why = find_cause(state, source, at)
    if cause is None:
        return replace(state, reason=why) if why else state
    obstacle = find_obstacle(state, source, at, cause)
    if obstacle:
        return replace(state, reason=say("{why}; it waits: {obstacle}", why=why, obstacle=obstacle))
    return replace(
        state,
        phase=SourcePhase.STARTING,
        cause=cause,
        reason=why,
        changed_s=at.now.uptime_s,
        starts=state.starts + 1,
        cost=state.cost + source.start_cost,
    )
