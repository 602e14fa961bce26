"""What a request may ask of the events: which, from where in the list, and how many.

Reads: the request's arguments. Writes: nothing.
Never: guesses: what makes no sense is a bad request, answered with one sentence.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, NoReturn, TypeVar

from werkzeug.exceptions import BadRequest

from appliance.parsing.times import parse_time
from appliance.parsing.values import parse_count, parse_name
from appliance.store.event_pages import EventPlace, EventQuery, parse_place
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

MOST_EVENTS = 200
USUAL_EVENTS = 12
T = TypeVar("T")
LANGUAGE = "lang"  # every address takes it (languages.py)
FILTERS = ("camera", "label", "zone", "since", "until")
NAMES = ("limit", *FILTERS, "before", "after", LANGUAGE)


@dataclass(frozen=True, slots=True)
class EventQuestion:
    """One request for a list of events; `after` and `before` are not given both."""

    query: EventQuery
    limit: int
    before: EventPlace | None
    after: EventPlace | None


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one request, at the unit's time, in the site's time zone."""

    values: Mapping[str, str]
    now: datetime
    zone: tzinfo

    def parse(self, name: str, parse: Callable[..., T], *limits: Any) -> T | None:
        """One argument, parsed; None where it is not given or empty."""
        text = self.values.get(name)
        if not text:
            return None
        try:
            return parse(text, *limits)
        except InputError as error:
            raise BadRequest(say("{name}: {error}", name=name, error=error)) from None

    def parse_moment(self, name: str) -> datetime | None:
        """A moment, UTC."""
        found = self.parse(name, parse_time)
        return found.find_utc(self.now, self.zone) if found else None


def parse_question(values: Mapping[str, str], now: datetime, zone: tzinfo) -> EventQuestion:
    """The request's arguments; a date and a time without a zone are those of the site."""
    refuse_unknown(values, NAMES)
    if "before" in values and "after" in values:
        refuse(say("give before or after, not both"))
    given = Arguments(values, now, zone)
    before, until = parse_before(given)
    limit = given.parse("limit", parse_count, 1, MOST_EVENTS) or USUAL_EVENTS
    after = given.parse("after", parse_cursor)
    return EventQuestion(make_query(given, until), limit, before, after)


def parse_query(values: Mapping[str, str], now: datetime, zone: tzinfo) -> EventQuery:
    """The filters alone, where there is no list to go on in."""
    refuse_unknown(values, (*FILTERS, LANGUAGE))
    given = Arguments(values, now, zone)
    return make_query(given, given.parse_moment("until"))


def make_query(given: Arguments, until: datetime | None) -> EventQuery:
    """The filters."""
    since = given.parse_moment("since")
    if since and until and since >= until:
        refuse(say("since names a later time than until or before: nothing lies between them"))
    camera, label, zone = (given.parse(name, parse_name) for name in FILTERS[:3])
    return EventQuery(camera, label, since, until, zone)


def refuse_unknown(values: Mapping[str, str], names: Sequence[str]) -> None:
    """A word that is misspelled must not look as if it filtered nothing."""
    unknown = sorted(set(values) - set(names))
    if unknown:
        refuse(
            say(
                "there is no argument {unknown}; there are {names}",
                unknown=show(unknown[0]),
                names=", ".join(names),
            )
        )


def parse_before(given: Arguments) -> tuple[EventPlace | None, datetime | None]:
    """The place and the time before which events are wanted: `before` may be either."""
    until = given.parse_moment("until")
    place = parse_place(given.values.get("before", ""))
    if place is not None:
        return place, until
    before = given.parse_moment("before")
    given_both = [moment for moment in (before, until) if moment is not None]
    return None, min(given_both, default=None)


def parse_cursor(text: str) -> EventPlace:
    """The cursor of an event."""
    place = parse_place(text)
    if place is None:
        raise InputError(
            say(
                "{text} is not the cursor of an event, such as 2026-04-15T02:00:00.000Z_17",
                text=show(text),
            )
        )
    return place


def refuse(sentence: str) -> NoReturn:
    """End the request as a bad one."""
    raise BadRequest(sentence)
