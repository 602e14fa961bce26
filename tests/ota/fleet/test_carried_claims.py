"""A unit without a link enters by files that a person carries: each wrong file is told why."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ota.disk import Disk
from ota.errors import UpdateError
from ota.fleet.claims.authority import UNIT_LIFE, Authority, open_authority
from ota.fleet.claims.carried import answer_request, read_request
from ota.fleet.claims.tokens import Wanted
from ota.fleet.errors import FleetError, RefusalError
from ota.fleet.registry.changes import revoke_unit
from ota.reporting.carried import Carried, make_request, take_answer
from ota.reporting.entry import Expected, Place, find_certificate, read_place
from ota.reporting.file_names import ASKED, AUTHORITY, CERTIFICATE, PLACE
from tests.ota.fleet.conftest import MakeUnit, ServerClock
from tests.stand_ins.fleet_unit import BEGIN, FleetUnit

KEPT = {ASKED, AUTHORITY, CERTIFICATE, PLACE}


@pytest.fixture
def unit(make_unit: MakeUnit) -> FleetUnit:
    return make_unit("field-7", enters=False)


def ask(unit: FleetUnit) -> bytes:
    unit.directory.mkdir(parents=True, exist_ok=True)
    return make_request(Disk(), unit.directory, unit.serial, unit.now)


def take(unit: FleetUnit, content: bytes, expected: Expected | None = None) -> Place:
    own = Carried(unit.serial, expected or Expected())
    return take_answer(Disk(), unit.directory, content, own, unit.now)


def refuse(unit: FleetUnit, content: bytes) -> str:
    """The reason code; what was kept before is kept as it was."""
    before = list_kept(unit)
    with pytest.raises(UpdateError) as caught:
        take(unit, content)
    assert list_kept(unit) == before
    return caught.value.reason_code


def list_kept(unit: FleetUnit) -> dict[str, bytes]:
    names = KEPT & set(os.listdir(unit.directory))
    return {name: (unit.directory / name).read_bytes() for name in names}


class Answers:
    """The fleet's side."""

    def __init__(self, engine: Engine, authority: Authority, clock: ServerClock) -> None:
        self.engine, self.authority, self.clock = engine, authority, clock

    def __call__(self, content: bytes, name: str = "field-7", *, replaces: bool = False) -> bytes:
        request = read_request(content)
        wanted = Wanted(name, "hills", request.serial, replaces)
        return answer_request(self.engine, self.authority, request, wanted, self.clock())


@pytest.fixture
def answer(engine: Engine, authority: Authority, clock: ServerClock) -> Answers:
    return Answers(engine, authority, clock)


def test_a_unit_enters_by_two_files_and_reports_later(unit: FleetUnit, answer: Answers) -> None:
    place = take(unit, answer(ask(unit)))
    assert (place.name, place.group) == ("field-7", "hills")
    assert read_place(Disk(), unit.directory) == place
    assert find_certificate(Disk(), unit.directory, BEGIN) == unit.directory / CERTIFICATE
    unit.report(group="hills")


def test_a_request_that_is_written_again_takes_the_answer_to_the_first(
    unit: FleetUnit, answer: Answers
) -> None:
    first = ask(unit)
    ask(unit)
    assert take(unit, answer(first)).name == "field-7"


def test_a_request_is_answered_again_where_the_answer_was_lost(
    unit: FleetUnit, answer: Answers
) -> None:
    request = ask(unit)
    answer(request)
    assert take(unit, answer(request)).name == "field-7"
    unit.report(group="hills")


def test_an_answer_is_taken_once(unit: FleetUnit, answer: Answers) -> None:
    content = answer(ask(unit))
    take(unit, content)
    assert refuse(unit, content) == "answer-replayed"


def test_an_answer_to_an_older_request_is_refused(unit: FleetUnit, answer: Answers) -> None:
    old = answer(ask(unit))
    take(unit, old)
    ask(unit)
    assert refuse(unit, old) == "answer-replayed"


def test_an_answer_for_another_unit_is_refused(
    unit: FleetUnit, make_unit: MakeUnit, answer: Answers
) -> None:
    other = make_unit("field-8", enters=False)
    ask(unit)
    assert refuse(unit, answer(ask(other), "field-8")) == "answer-other-unit"


def test_an_answer_that_was_changed_or_cut_is_refused(unit: FleetUnit, answer: Answers) -> None:
    content = answer(ask(unit))
    assert refuse(unit, content.replace(b'"hills"', b'"hillz"')) == "answer-changed"
    for length in range(0, len(content) - 1, 97):
        assert refuse(unit, content[:length]) in {"answer-invalid", "answer-changed"}
    assert refuse(unit, ask(unit)) == "answer-invalid"  # the request, carried in its place


def test_an_answer_with_the_clock_in_1970_is_told_and_taken_when_the_clock_is_right(
    unit: FleetUnit, answer: Answers
) -> None:
    unit.now = BEGIN.replace(year=1970)
    content = answer(ask(unit))
    assert refuse(unit, content) == "certificate-time"
    unit.now = BEGIN + UNIT_LIFE + timedelta(days=1)
    assert refuse(unit, content) == "certificate-time"
    unit.now = BEGIN
    assert take(unit, content).name == "field-7"


def test_another_fleet_is_entered_only_where_that_is_meant(
    unit: FleetUnit, answer: Answers, tmp_path: Path
) -> None:
    take(unit, answer(ask(unit)))
    answer.authority = open_authority(tmp_path / "other", BEGIN)
    content = answer(ask(unit))
    assert refuse(unit, content) == "authority-differs"
    assert take(unit, content, Expected(may_be_another_fleet=True)).name == "field-7"


def test_a_key_that_was_made_anew_meanwhile_is_told(unit: FleetUnit, answer: Answers) -> None:
    content = answer(ask(unit))
    (unit.directory / "unit-key.pem").unlink()
    assert refuse(unit, content) == "certificate-differs"


def test_a_request_that_was_changed_is_refused_by_the_fleet(
    unit: FleetUnit, answer: Answers
) -> None:
    content = ask(unit)
    with pytest.raises(RefusalError) as caught:
        answer(content.replace(b"box-field-7", b"box-field-8"))
    assert caught.value.reason_code == "signature-wrong"
    for wrong in (b"", content[:200], b"A" * 40_000, b"\n{}"):
        with pytest.raises(FleetError, match="no request of a unit, or it was cut"):
            answer(wrong)


def test_a_name_that_is_taken_is_given_to_another_box_only_with_replace(
    unit: FleetUnit, make_unit: MakeUnit, answer: Answers
) -> None:
    answer(ask(unit))
    other = make_unit("new", enters=False)
    with pytest.raises(FleetError, match="in the fleet already"):
        answer(ask(other))
    assert take(other, answer(ask(other), replaces=True)).name == "field-7"


def test_a_unit_that_was_taken_out_comes_back_only_by_the_operators_will(
    unit: FleetUnit, answer: Answers, engine: Engine, clock: ServerClock
) -> None:
    request = ask(unit)
    content = answer(request)
    revoke_unit(engine, "field-7", "stolen", clock())
    take(unit, content)  # the certificate is on the list of revoked ones
    with pytest.raises(Exception, match="taken out"):
        unit.report(group="hills")
    take_again = answer(ask(unit))
    assert take(unit, take_again).name == "field-7"
    unit.report(group="hills")
