"""`fleet units` as an operator types it."""

import json
from pathlib import Path

import pytest
from sqlalchemy import insert

from ota.fleet.__main__ import COMMANDS
from ota.fleet.commands.units import STATES
from ota.fleet.database.opening import open_database
from ota.fleet.database.tables import refusal, unit
from ota.fleet.registry.states import UnitStateWord
from ota.release.__main__ import main
from tests.stand_ins.fleet_unit import BEGIN


def type_in(fleet: Path, *words: str) -> int:
    address = f"sqlite:///{fleet / 'fleet.db'}"
    with pytest.raises(SystemExit) as ended:
        main([*words, "--database", address], commands=COMMANDS)
    return int(str(ended.value.code))


@pytest.mark.parametrize(
    "words", [(), ("--state", "silent"), ("--group", "hills"), ("--state", "fine", "--group", "x")]
)
def test_a_list_of_units_may_be_asked_for_with_each_option_or_none(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert type_in(tmp_path, "units", "list", "--json", *words) == 0
    assert json.loads(capsys.readouterr().out)["units"] == []


def test_a_state_that_does_not_exist_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert type_in(tmp_path, "units", "list", "--state", "lost") == 2
    assert "silent" in capsys.readouterr().err
    assert set(STATES) == {one.value for one in UnitStateWord}


NASTY = "\u202e\x1b[2J\nStates\r<b>'"


@pytest.mark.parametrize("on_terminal", [False, True])
def test_what_strangers_and_units_wrote_moves_no_cursor(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    on_terminal: bool,
) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    unit_words = {"fleet_group": NASTY, "running_release": NASTY, "reason": NASTY}
    base = {"name": "field-7", "serial": "s", "key_sha256": "k", "public_key": "p"}
    times = {"entered_at": BEGIN, "received_at": BEGIN, "revoked_reason": NASTY}
    with engine.begin() as connection:
        connection.execute(insert(unit).values(**base, **times, **unit_words))
        sender = {"unit_name": NASTY, "reason_code": "report-invalid", "address": NASTY}
        seen = {"text": NASTY, "first_at": BEGIN, "last_at": BEGIN, "count": 1}
        connection.execute(insert(refusal).values(**sender, **seen))
    engine.dispose()
    for words in (("list",), ("show", "field-7"), ("refusals",)):
        monkeypatch.setattr("sys.stdout.isatty", lambda: on_terminal, raising=False)
        assert type_in(tmp_path, "units", *words) == 0
        said = capsys.readouterr().out
        assert "\x1b[2J" not in said
        assert not set("\u202e\r") & set(said)
        assert "\nStates\\r" not in said


@pytest.mark.parametrize(
    "words",
    [
        ("units", "list"),
        ("units", "show", "field-7"),
        ("units", "refusals"),
        ("units", "revoke", "field-7", "--reason", "stolen"),
        ("claim", "field-7", "--serial", "abc"),
        ("rollout", "status"),
    ],
)
def test_a_damaged_database_is_told_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    with engine.begin() as connection:
        for table in ("unit", "refusal", "claim"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
    engine.dispose()
    assert type_in(tmp_path, *words) == 1
    said = capsys.readouterr().err
    assert said.startswith("fleet: the fleet's database sqlite:///")
    assert said.count("\n") == 1


def test_a_directory_that_is_no_fleet_is_told_and_stays_empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(["units", "list", "--fleet", str(tmp_path)], commands=COMMANDS)
    assert "is no directory of a fleet" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
