"""A line that works badly is reported with counts, also where a second try mends each loss."""

from random import Random

from power.protocol.errors import ClosedLine, ExceptionAnswer, NoAnswer, WrongFrame
from power.protocol.line_health import LineHealth


def test_a_good_line_has_nothing_to_complain_of() -> None:
    health = LineHealth()
    for second in range(1000):
        health.count(second, None)
    health.count(1000, WrongFrame("once"))
    assert health.find_fault("charger main") is None


def test_wrong_checksums_are_counted_and_the_data_wires_are_named() -> None:
    health = LineHealth()
    for second in range(600):
        health.count(second, WrongFrame("bad") if second % 15 == 0 else None)
    fault = str(health.find_fault("charger main"))
    assert fault.startswith("charger main sent damaged replies 40 times in")
    assert "in 10 min, of 600 requests" in fault
    assert "termination" in fault


def test_missing_answers_are_distinguished_from_damaged_ones() -> None:
    health = LineHealth()
    for second in range(100):
        health.count(second, NoAnswer("gone") if second % 5 == 0 else None)
    assert "did not answer 20 times" in str(health.find_fault("bms pack"))


def test_refusals_are_no_fault_of_the_line() -> None:
    health = LineHealth()
    for second in range(100):
        health.count(second, ExceptionAnswer("no", 2))
    assert health.find_fault("charger main") is None


def test_a_device_that_keeps_back_a_part_of_its_values_is_a_fault_after_three_polls() -> None:
    health = LineHealth()
    health.count(10.0, None)
    refusal = ExceptionAnswer("/dev/x refuses 8 from 0x3100 with exception 04", 4)
    for _ in range(2):
        health.count_refusal(refusal)
        assert health.find_fault("charger main") is None
    health.count_refusal(refusal)
    assert "refuses a part of its values" in str(health.find_fault("charger main"))
    assert "0x3100" in str(health.find_fault("charger main"))
    health.count_refusal(None)
    assert health.find_fault("charger main") is None


def test_what_was_bad_ten_minutes_ago_is_forgotten() -> None:
    health = LineHealth()
    for second in range(20):
        health.count(second, WrongFrame("bad"))
    assert health.find_fault("charger main")
    for second in range(700, 720):
        health.count(second, None)
    assert health.find_fault("charger main") is None


def test_a_line_at_the_limit_does_not_complain_and_stop_by_turns() -> None:
    health, now_s, changes, before = LineHealth(), 0.0, 0, False
    chance = Random(1)
    for _ in range(24 * 360):
        now_s += 10
        for _ in range(3):
            health.count(now_s, NoAnswer("x") if chance.random() < 0.05 else None)
        complains = health.find_fault("bms pack") is not None
        changes, before = changes + (complains != before), complains
    assert changes < 20


def test_a_line_that_was_mended_is_good_after_ten_minutes() -> None:
    health = LineHealth()
    for second in range(100):
        health.count(second, NoAnswer("x"))
    assert health.find_fault("bms pack") is not None
    for second in range(100, 1000, 3):
        health.count(second, None)
    assert health.find_fault("bms pack") is None


def test_a_few_losses_are_no_fault_however_few_requests_there_were() -> None:
    health = LineHealth()
    for second in range(4):
        health.count(second, NoAnswer("x"))
    assert health.find_fault("bms pack") is None
    health.count(5, NoAnswer("x"))
    assert health.find_fault("bms pack") is not None


def test_one_loss_in_ten_is_reported_and_one_in_a_hundred_is_not() -> None:
    for every, reported in ((10, True), (100, False)):
        health = LineHealth()
        for second in range(590):
            health.count(second, WrongFrame("x") if second % every == 0 else None)
        assert (health.find_fault("bms pack") is not None) is reported


def test_a_pulled_cable_is_no_bad_line() -> None:
    health = LineHealth()
    for second in range(100):
        health.count(second, ClosedLine("there is no /dev/ttyUSB0"))
    assert health.find_fault("charger main") is None
