"""Switching a load: what it shows, and that the load is as before in every case."""

import os
from pathlib import Path

import pytest

from appliance.errors import HostError
from appliance.model import ChargeStage
from provisioning.commissioning.acceptance.load import check_load
from provisioning.commissioning.acceptance.steps_of_current import Sample, compare
from provisioning.commissioning.acceptance.switching import is_left, put_right, switched
from provisioning.commissioning.findings import Finding, Verdict
from tests.provisioning.commissioning.acceptance_unit import LOAD_A, OHM, TestedUnit

STOP, START = "stop appliance-switch@lamp", "start appliance-switch@lamp"


def get(finding: Finding, title: str) -> float:
    found = next(one.value for one in finding.figures if one.title == title)
    assert isinstance(found, float)
    return found


@pytest.mark.parametrize("on", [True, False])
def test_a_load_shows_its_power_and_the_resistance_and_is_as_it_was(
    tmp_path: Path, *, on: bool
) -> None:
    unit = TestedUnit(tmp_path)
    unit.switch(on=on)
    finding = check_load(unit.look())
    assert finding.verdict is Verdict.PASSED, finding.reason
    assert get(finding, "Current by the load") == pytest.approx(-LOAD_A, abs=0.03)
    assert get(finding, "Resistance of battery and wires") == pytest.approx(OHM, rel=0.1)
    assert get(finding, "Power of the load") == pytest.approx(26, abs=1)
    assert unit.is_on() is on
    assert unit.orders() == ([STOP, START] if on else [START, STOP])
    assert not is_left(unit.unit)


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ("", "invert_current = true in [charger.sun]"),
        ("[bms.pack]\ninvert_current = true\n", "invert_current = false in [bms.pack]"),
        ("[bms.a]\n[bms.b]\n", "invert_current = true in [bms.NAME]"),
    ],
)
def test_a_wrong_sign_names_the_key_that_turns_it(tmp_path: Path, more: str, key: str) -> None:
    unit = TestedUnit(tmp_path, sign=-1.0, more=more)
    finding = check_load(unit.look())
    assert finding.verdict is Verdict.FAILED
    assert key in finding.reason
    assert unit.is_on()


@pytest.mark.parametrize(
    ("reading", "load_a", "verdict", "words"),
    [
        ({}, 0.001, Verdict.NOT_POSSIBLE, "lost in the noise"),
        ({"battery_current_a": None}, LOAD_A, Verdict.FAILED, "current is not known"),
        ({"charge_stage": ChargeStage.FLOAT}, LOAD_A, Verdict.NOT_POSSIBLE, "holds the battery's"),
        ({"battery_voltage_v": 13.2}, LOAD_A, Verdict.PASSED, "resistance is not known"),
    ],
)
def test_what_cannot_be_seen_is_said(
    tmp_path: Path, reading: dict[str, object], load_a: float, verdict: Verdict, words: str
) -> None:
    unit = TestedUnit(tmp_path, reading=reading, load_a=load_a)
    finding = check_load(unit.look())
    assert (finding.verdict, words in finding.reason) == (verdict, True), finding.reason
    assert unit.is_on()


def test_a_held_voltage_keeps_the_load_from_being_switched(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, reading={"charge_stage": ChargeStage.ABSORPTION})
    check_load(unit.look())
    assert unit.orders() == []


def test_a_thin_wire_is_a_resistance_too_large(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path, more="[battery]\nresistance_ohm = 0.01\n")
    finding = check_load(unit.look())
    assert finding.verdict is Verdict.FAILED
    assert "tighten its terminals" in finding.reason


@pytest.mark.parametrize(
    "more",
    ['runs_when = "event"\n', "full_w = 300\n", 'runs_when = "surplus"\n'],
)
def test_a_host_and_what_events_turn_on_are_not_switched(tmp_path: Path, more: str) -> None:
    unit = TestedUnit(tmp_path, more=more)
    assert check_load(unit.look()).verdict is Verdict.NOT_POSSIBLE
    assert not (tmp_path / "orders").exists() or unit.orders() == []


def test_an_error_in_the_middle_restores_the_load(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)

    def interrupt() -> None:
        with switched(unit.look(), "lamp", ran=True) as load:
            load.set(runs=False)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert unit.is_on()
    assert not is_left(unit.unit)


def test_a_kill_in_mid_switch_is_put_right_at_the_next_run(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    child = os.fork()
    if child == 0:
        with switched(unit.look(), "lamp", ran=True) as load:
            load.set(runs=False)
            os._exit(9)
    os.waitpid(child, 0)
    assert not unit.is_on()
    assert is_left(unit.unit)
    assert put_right(unit.unit) == "lamp"
    assert unit.is_on()
    assert put_right(unit.unit) is None


def test_after_a_reboot_the_power_service_decides_and_nothing_is_restored(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    unit.unit.directory.mkdir()
    (unit.unit.directory / "switched-load.json").write_text(
        '{"switch": "lamp", "ran": true, "boot_id": "other"}'
    )
    assert put_right(unit.unit) is None
    assert not is_left(unit.unit)
    assert not (tmp_path / "orders").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"switch": 1}'])
def test_a_damaged_file_of_a_switched_load_is_no_order(tmp_path: Path, text: str) -> None:
    unit = TestedUnit(tmp_path)
    unit.unit.directory.mkdir()
    (unit.unit.directory / "switched-load.json").write_text(text)
    assert put_right(unit.unit) is None
    assert not is_left(unit.unit)


def test_a_refusal_of_pid_1_leaves_the_load_to_be_put_right_later(tmp_path: Path) -> None:
    unit = TestedUnit(tmp_path)
    with pytest.raises(HostError), switched(unit.look(), "lamp", ran=True):
        (tmp_path / "systemctl").write_text("#!/bin/sh\nexit 1\n")
    assert is_left(unit.unit)


def test_a_median_stands_two_wrong_readings() -> None:
    running = [Sample(-2.5, 13.0, 30.0)] * 3 + [Sample(90.0, 0.0, None)] * 2
    off = [Sample(-0.5, 13.1, 5.0)] * 5
    seen = compare(running, off)
    assert seen.amps is not None
    assert seen.amps.value == pytest.approx(-2.0)
    assert seen.load_w is not None
    assert seen.load_w.value == pytest.approx(25.0)
    assert seen.ohm is not None
    assert seen.ohm.value == pytest.approx(0.05)


def test_without_readings_nothing_is_known() -> None:
    seen = compare([], [Sample(None, None, None)])
    assert (seen.amps, seen.volts, seen.load_w, seen.ohm) == (None, None, None, None)
