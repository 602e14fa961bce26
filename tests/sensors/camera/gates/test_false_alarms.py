"""False alarms cost little: usual motion wakes nobody, looks that find nothing become few."""

import numpy as np

from sensors.camera.gates.false_alarms import (
    LEAST_EVERY_S,
    LOOKS_PER_S,
    MOST_LOOKS,
    MOST_THRESHOLD,
    FalseAlarms,
)

CHANCE = np.random.default_rng(3)


def after_scores(scores: list[float], every_s: float = 2.0) -> FalseAlarms:
    alarms = FalseAlarms()
    for number, score in enumerate(scores):
        alarms.note_score(number * every_s, score)
    return alarms


def count_looks(alarms: FalseAlarms, begins_s: float, seconds: int, found: bool = False) -> int:
    """Looks that five pictures a second that move lead to."""
    looks = 0
    for number in range(5 * seconds):
        at_s = begins_s + number / 5
        if alarms.may_look(at_s):
            looks += 1
            alarms.note_look(at_s)
            alarms.note_result(found=found)
    return looks


def test_motion_must_stand_out_from_the_usual_score_of_rain() -> None:
    rain = CHANCE.gamma(6.0, 0.1, 300).tolist()  # 0.6 in the middle, one of 20 above 1
    assert 1.2 < after_scores(rain).threshold < 1.8
    assert after_scores([0.1] * 300).threshold == 1.0


def test_a_storm_does_not_raise_the_threshold_beyond_what_a_person_scores() -> None:
    assert after_scores([20.0] * 300).threshold == MOST_THRESHOLD


def test_what_passes_once_does_not_make_the_camera_blind() -> None:
    alarms = after_scores([0.2] * 100)
    for number in range(50):
        alarms.note_score(200 + number / 5, 6.0)
    assert alarms.threshold < 2.0
    for number in range(100):
        alarms.note_score(210 + 2.0 * number, 0.2)
    assert alarms.threshold == 1.0


def test_looks_that_find_nothing_become_few_and_never_stop() -> None:
    alarms = FalseAlarms()
    assert count_looks(alarms, 0.0, 2) == MOST_LOOKS
    looks = count_looks(alarms, 2.0, 600)
    assert 600 / LEAST_EVERY_S - 1 <= looks <= 600 * (1 / LEAST_EVERY_S + LOOKS_PER_S) + 1
    assert alarms.words == "motion that is none again and again, analysed every 2 s"


def test_what_is_found_is_followed_at_the_full_rate() -> None:
    alarms = FalseAlarms()
    count_looks(alarms, 0.0, 60)
    assert count_looks(alarms, 60.0, 10) <= 6
    alarms.note_result(found=True)
    assert count_looks(alarms, 70.0, 10, found=True) == 50


def test_the_allowance_fills_again_in_quiet_times() -> None:
    alarms = FalseAlarms()
    count_looks(alarms, 0.0, 60)
    assert count_looks(alarms, 60 + MOST_LOOKS / LOOKS_PER_S, 2) == MOST_LOOKS


def test_requests_without_a_look_cost_nothing() -> None:
    alarms = FalseAlarms()
    for _ in range(100):
        alarms.note_result(found=False)
    assert not alarms.is_exhausted
