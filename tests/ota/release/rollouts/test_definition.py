"""A rollout as it is signed: what was written is read, and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from securesystemslib.formats import encode_canonical

from ota.release.errors import ReleaseError
from ota.release.rollouts.definition import (
    LONGEST_REASON,
    MOST_NOTES,
    RolloutDefinition,
    RolloutState,
    format_definition,
    make_waves,
    parse_definition,
)

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
DEFINITION = RolloutDefinition(
    name="december",
    release="2026.12",
    group="all",
    waves=make_waves(["field-7", "field-8"], [1, 100]),
    window="22:00-05:00",
    success_pct=90,
    failure_pct=5,
    soak_h=24,
    wave_since=NOW,
)


def test_a_definition_is_read_as_it_was_written() -> None:
    definition = DEFINITION.note(NOW, "it begins", wave=1, reached_at=NOW)
    custom = format_definition(definition)
    assert parse_definition("december", custom) == definition
    assert encode_canonical(custom)  # can be signed
    assert definition.label == "wave 1% (2 of 3)"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"state": "running away"}, "running away"),
        ({"wave": 3}, "wave must be a whole number from 0 to 2"),
        ({"success_pct": 0}, "success_pct"),
        ({"success_pct": 90.5}, "success_pct"),
        ({"failure_pct": -1}, "failure_pct"),
        ({"soak_h": 10**9}, "soak_h"),
        ({"window": "at night"}, "at night"),
        ({"release": "../r"}, "release"),
        ({"group": " "}, "group is empty"),
        ({"wave_since": "yesterday"}, "wave_since"),
        ({"reason": "x" * 401}, "reason"),
        ({"history": [{"at": "2026-12-01T12:00:00Z", "text": "x"}] * 41}, "history"),
        ({"more": 1}, "'more' is not known"),
        ({"waves": []}, "percentages that rise"),
        ({"waves": [{"name": "1%", "units": None, "percent": 1}]}, "not 100 percent"),
        ({"waves": [{"name": "x", "units": ["a"], "percent": 5}]}, "both units and a percentage"),
        ({"waves": [{"name": "x", "units": [7], "percent": None}]}, "unit must be text"),
        ({"waves": [{"name": "x", "units": None, "percent": 0}]}, "percent"),
        ({"waves": [{"name": "x", "units": ["u"] * 501, "percent": None}]}, "units"),
        ({"waves": "all"}, "waves"),
    ],
)
def test_what_cannot_be_judged_is_refused_with_what_to_do(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ReleaseError) as refused:
        parse_definition("december", {**format_definition(DEFINITION), **wrong})
    assert said in str(refused.value)
    assert "fleet rollout remove december" in str(refused.value)


@pytest.mark.parametrize("key", format_definition(DEFINITION))
def test_nothing_may_be_missing(key: str) -> None:
    custom = format_definition(DEFINITION)
    del custom[key]
    with pytest.raises(ReleaseError, match=f"it has no '{key}'"):
        parse_definition("december", custom)


@pytest.mark.parametrize("custom", [None, [], "x"])
def test_what_is_no_object_is_refused(custom: Any) -> None:
    with pytest.raises(ReleaseError):
        parse_definition("december", custom)


@pytest.mark.parametrize("percents", [[], [50], [50, 50, 100], [100, 50], [0, 100]])
def test_waves_rise_to_the_whole_group(percents: list[int]) -> None:
    with pytest.raises(ReleaseError, match="rising percentages that end with 100%"):
        make_waves([], percents)


def test_history_and_reason_stay_within_their_bounds() -> None:
    definition = DEFINITION
    for number in range(100):
        definition = definition.note(NOW, f"{number} {'word ' * 200}\x1b[2J")
    assert len(definition.history) == MOST_NOTES
    assert definition.history[-1].text.startswith("99 ")
    assert max(len(one.text) for one in definition.history) <= LONGEST_REASON
    assert parse_definition("december", format_definition(definition)) == definition


def test_only_what_runs_or_is_paused_holds_its_group() -> None:
    live = {one.value for one in RolloutState if replace(DEFINITION, state=one).state.is_live}
    assert live == {"running", "paused"}
