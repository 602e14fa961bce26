"""Strict reading of JSON that came from outside this process: a socket, or a file of others.

    tree = parse_object(data, most_bytes=1024)
    wait_s = require_number(tree.get("wait_s", 0), "wait_s", 0, 60)

Reads and writes: nothing; pure. Every refusal is an `InputError` in words.
Never: raises anything else, whatever the bytes are; and never lets NaN, infinity, a name that
stands twice, deep nesting or text that is no Unicode pass.
"""

import json
import math
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from typing import Any, NoReturn

from appliance.wording.sentence import say

MOST_DEPTH = 8
MOST_SHOWN = 60  # characters of a wrong value in a sentence
FIRST_YEAR, LAST_YEAR = 1900, 9999  # a time at their ends has no UTC


class InputError(ValueError):
    """What came from outside cannot be used; the text says what is wrong with it."""


def parse_json(data: bytes | bytearray, *, most_bytes: int, most_depth: int = MOST_DEPTH) -> Any:
    """The value in `data` (UTF-8); raises `InputError`."""
    if len(data) > most_bytes:
        raise InputError(say("it has more than {most_bytes} bytes", most_bytes=most_bytes))
    try:
        tree = json.loads(
            data.decode(),
            object_pairs_hook=build_object,
            parse_float=parse_finite,
            parse_constant=refuse_constant,
        )
    except InputError:
        raise
    except RecursionError:
        raise make_depth_error(most_depth) from None
    except ValueError as error:
        raise InputError(say("it is not JSON ({error})", error=error)) from None
    if may_be_deep_or_broken(data, most_depth):
        refuse_deep_or_broken(tree, most_depth)
    return tree


def parse_object(
    data: bytes | bytearray, *, most_bytes: int, most_depth: int = MOST_DEPTH
) -> dict[str, Any]:
    """The object in `data`; raises `InputError`."""
    tree = parse_json(data, most_bytes=most_bytes, most_depth=most_depth)
    if not isinstance(tree, dict):
        raise InputError(say("it is no object, but {tree}", tree=show(tree)))
    return tree


def build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InputError(say("a name stands twice in one object"))
    return found


def parse_finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InputError(say("{text} is too large for a number", text=text[:MOST_SHOWN]))
    return number


def refuse_constant(word: str) -> NoReturn:
    raise InputError(say("{word} is no number", word=word))


def may_be_deep_or_broken(data: bytes | bytearray, most_depth: int) -> bool:
    """Whether its values must be looked at for that: half a pair stands in an escape only, and what
    has few brackets is flat. Most messages of the picture socket are.
    """
    return b"\\u" in data or data.count(b"[") + data.count(b"{") > most_depth


def refuse_deep_or_broken(tree: Any, most_depth: int) -> None:
    """Refuse nesting deeper than `most_depth`, and text that no database or file could hold."""
    level = [tree]
    for _ in range(most_depth + 1):
        for text in (one for one in level if isinstance(one, str)):
            refuse_broken_text(text)
        level = [inner for outer in level for inner in list_parts(outer)]
        if not level:
            return
    raise make_depth_error(most_depth)


def list_parts(value: Any) -> Iterable[Any]:
    """What stands in a list or an object, its names too; nothing in anything else."""
    if isinstance(value, dict):
        return (*value, *value.values())
    return value if isinstance(value, list) else ()


def refuse_broken_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InputError(say("it holds text that is no Unicode (half of a pair)")) from None


def make_depth_error(most_depth: int) -> InputError:
    return InputError(say("it is nested deeper than {most_depth} levels", most_depth=most_depth))


# --- one value -----------------------------------------------------------------------------------


def require_text(value: object, name: str, longest: int) -> str:
    """Text of `longest` characters at most."""
    if not isinstance(value, str) or len(value) > longest:
        raise InputError(
            say(
                "{name} must be text of at most {longest} letters, not {value}",
                name=name,
                longest=longest,
                value=show(value),
            )
        )
    return value


def require_number(value: object, name: str, low: float, high: float) -> float:
    """A number from `low` to `high`; true and false are none."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not low <= value <= high:  # type: ignore[operator]
        raise InputError(
            say(
                "{name} must be from {low:g} to {high:g}, not {value}",
                name=name,
                low=low,
                high=high,
                value=show(value),
            )
        )
    try:
        return float(value)  # type: ignore[arg-type]
    except OverflowError:
        raise InputError(
            say("{name} is too large for a number: {value}", name=name, value=show(value))
        ) from None


def require_whole_number(value: object, name: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`."""
    if type(value) is not int or not low <= value <= high:
        raise InputError(
            say(
                "{name} must be a whole number from {low} to {high}, not {value}",
                name=name,
                low=low,
                high=high,
                value=show(value),
            )
        )
    return value


def require_flag(value: object, name: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise InputError(
            say("{name} must be true or false, not {value}", name=name, value=show(value))
        )
    return value


def require_time(value: object, name: str) -> datetime:
    """An ISO time with its zone, as UTC."""
    try:
        at = datetime.fromisoformat(require_text(value, name, 40))
    except ValueError as error:
        raise InputError(say("{name} is no time ({error})", name=name, error=error)) from None
    if at.tzinfo is None or not FIRST_YEAR < at.year < LAST_YEAR:
        raise InputError(
            say(
                "{name} has no time zone, or no year of this world: {value}",
                name=name,
                value=show(value),
            )
        )
    return at.astimezone(UTC)


def require_list(value: object, name: str, longest: int) -> list[Any]:
    """A list of `longest` entries at most."""
    if not isinstance(value, list) or len(value) > longest:
        raise InputError(
            say(
                "{name} must be a list of at most {longest} entries, not {value}",
                name=name,
                longest=longest,
                value=show(value),
            )
        )
    return value


def refuse_unknown(tree: dict[str, Any], known: Iterable[str]) -> None:
    """Refuse names that are not known."""
    allowed = frozenset(known)
    unknown = [name for name in tree if name not in allowed]
    if unknown:
        raise InputError(say("{unknown} is not known", unknown=show(unknown[0])))


def show(value: object) -> str:
    """A value in a sentence: short, in one line."""
    try:
        text = value.isoformat() if isinstance(value, date | time) else repr(value)
    except ValueError:  # Python writes no whole number of more than 4300 digits
        return "a number of thousands of digits"
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}..."
