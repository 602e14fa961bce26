"""The verdict on gate 0: by sizes, by agreement with looks, and never at one sign."""

import pytest

from sensors.camera.gates.self_test import (
    REJECT_LIMIT,
    TRUST_LIMIT,
    SelfTest,
    SelfTestResult,
)

GOOD = {"detection_limit": TRUST_LIMIT / 2, "size_spread": 0.1, "share_of_key": 0.01}


def a_trusted_one() -> SelfTest:
    test = SelfTest()
    test.judge(**GOOD)
    return test


def test_nothing_is_trusted_before_it_is_tested() -> None:
    test = SelfTest()
    assert test.result is SelfTestResult.UNTESTED
    test.count(0.0, fired=True, seen=True)
    assert test.result is SelfTestResult.UNTESTED
    assert test.why == "packets are still being learnt"


@pytest.mark.parametrize(
    ("unrest", "share", "why"),
    [(0.01, 0.5, "constant size"), (0.4, 0.2, "too large"), (0.01, 0.001, "too large")],
)
def test_sizes_that_cannot_show_a_walker_are_not_trusted(
    unrest: float, share: float, why: str
) -> None:
    test = SelfTest()
    test.judge(detection_limit=2 * REJECT_LIMIT, size_spread=unrest, share_of_key=share)
    assert test.result is SelfTestResult.REJECTED
    assert why in test.why


def test_between_both_limits_the_verdict_stays() -> None:
    between = GOOD | {"detection_limit": (TRUST_LIMIT + REJECT_LIMIT) / 2}
    good, bad = a_trusted_one(), SelfTest()
    good.judge(**between)
    bad.judge(**between)
    assert (good.result, bad.result) == (SelfTestResult.TRUSTED, SelfTestResult.REJECTED)
    bad.judge(**GOOD)
    assert bad.result is SelfTestResult.TRUSTED


def test_packets_that_miss_three_times_what_is_seen_are_not_trusted() -> None:
    test = a_trusted_one()
    for number in range(3):
        assert test.result is SelfTestResult.TRUSTED
        test.count(number, fired=False, seen=True)
    assert test.result is SelfTestResult.REJECTED
    assert test.why == "packets missed motion, or reported motion that was none"


def test_some_misses_among_many_hits_do_no_harm() -> None:
    test = a_trusted_one()
    for number in range(40):
        test.count(number, fired=number % 4 != 0, seen=True)
    assert test.result is SelfTestResult.TRUSTED


def test_packets_that_cry_in_vain_are_not_trusted() -> None:
    test = a_trusted_one()
    for number in range(10):
        test.count(number, fired=True, seen=False)
    assert test.result is SelfTestResult.REJECTED


def test_trust_comes_back_with_hits_and_not_with_one() -> None:
    test = a_trusted_one()
    for number in range(4):
        test.count(number, fired=False, seen=True)
    for number in range(5):  # more often right than wrong, and still not forgiven
        test.count(4 + number, fired=True, seen=True)
    assert test.result is SelfTestResult.REJECTED
    for number in range(10):
        test.count(9 + number, fired=True, seen=True)
    assert verdict_of(test) is SelfTestResult.TRUSTED


def test_trust_comes_back_after_hours() -> None:
    test = a_trusted_one()
    for number in range(4):
        test.count(number, fired=False, seen=True)
    test.count(3 * 3600, fired=True, seen=True)
    assert test.result is SelfTestResult.TRUSTED


def verdict_of(test: SelfTest) -> SelfTestResult:
    return test.result


def test_a_stream_of_key_frames_alone_has_no_packets_to_test() -> None:
    test = SelfTest()
    test.note_only_key_frames()
    assert (test.result, test.why) == (SelfTestResult.REJECTED, "every frame is one")
