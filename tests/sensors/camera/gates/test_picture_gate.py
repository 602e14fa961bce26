"""Gate 1 on made-up small pictures: people yes; noise, light, masks and what stands still no."""

from typing import Any

import numpy as np
import pytest

from sensors.camera.gates.picture_gate import HEIGHT, WIDTH, FrameDifference, PictureGate

CHANCE = np.random.default_rng(5)
YARD = np.kron(CHANCE.integers(60, 180, (15, 20)), np.ones((8, 8))).astype(np.float64)


def picture(
    person: tuple[int, int] | None = None, noise: float = 1.0, gain: float = 1.0, lift: float = 0.0
) -> bytes:
    """The yard, and a person of 6 x 14 pixels (left, top), 50 grey levels apart from it."""
    grey = YARD.copy()
    if person:
        left, top = person
        part = grey[top : top + 14, left : left + 6]
        part += np.where(part < 120, 50, -50)
    return as_bytes(grey * gain + lift + CHANCE.normal(0, noise, grey.shape))


def as_bytes(grey: Any) -> bytes:
    return bytes(np.clip(np.round(grey), 0, 255).astype(np.uint8).tobytes())


def learnt(noise: float = 1.0, looks: int = 15) -> PictureGate:
    """A gate that saw the empty yard every 2 s until 0 s."""
    gate = PictureGate()
    for number in range(looks):
        gate.compare(picture(noise=noise), (number - looks) * 2.0)
    return gate


def test_the_first_picture_shows_nothing_that_moves() -> None:
    assert PictureGate().compare(picture((50, 50)), 0.0).score == 0


def test_a_person_moves_and_the_region_is_around_it() -> None:
    look = learnt().compare(picture((50, 50)), 0.0)
    assert look.score >= 3
    assert look.region is not None
    box = look.region
    assert box.left * WIDTH <= 50
    assert box.right * WIDTH >= 56
    assert box.top * HEIGHT <= 50
    assert box.bottom * HEIGHT >= 64
    assert (box.right - box.left) * (box.bottom - box.top) < 0.12


def test_the_region_is_that_of_the_larger_of_two() -> None:
    gate = learnt()
    grey = np.frombuffer(picture((20, 20)), np.uint8).reshape(HEIGHT, WIDTH).copy()
    grey[60:100, 100:130] = 255 - grey[60:100, 100:130] // 2
    look = gate.compare(as_bytes(grey), 0.0)
    assert look.region is not None
    assert look.region.left > 0.5


@pytest.mark.parametrize("noise", [1.0, 3.0, 6.0])
def test_noise_alone_never_moves(noise: float) -> None:
    gate = learnt(noise)
    assert max(gate.compare(picture(noise=noise), at * 0.2).score for at in range(1, 300)) < 1


def test_noise_does_not_move_before_it_is_learnt_either() -> None:
    for _ in range(5):
        gate = PictureGate()
        gate.compare(picture(noise=6.0), 0.0)
        assert gate.compare(picture(noise=6.0), 2.0).score < 1


def rainy(person: tuple[int, int] | None = None) -> bytes:
    """Twelve streaks of 4 x 5 pixels, elsewhere in each picture."""
    grey = np.frombuffer(picture(person), np.uint8).reshape(HEIGHT, WIDTH).astype(float)
    for left, top in CHANCE.integers((0, 0), (WIDTH - 4, HEIGHT - 5), (12, 2)).tolist():
        grey[top : top + 5, left : left + 4] += 40
    return as_bytes(grey)


def test_many_small_parts_at_once_are_rain_and_a_person_is_larger() -> None:
    gate = PictureGate()
    scores = [gate.compare(rainy(), number * 2.0).score for number in range(60)]
    assert sum(score >= 1 for score in scores) <= 8
    seen = [gate.compare(rainy((20 + 6 * n, 50)), 120 + n * 0.5).score >= 1 for n in range(10)]
    assert sum(seen) >= 5


def test_a_person_is_seen_through_the_noise_of_a_night() -> None:
    assert learnt(noise=3.0).compare(picture((50, 50), noise=3.0), 0.0).score >= 1


def test_single_pixels_never_move() -> None:
    gate = learnt()
    grey = np.frombuffer(picture(), np.uint8).reshape(HEIGHT, WIDTH).copy()
    grey[::3, ::3] = 255
    assert gate.compare(as_bytes(grey), 0.0).score < 1


def walk_before(gate: PictureGate, lefts: list[int], every_s: float) -> list[FrameDifference]:
    return [
        gate.compare(picture((left, 50)), number * every_s) for number, left in enumerate(lefts)
    ]


def test_who_stands_still_no_longer_moves_and_who_walks_on_does() -> None:
    gate = learnt()
    looks = walk_before(gate, [20, 26, 32, 38, *([44] * 20), 50, 56], every_s=0.5)
    assert all(look.score >= 1 for look in looks[:5])
    assert all(look.score < 1 for look in looks[7:24])
    assert all(look.score >= 1 for look in looks[24:])


def test_the_hole_that_somebody_leaves_does_not_move() -> None:
    gate = PictureGate()
    for number in range(10):
        gate.compare(picture((50, 50)), number * 0.5)
    assert gate.compare(picture(), 5.0).score >= 1  # leaving is movement
    assert all(gate.compare(picture(), 5.0 + number * 0.5).score < 1 for number in range(3, 20))


def test_masked_parts_never_move() -> None:
    half = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    gate = PictureGate([half])
    for number in range(15):
        gate.compare(picture(), number * 2.0)
    assert gate.compare(picture((50, 50)), 30.0).score < 1
    assert gate.compare(picture((110, 50)), 32.0).score >= 1


def test_a_mask_covers_the_pixels_whose_middle_is_in_its_polygon() -> None:
    triangle = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0))
    gate = PictureGate([triangle])
    assert not gate._open[10, 10]
    assert not gate._open[0, WIDTH - 3]
    assert gate._open[HEIGHT - 2, WIDTH - 2]
    assert abs(gate._open.mean() - 0.5) < 0.01


def test_a_swaying_branch_moves_at_first_and_is_noise_after_a_minute() -> None:
    gate = learnt()
    scores = []
    for number in range(300):
        grey = np.frombuffer(picture(), np.uint8).reshape(HEIGHT, WIDTH).copy()
        x = 60 + 3 * (number % 3)
        grey[40:60, x : x + 8] = 220
        scores.append(gate.compare(as_bytes(grey), number * 0.4).score)
    assert max(scores[:20]) >= 1
    assert max(scores[150:]) < 1
    assert gate.compare(picture((120, 80)), 120.0).score >= 1


def test_dawn_and_passing_clouds_are_followed() -> None:
    gate = learnt()
    scores = []
    for number in range(100):
        light = 0.6 + 0.4 * abs(1 - number / 50)
        scores.append(gate.compare(picture(gain=light), number * 2.0).score)
    assert max(scores) < 1
    assert gate.compare(picture((50, 50)), 200.0).score >= 1


def test_another_light_changes_the_whole_picture_and_keeps_its_structure() -> None:
    look = learnt().compare(picture(gain=0.5, lift=90), 0.0)
    assert look.changed_share > 0.8
    assert look.likeness is not None
    assert look.likeness > 0.9
    other = as_bytes(np.rot90(YARD[:, :HEIGHT], 1).repeat(2, axis=1)[:, :WIDTH])
    turned = learnt().compare(other, 0.0)
    assert turned.changed_share > 0.8
    assert turned.likeness is not None
    assert turned.likeness < 0.4


def test_a_covered_camera_is_flat() -> None:
    look = learnt().compare(as_bytes(np.full((HEIGHT, WIDTH), 17.0)), 0.0)
    assert look.contrast < 2
    assert look.likeness is None
