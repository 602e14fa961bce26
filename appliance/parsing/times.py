"""Times from outside: a span, a time of day, a date, a date with a time; one parser for all.

    begin = parse_time("24h").find_utc(now, zone)      # also 03:10, 2026-04-15, 2026-04-15T02:00Z
    before = parse_instant("2026-04-15T02:00:00Z")     # where the zone must stand in the text

Reads and writes: nothing; pure. Every refusal is an `InputError` in one line.
Never: raises anything else, whatever the text is; and never gives a time outside 1870 to 3000.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from itertools import product

from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

TIME_OF_DAY = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
SPAN = re.compile(r"([0-9]{1,7})\s*(s|m|min|h|d|w)")
DURATION = re.compile(r"([0-9]{1,7}(?:\.[0-9]{1,6})?)\s*(s|sec|m|min|h)")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
LONGEST_SPAN = timedelta(days=36_500)
FIRST_YEAR, LAST_YEAR = 1970, 2999  # a computer that lost its clock starts in 1970
LONGEST_TEXT = 64
TIME_HELP = (
    "a span that goes back from now such as 90m, 24h, 7d; a time of day such as 03:10 (the last "
    "one); or a date such as 2026-04-15 or 2026-04-15T18:30 (site time, or with Z)"
)


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """A time as it was written: one of the three is set."""

    span: timedelta | None = None
    of_day: time | None = None
    moment: datetime | None = None

    def find_utc(self, now: datetime, zone: tzinfo) -> datetime:
        """The moment, UTC. `now` is the unit's time, `zone` that of the site."""
        if self.span is not None:
            return now - self.span
        if self.of_day is not None:
            return find_last(self.of_day, now, zone)
        assert self.moment is not None
        here = self.moment if self.moment.tzinfo else self.moment.replace(tzinfo=zone)
        return here.astimezone(UTC)

    def find_next_utc(self, now: datetime, zone: tzinfo) -> datetime:
        """The moment of an end: a span and a time of day lie ahead."""
        if self.span is not None:
            return now + self.span
        if self.of_day is not None:
            return find_next(self.of_day, now, zone)
        return self.find_utc(now, zone)


def find_last(of_day: time, now: datetime, zone: tzinfo) -> datetime:
    """When it was last that time of day at the site, UTC."""
    return max(at for at in list_moments(of_day, now, zone) if at <= now)


def find_next(of_day: time, now: datetime, zone: tzinfo) -> datetime:
    """When it is that time of day at the site next, UTC: later than now, also in the hour that
    comes twice where summer time ends.
    """
    return min(at for at in list_moments(of_day, now, zone) if at > now)


def list_moments(of_day: time, now: datetime, zone: tzinfo) -> Iterator[datetime]:
    """When it is that time of day from yesterday to tomorrow; twice on a day that has it twice."""
    today = now.astimezone(zone).date()
    for days, fold in product((-1, 0, 1), (0, 1)):
        local = datetime.combine(today + timedelta(days=days), of_day, zone).replace(fold=fold)
        at = local.astimezone(UTC)
        if fold == 0 or at.astimezone(zone).time() == of_day:  # one that is left out comes once
            yield at


def parse_time(text: str) -> WrittenTime:
    """What `TIME_HELP` says."""
    bare = text.strip()
    if span := SPAN.fullmatch(bare):
        return WrittenTime(span=make_span(text, int(span[1]), span[2]))
    if found := TIME_OF_DAY.fullmatch(bare):
        return WrittenTime(of_day=time(int(found[1]), int(found[2])))
    moment = read_moment(bare)
    if moment is None:
        raise InputError(
            say(
                "{text} is no time: give a span such as 24h or 7d, a time of day such as 03:10, "
                "or a date such as 2026-04-15 or 2026-04-15T18:30",
                text=show(text),
            )
        )
    return WrittenTime(moment=moment)


def parse_span(text: str) -> timedelta:
    """A span alone, such as 90m, 2h, 7d; more than nothing."""
    found = SPAN.fullmatch(text.strip())
    span = make_span(text, int(found[1]), found[2]) if found else timedelta()
    if not span:
        raise InputError(say("{text} is no span of time, such as 90m, 2h or 7d", text=show(text)))
    return span


def make_span(text: str, number: int, unit: str) -> timedelta:
    span = timedelta(seconds=number * SECONDS[unit[0]])
    if span > LONGEST_SPAN:
        raise InputError(
            say(
                "{text} is too long: a span is at most {days}d",
                text=show(text),
                days=LONGEST_SPAN.days,
            )
        )
    return span


def parse_instant(text: str) -> datetime:
    """A date with time and zone in ISO 8601, UTC: there is only one such moment."""
    moment = read_moment(text)
    if moment is None or moment.tzinfo is None:
        raise InputError(
            say("{text} is no time with a zone, such as 2026-04-15T02:00:00Z", text=show(text))
        )
    return moment.astimezone(UTC)


def read_moment(text: str) -> datetime | None:
    """A date, or date and time, of 1970 to 2999; None for any other text."""
    if len(text) > LONGEST_TEXT or not text.isascii():
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else None


def parse_duration(text: str, low_s: float, high_s: float) -> float:
    """`45s`, `4min`, `24h` in seconds, from `low_s` to `high_s`."""
    found = DURATION.fullmatch(text.strip())
    seconds = float(found[1]) * SECONDS[found[2][0]] if found else 0.0
    if not found or not low_s <= seconds <= high_s:
        raise InputError(
            say(
                "{text} is no duration from {low_s:g}s to {high_h:g}h, such as 45s or 4min",
                text=show(text),
                low_s=low_s,
                high_h=high_s / 3600,
            )
        )
    return seconds


def parse_hours(text: str) -> tuple[time, time] | None:
    """Two times of day such as 22:00-06:00; None for an empty text: always."""
    if not text.strip():
        return None
    found = [TIME_OF_DAY.fullmatch(part.strip()) for part in text.split("-")]
    if len(found) != 2 or found[0] is None or found[1] is None:
        raise InputError(say("{text} is no span of a day, such as 22:00-06:00", text=show(text)))
    begins, ends = (time(int(one[1]), int(one[2])) for one in found if one)
    return begins, ends


def is_within(hours: tuple[time, time] | None, of_day: time) -> bool:
    """Whether a time of day lies in the span; over midnight where it ends before it begins."""
    if hours is None:
        return True
    begins, ends = hours
    if begins <= ends:
        return begins <= of_day < ends
    return of_day >= begins or of_day < ends
