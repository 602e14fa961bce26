"""TOML from outside: the settings file that a person wrote, on any computer, with any editor.

    text, tree = parse_toml(path.read_bytes())

Reads and writes: nothing; pure. Every refusal is an `InputError` in one line, with the line number
where there is one.
Never: raises anything else, whatever the bytes are; and never lets a whole number of more than 64
bits pass, which no other reader would take.
"""

import codecs
import re
import tomllib
from collections.abc import Iterator
from typing import Any

from appliance.strict_json import InputError
from appliance.wording.sentence import say

MOST_BYTES = 1_000_000
MOST_DEPTH = 12  # a list of polygons in a camera's section has 6
LONG_NUMBER = re.compile(r"\b0[xob][0-9a-fA-F_]{17,}|[0-9][0-9_]{18,}")
BRACKETS = re.compile(rf"(?:[\[{{][^\[\]{{}}]*){{{MOST_DEPTH},}}")
LARGEST = 2**63
UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def parse_toml(data: bytes) -> tuple[str, dict[str, Any]]:
    """The text (without the mark that some editors put at the beginning) and its tree."""
    text = decode(data)
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(error)) from None
    except RecursionError:
        raise make_depth_error(text) from None
    except ValueError:  # Python refuses to read so many digits
        raise make_number_error(text) from None
    refuse_what_nobody_reads(tree, text)
    return text, tree


def decode(data: bytes) -> str:
    """UTF-8, as TOML must be, of any size that a person writes."""
    if len(data) > MOST_BYTES:
        raise InputError(say("it has more than {most_bytes} bytes", most_bytes=MOST_BYTES))
    if data.startswith(UTF16):
        raise InputError(say("it is stored as UTF-16; store it as UTF-8 in the editor"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            say(
                "line {line} has a character that is not UTF-8; store the file as UTF-8 in the "
                "editor",
                line=line,
            )
        ) from None


def refuse_what_nobody_reads(tree: dict[str, Any], text: str) -> None:
    """Refuse whole numbers that are too large, and nesting that is too deep."""
    level: list[Any] = [tree]
    for _ in range(MOST_DEPTH + 1):
        if any(isinstance(one, int) and not -LARGEST <= one < LARGEST for one in level):
            raise make_number_error(text)
        level = [inner for outer in level for inner in list_parts(outer)]
        if not level:
            return
    raise make_depth_error(text)


def list_parts(value: Any) -> Iterator[Any]:
    """What stands in a section or a list."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value


def make_number_error(text: str) -> InputError:
    return InputError(say("a number has too many digits{line}", line=find_line(LONG_NUMBER, text)))


def make_depth_error(text: str) -> InputError:
    return InputError(
        say(
            "it is nested deeper than {most_depth} levels{line}",
            most_depth=MOST_DEPTH,
            line=find_line(BRACKETS, text),
        )
    )


def find_line(pattern: re.Pattern[str], text: str) -> str:
    """On which line that stands, as tomllib words it; empty where it spans several."""
    for number, line in enumerate(text.splitlines(), start=1):
        if pattern.search(line):
            return say(" (at line {number})", number=number)
    return ""
