"""A value of a settings file as the type of its field, and that type in a technician's words.

Reads and writes: nothing; pure.
Never: takes a value of another type, or a bool for a number.
"""

import sys
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any, get_args, get_origin

from appliance.parsing.times import FIRST_YEAR, LAST_YEAR
from appliance.sections.cameras import Point, Polygon
from appliance.sections.field import format_choice
from appliance.wording.sentence import say


def convert(kind: Any, value: Any) -> Any:
    """`value` as `kind`, or None where it is of another type. A bool is no number here."""
    kind = unwrap_optional(kind)
    if isinstance(value, bool):
        return value if kind is bool else None
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next((member for member in kind if format_choice(member) == value), None)
    if get_origin(kind) is tuple:
        return convert_list(get_args(kind), value)
    if kind in (int, str):
        return value if isinstance(value, kind) else None
    return CONVERTERS[kind](value)


def convert_list(kinds: tuple[Any, ...], value: Any) -> tuple[Any, ...] | None:
    """A list as a tuple of `kinds` (`str, ...`: any number of texts); None where one is wrong."""
    if not isinstance(value, list):
        return None
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        return None
    items = tuple(convert(kind, item) for kind, item in zip(kinds, value, strict=True))
    return None if None in items else items


def is_named(kind: Any) -> bool:
    """Whether a setting is a family of sections, each with a name."""
    return get_origin(kind) is Mapping


def convert_float(value: Any) -> float | None:
    """A finite number; TOML also has nan, inf, and whole numbers of any length."""
    largest = sys.float_info.max
    return float(value) if isinstance(value, int | float) and -largest <= value <= largest else None


def convert_path(value: Any) -> Path | None:
    """A path, absolute or not; empty text names nothing."""
    return Path(value) if isinstance(value, str) and value else None


def convert_datetime(value: Any) -> datetime | None:
    """A TOML date-time with offset, in UTC; a local one is ambiguous and is refused."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        return None
    if FIRST_YEAR <= value.year <= LAST_YEAR:
        return value.astimezone(UTC)
    return None


CONVERTERS: dict[type, Callable[[Any], Any]] = {
    bool: lambda _: None,
    float: convert_float,
    Path: convert_path,
    datetime: convert_datetime,
}


def unwrap_optional(kind: Any) -> Any:
    """The type of a value that may be left out: `int` of `int | None`."""
    if get_origin(kind) is types.UnionType:
        return next(member for member in get_args(kind) if member is not types.NoneType)
    return kind


def describe_type(kind: Any) -> str:
    """A settings type in a technician's words."""
    kind = unwrap_optional(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        choices = ", ".join(repr(format_choice(member)) for member in kind)
        return say("one of {choices}", choices=choices)
    words = {
        bool: say("true or false"),
        float: say("a number"),
        int: say("a whole number"),
        str: say("text in quotes"),
        Path: say("a path in quotes"),
        datetime: say("a date and time with an offset, such as 2026-04-15T04:30:00Z"),
    }
    return DESCRIBED.get(kind) or words[kind]


DESCRIBED = {
    tuple[str, ...]: say("a list of texts"),
    Point: say("a pair of numbers, [x, y]"),
    Polygon: say("a list of corners, [[x, y], ...]"),
    tuple[Polygon, ...]: say("a list of polygons, [[[x, y], ...], ...]"),
}


def make_default(spec: Field[Any]) -> Any:
    """The default of a settings field."""
    return spec.default if spec.default is not MISSING else None
