"""SunSpec models: where their points lie and what their bytes mean, by pysunspec2's definitions.

Reads: the model definitions inside the pysunspec2 package, when a model is first decoded.
Never: scales a value by a factor that is not there, nor makes a not implemented point a number.

The one user of pysunspec2: its definitions and its types, not its sockets, which can write.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from typing import Any

from appliance.model import Quality
from power.protocol.register import ABSENT, IMPLAUSIBLE, WORD_BYTES, Decoded

MOST_WORDS = 125  # in one request
HEAD_WORDS = 2  # each model begins with its number and its length
LARGEST_EXPONENT = 10  # SunSpec information model specification: -10 to 10
TEXT = "string"
COUNTS = {160: "N", 714: "NPrt", 803: "NStr"}  # the points that count a model's repetitions


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a model, `offset` and `size` in registers from the model's number on.

    `part` is 0 in the fixed part; in the repetitions, of which `first` is where the point lies in
    the first, it counts from 1. `scale` names the point that holds the power of ten.
    """

    name: str
    offset: int
    size: int
    kind: str
    scale: str | None
    part: int
    first: int


@dataclass(frozen=True, slots=True)
class Part:
    """The fixed part of a model, or one repetition: values by offset in the first of them.

    `steps` are the values of the last digits, where a point has a scale factor.
    """

    numbers: Mapping[int, Decoded] = field(default_factory=dict)
    texts: Mapping[int, str] = field(default_factory=dict)
    steps: Mapping[int, float] = field(default_factory=dict)


@lru_cache(maxsize=64)
def build_layout(model: int, registers: int) -> tuple[Point, ...]:
    """The points that lie whole in a model of so many registers, its head among them."""
    group = load_definition(model)
    return tuple(
        point
        for point in iterate_points(group, registers)
        if point.offset + point.size <= registers
    )


def iterate_points(group: Mapping[str, Any], registers: int) -> Iterator[Point]:
    """All points; a repeated group is repeated up to the end."""
    offset = 0
    for given in group["points"]:
        yield make_point(given, offset, part=0, first=offset)
        offset += int(given["size"])
    for repeated in group.get("groups", []):
        first, part = offset, 0
        while offset < registers:
            part, begin = part + 1, offset
            for given in repeated["points"]:
                yield make_point(given, offset, part=part, first=first + offset - begin)
                offset += int(given["size"])


def make_point(given: Mapping[str, Any], offset: int, *, part: int, first: int) -> Point:
    scale = given.get("sf")
    size = int(given["size"])
    named = None if scale is None else str(scale)
    return Point(given["name"], offset, size, given["type"], named, part, first)


def load_definition(model: int) -> Mapping[str, Any]:
    """The top group of a model; raise FileNotFoundError where pysunspec2 does not know it."""
    path = files("sunspec2") / "models" / "json" / f"model_{model}.json"
    group: Mapping[str, Any] = json.loads(path.read_text("utf-8"))["group"]
    return group


def split_requests(model: int, registers: int) -> Iterator[tuple[int, int]]:
    """(offset, count) of the requests that bring a model: never a point in two of them."""
    begin = end = 0
    for point in build_layout(model, registers):
        after = point.offset + point.size
        if after - begin > MOST_WORDS:
            yield begin, end - begin
            begin = end
        end = after
    if end > begin:
        yield begin, end - begin


def decode_parts(model: int, data: bytes) -> tuple[Part, ...]:
    """The fixed part of a model, then each repetition that the model counts."""
    points = build_layout(model, len(data) // WORD_BYTES)
    raw = {(point.part, point.name): decode_value(point, data) for point in points}
    repeated = max((point.part for point in points), default=0)
    counted = raw.get((0, COUNTS.get(model, "")))
    count = min(repeated, counted) if isinstance(counted, int) and counted else repeated
    return tuple(decode_part(points, raw, number) for number in range(count + 1))


Raw = Mapping[tuple[int, str], int | float | str | None]  # by part and name; None: not implemented


def decode_part(points: tuple[Point, ...], raw: Raw, number: int) -> Part:
    """One part with all its values."""
    numbers: dict[int, Decoded] = {}
    texts: dict[int, str] = {}
    steps: dict[int, float] = {}
    for point in points:
        if point.part != number:
            continue
        value, exponent = raw[number, point.name], find_exponent(point, raw)
        if point.kind == TEXT:
            texts[point.first] = str(value or "").rstrip("\0 ")
        elif not isinstance(value, str):
            numbers[point.first] = scale_number(value, exponent)
            steps[point.first] = 10.0 ** max(
                -LARGEST_EXPONENT, min(LARGEST_EXPONENT, exponent or 0)
            )
    return Part(numbers, texts, steps)


def decode_value(point: Point, data: bytes) -> int | float | str | None:
    """The value of a point's bytes; None where they mean `not implemented`."""
    from sunspec2 import mb  # noqa: PLC0415  (only where it works)

    place = point.offset * WORD_BYTES
    info = mb.point_type_info[point.kind]
    try:
        value: int | float | str | None = info.data_to(
            data[place : place + point.size * WORD_BYTES]
        )
    except UnicodeDecodeError:
        return None
    return value if value is not None and info.is_impl(value) else None


def find_exponent(point: Point, raw: Raw) -> int | None:
    """The power of ten of a point, from its own part or the fixed one; None: not implemented."""
    if point.scale is None:
        return 0
    value = raw.get((point.part, point.scale), raw.get((0, point.scale)))
    return value if isinstance(value, int) else None


def scale_number(value: float | None, exponent: int | None) -> Decoded:
    """The number; a point whose scale factor is not implemented is not either."""
    if value is None or exponent is None:
        return ABSENT
    if abs(exponent) > LARGEST_EXPONENT:
        return IMPLAUSIBLE
    number = value * 10**exponent if exponent >= 0 else value / 10**-exponent
    return Decoded(number, Quality.OK)
