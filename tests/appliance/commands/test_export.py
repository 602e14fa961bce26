"""The support bundle's file: every kind of row is in it, and the unit's group may read it."""

import os
from pathlib import Path

import pytest

from appliance.store.tables import TABLES
from tests.appliance.commands.test_unitctl import unpacked
from tests.appliance.commands.typed_unit import Unit
from tests.scenes import damaged_rows

GROUP = 4242


def test_every_kind_of_row_is_in_the_bundle(unit: Unit) -> None:
    damaged_rows.fill_every_table(lambda writer="power": unit.open_as(writer))
    code, _, err = unit.type("export", "--since", "2000-01-01", "--to", "all.tar.gz")
    assert (code, err) == (0, "")
    files = unpacked(Path("all.tar.gz").read_bytes())
    assert "unit/problems.txt" not in files
    for table in TABLES:
        folder = "" if table.name in ("event", "fault") else "readings/"
        name = {"event": "events", "fault": "faults"}.get(table.name, table.name)
        assert files[f"unit/{folder}{name}.jsonl"], table.name


@pytest.mark.parametrize("mask", [0o077, 0o000])
def test_a_bundle_is_for_the_owner_and_the_units_group(unit: Unit, mask: int) -> None:
    before = os.umask(mask)
    try:
        assert unit.type("export", "--to", "all.tar.gz")[0] == 0
    finally:
        os.umask(before)
    assert Path("all.tar.gz").stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file to a group")
@pytest.mark.parametrize("words", [("export", "--to", "all.tar.gz"), ("backup", "--to", "copies")])
def test_what_an_administrator_makes_is_for_the_units_group(
    unit: Unit, words: tuple[str, ...]
) -> None:
    os.chown(unit.database.parent, -1, GROUP)
    os.chown(unit.database, -1, GROUP)
    made = Path(unit.type(*words)[1].strip())
    assert made.stat().st_uid == 0
    assert made.stat().st_gid == GROUP
    assert made.stat().st_mode & 0o777 == 0o640
