"""When a rollout goes on, waits or stops, by what its units have reported."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ota.release.rollouts.definition import RolloutDefinition, RolloutState, make_waves
from ota.release.rollouts.rules import Action, Decision, decide
from ota.release.rollouts.status import UnitStatus

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
FIRST = RolloutDefinition(
    name="december",
    release="r2",
    group="all",
    waves=make_waves(["a"], [10, 100]),
    window="",
    success_pct=90,
    failure_pct=5,
    soak_h=24,
    wave_since=NOW - HOUR,
)
TENTH = replace(FIRST, wave=1)


def report(name: str, release: str = "r1", **more: Any) -> UnitStatus:
    return UnitStatus(name, "all", release, **{"reported_at": NOW - HOUR, **more})


def judge(
    definition: RolloutDefinition, statuses: list[UnitStatus], *, wave: str = "", **waves: str
) -> Decision:
    """`waves`: those of single units; the others are of `wave`, by default the current one."""
    members = {one.name: waves.get(one.name, wave or definition.current.name) for one in statuses}
    return decide(definition, members, {one.name: one for one in statuses}, NOW)


def many(count: int, release: str = "r1", prefix: str = "u", **more: Any) -> list[UnitStatus]:
    return [report(f"{prefix}{number}", release, **more) for number in range(count)]


def test_a_wave_waits_until_enough_of_its_units_run_the_release() -> None:
    decision = judge(TENTH, many(8, "r2") + many(2, prefix="w"))
    assert decision.action is Action.WAIT
    assert decision.reason == (
        "wave 10% (2 of 3): 8 of 10 run r2, 2 waiting (w0, w1); needs 9 (90 % of those awake)"
    )


def test_a_success_is_noted_first_and_must_hold() -> None:
    units = many(9, "r2") + many(1, prefix="w")
    assert judge(TENTH, units).action is Action.SOAK
    for since_h, action in ((23.9, Action.WAIT), (24, Action.NEXT)):
        reached = replace(TENTH, reached_at=NOW - timedelta(hours=since_h))
        assert judge(reached, units).action is action
    lost = replace(TENTH, reached_at=NOW - timedelta(days=9))
    assert judge(lost, many(8, "r2") + many(2, prefix="w")).action is Action.WAIT


def test_without_a_soak_a_success_goes_on_at_once() -> None:
    assert judge(replace(FIRST, soak_h=0), [report("a", "r2")]).action is Action.NEXT


def test_a_success_counts_only_after_the_commit() -> None:
    trial = report("a", "r1", step="health")
    assert judge(FIRST, [trial]).action is Action.WAIT


def test_one_failure_of_few_stops_the_rollout_and_one_of_many_does_not() -> None:
    failed = report("f", failed_releases=("r2",))
    stopped = judge(TENTH, [failed, *many(9, "r2")])
    assert stopped.action is Action.STOP
    assert stopped.reason == (
        "wave 10% (2 of 3): 1 of 10 (all units so far) failed with r2, more than 5 %: f"
    )
    assert judge(TENTH, [failed, *many(19, "r2")]).action is Action.SOAK  # 5 % are not more


def test_a_current_wave_that_fails_stops_it_whatever_went_well_before() -> None:
    before = {f"u{number}": "first" for number in range(100)}
    units = [*many(100, "r2"), report("f", failed_releases=("r2",)), *many(9, "r2", prefix="w")]
    decision = judge(TENTH, units, **before)
    assert decision.action is Action.STOP
    assert "1 of 10 (its units) failed" in decision.reason


def test_with_no_failures_permitted_the_first_one_stops_it_also_in_an_earlier_wave() -> None:
    units = [*many(200, "r2"), report("f", failed_releases=("r2",))]
    assert judge(replace(TENTH, failure_pct=0), units, f="first").action is Action.STOP
    assert judge(TENTH, units, f="first").action is Action.SOAK


def test_another_release_that_failed_is_no_failure_of_this_one() -> None:
    units = [report("a", "r2", failed_releases=("r0",))]
    assert judge(FIRST, units).action is Action.SOAK


def test_a_unit_that_runs_it_after_a_failure_has_succeeded() -> None:
    assert judge(FIRST, [report("a", "r2", failed_releases=("r2",))]).action is Action.SOAK


@pytest.mark.parametrize("ahead_h", [0.1, 24.0, 2000.0, -1.9])
def test_a_sleeper_never_times_out(ahead_h: float) -> None:
    asleep = report(
        "s", reported_at=NOW - timedelta(days=90), expected_at=NOW + timedelta(hours=ahead_h)
    )
    decision = judge(FIRST, [asleep, report("a", "r2")])
    assert decision.action is Action.SOAK
    assert "1 asleep (s)" in decision.reason


def test_a_sleeper_that_wakes_and_fails_counts() -> None:
    failed = report("s", failed_releases=("r2",), expected_at=NOW + HOUR)
    assert judge(FIRST, [failed, report("a", "r2")]).action is Action.STOP


def test_a_sleeper_that_is_two_hours_late_is_waited_for_and_then_silent() -> None:
    late = report("s", expected_at=NOW - 2 * HOUR)
    assert "1 waiting (s)" in judge(FIRST, [late, report("a", "r2")]).reason
    lost = replace(late, reported_at=NOW - 36 * HOUR)
    assert "1 silent (s)" in judge(FIRST, [lost, report("a", "r2")]).reason


def test_silent_units_are_told_and_neither_wait_nor_fail() -> None:
    never = UnitStatus("n", "all")
    members = {"a": "first", "n": "first", "x": "first"}
    decision = decide(FIRST, members, {"n": never, "a": report("a", "r2")}, NOW)
    assert decision.action is Action.SOAK
    assert "1 of 3 run r2, 2 silent (n, x)" in decision.reason


def test_a_wave_of_which_nothing_is_heard_does_not_go_on() -> None:
    decision = decide(FIRST, {"n": "first"}, {}, NOW)
    assert decision.action is Action.WAIT
    assert "needs 1" in decision.reason


@pytest.mark.parametrize("state", [one for one in RolloutState if one.value != "running"])
def test_what_does_not_run_waits(state: RolloutState) -> None:
    definition = replace(FIRST, state=state, reason="by anna")
    assert judge(definition, [report("a", "r2")]) == Decision(
        Action.WAIT, f"the rollout is {state.value}: by anna"
    )


def test_a_list_that_was_lost_in_part_begins_no_wave() -> None:
    begun = replace(TENTH, known=100, reached_at=NOW - 24 * HOUR)
    units = many(9, "r2")
    others = {one.name: one for one in many(81, prefix="o")}
    statuses = {one.name: one for one in units}
    members = dict.fromkeys(statuses, "10%")
    assert decide(begun, members, statuses | others, NOW).action is Action.NEXT
    others["o0"] = replace(others["o0"], group="south")
    decision = decide(begun, members, statuses | others, NOW)
    assert decision.action is Action.WAIT
    assert (
        "the list has 89 units of group:all, it had 100 when the wave began, and 90 % of them are "
        "needed; where units left it for good, stop this rollout"
    ) in decision.reason


def test_a_reason_names_three_units_and_counts_the_rest() -> None:
    reason = judge(TENTH, many(1000)).reason
    assert "1000 waiting (u0, u1, u10 and 997 more)" in reason
