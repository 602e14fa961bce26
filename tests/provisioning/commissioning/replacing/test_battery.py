"""Another battery: asked, told, forgotten by its owner, once; gone on with after a kill."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import SettingsError
from appliance.model import BatteryAge, BatteryState, EnergyTotal, SolarDay
from appliance.model_set_points import SetPoints
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine, Result
from provisioning.commissioning.replacing.battery import BatteryWalk
from provisioning.commissioning.replacing.changes import Change, Changes
from provisioning.commissioning.report.contents import Table, make_contents
from provisioning.commissioning.report.gathering import make_entry
from provisioning.commissioning.step import Status
from provisioning.commissioning.terminal import Terminal, take_asking
from provisioning.commissioning.unit import Unit
from tests.provisioning.commissioning.fakes import BusyClock
from tests.provisioning.commissioning.killed import count_writes, run_killed
from tests.provisioning.commissioning.replacing.learned import (
    LEARNED_AH,
    add,
    list_rows,
    make_worked_unit,
    measure,
    read,
)
from tests.provisioning.commissioning.reports import make_report

WALK = BatteryWalk(answers_in_s=0.0)
NEW = {
    "on": "2026-12-01",
    "chemistry": "lfp",
    "nominal_voltage_v": 12.8,
    "capacity_wh": 5120,
    "confirmed": ["forget"],
}


def make_measured(tmp_path: Path) -> Unit:
    unit = make_worked_unit(tmp_path)
    return replace(unit, clock=BusyClock(lambda: measure(unit)))


def take(unit: Unit, walk: BatteryWalk = BatteryWalk(), **more: Any) -> Result:  # noqa: B008
    given = {walk.table: Answers(walk.table, NEW | more)}
    with Engine(unit, (walk,), given) as engine:
        return engine.take(walk)


def test_before_anything_is_changed_it_is_told_what_is_forgotten_kept_and_done_again(
    tmp_path: Path,
) -> None:
    unit = make_worked_unit(tmp_path)
    before = unit.settings_path.read_bytes()

    found = take(unit, confirmed=[]).outcome

    assert found.status is Status.NEEDS_ANSWER
    text = found.questions[-1].text
    assert found.questions[-1].key == "replaced_battery.forget"
    for word in ("internal resistance", "first full charge", "learned of the panels", "acceptance"):
        assert word in text
    assert unit.settings_path.read_bytes() == before
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
    assert not Changes(unit).path.exists()


def test_what_was_learned_of_the_battery_is_forgotten_and_the_rest_stays(tmp_path: Path) -> None:
    unit = make_measured(tmp_path)
    days, energy = list_rows(unit, SolarDay), list_rows(unit, EnergyTotal)

    done = take(unit).outcome

    assert done.status is Status.DONE
    age, state = read(unit, BatteryAge), read(unit, BatteryState)
    assert (age.capacity_ah, age.charged_ah, age.since_full_s) == (None, 0.0, 0.0)
    assert (state.state_of_charge_pct, state.resistance_ohm, state.full_at) == (None, None, None)
    assert unit.settings().battery.capacity_wh == 5120
    assert [one.device for one in list_rows(unit, SetPoints)] == ["charger main"]
    assert (list_rows(unit, SolarDay), list_rows(unit, EnergyTotal)) == (days, energy)
    assert "Forgotten: its charge, its capacity" in done.reason
    assert done.warnings[0].startswith("Known again: the charge roughly at once")
    assert done.facts["battery_measured_v"] == 13.2


def test_the_next_acceptance_report_says_what_was_forgotten_and_until_when(tmp_path: Path) -> None:
    unit = make_measured(tmp_path)
    take(unit)
    entry = make_entry("replaced_battery", unit.record.load()["replaced_battery"])

    blocks = make_contents(make_report(steps=(entry,)), "en").blocks
    rows = [row for one in blocks if isinstance(one, Table) for row in one.rows]
    (row,) = (row for row in rows if row[0] == "Battery replaced")

    assert "the time since it was full" in row[2]
    assert "until then the rated capacity counts" in row[2]


def test_twice_in_a_row_changes_nothing(tmp_path: Path) -> None:
    unit = make_measured(tmp_path)
    take(unit)
    learned = replace(read(unit, BatteryAge), capacity_ah=380.0, capacity_sigma_ah=9.0)
    add(unit, learned)
    files = {one: one.read_bytes() for one in (Changes(unit).path, unit.record.path)}

    again = take(unit)

    assert (again.outcome.status, again.has_changed) == (Status.DONE, False)
    assert read(unit, BatteryAge).capacity_ah == 380.0
    assert {one: one.read_bytes() for one in files} == files


def test_a_battery_of_another_day_is_another_battery(tmp_path: Path) -> None:
    unit = make_measured(tmp_path)
    take(unit)
    add(unit, replace(read(unit, BatteryAge), capacity_ah=380.0, capacity_sigma_ah=9.0))

    assert take(unit, on="2027-12-01").has_changed

    assert read(unit, BatteryAge).capacity_ah is None
    assert [one.on for one in Changes(unit).list_done()] == ["2026-12-01", "2027-12-01"]


def test_a_size_that_the_chargers_voltage_contradicts_is_refused_and_nothing_is_forgotten(
    tmp_path: Path,
) -> None:
    unit = make_worked_unit(tmp_path)
    before = unit.settings_path.read_bytes()

    found = take(unit, nominal_voltage_v=25.6).outcome

    assert found.status is Status.BLOCKED
    assert "the charger measures 13.2 V, so the battery is none of 25.6 V" in found.reason
    assert unit.settings_path.read_bytes() == before
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH


def test_the_capacity_of_the_old_one_raises_no_doubt_about_the_new_one(tmp_path: Path) -> None:
    found = take(make_measured(tmp_path), capacity_wh=1000, confirmed=["forget", "capacity_wh"])

    assert found.outcome.status is Status.DONE


def test_a_new_battery_that_nobody_measures_is_forgotten_once_and_gone_on_with(
    tmp_path: Path,
) -> None:
    unit = make_worked_unit(tmp_path)

    waits = take(unit, WALK).outcome
    assert waits.status is Status.BLOCKED
    assert "has no voltage of the new battery yet" in waits.reason
    add(unit, replace(read(unit, BatteryAge), charged_ah=3.0))
    measure(unit)
    done = take(unit, WALK).outcome

    assert done.status is Status.DONE
    assert read(unit, BatteryAge).charged_ah == 3.0  # not forgotten a second time
    assert Changes(unit).find_begun("battery") is None


def test_a_step_that_was_done_is_opened_again_and_keeps_what_it_knows(tmp_path: Path) -> None:
    unit = make_measured(tmp_path)
    record = unit.record
    done = record.make(status="done", reason="as found", who="Ada", facts={"a": 1})
    record.store({"site": done, "cameras": done})

    take(unit)

    assert (record.load()["site"].status, record.load()["site"].facts) == ("to_do", {"a": 1})
    assert record.load()["cameras"].status == "done"
    assert record.load()["replaced_battery"].facts["capacity_wh"] == 5120


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"on": "yesterday"}, r"replaced_battery\.on cannot be 'yesterday'; write the day"),
        ({"section": "front"}, r"replaced_battery\.section 'front' is no such part"),
        ({"capacity_wh": -1}, r"replaced_battery\.capacity_wh cannot be -1"),
    ],
)
def test_an_answer_that_cannot_be_used_is_named(
    tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    unit = make_worked_unit(tmp_path)

    with pytest.raises(AnswerError, match=said):
        take(unit, **more)

    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH


def test_a_person_types_the_size_and_agrees(tmp_path: Path) -> None:
    unit, said = make_measured(tmp_path), list[str]()
    typed = iter(["", "", "", "5120", "yes"])

    def read_line(prompt: str) -> str:
        said.append(prompt)
        return next(typed)

    with Engine(unit, (WALK,)) as engine:
        result = take_asking(engine, BatteryWalk(), Terminal(read_line, said.append))

    assert result.outcome.status is Status.DONE
    assert said[0].startswith("Learned anew: its charge")  # before the first question
    assert unit.settings().battery.capacity_wh == 5120


def test_a_kill_at_any_write_is_gone_on_from_and_forgets_once(tmp_path: Path) -> None:
    def walk(directory: Path) -> Callable[[], object]:
        directory.mkdir(exist_ok=True)
        unit = make_measured(directory)
        return lambda: take(unit)

    writes = count_writes(walk(tmp_path / "whole"))
    assert writes > 20

    for at in range(1, writes + 1, 6):
        directory = tmp_path / str(at)
        assert run_killed(walk(directory), at), at
        unit = make_measured(directory)
        assert take(unit).outcome.status is Status.DONE, at
        assert read(unit, BatteryAge).capacity_ah is None
        assert unit.settings().battery.capacity_wh == 5120
        assert len(Changes(unit).list_done()) == 1
        assert not take(unit).has_changed


class RefusedWalk(BatteryWalk):
    """The settings cannot be changed."""

    def change(self, unit: Unit, change: Change, answers: Answers) -> None:
        raise SettingsError("somebody else changes them now")


def test_settings_that_are_refused_leave_nothing_begun(tmp_path: Path) -> None:
    unit = make_worked_unit(tmp_path)

    found = take(unit, RefusedWalk()).outcome

    assert (found.status, found.reason) == (Status.BLOCKED, "somebody else changes them now")
    assert Changes(unit).find_begun("battery") is None
    assert read(unit, BatteryAge).capacity_ah == LEARNED_AH
