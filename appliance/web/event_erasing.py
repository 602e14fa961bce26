"""`POST /api/events/erase`: a technician erases events, one or all that a filter finds.

    {"ids": ["20260415T020000Z-gate-0a1b-7"]}
    {"filter": "camera=gate&since=2026-04-01", "last_row": 4711, "events": 27}

Reads: the events that are meant. Writes: erases them (appliance/media/ordered_erasing.py).
Never: erases others than those of which the person was told how many: what is stored meanwhile
stays, and where the count is another one, nothing is erased.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, Conflict, NotFound

from appliance.access.roles import Role
from appliance.alarms.pictures import discard_of
from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.log import SentenceLog
from appliance.media.ordered_erasing import erase_events, finish_erasures
from appliance.parsing.values import LONGEST_NAME
from appliance.settings import Settings
from appliance.store.event_erasures import list_chosen
from appliance.store.event_pages import EventQuery
from appliance.store.store import Store
from appliance.store.tables import INFERENCE
from appliance.strict_json import (
    InputError,
    parse_object,
    refuse_unknown,
    require_list,
    require_text,
    require_whole_number,
)
from appliance.web.acting import acts, person, record_act
from appliance.web.questions import parse_query
from appliance.web.reader import StoreReader
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from appliance.wording.site_time import find_zone

PAGE = "page"
MOST_EVENTS = 1000  # at once
MOST_BYTES = 128 * 1024
LONGEST_FILTER = 2000
MOST_ROW = 2**53
TOO_MANY = say(
    "these are more than {most_events} events, which is as many as the page erases at once: "
    "narrow the filter, or use `unitctl events erase` on the unit",
    most_events=MOST_EVENTS,
)
NONE_THERE = say("none of these events is stored any more; nothing was erased")


@dataclass(frozen=True, slots=True)
class Order:
    """Which events: by their ids, or all of a filter up to a row; `events` were told of."""

    ids: tuple[str, ...] = ()
    query: EventQuery | None = None
    words: str = ""
    last_row: int = 0
    events: int = 0


def add_event_erasing(app: Flask, settings: Settings, clock: Clock, reader: StoreReader) -> None:
    """The route."""
    zone = find_zone(settings.site.timezone)
    log = SentenceLog("web")

    @app.post("/api/events/erase")
    @acts(Role.TECHNICIAN, most_bytes=MOST_BYTES)
    def erase() -> ResponseReturnValue:
        order = parse_order(request.get_data(), parse_filter)
        who = person()
        ids = find_ids(reader, order)
        target = order.words or ", ".join(ids[:3])
        record_act(who, "events erased", target, {"events": len(ids)})
        with closing(Store(settings.database, clock, INFERENCE)) as store:
            count = erase_events(store, settings, ids, who=who.name, via=PAGE)
            if not count:
                raise NotFound(NONE_THERE)
            log.info("events were erased", events=count, by=who.name)
            left = finish(store, settings)
        return jsonify(events=count, remaining=left)

    def parse_filter(words: str) -> EventQuery:
        given = dict(parse_qsl(words, keep_blank_values=True))
        return parse_query(given, clock.stamp().utc, zone)


def parse_order(data: bytes, parse_filter: Callable[[str], EventQuery]) -> Order:
    """The order in a request's body; raises `BadRequest` that says what is wrong."""
    try:
        tree = parse_object(data, most_bytes=MOST_BYTES)
        refuse_unknown(tree, ("ids", "filter", "last_row", "events"))
        if "ids" in tree:
            return Order(ids=parse_ids(tree))
        words = require_text(tree.get("filter"), "filter", LONGEST_FILTER)
        return Order(
            query=parse_filter(words),
            words=words or "all",
            last_row=require_whole_number(tree.get("last_row"), "last_row", 0, MOST_ROW),
            events=require_whole_number(tree.get("events"), "events", 1, MOST_ROW),
        )
    except InputError as error:
        raise BadRequest(str(error)) from None


def parse_ids(tree: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids, each once."""
    ids = require_list(tree["ids"], "ids", MOST_EVENTS)
    found = tuple(dict.fromkeys(require_text(one, "ids", LONGEST_NAME) for one in ids))
    if not found or set(tree) != {"ids"}:
        raise InputError(say("give ids, or filter, last_row and events"))
    return found


def find_ids(reader: StoreReader, order: Order) -> Sequence[str]:
    """The events that are meant. Raises `BadRequest`, `Conflict`, `StoreError`."""
    query = order.query
    if query is None:
        return order.ids
    found = reader.ask(lambda store: list_chosen(store, query, order.last_row, MOST_EVENTS + 1))
    if len(found) > MOST_EVENTS:
        raise BadRequest(TOO_MANY)
    if len(found) != order.events:
        raise Conflict(
            say(
                "there are {found} now, not the {told} that you were asked about; nothing was "
                "erased: look at the list again",
                found=format_count(len(found), "event"),
                told=order.events,
            )
        )
    return [event_id for _, event_id in found]


def finish(store: Store, settings: Settings) -> bool:
    """Delete the files; whether some are left, which the next start of the page tries again."""
    try:
        finish_erasures(store, settings, lambda alarm_id: discard_of(settings, alarm_id))
    except StoreError as error:
        SentenceLog("web").warning(str(error))
        return True
    return False


def finish_at_start(settings: Settings, clock: Clock) -> None:
    """What a kill or a power cut has left of an erasure is deleted before anything is shown."""
    with suppress(StoreError), closing(Store(settings.database, clock, INFERENCE)) as store:
        finish(store, settings)
