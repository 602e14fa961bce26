"""`unitctl provision replaced ...` and the tables of site.toml."""

import argparse
import json
from pathlib import Path

import pytest

from appliance.errors import SettingsError
from appliance.model import BatteryAge
from provisioning.commissioning import command, unattended, walking
from provisioning.commissioning.engine import Engine
from provisioning.commissioning.replacing.changes import Changes
from provisioning.commissioning.replacing.parts import WALKS
from provisioning.commissioning.site_file import read_site
from provisioning.commissioning.steps import STEPS
from provisioning.commissioning.unit import Unit
from tests.conftest import ROOT
from tests.provisioning.commissioning.replacing.learned import (
    LEARNED_AH,
    make_worked_unit,
    measure,
    read,
)

TABLE = """
[replaced_battery]
on = 2026-12-01
chemistry = "lfp"
nominal_voltage_v = 12.8
capacity_wh = 5120
"""


def run_words(unit: Unit, *words: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=Path)
    command.add_arguments(parser)
    return command.run(parser.parse_args(["--settings", str(unit.settings_path), *words]))


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    monkeypatch.setattr(walking, "STEPS", ())
    return make_worked_unit(tmp_path)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["replaced", "batery"], "'batery' is no part that has a walk; did you mean 'battery'"),
        (["site", "battery"], "a part goes with `replaced`"),
        (["replaced", "battery"], "nobody sits at this terminal"),
        (["replaced_battery"], "nobody sits at this terminal"),
    ],
)
def test_wrong_use_is_refused_in_words(unit: Unit, words: list[str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        run_words(unit, *words)


def test_a_file_tells_first_and_forgets_where_it_is_confirmed_and_once(
    unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.toml"
    site.write_text(TABLE)

    assert run_words(unit, "--from", str(site)) == 1
    assert '([replaced_battery] confirmed = ["forget"])' in capsys.readouterr().out
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
    site.write_text(TABLE + 'confirmed = ["forget"]\n')
    assert run_words(unit, "--check", str(site)) == 1
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
    code = run_measured(unit, site)
    again = run_words(unit, "--from", str(site))

    assert (code, again) == (0, 0)
    assert read(unit, BatteryAge).capacity_ah is None
    last = capsys.readouterr().out.splitlines()[-1]
    assert json.loads(last) == {"steps": 1, "changed": 0, "report": None}


def run_measured(unit: Unit, site: Path) -> int:
    """As --from, while the power service measures."""
    walk = next(one for one in WALKS if one.part == "battery")
    with Engine(unit, (walk,), read_site(site, WALKS)) as engine:
        engine.check(walk)
        walk.apply(unit, engine.answers[walk.table])
        measure(unit)
        return unattended.run(engine, lambda _: None)


def test_without_a_part_it_lists_what_was_replaced_and_what_is_under_way(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_words(unit, "replaced") == 0
    assert "no part was replaced" in capsys.readouterr().out
    changes = Changes(unit)
    changes.finish(changes.begin("camera", section="gate", on="2026-11-30"))
    changes.begin("battery", section="", on="2026-12-01")

    run_words(unit, "replaced")

    said = capsys.readouterr().out
    assert "camera gate" in said
    assert "on 2026-11-30 by Ada" in said
    assert "unitctl provision replaced battery" in said


def test_a_damaged_list_is_set_aside_when_the_next_is_written(unit: Unit) -> None:
    changes = Changes(unit)
    changes.begin("battery", section="", on="2026-12-01")
    changes.path.write_bytes(b"{")

    assert changes.find_begun("battery") is None
    changes.begin("camera", section="gate", on="2026-12-02")

    assert len(list(unit.directory.glob("replaced.json.damaged-*"))) == 1
    assert Changes(unit).find_begun("camera") is not None


def test_the_example_has_tables_and_keys_that_the_walks_know() -> None:
    found = read_site(ROOT / "docs/examples/replaced.toml", (*WALKS, *STEPS))

    assert found["replaced_battery"].find("capacity_ah") == 200
