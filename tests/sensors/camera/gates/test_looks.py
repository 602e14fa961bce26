"""Which pictures of what moves are worth a look, and how often."""

from itertools import pairwise

from sensors.camera.gates.motion import Motion
from sensors.camera.gates.segments import HOLD_S
from tests.sensors.camera.gates.test_motion import listening, woken
from tests.sensors.camera.gates.test_packet_gate import KEY_BYTES
from tests.sensors.camera.gates.test_picture_gate import picture


def test_a_segment_outlasts_its_motion_but_the_pictures_of_that_time_are_not_analysed() -> None:
    motion = listening()
    at_s = woken(motion)
    for number in range(5):
        motion.take_picture(picture((50 + 3 * number, 50)), at_s + number / 5)
    ends_s = at_s + 0.8
    assert motion.shows_motion(ends_s)
    motion.take_picture(picture(), ends_s + 0.2)
    assert motion.shows_motion(ends_s + 0.2)  # a single picture may miss somebody
    motion.take_picture(picture(), ends_s + 1)
    assert motion.find_segment(ends_s + 1) is not None
    assert not motion.shows_motion(ends_s + 1)


def test_a_hint_is_worth_looks_for_as_long_as_its_segment_lasts() -> None:
    motion = listening()
    motion.take_hint("pir", 30.0)
    motion.take_picture(picture(), 30.1)
    assert motion.shows_motion(30.0 + HOLD_S - 0.1)
    assert not motion.shows_motion(30.0 + HOLD_S + 0.1)


def test_what_moves_elsewhere_each_time_must_stand_out_each_time() -> None:
    walks, jumps = Motion(), Motion()
    for motion in (walks, jumps):
        for number in range(15):
            motion.take_picture(picture(), 2.0 * number)
        motion.take_picture(picture((50, 50)), 30.0)
        assert motion.find_segment(30.0) is not None
    for number in range(1, 15):
        at_s = 30 + number / 3
        walks.take_picture(small((52 + 2 * number, 55)), at_s)
        jumps.take_picture(small((number * 61 % 140, number * 37 % 100)), at_s)
    assert walks.shows_motion(at_s)
    assert not jumps.shows_motion(at_s)


def small(where: tuple[int, int]) -> bytes:
    """Something half as large as the least that wakes."""
    grey = bytearray(picture(noise=0))
    for y in range(where[1], where[1] + 3):
        for x in range(where[0], where[0] + 4):
            grey[y * 160 + x] ^= 0x60
    return bytes(grey)


def test_looks_that_lead_to_nothing_are_made_at_key_frames_alone() -> None:
    motion = Motion()
    for number in range(15):
        motion.take_picture(picture(), 2.0 * number)
    looks = []
    for number in range(300):
        at_s, is_key = 30 + number / 10, number % 20 == 0
        motion.take_packet(at_s, KEY_BYTES if is_key else 15_000, is_key)
        motion.take_hint("pir", at_s)
        motion.note_request(at_s, moved=True)
        if motion.may_look(at_s):
            looks.append((at_s, is_key))
            motion.note_look(at_s)
    assert len(looks) <= 10 + 30 * (0.5 + 0.1)
    assert all(is_key for at_s, is_key in looks if at_s > 32)
    assert "again and again" in motion.gates
    motion.note_request(60.0, moved=False)
    assert motion.may_look(60.1)


def test_looks_that_come_a_moment_after_each_key_frame_miss_none() -> None:
    motion = Motion()
    looks = []
    for number in range(600):
        at_s = number / 10
        motion.take_packet(at_s, KEY_BYTES if number % 20 == 0 else 15_000, number % 20 == 0)
        motion.take_hint("pir", at_s)
        motion.note_request(at_s, moved=True)
        if motion.may_look(at_s):
            looks.append(at_s)
            motion.note_look(at_s + 0.1)  # decoding and handing out take their time
    steady = [at_s for at_s in looks if at_s > 3]  # the first looks are made in a row
    assert max(b - a for a, b in pairwise(steady)) <= 2.5


def test_where_key_frames_are_far_apart_others_are_looked_at_between_them() -> None:
    motion = Motion()
    looks = []
    for number in range(300):
        at_s = number / 10
        motion.take_packet(at_s, 15_000, is_key=number % 100 == 0)
        motion.take_hint("pir", at_s)
        motion.note_request(at_s, moved=True)
        if motion.may_look(at_s):
            looks.append(at_s)
            motion.note_look(at_s)
    assert max(b - a for a, b in pairwise(looks)) <= 4
