"""What a request may ask of the events: which, from where in the list, and how many.

Reads: the request's arguments. Writes: nothing.
Never: guesses: what makes no sense is a bad request, answered with one sentence.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NoReturn

from werkzeug.exceptions import BadRequest

from appliance.store.event_pages import EventPlace, EventQuery, parse_place
from appliance.wording.site_time import find_zone

MOST_EVENTS = 200
USUAL_EVENTS = 12
MOST_NAME_CHARS = 100
COUNT = re.compile(r"[1-9]\d{0,2}", re.ASCII)
TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?)?", re.ASCII
)
NAMES = ("limit", "camera", "label", "since", "until", "before", "after")


@dataclass(frozen=True, slots=True)
class EventQuestion:
    """One request for a list of events; `after` and `before` are not given both."""

    query: EventQuery
    limit: int
    before: EventPlace | None
    after: EventPlace | None


def parse_question(arguments: Mapping[str, str], zone: str) -> EventQuestion:
    """The request's arguments; a date and a time without a zone are those of the site."""
    unknown = sorted(set(arguments) - set(NAMES))
    if unknown:
        refuse(
            f"there is no argument {unknown[0][:MOST_NAME_CHARS]!r}; there are {', '.join(NAMES)}"
        )
    if "before" in arguments and "after" in arguments:
        refuse("give before or after, not both")
    before, until = parse_before(arguments, zone)
    query = EventQuery(
        parse_name(arguments, "camera"),
        parse_name(arguments, "label"),
        parse_time(arguments, "since", zone),
        until,
    )
    limit = parse_count(arguments.get("limit", str(USUAL_EVENTS)))
    return EventQuestion(query, limit, before, parse_cursor(arguments, "after"))


def parse_before(
    arguments: Mapping[str, str], zone: str
) -> tuple[EventPlace | None, datetime | None]:
    """The place and the time before which events are wanted: `before` may be either."""
    until = parse_time(arguments, "until", zone)
    place = parse_place(arguments.get("before", ""))
    if "before" not in arguments or place is not None:
        return place, until
    before = parse_time(arguments, "before", zone)
    return None, before if until is None or before is None else min(before, until)


def parse_cursor(arguments: Mapping[str, str], name: str) -> EventPlace | None:
    """The cursor of an event."""
    text = arguments.get(name)
    place = None if text is None else parse_place(text)
    if text is not None and place is None:
        refuse(f"{name} is the cursor of an event, such as 2026-04-15T02:00:00.000Z_17")
    return place


def parse_count(text: str) -> int:
    """The number of events wanted."""
    if not COUNT.fullmatch(text) or int(text) > MOST_EVENTS:
        refuse(f"limit is a number from 1 to {MOST_EVENTS}")
    return int(text)


def parse_name(arguments: Mapping[str, str], name: str) -> str | None:
    """A camera's or a label's name; not given or empty: all."""
    text = arguments.get(name) or None
    if text is not None and (len(text) > MOST_NAME_CHARS or not text.isprintable()):
        refuse(f"{name} is a name of at most {MOST_NAME_CHARS} characters")
    return text


def parse_time(arguments: Mapping[str, str], name: str, zone: str) -> datetime | None:
    """A moment, UTC."""
    text = arguments.get(name)
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text) if TIME.fullmatch(text) else None
        local = moment and (moment if moment.tzinfo else moment.replace(tzinfo=find_zone(zone)))
        utc = local and local.astimezone(UTC)
    except (ValueError, OverflowError):
        utc = None
    if utc is None:
        refuse(f"{name} is a time such as 2026-04-15T02:00:00Z, or a date such as 2026-04-15")
    return utc


def refuse(sentence: str) -> NoReturn:
    """End the request as a bad one."""
    raise BadRequest(sentence)
