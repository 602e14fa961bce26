"""Which loads are not as they should be, judged by what PID 1 and the switches report."""

import pytest

from power.act.load_states import UnitState, explain_not_running, find_wrong, parse_states

RELAY, RELAY_OFF = "appliance-switch@modem", "appliance-switch-off@modem"
GATE, INFERENCE = "appliance-camera@gate", "appliance-inference"
ACTIVE, INACTIVE, FAILED = UnitState("active"), UnitState("inactive"), UnitState("failed")


def explain(
    unit: str,
    runs: bool,
    reads_on: bool | None = None,
    is_readable: bool = False,
    **states: UnitState,
) -> str:
    named = {unit: states.get("own", INACTIVE), RELAY_OFF: states.get("once_more", INACTIVE)}
    named["appliance-switches-off"] = states.get("at_boot", ACTIVE)
    reads = {unit: reads_on} if is_readable or reads_on is not None else {}
    found = find_wrong({unit: runs}, named, reads)
    assert all(one.off is not runs for one in found)
    return found[0].why if found else ""


def test_states_are_read_from_what_systemctl_prints() -> None:
    text = (
        "Id=appliance-inference.service\nLoadState=loaded\nActiveState=active\n"
        "SubState=running\nResult=success\n\n"
        "Id=appliance-switch@modem.service\nActiveState=failed\nResult=exit-code\n"
    )
    assert parse_states(text) == {
        INFERENCE: UnitState("active", "running"),
        RELAY: UnitState("failed", "", "exit-code"),
    }


@pytest.mark.parametrize("text", ["", "\n", "nonsense", "Id=x\n", "ActiveState=active\n\n\n=\n"])
def test_an_answer_that_says_nothing_is_no_state(text: str) -> None:
    assert parse_states(text) == {}


@pytest.mark.parametrize("unit", [GATE, INFERENCE, RELAY])
def test_what_runs_and_should_not_is_wrong(unit: str) -> None:
    assert "running" in explain(unit, runs=False, own=ACTIVE)
    assert "running" in explain(unit, runs=False, own=UnitState("activating", "auto-restart"))
    assert explain(unit, runs=False, own=INACTIVE) == ""
    assert explain(unit, runs=False, own=UnitState("deactivating")) == ""


def test_a_service_that_crashed_is_off() -> None:
    assert explain(GATE, runs=False, own=FAILED) == ""


def test_a_switch_whose_off_failed_is_wrong_until_it_was_switched_off_once_more() -> None:
    assert explain(RELAY, runs=False, own=FAILED) == "switching it off failed"
    assert explain(RELAY, runs=False, own=FAILED, once_more=FAILED) == "switching it off failed"
    assert explain(RELAY, runs=False, own=FAILED, once_more=ACTIVE) == ""


def test_a_switch_that_was_not_switched_off_at_boot_is_wrong_so_too() -> None:
    why = "switching all loads off at the start failed"
    assert explain(RELAY, runs=False, at_boot=FAILED) == why
    assert explain(RELAY, runs=False, at_boot=FAILED, once_more=ACTIVE) == ""
    assert explain(GATE, runs=False, at_boot=FAILED) == ""


@pytest.mark.parametrize("once_more", [ACTIVE, INACTIVE])
def test_a_switch_that_reads_neither_on_nor_off_is_not_known_to_be_off(
    once_more: UnitState,
) -> None:
    why = explain(RELAY, runs=False, is_readable=True, own=INACTIVE, once_more=once_more)
    assert why == "it reads back neither as on nor as off"


def test_the_state_of_the_switch_itself_counts_more_than_pid_ones() -> None:
    assert explain(RELAY, runs=False, reads_on=True) == "it reads back as on"
    assert explain(RELAY, runs=False, reads_on=True, once_more=ACTIVE) == "it reads back as on"
    assert explain(RELAY, runs=False, reads_on=False, own=FAILED, at_boot=FAILED) == ""
    assert explain(RELAY, runs=True, reads_on=False, own=ACTIVE) == "it reads back as off"


def test_what_should_run_and_does_not_is_wrong_but_for_what_leaves_of_itself() -> None:
    assert explain(GATE, runs=True) == "it has ended"
    assert explain(INFERENCE, runs=True) == ""
    assert "failed" in explain(INFERENCE, runs=True, own=FAILED)
    again = UnitState("activating", "auto-restart", "exit-code")
    assert explain(GATE, runs=True, own=again) == "it ends again and again (exit-code)"
    assert explain(GATE, runs=True, own=ACTIVE) == ""
    gone = UnitState("inactive", loaded="not-found")
    assert explain(INFERENCE, runs=True, own=gone) == "PID 1 has no such unit"


def test_an_unknown_state_is_no_wrong_one() -> None:
    assert find_wrong({GATE: True, INFERENCE: False, RELAY: False}, {}, {}) == []
    assert explain_not_running(GATE, None, None) == ""
