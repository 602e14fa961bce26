"""A reply that comes too late is never taken for that of another register: every device that is
known, as its plan asks it and register by register.
"""

import contextlib
from itertools import pairwise
from typing import Any

import pytest

from appliance.errors import BusError
from power.devices import MODELS
from power.devices.epever import EpeverTracer
from power.protocol.bus import ModbusBus
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


def test_a_late_temperature_is_not_taken_for_a_charger_state() -> None:
    """Bytes by hand: 311B is -3.84 C (FE 80), which as a state would be a fault."""
    late, state = frame("01 04 02 FE 80"), frame("01 04 02 00 01")
    ask_late, ask_state = frame("01 04 31 1B 00 01"), frame("01 04 32 01 00 01")
    with replay(
        (ask_late, []), (ask_late, [late]), (ask_state, [late]), (ask_state, [state])
    ) as peer:
        bus = ModbusBus(peer.port, FakeClock(), EpeverTracer.serial, timeout_s=0.2)
        with pytest.raises(BusError, match="no answer"):
            bus.read(4, 0x311B, 1, 1)
        assert bus.read(4, 0x311B, 1, 1) == (0xFE80,)
        with pytest.raises(BusError, match="two replies that differ"):
            bus.read(4, 0x3201, 1, 1)
