"""Each check of the acceptance test: what passes, what fails, what is not possible now."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import CameraError
from appliance.media.frames import JPEG, Answer, Picture, Refusal
from appliance.model import BatteryState, EnergyLevel
from appliance.model_alarms import (
    Alarm,
    AlarmDelivery,
    AlarmKind,
    AlarmPriority,
    DeliveryState,
)
from appliance.model_updates import CheckIn
from appliance.store.tables import ALARM, CHECKIN
from appliance.wording.sentence import say
from provisioning.commissioning.acceptance.battery import check_battery
from provisioning.commissioning.acceptance.cameras import check_camera
from provisioning.commissioning.acceptance.computer import (
    check_clock,
    check_storage,
    check_watchdog,
)
from provisioning.commissioning.acceptance.inference import check_inference
from provisioning.commissioning.acceptance.limits import LIMITS
from provisioning.commissioning.acceptance.remote import check_alarms, check_server
from provisioning.commissioning.acceptance.running import attempt
from provisioning.commissioning.acceptance.scene import World
from provisioning.commissioning.acceptance.sun import check_sun
from provisioning.commissioning.findings import (
    Finding,
    Verdict,
    decode_finding,
    encode_finding,
)
from tests.provisioning.commissioning.acceptance_unit import (
    NIGHT,
    NOON,
    TestedUnit,
    make_budget,
    see,
)
from tests.provisioning.commissioning.reports import make_jpeg

DARK: dict[str, Any] = {"pv_power_w": 0.0, "pv_voltage_v": 0.4}
LOW_SUN = datetime(2026, 6, 21, 2, 40, tzinfo=UTC)
PASSED, FAILED, NOT_POSSIBLE, NOTED = Verdict


# --- sun and battery --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("utc", "reading", "synchronized", "verdict", "words"),
    [
        (NOON, {}, True, PASSED, "in light"),
        (NOON, {"pv_power_w": None}, True, PASSED, "in light"),
        (NOON, {"pv_power_w": 0.0}, True, PASSED, "in light"),  # full: voltage alone
        (NOON, DARK, True, FAILED, "degrees high and the panels give nothing"),
        (NIGHT, DARK, True, NOT_POSSIBLE, "the sun is down: test again by day"),
        (LOW_SUN, DARK, True, NOT_POSSIBLE, "too low"),
        (NOON, DARK, False, NOT_POSSIBLE, "no time server has confirmed the clock"),
        (NOON, {"pv_power_w": None, "pv_voltage_v": None}, True, NOT_POSSIBLE, "no device"),
    ],
)
def test_the_panels_are_judged_by_the_height_of_the_sun(
    tmp_path: Path,
    utc: datetime,
    reading: dict[str, Any],
    verdict: Verdict,
    words: str,
    *,
    synchronized: bool,
) -> None:
    unit = TestedUnit(tmp_path, utc=utc, reading=reading, synchronized=synchronized)
    see(check_sun(unit.look()), verdict, words)


def test_an_old_reading_is_none(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    unit.advance(61)
    see(check_sun(unit.look()), FAILED, "no charge controller answers")
    see(check_battery(unit.look()), FAILED, "nobody measures its voltage")


def test_a_figure_says_how_old_it_is(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    unit.advance(17)
    volts = check_battery(unit.look()).figures[0]
    assert (volts.unit, volts.age_s) == ("V", 17.0)


@pytest.mark.parametrize(
    ("reading", "verdict", "words"),
    [
        ({}, PASSED, "its charge is known"),
        ({"battery_voltage_v": 26.1}, FAILED, "26.10 V is not the voltage of 4 cells of lfp"),
        ({"battery_voltage_v": 9.0}, FAILED, "check nominal_voltage_v, cells and chemistry"),
        ({"battery_voltage_v": None}, FAILED, "nobody measures"),
    ],
)
def test_the_voltage_must_be_one_of_the_battery(
    tmp_path: Path, reading: dict[str, Any], verdict: Verdict, words: str
) -> None:
    see(check_battery(TestedUnit(tmp_path, reading=reading).look()), verdict, words)


@pytest.mark.parametrize(("pct", "sigma"), [(None, None), (50.0, 29.0)])
def test_a_charge_that_a_new_unit_has_yet_to_learn_is_noted(
    tmp_path: Path, pct: float | None, sigma: float | None
) -> None:
    unit = TestedUnit(tmp_path)
    row = BatteryState(
        unit.stamp(), pct, sigma, None, 2560.0, None, charge_blocked=False, method="from voltage"
    )
    unit.add(row)
    see(check_battery(unit.look()), NOTED, "after the first full charge")


# --- cameras and inference ----------------------------------------------------------------------


def picture(unit: TestedUnit, data: bytes) -> Picture:
    return Picture("gate", unit.stamp(), 1, 0, 0.0, 640, 360, JPEG, data)


def test_a_camera_gives_a_picture_that_the_report_shows(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more='[camera.gate]\nsource = "rtsp://u:secret@h/1"\n')
    world = World(pull=lambda _: picture(unit, make_jpeg(640, 360)))
    finding, photograph = check_camera(unit.look(world), "gate")
    see(finding, PASSED, "640x360")
    assert photograph.data is not None


@pytest.mark.parametrize(
    ("data", "later_s", "words"),
    [(b"\xff\xd8 damaged", 0.0, "picture is damaged"), (make_jpeg(64, 64), 11.0, "is old")],
)
def test_a_damaged_or_old_picture_fails(
    tmp_path: Path, data: bytes, later_s: float, words: str
) -> None:
    unit = TestedUnit(tmp_path)
    given = picture(unit, data)
    unit.advance(later_s)
    see(check_camera(unit.look(World(pull=lambda _: given)), "gate")[0], FAILED, words)


def test_a_camera_that_gives_none_says_why(tmp_path: Path) -> None:
    def refuse(_: Path) -> Answer:
        return Refusal(say("the password is wrong"))

    def fail(_: Path) -> Answer:
        raise CameraError(say("nobody listens"))

    for pull, words in ((refuse, "the password is wrong"), (fail, "nobody listens")):
        finding, photograph = check_camera(TestedUnit(tmp_path).look(World(pull=pull)), "gate")
        see(finding, FAILED, words)
        assert photograph.data is None


def test_a_camera_whose_process_was_just_started_is_waited_for(tmp_path: Path) -> None:
    unit, tries = TestedUnit(tmp_path), []

    def start_slowly(_: Path) -> Answer:
        tries.append(1)
        if len(tries) < 20:
            raise CameraError(say("nobody listens"))
        return picture(unit, make_jpeg(640, 360))

    see(check_camera(unit.look(World(pull=start_slowly)), "gate")[0], PASSED, "640x360")


@pytest.mark.parametrize(
    ("level", "verdict"), [(EnergyLevel.SENTINEL, NOT_POSSIBLE), (EnergyLevel.ECO, FAILED)]
)
def test_a_camera_that_gives_none_while_energy_is_short_has_not_failed(
    tmp_path: Path, level: EnergyLevel, verdict: Verdict
) -> None:
    unit = TestedUnit(tmp_path)
    unit.add(make_budget(unit, level))
    world = World(pull=lambda _: Refusal(say("nothing is decoded")))
    see(check_camera(unit.look(world), "gate")[0], verdict, "nothing is decoded")


def test_the_units_model_analyses_a_photograph(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    world = World(pull=lambda _: picture(unit, make_jpeg(640, 360)))
    _, photograph = check_camera(unit.look(world), "gate")
    finding = check_inference(unit.look(), [photograph])
    see(finding, PASSED, "has analysed a picture in")
    assert [one.unit for one in finding.figures if one.title == "Time for one picture"] == ["ms"]


def test_without_a_picture_nothing_is_analysed(tmp_path: Path) -> None:
    see(check_inference(TestedUnit(tmp_path).look(), []), NOT_POSSIBLE, "no camera gave")


def test_an_error_of_the_world_is_a_check_that_failed(tmp_path: Path) -> None:
    def fail(_: object) -> Finding:
        raise CameraError("it burns")

    see(attempt("gate", fail, TestedUnit(tmp_path).look()), FAILED, "it burns")


# --- the computer -------------------------------------------------------------------------------


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.mark.parametrize(
    ("files", "asked", "verdict", "words"),
    [
        ({}, "30s", NOT_POSSIBLE, "has no watchdog"),
        ({"dev/watchdog0": ""}, "30s", PASSED, "serves it each 30s"),
        ({"dev/watchdog0": ""}, "0", FAILED, "RuntimeWatchdogSec=30s"),
        ({"sys/class/watchdog/watchdog0/state": "active\n"}, "30s", PASSED, "each 30s"),
        ({"sys/class/watchdog/watchdog0/state": "inactive\n"}, "30s", FAILED, "none is active"),
    ],
)
def test_a_watchdog_is_armed_where_pid_1_serves_it(
    tmp_path: Path, files: dict[str, str], asked: str, verdict: Verdict, words: str
) -> None:
    unit = TestedUnit(tmp_path)
    script = tmp_path / "systemctl"
    script.write_text(script.read_text().replace("USec=30s", f"USec={asked}"))
    for name, text in files.items():
        write(tmp_path / "system" / name, text)
    see(check_watchdog(unit.look()), verdict, words)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("sys/fs/ext4/mmcblk0p2/errors_count", "3\n", "has counted 3 errors"),
        ("sys/block/mmcblk0/device/life_time", "0x02 0x0a\n", "100 % of its writes are used up"),
    ],
)
def test_a_storage_with_errors_or_worn_out_fails(
    tmp_path: Path, name: str, text: str, words: str
) -> None:
    unit = TestedUnit(tmp_path)
    see(check_storage(unit.look()), PASSED, "no errors")
    write(tmp_path / "system" / name, text)
    see(check_storage(unit.look()), FAILED, words)


@pytest.mark.parametrize(
    ("utc", "synchronized", "verdict", "words"),
    [
        (NOON, True, PASSED, "a time server has confirmed it"),
        (NOON, False, NOTED, "compare it with a watch"),
        (datetime(1970, 1, 1, tzinfo=UTC), False, FAILED, "it shows 1970, which cannot be"),
    ],
)
def test_a_clock_is_trusted_where_a_time_server_has_confirmed_it(
    tmp_path: Path, utc: datetime, verdict: Verdict, words: str, *, synchronized: bool
) -> None:
    unit = TestedUnit(tmp_path, utc=utc, synchronized=synchronized)
    see(check_clock(unit.look()), verdict, words)


# --- elsewhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mirror", "later_s", "verdict", "words"),
    [
        ("https://updates", 60, PASSED, "https://updates answered"),
        ("https://updates", 7300, NOTED, "not lately"),
        ("", 60, NOTED, "cannot be reached from here: no route"),
    ],
)
def test_an_update_server_that_is_not_reached_is_noted(
    tmp_path: Path, mirror: str, later_s: float, verdict: Verdict, words: str
) -> None:
    unit = TestedUnit(tmp_path)
    see(check_server(unit.look()), NOTED, "has never asked")
    unit.add(CheckIn(unit.stamp(), mirror, say("no route")), writer=CHECKIN)
    unit.advance(later_s)
    see(check_server(unit.look()), verdict, words)


def deliver(unit: TestedUnit, **states: DeliveryState) -> None:
    """A test alarm, and how far it got to each recipient."""
    now, later = unit.stamp(), unit.utc + timedelta(hours=1)
    low = AlarmPriority.LOW
    alarm = Alarm(
        stamp=now,
        alarm_id="a1",
        sequence=1,
        key="test",
        rule="test",
        kind=AlarmKind.TEST,
        priority=low,
        text=say("a test"),
        last=now.utc,
        ends=later,
        occurrences=1,
        reason="you asked",
    )
    rows = [
        AlarmDelivery(now, f"d-{name}", "a1", name, "mail", state, low, 1, later, 0, "no answer")
        for name, state in states.items()
    ]
    unit.add(alarm, *rows, writer=ALARM)


PEOPLE = """
[channel.mail]
kind = "apprise"
address_file = "mail.txt"
[recipient.ada]
channels = ["mail"]
"""


def test_a_test_alarm_must_have_reached_each_recipient(tmp_path: Path) -> None:
    see(check_alarms(TestedUnit(tmp_path).look()), NOTED, "nobody is told of anything")
    unit = TestedUnit(tmp_path, more=PEOPLE)
    see(check_alarms(unit.look()), NOT_POSSIBLE, "`unitctl alarms test`")
    deliver(unit, ada=DeliveryState.SENT, bob=DeliveryState.WAITING)
    see(check_alarms(unit.look()), FAILED, "did not arrive at bob: no answer")
    unit.advance(1)
    deliver(unit, ada=DeliveryState.ACKNOWLEDGED, bob=DeliveryState.SENT)
    see(check_alarms(unit.look()), PASSED, "each recipient")


# --- the table ----------------------------------------------------------------------------------


def test_each_threshold_has_its_reason_and_stands_in_the_document() -> None:
    text = (Path(__file__).parents[4] / "docs/acceptance-report.md").read_text()
    for name, one in LIMITS.items():
        assert f"| {name} | {one.value:g} {one.unit} | {one.why} |" in text


def test_a_finding_keeps_what_it_is_through_a_file(tmp_path: Path) -> None:

    finding = check_battery(TestedUnit(tmp_path).look())
    assert decode_finding(json.loads(json.dumps(encode_finding(finding)))) == finding
