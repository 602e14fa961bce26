"""The parsers of this package as types of argparse: a refusal names the option and is one line.

    parser.add_argument("--limit", type=make_type(parse_count, 1, 200))

Reads and writes: nothing.
Never: lets argparse guess a message.
"""

import argparse
from collections.abc import Callable
from typing import Any, TypeVar

from appliance.parsing.times import WrittenTime, parse_time
from appliance.parsing.values import parse_name, parse_path
from appliance.strict_json import InputError

T = TypeVar("T")


def make_type(parse: Callable[..., T], *limits: Any) -> Callable[[str], T]:
    """`parse(text, *limits)` as a type of argparse."""

    def convert(text: str) -> T:
        try:
            return parse(text, *limits)
        except InputError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return convert


NAME = make_type(parse_name)
PATH = make_type(parse_path)
TIME: Callable[[str], WrittenTime] = make_type(parse_time)
