"""Whether the computer is fast enough for somebody who walks by."""

from inference.energy.pace import RUNS, Pace


def run(took_s: float, *, after_frames: int = 3, runs: int = RUNS) -> str:
    pace = Pace(after_frames)
    for _ in range(runs):
        pace.add(took_s)
    return str(pace.find_fault() or "")


def test_a_computer_that_is_too_slow_for_three_sightings_is_a_fault_with_what_to_do() -> None:
    text = run(4.0)
    assert "takes 4.0 s to analyse" in text
    assert "gone within 8 s" in text
    assert "event_after_frames" in text


def test_one_that_is_fast_enough_is_none() -> None:
    assert run(2.4) == ""


def test_where_one_sighting_makes_an_event_nothing_is_left_to_lower() -> None:
    assert run(60.0, after_frames=1) == ""


def test_a_few_slow_runs_say_nothing() -> None:
    assert run(60.0, runs=RUNS - 1) == ""
    pace = Pace(3)
    for number in range(RUNS):
        pace.add(60.0 if number % 3 == 0 else 0.1)
    assert pace.find_fault() is None


def test_it_is_over_when_the_computer_is_fast_again() -> None:
    pace = Pace(3)
    for took_s in (9.0,) * RUNS + (0.1,) * RUNS:
        pace.add(took_s)
    assert pace.find_fault() is None
