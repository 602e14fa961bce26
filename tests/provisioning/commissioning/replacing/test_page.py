"""An order of the page about a part: asked in rounds, and no file is named by the page."""

from pathlib import Path
from typing import Any

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model import BatteryAge
from appliance.process.commissioning_order import leave_order
from appliance.process.commissioning_state import read_commissioning
from provisioning.commissioning.page import run
from provisioning.commissioning.replacing.battery import BatteryWalk
from provisioning.commissioning.replacing.ssd import SsdWalk
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import make_unit
from tests.provisioning.commissioning.replacing.learned import (
    LEARNED_AH,
    make_worked_unit,
    measure,
    read,
)

STEPS = (BatteryWalk(answers_in_s=0.0), SsdWalk())
SIZE = {"replaced_battery.on": "2026-12-01", "chemistry": "lfp", "nominal_voltage_v": 12.8}


def order(unit: Unit, step: str, answers: dict[str, Any]) -> dict[str, Any]:
    """What the page shows of that step afterwards, with what was said."""
    settings = unit.settings()
    settings.unit.run_dir.mkdir(exist_ok=True)
    leave_order(settings.unit.run_dir, SystemClock(), who="anna", step=step, answers=answers)
    directory = unit.settings_path.parent
    run(lambda who: make_unit(directory, who), SystemClock(), SentenceLog("test"), STEPS)
    found = read_commissioning(settings)
    shown = {one["name"]: one for one in found["steps"]}
    return {**shown[step or STEPS[0].name], "said": found["said"], "all": shown}


def test_the_plan_is_shown_with_the_questions_and_nothing_is_forgotten_unconfirmed(
    tmp_path: Path,
) -> None:
    unit = make_worked_unit(tmp_path)

    first = order(unit, "", {})
    second = order(unit, "replaced_battery", SIZE | {"capacity_wh": 5120})

    assert first["reason"].startswith("Learned anew")
    assert [one["key"] for one in second["questions"]] == ["replaced_battery.forget"]
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH


def test_what_keeps_it_from_its_end_is_said_and_the_order_again_goes_on(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)
    answers = SIZE | {"capacity_wh": 5120, "confirmed": ["forget"]}

    waits = order(unit, "replaced_battery", answers)
    measure(unit)
    done = order(unit, "replaced_battery", {})

    assert "no voltage of the new battery yet" in waits["said"]
    assert waits["status"] == "to_do"
    assert done["said"] is None
    found = unit.record.find("replaced_battery")
    assert found is not None
    assert (found.status, found.facts["on"]) == ("done", "2026-12-01")


def test_the_page_is_not_asked_for_a_file_and_names_none(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)

    shown = order(unit, "", {})["all"]["replaced_ssd"]
    refused = order(unit, "replaced_ssd", {"backup_file": "/etc/shadow"})

    assert [one["key"] for one in shown["questions"]] == ["replaced_ssd.on"]
    assert "is no question of this step" in refused["said"]
