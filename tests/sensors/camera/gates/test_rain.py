"""Rain is taken out of pictures by the median of three; calm scenes cost no picture more."""

import numpy as np
import pytest

from sensors.camera.gates.motion import Motion
from sensors.camera.gates.picture_gate import HEIGHT, WIDTH
from sensors.camera.gates.rain import RESTLESS_PIXELS, Rain
from tests.sensors.camera.gates.test_packet_gate import KEY_BYTES
from tests.sensors.camera.gates.test_picture_gate import as_bytes, picture

CHANCE = np.random.default_rng(11)


def raining(person: tuple[int, int] | None = None, drops: int = 25) -> bytes:
    """The yard behind streaks of 3 x 5 pixels that are elsewhere in each picture."""
    grey = np.frombuffer(picture(person), np.uint8).reshape(HEIGHT, WIDTH).astype(float)
    for left, top in CHANCE.integers((0, 0), (WIDTH - 3, HEIGHT - 5), (drops, 2)).tolist():
        grey[top : top + 5, left : left + 3] += 40
    return as_bytes(grey)


def play(motion: Motion, begins_s: float, seconds: int, lefts: dict[float, int]) -> list[float]:
    """Ten frames a second, a key frame every 2 s, decoded where the gates ask; when they wake.

    `lefts`: where somebody is, by time; nobody at other times. Nobody requests pictures.
    """
    woken_s = []
    for number in range(10 * seconds):
        at_s = round(begins_s + number / 10, 1)
        is_key = number % 20 == 0
        motion.take_packet(at_s, KEY_BYTES if is_key else 15_000, is_key)
        if motion.wants_probe(at_s) if is_key else motion.wants_more(at_s):
            left = lefts.get(at_s)
            motion.take_picture(raining(None if left is None else (left, 50)), at_s)
        if motion.find_segment(at_s):
            woken_s.append(at_s)
    return woken_s


def test_rain_wakes_hardly_ever_once_it_is_known_and_a_person_in_it_does() -> None:
    motion = Motion()
    play(motion, 0.0, 90, {})
    assert motion.rains
    assert len(play(motion, 90.0, 120, {})) <= 120  # of 1200
    lefts = {round(210 + number / 10, 1): 10 + 2 * number for number in range(60)}
    woken_s = play(motion, 210.0, 8, lefts)
    assert woken_s
    assert woken_s[0] <= 212.3


def test_a_moment_is_three_pictures_and_drops_are_in_none_of_them() -> None:
    rain = Rain()
    for _ in range(100):
        rain.note(200)
    assert rain.falls
    yard = picture(noise=0)
    results = []
    for number in range(3):
        results.append(rain.gather(raining(drops=8), 10 + number / 10))
        assert rain.wants_more(10.1 + number / 10) == (number < 2)
    assert results[:2] == [None, None]
    assert results[2] is not None
    wrong = np.abs(results[2].astype(int) - np.frombuffer(yard, np.uint8)) > 15
    assert wrong.sum() < 40  # of 360 pixels of drops


def test_where_nobody_gives_the_other_pictures_the_single_one_counts() -> None:
    rain = Rain()
    for _ in range(100):
        rain.note(200)
    found = [rain.gather(raining(), 2.0 * number) for number in range(5)]
    assert found[0] is None
    assert all(one is not None for one in found[1:])


@pytest.mark.parametrize("pixels", [0, int(RESTLESS_PIXELS) - 1])
def test_a_calm_scene_takes_no_picture_more(pixels: int) -> None:
    rain = Rain()
    for _ in range(500):
        rain.note(pixels)
    assert not rain.falls
    assert not rain.wants_more(1.0)


def test_rain_that_is_over_is_noticed() -> None:
    rain = Rain()
    for _ in range(100):
        rain.note(200)
    for _ in range(100):
        rain.note(0)
    assert not rain.falls


def test_who_stays_a_while_is_no_rain() -> None:
    motion = Motion()
    for number in range(100):
        motion.take_picture(picture(), number * 2.0)
    for number in range(10):
        motion.take_picture(picture((20 + 10 * number, 50)), 200 + 2.0 * number)
    assert not motion.rains
