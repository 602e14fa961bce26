"""Writes appliance/openapi.json, the description of the API in OpenAPI 3.1, which the page serves.

Reads: the routes of the page, the limits of their arguments where the code has them, the schema of
the status document. Writes: the document to standard output:
`python -m appliance.web.openapi > appliance/openapi.json`.
Never: lists the routes itself: one that `OPERATIONS` does not explain is an error, and so is an
explanation without a route.
"""

import json
import re
from typing import Any

from flask import Flask

from appliance.clock import SystemClock
from appliance.parsing.times import LONGEST_TEXT, TIME_HELP
from appliance.parsing.values import LONGEST_NAME
from appliance.settings import Settings
from appliance.status.coverage import MOST_DAYS
from appliance.store.change_positions import FORM
from appliance.store.event_pages import PLACE
from appliance.web import openapi_commissioning, openapi_settings, openapi_views
from appliance.web.acting.asking import COOKIE, SECURE_COOKIE
from appliance.web.acting.same_site import HEADER
from appliance.web.app import create_app
from appliance.web.changes import MOST_WAIT_S
from appliance.web.event_export import MOST_EVENTS as MOST_EXPORTED
from appliance.web.event_export import MOST_FILES_BYTES, MOST_IDS
from appliance.web.openapi_paths import Argument, Explained, Operation, describe_paths
from appliance.web.openapi_schemas import Schema, build_schemas
from appliance.web.questions import LANGUAGE, MOST_EVENTS, USUAL_EVENTS
from appliance.web.waiting import MOST_OF_CLIENT, MOST_WAITING
from appliance.wording.translating import LANGUAGES

VERSION = "1"
NAME: Schema = {"type": "string", "maxLength": LONGEST_NAME}
TIME: Schema = {"type": "string", "maxLength": LONGEST_TEXT, "examples": ["24h", "2026-04-15"]}
CURSOR: Schema = {"type": "string", "pattern": f"^({PLACE.pattern})?$"}
POSITION: Schema = {"type": "string", "pattern": f"^{re.sub('[?]P<[a-z]+>', '', FORM.pattern)}$"}

QUERY = ("camera", "label", "zone", "since", "until")
FILTERS = (*QUERY, "before", "after", "limit")
ARGUMENTS = {
    "camera": Argument("Only of this camera; empty: of all", NAME),
    "label": Argument("Only with this label; empty: with any", NAME),
    "zone": Argument("Only of this zone or line; empty: of any, and without one", NAME),
    "since": Argument(f"Began then or later: {TIME_HELP}", TIME),
    "until": Argument("Began earlier: a time as in `since`", TIME),
    "before": Argument("Older than the event with this cursor, or than a time", TIME),
    "after": Argument("Newer than the event with this cursor, the nearest ones", CURSOR),
    "limit": Argument(
        "At most so many",
        {"type": "integer", "minimum": 1, "maximum": MOST_EVENTS, "default": USUAL_EVENTS},
    ),
    "id": Argument(
        f"An event's id, up to {MOST_IDS} times; then without filters",
        {"type": "array", "items": NAME, "maxItems": MOST_IDS},
    ),
    "days": Argument(
        "Today and the days before it, in all",
        {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": 1},
    ),
    LANGUAGE: Argument(
        "Language of the sentences; without it, as `Accept-Language` asks, else English",
        {"enum": list(LANGUAGES)},
    ),
    "position": Argument(
        "The `position` of an earlier answer; without it the answer is the one of now", POSITION
    ),
    "wait_s": Argument(
        "How long the answer may wait for a change, s; never longer than half of "
        "`[web] idle_exit_s`",
        {"type": "integer", "minimum": 0, "maximum": MOST_WAIT_S, "default": 0},
    ),
    **openapi_views.ARGUMENTS,
}
AS = {
    "position": "after",
    **openapi_views.AS,
}  # where two addresses have different arguments of one name
PLACES = {
    "event_id": "The event's id",
    "camera": "A camera of the settings, or `all`",
    "span": "What one period is",
    "action": "What is ordered",
    "alarm_id": "The alarm's id, or `all`",
    **openapi_settings.PLACES,
}
REFUSALS = {
    400: ("An argument makes no sense; `reason` says why", "refusal"),
    401: ("Nobody is logged in, or no longer; `reason` says what to do", "refusal"),
    403: ("Not by this person, from here, or by a page of somebody else; see `reason`", "refusal"),
    404: ("There is none", "refusal"),
    409: ("The unit is not as the request says; `reason` says how", "refusal"),
    413: ("The body is too long", "refusal"),
    410: ("The position leads nowhere any more; go on from `position`", "lost_position"),
    **openapi_settings.REFUSALS,
    421: ("The host of the request is no name of this unit (`[web] hosts`)", "refusal"),
    429: ("It was ordered a moment ago; `Retry-After` says when again", "refusal"),
    503: ("The database cannot be read, or too many wait; `reason` says why", "refusal"),
}
EVERYWHERE = (400, 401, 403, 421, 503)
# How one answer leads to the next request.
LINKS = {
    "list_changes": {
        "next": {"operationId": "list_changes", "parameters": {"after": "$response.body#/position"}}
    }
}
OPERATIONS = {
    "openapi": Operation("This document", "document"),
    "now": Operation("The status document: what the unit does and why", "status"),
    "day": Operation("The last 24 hours and the next 12, in steps of five minutes", "day"),
    "past": Operation("Sums of the last 31 days, 26 weeks or 12 months", "history", refuses=(404,)),
    "list_events": Operation("Events, the newest first", "event_list", FILTERS, (400,)),
    "show_event": Operation(
        "One event and its neighbours in the list", "one_event", FILTERS, (400, 404)
    ),
    "list_filters": Operation(
        "The cameras, labels and zones that stored events have", "event_filters"
    ),
    "show_timeline": Operation(
        "How many events there were in each hour (of up to two days) or day",
        "timeline",
        QUERY,
        (400,),
    ),
    "export_events": Operation(
        "A ZIP of what the filter finds, or of chosen events: JSON, CSV, pictures and clips; at "
        f"most {MOST_EXPORTED} events and {MOST_FILES_BYTES // 1_000_000} MB of files",
        "zip",
        ("id", *FILTERS),
        (400,),
    ),
    "erase": Operation(
        "Erase events with their pictures and clips, for good: chosen ones, or all that a filter "
        "finds up to the row `last_row`, where they are as many as `events` says",
        "erased_events",
        refuses=(400, 404, 409, 413),
        body="erase_order",
    ),
    "list_changes": Operation(
        "Events, faults and levels since a position, as they come (long poll): at most "
        f"{MOST_OF_CLIENT} requests of one client and {MOST_WAITING} in all wait at once",
        "changes",
        ("position", "wait_s"),
        (400, 410),
    ),
    "list_timelapse": Operation(
        "The pictures of a camera's time-lapse, the oldest first", "timelapse", refuses=(404,)
    ),
    "report": Operation("When each camera was watched and why not", "coverage", ("days",), (400,)),
    "order_camera": Operation(
        "Pause, mute or switch off a camera, or end that: by a technician",
        "holds",
        refuses=(404, 413),
        body="order",
        is_body_needed=False,
    ),
    "acknowledge_alarm": Operation(
        "Say that an alarm was seen: nobody else is told", "stored", refuses=(404, 413)
    ),
    "order_updates": Operation(
        "Hold updates, or end a hold that was ordered here or over MQTT",
        "update_hold",
        refuses=(404, 413),
        body="order",
        is_body_needed=False,
    ),
    "show_person": Operation("Who is logged in here, and the token that orders need", "person"),
    **openapi_views.OPERATIONS,
    **openapi_settings.OPERATIONS,
    **openapi_commissioning.OPERATIONS,
}

SECURITY = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "Of a script (`unitctl access token add`); over https only",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SECURE_COOKIE,
        "description": f"Of a login over https; `{COOKIE}` at the touchscreen",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": HEADER,
        "description": "Beside a session, with an order: `csrf_token` of /api/person",
    },
}
EXPLAINED = Explained(OPERATIONS, ARGUMENTS, PLACES, REFUSALS, EVERYWHERE, AS, LINKS, (LANGUAGE,))


def build_document() -> dict[str, Any]:
    """The whole description."""
    app = create_app(Settings(), SystemClock())
    document = {"type": "object", "required": ["openapi", "info", "paths"]}
    schemas = (
        build_schemas()
        | openapi_views.describe_schemas()
        | openapi_settings.describe_schemas()
        | openapi_commissioning.describe_schemas()
        | {"document": document}
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Mobile unit",
            "version": VERSION,
            "description": "What a unit does and why, and orders. SI units, UTC, null: not known",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}, {"session": [], "csrf": []}, {}],
        "paths": build_paths(app),
        "components": {"schemas": schemas, "securitySchemes": SECURITY},
    }


def build_paths(app: Flask) -> dict[str, Any]:
    """Each route of the API; raises where one is not explained, or an explanation has no route."""
    return describe_paths(app, EXPLAINED)


def format_document() -> str:
    """As the file has it."""
    return json.dumps(build_document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    print(format_document(), end="")
