"""When was nothing watched, and why: each camera, day by day.

Reads: CameraCoverage, CameraState, EnergyBudget, Sleep and Wake rows. Writes: nothing.
Never: takes a time without rows for a watched one. Where a camera's process wrote nothing, the
energy level of that time says whether it may have run; where nobody wrote anything, the unit was
off. Times go by the wall clock of the rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from appliance.model import EnergyBudget
from appliance.model_cameras import CameraCoverage, CameraState, Watching
from appliance.settings import Settings
from appliance.status.coverage_gaps import (
    SHORTEST_GAP,
    GapReasons,
    Stretch,
    clip,
    explain_gaps,
)
from appliance.status.freshness import Document
from appliance.store.hours import list_sleeps
from appliance.store.rows import encode_time
from appliance.store.steps import (
    FINE_S,
    LEVEL_SHARES,
    average_levels,
    read_means,
    round_down,
)
from appliance.store.store import Store
from appliance.store.tables import BY_ROW
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

MOST_DAYS = int(BY_ROW[CameraCoverage].keep_days)
SHORTEST_LISTED = timedelta(seconds=60)
MOST_LISTED = 50
WATCHED = (Watching.WATCHED, Watching.LISTENED)
CLOCK_SET = say("the unit's clock was set: nobody knows what was when")
LONGEST_ROW_S = 86_400.0  # what is longer is damaged
REACH = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class CameraDay:
    """One camera on one day of the site, or what of it is over."""

    camera: str
    begins: datetime
    ends: datetime
    stretches: tuple[Stretch, ...]

    def sum_seconds(self) -> dict[Watching, float]:
        """Seconds of each, the most first."""
        found: dict[Watching, float] = {}
        for one in self.stretches:
            found[one.watching] = found.get(one.watching, 0.0) + one.seconds
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    def list_gaps(self) -> list[Stretch]:
        """The times in which nothing was watched, the longest first; not the very short ones."""
        gaps = [
            one
            for one in self.stretches
            if one.watching not in WATCHED and one.ends - one.begins >= SHORTEST_LISTED
        ]
        return sorted(gaps, key=lambda one: -one.seconds)[:MOST_LISTED]


def build_coverage(store: Store, settings: Settings, days: int) -> list[Document]:
    """The report as JSON, the newest day first. Raises `StoreError`."""
    return [describe_day(one) for one in read_days(store, settings, days)]


def describe_day(day: CameraDay) -> Document:
    """One camera's day."""
    hours = {kind.value: round(one / 3600, 3) for kind, one in day.sum_seconds().items()}
    return {
        "camera": day.camera,
        "since": encode_time(day.begins),
        "until": encode_time(day.ends),
        "hours": hours,
        "not_watched_h": round(
            sum(one.seconds for one in day.stretches if one.watching not in WATCHED) / 3600, 3
        ),
        "gaps": [
            {
                "since": encode_time(one.begins),
                "until": encode_time(one.ends),
                "why": one.watching.value,
                "reason": one.reason,
            }
            for one in day.list_gaps()
        ],
    }


def read_days(store: Store, settings: Settings, days: int) -> list[CameraDay]:
    """Today and the days before it, the newest first, each camera of the settings."""
    now = store.clock.stamp().utc
    bounds = list_days(now, find_zone(settings.site.timezone), days)
    found = read_all(store, settings, bounds[-1][0], now)
    return [
        CameraDay(name, begins, ends, tuple(clip(stretches, begins, ends)))
        for begins, ends in bounds
        for name, stretches in found.items()
    ]


def sum_last_day(store: Store, settings: Settings) -> dict[str, dict[Watching, float]]:
    """Seconds of each kind in the last 24 hours, by camera."""
    now = store.clock.stamp().utc
    since = now - timedelta(days=1)
    found = read_all(store, settings, since, now)
    return {
        name: CameraDay(name, since, now, tuple(clip(one, since, now))).sum_seconds()
        for name, one in found.items()
    }


def read_all(
    store: Store, settings: Settings, since: datetime, now: datetime
) -> dict[str, list[Stretch]]:
    """All of that time, by camera of the settings."""
    levels = read_levels(store, since, now)
    known_from = find_first(store)
    sleeps = [(begins, ends) for _, begins, ends in list_sleeps(store, since - timedelta(days=60))]
    return {
        name: explain_gaps(
            read_stretches(store, name, since, now),
            since,
            now,
            GapReasons(name, camera.runs_from, known_from, levels, sleeps),
        )
        for name, camera in settings.camera.items()
    }


def find_first(store: Store) -> datetime | None:
    """When the first row of this report began: a unit that was brought up to date has none from
    before.
    """
    for row in store.rows(CameraCoverage, limit=1):
        return find_begin(row)
    return None


def list_days(now: datetime, zone: tzinfo, days: int) -> list[tuple[datetime, datetime]]:
    """Begin and end of each day at the site, UTC, the newest first; today until now."""
    date, until = now.astimezone(zone).date(), now
    found = []
    for _ in range(days):
        since = datetime.combine(date, time(), zone).astimezone(UTC)
        found.append((since, until))
        date, until = date - timedelta(days=1), since
    return found


def read_levels(store: Store, since: datetime, now: datetime) -> dict[str, Mapping[str, float]]:
    """The share of each energy level in each 5 minutes, by its start as stored."""
    start = round_down(since, FINE_S)
    means = {row["step"]: row for row in read_means(store, EnergyBudget, start, now)}
    full = {row["step"]: row for row in average_levels(store, start, now)}
    return {
        step: {name: row[name] or 0.0 for name in LEVEL_SHARES}
        for step, row in (full | means).items()
    }


def read_stretches(store: Store, camera: str, since: datetime, now: datetime) -> list[Stretch]:
    """What the camera's process wrote, in order and without overlap; the last until now, while it
    is there.
    """
    rows = store.rows(CameraCoverage, since=since - REACH, camera=camera)
    found: list[Stretch] = []
    for before, row in zip([None, *rows], rows, strict=False):
        ends = min(row.stamp.utc, now)
        begins = find_begin(row)
        if found and before and follows(before, row) and begins - found[-1].ends > SHORTEST_GAP:
            found.append(Stretch(found[-1].ends, begins, Watching.UNKNOWN, CLOCK_SET))
        if found:
            begins = max(begins, found[-1].ends)
        if begins < ends:
            found.append(Stretch(begins, ends, row.watching, row.reason))
    return [*found, *read_rest(store, camera, rows, found, now)]


def find_begin(row: CameraCoverage) -> datetime:
    """When the time of a row began."""
    return row.stamp.utc - timedelta(seconds=min(max(row.duration_s, 0.0), LONGEST_ROW_S))


def follows(before: CameraCoverage, row: CameraCoverage) -> bool:
    """Whether no time passed between two rows, whatever the wall clock shows."""
    apart_s = row.stamp.uptime_s - row.duration_s - before.stamp.uptime_s
    same_boot = row.stamp.boot_id == before.stamp.boot_id
    return same_boot and abs(apart_s) <= SHORTEST_GAP.total_seconds()


def read_rest(
    store: Store,
    camera: str,
    rows: list[CameraCoverage],
    found: list[Stretch],
    now: datetime,
) -> Iterator[Stretch]:
    """The time since the last row: as the camera's newest state says, up to when it was seen."""
    state = store.last(CameraState, camera=camera)
    if state is None or not rows or rows[-1].stamp.boot_id != state.stamp.boot_id:
        return
    last = rows[-1]
    ends = now if store.is_fresh(state) else min(now, state.stamp.utc)
    begins = max(last.stamp.utc, found[-1].ends) if found else last.stamp.utc
    if begins < ends:
        yield Stretch(begins, ends, last.watching, last.reason)
