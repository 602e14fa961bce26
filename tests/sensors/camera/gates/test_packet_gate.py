"""Gate 0 on made-up packet sizes: quick to wake, deaf to patterns, habits forgotten slowly."""

import random
import subprocess
import sys
from collections.abc import Iterator

import pytest

from sensors.camera.gates.packet_gate import FLASH_S, PacketGate

KEY_BYTES = 50_000
Packet = tuple[float, int, bool]


def stream(
    seconds: float, start_s: float = 0.0, still: int = 200, walker: int = 0, rate: int = 10
) -> Iterator[Packet]:
    """A variable rate with a key frame every 2 s; small packets follow a key frame."""
    chance = random.Random(int(start_s) + 1)
    for number in range(round(seconds * rate)):
        media_s = start_s + number / rate
        place = number % (2 * rate)
        if place == 0:
            yield media_s, round(KEY_BYTES * chance.uniform(0.98, 1.02)), True
        else:
            ramp = 0.4 if place < 3 else 1.0
            size = still * ramp * chance.gauss(1, 0.15) + walker * chance.uniform(0.6, 1.4)
            yield media_s, max(20, round(size)), False


def fed(gate: PacketGate, *streams: Iterator[Packet]) -> list[float]:
    """When it was clear that something moves."""
    fired = []
    for packets in streams:
        fired += [packet[0] for packet in packets if gate.take_packet(*packet) >= 1]
    return fired


def test_a_still_scene_wakes_nobody_for_an_hour() -> None:
    assert fed(PacketGate(), stream(3600)) == []


@pytest.mark.parametrize("rate", [10, 15, 25])
def test_a_walker_is_detected_within_two_frames(rate: int) -> None:
    gate = PacketGate()
    assert fed(gate, stream(30, rate=rate)) == []
    fired = fed(gate, stream(5, 30, walker=400, rate=rate))
    assert fired[0] - 30 <= 2.5 / rate


def test_a_far_walker_who_adds_little_is_detected_within_a_second() -> None:
    gate = PacketGate()
    fed(gate, stream(30))
    fired = fed(gate, stream(5, 30, walker=130))
    assert fired[0] - 30 <= 1.0


def test_key_frames_are_no_motion_at_whatever_distance_they_come() -> None:
    gate = PacketGate()
    fed(gate, stream(30))
    early = [(30.0, KEY_BYTES, True), (30.1, 80, False), (30.2, KEY_BYTES, True)]
    assert [gate.take_packet(*packet) for packet in early] == [0.0, 0.0, 0.0]


def b_frames(seconds: float, start_s: float) -> Iterator[Packet]:
    """Decoding order: a P-frame of 900 bytes comes before its none to three B-frames of 40."""
    chance = random.Random(int(start_s))
    for group in range(int(seconds / 2)):
        base_s = start_s + 2 * group
        yield base_s, KEY_BYTES, True
        number = 0
        while number < 19:
            between = min(chance.randrange(4), 18 - number)
            number += between + 1
            yield base_s + number / 10, round(chance.gauss(900, 90)), False
            for earlier in range(between, 0, -1):
                at_s = base_s + (number - earlier) / 10
                yield at_s, round(chance.gauss(40, 4)), False


def test_the_order_of_b_frames_is_no_motion_and_hides_none() -> None:
    gate = PacketGate()
    assert fed(gate, b_frames(300, 0)) == []
    walker = ((at_s, size + 500 * (not is_key), is_key) for at_s, size, is_key in b_frames(5, 300))
    assert fed(gate, walker)[0] < 300.7


def test_who_is_there_at_the_beginning_does_not_make_it_blind_to_motion() -> None:
    gate = PacketGate()
    fed(gate, stream(8, walker=400), stream(20, 8))
    assert fed(gate, stream(5, 28, walker=400))[0] < 28.5


def test_a_walker_of_ten_minutes_is_detected_to_the_end_where_pictures_confirm_it() -> None:
    gate = PacketGate()
    fed(gate, stream(30))
    fired = []
    for packet in stream(600, 30, walker=400):
        if gate.take_packet(*packet) >= 1:
            fired.append(packet[0])
            gate.note_result(seen=True)
    assert fired[-1] > 628
    assert len(fired) > 0.8 * 600 * 10


def test_what_became_usual_is_forgotten_soon_after_it_ended() -> None:
    gate = PacketGate()
    fed(gate, stream(30), stream(90, 30, walker=900), stream(20, 120))
    assert fed(gate, stream(5, 140, walker=300))[0] < 140.5


def gusts(seconds: float, start_s: float) -> Iterator[Packet]:
    """A tree: five seconds of wind, five of calm."""
    for number in range(int(seconds / 10)):
        at_s = start_s + 10 * number
        yield from stream(5, at_s, walker=900)
        yield from stream(5, at_s + 5)


def test_gusts_of_wind_wake_for_a_quarter_of_an_hour_and_not_for_a_whole() -> None:
    gate = PacketGate()
    fed(gate, stream(30))
    fired = fed(gate, gusts(3600, 30))
    assert fired[0] < 31
    assert fired[-1] < 30 + 1200
    assert len(fired) < 0.15 * 3600 * 10


def test_what_pictures_deny_is_usual_within_a_minute() -> None:
    gate = PacketGate()
    fed(gate, stream(30))
    fired = []
    for packet in stream(120, 30, walker=900):
        if gate.take_packet(*packet) >= 1:
            fired.append(packet[0])
            gate.note_result(seen=False)
    assert fired[-1] < 90


def test_a_lamp_is_no_motion_but_who_walks_after_it_is() -> None:
    gate = PacketGate()
    fed(gate, stream(30))
    lamp = iter([(30.05, KEY_BYTES, False)])
    assert fed(gate, lamp, stream(20, 30.1)) == []
    fired = fed(gate, stream(5, 50.1, walker=400))
    assert fired[0] < 50.1 + FLASH_S


def test_the_detection_limit_separates_streams_that_show_a_walker_from_those_that_cannot() -> None:
    variable, constant, noisy = PacketGate(), PacketGate(), PacketGate()
    fed(variable, stream(30))
    fed(constant, ((n / 10, 15_000 + n % 7, n % 20 == 0) for n in range(300)))
    fed(noisy, stream(30, still=20_000))
    assert variable.detection_limit < 0.06
    assert constant.detection_limit > 0.2
    assert noisy.detection_limit > 0.2


def test_it_needs_no_numpy() -> None:
    code = (
        "import sys, sensors.camera.gates.motion as m; "
        "m.Motion().take_packet(0, 1, is_key=True); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "numpy" not in done.stdout.split()
