"""What every key of the settings is, as data for a form: from the dataclasses and their metadata.

Reads and writes: nothing; pure.
Never: adds a word of its own about a key: the help beside the field is the one source.
"""

from dataclasses import Field
from datetime import datetime
from enum import Enum
from inspect import cleandoc
from pathlib import Path
from typing import Any, get_args

from appliance.sections.cameras import Point, Polygon
from appliance.sections.field import format_choice
from appliance.sections.values import describe_type, is_named, make_default, unwrap_optional
from appliance.settings_change.keys import choose_rule, list_fields
from appliance.settings_rules.places import Place
from appliance.wording.sentence import as_sentence, say

KINDS: dict[Any, str] = {
    bool: "switch",
    int: "integer",
    float: "number",
    str: "text",
    Path: "path",
    datetime: "time",
    tuple[str, ...]: "texts",
    Point: "point",
    Polygon: "polygon",
    tuple[Polygon, ...]: "polygons",
}
# Section -> what it is about, for people.
TITLES = {
    "unit": say("This unit"),
    "site": say("The site"),
    "clock": say("The clock of a demonstration"),
    "host": say("The computer's sleep and power"),
    "charger": say("Charge controllers"),
    "bms": say("Batteries and shunts"),
    "meter": say("Polls of power devices"),
    "panels": say("Solar panels"),
    "battery": say("Battery"),
    "energy": say("Energy levels"),
    "computer": say("Power of the computer"),
    "switch": say("Switched loads"),
    "source": say("Other energy sources"),
    "jetson": say("Power modes of a Jetson"),
    "gpu": say("Power limits of GPUs"),
    "camera": say("Cameras"),
    "inference": say("Analysis of pictures"),
    "web": say("This page"),
    "kiosk": say("The page on a screen of the unit"),
    "link": say("Mobile link"),
    "mqtt": say("MQTT and Home Assistant"),
    "update": say("Updates"),
    "fleet": say("Fleet"),
    "ddi": say("Server that says when a release is taken"),
    "alarms": say("Alarms: what all share"),
    "alarm": say("Alarms: rules"),
    "recipient": say("Alarms: recipients"),
    "channel": say("Alarms: channels"),
    "simulation": say("Simulated plant"),
    "zone": say("Zones"),
    "line": say("Lines"),
    "label": say("Labels"),
}


def describe_section(name: str, kind: Any, where: Place, *, is_family: bool) -> dict[str, Any]:
    """A section, its keys, and the families of sections within it."""
    found = list_fields(kind)
    here = (*where, "*") if is_family else where
    text = cleandoc(kind.__doc__ or "")
    return {
        "name": name,
        "title": TITLES.get(name, name),
        "help": ""
        if text.startswith(kind.__name__)
        else as_sentence(text),  # a dataclass's own signature
        "is_family": is_family,
        "keys": [
            describe_key(spec, hint, (*here, key))
            for key, (spec, hint) in found.items()
            if not is_named(hint)
        ],
        "families": [
            describe_section(key, get_args(hint)[1], (*here, key), is_family=True)
            for key, (_, hint) in found.items()
            if is_named(hint)
        ],
    }


def describe_key(spec: Field[Any], hint: Any, where: Place) -> dict[str, Any]:
    """One key: what it is, what it may be, its default, and what it takes to change it."""
    kind = unwrap_optional(hint)
    choices: list[Any] = list(spec.metadata.get("choices") or ())
    if isinstance(kind, type) and issubclass(kind, Enum):
        choices = [format_choice(member) for member in kind]
    return {
        "name": spec.name,
        "kind": "choice" if choices else KINDS[kind],
        "type": describe_type(hint),
        "help": as_sentence(spec.metadata["help"]),
        "low": spec.metadata["low"],
        "high": spec.metadata["high"],
        "choices": choices,
        "default": to_json(make_default(spec)),
        "rule": choose_rule(where).value,
    }


def to_json(value: Any) -> Any:
    """A value of the settings as JSON has it."""
    if isinstance(value, Enum):
        return format_choice(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [to_json(one) for one in value]
    return str(value) if isinstance(value, Path) else value
