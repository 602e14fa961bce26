"""The day as a chart: what was planned beside what came, in steps of five minutes.

Reads: the raw rows of two days, their stored means where the rows are gone, and the plans. Writes:
nothing. The web page and `unitctl` draw from it.
Never: fills a gap: a step of which nothing is known is null, and reality ends now.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from appliance.model import BatteryState, PowerReading
from appliance.settings import Settings
from appliance.store.decoding import decode_time
from appliance.store.plan_rows import COLUMNS as PLAN_COLUMNS
from appliance.store.plan_rows import read_plan_steps
from appliance.store.rows import Row, encode_time
from appliance.store.steps import (
    FINE_S,
    average_rows,
    read_last_levels,
    read_means,
    round_down,
)
from appliance.store.store import Store

STEP_S = FINE_S
AHEAD = timedelta(hours=12)
COLUMNS = ("pv_power_w", "load_power_w", "state_of_charge_pct", "level")
LONGEST_PLAN_STEP = timedelta(hours=1)
MEASURED_COLUMNS = {
    PowerReading: ("pv_power_w", "load_power_w"),
    BatteryState: ("state_of_charge_pct",),
}

Series = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Window:
    """`steps` steps of `step_s` seconds from `starts` on; reality ends at `now`."""

    starts: datetime
    now: datetime
    steps: int
    step_s: int = STEP_S

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(seconds=self.step_s * self.steps)


@dataclass(frozen=True, slots=True)
class StoredPlan:
    """One plan as stored: its rows by start, and when it was made and ends; stored times."""

    made_at: str
    ends: str
    starts: list[str]
    rows: Sequence[Row]

    def find_step(self, step: str) -> Any:
        """The row that holds at `step`, or None outside the plan."""
        place = bisect_right(self.starts, step) - 1
        return self.rows[place] if place >= 0 and step < self.ends else None


def build_day(store: Store, settings: Settings, hours: int = 24) -> dict[str, Any]:  # noqa: ARG001
    """The last `hours` and the 12 hours ahead: {"step_s", "starts", "now", "reality", "plan"}.

    `reality` and `plan` hold one list per quantity (W, W, %, level name; the plan also the low and
    the high end of the charge, %), each with one entry per step of the whole window, None where
    nothing is known. Raises `StoreError`.
    """
    now = store.clock.stamp().utc
    past, ahead = timedelta(hours=hours), AHEAD
    steps = int((past + ahead).total_seconds()) // STEP_S
    window = Window(round_down(now, STEP_S) - past, now, steps)
    return {
        "step_s": STEP_S,
        "starts": encode_time(window.starts),
        "now": encode_time(now),
        "reality": build_reality(store, window),
        "plan": build_plan(store, window),
    }


def build_reality(store: Store, window: Window) -> Series:
    """The means of what was measured and decided, step by step."""
    found = make_series(window, COLUMNS)
    for kind, columns in MEASURED_COLUMNS.items():
        means = read_means(store, kind, window.starts, window.now)
        fill_series(found, window, means)
        # Later steps have no stored mean yet.
        last = decode_time(means[-1]["step"]) if means else window.starts
        fill_series(found, window, average_rows(store, kind, columns, last, window.now))
    fill_series(found, window, read_last_levels(store, window.starts, window.now))
    return found


def build_plan(store: Store, window: Window) -> Series:
    """For each step what the plan valid then expected: the newest made by then, else the first."""
    found = make_series(window, PLAN_COLUMNS)
    plans = read_plans(store, window)
    for index in range(window.steps):
        row = find_planned_step(
            plans, encode_time(window.starts + timedelta(seconds=window.step_s * index))
        )
        if row is not None:
            for name in PLAN_COLUMNS:
                found[name][index] = round_value(row[name])
    return found


def read_plans(store: Store, window: Window) -> list[StoredPlan]:
    """All plans that reach into the window, the oldest first."""
    rows = read_plan_steps(store, window.starts - LONGEST_PLAN_STEP, window.ends)
    grouped = ((made, list(of)) for made, of in groupby(rows, key=lambda row: row["at"]))
    return [make_plan(made, of) for made, of in grouped]


def make_plan(made: str, rows: Sequence[Row]) -> StoredPlan:
    """A plan from its rows; its last step is as long as the one before."""
    starts = [row["starts"] for row in rows]
    times = [decode_time(start) for start in starts[-2:]]
    length = min(times[-1] - times[0] or LONGEST_PLAN_STEP, LONGEST_PLAN_STEP)
    return StoredPlan(made, encode_time(times[-1] + length), starts, rows)


def find_planned_step(plans: list[StoredPlan], step: str) -> Any:
    """The row of the plan that was valid at `step`; before the first plan, that one's."""
    for one in reversed(plans):
        if one.made_at <= step and (row := one.find_step(step)) is not None:
            return row
    later = (row for one in plans if (row := one.find_step(step)) is not None)
    return next(later, None)


def fill_series(found: Series, window: Window, rows: Sequence[Row]) -> None:
    """Put each row's known columns at its step."""
    for row in rows:
        index = int((decode_time(row["step"]) - window.starts).total_seconds()) // window.step_s
        for name in set(row.keys()) & set(COLUMNS):
            if row[name] is not None and 0 <= index < window.steps:
                found[name][index] = round_value(row[name])


def make_series(window: Window, names: tuple[str, ...]) -> Series:
    """Lists of unknowns."""
    return {name: [None] * window.steps for name in names}


def round_value(value: Any) -> Any:
    """A figure with two decimals: a chart shows no more."""
    return round(value, 2) if isinstance(value, float) else value
