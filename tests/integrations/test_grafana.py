"""The dashboard in the shape that Grafana's own schema gives it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integrations.conftest import run_program
from tests.integrations.dashboard import GRAFANA, read_dashboard

# Reads the file with the classes that are made from the schema of Grafana 11.6, and writes it anew.
ROUND_TRIP = """
import json, sys
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard
register_default_plugins()
read = Dashboard.from_json(json.load(open(sys.argv[1])))
kinds = {type(target).__module__ for panel in read.panels for target in panel.targets}
assert kinds == {"grafana_foundation_sdk.models.prometheus"}, kinds
print(JSONEncoder().encode(read))
"""


def find_lost(ours: Any, theirs: Any, place: str = "") -> list[str]:
    """What the schema does not know, or has otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        lost = [f"{place}/{key}" for key in ours if key not in theirs]
        both = [key for key in ours if key in theirs]
        return lost + [
            one for key in both for one in find_lost(ours[key], theirs[key], f"{place}/{key}")
        ]
    if isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        pairs = enumerate(zip(ours, theirs, strict=True))
        return [one for at, pair in pairs for one in find_lost(*pair, f"{place}/{at}")]
    return [] if ours == theirs else [place]


def read_with_schema(file: Path, environment: dict[str, str]) -> Any:
    done = run_program((sys.executable, "-c", ROUND_TRIP, str(file)), environment, file.parent)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_the_schema_of_grafana_knows_all_of_the_dashboard(environment: dict[str, str]) -> None:
    assert find_lost(read_dashboard(), read_with_schema(GRAFANA, environment)) == []


@pytest.mark.parametrize("word", ["gridPos", "legendFormat", "fieldConfig"])
def test_a_misspelt_field_is_found(environment: dict[str, str], tmp_path: Path, word: str) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text(GRAFANA.read_text().replace(f'"{word}"', '"misspelt"', 1))
    ours = json.loads(wrong.read_text())
    assert find_lost(ours, read_with_schema(wrong, environment)) != []


def test_panels_have_their_own_numbers_and_do_not_lie_upon_each_other() -> None:
    panels = read_dashboard()["panels"]
    assert len({one["id"] for one in panels}) == len(panels)
    squares = [
        (x, y)
        for one in panels
        for x in range(one["gridPos"]["x"], one["gridPos"]["x"] + one["gridPos"]["w"])
        for y in range(one["gridPos"]["y"], one["gridPos"]["y"] + one["gridPos"]["h"])
    ]
    assert len(squares) == len(set(squares))
    assert max(x for x, _ in squares) < 24
