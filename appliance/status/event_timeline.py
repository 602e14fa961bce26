"""How many events there were in each hour or day: the strip above their list.

    build_timeline(store, EventQuery(camera="gate"), now, zone)

Reads: the event table. Writes: nothing.
Never: has more than 400 steps, or one whose days are not those of the site.
"""

from datetime import UTC, date, datetime, time, timedelta, tzinfo

from appliance.status.freshness import Document
from appliance.store.event_pages import EventQuery, count_events, count_in_steps
from appliance.store.rows import encode_time
from appliance.store.store import Store

USUAL_DAYS = 31
MOST_DAYS = 400
HOURS_UP_TO = timedelta(hours=49)  # of what is asked: two days, one of them of 25 hours
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Step = tuple[datetime, datetime]


def build_timeline(store: Store, query: EventQuery, now: datetime, zone: tzinfo) -> Document:
    """The steps, the oldest first, with the events in each; and how many the query finds in all.
    The steps go beyond its times: they show what is before and after.
    """
    step, steps = list_steps(query, now, zone)
    counts = count_in_steps(store, query, steps)
    return {
        "step": step,
        "events": count_events(store, query),
        "steps": [
            {"since": encode_time(since), "until": encode_time(until), "events": count}
            for (since, until), count in zip(steps, counts, strict=True)
        ],
    }


def list_steps(query: EventQuery, now: datetime, zone: tzinfo) -> tuple[str, list[Step]]:
    """The hours of up to two days, else days. Pure."""
    until = min(query.until or now, now + DAY)
    last = (until.astimezone(zone) - timedelta(microseconds=1)).date()
    if query.since is not None and query.until is not None:
        first = query.since.astimezone(zone).date()
        if query.until - query.since <= HOURS_UP_TO:
            return "hour", list_hours(find_start(first, zone), find_start(last + DAY, zone))
    first = last - (USUAL_DAYS - 1) * DAY
    if query.since is not None:
        first = min(first, query.since.astimezone(zone).date())
    first = max(first, last - (MOST_DAYS - 1) * DAY)
    days = [first + number * DAY for number in range((last - first).days + 1)]
    return "day", [(find_start(one, zone), find_start(one + DAY, zone)) for one in days]


def list_hours(since: datetime, until: datetime) -> list[Step]:
    """The hours between."""
    count = max(0, round((until - since) / HOUR))
    return [(since + number * HOUR, since + (number + 1) * HOUR) for number in range(count)]


def find_start(day: date, zone: tzinfo) -> datetime:
    """When a day begins at the site, UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)
