"""One-time tokens: a unit enters once, and gets a certificate that OpenSSL believes."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ota.disk import Disk
from ota.errors import RefusedError
from ota.fleet.claims.authority import UNIT_LIFE, Authority, format_certificate, open_authority
from ota.fleet.claims.tokens import Wanted, call_back, make_token
from ota.fleet.errors import FleetError
from ota.fleet.registry.changes import NewUnit, add_unit, revoke_unit
from ota.fleet.registry.questions import list_refusals, read_unit, reading
from ota.reporting.entry import find_certificate
from ota.reporting.file_names import AUTHORITY, CERTIFICATE
from tests.ota.fleet.conftest import MakeUnit, ServerClock
from tests.stand_ins.fleet_unit import BEGIN, Application, FleetUnit, copy_unit

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")


def run(command: list[str]) -> str:
    """All that a program says."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr + done.stdout


def refuse(unit: FleetUnit, token: str) -> str:
    with pytest.raises(RefusedError) as caught:
        unit.claim(token)
    return caught.value.reason_code


@pytest.fixture
def unit(make_unit: MakeUnit) -> FleetUnit:
    return make_unit("field-7", enters=False)


@pytest.fixture
def token(engine: Engine, unit: FleetUnit, clock: ServerClock) -> str:
    return make_token(engine, Wanted("field-7", "hills", unit.serial), clock())


def test_a_unit_enters_and_is_told_its_name_and_group(unit: FleetUnit, token: str) -> None:
    place = unit.claim(token)
    assert (place.name, place.group) == ("field-7", "hills")
    unit.report(group="hills")


@needs_openssl
def test_openssl_verifies_the_certificate_for_clients_and_for_that_box(
    unit: FleetUnit, token: str
) -> None:
    unit.claim(token)
    paths = [str(unit.directory / name) for name in (AUTHORITY, CERTIFICATE)]
    moment = ["-attime", str(int((BEGIN + timedelta(days=1)).timestamp()))]
    verify = ["openssl", "verify", "-purpose", "sslclient", *moment, "-CAfile", *paths]
    assert run(verify).endswith("OK\n")
    show = ["openssl", "x509", "-noout", "-subject", "-in", paths[1]]
    assert run(show).strip().endswith(unit.serial)


def test_an_answer_that_was_lost_may_be_asked_for_again(
    unit: FleetUnit, token: str, server: Application
) -> None:
    server.loses_answers = True
    with pytest.raises(Exception, match="link broke"):
        unit.claim(token)
    server.loses_answers = False
    assert unit.claim(token).name == "field-7"
    unit.report(group="hills")


def test_a_token_that_was_used_lets_no_second_key_in(
    unit: FleetUnit, token: str, tmp_path: Path, server: Application
) -> None:
    unit.claim(token)
    thief = FleetUnit(tmp_path / "thief", "field-7", server.post, serial=unit.serial)
    assert refuse(thief, token) == "token-used"


def test_a_token_is_for_one_box(
    unit: FleetUnit, token: str, tmp_path: Path, server: Application
) -> None:
    other = FleetUnit(tmp_path / "other", "field-7", server.post, serial="box-of-others")
    assert refuse(other, token) == "token-other-serial"
    unit.claim(token)  # and it still holds for the right one


def test_a_token_expires(unit: FleetUnit, token: str, clock: ServerClock) -> None:
    clock.advance(days=7)
    assert refuse(unit, token) == "token-expired"


@pytest.mark.parametrize("word", ["", "nec1-", "nec1-wrong", "x" * 80])
def test_a_word_that_is_no_token_is_refused(unit: FleetUnit, word: str) -> None:
    assert refuse(unit, word) == "token-unknown"


def test_a_long_word_is_refused_before_the_database_is_asked(unit: FleetUnit) -> None:
    assert refuse(unit, "x" * 81) == "claim-invalid"


def test_a_claim_with_somebody_elses_key_is_refused(
    unit: FleetUnit, token: str, make_unit: MakeUnit, server: Application
) -> None:
    sent: list[tuple[str, bytes, dict[str, str]]] = []

    def listen(path: str, data: bytes, headers: object) -> tuple[int, bytes]:
        sent.append((path, data, dict(headers)))  # type: ignore[call-overload]
        raise ConnectionError("kept back")

    unit.post = listen
    with pytest.raises(Exception, match="kept back"):
        unit.claim(token)
    (path, data, headers), other = sent[0], make_unit("field-8", enters=False)
    changed = data.replace(
        unit.public_key.replace("\n", "\\n").encode(),
        other.public_key.replace("\n", "\\n").encode(),
    )
    assert changed != data
    status, body = server.post(path, changed, headers)
    assert (status, b"signature-wrong" in body) == (401, True)


def test_a_box_that_was_cloned_before_it_entered_is_told_so(
    unit: FleetUnit,
    token: str,
    engine: Engine,
    tmp_path: Path,
    server: Application,
    clock: ServerClock,
) -> None:
    unit.claim(token)
    clone = copy_unit(unit, tmp_path / "clone", server.post)
    clone.serial = "box-field-8"
    second = make_token(engine, Wanted("field-8", "hills", clone.serial), clock())
    assert refuse(clone, second) == "key-taken"


def test_a_name_that_is_taken_gets_no_token_but_to_replace_it(
    unit: FleetUnit,
    token: str,
    engine: Engine,
    tmp_path: Path,
    server: Application,
    clock: ServerClock,
) -> None:
    unit.claim(token)
    unit.report(group="hills")
    with pytest.raises(FleetError, match="in the fleet already"):
        make_token(engine, Wanted("field-7", "hills", "box-new"), clock())
    new = FleetUnit(tmp_path / "new", "field-7", server.post, serial="box-new", group="hills")
    new.claim(make_token(engine, Wanted("field-7", "hills", "box-new", replaces=True), clock()))
    new.report()
    with pytest.raises(RefusedError) as caught:
        unit.report(group="hills")
    assert caught.value.reason_code == "key-unknown"


def test_a_unit_that_was_taken_out_may_come_back_with_a_new_token(
    unit: FleetUnit, token: str, engine: Engine, clock: ServerClock
) -> None:
    unit.claim(token)
    revoke_unit(engine, "field-7", "lost", clock())
    assert refuse(unit, "nec1-none") == "token-unknown"
    unit.claim(make_token(engine, Wanted("field-7", "hills", unit.serial), clock()))
    unit.report(group="hills")


def test_a_unit_that_was_taken_out_does_not_come_back_with_a_token_of_before(
    unit: FleetUnit, token: str, engine: Engine, clock: ServerClock
) -> None:
    unit.claim(token)
    spare = make_token(engine, Wanted("field-7", "hills", unit.serial, replaces=True), clock())
    revoke_unit(engine, "field-7", "stolen", clock())
    assert [refuse(unit, one) for one in (token, spare)] == ["token-expired"] * 2
    clock.advance(minutes=-1)
    with pytest.raises(RefusedError) as caught:
        unit.claim(token)
    assert caught.value.reason_code in {"token-expired", "token-used"}


def test_a_box_that_was_replaced_does_not_take_its_place_back(
    unit: FleetUnit,
    token: str,
    engine: Engine,
    tmp_path: Path,
    server: Application,
    clock: ServerClock,
) -> None:
    unit.claim(token)
    second = FleetUnit(tmp_path / "second", "field-7", server.post, serial="box-2", group="hills")
    third = FleetUnit(tmp_path / "third", "field-7", server.post, serial="box-3", group="hills")
    tokens = {}
    for box in (second, third):
        wanted = Wanted("field-7", "hills", box.serial, replaces=True)
        tokens[box.serial] = make_token(engine, wanted, clock())
        box.claim(tokens[box.serial])
    assert refuse(second, tokens["box-2"]) == "token-used"
    third.report()


def test_a_new_box_has_not_reported_what_the_one_before_it_did(
    unit: FleetUnit,
    token: str,
    engine: Engine,
    tmp_path: Path,
    server: Application,
    clock: ServerClock,
) -> None:
    unit.claim(token)
    fault = {"code": "x", "source": "y", "text": "z", "since": clock().isoformat()}
    unit.report(group="hills", faults=[fault], failed_releases=["2026.10"], state="download")
    new = FleetUnit(tmp_path / "new", "field-7", server.post, serial="box-new", group="hills")
    new.claim(make_token(engine, Wanted("field-7", "hills", "box-new", replaces=True), clock()))
    with reading(engine) as connection:
        found = read_unit(connection, "field-7", clock())
    assert found is not None
    assert (found["state"], found["running_release"], found["charge_pct"]) == ("never", "", None)
    assert (found["faults"], found["failed_releases"], found["fault_count"]) == ([], [], 0)
    new.report()


def test_a_unit_without_a_link_is_added_by_its_public_key(
    unit: FleetUnit, engine: Engine, clock: ServerClock
) -> None:
    add_unit(engine, NewUnit("field-7", "all", unit.serial, unit.public_key), clock())
    unit.report()
    with pytest.raises(FleetError, match="has this name or this key already"):
        add_unit(engine, NewUnit("field-8", "all", "box", unit.public_key), clock())


def test_refused_claims_are_listed_by_the_serial_of_the_box(
    unit: FleetUnit, engine: Engine
) -> None:
    refuse(unit, "nec1-wrong")
    with reading(engine) as connection:
        (found,) = list_refusals(connection)
    assert (found["unit_name"], found["reason_code"]) == (unit.serial, "token-unknown")


def test_the_authority_is_made_once_and_a_damaged_one_is_not_replaced(tmp_path: Path) -> None:
    first = open_authority(tmp_path / "own", BEGIN)
    again = open_authority(tmp_path / "own", BEGIN)
    assert format_certificate(first.certificate) == format_certificate(again.certificate)
    assert (tmp_path / "own/ca-key.pem").stat().st_mode & 0o777 == 0o600
    (tmp_path / "own/ca-key.pem").write_text("damaged")
    with pytest.raises(FleetError, match="put a copy back"):
        open_authority(tmp_path / "own", BEGIN)


def test_a_unit_shows_its_certificate_as_long_as_it_holds(unit: FleetUnit, token: str) -> None:
    assert find_certificate(Disk(), unit.directory, BEGIN) is None
    unit.claim(token)
    path = unit.directory / CERTIFICATE
    assert find_certificate(Disk(), unit.directory, BEGIN + UNIT_LIFE / 2) == path
    assert find_certificate(Disk(), unit.directory, BEGIN + UNIT_LIFE) is None
    path.write_bytes(path.read_bytes()[:200])
    assert find_certificate(Disk(), unit.directory, BEGIN) is None


@needs_openssl
def test_openssl_refuses_a_certificate_that_is_on_the_list_of_revoked_ones(
    unit: FleetUnit, token: str, authority: Authority, tmp_path: Path
) -> None:
    from cryptography import x509

    unit.claim(token)
    certificate = x509.load_pem_x509_certificate((unit.directory / CERTIFICATE).read_bytes())
    (tmp_path / "crl.pem").write_bytes(authority.make_list([certificate.serial_number], BEGIN))
    moment = ["-attime", str(int((BEGIN + timedelta(hours=1)).timestamp()))]
    verify = ["openssl", "verify", "-crl_check", *moment, "-CRLfile", str(tmp_path / "crl.pem")]
    names = ["-CAfile", str(unit.directory / AUTHORITY), str(unit.directory / CERTIFICATE)]
    assert "certificate revoked" in run([*verify, *names])


def test_a_token_that_was_called_back_opens_nothing_also_after_a_clock_that_goes_back(
    unit: FleetUnit, token: str, engine: Engine, clock: ServerClock
) -> None:
    clock.advance(days=2)
    assert call_back(engine, "field-7", clock()) == 1
    assert call_back(engine, "field-7", clock()) == 0
    assert refuse(unit, token) == "token-expired"
    clock.advance(days=-1)
    assert refuse(unit, token) == "token-expired"
