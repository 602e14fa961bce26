"""Strict decoding of stored rows: what cannot be read is unknown, and never an error.

    event, unreadable = decode(Event, row)     # (None, ("tier",)) where the row cannot be read

Reads and writes: nothing; pure. The inverse of appliance/store/rows.py.
Never: raises for what a row holds, or takes a value that is not of its field's type. A bit that
flipped on the disk, a row of an older or a newer release, text in a number: each is unknown. An
optional field is then None, a row without one of its required fields is no row. NULL and a missing
column are the field's default, where it has one: the row is older than the field.
"""

import json
import math
import re
import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from appliance.model import Stamp
from appliance.model_cameras import Box
from appliance.store.rows import STAMP_COLUMNS, Row
from appliance.wording.sentence import Said
from appliance.wording.sentence_data import decode_sentence

T = TypeVar("T")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TIME_GLOB = "[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:*Z"  # in SQL
FIRST_YEAR, LAST_YEAR = 1970, 2199
MOST = 1e12  # of any figure: none of a unit is larger, but a number of bytes
MOST_S = 1e10  # s, 317 years: what can be added to a time and taken from it
MOST_BYTES = 1e18
BOX_SIDES = 4


class UnreadableError(ValueError):
    """A stored value that is none of its field's type."""


@dataclass(frozen=True, slots=True)
class Column:
    """How one column is read. `is_optional`: unreadable is None there."""

    name: str
    decode: Callable[[Any], Any]
    default: Callable[[], Any] | None
    is_optional: bool

    def read(self, row: Row) -> Any:
        """The column's value; raises `UnreadableError`."""
        try:
            value = row[self.name]
        except (KeyError, IndexError):
            value = None  # a column of a later release
        if value is not None:
            return self.decode(value)
        if self.default is None:
            raise UnreadableError(f"{self.name} is missing")
        return self.default()


def decode(kind: type[T], row: Row) -> tuple[T | None, tuple[str, ...]]:
    """One row as a `kind`, None where it cannot be read; and the columns that cannot."""
    values, unreadable = decode_columns(kind, list_columns(cast("Any", kind)), row)
    if values is None:
        return None, unreadable
    if "at" in values:
        values["stamp"] = Stamp(*(values.pop(name) for name in STAMP_COLUMNS))
    return kind(**values), unreadable


def decode_columns(
    kind: type, names: Iterable[str], row: Row
) -> tuple[dict[str, Any] | None, tuple[str, ...]]:
    """These columns of a row of `kind`, None where a required one cannot be read; and which."""
    columns = describe_columns(kind)
    values: dict[str, Any] = {}
    unreadable: list[str] = []
    for name in names:
        column = columns[name]
        try:
            values[name] = column.read(row)
        except UnreadableError:
            unreadable.append(name)
            if not column.is_optional:
                return None, tuple(unreadable)
            values[name] = None
    return values, tuple(unreadable)


def decode_time(text: Any) -> datetime:
    """The inverse of `encode_time`; raises `UnreadableError`."""
    if not isinstance(text, str) or not TIME.fullmatch(text):
        raise UnreadableError(f"{text!r} is no stored time")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise UnreadableError(f"{text!r} is no time") from None
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise UnreadableError(f"{text!r} is no time of a unit")
    return found


def is_time(text: Any) -> bool:
    """Whether a stored time can be read."""
    try:
        decode_time(text)
    except UnreadableError:
        return False
    return True


def select_number(value: Any) -> float | None:
    """A stored number, None where it is none."""
    try:
        return decode_float(value)
    except UnreadableError:
        return None


def decode_value(hint: Any, value: Any) -> Any:
    """One stored value as the type `hint`; raises `UnreadableError`."""
    return None if value is None and is_optional(hint) else find_decoder(hint)(value)


# --- columns of a dataclass -----------------------------------------------------------------------


@cache
def list_columns(kind: type) -> tuple[str, ...]:
    """The columns of a row of `kind`, in the order of its fields."""
    return tuple(describe_columns(kind))


@cache
def describe_columns(kind: type) -> dict[str, Column]:
    """How each column of `kind` is read, in the order of its fields."""
    hints = get_type_hints(kind, include_extras=True)
    found: dict[str, Column] = {}
    for field in fields(cast("Any", kind)):
        hint = hints[field.name]
        if hint is Stamp:
            found |= {
                name: describe_column(name, list_stamp_types()[name]) for name in STAMP_COLUMNS
            }
        else:
            found[field.name] = describe_column(field.name, hint, field)
    return found


def list_stamp_types() -> dict[str, Any]:
    """The types of a stamp's columns."""
    return dict(zip(STAMP_COLUMNS, (datetime, str, float), strict=True))


def describe_column(name: str, hint: Any, field: Field[Any] | None = None) -> Column:
    """How one field's column is read."""
    return Column(name, find_decoder(hint, name), find_default(hint, field), is_optional(hint))


def find_default(hint: Any, field: Field[Any] | None) -> Callable[[], Any] | None:
    """What NULL stands for; None where it stands for nothing."""
    if field is not None and field.default_factory is not MISSING:
        return field.default_factory
    if field is not None and field.default is not MISSING:
        return lambda: field.default
    if get_origin(hint) is Mapping:
        return dict  # an empty one is stored as NULL
    return (lambda: None) if is_optional(hint) else None


def is_optional(hint: Any) -> bool:
    """Whether a field may be None."""
    return get_origin(hint) in (Union, types.UnionType)


# --- values ---------------------------------------------------------------------------------------


@cache
def find_decoder(hint: Any, name: str = "") -> Callable[[Any], Any]:
    """The function that turns a stored value that is not NULL into the type `hint`."""
    if is_optional(hint):
        return find_decoder(next(a for a in get_args(hint) if a is not types.NoneType), name)
    if hint == Said:
        return lambda text: decode_sentence(decode_text(text))
    if get_origin(hint) is Mapping:
        item = find_decoder(get_args(hint)[1])
        return lambda text: decode_mapping(text, item)
    if issubclass(hint, Enum):
        return lambda name: decode_member(hint, name)
    if hint in (int, float):
        most = MOST_S if name.endswith("_s") else MOST_BYTES if name.endswith("_bytes") else MOST
        decode_it = decode_int if hint is int else decode_float
        return lambda value: decode_it(value, most)
    return PLAIN[hint]


def decode_float(value: Any, most: float = MOST) -> float:
    if type(value) not in (int, float) or not math.isfinite(value) or abs(value) > most:
        raise UnreadableError(f"{value!r} is no number")
    return float(value)


def decode_int(value: Any, most: float = MOST) -> int:
    if type(value) is not int or abs(value) > most:
        raise UnreadableError(f"{value!r} is no whole number")
    return value


def decode_bool(value: Any) -> bool:
    if type(value) not in (int, bool) or value not in (0, 1):
        raise UnreadableError(f"{value!r} is neither 0 nor 1")
    return bool(value)


def decode_text(value: Any) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise UnreadableError(f"{value!r} is no text")
    return value


def decode_bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise UnreadableError(f"{value!r} is not bytes")
    return value


def decode_member(kind: type[Enum], name: Any) -> Enum:
    found = kind.__members__.get(name) if isinstance(name, str) else None
    if found is None:
        raise UnreadableError(f"{name!r} is no {kind.__name__}")
    return found


def decode_mapping(text: Any, item: Callable[[Any], Any]) -> Mapping[str, Any]:
    tree = decode_json(text)
    if not isinstance(tree, dict) or not all(key.isprintable() for key in tree):
        raise UnreadableError("no mapping")
    return {key: item(one) for key, one in tree.items()}


def decode_box(text: Any) -> Box:
    """The inverse of `encode_box`."""
    sides = decode_json(text)
    if not isinstance(sides, list) or len(sides) != BOX_SIDES:
        raise UnreadableError("no box")
    return Box(*(decode_float(side) for side in sides))


def decode_json(text: Any) -> Any:
    """JSON that this unit wrote; anything else raises `UnreadableError`."""
    try:
        return json.loads(decode_text(text))
    except (ValueError, RecursionError):
        raise UnreadableError("no JSON") from None


PLAIN: Mapping[Any, Callable[[Any], Any]] = {
    datetime: decode_time,
    bool: decode_bool,
    str: decode_text,
    bytes: decode_bytes,
    Box: decode_box,
}
