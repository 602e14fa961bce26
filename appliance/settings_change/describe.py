"""Every setting with its help, its range, its value and where that comes from, as data for a form.

    document = describe(Path("/etc/appliance/unit.toml"))

Reads: the settings file and the layer of a release. Writes: nothing.
Never: gives out a secret: of those the document has what is left without it, and that there is one.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from appliance.errors import SettingsError
from appliance.log import redact
from appliance.parsing.settings_layer import has_key, read_layer
from appliance.sections.values import is_named
from appliance.settings import Settings
from appliance.settings_change.keys import format_place, list_fields
from appliance.settings_change.schema import describe_section, to_json
from appliance.settings_change.secrets import hide, is_secret
from appliance.settings_change.trees import get
from appliance.settings_file import USUAL_UPDATE_DIR, build_with_fault, parse_own, read_file
from appliance.settings_rules.places import Place

FILE, RELEASE, DEFAULT = "file", "release", "default"


@dataclass(frozen=True, slots=True)
class Present:
    """The settings as they are: the file's own keys, those of a release, and what is in force."""

    own: Mapping[str, Any]
    layer: Mapping[str, Any]
    settings: Settings | None


def describe(path: Path) -> dict[str, Any]:
    """The document. Raises `SettingsError` where the file cannot be read or is no TOML."""
    data = read_file(path)
    present, fault = read_present(path, data)
    return {
        "version": find_version(data),
        "file": str(path),
        "fault": redact(fault),
        "sections": [
            describe_top(name, hint, present) for name, (_, hint) in list_fields(Settings).items()
        ],
    }


def find_version(data: bytes) -> str:
    """What tells one state of the file from any other."""
    return hashlib.sha256(data).hexdigest()


def read_present(path: Path, data: bytes) -> tuple[Present, str]:
    """What is in force, and why the file cannot be used; raises `SettingsError`."""
    own = parse_own(path, data)[1]
    layer = None
    with suppress(SettingsError):
        layer = read_layer(path, own, USUAL_UPDATE_DIR)
    tree = layer.tree if layer else {}
    try:
        settings, fault = build_with_fault(path, data)
    except SettingsError as error:
        return Present(own, tree, None), str(error)
    return Present(own, tree, settings), str(fault or "")


def describe_top(name: str, hint: Any, present: Present) -> dict[str, Any]:
    """One section of the file, with its entries."""
    is_family = is_named(hint)
    kind = get_args(hint)[1] if is_family else hint
    found = describe_section(name, kind, (name,), is_family=is_family)
    found["entries"] = (
        list_entries(kind, (name,), present)
        if is_family
        else [describe_entry(kind, (name,), present)]
    )
    return found


def list_entries(kind: Any, where: Place, present: Present) -> list[dict[str, Any]]:
    """The sections of a family that there are, by name."""
    named = [get(tree, where) for tree in (present.own, present.layer)]
    names = [name for one in named if isinstance(one, Mapping) for name in one]
    return [describe_entry(kind, (*where, name), present) for name in dict.fromkeys(names)]


def describe_entry(kind: Any, where: Place, present: Present) -> dict[str, Any]:
    """One section: the values of its keys, and the sections within it."""
    found = list_fields(kind)
    return {
        "place": format_place(where),
        "name": where[-1],
        "values": {
            key: describe_value((*where, key), present)
            for key, (_, hint) in found.items()
            if not is_named(hint)
        },
        "entries": {
            key: list_entries(get_args(hint)[1], (*where, key), present)
            for key, (_, hint) in found.items()
            if is_named(hint)
        },
    }


def describe_value(where: Place, present: Present) -> dict[str, Any]:
    """One value and where it comes from."""
    origin = DEFAULT
    if has_key(present.own, where):
        origin, value = FILE, to_json(get(present.own, where))
    elif has_key(present.layer, where):
        origin, value = RELEASE, to_json(get(present.layer, where))
    else:
        value = to_json(find_built(where, present.settings))
    if is_secret(value):
        return {"value": None, "from": origin, "is_secret": True, "shown": hide(value)}
    return {"value": value, "from": origin}


def find_built(where: Place, settings: Any) -> Any:
    """The value in force; None where the settings cannot be used, or there is none."""
    for name in where:
        if isinstance(settings, Mapping):
            settings = settings.get(name)
        else:
            settings = getattr(settings, name, None)
    return settings
