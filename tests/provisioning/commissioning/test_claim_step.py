"""The step "claim": into the fleet by token, QR code or files; a wrong one changes nothing."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine as Database

from ota.disk import Disk
from ota.fleet.claims.authority import Authority, open_authority
from ota.fleet.claims.carried import answer_request, read_request
from ota.fleet.claims.tokens import Wanted, make_token
from ota.fleet.database.opening import open_database
from ota.fleet.receiver.app import create_receiver
from ota.reporting.claim_code import ClaimCode
from ota.reporting.file_names import CERTIFICATE, PRIVATE
from ota.reporting.new_key import replace_key
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.claim import ClaimStep
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.fleet_unit import Application, InProcessServer

SERVER = "https://fleet.example.org"
SERIAL = "box-7"
Take = Callable[..., Result]


class Fleet:
    """A receiver in this process, at the time of the unit's clock."""

    def __init__(self, directory: Path, database: Database, clock: FakeClock) -> None:
        self.directory, self.database, self.clock = directory, database, clock
        self.authority = open_authority(directory / "ca", clock.stamp().utc)
        self.application = self.serve(self.authority)

    def serve(self, authority: Authority) -> Application:
        return Application(
            create_receiver(self.database, authority, lambda: self.clock.stamp().utc)
        )

    def make_token(self, serial: str = SERIAL, ago: timedelta = timedelta()) -> str:
        wanted = Wanted("field-7", "hills", serial)
        return make_token(self.database, wanted, self.clock.stamp().utc - ago)

    def answer(self, request: Path) -> Path:
        read = read_request(request.read_bytes())
        wanted, now = Wanted("field-7", "hills", read.serial), self.clock.stamp().utc
        path = self.directory / "field-7.answer"
        path.write_bytes(answer_request(self.database, self.authority, read, wanted, now))
        return path


@pytest.fixture
def fleet(tmp_path: Path, clock: FakeClock) -> Iterator[Fleet]:
    database = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    yield Fleet(tmp_path, database, clock)
    database.dispose()


@pytest.fixture
def unit(tmp_path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Unit:
    monkeypatch.setenv("TPM2OPENSSL_TCTI", f"device:{tmp_path}/no-tpm")
    made = make_unit(tmp_path, text=f'[update]\ndir = "ota"\n[fleet]\nserver = "{SERVER}"\n')
    text = made.settings_path.read_text().replace('name = "box"', f'name = "box"\nid = "{SERIAL}"')
    made.settings_path.write_text(text)
    return replace(made, clock=clock)


@pytest.fixture
def take(unit: Unit, fleet: Fleet) -> Take:
    """Take the step with these answers."""

    def take_it(**values: Any) -> Result:
        post = fleet.application.post
        step = replace(ClaimStep(), connect=lambda _: InProcessServer(post))
        with Engine(unit, (step,), {"claim": Answers("claim", values)}) as engine:
            return engine.take(step)

    return take_it


def describe(unit: Unit) -> tuple[str, str, str]:
    settings = unit.settings()
    return settings.unit.name, settings.update.group, settings.fleet.server


def require_unchanged(unit: Unit) -> None:
    assert describe(unit) == ("box", "all", SERVER)
    assert not (unit.settings().update.dir / CERTIFICATE).exists()


def test_a_token_brings_the_unit_in_and_its_settings_follow(
    unit: Unit, fleet: Fleet, take: Take
) -> None:
    token = fleet.make_token()
    first = take(token=token)
    assert (first.outcome.status, first.has_changed) == (Status.DONE, True), first.outcome.reason
    assert describe(unit) == ("field-7", "hills", SERVER)
    assert first.outcome.facts["unit"] == "field-7"
    fleet.clock.advance(timedelta(days=30).total_seconds())
    again = take(token=token)
    assert (again.outcome.status, again.has_changed) == (Status.DONE, False)
    assert take().outcome.status is Status.DONE


def test_the_text_of_a_qr_code_names_the_server_too(unit: Unit, fleet: Fleet, take: Take) -> None:
    text = unit.settings_path.read_text()
    unit.settings_path.write_text(text.replace(f'server = "{SERVER}"\n', ""))
    code = ClaimCode(fleet.make_token(), SERIAL, SERVER)
    assert take(token=code.format()).outcome.status is Status.DONE
    assert describe(unit) == ("field-7", "hills", SERVER)


def test_a_unit_that_was_cut_off_after_it_entered_goes_on_with_its_settings(
    unit: Unit, fleet: Fleet, take: Take
) -> None:
    before = unit.settings_path.read_bytes()
    token = fleet.make_token()
    take(token=token)
    unit.settings_path.write_bytes(before)
    fleet.application.is_down = True  # nothing is asked again
    assert take(token=token).outcome.status is Status.DONE
    assert describe(unit) == ("field-7", "hills", SERVER)


def test_an_answer_that_was_lost_is_asked_for_again(unit: Unit, fleet: Fleet, take: Take) -> None:
    token = fleet.make_token()
    fleet.application.loses_answers = True
    assert take(token=token).outcome.status is Status.BLOCKED
    require_unchanged(unit)
    fleet.application.loses_answers = False
    assert take(token=token).outcome.status is Status.DONE


@pytest.mark.parametrize(
    ("serial", "ago", "said"),
    [
        ("box-8", timedelta(), "for the box with the serial box-8"),
        (SERIAL, timedelta(days=8), "has expired at"),
    ],
)
def test_a_token_that_the_fleet_refuses_blocks_and_changes_nothing(
    unit: Unit, fleet: Fleet, take: Take, serial: str, ago: timedelta, said: str
) -> None:
    outcome = take(token=fleet.make_token(serial, ago)).outcome
    assert (outcome.status, said in outcome.reason) == (Status.BLOCKED, True)
    require_unchanged(unit)


def test_a_token_that_was_used_by_another_key_blocks(unit: Unit, fleet: Fleet, take: Take) -> None:
    token = fleet.make_token()
    take(token=token)
    for name in os.listdir(unit.settings().update.dir):
        (unit.settings().update.dir / name).unlink()
    outcome = take(token=token).outcome
    assert (outcome.status, "was used at" in outcome.reason) == (Status.BLOCKED, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nonsense", "is no token"),
        (ClaimCode("nec1-a", "box-8").format(), "for the box with the serial box-8"),
        (ClaimCode("nec1-a", server="https://o.example").format(), "fleet at https://o.example"),
    ],
)
def test_a_wrong_code_is_refused_before_anything_is_sent(
    unit: Unit, take: Take, text: str, said: str
) -> None:
    with pytest.raises(AnswerError, match=said) as caught:
        take(token=text)
    assert caught.value.key == "claim.token"
    require_unchanged(unit)


def test_another_authority_than_the_code_says_blocks(unit: Unit, fleet: Fleet, take: Take) -> None:
    code = ClaimCode(fleet.make_token(), SERIAL, SERVER, authority="ab" * 32)
    outcome = take(token=code.format()).outcome
    assert (outcome.status, "another authority" in outcome.reason) == (Status.BLOCKED, True)
    require_unchanged(unit)


def test_with_a_clock_that_is_years_behind_the_certificate_is_not_kept(
    unit: Unit, fleet: Fleet, take: Take, tmp_path: Path
) -> None:
    now = fleet.clock.stamp().utc + timedelta(days=5_000)
    fleet.application = Application(create_receiver(fleet.database, fleet.authority, lambda: now))
    token = make_token(fleet.database, Wanted("field-7", "hills", SERIAL), now)
    outcome = take(token=token).outcome
    assert (outcome.status, "set the clock" in outcome.reason) == (Status.BLOCKED, True)
    require_unchanged(unit)
    fleet.clock.advance(timedelta(days=5_000).total_seconds())
    assert take(token=token).outcome.status is Status.DONE


def test_files_are_carried_there_and_back(
    unit: Unit, fleet: Fleet, take: Take, tmp_path: Path
) -> None:
    request = tmp_path / "field-7.request"
    first = take(request_file=str(request)).outcome
    assert (first.status, str(request) in first.reason) == (Status.NEEDS_ANSWER, True)
    content = request.read_bytes()
    assert take(request_file=str(request)).outcome.status is Status.NEEDS_ANSWER
    assert request.read_bytes() == content
    answer = fleet.answer(request)
    done = take(request_file=str(request), answer_file=str(answer))
    assert done.outcome.status is Status.DONE
    assert describe(unit) == ("field-7", "hills", SERVER)


def test_an_answer_that_cannot_be_taken_changes_nothing(
    unit: Unit, fleet: Fleet, take: Take, tmp_path: Path
) -> None:
    request = tmp_path / "request"
    take(request_file=str(request))
    answer = fleet.answer(request)
    answer.write_bytes(answer.read_bytes().replace(b'"field-7"', b'"field-8"'))
    outcome = take(answer_file=str(answer)).outcome
    assert (outcome.status, "was changed" in outcome.reason) == (Status.BLOCKED, True)
    with pytest.raises(AnswerError, match="cannot be read"):
        take(answer_file=str(tmp_path / "none"))
    require_unchanged(unit)


def test_without_a_fleet_the_step_is_left_out_and_says_how_to_enter_one(
    unit: Unit, take: Take
) -> None:
    asked = take().outcome
    assert (asked.status, len(asked.questions)) == (Status.NEEDS_ANSWER, 2)
    text = unit.settings_path.read_text()
    unit.settings_path.write_text(text.replace(f'server = "{SERVER}"\n', ""))
    outcome = take().outcome
    assert (outcome.status, "unitctl fleet claim" in outcome.reason) == (Status.SKIPPED, True)


def test_a_code_that_has_expired_since_does_not_matter_to_a_unit_that_is_in(
    unit: Unit, fleet: Fleet, take: Take
) -> None:
    until = fleet.clock.stamp().utc + timedelta(days=7)
    code = ClaimCode(fleet.make_token(), SERIAL, SERVER, until).format()
    assert take(token=code).outcome.status is Status.DONE
    fleet.clock.advance(timedelta(days=30).total_seconds())
    assert take(token=code).outcome.status is Status.DONE


def test_a_certificate_of_another_key_does_not_count(unit: Unit, fleet: Fleet, take: Take) -> None:
    take(token=fleet.make_token())
    other = unit.settings().update.dir / "other" / PRIVATE
    other.parent.mkdir()
    replace_key(Disk(), other.parent, None)
    other.replace(unit.settings().update.dir / PRIVATE)
    assert take().outcome.status is Status.NEEDS_ANSWER
