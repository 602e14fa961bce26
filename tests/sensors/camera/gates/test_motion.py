"""The gates together, fed as a camera process feeds them: sizes, small pictures, hints."""

from collections.abc import Iterator

import pytest

from sensors.camera.gates.motion import KEY_FRAMES, PACKETS, PROBE_EVERY_S, Motion
from sensors.camera.gates.segments import HOLD_S
from tests.sensors.camera.gates.test_packet_gate import KEY_BYTES, Packet, stream
from tests.sensors.camera.gates.test_picture_gate import picture


def fed(motion: Motion, *streams: Iterator[Packet]) -> Motion:
    for packets in streams:
        for packet in packets:
            motion.take_packet(*packet)
    return motion


def listening() -> Motion:
    """Half a minute of a still scene with a variable rate was received and analysed."""
    motion = Motion()
    for packet in stream(30):
        motion.take_packet(*packet)
        if packet[2] and motion.wants_probe(packet[0]):
            motion.take_picture(picture(), packet[0])
    return motion


def woken(motion: Motion, start_s: float = 30.0) -> float:
    """Packets of a walker until the gates wake; returns when."""
    for packet in stream(5, start_s, walker=400):
        motion.take_packet(*packet)
        if motion.find_segment(packet[0]):
            return packet[0]
    pytest.fail("nobody woke")


# --- who wakes -----------------------------------------------------------------------------------


def test_trusted_packets_wake_and_say_so() -> None:
    motion = listening()
    assert motion.packets_trusted
    assert motion.gates == "packets; key frames every 10 s"
    at_s = woken(motion)
    segment = motion.find_segment(at_s)
    assert segment is not None
    assert (segment.began_s, segment.woken_by) == (at_s, PACKETS)
    assert segment.score >= 1


def test_who_never_asks_for_probes_has_packets_alone() -> None:
    assert fed(Motion(), stream(30)).gates == "packets"


def test_packets_that_are_not_yet_tested_do_not_wake() -> None:
    motion = Motion()
    assert not motion.packets_trusted
    fed(motion, stream(1.5), stream(0.4, 1.6, walker=5000))
    assert motion.find_segment(2.0) is None
    assert motion.gates == "key frames: packets are still being learnt"


def test_a_constant_rate_is_rejected_and_key_frames_wake() -> None:
    motion = Motion()
    for number in range(300):
        media_s, is_key = number / 10, number % 20 == 0
        motion.take_packet(media_s, 15_000, is_key)
        if is_key:
            assert motion.wants_probe(media_s)
            motion.take_picture(picture(), media_s)
    assert not motion.packets_trusted
    assert motion.gates == "key frames only: the packets have a constant size"
    motion.take_picture(picture((50, 50)), 30.0)
    segment = motion.find_segment(30.0)
    assert segment is not None
    assert segment.woken_by == KEY_FRAMES
    assert motion.region is not None


def test_a_stream_of_key_frames_alone_says_so_and_is_not_analysed_too_often() -> None:
    motion = Motion()
    looks = 0
    for number in range(250):
        motion.take_packet(number / 25, 30_000, is_key=True)
        if motion.wants_probe(number / 25):
            looks += 1
            motion.take_picture(picture(), number / 25)
    assert motion.gates == "key frames only: every frame is one"
    assert looks <= 30


def test_a_hint_wakes_and_is_not_denied() -> None:
    motion = listening()
    motion.take_hint("onvif motion", 30.0)
    motion.take_picture(picture(), 30.1)
    segment = motion.find_segment(30.2)
    assert segment is not None
    assert segment.woken_by == "onvif motion"
    assert motion.find_segment(30.1 + HOLD_S) is None


def test_a_hint_stands_against_a_picture_that_denies_packets() -> None:
    motion = listening()
    at_s = woken(motion)
    motion.take_hint("pir", at_s)
    motion.take_picture(picture(), at_s)
    assert motion.find_segment(at_s) is not None


# --- looks confirm or deny -----------------------------------------------------------------------


def test_a_picture_that_shows_nothing_ends_at_once_what_packets_began() -> None:
    motion = listening()
    at_s = woken(motion)
    motion.take_picture(picture(), at_s)
    assert motion.find_segment(at_s) is None
    assert motion.take_ended() == []


def test_packets_that_are_denied_wake_ever_less_often() -> None:
    motion = listening()
    looks = []
    for packet in stream(60, 30, walker=900):
        motion.take_packet(*packet)
        if motion.find_segment(packet[0]):
            looks.append(packet[0])
            motion.take_picture(picture(), packet[0])
    assert len([at_s for at_s in looks if at_s < 32]) >= 2
    assert len(looks) < 15
    assert looks[-1] < 60
    assert motion._test._wrong <= 3  # ten seconds count once


def test_a_long_walk_that_pictures_confirm_does_not_become_usual() -> None:
    motion = listening()
    for packet in stream(600, 30, walker=400):
        motion.take_packet(*packet)
        if packet[2] and motion.wants_probe(packet[0]):
            motion.take_picture(picture((int(packet[0]) * 7 % 140, 50)), packet[0])
    assert motion._packets.fired_s > 628
    assert motion.packets_trusted


def test_single_pictures_that_miss_somebody_are_not_held_against_packets() -> None:
    motion = listening()
    for number, packet in enumerate(stream(20, 30, walker=400)):
        motion.take_packet(*packet)
        if motion.find_segment(packet[0]):
            shown = (int(packet[0] * 7) % 140, 50) if number % 5 else None
            motion.take_picture(picture(shown), packet[0])
    assert motion.find_segment(50.0) is not None
    assert motion._test._wrong == 0


def test_a_picture_confirms_and_a_later_empty_one_does_not_end_it_at_once() -> None:
    motion = listening()
    at_s = woken(motion)
    motion.take_picture(picture((50, 50)), at_s)
    motion.take_picture(picture(), at_s + 0.4)
    motion.take_picture(picture(), at_s + 1.0)
    assert motion.region is None
    segment = motion.find_segment(at_s + 2)
    assert segment is not None
    assert segment.woken_by == PACKETS


def test_what_packets_began_is_confirmed_by_less_than_what_wakes_alone() -> None:
    alone, reported = listening(), listening()
    at_s = woken(reported)
    for motion in (alone, reported):
        motion.take_picture(person_of(3), at_s)
    assert alone.find_segment(at_s) is None
    assert reported.find_segment(at_s) is not None
    assert reported.region is not None


def person_of(height: int) -> bytes:
    """The yard with somebody of 4 pixels' width."""
    grey = bytearray(picture(noise=0))
    for y in range(50, 50 + height):
        for x in range(50, 54):
            grey[y * 160 + x] ^= 0x60
    return bytes(grey)


def test_key_frames_are_asked_for_rarely_while_packets_are_trusted_and_nothing_moves() -> None:
    motion = listening()
    asked = [packet[0] for packet in stream(60, 30) if asked_and_looked(motion, packet)]
    assert 5 <= len(asked) <= 60 / PROBE_EVERY_S + 1


def asked_and_looked(motion: Motion, packet: Packet) -> bool:
    motion.take_packet(*packet)
    if not packet[2] or not motion.wants_probe(packet[0]):
        return False
    motion.take_picture(picture(), packet[0])
    return True


def test_the_next_key_frame_is_asked_for_while_something_moves() -> None:
    motion = listening()
    at_s = woken(motion)
    assert motion.wants_probe(at_s + 1.5)
    motion.take_picture(picture((50, 50)), at_s + 1.5)
    assert not motion.wants_probe(at_s + 2.0)
    assert motion.wants_probe(at_s + 3.0)
    fed(motion, stream(7, at_s + 1))
    assert not motion.wants_probe(at_s + 8)  # it is over


def test_packets_that_miss_what_key_frames_show_lose_their_trust() -> None:
    motion = listening()
    packets = stream(400, 30)  # sizes of a still scene
    for packet in packets:
        motion.take_packet(*packet)
        if packet[2] and motion.wants_probe(packet[0]):
            here = (int(packet[0]) * 7 % 140, 50) if int(packet[0] / 20) % 2 else None
            motion.take_picture(picture(here), packet[0])
    assert not motion.packets_trusted
    assert (
        motion.gates == "key frames only: packets missed motion, or reported motion that was none"
    )
    fed(motion, stream(20, 430), stream(5, 450, walker=900))
    assert motion.find_segment(455.0) is None


# --- segments -----------------------------------------------------------------------------------


def test_each_ended_segment_is_reported_once() -> None:
    motion = fed(listening(), stream(5, 30, walker=400), stream(20, 35))
    segments = motion.take_ended()
    assert len(segments) == 1
    assert 30 <= segments[0].began_s <= 30.4
    assert 34.5 <= segments[0].last_s <= 36
    assert motion.take_ended() == []


def test_a_stretch_that_never_ends_is_told_in_parts_while_it_lasts() -> None:
    motion = fed(listening(), stream(25, 30, walker=400))
    first = motion.take_ended(longest_s=10.0)
    assert [round(part.last_s - part.began_s) for part in first] == [25]
    assert motion.find_segment(55.0) is not None, "it goes on"
    fed(motion, stream(4, 55, walker=400))
    assert motion.take_ended(longest_s=10.0) == []
    fed(motion, stream(8, 59, walker=400), stream(20, 67))
    (last,) = motion.take_ended(longest_s=10.0)
    assert last.began_s == first[0].last_s, "no time is told twice, none is left out"


def test_stretches_less_than_the_hold_apart_are_one_and_others_two() -> None:
    near = fed(
        listening(),
        stream(4, 30, walker=400),
        stream(2, 34),
        stream(4, 36, walker=400),
        stream(9, 40),
    )
    far = fed(
        listening(),
        stream(4, 30, walker=400),
        stream(8, 34),
        stream(4, 42, walker=400),
        stream(9, 46),
    )
    assert (len(near.take_ended()), len(far.take_ended())) == (1, 2)


def test_reset_ends_the_segment_and_learns_again() -> None:
    motion = listening()
    woken(motion)
    motion.reset()
    assert len(motion.take_ended()) == 1
    assert motion.find_segment(31.0) is None
    assert not motion.packets_trusted


def test_time_that_jumps_back_begins_anew() -> None:
    motion = fed(listening(), stream(0.1))
    assert not motion.packets_trusted
    assert fed(motion, stream(30)).packets_trusted
    assert motion.find_segment(30.0) is None
    assert woken(motion) < 30.5


# --- light ---------------------------------------------------------------------------------------


def test_a_lamp_wakes_nobody_and_both_gates_learn_again() -> None:
    motion = listening()
    motion.take_packet(
        30.05, KEY_BYTES // 3, is_key=False
    )  # too small for gate 0 to know it for a lamp
    motion.take_picture(picture(gain=0.5, lift=90), 30.1)
    assert motion.find_segment(30.1) is None
    motion.take_picture(picture(gain=0.5, lift=90), 31.0)
    fed(motion, stream(1, 31, walker=900))
    assert motion.find_segment(32.0) is None
    motion.take_picture(picture(gain=0.5, lift=90), 33.0)
    motion.take_picture(picture((50, 50), gain=0.5, lift=90), 36.0)
    segment = motion.find_segment(36.0)
    assert segment is not None
    assert segment.woken_by == KEY_FRAMES


def test_what_packets_have_in_another_light_is_learnt_anew() -> None:
    motion = listening()
    motion.take_picture(picture(gain=0.5, lift=90), 30.0)
    woke = []
    for packet in stream(40, 30, still=1200):
        motion.take_packet(*packet)
        woke += [packet[0]] if motion.find_segment(packet[0]) else []
    assert woke == []


def test_a_camera_that_was_turned_wakes_nobody_and_sees_again_after_some_seconds() -> None:
    motion = listening()
    for at_s in range(30, 60, 2):
        motion.take_picture(upside_down(picture()), at_s)
        assert motion.find_segment(at_s) is None
    assert "turned?" in motion.gates
    motion.take_picture(upside_down(picture((50, 50))), 60.0)
    assert motion.find_segment(60.0) is not None


def upside_down(grey: bytes) -> bytes:
    return bytes(255 - value for value in reversed(grey))


def test_a_covered_camera_is_reported_in_words() -> None:
    motion = listening()
    for at_s in range(30, 60, 2):
        motion.take_picture(bytes([20]) * 160 * 120, at_s)
    assert motion.gates.endswith("; a flat picture: dark, or covered?")


def test_masked_parts_wake_nobody() -> None:
    left = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
    for motion in (Motion(motion_masks=(left,)), Motion(privacy_masks=(left,))):
        for at_s in range(0, 20, 2):
            motion.take_picture(picture(), at_s)
        motion.take_picture(picture((50, 50)), 20.0)
        assert motion.find_segment(20.0) is None
        motion.take_picture(picture((110, 50)), 22.0)
        assert motion.find_segment(22.0) is not None
