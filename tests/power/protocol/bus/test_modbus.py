"""The Modbus line against a recorded device on a real pseudo-terminal: good, odd and bad frames."""

from random import Random

import pytest

from appliance.errors import BusError, SettingsError
from power.protocol.bus import ModbusBus
from power.protocol.errors import ExceptionAnswer, NoAnswer, WrongFrame
from provisioning.simulated.lines.framing import compute_crc
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay

# Captured from a Tracer2215BN.
ASK_PV = bytes.fromhex("01 04 31 00 00 01 3F 36")
PV = bytes.fromhex("01 04 02 00 C5 79 63")
ASK_BATTERY = bytes.fromhex("01 04 31 04 00 01 7E F7")
BATTERY = bytes.fromhex("01 04 02 05 10 BB AC")


def open_bus(port: str) -> ModbusBus:
    return ModbusBus(port, FakeClock(), timeout_s=0.5)


def test_the_crc_of_the_simulator_agrees_with_a_captured_frame() -> None:
    assert compute_crc(PV[:-2]) == PV[-2:]


def test_an_echo_of_the_request_is_not_taken_for_the_reply() -> None:
    for bursts in ([ASK_PV + PV], [ASK_PV, PV], [ASK_PV[:3], ASK_PV[3:] + PV[:2], PV[2:]]):
        with replay((ASK_PV, bursts)) as peer:
            assert open_bus(peer.port).read(4, 0x3100, 1, 1) == (0xC5,)


def test_a_reply_in_two_bursts_is_one_reply() -> None:
    words = tuple(range(20))
    ask = bytes.fromhex("01 04 33 00 00 14")
    body = bytes([1, 4, 40]) + b"".join(word.to_bytes(2, "big") for word in words)
    reply = body + compute_crc(body)
    with replay((ask + compute_crc(ask), [reply[:17], reply[17:]])) as peer:
        assert open_bus(peer.port).read(4, 0x3300, 20, 1) == words


def test_what_is_left_on_the_line_is_thrown_away_before_a_request() -> None:
    with replay((ASK_PV, [PV]), (ASK_BATTERY, [BATTERY])) as peer:
        bus = open_bus(peer.port)
        assert bus.read(4, 0x3100, 1, 1) == (0xC5,)
        peer.write_unasked(PV)  # the same reply again: valid, but not to the next question
        assert bus.read(4, 0x3104, 1, 1) == (0x510,)


def test_of_two_whole_replies_the_last_one_counts() -> None:
    old = bytes.fromhex("01 04 02 00 01 78 F0")
    with replay((ASK_PV, [old + PV])) as peer:
        assert open_bus(peer.port).read(4, 0x3100, 1, 1) == (0xC5,)


@pytest.mark.parametrize("before", ["79 63", "04 02 00 C5", "01 04 02", "01 84 02 C2", "FF" * 40])
def test_stale_bytes_before_a_reply_do_not_hide_it(before: str) -> None:
    with replay((ASK_PV, [bytes.fromhex(before) + PV])) as peer:
        assert open_bus(peer.port).read(4, 0x3100, 1, 1) == (0xC5,)


def test_an_odd_number_of_bytes_is_no_reply() -> None:
    body = bytes.fromhex("01 04 03 00 C5 00")
    with replay((ASK_PV, [body + compute_crc(body)])) as peer, pytest.raises(WrongFrame):
        open_bus(peer.port).read(4, 0x3100, 1, 1)


def test_a_device_that_replies_under_another_id_is_understood_and_others_are_not() -> None:
    own, other = (bytes.fromhex(f"{one} 04 02 00 C5") for one in ("51", "52"))
    replies = own + compute_crc(own), PV, other + compute_crc(other)
    with replay(*((ASK_PV, [reply]) for reply in replies)) as peer:
        bus = open_bus(peer.port)
        for _ in range(2):  # some of a series answer with the id at which they were asked
            assert bus.read(4, 0x3100, 1, 1, reply_id=0x51) == (0xC5,)
        with pytest.raises(WrongFrame):
            bus.read(4, 0x3100, 1, 1, reply_id=0x51)


def test_a_damaged_reply_is_never_a_value() -> None:
    random = Random(7)
    for _ in range(3):
        damaged = bytearray(PV)
        damaged[random.randrange(len(PV))] ^= random.randint(1, 255)
        exchange = (ASK_PV, [bytes(damaged)])
        with replay(exchange) as peer, pytest.raises(WrongFrame, match="termination"):
            open_bus(peer.port).read(4, 0x3100, 1, 1)


@pytest.mark.parametrize(
    "foreign",
    [
        "01 04 04 00 C5 00 00",  # two words where one was asked for
        "01 03 02 00 C5",  # another function
        "02 04 02 00 C5",  # another device
    ],
)
def test_a_whole_frame_that_answers_something_else_is_never_a_value(foreign: str) -> None:
    body = bytes.fromhex(foreign)
    reply = body + compute_crc(body)
    with replay((ASK_PV, [reply])) as peer, pytest.raises(WrongFrame):
        open_bus(peer.port).read(4, 0x3100, 1, 1)


def test_silence_says_what_to_check() -> None:
    advice = r"0x3100.*battery voltage.*A and B"
    with replay((ASK_PV, [])) as peer, pytest.raises(NoAnswer, match=advice):
        open_bus(peer.port).read(4, 0x3100, 1, 1)


def test_the_line_works_again_after_a_loss() -> None:
    with replay((ASK_PV, []), (ASK_BATTERY, [BATTERY]), (ASK_BATTERY, [BATTERY])) as peer:
        bus = open_bus(peer.port)
        with pytest.raises(NoAnswer):
            bus.read(4, 0x3100, 1, 1)
        assert bus.read(4, 0x3104, 1, 1) == (0x510,)


def test_an_exception_names_the_setting_to_check() -> None:
    request, refusal = "01 04 90 00 00 01 1C CA", "01 84 02 C2 C1"
    with (
        replay((bytes.fromhex(request), [bytes.fromhex(refusal)])) as peer,
        pytest.raises(ExceptionAnswer, match="`model`") as caught,
    ):
        open_bus(peer.port).read(4, 0x9000, 1, 1)
    assert caught.value.exception == 2
    assert caught.value.code == BusError.code


def test_a_missing_port_is_named() -> None:
    with pytest.raises(NoAnswer, match="there is no /dev/nowhere"):
        open_bus("/dev/nowhere").read(4, 0x3100, 1, 1)


def test_a_gateway_that_is_not_there_is_named() -> None:
    with pytest.raises(NoAnswer, match=r"tcp://127\.0\.0\.1:1;"):
        open_bus("tcp://127.0.0.1:1").read(4, 0x3100, 1, 1)


def test_a_port_that_is_no_address_is_a_mistake_in_the_settings() -> None:
    with pytest.raises(SettingsError, match="tcp://HOST:PORT"):
        open_bus("tcp://:x")
