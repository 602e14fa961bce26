"""A line that is one or several replies behind: whatever comes, no register has another's value."""

import struct
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import NamedTuple

import pytest

from appliance.errors import BusError
from power.protocol.bus import ModbusBus
from power.protocol.bus.late_replies import ENOUGH_SIGNS, OpenRequests, RequestKey
from power.protocol.errors import NoAnswer
from power.protocol.line_place import SerialForm
from provisioning.simulated.lines.bridge_line import BridgeLine
from provisioning.simulated.lines.framing import build_rtu_frame
from provisioning.simulated.lines.pdu import build_exception_reply
from provisioning.simulated.lines.serial_line import SerialLine
from provisioning.simulated.lines.tcp_line import TcpLine
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rig import serve_line
from tests.stand_ins.side_by_side import check_side_by_side

SINGLE = [(address, 1) for address in range(1, 9)]
PAIR = (20, 2)
POLLS = 12
NO_ANSWER_BEHIND = 0x0B

HeldBack = Callable[[int], int | None]  # how many replies, at a request; None: its never comes


class DeviceBehind:
    """A Modbus device of which replies come with later requests. A register holds 1000 times its
    address, and a little that moves.

    `pairs`: what it does where two words are asked for.
    """

    sends_every_s = None

    def __init__(self, held_back: HeldBack, pairs: str) -> None:
        self.held: deque[bytes] = deque()
        self.held_back = held_back
        self.pairs = pairs
        self.count = 0

    def find_request_size(self, begun: bytes) -> int | None:
        return 8

    def send_unasked(self) -> bytes:
        return b""

    def respond(self, request: bytes) -> bytes | None:
        """The frames that come after this request, of a serial line."""
        return b"".join(build_rtu_frame(request[0], one) for one in self.step(request[1:6]))

    def answer(self, device_id: int, pdu: bytes) -> bytes:
        """The reply of a gateway before it, which has one for each request."""
        return [build_exception_reply(pdu[0], NO_ANSWER_BEHIND), *self.step(pdu)][-1]

    def step(self, pdu: bytes) -> list[bytes]:
        """The replies that come after this request."""
        self.count += 1
        behind, reply = self.held_back(self.count), self.build_reply(pdu)
        if behind is None:
            return []
        if reply is not None:
            self.held.append(reply)
        return [self.held.popleft() for _ in range(len(self.held) - behind)]

    def build_reply(self, pdu: bytes) -> bytes | None:
        function, address, words = struct.unpack(">BHH", pdu)
        value = 1000 * address + self.count % 3 // 2
        if words == 1 or self.pairs == "one word":
            return struct.pack(">BBH", function, 2, value)
        if self.pairs == "both words":
            return struct.pack(">BBHH", function, 4, value, value)
        return build_exception_reply(function, 2) if self.pairs == "refused" else None


@contextmanager
def open_serial(device: DeviceBehind, clock: FakeClock) -> Iterator[ModbusBus]:
    line = SerialLine(device, clock)
    with serve_line(line):
        bus = ModbusBus(str(line.path), clock, timeout_s=0.1)
        yield bus
        bus.close()
    line.close()


@contextmanager
def open_tcp(server: TcpLine | BridgeLine, clock: FakeClock) -> Iterator[ModbusBus]:
    stop = Event()
    worker = Thread(target=server.serve, args=(stop,), daemon=True)
    worker.start()
    form = SerialForm(115_200, bridged=isinstance(server, BridgeLine))
    bus = ModbusBus(server.url, clock, form, timeout_s=0.1)
    yield bus
    bus.close()
    stop.set()
    worker.join(5)


@contextmanager
def open_line(kind: str, device: DeviceBehind, clock: FakeClock) -> Iterator[ModbusBus]:
    if kind == "serial":
        opened = open_serial(device, clock)
    elif kind == "bridge":
        opened = open_tcp(BridgeLine(device, "127.0.0.1", 0), clock)
    else:
        opened = open_tcp(TcpLine(device.answer, "127.0.0.1", 0), clock)
    with opened as bus:
        yield bus


def poll(bus: ModbusBus, clock: FakeClock, plan: list[tuple[int, int]]) -> tuple[list[str], int]:
    """Wrong values in words, and how many were read, in some polls; a lost one is read again."""
    wrong, count = list[str](), 0
    for address, words in plan * POLLS:
        clock.advance(2)
        for _ in range(2):
            try:
                values = bus.read(4, address, words, 1)
            except BusError:
                continue
            count += 1
            wrong += [f"{one} at {address}" for one in values if one // 1000 != address]
            break
    return wrong, count


class Case(NamedTuple):
    name: str
    held_back: HeldBack


def grow_and_vanish(count: int) -> int:
    return (0, 1, 2, 3, 0)[min(count // 15, 4)]


CASES = [
    Case("one behind", lambda count: int(count > 5)),
    Case("two behind", lambda count: 2 * (count > 6)),
    Case("three behind", lambda count: 3 * (count > 7)),
    Case("two behind for a while", lambda count: 2 * (9 < count < 30)),
    Case("more and more, then none", grow_and_vanish),
    Case("some never come", lambda count: None if count % 29 == 28 else 0),
    Case("some never come, one behind", lambda count: None if count % 29 == 28 else 1),
    Case("in step", lambda _: 0),
]


@pytest.mark.parametrize("kind", ["serial", "gateway", "bridge"])
@pytest.mark.parametrize("pairs", ["both words", "one word", "refused", "none"])
def test_however_far_behind_replies_come_none_is_another_registers(kind: str, pairs: str) -> None:
    def check(case: Case) -> None:
        clock = FakeClock()
        with open_line(kind, DeviceBehind(case.held_back, pairs), clock) as bus:
            wrong, _ = poll(bus, clock, [*SINGLE, PAIR])
        assert wrong == []

    check_side_by_side(check, CASES)


# --- the count alone --------------------------------------------------------------------------


class Asked:
    """Open requests to a device without a line; `count` is how often it was asked."""

    def __init__(self, device: DeviceBehind) -> None:
        self.device = device
        self.requests = OpenRequests()
        self.count = 0

    def read(self, address: int, words: int = 1) -> int:
        """The address of the register whose value came."""
        key, pdu = (
            RequestKey(4, (address, words), 2 * words),
            struct.pack(">BHH", 4, address, words),
        )
        content = self.requests.exchange(key, lambda: self.ask(pdu))
        return int.from_bytes(content[:2], "big") // 1000

    def ask(self, pdu: bytes) -> tuple[bytes, int | None]:
        self.count += 1
        replies = self.device.step(pdu)
        if not replies:
            raise NoAnswer("no answer")
        content = replies[-1][2:]
        return content, len(content)

    def lose(self, address: int) -> None:
        with pytest.raises(NoAnswer):
            self.read(address)


def hold_from(first: int, count: int) -> HeldBack:
    return lambda number: count if number >= first else 0


def never_come(*numbers: int) -> HeldBack:
    return lambda number: None if number in numbers else 0


def test_with_two_replies_owed_two_are_discarded() -> None:
    asked = Asked(DeviceBehind(hold_from(1, 2), "both words"))
    asked.lose(1)
    asked.lose(1)
    assert asked.read(2) == 2
    assert asked.count == 5


def test_the_same_request_again_is_its_own_answer() -> None:
    asked = Asked(DeviceBehind(never_come(1), "both words"))
    asked.lose(1)
    asked.read(1)
    assert asked.count == 2


def test_a_reply_of_another_size_shows_that_none_is_owed() -> None:
    asked = Asked(DeviceBehind(never_come(3), "both words"))
    asked.read(1)
    asked.read(20, words=2)
    asked.lose(1)
    asked.read(20, words=2)  # it can be no earlier one's
    asked.count = 0
    asked.read(2)
    assert asked.count == 1


def test_a_device_that_has_shown_one_size_only_may_have_no_other() -> None:
    asked = Asked(DeviceBehind(hold_from(1, 1), "one word"))
    with pytest.raises(NoAnswer):
        asked.read(20, words=2)
    assert asked.read(2) == 2


def test_replies_that_never_come_are_no_longer_counted_after_enough_signs() -> None:
    asked = Asked(DeviceBehind(never_come(1), "refused"))
    asked.lose(1)
    for number in range(3 * ENOUGH_SIGNS):
        asked.read(1 + number % 8)
    asked.count = 0
    asked.read(5)
    assert asked.count == 1


def test_a_line_that_stays_behind_gives_no_signs() -> None:
    asked = Asked(DeviceBehind(hold_from(1, 1), "refused"))
    asked.lose(1)
    for number in range(1, 6 * ENOUGH_SIGNS):
        address = 1 + number % 8
        assert asked.read(address) == address


def test_a_late_refusal_does_not_refuse_another_request() -> None:
    requests, key = OpenRequests(), RequestKey(4, (1, 1), 2)
    replies: list[tuple[str, int | None]] = [("1", 2), ("2 words", 4)]
    for one in (key, RequestKey(4, (20, 2), 4)):
        requests.exchange(one, lambda: replies.pop(0))
    with pytest.raises(NoAnswer):
        requests.exchange(RequestKey(4, (30, 2), 4), lose)
    replies = [("refused", None), ("1", 2)]
    assert requests.exchange(key, lambda: replies.pop(0)) == "1"


def lose() -> tuple[str, int | None]:
    raise NoAnswer("no answer")
