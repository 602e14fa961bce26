"""An order of the page: one step, by root's oneshot, with hostile input in between."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.process.commissioning_order import FILE, leave_order
from appliance.process.commissioning_state import read_commissioning
from appliance.settings import Settings
from appliance.wording.sentence import say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.page import run
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import FileStep, make_unit

OWN = SentenceLog("test")


@pytest.fixture
def steps(tmp_path: Path) -> tuple[FileStep, ...]:
    return (FileStep("one", tmp_path), FileStep("two", tmp_path, keys=("word", "word_file")))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = make_unit(tmp_path).settings()
    found.unit.run_dir.mkdir()
    return found


def order(settings: Settings, step: str, answers: Mapping[str, Any] | None = None) -> str:
    run_dir = settings.unit.run_dir
    return leave_order(run_dir, SystemClock(), who="anna", step=step, answers=answers or {})


def carry_out(tmp_path: Path, steps: tuple[FileStep, ...]) -> None:
    def make(who: str) -> Unit:
        return make_unit(tmp_path, who)

    run(make, SystemClock(), OWN, steps)


def show(settings: Settings) -> dict[str, Any]:
    return read_commissioning(settings)


def statuses(settings: Settings) -> list[str]:
    return [one["status"] for one in show(settings)["steps"]]


def test_a_look_shows_every_step_with_its_questions_and_changes_nothing(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    name = order(settings, "")
    carry_out(tmp_path, steps)
    found = show(settings)
    assert statuses(settings) == ["needs_answer", "needs_answer"]
    assert found["steps"][0]["questions"][0]["key"] == "one.word"
    assert (found["order"], found["said"], found["waits"]) == (name, None, False)
    assert [one.calls for one in steps] == [[], []]


def test_a_step_is_done_with_its_answers_by_whom_the_page_names(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    order(settings, "one", {"one.word": "sun"})
    carry_out(tmp_path, steps)
    assert statuses(settings) == ["done", "needs_answer"]
    found = make_unit(tmp_path).record.find("one")
    assert found is not None
    assert found.who == "anna"


@pytest.mark.parametrize(
    "answers",
    [
        {"two.word_file": "/etc/shadow"},
        {"word_file": "/etc/shadow"},
        {"one.word": "of another step"},
        {"nothing": 1},
    ],
)
def test_a_file_or_a_question_of_another_step_is_refused_and_its_questions_stay(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings, answers: dict[str, Any]
) -> None:
    order(settings, "two", answers)
    carry_out(tmp_path, steps)
    assert "is no question of this step" in show(settings)["said"]
    assert statuses(settings) == ["needs_answer", "needs_answer"]
    assert steps[1].calls == []


@pytest.mark.parametrize("word", [5, ["x"], {"a": 1}, "x" * 999, "two\nlines"])
def test_an_answer_that_cannot_be_used_is_a_sentence_and_nothing_is_applied(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings, word: Any
) -> None:
    order(settings, "one", {"one.word": word})
    carry_out(tmp_path, steps)
    assert "one.word cannot be" in show(settings)["said"]
    assert steps[0].calls == []
    assert show(settings)["steps"][0]["questions"]


def test_an_unknown_step_is_a_sentence(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    order(settings, "three")
    carry_out(tmp_path, steps)
    assert "three is no step" in show(settings)["said"]


def test_what_blocks_a_step_is_shown_and_it_can_be_ordered_again(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    steps[0].failures.append("the sun is not seen: wait for daylight")
    order(settings, "one", {"one.word": "sun"})
    carry_out(tmp_path, steps)
    order(settings, "one", {"one.word": "sun"})
    carry_out(tmp_path, steps)
    assert statuses(settings)[0] == "done"


def test_an_order_is_taken_once_and_without_one_nothing_happens(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    order(settings, "one", {"one.word": "sun"})
    carry_out(tmp_path, steps)
    carry_out(tmp_path, steps)
    assert steps[0].calls == ["apply", "verify"]
    assert not (settings.unit.run_dir / FILE).exists()


@pytest.mark.parametrize("data", [b"", b"[]", b'{"id": 1}', b"\xff", b"{" * 50_000])
def test_a_hostile_order_is_dropped(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings, data: bytes
) -> None:
    path = settings.unit.run_dir / FILE
    path.write_bytes(data)
    path.chmod(0o600)
    carry_out(tmp_path, steps)
    assert not path.exists()
    assert [one.calls for one in steps] == [[], []]


def test_no_answer_is_kept_anywhere(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    steps[0].failures.append("it does not answer")
    order(settings, "one", {"one.word": "904417"})
    carry_out(tmp_path, steps)
    for path in (settings.unit.data_dir / "commissioning").iterdir():
        assert "904417" not in path.read_text()
    assert json.loads((settings.unit.data_dir / "commissioning/state.json").read_text())


def test_an_order_that_is_left_while_a_step_is_done_is_taken_after_it(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    def make(who: str) -> Unit:
        if who == "anna" and not steps[1].calls and not (settings.unit.run_dir / FILE).exists():
            run_dir = settings.unit.run_dir
            leave_order(run_dir, SystemClock(), who="bert", step="two", answers={"word": "moon"})
        return make_unit(tmp_path, who)

    order(settings, "one", {"one.word": "sun"})
    run(make, SystemClock(), OWN, steps)
    assert statuses(settings) == ["done", "done"]


def test_a_directory_in_the_place_of_an_order_is_told_once_and_waits_for_a_person(
    tmp_path: Path, steps: tuple[FileStep, ...], settings: Settings
) -> None:
    (settings.unit.run_dir / FILE).mkdir()
    carry_out(tmp_path, steps)  # comes to an end
    assert (settings.unit.run_dir / FILE).is_dir()


class AskingStep(FileStep):
    """Asks what nobody could know before it looked, as which model it is that answers."""

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        if answers.find_text("word") == "sun":
            question = Question("one.word", Kind.CHOICE, say("Which?"), choices=("moon", "stars"))
            return Outcome(Status.NEEDS_ANSWER, say("it may be several"), (question,))
        return super().apply(unit, answers)


def test_what_a_step_asks_of_what_it_found_stands_on_the_page(
    tmp_path: Path, settings: Settings
) -> None:
    steps = (AskingStep("one", tmp_path), FileStep("two", tmp_path))
    order(settings, "one", {"one.word": "sun"})
    carry_out(tmp_path, steps)
    asked = show(settings)["steps"][0]
    assert (asked["status"], asked["questions"][0]["choices"]) == (
        "needs_answer",
        ["moon", "stars"],
    )
    order(settings, "one", {"one.word": "moon"})
    carry_out(tmp_path, steps)
    assert statuses(settings)[0] == "done"
