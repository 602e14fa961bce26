"""A reply that comes too late is never taken for that of another register: every device that is
known, as its plan asks it and register by register.
"""

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import pytest

from appliance.errors import BusError
from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.protocol.bus import ByteLine, ModbusBus
from power.protocol.links import LINK_FACTORIES, FramedLinkFactory
from power.protocol.profile import Profile
from power.protocol.sunspec import SunSpecLinkFactory
from provisioning.simulated.devices.models import SIMULATORS, make_byte_device
from provisioning.simulated.lines.framing import build_rtu_frame, compute_crc, parse_rtu_frame
from provisioning.simulated.lines.pdu import build_exception_reply, parse_read_request
from provisioning.simulated.lines.serial_line import SerialLine
from tests.scenes.truth import find_wrong_values
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import make_sunny_noon, open_on_line
from tests.stand_ins.side_by_side import check_side_by_side

BEHIND = 5  # replies that come one request late before one is dropped
POLLS = 3
ON_A_SERIAL_LINE = [model for model in MODELS if not model.tcp_only]
MODBUS = [model for model in ON_A_SERIAL_LINE if model.protocol == "Modbus"]


class LateFrom:
    """A device of which the replies from number `first` on come with the next request instead."""

    def __init__(self, device: Any, first: int) -> None:
        self.device = device
        self.first = first
        self.count = 0
        self.held: bytes | None = None

    @property
    def sends_every_s(self) -> float | None:
        return self.device.sends_every_s  # type: ignore[no-any-return]

    def find_request_size(self, begun: bytes) -> int | None:
        return self.device.find_request_size(begun)  # type: ignore[no-any-return]

    def send_unasked(self) -> bytes:
        return self.device.send_unasked()  # type: ignore[no-any-return]

    def respond(self, request: bytes) -> bytes | None:
        reply: bytes | None = self.device.respond(request)
        self.count += 1
        if not self.first <= self.count < self.first + BEHIND:
            return reply
        held, self.held = self.held, reply
        return held


class OneByOne:
    """A Modbus device that refuses blocks: only single registers and pairs are answered."""

    sends_every_s = None

    def __init__(self, device: Any) -> None:
        self.device = device

    def find_request_size(self, begun: bytes) -> int | None:
        return self.device.find_request_size(begun)  # type: ignore[no-any-return]

    def send_unasked(self) -> bytes:
        return b""

    def respond(self, request: bytes) -> bytes | None:
        content = parse_rtu_frame(request)
        read = parse_read_request(content[1]) if content else None
        reply: bytes | None = self.device.respond(request)
        if read and read.count > 2 and reply:
            return build_rtu_frame(reply[0], build_exception_reply(read.function, 2))
        return reply


def make_line_device(profile: Profile, plant: Any) -> Any:
    return make_byte_device([SIMULATORS[profile.name](plant, (), None, 1.0)], "pty")


def poll_late(profile: Profile, device: Any, plant: Any) -> None:
    """A few polls on a line where replies come late; lost ones are fine, wrong values are not."""
    clock = FakeClock()
    line = SerialLine(device, clock)
    with open_on_line(profile, line, clock, timeout_s=0.08) as meter:
        for _ in range(POLLS):
            with contextlib.suppress(BusError):
                assert find_wrong_values(meter.profile, plant, meter.read()) == {}
            clock.advance(max(10.0, profile.least_interval_s))


@pytest.mark.parametrize("first", [1, 2, 3, 4, 5])
def test_a_late_reply_is_never_another_requests(first: int) -> None:
    def check(profile: Profile) -> None:
        plant = make_sunny_noon()
        poll_late(profile, LateFrom(make_line_device(profile, plant), first), plant)

    check_side_by_side(check, ON_A_SERIAL_LINE)


@pytest.mark.parametrize("first", [3, 6, 9])
def test_register_by_register_a_late_reply_is_never_another_registers(first: int) -> None:
    def check(profile: Profile) -> None:
        plant = make_sunny_noon()
        poll_late(profile, LateFrom(OneByOne(make_line_device(profile, plant)), first), plant)

    check_side_by_side(check, MODBUS)


@pytest.mark.parametrize("profile", MODELS, ids=lambda one: one.name)
def test_no_two_requests_beside_each_other_have_replies_of_one_form(profile: Profile) -> None:
    wire = LINK_FACTORIES[profile.protocol]
    if isinstance(wire, FramedLinkFactory) and wire.framing.named_by_reply:
        return
    if isinstance(wire, FramedLinkFactory | SunSpecLinkFactory) or profile.tcp_only:
        return  # told by their layout, by the head of the model, by the transaction number
    plan = [*profile.live, *profile.slow, *profile.settings]
    shapes = [(block.function, block.count) for block in plan]
    assert all(one != other for one, other in pairwise(shapes))


def frame(body: str) -> bytes:
    return bytes.fromhex(body) + compute_crc(bytes.fromhex(body))


LATE, STATE = frame("01 04 02 FE 80"), frame("01 04 02 00 01")
MOVED = frame("01 04 02 00 02")
ASK_LATE, ASK_STATE = frame("01 04 31 1B 00 01"), frame("01 04 32 01 00 01")


@contextmanager
def open_after_a_loss(*exchanges: tuple[bytes, list[bytes]]) -> Iterator[ModbusBus]:
    """A line on which the temperature was asked in vain; 311B is -3.84 C (FE 80), which as a state
    of the charger would be a fault.
    """
    with replay((ASK_LATE, []), *exchanges) as peer:
        bus = ModbusBus(peer.port, FakeClock(), EpeverTracer.serial, timeout_s=0.2)
        with pytest.raises(BusError, match="no answer"):
            bus.read(4, 0x311B, 1, 1)
        yield bus
        bus.close()
        assert peer.surprises == []


def test_a_late_temperature_is_not_taken_for_a_charger_state() -> None:
    with open_after_a_loss((ASK_LATE, [LATE]), (ASK_STATE, [LATE]), (ASK_STATE, [STATE])) as bus:
        assert bus.read(4, 0x311B, 1, 1) == (0xFE80,)
        assert bus.read(4, 0x3201, 1, 1) == (1,)


def test_a_value_that_moves_between_two_replies_is_read() -> None:
    with open_after_a_loss((ASK_STATE, [STATE]), (ASK_STATE, [MOVED]), (ASK_STATE, [STATE])) as bus:
        assert bus.read(4, 0x3201, 1, 1) == (2,)
        assert bus.read(4, 0x3201, 1, 1) == (1,)


def test_a_byte_reply_of_its_usual_size_is_not_taken_for_a_late_one_of_another() -> None:
    long, short = b"42\r", b"44\r"
    clock = FakeClock()
    with replay(
        *((long, [b"1234567\r"]), (short, [b"12\r"]), (short, [])),
        *((long, [b"1234568\r"]), (short, [b"13\r"]), (long, [b"1234569\r"])),
    ) as peer:
        line = ByteLine(peer.port, clock, EpeverTracer.serial, timeout_s=0.2)

        def ask(data: bytes) -> bytes:
            return line.exchange(data, find_line, "it", named_by_reply=False)

        assert (ask(long), ask(short)) == (b"1234567\r", b"12\r")
        with pytest.raises(BusError, match="no answer"):
            ask(short)
        assert (ask(long), ask(short), ask(long)) == (b"1234568\r", b"13\r", b"1234569\r")
        line.close()
        assert peer.surprises == []


@pytest.mark.parametrize("late", [True, False])
def test_a_byte_reply_that_may_be_late_is_passed_over(*, late: bool) -> None:
    """Nothing is known of the sizes: the reply behind the one that may be late counts."""
    first = b"old\r" if late else b"new\r"
    with replay((b"A\r", []), (b"B\r", [first]), (b"B\r", [b"neu\r"])) as peer:
        line = ByteLine(peer.port, FakeClock(), EpeverTracer.serial, timeout_s=0.2)
        with pytest.raises(BusError, match="no answer"):
            line.exchange(b"A\r", find_line, "A", named_by_reply=False)
        assert line.exchange(b"B\r", find_line, "B", named_by_reply=False) == b"neu\r"
        line.close()


def find_line(received: bytes, *, final: bool) -> bytes | None:
    return received if received.endswith(b"\r") else None
