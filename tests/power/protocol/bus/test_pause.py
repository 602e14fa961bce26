"""A device that needs more silence between requests than its model usually does."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.protocol.bus.pause import LONGEST_S, TRIAL, DeviceGap, Pause
from power.protocol.errors import NoAnswer
from power.protocol.line_health import LineHealth
from power.protocol.profile import Profile
from provisioning.simulated.devices.models import SIMULATORS, make_byte_device
from provisioning.simulated.lines.quirks import NEEDS_GAP
from provisioning.simulated.lines.serial_line import SerialLine
from tests.scenes.truth import find_wrong_values
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import make_sunny_noon, open_on_line

Lost = Callable[[int], bool]


def never(_: int) -> bool:
    return False


class Counting:
    """The far end of a line that counts the requests that reached it."""

    sends_every_s = None

    def __init__(self, device: Any) -> None:
        self.device = device
        self.count = 0

    def find_request_size(self, begun: bytes) -> int | None:
        return self.device.find_request_size(begun)  # type: ignore[no-any-return]

    def respond(self, request: bytes) -> bytes | None:
        self.count += 1
        return self.device.respond(request)  # type: ignore[no-any-return]

    def send_unasked(self) -> bytes:
        return b""


HURRIED = [model for model in MODELS if not model.tcp_only and model.gap_s < 0.05]
HURRIED = [model for model in HURRIED if model.protocol == "Modbus"]


@pytest.mark.parametrize("profile", HURRIED, ids=lambda one: one.name)
def test_the_gap_is_learned_and_then_nothing_is_lost(profile: Profile) -> None:
    plant, clock = make_sunny_noon(), FakeClock()
    device = Counting(make_byte_device([SIMULATORS[profile.name](plant, (), None, 1.0)], "pty"))
    line = SerialLine(device, clock, quirks=[NEEDS_GAP])
    with open_on_line(profile, line, clock, timeout_s=0.15) as meter:
        for _ in range(3):
            meter.read()
            clock.advance(10)
        clock.advance(60)
        meter.read()  # with what is read once a minute
        began_s, asked = clock.media_s(), device.count
        reading = meter.read()
        assert find_wrong_values(profile, plant, reading) == {}
        assert device.count - asked == len(profile.live)
        assert clock.media_s() - began_s <= 0.1 * len(profile.live)
        assert meter.health.find_fault("charger main") is None


def lose_quick_requests(pause: Pause, needed_s: float, rounds: int) -> None:
    """A device that loses what comes sooner than `needed_s` after a reply."""
    for _ in range(rounds):
        pause.wait(1)
        is_soon = pause.restart(1, answered=pause.get_gap_s(1) >= needed_s)
        if is_soon is not None:
            pause.wait(1)
            pause.restart(1, answered=True)  # its repetition


def test_a_learned_gap_is_the_devices_own_and_has_a_limit(clock: FakeClock) -> None:
    pause = Pause(clock, 0.02)
    pause.restart(1, answered=True)
    lose_quick_requests(pause, 0.05, 10)
    assert pause.get_gap_s(1) == pytest.approx(0.08)
    assert pause.get_gap_s(2) == pytest.approx(0.02)
    lose_quick_requests(pause, 0.5, 100)
    assert pause.get_gap_s(1) == pytest.approx(LONGEST_S)


def ask_often(gap: DeviceGap, count: int, *, needed_s: float = 0.0, lost: Lost = never) -> float:
    """Quick requests to a device whose usual gap is 0.02 s, each repeated where it is lost; the
    share of them with a gap of 0.1 s or more.
    """
    long = 0
    for number in range(count):
        gap_s = max(0.02, gap.gap_s)
        long += gap_s >= 0.1
        if gap_s < needed_s or lost(number):
            gap.note(answered=False, quick=True, gap_s=0.02)
            gap.note(answered=True, quick=False, gap_s=0.02)
        else:
            gap.note(answered=True, quick=True, gap_s=0.02)
    return long / count


@pytest.mark.parametrize("one_in", [200, 100, 50, 25, 10, 5])
def test_a_bad_line_that_loses_at_random_does_not_make_polls_long(one_in: int) -> None:
    """A month of polls every 3 s, in which a gap that is too long would make each take seconds."""
    chance = Random(7)
    share = ask_often(DeviceGap(), 1_000_000, lost=lambda _: chance.random() < 1 / one_in)
    assert share < 0.2


def test_a_gap_that_helps_nothing_is_given_up_and_one_that_helps_is_kept() -> None:
    gap = DeviceGap()
    ask_often(gap, 200, lost=lambda number: number % 5 == 0)
    assert gap.gap_s == 0.0
    slow = DeviceGap()
    assert ask_often(slow, 100_000, needed_s=0.3) > 0.99
    assert slow.gap_s >= 0.3


def test_a_gap_that_was_learned_by_chance_is_forgotten() -> None:
    gap = DeviceGap()
    ask_often(gap, 20, needed_s=0.05)
    assert gap.gap_s == pytest.approx(0.08)
    ask_often(gap, 3 * TRIAL)
    assert gap.gap_s == 0.0


def test_one_lost_reply_or_a_dead_device_teaches_no_gap(clock: FakeClock) -> None:
    pause = Pause(clock, 0.02)
    for answered in (True, True, False, True, *[True] * 30, False, True, *[False] * 30):
        pause.wait(1)
        pause.restart(1, answered=answered)
    assert pause.get_gap_s(1) == pytest.approx(0.02)


def test_the_fault_says_that_the_device_is_asked_too_soon() -> None:
    health = LineHealth()
    for number in range(20):
        health.count(number, NoAnswer("lost", 0.04) if number % 2 else None)
    fault = str(health.find_fault("charger main"))
    assert "it loses requests that follow a reply after 40 ms or less" in fault
    assert "asked more slowly step by step; if this stays, check the connectors" in fault


def test_a_device_that_is_simply_silent_is_not_reported_as_asked_too_soon() -> None:
    health = LineHealth()
    for number in range(20):
        health.count(number, NoAnswer("lost"))
    assert "follow a reply" not in str(health.find_fault("charger main"))
    assert EpeverTracer.gap_s < 0.05
