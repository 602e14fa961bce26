"""The shapes of the answers of the fleet's JSON, as JSON Schema.

Reads and writes: nothing; pure.
Never: leaves an object open, but for what is a copy of something that is signed elsewhere.
"""

from appliance.web.openapi_schemas import (
    COUNT,
    MAYBE_NUMBER,
    MOMENT,
    TEXT,
    Schema,
    close,
    make_list,
    refer,
)
from ota.fleet.registry.states import UnitStateWord

STATE: Schema = {"enum": [one.value for one in UnitStateWord]}
MAYBE_MOMENT: Schema = {"type": ["string", "null"], "format": "date-time", "description": "UTC"}
MAYBE_TEXT: Schema = {"type": ["string", "null"]}
COUNTED: Schema = {
    "type": "object",
    "description": "How many units, the most frequent first, at most 50",
    "additionalProperties": COUNT,
}


def build_schemas() -> dict[str, Schema]:
    """All of them by name."""
    return {
        "document": {"type": "object", "required": ["openapi", "info", "paths"]},
        "refusal": close("Why there is no answer", reason=TEXT),
        "fleet": describe_fleet(),
        "unit_list": close(
            "A page of the list; `total`: units in all pages",
            units=make_list(close("", **describe_listed())),
            total=COUNT,
        ),
        "unit": describe_unit(),
        "places": close("", places=make_list(describe_place())),
        "refused": close("One for each unit and reason", **describe_refused()),
        "refused_list": close("", refusals=make_list(refer("refused"))),
        "rollout_list": close("The newest first", rollouts=make_list(describe_rollout())),
    }


def describe_fleet() -> Schema:
    kinds = ("states", "releases", "waits_for", "groups", "faults")
    numbers = ("mean_charge_pct", "least_autonomy_days", "sun_week_kwh")
    return close(
        "Counts; units that were taken out stand in `states` only",
        at=MOMENT,
        units=COUNT,
        **dict.fromkeys(kinds, COUNTED),
        energy=close("Over units that tell it", **dict.fromkeys(numbers, MAYBE_NUMBER)),
    )


def describe_listed() -> dict[str, Schema]:
    """What a list tells of a unit."""
    return {
        "name": TEXT,
        "group": TEXT,
        "serial": TEXT,
        "received_at": MAYBE_MOMENT,
        "reported_at": MAYBE_MOMENT,
        "expected_at": MAYBE_MOMENT,
        **dict.fromkeys(("running_release", "step", "release", "reason", "waits_for"), TEXT),
        "level": MAYBE_TEXT,
        **dict.fromkeys(("charge_pct", "autonomy_days", "sun_week_kwh"), MAYBE_NUMBER),
        "fault_count": COUNT,
        "state": STATE,
    }


def describe_unit() -> Schema:
    fault = close("", code=TEXT, source=TEXT, text=TEXT, since=MOMENT)
    return close(
        "All that is known of a unit",
        **describe_listed(),
        key_sha256=TEXT,
        entered_at=MOMENT,
        revoked_at=MAYBE_MOMENT,
        revoked_reason=MAYBE_TEXT,
        doubt={**TEXT, "description": "Whether two boxes seem to have its identity"},
        report_sha256=MAYBE_TEXT,
        report_number={"type": "integer", "minimum": 0},
        latitude_deg=MAYBE_NUMBER,
        longitude_deg=MAYBE_NUMBER,
        failed_releases=make_list(TEXT),
        faults=make_list(fault),
        refusals=make_list(refer("refused")),
        report={"type": ["object", "null"], "description": "The newest report as it was sent"},
    )


def describe_place() -> Schema:
    return {
        "type": "array",
        "description": "Name, latitude and longitude in degrees, state",
        "items": {"type": ["string", "number"]},
        "minItems": 4,
        "maxItems": 4,
    }


def describe_refused() -> dict[str, Schema]:
    return {
        **dict.fromkeys(("unit_name", "reason_code", "text", "address"), TEXT),
        **dict.fromkeys(("first_at", "last_at"), MOMENT),
        "count": COUNT,
    }


def describe_rollout() -> Schema:
    signed = {"type": "object", "description": "A copy of what is signed (docs/releases.md)"}
    counts = {"type": "object", "description": "`waves`: units by wave and how far they are"}
    return close("", name=TEXT, definition=signed, counts=counts, at=MOMENT)
