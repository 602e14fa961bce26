"""One day of the site as a chart: what was measured and decided, beside what was planned then.

    day = build_past_day(store, settings, date(2026, 4, 15))

Reads: the stored means, full rows of the last two days, the plans. Writes: nothing.
Never: draws finer than what is kept: 5 minutes for a month, hours for ten years.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from appliance.model import EnergyBudget
from appliance.settings import Settings
from appliance.status.charts import (
    COLUMNS,
    MEASURED_COLUMNS,
    Series,
    Window,
    build_plan,
    fill_series,
    make_series,
)
from appliance.store.decoding import decode_time
from appliance.store.retention import FINE_KEEP
from appliance.store.rows import Row, encode_time
from appliance.store.steps import (
    COARSE_S,
    FINE_S,
    LEVEL_SHARES,
    average_rows,
    find_first_mean,
    read_last_levels,
    read_means,
)
from appliance.store.store import Store
from appliance.wording.site_time import find_zone

DAY = timedelta(days=1)


def build_past_day(store: Store, settings: Settings, day: date) -> dict[str, Any]:
    """The day from midnight to midnight of the site, as appliance/status/charts.py has the day of
    now, with `day`, and `first_day` of which something is known. Raises `StoreError`.
    """
    zone, now = find_zone(settings.site.timezone), store.clock.stamp().utc
    window = make_window(day, now, zone)
    first = find_first_mean(store)
    return {
        "day": day.isoformat(),
        "first_day": (first or now).astimezone(zone).date().isoformat(),
        "step_s": window.step_s,
        "starts": encode_time(window.starts),
        "now": encode_time(now),
        "reality": build_reality(store, window),
        "plan": build_plan(store, window),
    }


def make_window(day: date, now: datetime, zone: tzinfo) -> Window:
    """The day's steps; a day of a change of the clock has 23 or 25 hours."""
    starts, ends = find_midnight(day, zone), find_midnight(day + DAY, zone)
    step_s = FINE_S if now - starts < FINE_KEEP else COARSE_S
    return Window(starts, now, int((ends - starts).total_seconds()) // step_s, step_s)


def find_midnight(day: date, zone: tzinfo) -> datetime:
    """When that day begins at the site, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def build_reality(store: Store, window: Window) -> Series:
    """Means, and where there are none yet the full rows."""
    found, until = make_series(window, COLUMNS), min(window.ends, window.now)
    for kind, columns in MEASURED_COLUMNS.items():
        means = read_means(store, kind, window.starts, until, step_s=window.step_s)
        fill_series(found, window, means)
        last = decode_time(means[-1]["step"]) if means else window.starts
        if window.step_s == FINE_S:
            fill_series(found, window, average_rows(store, kind, columns, last, until))
    shares = read_means(store, EnergyBudget, window.starts, until, step_s=window.step_s)
    fill_series(found, window, [row for one in shares if (row := find_level(one))])
    if window.step_s == FINE_S:
        fill_series(found, window, read_last_levels(store, window.starts, until))
    return found


def find_level(shares: Row) -> dict[str, Any] | None:
    """The level that held for most of a step; None where none is known."""
    known = {level: shares[name] for name, level in LEVEL_SHARES.items() if name in shares.keys()}  # noqa: SIM118
    held = {level: share for level, share in known.items() if share}
    if not held:
        return None
    return {"step": shares["step"], "level": max(held, key=held.__getitem__)}
