"""`fleet units` as an operator types it."""

import json
from pathlib import Path

import pytest

from ota.fleet.__main__ import COMMANDS
from ota.fleet.commands.units import STATES
from ota.fleet.database.opening import open_database
from ota.fleet.registry.states import UnitStateWord
from ota.release.__main__ import main


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
