"""The day as a chart: what was planned beside what came, in steps of five minutes.

Reads: the raw rows of two days, their stored means where the rows are gone, and the plans. Writes:
nothing. The web page and `unitctl` draw from it.
Never: fills a gap: a step of which nothing is known is null, and reality ends now.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from appliance.settings import Settings
from appliance.store.retention import FINE_S, floor, step_of
from appliance.store.rows import text_of, time_of
from appliance.store.store import Store

STEP_S = FINE_S
AHEAD = timedelta(hours=12)
COLUMNS = ("pv_power_w", "load_power_w", "state_of_charge_pct", "level")
PLANNED = (*COLUMNS, "low_charge_pct", "high_charge_pct")
LONGEST_PLAN_STEP = timedelta(hours=1)
MEANS = {
    "power_reading": ("pv_power_w", "load_power_w"),
    "battery_state": ("state_of_charge_pct",),
}

Series = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Window:
    """`steps` steps of `STEP_S` seconds from `starts` on; reality ends at `now`."""

    starts: datetime
    now: datetime
    steps: int

    @property
    def ends(self) -> datetime:
        return self.starts + timedelta(seconds=STEP_S * self.steps)


@dataclass(frozen=True, slots=True)
class Plan:
    """One plan as stored: its rows by start, and when it was made and ends; stored times."""

    made: str
    ends: str
    starts: list[str]
    rows: list[Any]

    def covering(self, step: str) -> Any:
        """The row that holds at `step`, or None outside the plan."""
        place = bisect_right(self.starts, step) - 1
        return self.rows[place] if place >= 0 and step < self.ends else None


def day(store: Store, settings: Settings, hours: int = 24) -> dict[str, Any]:  # noqa: ARG001
    """The last `hours` and the 12 hours ahead: {"step_s", "starts", "now", "reality", "plan"}.

    `reality` and `plan` hold one list per quantity (W, W, %, level name; the plan also the low and
    the high end of the charge, %), each with one entry per step of the whole window, None where
    nothing is known. Raises `StoreError`.
    """
    now = store.clock.stamp().utc
    past, ahead = timedelta(hours=hours), AHEAD
    steps = int((past + ahead).total_seconds()) // STEP_S
    window = Window(floor(now, STEP_S) - past, now, steps)
    return {
        "step_s": STEP_S,
        "starts": text_of(window.starts),
        "now": text_of(now),
        "reality": reality(store, window),
        "plan": plan(store, window),
    }


def reality(store: Store, window: Window) -> Series:
    """The means of what was measured and decided, step by step."""
    found = empty(window, COLUMNS)
    begin, now = text_of(window.starts), text_of(window.now)
    for table, names in MEANS.items():
        means = store.query(
            f"SELECT at AS step, * FROM {table}_mean "
            f"WHERE step_s = {STEP_S} AND at >= ? AND at <= ? ORDER BY at",
            (begin, now),
        )
        fill(found, window, means)
        averages = ", ".join(f"avg({name}) AS {name}" for name in names)
        last = means[-1]["step"] if means else begin  # later steps have no stored mean yet
        fill(found, window, steps_of(store, table, averages, last, now))
    # SQLite takes the other columns from the row that has the maximum: the step's last level.
    fill(found, window, steps_of(store, "energy_budget", "level, max(id)", begin, now))
    return found


def steps_of(store: Store, table: str, wanted: str, begin: str, now: str) -> list[Any]:
    """`wanted` (SQL) of a table's full rows, step by step."""
    return store.query(
        f"SELECT {step_of('at', STEP_S)} AS step, {wanted} FROM {table} "
        "WHERE at >= ? AND at <= ? GROUP BY step",
        (begin, now),
    )


def plan(store: Store, window: Window) -> Series:
    """For each step what the plan valid then expected: the newest made by then, else the first."""
    found = empty(window, PLANNED)
    plans = plans_of(store, window)
    for index in range(window.steps):
        row = planned(plans, text_of(window.starts + timedelta(seconds=STEP_S * index)))
        if row is not None:
            for name in PLANNED:
                found[name][index] = rounded(row[name])
    return found


def plans_of(store: Store, window: Window) -> list[Plan]:
    """All plans that reach into the window, the oldest first."""
    rows = store.query(
        f"SELECT at, starts, {', '.join(PLANNED)} FROM energy_plan_step "
        "WHERE starts >= ? AND starts < ? ORDER BY at, starts",
        (text_of(window.starts - LONGEST_PLAN_STEP), text_of(window.ends)),
    )
    grouped = ((made, list(of)) for made, of in groupby(rows, key=lambda row: row["at"]))
    return [plan_of(made, of) for made, of in grouped]


def plan_of(made: str, rows: list[Any]) -> Plan:
    """A plan from its rows; its last step is as long as the one before."""
    starts = [row["starts"] for row in rows]
    times = [time_of(start) for start in starts[-2:]]
    length = min(times[-1] - times[0] or LONGEST_PLAN_STEP, LONGEST_PLAN_STEP)
    return Plan(made, text_of(times[-1] + length), starts, rows)


def planned(plans: list[Plan], step: str) -> Any:
    """The row of the plan that was valid at `step`; before the first plan, that one's."""
    for one in reversed(plans):
        if one.made <= step and (row := one.covering(step)) is not None:
            return row
    later = (row for one in plans if (row := one.covering(step)) is not None)
    return next(later, None)


def fill(found: Series, window: Window, rows: list[Any]) -> None:
    """Put each row's known columns at its step."""
    for row in rows:
        index = int((time_of(row["step"]) - window.starts).total_seconds()) // STEP_S
        for name in set(row.keys()) & set(COLUMNS):
            if row[name] is not None and 0 <= index < window.steps:
                found[name][index] = rounded(row[name])


def empty(window: Window, names: tuple[str, ...]) -> Series:
    """Lists of unknowns."""
    return {name: [None] * window.steps for name in names}


def rounded(value: Any) -> Any:
    """A figure with two decimals: a chart shows no more."""
    return round(value, 2) if isinstance(value, float) else value
