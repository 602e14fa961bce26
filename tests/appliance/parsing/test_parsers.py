"""Whatever text comes from outside: each parser gives a value in its range, or one clear line."""

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from appliance.parsing.times import parse_duration, parse_instant, parse_time
from appliance.parsing.values import (
    parse_address,
    parse_count,
    parse_host,
    parse_name,
    parse_number,
    parse_path,
    parse_port,
)
from appliance.strict_json import InputError

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
SITE = ZoneInfo("Europe/Bucharest")

PARSERS: dict[str, Callable[[str], Any]] = {
    "count": lambda text: parse_count(text, 1, 200),
    "number": lambda text: parse_number(text, -5, 1e6),
    "port": parse_port,
    "host": parse_host,
    "address": parse_address,
    "path": parse_path,
    "name": parse_name,
    "time": lambda text: parse_time(text).find_utc(NOW, SITE),
    "instant": parse_instant,
    "duration": lambda text: parse_duration(text, 9, 86_400),
}
NEAR = st.from_regex(r"[-+0-9.eT:Z \[\]dhms%]{1,40}", fullmatch=True)
ANY_TEXT = st.text(st.characters(codec=None), max_size=80) | NEAR


@pytest.mark.parametrize("name", PARSERS)
@given(text=ANY_TEXT)
@example(text="")
@example(text="9" * 5000)
@example(text="9999999d")
@example(text="0001-01-01T00:00:00+14:00")
@example(text="9999-12-31T23:59:59-14:00")
@example(text="\ud800")
@example(text="١٢")
@example(text="nan")
@example(text="1e999")
@example(text="a\nb")
@example(text="[" * 3000)
def test_any_text_is_a_value_or_one_clear_line(name: str, text: str) -> None:
    try:
        PARSERS[name](text)
    except InputError as error:
        line = str(error)
        assert line.isprintable()
        assert len(line) < 260, "a long text is shown in part"


@given(text=ANY_TEXT, low=st.integers(0, 100), high=st.integers(0, 1000))
def test_a_count_is_never_outside_its_range(text: str, low: int, high: int) -> None:
    with contextlib.suppress(InputError):
        assert low <= parse_count(text, low, high) <= high


@given(text=ANY_TEXT)
def test_a_time_is_one_that_rows_can_hold(text: str) -> None:
    with contextlib.suppress(InputError):
        assert 1870 < parse_time(text).find_utc(NOW, SITE).year <= 3000


@pytest.mark.parametrize("text", ["000001999", "0", "-3", "+5", " 5", "5 ", "5.0", "1_0", "٣", ""])
def test_a_count_that_is_none_or_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no whole number from 1 to 200"):
        parse_count(text, 1, 200)


def test_all_forms_of_a_time_have_one_parser() -> None:
    hour = timedelta(hours=1)
    assert parse_time("24h").find_utc(NOW, SITE) == NOW - 24 * hour
    assert parse_time("90m").find_utc(NOW, SITE) == NOW - 1.5 * hour
    assert parse_time("03:10").find_utc(NOW, SITE) == datetime(2026, 11, 22, 1, 10, tzinfo=UTC)
    assert parse_time("12:01").find_utc(NOW, SITE) == datetime(2026, 11, 21, 10, 1, tzinfo=UTC)
    assert parse_time("2026-11-22").find_utc(NOW, SITE) == datetime(2026, 11, 21, 22, tzinfo=UTC)
    assert parse_time("2026-11-22T03:10Z").find_utc(NOW, SITE) == datetime(
        2026, 11, 22, 3, 10, tzinfo=UTC
    )


def test_a_time_of_day_in_the_hour_that_comes_twice_is_the_last_one_before_now() -> None:
    again = datetime(2026, 10, 25, 1, 5, tzinfo=UTC)  # 03:05 for the second time
    first, second = again.replace(hour=0, minute=10), again.replace(minute=10)
    assert parse_time("03:10").find_utc(again, SITE) == first
    assert parse_time("03:10").find_next_utc(again, SITE) == second
    assert parse_time("03:10").find_utc(second, SITE) == second
    assert parse_time("03:10").find_next_utc(second, SITE) == datetime(
        2026, 10, 26, 1, 10, tzinfo=UTC
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9999999d", "is too long: a span is at most 36500d"),
        ("24:00", "is no time"),
        ("yesterday", "is no time: give a span such as 24h"),
        ("0001-01-01", "is no time"),
        ("9999-12-31", "is no time"),
    ],
)
def test_a_wrong_time_is_answered_with_right_ones(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_time(text)


def test_an_instant_needs_its_zone() -> None:
    assert parse_instant("2026-04-15T02:00:00+02:00") == datetime(2026, 4, 15, tzinfo=UTC)
    for text in ("2026-04-15T02:00:00", "24h", "03:10"):
        with pytest.raises(InputError, match="is no time with a zone"):
            parse_instant(text)


def test_addresses_and_hosts() -> None:
    assert parse_address("10.0.0.7:502") == ("10.0.0.7", 502)
    assert parse_address("[::1]:8080") == ("::1", 8080)
    assert parse_address("Unit-7.local", 80) == ("unit-7.local", 80)
    assert parse_address("[fe80::1]", 80) == ("fe80::1", 80)
    assert parse_host("unit.example.") == "unit.example"
    for text in ("a:b:1", ":1", "host:", "host:70000", "-x:1", "a..b:1", "[host]:1", "::1:80"):
        with pytest.raises(InputError, match="is no HOST:PORT"):
            parse_address(text)


def test_paths_and_names_are_one_line_that_a_disk_can_hold() -> None:
    assert str(parse_path("/a b/c")) == "/a b/c"
    for text in ("", "a\0b", "x" * 256, "a/" * 2100, "a\nb"):
        with pytest.raises(InputError, match="is no path"):
            parse_path(text)
    with pytest.raises(InputError, match="is no name"):
        parse_name("x" * 201)
