"""The step "alarms": who is told of what by which way, and a test that arrives.

Reads: the answers of [[alarms]], the settings, what became of the test. Writes: [recipient.NAME],
[channel.NAME] and [alarm.NAME] of the settings, the file of each address beside them.
Never: counts as done before a test was taken by every channel.
"""

import os
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from appliance.parsing.small_file import read_small_file
from appliance.settings_change.target import read_target
from appliance.store.durable_files import replace_file
from appliance.wording.sentence import Sentence, say
from provisioning.commissioning.answers import Answers
from provisioning.commissioning.step import Kind, Outcome, Question, Status
from provisioning.commissioning.steps.alarm_test import send_test
from provisioning.commissioning.steps.alarm_wishes import (
    KEYS,
    NOBODY,
    Told,
    list_changes,
    read_people,
)
from provisioning.commissioning.unit import Unit

ADDRESS_MODE = 0o640  # of root, readable for the group of the settings
TEST_WITHIN_S = 120.0
MOST_ADDRESS_BYTES = 65_536
SERVICE = "appliance-alarm.service"


@dataclass(frozen=True)
class AlarmsStep:
    """Recipients, channels, rules, and the test."""

    name: str = "alarms"
    table: str = "alarms"
    keys: tuple[str, ...] = KEYS
    test_within_s: float = TEST_WITHIN_S

    @property
    def title(self) -> Sentence:
        return say("who is told of what")

    def check(self, unit: Unit, answers: Answers) -> Outcome:
        people = read_people(answers)
        if any(one.name == NOBODY for one in people):
            return Outcome(Status.SKIPPED, say("nobody is to be told: that was the answer"))
        directory = unit.settings_path.parent
        questions = list_questions(unit, answers, people)
        if questions:
            return Outcome(Status.NEEDS_ANSWER, say("nobody is told of anything yet"), questions)
        has_files = all(has_address(one, directory) for one in people)
        if list_changes(unit.read_tree(), directory, people) or not has_files:
            return Outcome(Status.TO_DO, say("who is told is to be written into the settings"))
        return Outcome(Status.DONE, describe(unit))

    def apply(self, unit: Unit, answers: Answers) -> Outcome:
        people, directory = read_people(answers), unit.settings_path.parent
        with ExitStack() as kept:
            for one in people:
                if not has_address(one, directory):
                    path = one.find_file(directory)
                    kept.callback(put_back, unit, path, find_present(path))
                    write_address(unit, path, f"{one.address}\n".encode())
            changes = list_changes(unit.read_tree(), directory, people)
            if changes:
                unit.change_settings(changes, why="commissioning: alarms")
            kept.pop_all()  # the settings are taken, so the addresses stay
        return Outcome(Status.DONE, describe(unit))

    def verify(self, unit: Unit, answers: Answers) -> Outcome:
        unit.host.start(SERVICE).wait()  # its socket starts it too, where it has one
        return send_test(unit, self.test_within_s)


def list_questions(unit: Unit, answers: Answers, people: tuple[Told, ...]) -> tuple[Question, ...]:
    """Who, and how to reach them, where the settings do not say it."""
    if not people and not unit.settings().recipient:
        who = Question(
            "alarms.recipient",
            Kind.TEXT,
            say("Who is told of alarms? A short name"),
            help=say("Answer {nobody} where nobody is to be told.", nobody=NOBODY),
            proposal="owner",
        )
        return (who, *([] if answers.find("address") else [ask_address("owner")]))
    directory = unit.settings_path.parent
    without = [one for one in people if not one.number and not one.address]
    missing = [one.name for one in without if not one.find_file(directory).exists()]
    return tuple(ask_address(name) for name in missing)


def ask_address(name: str) -> Question:
    """The address is a secret: it may hold a password."""
    text = say("Address of {name}, such as mailtos://USER:PASSWORD@HOST?to=WHO", name=name)
    return Question("alarms.address", Kind.SECRET, text)


def has_address(one: Told, directory: Path) -> bool:
    """Whether its file holds what was given; true where nothing is given."""
    if one.address is None:
        return True
    return find_present(one.find_file(directory)) == f"{one.address}\n".encode()


def find_present(path: Path) -> bytes | None:
    """What stands in a file of an address; None where there is none that can be read."""
    try:
        return read_small_file(path, MOST_ADDRESS_BYTES)
    except OSError:
        return None


def put_back(unit: Unit, path: Path, data: bytes | None) -> None:
    """As it was before. Raises `OSError`."""
    if data is None:
        path.unlink(missing_ok=True)
    else:
        write_address(unit, path, data)


def write_address(unit: Unit, path: Path, data: bytes) -> None:
    """Whole or not at all, with the group of the settings file."""
    replace_file(path, data, mode=0o600)
    os.chown(path, -1, read_target(unit.settings_path).gid)
    path.chmod(ADDRESS_MODE)


def describe(unit: Unit) -> Sentence:
    """Who is told of what."""
    settings = unit.settings()
    rules = {name: ", ".join(rule.to) for name, rule in settings.alarm.items() if rule.to}
    told = "; ".join(f"{rule}: {to}" for rule, to in rules.items())
    names = ", ".join(settings.recipient)
    return say("told are {names} ({told})", names=names, told=told)
