"""JSON from outside: read strictly, refused in words, and nothing else is raised."""

import json
import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.strict_json import InputError, parse_json, parse_object, require_number, show


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b"[" * 900 + b"]" * 900, "nested deeper"),
        (b"[" * 900_000, "nested deeper"),
        (b'{"a":' * 900_000, "nested deeper"),
        (b"[" * 10 + b"]" * 10, "nested deeper than 8 levels"),
        (b"NaN", "NaN is no number"),
        (b"-Infinity", "-Infinity is no number"),
        (b"1e999", "too large"),
        (b"9" * 5000, "not JSON"),
        (b'"\\ud800"', "no Unicode"),
        (b'{"\\ud800": 1}', "no Unicode"),
        (b'{"a": 1, "a": 2}', "twice"),
        (b"\xff", "not JSON"),
        (b"x" * 10_000_001, "more than 10000000 bytes"),
    ],
)
def test_what_is_no_sound_json_is_refused_in_words(data: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_json(data, most_bytes=10_000_000)


def test_what_is_sound_is_read_as_json_reads_it() -> None:
    tree = {"a": [1, 2.5, None, True, "ä"], "b": {"c": {"d": []}}}
    assert parse_object(json.dumps(tree).encode(), most_bytes=1000) == tree


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(data: bytes) -> None:
    with suppress(InputError):
        parse_json(data, most_bytes=1000)


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.just([])))
def test_a_number_is_within_its_limits_or_refused(value: object) -> None:
    with suppress(InputError):
        assert 0 <= require_number(value, "it", 0, 60) <= 60


def test_a_wrong_value_is_shown_in_short() -> None:
    assert show("x" * 1000) == "'" + "x" * 59 + "..."


def test_whole_numbers_without_an_end_are_refused_in_words() -> None:
    with pytest.raises(InputError, match="it is too large for a number"):
        require_number(10**400, "it", 0, math.inf)
    with pytest.raises(InputError, match="not a number of thousands of digits"):
        require_number(16**6000, "it", 0, 1)
    assert show([16**6000]) == "a number of thousands of digits"
