"""The shapes of the API's answers, as JSON Schema; of the status document there is one already.

Reads: appliance/status.schema.json. Writes: nothing.
Never: says again what the status document's schema says.

Every object is closed: a field that is not here is an error in the tests.
"""

import json
from pathlib import Path
from typing import Any

from appliance.model import EnergyLevel
from appliance.model_cameras import Watching
from appliance.status.charts import COLUMNS
from appliance.status.history import Span
from appliance.store.plan_rows import COLUMNS as PLAN_COLUMNS

Schema = dict[str, Any]

STATUS_FILE = Path(__file__).parents[1] / "status.schema.json"
LEVELS = [level.name for level in reversed(EnergyLevel)]
TEXT: Schema = {"type": "string"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
MOMENT: Schema = {"type": "string", "format": "date-time", "description": "UTC"}
NUMBER: Schema = {"type": "number"}
MAYBE_NUMBER: Schema = {"type": ["number", "null"], "description": "null: not known"}
COUNT: Schema = {"type": "integer", "minimum": 0}
LEVEL: Schema = {"enum": LEVELS}
MAYBE_LEVEL: Schema = {"enum": [*LEVELS, None]}


def build_schemas() -> dict[str, Schema]:
    """All of them by name."""
    status = json.loads(STATUS_FILE.read_text().replace("#/$defs/", "#/components/schemas/"))
    shared = status.pop("$defs")
    del status["$schema"]
    return {"status": status, **shared, **describe_answers()}


def describe_answers() -> dict[str, Schema]:
    """Those of all other addresses."""
    return {
        "refusal": close("Why there is no answer", reason=TEXT),
        "lost_position": close(
            "A position that leads nowhere; `position` is that of now", reason=TEXT, position=TEXT
        ),
        "event_list": make_list(refer("event")),
        "one_event": close(
            "An event and the ids of its neighbours in the filtered list",
            event=refer("event"),
            newer={"type": ["string", "null"]},
            older={"type": ["string", "null"]},
        ),
        **describe_event_lists(),
        "day": describe_day(),
        "history": describe_history(),
        "timelapse": close(
            "`path`: its address", pictures=make_list(close("", at=MOMENT, path=TEXT))
        ),
        "coverage": close("The newest day first", days=make_list(describe_camera_day())),
        "changes": describe_changes(),
        "person": describe_person(),
        **describe_orders(),
    }


def describe_orders() -> dict[str, Schema]:
    """What a technician orders, and what is answered."""
    order = close(
        "For how long (`for` or `until`, not both; neither: until further notice), and why",
        **{"for": TEXT, "until": TEXT, "reason": TEXT},
    )
    return {
        "order": {**order, "required": []},
        "holds": close("What is held of cameras now, in sentences", holds=make_list(TEXT)),
        "stored": close("It is stored; the service takes it at once", stored={"const": True}),
        "update_hold": close("What holds updates now; null: no order does", hold=MAYBE_TEXT),
    }


def describe_person() -> Schema:
    """Who is logged in."""
    return close(
        "Whoever asks; `name` null: nobody is logged in. `csrf_token`: what a page sends with "
        "an order as `X-CSRF-Token`; null where a token of a script is used",
        name=MAYBE_TEXT,
        role={"enum": ["nobody", "viewer", "technician"]},
        origin={"enum": ["touchscreen", "network", "plain"]},
        can_act={"type": "boolean"},
        csrf_token=MAYBE_TEXT,
    )


def describe_event_lists() -> dict[str, Schema]:
    """What there is of the events beside themselves."""
    return {
        "event_filters": close(
            "What events can be filtered by",
            camera=make_list(TEXT),
            label=make_list(TEXT),
            zone=make_list(TEXT),
        ),
        "timeline": close(
            "`events`: how many the filter finds; the steps also show what is before and after",
            step={"enum": ["hour", "day"]},
            events=COUNT,
            steps=make_list(close("", since=MOMENT, until=MOMENT, events=COUNT)),
        ),
        **describe_erasing(),
    }


def describe_erasing() -> dict[str, Schema]:
    """An order to erase events, and its answer."""
    return {
        "erase_order": {
            "oneOf": [
                close("Chosen events", ids=make_list(TEXT)),
                close(
                    "All of a filter, as `/api/events` takes it: those that a person was told of",
                    filter=TEXT,
                    last_row=COUNT,
                    events=COUNT,
                ),
            ]
        },
        "erased_events": close(
            "`remaining`: some files could not be deleted; it is tried again at the next start",
            events=COUNT,
            remaining={"type": "boolean"},
        ),
    }


def describe_day() -> Schema:
    """The chart of the day."""

    def series(columns: tuple[str, ...]) -> Schema:
        lists = {name: MAYBE_LEVEL if name == "level" else MAYBE_NUMBER for name in columns}
        return close("", **{name: make_list(one) for name, one in lists.items()})

    return close(
        "One entry per step in each list; null: nothing known",
        step_s=COUNT,
        starts=MOMENT,
        now=MOMENT,
        reality=series(COLUMNS),
        plan=series(PLAN_COLUMNS),
    )


def describe_history() -> Schema:
    """Days, weeks or months with their sums."""
    numbers = (
        *("sun_wh", "use_wh", "lowest_charge_pct", "highest_charge_pct"),
        *("specific_yield_kwh_per_kwp", "performance_ratio", "clear_hours", "curtailed_h"),
    )
    period = close(
        "Sums of one period, or of all",
        starts={"type": ["string", "null"], "format": "date", "description": "null in `total`"},
        levels_h=close("", **dict.fromkeys(LEVELS, NUMBER)),
        known_h=NUMBER,
        events=COUNT,
        **dict.fromkeys(numbers, MAYBE_NUMBER),
    )
    span = {"enum": [one.value for one in Span]}
    return close("The oldest period first", span=span, periods=make_list(period), total=period)


def describe_camera_day() -> Schema:
    """When one camera was watched on one day."""
    why = {"enum": [one.value for one in Watching]}
    gap = close("", since=MOMENT, until=MOMENT, why=why, reason=TEXT)
    return close(
        "One camera on one day of the site",
        camera=TEXT,
        since=MOMENT,
        until=MOMENT,
        hours={"type": "object", "propertyNames": why, "additionalProperties": NUMBER},
        not_watched_h=NUMBER,
        gaps=make_list(gap),
    )


def describe_changes() -> Schema:
    """What has happened since a position."""

    def kind(*words: str, **content: Schema) -> Schema:
        return close("", kind={"enum": list(words)}, at=MOMENT, **content)

    change = {
        "oneOf": [
            kind("event", event=refer("event")),
            kind("fault", "fault-over", fault=refer("fault")),
            kind("level", level=LEVEL, before=MAYBE_LEVEL, reason=TEXT),
        ]
    }
    return close(
        "What has happened, the oldest first; `position` is the next `after`",
        position=TEXT,
        has_more={"type": "boolean"},
        changes=make_list(change),
    )


def close(description: str, **properties: Schema) -> Schema:
    """An object that has all of these and nothing else."""
    words = {"description": description} if description else {}
    return {
        **words,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def make_list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def refer(name: str) -> Schema:
    """That schema, wherever it is used."""
    return {"$ref": f"#/components/schemas/{name}"}
