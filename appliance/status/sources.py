"""What each second source does, why, what is left in its tank, and when it is planned to run next.

Reads: SourceState, the steps of the newest plan. Writes: nothing.
Never: shows what it gave an hour ago as what it gives now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from appliance.model_sources import SourcePhase, SourceState
from appliance.sections.sources import SourceSettings
from appliance.settings import Settings
from appliance.status.freshness import Document, describe_age
from appliance.store.plan_rows import SourceStep, read_source_steps
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import Sentence, join_sentences, say

RUNNING_FRESH_S, IDLE_FRESH_S = 180.0, 3 * 3600.0  # as often as the power service stores it
STEP_H = 0.25
DOES = {
    SourcePhase.OFF: say("off"),
    SourcePhase.STARTING: say("started, nothing seen of it yet"),
    SourcePhase.GIVING: say("gives power"),
    SourcePhase.THERE: say("there"),
}


def describe_sources(store: Store, settings: Settings) -> list[Document]:
    """One entry for each source of the settings."""
    if not settings.source:
        return []
    states = {state.source: state for state in store.rows(SourceState)}
    next_run = find_next_run(read_source_steps(store, store.clock.stamp().utc))
    return [
        describe_source(store, name, source, states.get(name), next_run)
        for name, source in settings.source.items()
    ]


def describe_source(
    store: Store,
    name: str,
    source: SourceSettings,
    state: SourceState | None,
    next_run: Document | None,
) -> Document:
    """One source; all but its name and settings are None before it was seen."""
    is_on = state is not None and state.phase is not SourcePhase.OFF
    seen = describe_age(store, state, RUNNING_FRESH_S if is_on else IDLE_FRESH_S)
    fresh = state if seen["fresh"] else None
    return seen | {
        "name": name,
        "kind": source.kind.value,
        "phase": fresh and fresh.phase.value,
        "cause": fresh.cause.value if fresh and fresh.cause else None,
        "reason": fresh and fresh.reason,
        "since": fresh and encode_time(find_change(fresh)),
        "power_w": fresh and fresh.power_w,
        "worth_per_kwh": fresh and fresh.worth_per_kwh,
        "cost_per_kwh": source.cost_per_kwh,
        "fuel_left_kwh": state and state.fuel_left_kwh,
        "fuel_full_kwh": source.full_tank_kwh,
        "run_h": state and round(state.run_s / 3600, 2),
        "energy_kwh": state and round(state.energy_wh / 1000, 3),
        "cost": state and round(state.cost, 2),
        "starts": state and state.starts,
        "failures": state and state.failures,
        "locked": state and state.locked,
        "next_run": next_run if source.switch else None,
        "sentence": describe_in_words(source, state, fresh),
    }


def find_change(state: SourceState) -> datetime:
    """When it was started or stopped, by the wall clock."""
    return state.stamp.utc - timedelta(seconds=state.stamp.uptime_s - state.changed_s)


def describe_in_words(
    source: SourceSettings, state: SourceState | None, fresh: SourceState | None
) -> str:
    """What it does and why, and what is left."""
    if state is None:
        return say("has not been seen yet")
    parts: list[str] = [DOES[fresh.phase] if fresh else say("not known now")]
    if fresh and fresh.power_w:
        parts[0] = say("{does}, {power_w:.0f} W", does=parts[0], power_w=fresh.power_w)
    if state.locked:
        parts.append(say("locked: it gave nothing when it was started"))
    elif fresh and fresh.reason:
        parts.append(fresh.reason)
    if state.fuel_left_kwh is not None:
        parts.append(tell_fuel(state.fuel_left_kwh, source.full_tank_kwh))
    return join_sentences("; ", parts)


def tell_fuel(left_kwh: float, full_kwh: float | None) -> Sentence:
    """What is left in the tank, and of how much."""
    if full_kwh is None:
        return say("fuel for {left_kwh:.1f} kWh", left_kwh=left_kwh)
    return say(
        "fuel for {left_kwh:.1f} of {full_kwh:.1f} kWh", left_kwh=left_kwh, full_kwh=full_kwh
    )


def find_next_run(steps: Sequence[SourceStep]) -> Document | None:
    """The first steps in a row in which the plan has a source running."""
    running = [step for step in steps if step.power_w > 0]
    if not running:
        return None
    first, count = running[0], 0
    for count, step in enumerate(running):
        if step.starts - first.starts != count * timedelta(hours=STEP_H):
            break
    else:
        count += 1
    return {
        "starts": encode_time(first.starts),
        "hours": count * STEP_H,
        "energy_kwh": round(sum(one.power_w for one in running[:count]) * STEP_H / 1000, 3),
    }
