"""The verdict on gate 0: by sizes, by agreement with looks, and never at one sign."""

import pytest

from sensors.camera.gates.self_test import DEAF_REACH, TRUST_REACH, SelfTest, Verdict

GOOD = (TRUST_REACH / 2, 0.1, 0.01)


def a_trusted_one() -> SelfTest:
    test = SelfTest()
    test.judge(*GOOD)
    return test


def test_nothing_is_trusted_before_it_is_tested() -> None:
    test = SelfTest()
    assert test.verdict is Verdict.UNTESTED
    test.count(0.0, heard=True, seen=True)
    assert test.verdict is Verdict.UNTESTED
    assert test.why == "packets are still being learnt"


@pytest.mark.parametrize(
    ("unrest", "share", "why"),
    [(0.01, 0.5, "constant size"), (0.4, 0.2, "too large"), (0.01, 0.001, "too large")],
)
def test_sizes_that_cannot_show_a_walker_are_not_trusted(
    unrest: float, share: float, why: str
) -> None:
    test = SelfTest()
    test.judge(2 * DEAF_REACH, unrest, share)
    assert test.verdict is Verdict.DEAF
    assert why in test.why


def test_between_both_limits_the_verdict_stays() -> None:
    between = (TRUST_REACH + DEAF_REACH) / 2
    good, bad = a_trusted_one(), SelfTest()
    good.judge(between, 0.1, 0.01)
    bad.judge(between, 0.1, 0.01)
    assert (good.verdict, bad.verdict) == (Verdict.TRUSTED, Verdict.DEAF)
    bad.judge(*GOOD)
    assert bad.verdict is Verdict.TRUSTED


def test_packets_that_miss_three_times_what_is_seen_are_not_trusted() -> None:
    test = a_trusted_one()
    for number in range(3):
        assert test.verdict is Verdict.TRUSTED
        test.count(number, heard=False, seen=True)
    assert test.verdict is Verdict.DEAF
    assert test.why == "packets missed what moved or told what did not"


def test_some_misses_among_many_hits_do_no_harm() -> None:
    test = a_trusted_one()
    for number in range(40):
        test.count(number, heard=number % 4 != 0, seen=True)
    assert test.verdict is Verdict.TRUSTED


def test_packets_that_cry_in_vain_are_not_trusted() -> None:
    test = a_trusted_one()
    for number in range(10):
        test.count(number, heard=True, seen=False)
    assert test.verdict is Verdict.DEAF


def test_trust_comes_back_with_hits_and_not_with_one() -> None:
    test = a_trusted_one()
    for number in range(4):
        test.count(number, heard=False, seen=True)
    for number in range(5):  # more often right than wrong, and still not forgiven
        test.count(4 + number, heard=True, seen=True)
    assert test.verdict is Verdict.DEAF
    for number in range(10):
        test.count(9 + number, heard=True, seen=True)
    assert verdict_of(test) is Verdict.TRUSTED


def test_trust_comes_back_after_hours() -> None:
    test = a_trusted_one()
    for number in range(4):
        test.count(number, heard=False, seen=True)
    test.count(3 * 3600, heard=True, seen=True)
    assert test.verdict is Verdict.TRUSTED


def verdict_of(test: SelfTest) -> Verdict:
    return test.verdict


def test_a_stream_of_key_frames_alone_has_no_packets_to_hear() -> None:
    test = SelfTest()
    test.only_key_frames()
    assert (test.verdict, test.why) == (Verdict.DEAF, "every frame is one")
