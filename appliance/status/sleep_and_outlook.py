"""The night that passed and the days ahead: two parts of the status document.

Reads: the rows Sleep, Wake, EnergyPlanStep, EnergyPolicy. Writes: nothing.
Never: plans or judges; an old plan is not shown.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from appliance.model import EnergyPlanStep, Sleep, Wake
from appliance.status.charts import LONGEST_PLAN_STEP, StoredPlan, make_plan
from appliance.store.plan_rows import read_policy_reason, read_steps_of_plan
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.tables import get_fresh_s
from appliance.wording.sentence import as_plain

AHEAD = timedelta(hours=72)
MAX_SLEEPS = 40  # read back to find when the night began: three dark weeks

Document = dict[str, Any]


def describe_sleep(store: Store) -> Document | None:
    """The last sleep and the return from it; None where the unit has never slept.

    `woke` is None until it is back, and for good where the sleep was called off.
    """
    sleeps = store.rows(Sleep, limit=MAX_SLEEPS, newest_first=True)
    if not sleeps:
        return None
    wakes = store.rows(Wake, limit=2 * MAX_SLEEPS, newest_first=True)
    last = sleeps[0]
    return {
        "since": encode_time(last.stamp.utc),
        "level": last.level.name,
        "until": encode_known_time(last.wakes),
        "armed": last.armed,
        "expected": encode_known_time(last.expected),
        "reason": last.reason,
        "charge_before_pct": last.state_of_charge_pct,
        **describe_return(find_wake_after(last, wakes)),
        "night": describe_night(sleeps, wakes),
    }


def describe_return(wake: Wake | None) -> Document:
    """The fields of the return; all None before it."""
    return {
        "woke": wake and encode_time(wake.stamp.utc),
        "woke_by": wake and as_plain(wake.cause),
        "stays": wake and wake.stays,
        "stays_reason": wake and wake.reason,
        "failed_boots": wake and wake.failed_boots,
        "charge_after_pct": wake and wake.state_of_charge_pct,
    }


def describe_night(sleeps: Sequence[Sleep], wakes: Sequence[Wake]) -> Document:
    """The last sleep with those before it from which the unit did not stay up. Newest first."""
    first, went_back = sleeps[0], 0
    for later, earlier in pairwise(sleeps):
        wake = find_wake_after(earlier, wakes, later.stamp.utc)
        if wake is None or wake.stays:
            break
        first, went_back = earlier, went_back + 1
    return {
        "began": encode_time(first.stamp.utc),
        "charge_pct": first.state_of_charge_pct,
        "reason": first.reason,
        "went_back": went_back,
    }


def find_wake_after(
    slept: Sleep, wakes: Iterable[Wake], before: datetime | None = None
) -> Wake | None:
    """The last word on the return from that sleep; `wakes` are newest first.

    A boot in which the battery disconnected takes the name of its sleep with it: the next to
    succeed then counts, if it came in time (`before`: the next sleep). A restart for another reason
    counts no failure.
    """
    at, unnamed = slept.stamp.utc, None
    for wake in wakes:
        if wake.asleep_since == at:
            return wake
        nameless = wake.asleep_since is None and wake.failed_boots > 0
        in_time = at < wake.stamp.utc and (before is None or wake.stamp.utc <= before)
        if unnamed is None and nameless and in_time:
            unnamed = wake
    return unnamed


def describe_outlook(store: Store) -> Document | None:
    """What the newest plan expects of the next 72 hours; None before any plan.

    A plan is about hours of the day and outlives a boot: its age is judged by the wall clock.
    """
    newest = store.last(EnergyPlanStep)
    if newest is None:
        return None
    now = store.clock.stamp().utc
    plan = read_plan_ahead(store, newest.stamp.utc, now)
    return {
        "at": encode_time(newest.stamp.utc),
        "fresh": plan is not None,
        **describe_expected(plan),
        "about": read_policy_reason(store, now),
    }


def read_plan_ahead(store: Store, made: datetime, now: datetime) -> StoredPlan | None:
    """The plan made then, from its present step on; None where it is old or has ended."""
    rows = read_steps_of_plan(store, made=made, after=now - LONGEST_PLAN_STEP, until=now + AHEAD)
    if not rows or now - made > timedelta(seconds=get_fresh_s(EnergyPlanStep)):
        return None
    plan = make_plan(encode_time(made), rows)
    present = plan.find_step(encode_time(now))
    if present is None:
        return None
    first = rows.index(present)
    return StoredPlan(plan.made_at, plan.ends, plan.starts[first:], rows[first:])


def describe_expected(plan: StoredPlan | None) -> Document:
    """Levels and lowest SOC of a plan; unknown without one."""
    if plan is None:
        return {"until": None, "next_levels": [], "lowest_charge_pct": None, "lowest_at": None}
    lowest = min(plan.rows, key=lambda row: row["state_of_charge_pct"])
    return {
        "until": plan.ends,
        "next_levels": list_level_changes(plan),
        "lowest_charge_pct": lowest["state_of_charge_pct"],
        "lowest_at": lowest["starts"],
    }


def list_level_changes(plan: StoredPlan) -> list[Document]:
    """The level of the present step, and each other level with when it begins."""
    found: list[Document] = []
    for row in plan.rows:
        if not found or found[-1]["level"] != row["level"]:
            found.append({"from": row["starts"], "level": row["level"]})
    return found


def encode_known_time(utc: datetime | None) -> str | None:
    """A time as the document writes it."""
    return None if utc is None else encode_time(utc)
