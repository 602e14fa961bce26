"""Calculations of packages above the page: one at a time, with an end, kept for a while."""

import json
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from werkzeug.exceptions import ServiceUnavailable

from appliance.commands.printing import show_json
from appliance.web import calculations
from appliance.web.calculations import KEPT_S, MOST_KEPT, Calculations
from appliance.wording.sentence import say
from appliance.wording.sentence_data import AS_DATA, SENTENCES, decode_document, encode_document
from appliance.wording.translating import translate

SETTINGS = Path("unit.toml")


class Commands:
    """A stand-in for `unitctl`: remembers its words and gives one answer."""

    def __init__(self, stdout: bytes = b'{"a": 1}', stderr: bytes = b"", code: int = 0) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.answer = (stdout, stderr, code)

    def __call__(self, words: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
        self.asked.append(tuple(words))
        stdout, stderr, code = self.answer
        return subprocess.CompletedProcess([*words], code, stdout, stderr)


def test_the_same_question_is_calculated_once_in_two_minutes() -> None:
    commands, now = Commands(), [0.0]
    asked = Calculations(SETTINGS, commands, lambda: now[0])
    assert asked.ask(("energy", "what-if")) == {"a": 1}
    assert asked.ask(("energy", "what-if")) == {"a": 1}
    assert commands.asked == [("energy", "what-if", "--json", "--settings", "unit.toml")]
    now[0] = KEPT_S + 1
    asked.ask(("energy", "what-if"))
    assert len(commands.asked) == 2


def test_only_the_newest_answers_are_kept() -> None:
    commands = Commands()
    asked = Calculations(SETTINGS, commands, lambda: 0.0)
    for number in range(MOST_KEPT + 1):
        asked.ask((str(number),))
    asked.ask(("0",))
    assert len(commands.asked) == MOST_KEPT + 2


@pytest.mark.parametrize(
    ("commands", "text"),
    [
        (Commands(stderr=b"unitctl: the database cannot be read\n", code=1), "^503 .*: the datab"),
        (Commands(stderr=b"", code=-9), "`unitctl energy what-if` failed"),
        (Commands(stdout=b"Killed"), "the answer of `unitctl energy what-if` cannot be read"),
    ],
)
def test_a_command_that_fails_says_why(commands: Commands, text: str) -> None:
    with pytest.raises(ServiceUnavailable, match=text):
        Calculations(SETTINGS, commands).ask(("energy", "what-if"))


def test_a_calculation_without_an_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calculations, "LONGEST_S", 0.01)
    with pytest.raises(ServiceUnavailable, match="had no answer"):
        Calculations(SETTINGS).ask(("status",))


def test_who_finds_another_calculation_under_way_is_told_when_to_ask_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(calculations, "TURN_S", 0.01)
    begun, ends = threading.Event(), threading.Event()

    def slow(words: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
        begun.set()
        ends.wait(20)
        return subprocess.CompletedProcess([*words], 0, b"{}", b"")

    asked = Calculations(SETTINGS, slow)
    first = threading.Thread(target=asked.ask, args=(("energy",),))
    first.start()
    assert begun.wait(20)
    with pytest.raises(ServiceUnavailable, match="ask again in 5 s") as refused:
        asked.ask(("other",))
    assert refused.value.retry_after == 5
    ends.set()
    first.join()


def test_the_sentences_of_a_command_stay_data_and_can_be_translated() -> None:
    """By the real command line: the page asks for them so, a person gets plain text."""
    said = say("{share} of full work (as today)", share="57 %")
    shown = json.dumps(encode_document({"says": said, "a": [1, said]})).encode()
    found = Calculations(Path("unit.toml"), Commands(stdout=shown)).ask(("energy", "what-if"))
    assert translate(found, "ro")["says"] == "57 % din munca deplină (ca azi)"
    assert found["a"] == [1, said]


def test_a_command_prints_sentences_as_data_for_the_page_alone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = say("{share} of full work (as today)", share="57 %")
    show_json({"says": said})
    assert json.loads(capsys.readouterr().out) == {"says": "57 % of full work (as today)"}
    monkeypatch.setenv(SENTENCES, AS_DATA)
    show_json({"says": said})
    assert decode_document(json.loads(capsys.readouterr().out))["says"].template == said.template
