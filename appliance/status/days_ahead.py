"""The coming days as the newest plan expects them: steps for a chart, and sums of each day.

Reads: the plan steps and the reason of the policy. Writes: nothing.
Never: plans; a plan that is too old is shown as such (`fresh` False) and has no steps.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from appliance.model import EnergyLevel, EnergyPlanStep
from appliance.settings import Settings
from appliance.status.charts import (
    COLUMNS,
    Series,
    StoredPlan,
    Window,
    make_plan,
    make_series,
    round_value,
)
from appliance.store.decoding import decode_time
from appliance.store.plan_rows import COLUMNS as PLAN_COLUMNS
from appliance.store.plan_rows import read_policy_reason, read_whole_plan
from appliance.store.rows import encode_time
from appliance.store.steps import round_down
from appliance.store.store import Store
from appliance.store.tables import get_fresh_s
from appliance.wording.site_time import find_zone

STEP_S = 900
AHEAD = timedelta(days=3)
STEP_H = STEP_S / 3600


def build_days_ahead(store: Store, settings: Settings) -> dict[str, Any]:
    """{"made", "fresh", "about", "step_s", "starts", "now", "reality", "plan", "days"}; `reality`
    holds nothing: it is there so that one chart draws both. Raises `StoreError`.
    """
    now, zone = store.clock.stamp().utc, find_zone(settings.site.timezone)
    newest = store.last(EnergyPlanStep)
    plan = read_plan(store, newest.stamp.utc, now) if newest else None
    window = make_window(plan, now)
    found = fill_plan(plan, window)
    return {
        "made": encode_time(newest.stamp.utc) if newest else None,
        "fresh": plan is not None,
        "about": read_policy_reason(store, now),
        "step_s": STEP_S,
        "starts": encode_time(window.starts),
        "now": encode_time(now),
        "reality": make_series(window, COLUMNS),
        "plan": found,
        "days": describe_days(found, window, zone),
    }


def read_plan(store: Store, made: datetime, now: datetime) -> StoredPlan | None:
    """The plan made then; None where it is too old, or has ended."""
    if now - made > timedelta(seconds=get_fresh_s(EnergyPlanStep)):
        return None
    rows = read_whole_plan(store, made=made, after=now - timedelta(seconds=STEP_S))
    return make_plan(encode_time(made), rows) if rows else None


def make_window(plan: StoredPlan | None, now: datetime) -> Window:
    """From the present quarter of an hour to the end of the plan, three days at most."""
    starts = round_down(now, STEP_S)
    ends = min(decode_time(plan.ends), starts + AHEAD) if plan else starts
    return Window(starts, now, max(0, int((ends - starts).total_seconds()) // STEP_S), STEP_S)


def fill_plan(plan: StoredPlan | None, window: Window) -> Series:
    """What the plan expects, step by step."""
    found = make_series(window, PLAN_COLUMNS)
    for index in range(window.steps):
        row = plan.find_step(encode_time(find_start(window, index))) if plan else None
        if row is not None:
            for name in PLAN_COLUMNS:
                found[name][index] = round_value(row[name])
    return found


def describe_days(plan: Series, window: Window, zone: tzinfo) -> list[dict[str, Any]]:
    """The sums of each day of the site, as far as the plan reaches."""
    steps: dict[date, list[int]] = {}
    for index, level in enumerate(plan["level"]):
        if level is not None:
            steps.setdefault(find_start(window, index).astimezone(zone).date(), []).append(index)
    return [describe_day(day, plan, indexes) for day, indexes in steps.items()]


def describe_day(day: date, plan: Series, steps: Sequence[int]) -> dict[str, Any]:
    """One day: energy, the lowest charge with its band, the hours of each level."""
    lows = [low for one in steps if (low := plan["low_charge_pct"][one]) is not None]
    levels = [plan["level"][one] for one in steps]
    return {
        "day": day.isoformat(),
        "sun_wh": sum_energy(plan["pv_power_w"], steps),
        "use_wh": sum_energy(plan["load_power_w"], steps),
        "lowest_charge_pct": min(plan["state_of_charge_pct"][one] for one in steps),
        "low_charge_pct": min(lows, default=None),
        "levels_h": {level.name: levels.count(level.name) * STEP_H for level in EnergyLevel},
    }


def sum_energy(power_w: Sequence[float], steps: Sequence[int]) -> float:
    """Energy of these steps, Wh."""
    return round(sum(power_w[one] for one in steps) * STEP_H, 1)


def find_start(window: Window, index: int) -> datetime:
    """When a step of the window begins."""
    return window.starts + timedelta(seconds=window.step_s * index)
