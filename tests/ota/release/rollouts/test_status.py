"""The list of what units have reported, as a file."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ota.release.errors import ReleaseError
from ota.release.rollouts.status import UnitStatus, parse_statuses

ONE = {
    "name": "field-7",
    "group": "all",
    "running_release": "r1",
    "failed_releases": ["r2"],
    "step": "gate",
    "waits_for": "energy",
    "reported_at": "2026-12-01T12:00:00+00:00",
    "expected_at": None,
}


def test_a_list_of_units_is_read() -> None:
    least = {"name": "x", "group": "all", "running_release": None, "reported_at": None}
    found = parse_statuses(json.dumps([ONE, least]).encode())
    at = datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert found == {
        "field-7": UnitStatus("field-7", "all", "r1", ("r2",), "gate", "energy", at, None),
        "x": UnitStatus("x", "all"),
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": ""}, "name is empty"),
        ({"name": "x" * 201}, "name must be text"),
        ({"failed_releases": "r2"}, "failed"),
        ({"reported_at": "2026-12-01T12:00:00"}, "no time zone"),
        ({"expected_at": 7}, "expected_at"),
        ({"battery": 7}, "'battery' is not known"),
    ],
)
def test_a_wrong_entry_is_refused_in_words(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ReleaseError, match="the list of units cannot be used: ") as refused:
        parse_statuses(json.dumps([{**ONE, **change}]).encode())
    assert said in str(refused.value)


@pytest.mark.parametrize("key", ["name", "group", "running_release", "reported_at"])
def test_what_the_rules_need_may_not_be_missing(key: str) -> None:
    with pytest.raises(ReleaseError, match=f"has no {key}"):
        parse_statuses(json.dumps([{k: v for k, v in ONE.items() if k != key}]).encode())


def test_a_unit_that_stands_twice_is_refused() -> None:
    with pytest.raises(ReleaseError, match="names field-7 twice"):
        parse_statuses(json.dumps([ONE, ONE]).encode())


@given(data=st.binary(max_size=60))
def test_whatever_the_bytes_are_nothing_but_a_refusal_is_raised(data: bytes) -> None:
    with suppress(ReleaseError):
        assert parse_statuses(data) == {}
