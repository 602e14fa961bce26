"""What a person orders of the unit in the body of a request: for how long, and why.

    order = read_order(person(), now, zone)     # {"for": "2h"} or {"until": "18:00"}; "reason"

Reads: the request's body (JSON, or nothing). Writes: nothing.
Never: takes a word that it does not know for one that does not matter.
"""

from datetime import tzinfo
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from appliance.access.roles import Person
from appliance.model import Stamp
from appliance.parsing.times import parse_span, parse_time
from appliance.parsing.values import parse_name
from appliance.store.camera_holds import Order
from appliance.store.update_holds import PAGE
from appliance.strict_json import InputError, parse_object, refuse_unknown, require_text
from appliance.web.acting.recording import MOST_BYTES
from appliance.web.acting.same_site import FIELD
from appliance.wording.sentence import say

VIA = PAGE  # where an order's row says by what it came
WORDS = ("for", "until", "reason")
LONGEST_TEXT = 200


def read_order(who: Person, now: Stamp, zone: tzinfo) -> Order:
    """The order that the body gives. Raises `BadRequest`."""
    try:
        given = read_body()
        if "until" in given and "for" in given:
            raise InputError(say("give `for` or `until`, not both"))
        span, until = find(given, "for"), find(given, "until")
        reason = find(given, "reason")
        return Order(
            who=who.name,
            via=VIA,
            reason=parse_name(reason, LONGEST_TEXT) if reason else "",
            span=parse_span(span) if span else None,
            until=parse_time(until).find_next_utc(now.utc, zone) if until else None,
        )
    except InputError as error:
        raise BadRequest(say("{error}; nothing was done", error=error)) from None


def describe_order(order: Order) -> dict[str, Any]:
    """For the journal of acts."""
    until = None if order.until is None else order.until.isoformat()
    for_s = None if order.span is None else order.span.total_seconds()
    given = {"for_s": for_s, "until": until, "reason": order.reason or None}
    return {word: value for word, value in given.items() if value is not None}


def read_body() -> dict[str, Any]:
    """JSON or a form; an empty object where there is no body. Raises `InputError`."""
    if request.form:
        given: dict[str, Any] = {k: v for k, v in request.form.items() if k != FIELD}
    else:
        data = request.get_data()
        given = parse_object(data, most_bytes=MOST_BYTES) if data else {}
    refuse_unknown(given, WORDS)
    return given


def find(given: dict[str, Any], name: str) -> str:
    """One word of it; "" where it is not there. Raises `InputError`."""
    return require_text(given.get(name, ""), name, LONGEST_TEXT)
