"""Light: a change of the whole picture is ignored, but neither for long nor again and again."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from sensors.camera.gates.light import RESTLESS, STAYS_S, Light, Whole
from sensors.camera.gates.motion import WHOLE_PICTURE, Motion
from sensors.camera.gates.packet_gate import PacketGate
from tests.sensors.camera.gates.test_packet_gate import KEY_BYTES, stream
from tests.sensors.camera.gates.test_picture_gate import YARD, as_bytes, picture

KEY_EVERY_S = 2.0
CHANCE = np.random.default_rng(8)


def judge(light: Light, media_s: float, share: float, likeness: float = 0.9) -> Whole:
    return light.judge(media_s, changed_share=share, likeness=likeness)


def test_a_changed_whole_is_light_and_settles_for_some_seconds() -> None:
    light = Light()
    assert judge(light, 0.0, 0.3) is Whole.STEADY
    assert judge(light, 1.0, 0.85) is Whole.LIGHT
    assert judge(light, 3.5, 0.1) is Whole.LIGHT
    assert judge(light, 4.5, 0.1) is Whole.STEADY
    light.note_contrast(4.5, 40.0)
    assert light.words == ""


def test_a_view_that_stays_another_is_reported_and_a_flat_one_until_it_is_over() -> None:
    turned, flat = Light(), Light()
    judge(turned, 1.0, 0.9, likeness=0.1)
    for at_s in (1.0, 10.0):
        turned.note_contrast(at_s, 40.0)
        flat.note_contrast(at_s, 1.0)
        assert turned.words == flat.words == ""
    turned.note_contrast(1.0 + STAYS_S, 40.0)
    flat.note_contrast(1.0 + STAYS_S, 1.0)
    assert "turned?" in turned.words
    assert "covered?" in flat.words
    flat.note_contrast(40.0, 30.0)
    assert flat.words == ""


def test_light_that_never_comes_to_rest_is_blamed_for_a_small_share_of_the_time() -> None:
    light = Light()
    taken = [judge(light, at_s, 0.9) for at_s in range(0, 3600, 2)]
    assert taken[0] is Whole.LIGHT
    assert Whole.MOTION in taken[:10]
    assert taken.count(Whole.LIGHT) < 0.07 * len(taken)


def test_light_that_changes_each_quarter_of_an_hour_is_always_blamed() -> None:
    light = Light()
    assert all(judge(light, at_s, 0.9) is Whole.LIGHT for at_s in range(0, 36_000, 900))


# --- the whole kind: what changes again and again wakes, and is told --------------------------


def cuts() -> Iterator[bytes]:
    """Another view each time, as a video of cut scenes gives it."""
    while True:
        yield as_bytes(np.kron(CHANCE.integers(20, 235, (15, 20)), np.ones((8, 8))))


def flicker() -> Iterator[bytes]:
    """A lamp that is on in one key frame and off in the next."""
    while True:
        yield picture(gain=0.5, lift=90)
        yield picture()


def lightning() -> Iterator[bytes]:
    """Bright beyond what a gain explains, now and then."""
    while True:
        yield picture()
        yield as_bytes(np.minimum(YARD + 120, 235) + CHANCE.normal(0, 1, YARD.shape))
        yield picture()


def headlights() -> Iterator[bytes]:
    """Light that comes from another side each time."""
    while True:
        for tilt in (0.4, 1.9):
            beam = np.linspace(tilt, 2.3 - tilt, YARD.shape[1])
            yield as_bytes(np.clip(YARD * beam, 0, 255))


@pytest.mark.parametrize("pictures", [cuts, flicker, lightning, headlights])
def test_what_changes_as_a_whole_again_and_again_wakes_within_half_a_minute(
    pictures: Any,
) -> None:
    motion = Motion()
    woken_s = []
    for number, grey in zip(range(60), pictures(), strict=False):
        at_s = number * KEY_EVERY_S
        motion.take_packet(at_s, KEY_BYTES, is_key=True)
        motion.take_picture(grey, at_s)
        if motion.find_segment(at_s):
            woken_s.append(at_s)
    assert woken_s
    assert woken_s[0] <= 30
    assert len([at_s for at_s in woken_s if at_s > 60]) > 15


def test_who_wakes_for_restless_light_says_so_and_how_it_was_noticed() -> None:
    motion = Motion()
    for number, grey in zip(range(12), cuts(), strict=False):
        motion.take_picture(grey, number * KEY_EVERY_S)
    segment = motion.find_segment(22.0)
    assert segment is not None
    assert segment.woken_by == WHOLE_PICTURE
    assert segment.score >= 1
    assert motion.gates.endswith(RESTLESS)
    for number in range(12, 40):
        motion.take_picture(picture(), number * KEY_EVERY_S)
    assert motion.find_segment(78.0) is None
    assert RESTLESS not in motion.gates


def test_flashes_of_the_packets_are_ignored_only_for_a_small_share_of_the_time() -> None:
    gate = PacketGate()
    fired = []
    for number, (media_s, size, is_key) in enumerate(stream(300)):
        is_flash = number % 31 == 30 and not is_key  # some of each three seconds
        strength = gate.take_packet(media_s, KEY_BYTES // 2 if is_flash else size, is_key)
        fired += [media_s] if strength >= 1 else []
    assert len(fired) > 20
