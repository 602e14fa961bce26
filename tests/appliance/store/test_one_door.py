"""The store is the one door to the unit database: no SQL stands anywhere else.

Two databases are others: the fleet's server has one of its own, which is never on a unit; and who
may act on the page stands in access.db (decision 0058), which a restored unit.db does not change.
"""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("appliance", "power", "sensors", "inference", "ota", "provisioning")
DOOR = ROOT / "appliance/store"
OTHER_DATABASES = (ROOT / "ota/fleet", ROOT / "appliance/access")
SQL = re.compile(
    r"\b(import sqlite3|from sqlite3|sqlite_utils)\b"
    r"|\.(query|housekeeping|execute|executemany|executescript)\("
    r"|\"(SELECT|INSERT|REPLACE|UPDATE|DELETE|PRAGMA|VACUUM) "
)


def list_sources(package: str) -> list[Path]:
    others = {DOOR, *OTHER_DATABASES}
    return [path for path in (ROOT / package).rglob("*.py") if others.isdisjoint(path.parents)]


@pytest.mark.parametrize("package", PACKAGES)
def test_no_sql_stands_outside_the_store(package: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in list_sources(package)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SQL.search(line)
    ]
    assert not found, f"ask appliance/store for it: {found}"


def test_the_pattern_finds_sql_where_there_is_some() -> None:
    assert any(SQL.search(path.read_text()) for path in DOOR.rglob("*.py"))
