"""The engine of commissioning: in order, verified, gone on with after any interruption, alone."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.wording.sentence import say
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine
from provisioning.commissioning.holding import HeldError
from provisioning.commissioning.step import Outcome, Status, Step
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import FileStep, make_unit
from tests.provisioning.commissioning.killed import count_writes, run_killed

WORDS = {name: Answers(name, {"word": "sun"}) for name in ("one", "two", "three")}


def make_steps(tmp_path: Path) -> tuple[FileStep, ...]:
    return tuple(FileStep(name, tmp_path) for name in WORDS)


def walk(tmp_path: Path, steps: tuple[Step, ...], answers: dict[str, Answers]) -> list[str]:
    """The status of each, with a star where it was changed."""
    with Engine(make_unit(tmp_path), steps, answers) as engine:
        results = engine.walk()
    return [f"{one.outcome.status.value}{'*' if one.has_changed else ''}" for one in results]


def test_all_steps_are_applied_and_a_second_walk_changes_nothing(tmp_path: Path) -> None:
    steps = make_steps(tmp_path)

    assert walk(tmp_path, steps, WORDS) == ["done*"] * 3
    before = make_unit(tmp_path).record.path.read_bytes()
    assert walk(tmp_path, steps, WORDS) == ["done"] * 3

    assert make_unit(tmp_path).record.path.read_bytes() == before
    assert [one.calls for one in steps] == [["apply", "verify"]] * 3


def test_the_record_keeps_who_did_it_and_the_evidence(tmp_path: Path) -> None:
    walk(tmp_path, make_steps(tmp_path), WORDS)

    found = make_unit(tmp_path).record.find("two")
    assert found is not None
    assert (found.status, found.who, found.facts) == ("done", "Ada", {"words_count": 1})
    assert found.has_changed


def test_a_step_that_was_applied_and_not_verified_is_verified_when_it_is_gone_on(
    tmp_path: Path,
) -> None:
    step = FileStep("one", tmp_path, failures=["the sun is not seen: wait for daylight"])

    assert walk(tmp_path, (step,), WORDS) == ["blocked*"]
    assert walk(tmp_path, (step,), WORDS) == ["done"]

    assert step.calls == ["apply", "verify", "verify"]


def test_a_step_that_fails_after_an_earlier_success_counts_as_verified_no_more(
    tmp_path: Path,
) -> None:
    step = FileStep("one", tmp_path)
    walk(tmp_path, (step,), WORDS)
    step.failures.append("it does not answer")

    other = {"one": Answers("one", {"word": "rain"})}
    assert walk(tmp_path, (step,), other) == ["blocked*"]

    assert make_unit(tmp_path).record.find("one") is None


def test_a_step_that_waits_for_a_later_one_is_taken_when_that_is_done(tmp_path: Path) -> None:
    first = FileStep("one", tmp_path, needs=tmp_path / "two-2")
    steps = (first, FileStep("two", tmp_path))

    assert walk(tmp_path, steps, WORDS) == ["done*", "done*"]


def test_a_blocked_step_keeps_no_other_from_its_turn(tmp_path: Path) -> None:
    first = FileStep("one", tmp_path, needs=tmp_path / "never")

    assert walk(tmp_path, (first, FileStep("two", tmp_path)), WORDS) == ["blocked", "done*"]


class LockedStep(FileStep):
    """Another try may lock a technician out."""

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        self.calls.append("apply")
        return Outcome(Status.BLOCKED, say("the login is refused"), is_final=True)


def test_what_no_other_step_can_help_is_not_tried_again_in_the_same_walk(tmp_path: Path) -> None:
    locked = LockedStep("one", tmp_path)
    waits = FileStep("two", tmp_path, needs=tmp_path / "three-2")

    found = walk(tmp_path, (locked, waits, FileStep("three", tmp_path)), WORDS)
    assert (found[1:], locked.calls) == (["done*", "done*"], ["apply"])


def test_the_acceptance_comes_when_the_others_got_as_far_as_they_can(tmp_path: Path) -> None:
    first = FileStep("one", tmp_path, needs=tmp_path / "two-2")
    last = FileStep("acceptance", tmp_path, needs=tmp_path / "one-2")
    steps = (first, FileStep("two", tmp_path), last)
    answers = WORDS | {"acceptance": Answers("acceptance", {"word": "sun"})}

    assert walk(tmp_path, steps, answers) == ["done*", "done*", "done*"]
    assert last.calls == ["apply", "verify"]


def test_a_wrong_answer_of_the_last_step_is_found_before_the_first_is_applied(
    tmp_path: Path,
) -> None:
    steps = make_steps(tmp_path)
    wrong = WORDS | {"three": Answers("three", {"word": 7})}

    with (
        Engine(make_unit(tmp_path), steps, wrong) as engine,
        pytest.raises(AnswerError, match=r"three\.word cannot be 7; it is text"),
    ):
        engine.refuse_bad_answers()

    assert not list(tmp_path.glob("one-*"))


def test_what_is_missing_is_asked_for_with_the_place_of_its_answer(tmp_path: Path) -> None:
    with Engine(make_unit(tmp_path), make_steps(tmp_path)) as engine:
        found = engine.look()[0].outcome

    assert found.status is Status.NEEDS_ANSWER
    assert [one.key for one in found.questions] == ["one.word"]


def test_two_at_once_are_told_who_has_the_unit(tmp_path: Path) -> None:
    steps = make_steps(tmp_path)
    with (
        Engine(make_unit(tmp_path), steps),
        pytest.raises(HeldError, match=rf"Ada commissions this unit now .*{os.getpid()}"),
        Engine(make_unit(tmp_path, who="Ion"), steps),
    ):
        pass

    with Engine(make_unit(tmp_path, who="Ion"), steps) as engine:
        assert engine.look()


def test_the_page_finds_each_step_with_its_questions_in_the_state(tmp_path: Path) -> None:
    with Engine(make_unit(tmp_path), make_steps(tmp_path)) as engine:
        engine.look()

    state = json.loads((tmp_path / "data/commissioning/state.json").read_text())
    assert [one["name"] for one in state["steps"]] == ["one", "two", "three"]
    assert state["steps"][0]["questions"][0]["key"] == "one.word"
    assert state["running"] is None


def test_a_damaged_record_costs_a_look_and_no_second_change(tmp_path: Path) -> None:
    steps = make_steps(tmp_path)
    walk(tmp_path, steps, WORDS)
    make_unit(tmp_path).record.path.write_bytes(b"\0\0\0")
    told: list[str] = []

    with Engine(make_unit(tmp_path), steps, WORDS, told.append) as engine:
        results = engine.walk()

    assert "set aside" in told[0]
    assert not any(one.has_changed for one in results)
    assert [one.outcome.status for one in results] == [Status.DONE] * 3


def test_a_kill_at_any_write_is_gone_on_from_to_the_same_end(tmp_path: Path) -> None:
    def take_all(directory: Path) -> Callable[[], object]:
        return lambda: walk(directory, make_steps(directory), WORDS)

    whole = tmp_path / "whole"
    whole.mkdir()
    writes = count_writes(take_all(whole))
    assert writes > 30

    for at in range(1, writes + 1):
        directory = tmp_path / str(at)
        directory.mkdir()
        assert run_killed(take_all(directory), at), at
        assert {one.strip("*") for one in walk(directory, make_steps(directory), WORDS)} == {"done"}
        assert read_end(directory) == read_end(whole)
        assert walk(directory, make_steps(directory), WORDS) == ["done"] * 3


def read_end(directory: Path) -> dict[str, str]:
    """What stands at the end: the files of the steps, and which steps are in the record."""
    files = {one.name: one.read_text() for one in directory.glob("*-[12]")}
    done = make_unit(directory).record.load()
    return files | {name: one.status for name, one in done.items()}
