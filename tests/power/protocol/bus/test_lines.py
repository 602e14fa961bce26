"""What both kinds of lines have in common: gaps, settings, sharing, leftovers, hang-ups."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import pytest
import serial

from appliance.errors import SettingsError
from power.protocol.bus import ByteLine, Lines, ModbusBus
from power.protocol.bus.rtu_filter import ExpectedReply, RtuFilter, strip_echo
from power.protocol.errors import ClosedLine, ExceptionAnswer, NoAnswer, WrongFrame, explain_closed
from power.protocol.line_place import SerialForm
from power.protocol.ports import parse_tcp_address
from provisioning.simulated.lines.framing import build_mbap_frame, compute_crc
from provisioning.simulated.lines.tcp_line import TcpLine
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay

ASK = bytes.fromhex("01 04 31 00 00 01 3F 36")
REPLY = bytes.fromhex("01 04 02 00 C5 79 63")
OLD = bytes.fromhex("01 04 02 00 01 78 F0")
FORM = SerialForm(9600, "E", 2)


def find_reply(received: bytes, *, final: bool) -> bytes | None:
    """A framing that knows one reply by its length."""
    return received if len(received) == len(REPLY) else None


def make_byte_line(port: str, clock: FakeClock, gap_s: float = 0.02) -> ByteLine:
    return ByteLine(port, clock, SerialForm(9600), timeout_s=0.3, gap_s=gap_s)


# --- gaps -----------------------------------------------------------------------------------------


def test_a_device_is_left_alone_for_its_gap_after_each_reply(clock: FakeClock) -> None:
    with replay((ASK, [REPLY]), (ASK, [REPLY]), (ASK, [REPLY])) as peer:
        bus = ModbusBus(peer.port, clock, timeout_s=0.5, gap_s=0.4)
        began_s = clock.media_s()
        for _ in range(2):
            bus.read(4, 0x3100, 1, 1)
        assert clock.media_s() == pytest.approx(began_s + 0.4)
        bus.close()
        line = make_byte_line(peer.port, clock, gap_s=7)
        line.exchange(ASK, find_reply, "the voltage")
        line.close()
    line.pause.wait()
    assert clock.media_s() == pytest.approx(began_s + 0.4 + 7)


def test_a_byte_line_keeps_the_gap_before_it_asks(clock: FakeClock) -> None:
    with replay((ASK, [REPLY]), (ASK, [REPLY])) as peer:
        line, began_s = make_byte_line(peer.port, clock, gap_s=7), clock.media_s()
        for _ in range(2):
            line.exchange(ASK, find_reply, "the voltage")
        line.close()
    assert clock.media_s() == pytest.approx(began_s + 7)


# --- what is received --------------------------------------------------------------------------


def test_on_a_byte_line_leftovers_and_the_echo_are_no_reply(clock: FakeClock) -> None:
    with replay((ASK, [REPLY]), (ASK, [ASK[:3], ASK[3:] + REPLY])) as peer:
        line = make_byte_line(peer.port, clock)
        assert line.exchange(ASK, find_reply, "the voltage") == REPLY
        peer.write_unasked(OLD)
        assert line.exchange(ASK, find_reply, "the voltage") == REPLY
        line.close()


def test_half_a_reply_is_damage_and_an_echo_alone_is_silence(clock: FakeClock) -> None:
    with replay((ASK, [REPLY[:3]]), (ASK, [ASK]), (ASK, [])) as peer:
        line = ByteLine(peer.port, clock, SerialForm(9600), timeout_s=0.1)
        with pytest.raises(WrongFrame, match="3 bytes, 01 04 02"):
            line.exchange(ASK, find_reply, "the voltage")
        for _ in range(2):
            with pytest.raises(NoAnswer):
                line.exchange(ASK, find_reply, "the voltage")
        line.close()


def test_silence_after_a_damaged_reply_is_reported_as_silence() -> None:
    damaged = REPLY[:-1] + b"\x00"
    with replay((ASK, [damaged]), (ASK, []), (ASK, [ASK])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), timeout_s=0.2)
        with pytest.raises(WrongFrame):
            bus.read(4, 0x3100, 1, 1)
        for _ in range(2):
            with pytest.raises(NoAnswer):
                bus.read(4, 0x3100, 1, 1)


def test_bits_are_read_in_as_few_bytes_as_they_need() -> None:
    ask, reply = bytes.fromhex("01 02 20 00 00 03"), bytes.fromhex("01 02 01 05")
    with replay((ask + compute_crc(ask), [reply + compute_crc(reply)])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), timeout_s=0.3)
        assert bus.read(2, 0x2000, 3, 1) == (1, 0, 1)


def test_a_frame_with_a_wrong_checksum_does_not_hide_a_sound_one() -> None:
    expected = ExpectedReply(asked_id=1, reply_id=1, function=4, content_bytes=2)
    damaged = REPLY[:-1] + b"\x00"
    assert expected.find_frame(damaged) == damaged  # alone, it is for pymodbus to refuse
    assert expected.find_frame(b"\x00" + damaged) == b""
    assert expected.find_frame(REPLY + damaged) == REPLY
    assert expected.find_frame(REPLY[:-1]) == b""


def test_an_echo_that_has_begun_is_not_yet_a_reply() -> None:
    rtu_filter = RtuFilter(serial_line=True)
    rtu_filter.expect(ExpectedReply(asked_id=1, reply_id=1, function=4, content_bytes=2))
    rtu_filter(sending=True, data=ASK)
    assert [rtu_filter(sending=False, data=ASK[:size]) for size in (1, 5, len(ASK))] == [
        b"",
        b"",
        b"",
    ]
    assert rtu_filter.received == b""
    assert rtu_filter(sending=False, data=ASK + REPLY) == REPLY
    assert strip_echo(ASK, REPLY) == REPLY


# --- ports ----------------------------------------------------------------------------------------


class FakePort:
    """What pyserial opens; its first write fails."""

    def __init__(self) -> None:
        self.opened: list[dict[str, Any]] = []
        self.closed = 0
        self.is_open = True

    def open(self, url: str, **form: Any) -> "FakePort":
        self.opened.append({"url": url, **form})
        return self

    def reset_input_buffer(self) -> None:
        raise serial.SerialException("the adapter is gone")

    def close(self) -> None:
        self.closed += 1


def test_a_port_is_opened_as_the_device_wants_it(monkeypatch: pytest.MonkeyPatch) -> None:
    port = FakePort()
    monkeypatch.setattr(serial, "serial_for_url", port.open)
    with pytest.raises(ClosedLine):
        ByteLine("/dev/x", FakeClock(), FORM).exchange(ASK, find_reply, "the voltage")
    with pytest.raises((NoAnswer, AttributeError)):
        ModbusBus("/dev/x", FakeClock(), FORM).read(4, 0, 1, 1)
    assert len(port.opened) == 2
    for opened in port.opened:
        assert (opened["baudrate"], opened["parity"], opened["stopbits"]) == (9600, "E", 2)


def test_a_line_that_failed_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    port = FakePort()
    monkeypatch.setattr(serial, "serial_for_url", port.open)
    line = ByteLine("/dev/x", FakeClock(), FORM)
    for _ in range(2):
        with pytest.raises(ClosedLine):
            line.exchange(ASK, find_reply, "the voltage")
    assert (len(port.opened), port.closed) == (2, 2)


def test_a_port_that_another_program_has_is_not_shared() -> None:
    with replay((ASK, [REPLY])) as peer:
        first, second = (
            make_byte_line(peer.port, FakeClock()),
            make_byte_line(peer.port, FakeClock()),
        )
        first.exchange(ASK, find_reply, "the voltage")
        with pytest.raises(ClosedLine, match="another program has it"):
            second.exchange(ASK, find_reply, "the voltage")
        first.close()


def test_a_port_without_permission_names_the_group(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "must be in the group dialout" in explain_closed("/dev/null")


def test_a_gateway_without_a_port_number_is_asked_at_502() -> None:
    assert parse_tcp_address("tcp://gateway") == ("gateway", 502)
    assert parse_tcp_address("tcp://gateway:1502") == ("gateway", 1502)


# --- several devices on one line ------------------------------------------------------------------


def test_devices_that_share_a_line_get_the_longest_gap(clock: FakeClock) -> None:
    lines = Lines(clock)
    first = lines.modbus("/dev/x", FORM, timeout_s=0.5, gap_s=0.3)
    assert lines.modbus("/dev/x", FORM, timeout_s=0.5, gap_s=1.5) is first
    assert first.pause.gap_s == 1.5
    lines.modbus("/dev/x", FORM, timeout_s=0.5, gap_s=0.1)
    assert first.pause.gap_s == 1.5
    assert lines.modbus("/dev/y", FORM, timeout_s=0.5, gap_s=0.1) is not first


def test_devices_with_different_line_modes_cannot_share_a_port(clock: FakeClock) -> None:
    lines = Lines(clock)
    lines.modbus("/dev/x", FORM, timeout_s=0.5, gap_s=0.1)
    with pytest.raises(SettingsError, match="9600 8E2 and 19200 8N1"):
        lines.modbus("/dev/x", SerialForm(19200), timeout_s=0.5, gap_s=0.1)
    with pytest.raises(SettingsError, match="give each a port of its own"):
        lines.bytewise("/dev/x", FORM, timeout_s=0.5, gap_s=0.1)
    gateway = lines.modbus(
        "tcp://gw:502", FORM, timeout_s=0.5, gap_s=0.1
    )  # it has one form for all
    assert lines.modbus("tcp://gw:502", SerialForm(19200), timeout_s=0.5, gap_s=0.1) is gateway


def test_closing_closes_every_line(clock: FakeClock) -> None:
    with replay((ASK, [REPLY]), (ASK, [REPLY])) as peer:
        lines = Lines(clock)
        line = lines.bytewise(peer.port, FORM, timeout_s=0.3, gap_s=0.0)
        line.exchange(ASK, find_reply, "the voltage")
        lines.close()
        assert lines.bytewise(peer.port, FORM, timeout_s=0.3, gap_s=0.0) is not line
        again = make_byte_line(peer.port, clock)  # refused while the first is open
        assert again.exchange(ASK, find_reply, "the voltage") == REPLY
        again.close()


# --- TCP ------------------------------------------------------------------------------------------


@contextmanager
def start_gateway(*answers: bytes) -> Iterator[str]:
    """Answers one request with the next PDU, then hangs up, as a TriStar does."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        for answer in answers:
            connection, _ = server.accept()
            with connection:
                request = connection.recv(64)
                transaction = int.from_bytes(request[:2], "big")
                connection.sendall(build_mbap_frame(transaction, request[6], answer))

    worker = Thread(target=serve, daemon=True)
    worker.start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    server.close()
    worker.join(5)


def test_a_gateway_that_hangs_up_after_each_reply_costs_no_poll() -> None:
    word = bytes.fromhex("04 02 00 C5")
    with start_gateway(word, word, word) as port:
        bus = ModbusBus(port, FakeClock(), timeout_s=1)
        for _ in range(3):
            assert bus.read(4, 0x3100, 1, 1) == (0xC5,)
            wait_for_hang_up(bus)
        bus.close()


def wait_for_hang_up(bus: ModbusBus) -> None:
    connection: Any = bus._client.socket  # only here can be seen that it is over
    connection.settimeout(2)
    assert connection.recv(1, socket.MSG_PEEK) == b""


@pytest.mark.parametrize("answer", ["04 04 00 C5 00 00", "04 00", "03 02 00 C5"])
def test_over_tcp_a_reply_that_is_not_what_was_asked_is_never_a_value(answer: str) -> None:
    with start_gateway(bytes.fromhex(answer)) as port:
        bus = ModbusBus(port, FakeClock(), timeout_s=0.5)
        with pytest.raises(WrongFrame):
            bus.read(4, 0x3100, 1, 1)
        bus.close()


def test_over_tcp_a_late_reply_of_the_serial_line_behind_a_gateway_is_not_another_registers() -> (
    None
):
    replies = [bytes.fromhex(one) for one in ("84 0B", "04 02 FE 80", "04 02 00 01")]
    server, stop = TcpLine(lambda *_: replies.pop(0), "127.0.0.1", 0), Event()
    worker = Thread(target=server.serve, args=(stop,), daemon=True)
    worker.start()
    bus = ModbusBus(server.url, FakeClock(), timeout_s=5)
    with pytest.raises(ExceptionAnswer):
        bus.read(4, 0x311B, 1, 1)
    assert bus.read(4, 0x3201, 1, 1) == (1,)
    bus.close()
    stop.set()
    worker.join(5)


# --- after a loss ---------------------------------------------------------------------------------


def test_after_a_lost_reply_the_line_is_left_quiet_for_as_long_as_a_reply_may_take(
    clock: FakeClock,
) -> None:
    with replay((ASK, []), (ASK, [REPLY])) as peer:
        bus = ModbusBus(peer.port, clock, timeout_s=0.3, gap_s=0.02)
        began_s = clock.media_s()
        with pytest.raises(NoAnswer):
            bus.read(4, 0x3100, 1, 1)
        peer.write_unasked(OLD)  # the late reply
        assert bus.read(4, 0x3100, 1, 1) == (0xC5,)
        assert clock.media_s() == pytest.approx(began_s + 0.3)
        bus.close()


def test_a_request_that_its_reply_names_needs_no_quiet(clock: FakeClock) -> None:
    with replay((ASK, []), (ASK, [REPLY]), (ASK, []), (ASK, [REPLY])) as peer:
        line, began_s = make_byte_line(peer.port, clock), clock.media_s()
        for is_named, waited_s in ((True, 0.02), (False, 0.34)):
            with pytest.raises(NoAnswer):
                line.exchange(ASK, find_reply, "the voltage", named_by_reply=is_named)
            line.exchange(ASK, find_reply, "the voltage", named_by_reply=is_named)
            assert clock.media_s() == pytest.approx(began_s + waited_s)
        line.close()
