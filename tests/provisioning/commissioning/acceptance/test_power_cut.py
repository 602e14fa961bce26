"""The power cut of the acceptance test: offered, waited for, judged after the boot."""

from pathlib import Path

import pytest

from appliance.model import AFTER_CUT, EnergyLevel, Wake
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.power_cut import check_power_cut
from provisioning.commissioning.findings import Verdict
from tests.provisioning.commissioning.acceptance_unit import (
    TestedUnit,
    make_budget,
    see,
)

PASSED, FAILED, NOT_POSSIBLE, NOTED = Verdict


def test_a_power_cut_is_offered_waited_for_and_judged_after_the_boot(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    see(check_power_cut(unit.look()), NOTED, "power_cut = true")
    unit.add(make_budget(unit, EnergyLevel.ECO))
    see(check_power_cut(unit.look(power_cut=True)), NOT_POSSIBLE, "pull the plug")
    unit.reboot()
    unit.add(make_budget(unit, EnergyLevel.SENTINEL))
    see(check_power_cut(unit.look(power_cut=True)), NOT_POSSIBLE, "ECO is not back yet")
    unit.advance(40)
    unit.add(make_budget(unit, EnergyLevel.FULL))
    finding = check_power_cut(unit.look())
    see(finding, PASSED, "ECO was back 45 s after the start")
    assert finding.figures[0].value == 45.0


def test_a_level_that_does_not_come_back_fails(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    unit.add(make_budget(unit, EnergyLevel.ECO))
    check_power_cut(unit.look(power_cut=True))
    unit.reboot()
    unit.advance(901)
    see(check_power_cut(unit.look()), FAILED, "ECO is not back")


def test_a_level_that_comes_back_too_late_fails_as_well(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    unit.add(make_budget(unit, EnergyLevel.ECO))
    check_power_cut(unit.look(power_cut=True))
    unit.reboot()
    unit.advance(901)
    unit.add(make_budget(unit, EnergyLevel.ECO))
    see(check_power_cut(unit.look()), FAILED, "more than 900 s")


def test_without_a_known_level_there_is_nothing_to_compare_and_nothing_is_armed(
    tmp_path: Path,
) -> None:
    unit = TestedUnit(tmp_path)
    see(check_power_cut(unit.look(power_cut=True)), NOT_POSSIBLE, "no energy level is known")
    assert not (unit.unit.directory / "power-cut.json").exists()


@pytest.mark.parametrize(
    ("cause", "verdict"), [(AFTER_CUT, PASSED), (say("after a restart"), NOT_POSSIBLE)]
)
def test_an_orderly_restart_is_no_power_cut(tmp_path: Path, cause: str, verdict: Verdict) -> None:
    unit = TestedUnit(tmp_path)
    unit.add(make_budget(unit, EnergyLevel.ECO))
    check_power_cut(unit.look(power_cut=True))
    unit.reboot()
    wake = Wake(unit.stamp(), None, cause, 0, 70.0, stays=True, reason=say("enough"))
    unit.add(wake, make_budget(unit, EnergyLevel.ECO))
    assert check_power_cut(unit.look()).verdict is verdict


def test_a_damaged_file_of_the_power_cut_is_armed_anew(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    unit.add(make_budget(unit, EnergyLevel.ECO))
    unit.unit.directory.mkdir(parents=True)
    (unit.unit.directory / "power-cut.json").write_text("{")
    see(check_power_cut(unit.look(power_cut=True)), NOT_POSSIBLE, "pull the plug")
