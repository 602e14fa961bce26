"""Sentences are text for all who print them, and data for who translates them."""

import copy
import pickle
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from appliance.log import redact, redact_all
from appliance.model import EnergyLevel
from appliance.model_cameras import HoldKind
from appliance.wording.sentence import Sentence, join_sentences, say, say_count

HOT = say("the battery has {celsius:.0f} C, which is too hot", celsius=51.2)
ENGLISH = "the battery has 51 C, which is too hot"


def test_a_sentence_is_its_english_text() -> None:
    assert HOT == ENGLISH
    assert hash(HOT) == hash(ENGLISH)
    assert {ENGLISH: 1}[HOT] == 1
    assert isinstance(HOT, str)
    assert HOT.template == "the battery has {celsius:.0f} C, which is too hot"
    assert HOT.values == {"celsius": 51.2}


@pytest.mark.parametrize(
    "make",
    [
        lambda: HOT + ".",
        lambda: "so: " + HOT,
        lambda: f"{HOT}",
        lambda: f"{HOT}: open it",
        lambda: HOT[:5],
        lambda: ", ".join(iter((HOT,))),
        HOT.strip,
    ],
)
def test_what_is_made_from_a_sentence_is_plain_text(make: Callable[[], str]) -> None:
    assert type(make()) is str


@pytest.mark.parametrize(
    "turn", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_of_a_sentence_is_a_sentence(turn: Callable[[Sentence], Sentence]) -> None:
    two = say_count("{count} frame of {why}", "{count} frames of {why}", 2, why=HOT)
    assert turn(two) == f"2 frames of {ENGLISH}"
    assert turn(two).many == "{count} frames of {why}"
    assert turn(two).values["why"].template == HOT.template


def test_an_error_that_was_raised_with_a_sentence_gives_it_back() -> None:
    assert isinstance(str(ValueError(HOT)), Sentence)


def test_members_of_enumerations_go_by_their_word() -> None:
    assert say("{level}", level=EnergyLevel.ECO) == "ECO"
    assert say("it is {kind}", kind=HoldKind.MUTE) == "it is muted"


def test_a_count_takes_the_plural_unless_its_figure_is_1() -> None:
    def count(number: float) -> str:
        return say_count("{count:.3g} frame waits", "{count:.3g} frames wait", number)

    assert [count(n) for n in (0, 1, 1.0001, 0.5, 2)] == [
        "0 frames wait",
        "1 frame waits",
        "1 frame waits",
        "0.5 frames wait",
        "2 frames wait",
    ]


def test_joined_sentences_stay_data() -> None:
    joined = join_sentences("; ", [HOT, "a {plain} text"])
    assert joined == f"{ENGLISH}; a {{plain}} text"
    assert isinstance(joined, Sentence)
    assert joined.values["part1"] is HOT
    assert join_sentences("; ", [HOT]) is HOT
    assert type(join_sentences("; ", ["a", "b"])) is str
    assert join_sentences("; ", []) == ""


@pytest.mark.parametrize(
    "template",
    ["{a.__class__}", "{a[0]}", "{a!r}", "{}", "{0}", "{a:>999999999}", "{a:{b}}", "{a:%}x{", "}"],
)
def test_a_template_that_asks_for_more_than_a_value_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"placeholder|brace|expected|encountered"):
        say(template, a=1, b=2)


def test_a_value_that_is_missing_is_an_error_where_it_is_written() -> None:
    with pytest.raises(KeyError):
        say("{celsius:.0f} C")


def test_times_and_braces_stand_in_the_text() -> None:
    at = datetime(2026, 4, 15, 5, 4, tzinfo=UTC)
    assert say("{{x}} until {at:%a %d %b %H:%M}", at=at) == "{x} until Wed 15 Apr 05:04"


def test_a_sentence_without_secrets_is_left_as_it_is() -> None:
    assert redact(HOT) is HOT
    assert redact_all({"reason": [HOT]})["reason"][0] is HOT


def test_a_secret_in_a_value_is_hidden_and_the_sentence_stays_data() -> None:
    inner = say("no answer of {address}", address="rtsp://anna:hunter2@10.0.0.7/live")
    told = redact(say("{why}; wait", why=inner))
    assert told == "no answer of rtsp://***@10.0.0.7/live; wait"
    assert isinstance(told, Sentence)
    assert "hunter2" not in repr(told.values["why"].values)


def test_a_secret_that_the_template_completes_is_in_no_value_any_more() -> None:
    told = redact(say("no answer of rtsp://anna:{word}@10.0.0.7", word="hunter2"))
    assert told == "no answer of rtsp://***@10.0.0.7"
    assert isinstance(told, Sentence)
    assert not told.values


def test_a_secret_across_two_values_leaves_plain_text() -> None:
    told = redact(say("no answer of rtsp://{one}{two}", one="anna:hun", two="ter2@10.0.0.7"))
    assert told == "no answer of rtsp://***@10.0.0.7"
    assert not isinstance(told, Sentence)
