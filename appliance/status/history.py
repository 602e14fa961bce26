"""The history: days, weeks and the months of a year, each with its sums.

    history = build_history(store, settings, Span.DAYS)
    history["periods"][-1]["sun_wh"], history["total"]["levels_h"]["FULL"]

Reads: the stored means, full rows of the last hours, solar days, events, sleeps. Writes: nothing.
Never: counts time of which nothing is known: the sums are of the hours that have rows.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from typing import Any

from appliance.model import EnergyLevel, SolarDay
from appliance.settings import Settings
from appliance.status.solar_yield import YieldSum, read_solar_days
from appliance.store.decoding import decode_time
from appliance.store.hours import (
    HOUR,
    HOUR_END,
    Mean,
    count_events_by_hour,
    list_sleeps,
    read_hours,
)
from appliance.store.rows import encode_time
from appliance.store.steps import LEVEL_SHARES
from appliance.store.store import Store
from appliance.wording.site_time import find_zone

HOUR_S = 3600.0
HOUR_CHARS = 13  # of a stored time: 2026-04-15T02
DAY = timedelta(days=1)


class Span(Enum):
    """What one period is; the value is the word of the API."""

    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"

    @property
    def count(self) -> int:
        """How many periods are shown."""
        return {Span.DAYS: 31, Span.WEEKS: 26, Span.MONTHS: 12}[self]

    def find_start(self, day: date) -> date:
        """The first day of the period that a day lies in."""
        if self is Span.WEEKS:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Span.MONTHS else day

    def list_starts(self, today: date) -> list[date]:
        """The first days of all periods, the oldest first."""
        starts = [self.find_start(today)]
        while len(starts) < self.count:
            starts.append(self.find_start(starts[-1] - DAY))
        return starts[::-1]


@dataclass
class Period:
    """The sums of one period; None where nothing is known."""

    starts: date | None = None
    sun_wh: float | None = None
    use_wh: float | None = None
    lowest_charge_pct: float | None = None
    highest_charge_pct: float | None = None
    events: int = 0
    known_s: float = 0.0
    levels_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    solar: YieldSum = field(default_factory=YieldSum)

    def describe(self, peak_w: float) -> dict[str, Any]:
        """As the API gives it; Wh over W is kWh over kWp."""
        specific = None if self.sun_wh is None else round(self.sun_wh / peak_w, 2)
        ratio, curtailed_h = self.solar.performance_ratio, self.solar.curtailed_h
        return {
            "starts": self.starts and self.starts.isoformat(),
            "sun_wh": round_known(self.sun_wh),
            "use_wh": round_known(self.use_wh),
            "lowest_charge_pct": round_known(self.lowest_charge_pct),
            "highest_charge_pct": round_known(self.highest_charge_pct),
            "levels_h": {
                level.name: round(self.levels_s[level.name] / HOUR_S, 2) for level in EnergyLevel
            },
            "known_h": round(self.known_s / HOUR_S, 2),
            "events": self.events,
            "specific_yield_kwh_per_kwp": specific,
            "performance_ratio": None if ratio is None else round(ratio, 3),
            "clear_hours": self.solar.clear_hours,
            "curtailed_h": round_known(curtailed_h),
        }


class Periods:
    """The periods of a span up to now, found by the hours that lie in them."""

    def __init__(self, span: Span, now: datetime, zone: tzinfo) -> None:
        starts = span.list_starts(now.astimezone(zone).date())
        self.since = datetime.combine(starts[0], time(), zone).astimezone(UTC)
        self.all = [Period(start) for start in starts]
        self._by_start = dict(zip(starts, self.all, strict=True))
        self._span, self._zone = span, zone
        self._by_hour: dict[str, Period | None] = {}

    def find(self, hour: str) -> Period | None:
        """The period of an hour (2026-04-15T02, UTC): that in which the hour begins at the site."""
        if hour not in self._by_hour:
            day = decode_time(hour + HOUR_END).astimezone(self._zone).date()
            self._by_hour[hour] = self._by_start.get(self._span.find_start(day))
        return self._by_hour[hour]

    def add_solar_day(self, day: SolarDay) -> None:
        """Add the yield of a day to its period."""
        if period := self._by_start.get(self._span.find_start(day.day.date())):
            period.solar.add(day)


def build_history(store: Store, settings: Settings, span: Span) -> dict[str, Any]:
    """{"span", "periods", "total"}, the oldest period first; days are those of the site.

    Raises `StoreError`.
    """
    now = store.clock.stamp().utc
    periods = Periods(span, now, find_zone(settings.site.timezone))
    asleep_s = add_sleeps(store, periods)
    add_means(store, periods, asleep_s, now)
    for hour, events in count_events_by_hour(store, periods.since).items():
        if period := periods.find(hour):
            period.events += events
    for day in read_solar_days(store, span.list_starts(now.date())[0] - DAY):
        periods.add_solar_day(day)
    peak_w = settings.panels.peak_w
    return {
        "span": span.value,
        "periods": [period.describe(peak_w) for period in periods.all],
        "total": add_up(periods.all).describe(peak_w),
    }


def add_sleeps(store: Store, periods: Periods) -> dict[str, float]:
    """Count each sleep at its level; returns the seconds asleep of each hour."""
    asleep_s: defaultdict[str, float] = defaultdict(float)
    for level, hour, seconds in list_asleep_hours(store, periods.since):
        asleep_s[hour] += seconds
        if period := periods.find(hour):
            period.levels_s[level.name] += seconds
            period.known_s += seconds
    return asleep_s


def add_means(store: Store, periods: Periods, asleep_s: Mapping[str, float], now: datetime) -> None:
    """Count the means; an hour in which the unit slept for a while counts for the rest of it.

    Steps of five minutes have rows only where it was awake, though perhaps not all the time.
    """
    for row, seconds in read_hours(store, periods.since.replace(minute=0), now):
        hour = row["step"][:HOUR_CHARS]
        awake_s = max(0.0, HOUR_S - asleep_s.get(hour, 0.0))
        is_cut = seconds == HOUR_S or row.keys() & LEVEL_SHARES.keys()
        if period := periods.find(hour):
            add_row(period, row, min(seconds, awake_s) if is_cut else seconds)


def list_asleep_hours(store: Store, since: datetime) -> Iterator[tuple[EnergyLevel, str, float]]:
    """The seconds of each hour that the unit slept, with the level of the sleep."""
    for level, began, ended in list_sleeps(store, since):
        at = began
        while at < ended:
            hour = at.replace(minute=0, second=0, microsecond=0)
            until = min(ended, hour + HOUR)
            yield level, encode_time(hour)[:HOUR_CHARS], (until - at).total_seconds()
            at = until


def add_row(period: Period, row: Mean, seconds: float) -> None:
    """Add what a row of means says of `seconds`."""
    sun_w, use_w = row.get("pv_power_w"), row.get("load_power_w")
    period.sun_wh = add_known(period.sun_wh, power_w=sun_w, seconds=seconds)
    period.use_wh = add_known(period.use_wh, power_w=use_w, seconds=seconds)
    charge_pct = row.get("state_of_charge_pct")
    if charge_pct is not None:
        known = (period.lowest_charge_pct, period.highest_charge_pct, charge_pct)
        period.lowest_charge_pct = min(one for one in known if one is not None)
        period.highest_charge_pct = max(one for one in known if one is not None)
    shares = {level: row.get(name) for name, level in LEVEL_SHARES.items()}
    for level, share in shares.items():
        if share:
            period.levels_s[level] += share * seconds
    if any(share is not None for share in shares.values()):
        period.known_s += seconds


def add_known(total_wh: float | None, *, power_w: float | None, seconds: float) -> float | None:
    """A sum with what a mean power gives in that time; unknown stays unknown."""
    if power_w is None:
        return total_wh
    return (total_wh or 0.0) + power_w * seconds / HOUR_S


def add_up(periods: Iterable[Period]) -> Period:
    """The sums of all periods."""
    total = Period()
    for one in periods:
        total.sun_wh = add_known(total.sun_wh, power_w=one.sun_wh, seconds=HOUR_S)
        total.use_wh = add_known(total.use_wh, power_w=one.use_wh, seconds=HOUR_S)
        total.events += one.events
        total.known_s += one.known_s
        total.solar.add_sum(one.solar)
        for level, seconds in one.levels_s.items():
            total.levels_s[level] += seconds
    lowest = [one.lowest_charge_pct for one in periods if one.lowest_charge_pct is not None]
    highest = [one.highest_charge_pct for one in periods if one.highest_charge_pct is not None]
    total.lowest_charge_pct = min(lowest, default=None)
    total.highest_charge_pct = max(highest, default=None)
    return total


def round_known(value: float | None) -> float | None:
    """A figure with one decimal; None stays None."""
    return None if value is None else round(value, 1)
