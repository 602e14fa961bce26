"""Two devices with one id: both answer, one after the other, and that is a fault."""

from typing import Any

import pytest

from appliance.errors import BusError
from power.devices.epever import EpeverTracer
from power.protocol.bus import ByteLine, ModbusBus
from power.protocol.bus.late_replies import MOST_OPEN
from power.protocol.bus.second_answers import SecondAnswers
from power.protocol.line_health import LEAST_SECOND, LineHealth
from power.protocol.line_place import SerialForm
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.serial_line import SerialLine
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import make_night, make_sunny_noon, open_on_line

ASK = bytes.fromhex("01 04 31 00 00 01 3F 36")
REPLY = bytes.fromhex("01 04 02 00 C5 79 63")
REFUSAL = bytes.fromhex("01 84 02 C2 C1")
ENOUGH = MOST_OPEN + 1


class Twins:
    """Two devices that both answer each request."""

    sends_every_s = None

    def __init__(self, *devices: Any) -> None:
        self.devices = devices

    def find_request_size(self, begun: bytes) -> int | None:
        return self.devices[0].find_request_size(begun)  # type: ignore[no-any-return]

    def send_unasked(self) -> bytes:
        return b""

    def respond(self, request: bytes) -> bytes:
        return b"".join(one.respond(request) or b"" for one in self.devices)


def test_two_devices_with_one_id_are_a_fault_that_says_what_to_do() -> None:
    clock = FakeClock()
    devices = [RtuDevices([SimulatedEpever(when())]) for when in (make_sunny_noon, make_night)]
    with open_on_line(
        EpeverTracer(), SerialLine(Twins(*devices), clock), clock, timeout_s=5
    ) as meter:
        for _ in range(ENOUGH):
            meter.read()
            clock.advance(10)
        fault = str(meter.health.find_fault("charger main"))
    assert fault.startswith("two devices answer as id 1: charger main had two answers")
    assert "give it an id of its own" in fault


def test_one_device_with_an_echo_is_no_two() -> None:
    clock = FakeClock()
    line = SerialLine(RtuDevices([SimulatedEpever(make_sunny_noon())]), clock, quirks=["echo"])
    with open_on_line(EpeverTracer(), line, clock) as meter:
        for _ in range(2 * ENOUGH):
            meter.read()
            clock.advance(10)
        assert meter.health.find_fault("charger main") is None


@pytest.mark.parametrize(
    ("second", "count"), [(REPLY, 1), (REFUSAL, 1), (REPLY[:-1], 0), (b"\x00" + REPLY, 0)]
)
def test_a_second_answer_that_comes_later_counts_where_it_is_sound(
    second: bytes, count: int
) -> None:
    with replay(*[(ASK, [REPLY])] * (ENOUGH + 1)) as peer:
        bus = ModbusBus(peer.port, FakeClock(), timeout_s=5)
        for _ in range(ENOUGH):
            bus.read(4, 0x3100, 1, 1)
        peer.write_unasked(second)
        bus.read(4, 0x3100, 1, 1)
        bus.close()
    assert bus.second_answers.counts[1] == count


def test_also_with_another_protocol() -> None:
    with replay(*[(b"A\r", [b"a\r"])] * (ENOUGH + 1)) as peer:
        line = ByteLine(peer.port, FakeClock(), SerialForm(9600), timeout_s=5)
        for _ in range(ENOUGH):
            line.exchange(b"A\r", find_line, "A", device=3)
        peer.write_unasked(b"b\r")
        line.exchange(b"A\r", find_line, "A", device=3)
        line.close()
    assert line.second_answers.counts[3] == 1


def find_line(received: bytes, *, final: bool) -> bytes | None:
    return received if received.endswith(b"\r") else None


def test_a_late_reply_is_no_second_device() -> None:
    with replay(*[(ASK, [REPLY])] * 3, (ASK, []), *[(ASK, [REPLY])] * 2) as peer:
        bus = ModbusBus(peer.port, FakeClock(), timeout_s=0.2)
        for _ in range(3):
            bus.read(4, 0x3100, 1, 1)
        with pytest.raises(BusError):
            bus.read(4, 0x3100, 1, 1)
        bus.read(4, 0x3100, 1, 1)
        peer.write_unasked(REPLY)
        bus.read(4, 0x3100, 1, 1)
        bus.close()
    assert bus.second_answers.counts[1] == 0


def test_the_fault_ends_ten_minutes_after_the_last_second_answer() -> None:
    answers = SecondAnswers()
    health = LineHealth(device_id=7, count_second_answers=lambda: answers.counts[7])
    for _ in range(ENOUGH):
        answers.note_answer(7)
    health.count(0.0, None)
    for number in range(LEAST_SECOND):
        assert health.find_fault("bms pack") is None
        answers.note_second(7)
        health.count(10.0 * number, None)
    assert "answer as id 7" in str(health.find_fault("bms pack"))
    health.count(700.0, None)
    assert health.find_fault("bms pack") is None
