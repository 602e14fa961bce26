"""`unitctl fleet claim` before a real `fleet serve` behind its nginx, over TLS."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from ota.fleet.__main__ import COMMANDS
from ota.fleet.claims.tokens import Wanted, make_token
from ota.release.__main__ import main as fleet_main
from ota.reporting.claim_code import parse_code
from ota.reporting.file_names import AUTHORITY, CERTIFICATE, PLACE, PRIVATE, PUBLIC
from tests.appliance.commands.conftest import unit
from tests.appliance.commands.typed_unit import Unit
from tests.ota.fleet.test_serve import Served, pytestmark, served

__all__ = ["pytestmark", "served", "unit"]  # fixtures, and what they need
NUMBERS = count(1)
MakeToken = Callable[..., str]


@pytest.fixture
def box(unit: Unit, served: Served) -> str:
    """The serial of a box whose settings name that server."""
    serial = f"box-{next(NUMBERS)}"
    set_server(unit, serial, served.address, served.authority)
    return serial


def set_server(unit: Unit, serial: str, address: str, authority: Path) -> None:
    text = unit.settings.read_text().partition("[update]")[0]
    text = text.replace('name = "hill 7"', f'name = "hill 7"\nid = "{serial}"')
    text += f'[update]\ndir = "ota"\n[fleet]\nserver = "{address}"\nca_file = "{authority}"\n'
    unit.settings.write_text(text)


@pytest.fixture
def make(served: Served, box: str) -> MakeToken:
    """A token for this box and a name of its own."""

    def make_one(serial: str = box, *, ago: timedelta = timedelta()) -> str:
        now = datetime.now(UTC) - ago
        return make_token(served.engine, Wanted(f"unit-{box}", "hills", serial), now)

    return make_one


def list_names(unit: Unit) -> set[str]:
    directory = unit.directory / "ota"
    return set(os.listdir(directory)) if directory.exists() else set()


def test_a_token_lets_the_box_in_and_says_what_to_set(
    unit: Unit, box: str, make: MakeToken
) -> None:
    code, out, err = unit.type("fleet", "claim", make())
    assert (code, f"unit-{box}, group hills" in out) == (0, True)
    assert f'[unit] name = "unit-{box}"' in err
    assert list_names(unit) == {AUTHORITY, CERTIFICATE, PLACE, PRIVATE, PUBLIC}


def test_a_token_that_another_box_has_used_is_told(unit: Unit, box: str, make: MakeToken) -> None:
    token = make()
    assert unit.type("fleet", "claim", token)[0] == 0
    for name in list_names(unit):
        (unit.directory / "ota" / name).unlink()
    code, _, err = unit.type("fleet", "claim", token)
    assert (code, "was used at" in err, "have a new token made" in err) == (1, True, True)
    assert list_names(unit) == {PRIVATE, PUBLIC}


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("other", "is for the box with the serial box-other, not for"),
        ("old", "has expired at"),
        ("unknown", "is not known here"),
    ],
)
def test_a_token_that_opens_nothing_keeps_nothing(
    unit: Unit, make: MakeToken, kind: str, said: str
) -> None:
    tokens: dict[str, Callable[[], str]] = {
        "other": lambda: make("box-other"),
        "old": lambda: make(ago=timedelta(days=8)),
        "unknown": lambda: "nec1-unknown",
    }
    code, _, err = unit.type("fleet", "claim", tokens[kind]())
    assert (code, said in err) == (1, True), err
    assert list_names(unit) == {PRIVATE, PUBLIC}


def test_what_is_no_token_is_not_sent(unit: Unit, box: str) -> None:
    code, _, err = unit.type("fleet", "claim", "nonsense")
    assert (code, "is no token: one begins with nec1-" in err) == (2, True)
    assert list_names(unit) == set()


def make_code(served: Served, box: str, capsys: pytest.CaptureFixture[str], *more: str) -> str:
    """As `fleet claim --qr` prints it."""
    words = ["claim", f"unit-{box}", "--serial", box, "--fleet", str(served.fleet), "--qr", *more]
    with pytest.raises(SystemExit) as left:
        fleet_main(words, commands=COMMANDS)
    assert left.value.code == 0
    return next(one for one in capsys.readouterr().out.splitlines() if "nec-claim:" in one)


def test_the_text_of_a_qr_code_lets_the_box_in(
    unit: Unit, box: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = unit.directory / "code.png"
    code = make_code(served, box, capsys, str(picture), "--server", served.address)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert parse_code(code).serial == box
    assert unit.type("fleet", "claim", code)[0] == 0


def test_a_qr_code_of_another_server_or_authority_is_told_and_nothing_is_kept(
    unit: Unit, box: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    code = make_code(served, box, capsys, "--server", "https://other.example.org")
    said = unit.type("fleet", "claim", code)[2]
    assert "is of the fleet at https://other.example.org" in said
    assert list_names(unit) == set()
    other = code.replace(parse_code(code).authority, "ab" * 32).replace(
        "https%3A%2F%2Fother.example.org", served.address.replace("/", "%2F")
    )
    said = unit.type("fleet", "claim", other)[2]
    assert "another authority than the claim code says" in said
    assert list_names(unit) == {PRIVATE, PUBLIC}


def test_a_server_of_another_authority_is_told(
    unit: Unit, box: str, served: Served, make: MakeToken, tmp_path: Path
) -> None:
    text = unit.settings.read_text()
    unit.settings.write_text(text.replace(f'ca_file = "{served.authority}"\n', ""))
    code, _, err = unit.type("fleet", "claim", make())
    assert (code, "an authority that this unit does not know" in err) == (1, True)
    assert list_names(unit) == {PRIVATE, PUBLIC}


def test_a_box_without_a_link_is_let_in_by_files(
    unit: Unit, box: str, served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    request, answer = unit.directory / "request", unit.directory / "answer"
    assert unit.type("fleet", "claim", "--offline", str(request))[0] == 0
    words = ["claim", f"unit-{box}", "--request", str(request), "--answer", str(answer)]
    with pytest.raises(SystemExit) as left:
        fleet_main([*words, "--fleet", str(served.fleet)], commands=COMMANDS)
    assert left.value.code == 0
    assert f"lets the box {box} in" in capsys.readouterr().out
    code, out, _ = unit.type("fleet", "claim", "--answer", str(answer))
    assert (code, f"unit-{box}" in out) == (0, True)
    code, _, err = unit.type("fleet", "claim", "--answer", str(answer))
    assert (code, "was taken already" in err) == (1, True)
    assert "cannot be read" in unit.type("fleet", "claim", "--answer", "none")[2]
