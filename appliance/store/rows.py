"""Turns the dataclasses of appliance/model*.py into database rows and back.

Reads and writes: nothing; pure. A `Stamp` becomes the columns at, boot_id, uptime_s; enums go by
name; mappings, tuples and boxes as JSON.
Never: knows a table or a connection.
"""

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import astuple, fields
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from appliance.model import Stamp
from appliance.model_cameras import Box

STAMP_COLUMNS = ("at", "boot_id", "uptime_s")
T = TypeVar("T")
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


def decode_time(text: str) -> datetime:
    """The inverse of `encode_time`."""
    return datetime.fromisoformat(text)


def list_columns(kind: type) -> tuple[str, ...]:
    """The columns of a row of `kind`, in the order of its fields."""
    names: list[str] = []
    for name in get_field_types(kind):
        names.extend(STAMP_COLUMNS if name == "stamp" else (name,))
    return tuple(names)


def encode(row: Any) -> dict[str, Value]:
    """A dataclass as column -> value."""
    values: dict[str, Value] = {}
    for spec in fields(row):
        value = getattr(row, spec.name)
        if isinstance(value, Stamp):
            values["at"] = encode_time(value.utc)
            values["boot_id"] = value.boot_id
            values["uptime_s"] = round(value.uptime_s, 3)
        else:
            values[spec.name] = encode_value(value)
    return values


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
    (float, lambda value: float(f"{value:.7g}")),
    (Mapping, encode_mapping),
    (Box, encode_box),
)


def decode(kind: type[T], row: Row) -> T:
    """The inverse of `encode`: one row (column -> value) as a `kind`."""
    values = {}
    for name, hint in get_field_types(cast("Any", kind)).items():
        if hint is Stamp:
            values[name] = Stamp(decode_time(row["at"]), row["boot_id"], row["uptime_s"])
        else:
            values[name] = decode_value(hint, row[name])
    return kind(**values)


def decode_value(hint: Any, value: Any) -> Any:
    """One stored value as the field's type."""
    return decoder(hint)(value)


@cache
def decoder(hint: Any) -> Callable[[Any], Any]:
    """The function that turns a stored value into the type `hint`."""
    if get_origin(hint) in (Union, types.UnionType):
        member = decoder(next(arg for arg in get_args(hint) if arg is not type(None)))
        return lambda value: None if value is None else member(value)
    if get_origin(hint) is Mapping:
        item = decoder(get_args(hint)[1])
        return lambda value: {key: item(one) for key, one in json.loads(value or "{}").items()}
    if issubclass(hint, Enum):
        return lambda name: hint[name]
    known: dict[type, Callable[[Any], Any]]
    known = {datetime: decode_time, bool: bool, Box: decode_box}
    return known.get(hint, lambda value: value)


def decode_box(text: str) -> Box:
    """The inverse of `encode_box`."""
    return Box(*json.loads(text))


@cache
def get_field_types(kind: type) -> dict[str, Any]:
    """Field name -> type of a dataclass."""
    return get_type_hints(kind)
