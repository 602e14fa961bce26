"""RTU through a transparent TCP bridge, and what is said where the wrong framing is set."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from power.devices.epever import EpeverTracer
from power.protocol.bus import ByteLine, Lines, ModbusBus
from power.protocol.bus.bytewise import get_socket
from power.protocol.bus.tcp_connection import is_hung_up
from power.protocol.errors import NoAnswer, WrongFrame
from power.protocol.line_health import LineHealth
from power.protocol.line_place import LineKind, SerialForm
from power.reading.meters import open_meter
from provisioning.simulated.devices.epever import SimulatedEpever
from provisioning.simulated.lines.bridge_line import BridgeLine
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.framing import build_mbap_frame
from tests.scenes.truth import find_wrong_values
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay
from tests.stand_ins.rig import make_sunny_noon
from tests.waiting import wait_until

ASK = bytes.fromhex("01 04 31 00 00 01 3F 36")  # captured from a Tracer2215BN
REPLY = bytes.fromhex("01 04 02 00 C5 79 63")
BRIDGED = SerialForm(115_200, bridged=True)


@contextmanager
def answer_with(*replies: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A TCP server that gives these bytes, one for each request, and keeps the requests."""
    server, received = socket.create_server(("127.0.0.1", 0)), list[bytes]()

    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            for reply in replies:
                received.append(connection.recv(64))
                connection.sendall(reply)
            connection.recv(64)

    worker = Thread(target=serve, daemon=True)
    worker.start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}", received
    server.close()
    worker.join(5)


def test_through_a_bridge_the_bytes_are_those_of_the_serial_line() -> None:
    with answer_with(REPLY) as (port, received):
        bus = ModbusBus(port, FakeClock(), BRIDGED, timeout_s=1)
        assert bus.read(4, 0x3100, 1, 1) == (0xC5,)
        bus.close()
    assert received == [ASK]


def test_a_whole_device_is_read_through_a_bridge() -> None:
    plant, clock, stop = make_sunny_noon(), FakeClock(), Event()
    server = BridgeLine(RtuDevices([SimulatedEpever(plant)]), "127.0.0.1", 0)
    worker = Thread(target=server.serve, args=(stop,), daemon=True)
    worker.start()
    lines = Lines(clock)
    profile = EpeverTracer()
    meter = open_meter(lines, profile, server.url, None, clock, BRIDGED)
    assert find_wrong_values(profile, plant, meter.read()) == {}
    lines.close()
    stop.set()
    worker.join(5)


def test_a_bridge_that_answers_a_gateways_request_is_proposed_as_one() -> None:
    with answer_with(REPLY) as (port, _):
        bus = ModbusBus(port, FakeClock(), timeout_s=0.3)
        with pytest.raises(WrongFrame, match='transparent bridge gives: set `framing = "rtu"`'):
            bus.read(4, 0x3100, 1, 1)
        bus.close()


def test_a_gateway_that_is_taken_for_a_bridge_is_named() -> None:
    with answer_with(build_mbap_frame(1, 1, bytes.fromhex("04 02 00 C5"))) as (port, _):
        bus = ModbusBus(port, FakeClock(), BRIDGED, timeout_s=0.3)
        with pytest.raises(WrongFrame, match="leave out `framing`"):
            bus.read(4, 0x3100, 1, 1)
        bus.close()


def test_a_silent_gateway_is_perhaps_a_bridge() -> None:
    with answer_with(b"") as (port, _):
        bus = ModbusBus(port, FakeClock(), timeout_s=0.2)
        with pytest.raises(NoAnswer, match='set `framing = "rtu"`'):
            bus.read(4, 0x3100, 1, 1)
        bus.close()


@pytest.mark.parametrize("form", [BRIDGED, SerialForm(9600)])
def test_damage_on_tcp_has_the_advice_of_tcp(form: SerialForm) -> None:
    with answer_with(b"\x01\x02\x03\x04\x05\x06\x07\x08\x09") as (port, _):
        bus = ModbusBus(port, FakeClock(), form, timeout_s=0.2)
        with pytest.raises(WrongFrame) as caught:
            bus.read(4, 0x3100, 1, 1)
        bus.close()
    assert "serial settings" in str(caught.value)
    for word in ("ground", "termination", "data cable", "baud"):
        assert word not in str(caught.value)


@pytest.mark.parametrize("kind", [LineKind.GATEWAY, LineKind.BRIDGE])
@pytest.mark.parametrize("error", [WrongFrame("noise"), NoAnswer("silence")])
def test_a_bad_tcp_line_has_the_advice_of_tcp(kind: LineKind, error: Exception) -> None:
    health = LineHealth(kind)
    for _ in range(20):
        health.count(10.0, error)  # type: ignore[arg-type]
    fault = str(health.find_fault("charger main"))
    assert "network" in fault
    for word in ("ground", "termination", "data wires", "connectors"):
        assert word not in fault


def test_a_silent_serial_port_is_named_with_its_speed_and_the_id() -> None:
    with replay((ASK, [])) as peer:
        bus = ModbusBus(peer.port, FakeClock(), SerialForm(9600), timeout_s=0.1)
        with pytest.raises(NoAnswer) as caught:
            bus.read(4, 0x3100, 1, 1)
        bus.close()
    asked = "the request for 1 register from 0x3100"
    assert f"no answer on {peer.port} at 9600 8N1 to {asked}" in str(caught.value)
    assert "to id 1;" in str(caught.value)
    assert "`baud`" in str(caught.value)


@contextmanager
def hang_up_after_each(reply: bytes, *, kept: bytes = b"") -> Iterator[str]:
    """A bridge that gives each who connects what it has `kept`, answers once and hangs up."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                connection.sendall(kept)
                connection.recv(64)
                connection.sendall(reply)

    worker = Thread(target=serve, daemon=True)
    worker.start()
    yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    worker.join(5)


OLD_REPLY = bytes.fromhex("01 04 02 00 01 78 F0")


def test_what_a_bridge_has_kept_is_not_taken_for_a_reply() -> None:
    with hang_up_after_each(b"", kept=OLD_REPLY) as port:
        bus = ModbusBus(port, FakeClock(), BRIDGED, timeout_s=0.3)
        with pytest.raises(NoAnswer):
            bus.read(4, 0x3100, 1, 1)
        bus.close()


@pytest.mark.parametrize("kept", [b"", OLD_REPLY])
def test_a_bridge_that_hangs_up_after_each_reply_is_connected_to_again(kept: bytes) -> None:
    def find(received: bytes, *, final: bool) -> bytes | None:
        return received if received == REPLY else None

    with hang_up_after_each(REPLY, kept=kept) as port:
        bus = ModbusBus(port, FakeClock(), BRIDGED, timeout_s=1)
        line = ByteLine(port, FakeClock(), BRIDGED, timeout_s=1)
        for _ in range(3):
            assert bus.read(4, 0x3100, 1, 1) == (0xC5,)
            bus.close()
        for _ in range(3):
            assert line.exchange(ASK, find, "the voltage") == REPLY
            wait_until(lambda: is_hung_up(get_socket(line._serial), discards=False), "the end")
        line.close()
