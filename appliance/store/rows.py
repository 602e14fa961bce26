"""Turns the dataclasses of appliance/model*.py into database rows; decoding.py is the way back.

Reads and writes: nothing; pure. A `Stamp` becomes the columns at, boot_id, uptime_s; enums go by
name; mappings, tuples and boxes as JSON, and so do sentences in the fields for them (`Said`).
Never: depends on a table or a connection.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, Protocol, get_args, get_type_hints

from appliance.model import Stamp
from appliance.model_cameras import Box
from appliance.wording.sentence import Said, Sentence, as_plain
from appliance.wording.sentence_data import encode_sentence

STAMP_COLUMNS = ("at", "boot_id", "uptime_s")
Value = str | float | int | bytes | None


class Row(Protocol):
    """A row as sqlite3 or a dict gives it: values by column name."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of that column."""

    def keys(self) -> Any:
        """The columns' names."""


def encode_time(utc: datetime) -> str:
    """A UTC time as stored: ISO 8601 with milliseconds and Z, so that text order is time order."""
    return utc.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def encode(row: Any) -> dict[str, Value]:
    """A dataclass as column -> value."""
    values: dict[str, Value] = {}
    sentences = list_sentence_fields(row.__class__)
    for spec in fields(row):
        value = getattr(row, spec.name)
        if isinstance(value, Stamp):
            values["at"] = encode_time(value.utc)
            values["boot_id"] = value.boot_id
            values["uptime_s"] = round(value.uptime_s, 3)
        elif spec.name in sentences and isinstance(value, str):
            values[spec.name] = encode_sentence(value)
        else:
            values[spec.name] = encode_value(value)
    return values


@cache
def list_sentence_fields(kind: type) -> frozenset[str]:
    """The fields of a dataclass that hold sentences."""
    hints = get_type_hints(kind, include_extras=True)
    return frozenset(name for name, hint in hints.items() if Said in (hint, *get_args(hint)))


def encode_value(value: Any) -> Value:
    """One field's value as SQLite stores it."""
    for kind, encode_it in ENCODERS:
        if isinstance(value, kind):
            return encode_it(value)
    return value  # type: ignore[no-any-return]


def encode_mapping(value: Mapping[str, Any]) -> str | None:
    """A mapping as JSON; an empty one takes no room."""
    plain = {key: encode_value(item) for key, item in value.items()}
    return json.dumps(plain, separators=(",", ":")) if plain else None


def encode_box(value: Box) -> str:
    """A box as JSON, to a ten-thousandth of the picture."""
    return json.dumps([round(side, 4) for side in astuple(value)], separators=(",", ":"))


# A bool is an int, and an IntEnum too: the order matters.
ENCODERS: tuple[tuple[type, Callable[[Any], Value]], ...] = (
    (Enum, lambda value: value.name),
    (datetime, encode_time),
    (bool, int),
    (Sentence, as_plain),
    (float, lambda value: float(f"{value:.7g}")),
    (Mapping, encode_mapping),
    (Box, encode_box),
)
