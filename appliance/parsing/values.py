"""Counts, numbers, ports, addresses, paths and names from outside, each with its range.

    limit = parse_count(request.args["limit"], 1, 200)
    host, port = parse_address("10.0.0.7:502")

Reads and writes: nothing; pure. Every refusal is an `InputError` in one line.
Never: raises anything else, whatever the text is.
"""

import ipaddress
import math
import re
from pathlib import Path
from typing import Any

from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

COUNT = re.compile(r"0|[1-9][0-9]{0,14}")
NUMBER = re.compile(
    r"[+-]?((0|[1-9][0-9]{0,14})(\.[0-9]{0,15})?|\.[0-9]{1,15})([eE][+-]?[0-9]{1,3})?"
)
# Control characters, ends of lines, what turns the direction of a line, halves of a character.
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
HOST_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
LONGEST_HOST, LONGEST_PATH, LONGEST_PART, LONGEST_NAME = 253, 4095, 255, 200
LARGEST_PORT = 65_535


def parse_count(text: str, low: int, high: int) -> int:
    """A whole number from `low` to `high`, in plain digits."""
    if not COUNT.fullmatch(text) or not low <= int(text) <= high:
        raise InputError(
            say(
                "{text} is no whole number from {low} to {high}",
                text=show(text),
                low=low,
                high=high,
            )
        )
    return int(text)


def parse_number(text: str, low: float, high: float) -> float:
    """A finite number from `low` to `high`; digits, a point, perhaps an exponent."""
    number = float(text) if NUMBER.fullmatch(text) else math.nan
    if not low <= number <= high:
        raise InputError(
            say(
                "{text} is no number from {low:.10g} to {high:.10g}",
                text=show(text),
                low=low,
                high=high,
            )
        )
    return number


def parse_port(text: str, lowest: int = 1) -> int:
    """The number of a TCP port; `lowest` 0 where 0 means "any free one"."""
    try:
        return parse_count(text, lowest, LARGEST_PORT)
    except InputError:
        raise InputError(
            say(
                "{text} is no port: give a number from {lowest} to {largest_port}",
                text=show(text),
                lowest=lowest,
                largest_port=LARGEST_PORT,
            )
        ) from None


def parse_host(text: str) -> str:
    """The name or the IP address of a computer (IPv6 with or without brackets), in small letters,
    without brackets.
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    if is_ip_address(bare):
        return bare.lower()
    labels = bare.removesuffix(".").split(".")
    if text != bare or len(bare) > LONGEST_HOST or not all(map(HOST_LABEL.fullmatch, labels)):
        raise InputError(say("{text} is no name and no IP address of a computer", text=show(text)))
    return bare.removesuffix(".").lower()


def is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # a zone is the business of one computer


def parse_address(text: str, default_port: int | None = None) -> tuple[str, int]:
    """HOST:PORT, or HOST alone where there is a `default_port`; IPv6 stands in brackets."""
    host, colon, port = text.rpartition(":")
    if default_port is not None and (not colon or text.endswith("]")):
        return parse_host(text), default_port
    try:
        if ":" in host and not host.startswith("["):
            raise InputError(say("IPv6 without brackets"))
        return parse_host(host), parse_port(port)
    except InputError:
        raise InputError(
            say("{text} is no HOST:PORT, such as 192.168.1.20:502", text=show(text))
        ) from None


def parse_path(text: str) -> Path:
    """A path that a file system can hold."""
    parts = text.split("/")
    is_long = len(text) > LONGEST_PATH or any(len(part) > LONGEST_PART for part in parts)
    if not text or CONTROL.search(text) or is_long:
        raise InputError(say("{text} is no path of a file", text=show(text)))
    return Path(text)


def parse_name(text: str, longest: int = LONGEST_NAME) -> str:
    """A name in one line, as of a camera, a device or a model."""
    if not text.strip() or len(text) > longest or CONTROL.search(text):
        raise InputError(
            say(
                "{text} is no name: one line of 1 to {longest} characters makes one",
                text=show(text),
                longest=longest,
            )
        )
    return text


def format_range(low: Any, high: Any) -> str:
    """Such as "from 10 to 1000000": every digit, as people write it."""
    return f"from {low:.15g} to {high:.15g}"
