"""The settings in force as TOML text: the values of the file, and the default where a key is left
out.

Reads and writes: nothing; pure. `appliance.settings_file` reads the text back to the same settings.
Never: hides a secret; whoever shows the text calls `appliance.log.redact`.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any

from appliance.sections.field import format_choice
from appliance.settings import Settings
from appliance.store.rows import encode_time


def format_settings(settings: Settings) -> str:
    """All sections and keys as TOML."""
    parts = [f"# {settings.path}, with all defaults"]
    for title, section in list_sections(settings):
        values = ((spec.name, getattr(section, spec.name)) for spec in fields(section))
        lines = [f"{name} = {format_literal(value)}" for name, value in values if is_plain(value)]
        parts.append("\n".join([f"[{title}]", *lines]))
    return "\n\n".join(parts) + "\n"


def list_sections(settings: Settings) -> Iterator[tuple[str, Any]]:
    """Every section with its title; of those with names, such as `camera.NAME`, each one."""
    for spec in fields(settings):
        value = getattr(settings, spec.name)
        if isinstance(value, Mapping):
            yield from list_named_sections(spec.name, value)
        elif spec.name != "path":
            yield spec.name, value


def list_named_sections(title: str, entries: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The sections with names below `title`, each followed by those within it."""
    for name, entry in entries.items():
        yield f"{title}.{name}", entry
        for spec in fields(entry):
            value = getattr(entry, spec.name)
            if isinstance(value, Mapping):
                yield from list_named_sections(f"{title}.{name}.{spec.name}", value)


def is_plain(value: Any) -> bool:
    """Whether a value stands in its section's own lines."""
    return value is not None and not isinstance(value, Mapping)


def format_literal(value: Any) -> str:
    """A value in TOML's notation."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        return format_literal(format_choice(value))
    if isinstance(value, datetime):
        return encode_time(value)
    if isinstance(value, tuple):
        return f"[{', '.join(format_literal(item) for item in value)}]"
    if isinstance(value, str | Path):
        return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
