"""Turns the dataclasses of appliance/model.py into database rows and back.

Reads and writes: nothing; pure. A `Stamp` becomes the columns at, boot_id, uptime_s; enums go by
name; mappings, tuples and boxes as JSON.
Never: knows a table or a connection.
"""

import json
import types
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import Any, Protocol, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from appliance.model import Stamp

STAMP_COLUMNS = ("at", "boot_id", "uptime_s")
T = TypeVar("T")
Value = str | float | int | None


class Row(Protocol):
    """A row as sqlite3 or a dict gives it: values by column name."""

    def __getitem__(self, column: str, /) -> Any:
        """The value of that column."""


def text_of(utc: datetime) -> str:
    """A UTC time as stored: ISO 8601 with milliseconds and Z, so that text order is time order."""
    return utc.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def time_of(text: str) -> datetime:
    """The inverse of `text_of`."""
    return datetime.fromisoformat(text)


def columns(kind: type) -> tuple[str, ...]:
    """The columns of a row of `kind`, in the order of its fields."""
    names: list[str] = []
    for name in hints(kind):
        names.extend(STAMP_COLUMNS if name == "stamp" else (name,))
    return tuple(names)


def encode(row: Any) -> dict[str, Value]:
    """A dataclass as column -> value."""
    values: dict[str, Value] = {}
    for spec in fields(row):
        value = getattr(row, spec.name)
        if isinstance(value, Stamp):
            values["at"] = text_of(value.utc)
            values["boot_id"] = value.boot_id
            values["uptime_s"] = round(value.uptime_s, 3)
        else:
            values[spec.name] = encode_value(value)
    return values


def encode_value(value: Any) -> Value:
    """One field's value as SQLite stores it."""
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        return text_of(value)
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, Mapping):
        plain = {key: encode_value(item) for key, item in value.items()}
        return json.dumps(plain, separators=(",", ":")) if plain else None
    if is_dataclass(value) and not isinstance(value, type):
        rounded = [round(number, 4) for number in asdict(value).values()]
        return json.dumps(rounded, separators=(",", ":"))
    return value  # type: ignore[no-any-return]


def decode(kind: type[T], row: Row) -> T:
    """The inverse of `encode`: one row (column -> value) as a `kind`."""
    values = {}
    for name, hint in hints(cast("Any", kind)).items():
        if hint is Stamp:
            values[name] = Stamp(time_of(row["at"]), row["boot_id"], row["uptime_s"])
        else:
            values[name] = decode_value(hint, row[name])
    return kind(**values)


def decode_value(hint: Any, value: Any) -> Any:
    """One stored value as the field's type."""
    if get_origin(hint) in (Union, types.UnionType):
        if value is None:
            return None
        hint = next(arg for arg in get_args(hint) if arg is not type(None))
    if get_origin(hint) is Mapping:
        member = get_args(hint)[1]
        return {key: decode_value(member, item) for key, item in json.loads(value or "{}").items()}
    if hint is datetime:
        return time_of(value)
    if hint is bool:
        return bool(value)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint[value]
    if isinstance(hint, type) and is_dataclass(hint):
        return hint(*json.loads(value))
    return value


@cache
def hints(kind: type) -> dict[str, Any]:
    """Field name -> type of a dataclass."""
    return get_type_hints(kind)
