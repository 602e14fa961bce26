"""The step "access": weak secrets are refused, set ones kept, none is shown."""

from pathlib import Path
from typing import Any

import pytest

from appliance.access import accounts, acts, passwords
from appliance.access.database import AccessFile
from appliance.clock import SystemClock
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Kind, Status
from provisioning.commissioning.steps.access import AccessStep, list_open, read_wanted
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit

GIVEN = {"pin": "284719", "account": "Ada", "password": "three words here"}


def take(unit: Unit, answers: dict[str, Any], directory: Path = Path()) -> Result:
    given = {"access": Answers("access", answers, directory=directory)}
    with Engine(unit, (AccessStep(),), given) as engine:
        return engine.take(engine.steps[0])


def open_access(unit: Unit) -> AccessFile:
    return AccessFile(unit.settings().access_file, SystemClock())


def test_pin_and_account_are_set_once_and_told_in_the_journal_of_acts(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)

    first, second = take(unit, GIVEN), take(unit, GIVEN)

    assert (first.outcome.status, first.has_changed) == (Status.DONE, True)
    assert (second.outcome.status, second.has_changed) == (Status.DONE, False)
    file = open_access(unit)
    assert passwords.matches(accounts.find_pin(file), "284719")
    assert passwords.matches(accounts.find_password(file, "ada"), "three words here")
    assert sorted(one.what for one in acts.list_acts(file, 9)) == ["PIN set", "account added"]


def test_the_pin_is_set_last_so_that_a_power_cut_leaves_a_way_to_go_on(tmp_path: Path) -> None:
    """The first PIN or account ends the set-up code: an account lets in by the network as well."""
    file = open_access(make_unit(tmp_path))
    wanted = read_wanted(Answers("access", GIVEN))
    assert list_open(file, wanted) == ["account", "pin"]


def test_no_secret_is_in_the_record_the_state_or_the_settings(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    take(unit, GIVEN)

    for path in [*unit.directory.iterdir(), unit.settings_path]:
        text = path.read_text()
        assert "284719" not in text
        assert "three words" not in text


def test_what_is_set_is_done_without_answers(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    take(unit, GIVEN)

    assert take(unit, {}).outcome.status is Status.DONE


def test_a_new_unit_is_asked_for_pin_name_and_password(tmp_path: Path) -> None:
    found = take(make_unit(tmp_path), {}).outcome

    assert found.status is Status.NEEDS_ANSWER
    assert [(one.key, one.kind) for one in found.questions] == [
        ("access.pin", Kind.SECRET),
        ("access.account", Kind.TEXT),
        ("access.password", Kind.SECRET),
    ]


def test_secrets_are_read_from_files_beside_the_answers(tmp_path: Path) -> None:
    (tmp_path / "pin").write_text("284719\n")
    (tmp_path / "word").write_text("three words here\n")
    unit = make_unit(tmp_path)

    answers = {"pin_file": "pin", "account": "Ada", "password_file": "word"}
    assert take(unit, answers, tmp_path).outcome.status is Status.DONE

    assert passwords.matches(accounts.find_pin(open_access(unit)), "284719")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pin": "123456"}, "the first that anybody tries"),
        ({"pin": "111111"}, "the first that anybody tries"),
        ({"pin": "12345"}, "6 to 12 digits"),
        ({"pin": 284719}, "access.pin is no text; write it in quotes"),
        ({"password": "short"}, "three words with spaces make a good one"),
        ({"account": "setup"}, "would be taken for"),
        ({"account": "a long enough name", "password": "A long enough name"}, "is the name itself"),
        ({"account": None}, 'give its name too: account = "NAME"'),
        ({"pin": None, "pin_file": "nowhere"}, "access.pin_file .*nowhere cannot be read"),
    ],
)
def test_what_is_weak_is_refused_before_anything_is_set_and_not_repeated(
    tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    unit = make_unit(tmp_path)
    answers = {key: value for key, value in {**GIVEN, **changed}.items() if value is not None}

    with pytest.raises(AnswerError, match=said) as refused:
        take(unit, answers)

    assert not unit.settings().access_file.exists()
    for secret in (answers.get("pin"), answers.get("password")):
        assert str(secret) not in str(refused.value) or secret is None


def test_a_second_pin_takes_the_place_of_the_first(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    take(unit, GIVEN)

    assert take(unit, GIVEN | {"pin": "739105"}).has_changed

    assert passwords.matches(accounts.find_pin(open_access(unit)), "739105")
