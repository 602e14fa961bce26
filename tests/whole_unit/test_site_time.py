"""Sentences for people have times of the site, never of UTC."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

PRODUCT = ("appliance", "power", "sensors", "inference", "ota")


def list_texts(path: Path) -> Iterator[str]:
    """The fixed parts of all f-strings of a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = [one.value for one in node.values if isinstance(one, ast.Constant)]
            yield from (str(part) for part in parts)


def test_no_sentence_has_a_time_of_utc() -> None:
    paths = [path for package in PRODUCT for path in (ROOT / package).rglob("*.py")]
    found = [(path.name, text) for path in paths for text in list_texts(path) if "UTC" in text]
    assert found == []
