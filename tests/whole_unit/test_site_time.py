"""Sentences for people have times of the site, never of UTC."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

PRODUCT = ("appliance", "power", "sensors", "inference", "ota", "provisioning")
# Of whoever runs a fleet, whose units are in many zones; never on a unit.
OF_FLEETS = (ROOT / "ota/release", ROOT / "ota/fleet")
# A signed document that is read elsewhere, years later: it names its zone.
SIGNED = (
    ROOT / "provisioning/commissioning/report",
    ROOT / "provisioning/commissioning/acceptance",
)


def list_texts(path: Path) -> Iterator[str]:
    """The fixed parts of all f-strings of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = [one.value for one in node.values if isinstance(one, ast.Constant)]
            yield from (str(part) for part in parts)


def test_no_sentence_has_a_time_of_utc() -> None:
    found = [
        (path.name, text) for path in list_paths() for text in list_texts(path) if "UTC" in text
    ]
    assert found == []


def list_paths() -> list[Path]:
    """What speaks to the people of one site."""
    paths = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    return [
        path for path in paths if not any(path.is_relative_to(one) for one in (*OF_FLEETS, *SIGNED))
    ]


def list_stored_times(path: Path) -> Iterator[int]:
    """The lines of f-strings that hold a time as it is stored, which is UTC."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Call):
            name = getattr(node.value.func, "id", getattr(node.value.func, "attr", ""))
            if name in ("encode_time", "isoformat"):
                yield node.lineno


def test_no_sentence_has_a_time_as_it_is_stored() -> None:
    paths = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    assert [(path.name, line) for path in paths for line in list_stored_times(path)] == []
