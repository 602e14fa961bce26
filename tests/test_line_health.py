"""A line that works badly is told in words and counts, also where a second try mends each loss."""

from power.line import ExceptionAnswer, NoAnswer, WrongFrame
from power.line_health import LineHealth


def test_a_good_line_has_nothing_to_complain_of() -> None:
    health = LineHealth()
    for second in range(1000):
        health.count(second, None)
    health.count(1000, WrongFrame("once"))
    assert health.complaint("charger main") is None


def test_wrong_checksums_are_counted_and_the_wires_are_named() -> None:
    health = LineHealth()
    for second in range(600):
        health.count(second, WrongFrame("bad") if second % 15 == 0 else None)
    complaint = str(health.complaint("charger main"))
    assert complaint.startswith(
        "charger main answered with a wrong checksum or damaged 40 times in"
    )
    assert "in 10 min, of 600 requests" in complaint
    assert "termination" in complaint


def test_missing_answers_are_told_apart_from_damaged_ones() -> None:
    health = LineHealth()
    for second in range(100):
        health.count(second, NoAnswer("gone") if second % 5 == 0 else None)
    assert "did not answer 20 times" in str(health.complaint("bms pack"))


def test_refusals_are_no_fault_of_the_line() -> None:
    health = LineHealth()
    for second in range(100):
        health.count(second, ExceptionAnswer("no", 2))
    assert health.complaint("charger main") is None


def test_what_was_bad_ten_minutes_ago_is_forgotten() -> None:
    health = LineHealth()
    for second in range(20):
        health.count(second, WrongFrame("bad"))
    assert health.complaint("charger main")
    for second in range(700, 720):
        health.count(second, None)
    assert health.complaint("charger main") is None
