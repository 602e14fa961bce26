"""The step that tests the whole unit: by an engine, once and again, with its signed report."""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.media.frames import JPEG, Answer, Picture
from appliance.model import EnergyBudget, EnergyLevel
from appliance.wording.sentence import say
from provisioning.commissioning import command, unattended
from provisioning.commissioning.acceptance.scene import World
from provisioning.commissioning.answers import AnswerError, Answers
from provisioning.commissioning.engine import Engine
from provisioning.commissioning.report.telling import tell_report
from provisioning.commissioning.report.verifying import verify
from provisioning.commissioning.step import Status
from provisioning.commissioning.steps.acceptance import AcceptanceStep, find_key
from tests.provisioning.commissioning.acceptance_unit import NIGHT, NOON, TestedUnit
from tests.provisioning.commissioning.reports import make_jpeg

CAMERA = '[camera.gate]\nsource = "rtsp://ada:secret7@10.0.0.9/1"\n'


def make_step(unit: TestedUnit) -> AcceptanceStep:
    """On a computer with a watchdog and a camera that gives a picture of 4K."""

    def pull(_: Path) -> Answer:
        data = make_jpeg(1920, 1080)
        return Picture("gate", unit.stamp(), 1, 0, 0.0, 1920, 1080, JPEG, data)

    watchdog = unit.at / "system/dev/watchdog0"
    watchdog.parent.mkdir(parents=True, exist_ok=True)
    watchdog.touch()
    return AcceptanceStep(World(unit.at / "system", pull))


def walk(unit: TestedUnit, **values: object) -> tuple[int, dict[str, object]]:
    """Unattended; the exit code and the last line."""
    said: list[str] = []
    answers = {"acceptance": Answers("acceptance", values)}
    with Engine(unit.unit, [make_step(unit)], answers) as engine:
        code = unattended.run(engine, said.append)
    return code, json.loads(said[-1])


def test_a_unit_is_tested_once_and_a_second_walk_changes_nothing(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    code, last = walk(unit)
    assert (code, last["steps"], last["changed"]) == (0, 1, 1)
    report = Path(str(last["report"]))
    assert verify(report) == find_key(unit.unit).sha256
    assert walk(unit) == (0, {"steps": 1, "changed": 0, "report": str(report)})


def test_the_report_tells_what_was_tested_and_no_password(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    report = Path(str(walk(unit)[1]["report"]))
    tree = json.loads((report / "report.json").read_text())
    checks = {one["name"]: one["verdict"] for one in tree["checks"]}
    assert checks["load"] == checks["camera gate"] == checks["inference"] == "passed"
    assert checks["power cut"] == checks["update server"] == "noted"
    assert tree["photographs"][0]["file"] == "camera-1.jpg"
    assert tree["who"] == "Ada"
    assert all(b"secret7" not in path.read_bytes() for path in report.iterdir())


def test_new_settings_are_tested_anew(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    walk(unit)
    path = tmp_path / "unit.toml"
    path.write_text(path.read_text() + "[battery]\ncapacity_wh = 2000\n")
    assert make_step(unit).check(unit.unit, Answers("acceptance")).status is Status.TO_DO


def test_settings_that_no_check_depends_on_and_how_they_are_written_ask_for_no_new_test(
    tmp_path: Path,
) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA + "[battery]\ncapacity_wh = 2000\n")
    walk(unit)
    path = tmp_path / "unit.toml"
    text = path.read_text().replace("= 2000", "= 2000.0  # of its label")
    path.write_text(f"{text}[web]\nport = 8099\n")
    assert make_step(unit).check(unit.unit, Answers("acceptance")).status is Status.DONE


def test_a_check_that_fails_blocks_the_step_and_is_in_the_report(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA, sign=-1.0)
    code, last = walk(unit)
    assert (code, last["changed"]) == (1, 1)
    page = (Path(str(last["report"])) / "report.en.html").read_text()
    assert "invert_current = true in [charger.sun]" in page
    unit.sign = 1.0
    unit.poll()
    assert walk(unit)[0] == 0


def test_by_night_the_sun_is_left_open_and_the_step_is_done(tmp_path: Path) -> None:
    unit = TestedUnit(
        tmp_path, more=CAMERA, utc=NIGHT, reading={"pv_power_w": 0.0, "pv_voltage_v": 0.0}
    )
    code, last = walk(unit)
    assert code == 0
    tree = json.loads((Path(str(last["report"])) / "report.json").read_text())
    assert any("the sun is down" in one for one in tree["left_open"])


def test_a_power_cut_that_is_wished_for_blocks_until_the_plug_was_pulled(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    until = NOON.replace(year=2027)
    unit.add(EnergyBudget(unit.stamp(), EnergyLevel.ECO, 9.0, until, 9.0, say("enough")))
    assert walk(unit, power_cut=True)[0] == 1
    assert walk(unit, power_cut=True)[1]["changed"] == 0
    unit.reboot()
    unit.poll()
    unit.add(EnergyBudget(unit.stamp(), EnergyLevel.ECO, 9.0, until, 9.0, say("enough")))
    code, last = walk(unit, power_cut=True)
    assert (code, last["changed"]) == (0, 1)
    assert walk(unit, power_cut=True)[1]["changed"] == 0


@pytest.mark.parametrize(
    ("key", "value"), [("switch", "nothing"), ("switch", 3), ("power_cut", "yes")]
)
def test_an_answer_that_cannot_be_used_changes_nothing(
    tmp_path: Path, key: str, value: object
) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    with pytest.raises(AnswerError, match=key):
        walk(unit, **{key: value})
    assert not (unit.unit.directory / "reports").exists()


def test_a_report_that_was_changed_is_no_evidence(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    report = Path(str(walk(unit)[1]["report"]))
    (report / "report.en.pdf").write_bytes(b"%PDF")
    (unit.unit.directory / "record.json").unlink()
    assert walk(unit)[0] == 1


def test_the_command_finds_the_newest_report_and_its_key(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    report = Path(str(walk(unit)[1]["report"]))
    said: list[str] = []
    assert tell_report(unit.unit, None, said.append) == 0
    assert tell_report(unit.unit, tmp_path, said.append) == 1
    assert "is not as it was signed: it is not whole" in said[-1]
    assert said[0] == str(report)
    assert said[2] == "that is the key of this unit"


def test_the_command_line_verifies_a_report(
    tmp_path: Path, run_provision: Callable[..., str]
) -> None:
    unit = TestedUnit(tmp_path, more=CAMERA)
    report = Path(str(walk(unit)[1]["report"]))
    path = tmp_path / "unit.toml"
    assert "as it was signed" in run_provision(path, "report", "--verify", str(report))


@pytest.fixture
def run_provision(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """`unitctl provision`, with these settings."""

    def run(settings: Path, *words: str) -> str:
        parser = argparse.ArgumentParser()
        parser.add_argument("--settings", type=Path)
        command.add_arguments(parser)
        assert command.run(parser.parse_args(["--settings", str(settings), *words])) == 0
        return capsys.readouterr().out

    return run
