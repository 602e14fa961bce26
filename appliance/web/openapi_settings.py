"""What the settings and the shapes of cameras look like in the description of the API.

Reads and writes: nothing; pure.
Never: lists what openapi.py has, or each key of the settings: the answer itself does.
"""

from appliance.web.openapi_paths import Operation
from appliance.web.openapi_schemas import (
    COUNT,
    MAYBE_NUMBER,
    MAYBE_TEXT,
    MOMENT,
    TEXT,
    Schema,
    close,
    make_list,
    refer,
)

ANY: Schema = {"description": "As the key's `kind` says; null: none, or a secret"}
YES: Schema = {"type": "boolean"}
VERSION: Schema = {"type": "string", "description": "SHA-256 of the settings file"}
CHANGED = (409, 413, 422)
ORIGINS: Schema = {"enum": ["file", "release", "default"]}
RULES: Schema = {"enum": ["free", "confirm", "by-hand"]}
PLACES = {"proposal": "The id that `apply`, `confirm` or `take-back` answered"}
REFUSALS = {
    409: ("The unit is not as the request says, or a change waits; see `reason`", "change_refusal"),
    422: ("A value cannot be used; `key` says which", "change_refusal"),
}
OPERATIONS = {
    "show_settings": Operation("Every setting, its value and where that is from", "settings"),
    "show_settings_history": Operation("The last ten changes, the newest first", "changes_made"),
    "show_settings_result": Operation("What became of a change", "change_result", refuses=(404,)),
    "preview_settings": Operation(
        "What a change would do: by a technician",
        "change_preview",
        refuses=CHANGED,
        body="change_order",
    ),
    "apply_settings": Operation(
        "Have it made: by a technician", "proposal", refuses=CHANGED, body="change_order"
    ),
    "confirm_settings": Operation(
        "Let a change stay that waits: by a technician",
        "proposal",
        refuses=CHANGED,
        body="change_number",
    ),
    "take_settings_back": Operation(
        "Undo a change that waits: by a technician",
        "proposal",
        refuses=CHANGED,
        body="change_number",
    ),
    "show_shapes": Operation("A camera's zones, lines and masks", "shapes", refuses=(404,)),
}


def describe_schemas() -> dict[str, Schema]:
    """All of them by name."""
    values: Schema = {"type": "object", "additionalProperties": refer("setting_value")}
    entries: Schema = {"type": "object", "additionalProperties": make_list(refer("setting_entry"))}
    return {
        "settings": close(
            "The file and what is in force",
            version=VERSION,
            file=TEXT,
            fault={"type": "string", "description": "Why the file cannot be used; empty: it can"},
            sections=make_list(refer("setting_section")),
        ),
        "setting_section": loosen(close("A section", **describe_section()), "entries"),
        "setting_entry": close(
            "One section of the file", place=TEXT, name=TEXT, values=values, entries=entries
        ),
        "setting_key": describe_key(),
        "setting_value": loosen(describe_value(), "is_secret", "shown"),
        **describe_changes(),
        "shapes": describe_shapes(),
    }


def loosen(schema: Schema, *names: str) -> Schema:
    """The same, where these properties may be missing."""
    return {**schema, "required": [one for one in schema["required"] if one not in names]}


def describe_value() -> Schema:
    text = "A value; a secret has `shown`, what is left without it"
    return close(text, value=ANY, **{"from": ORIGINS}, is_secret=YES, shown=ANY)


def describe_section() -> dict[str, Schema]:
    """What a section of the form has."""
    return {
        "name": TEXT,
        "title": TEXT,
        "help": TEXT,
        "is_family": YES,
        "keys": make_list(refer("setting_key")),
        "families": make_list(refer("setting_section")),
        "entries": make_list(refer("setting_entry")),
    }


def describe_key() -> Schema:
    """One key of a section."""
    texts = dict.fromkeys(("name", "kind", "type", "help"), TEXT)
    limits = {"low": MAYBE_NUMBER, "high": MAYBE_NUMBER, "choices": {"type": "array"}}
    return close("A key of a section", **texts, **limits, default=ANY, rule=RULES)


def describe_changes() -> dict[str, Schema]:
    """A change before and after it is made."""
    return {
        "change_preview": describe_preview(),
        "change_order": loosen(describe_order(), "changes", "back", "why"),
        "change_number": close("Which change", number=COUNT),
        "proposal": close("Asked for; /api/settings/result/PROPOSAL has the answer", proposal=TEXT),
        "change_refusal": {
            **close("Why a change is refused", reason=TEXT, kind=TEXT, key=TEXT),
            "required": ["reason"],  # of the settings all three
        },
        "changes_made": close("The last changes", entries=make_list(describe_made())),
        "change_result": close(
            "`result` null: not yet",
            state={"enum": ["waiting", "answered"]},
            result={"type": ["object", "null"]},
        ),
    }


def describe_order() -> Schema:
    """What is asked for."""
    changes: Schema = {"type": "object", "description": "Key: its new value; null: its default"}
    text = "`changes` of keys of the version `base`, or `back`: as before that change"
    return close(text, base=VERSION, changes=changes, back=COUNT, why=TEXT)


def describe_preview() -> Schema:
    """What a change would do."""
    value = refer("setting_value")
    verbs: Schema = {"enum": ["stop", "restart", "try-restart"]}
    return close(
        "What a change would do",
        base=VERSION,
        keys=make_list(close("A key", key=TEXT, rule=RULES, before=value, after=value)),
        warnings=make_list(TEXT),
        orders=make_list(close("A service", unit=TEXT, verb=verbs, title=TEXT)),
        diff=TEXT,
        to_confirm=make_list(TEXT),
    )


def describe_made() -> Schema:
    """One change of the history."""
    return close(
        "A change; `left_s`: until it is taken back",
        number=COUNT,
        at=MOMENT,
        who=TEXT,
        why=TEXT,
        keys=make_list(TEXT),
        confirmation=TEXT,
        left_s=MAYBE_NUMBER,
        said=make_list(TEXT),
    )


def describe_shapes() -> Schema:
    """What the editor of zones draws."""
    named = make_list(close("A zone or a line", name=TEXT, values={"type": "object"}))
    keys = make_list(refer("setting_key"))
    polygons: Schema = {"type": "array"}
    return close(
        "Shapes, in fractions of the picture",
        version=VERSION,
        camera=TEXT,
        snapshot=MAYBE_TEXT,
        zones=named,
        lines=named,
        privacy_masks=polygons,
        motion_masks=polygons,
        zone_keys=keys,
        line_keys=keys,
        labels=make_list(TEXT),
        directions=make_list(TEXT),
        most_corners=COUNT,
    )
