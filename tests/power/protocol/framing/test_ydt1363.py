"""Frames of YD/T 1363: captured ones, wrong checks, refusals, foreign bytes, and random ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.protocol.bus import ByteLine
from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.framing.ydt1363 import (
    ALARMS,
    ANALOGUE,
    HARDWARE,
    MAKER,
    MANAGEMENT,
    PACE,
    PYLONTECH,
    REFUSALS,
    SEPLOS_V2,
    CommandFormat,
    YdtFraming,
    YdtRefusal,
    compute_checksum,
    encode_length,
    pad_lists,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import Block
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.replay import replay

ALL = (PYLONTECH, PACE, SEPLOS_V2)
# The maker's own example, RS485 protocol V3.3: printed with E1A2, its characters sum to E27A.
EXAMPLE = (
    "~20024600F07A11020F0D450D440D450D440D450D440D3E0D450D4A0D4A0D4B0D4A0D4A0D4A0D4A050BC30BC30BC3"
    "0BCD0BCD0000C725FFFF04FFFF000200CA58012110{}\r"
)
RIGHT, PRINTED = EXAMPLE.format("E27A").encode(), EXAMPLE.format("E1A2").encode()
# Tomcat42/pylontech-python: a US2000C.
ALARM_FRAME = (
    b"~20024600A04210020F000000000000000000000000000000050000000000000000000E00000000F108\r"
)
# Frankkkkk/python-pylontech: three US2000 answer one request for the whole group (FF).
GROUP = (
    b"~20024600914211030F0CE70CE80CE60CE70CE80CE80CE80CE60CE50CE60CE80CE70CEA0CE50CE6050B910B870B87"
    b"0B870B87FFE6C18982DC02C350001F0F0CE20CE60CE60CE10CE50CE70CE60CE30CE20CE50CE30CE90CE70CE90CE9"
    b"050B910B870B870B870B87FFE7C17082DC02C350001F0F0CE20CE50CE50CE20CE30CE30CE40CE50CE60CE60CE30C"
    b"E40CE40CE60CE6050B910B7D0B7D0B7D0B7DFFE5C16082DC02C350001FB476\r"
)


def find_reply(received: bytes, command: int = ANALOGUE, final: bool = True) -> bytes | None:
    return PYLONTECH.find_reply(received, Block(command), 2, final=final)


def build_answer(
    code: int = 0, info: str = "", start: str = "200246", length: int | None = None
) -> bytes:
    """A frame with a right checksum."""
    digits = encode_length(len(info)) if length is None else length
    body = f"{start}{code:02X}{digits:04X}{info}"
    return f"~{body}{compute_checksum(body.encode()):04X}\r".encode()


@pytest.mark.parametrize(
    ("framing", "device_id", "command", "request_frame"),
    [
        (PYLONTECH, 2, ANALOGUE, b"~20024642E00202FD33\r"),  # the maker's document
        (PYLONTECH, 2, ALARMS, b"~20024644E00202FD31\r"),  # pylontech-python
        (PYLONTECH, 2, MANAGEMENT, b"~20024692E00202FD2E\r"),  # two independent lists of requests
        (PYLONTECH, 2, MAKER, b"~200246510000FDAC\r"),  # pylontech-python
        (PYLONTECH, 10, ALARMS, b"~200A4644E0020AFD13\r"),  # FHEM 76_Pylontech
        (PACE, 1, ANALOGUE, b"~25014642E00201FD30\r"),  # PBmsTools 2.4
        (PACE, 1, ALARMS, b"~25014644E00201FD2E\r"),
        (PACE, 1, HARDWARE, b"~250146C10000FD9A\r"),
        (SEPLOS_V2, 0, ANALOGUE, b"~20004642E00200FD37\r"),  # Communication Protocol V2.0, table 7
        (SEPLOS_V2, 10, ANALOGUE, b"~200A4642E0020AFD15\r"),
        (SEPLOS_V2, 0, ALARMS, b"~20004644E00200FD35\r"),
        (SEPLOS_V2, 0, MAKER, b"~200046510000FDAE\r"),
    ],
)
def test_requests_are_those_that_were_captured_or_printed(
    framing: YdtFraming, device_id: int, command: int, request_frame: bytes
) -> None:
    assert framing.build_request(Block(command), device_id) == request_frame


def test_only_commands_that_read_can_be_asked() -> None:
    assert {command for one in ALL for command in one.formats} == {
        0x42,
        0x44,
        0x47,
        0x51,
        0x92,
        0xC1,
    }
    for one in ALL:
        for command in (0x45, 0x49, 0x4E, 0x94, 0x95, 0x99, 0x9A, 0x9B, 0x9C, 0xA0, 0xA1, 0xA2):
            with pytest.raises(KeyError):
                one.build_request(Block(command), 2)


def test_the_makers_example_is_taken_with_the_right_check_and_not_with_the_printed_one() -> None:
    content = find_reply(RIGHT)
    assert content is not None
    assert content[:5].hex() == "11020f0d45"
    assert find_reply(PRINTED, final=False) is None
    with pytest.raises(DamagedReply, match="checksum"):
        find_reply(PRINTED)


def test_a_real_line_gives_the_same_with_an_echo_and_in_two_bursts() -> None:
    ask = PYLONTECH.build_request(Block(ANALOGUE), 2)
    with replay((ask, [ask + RIGHT[:60], RIGHT[60:]])) as peer:
        line = ByteLine(peer.port, FakeClock(), SerialForm(115_200), timeout_s=0.5)
        content = line.exchange(
            ask, lambda received, *, final: find_reply(received, final=final), "command 0x42"
        )
        line.close()
    assert content == find_reply(RIGHT)


def test_lists_are_filled_up_with_what_is_not_there() -> None:
    content = find_reply(RIGHT)
    assert content is not None
    assert content[2] == 15
    assert content[3:33].hex().upper() in RIGHT.decode()
    assert content[33:35].hex() == "8000"  # the sixteenth cell
    assert content[35] == 5
    assert content[46:52].hex() == "8000" * 3  # temperatures 6 to 8
    assert content[52:].hex().upper() == "0000C725FFFF04FFFF000200CA58012110"
    states = find_reply(ALARM_FRAME, ALARMS)
    assert states is not None
    assert states[18] == states[25] == 0xFF
    assert states[28:].hex() == "000000000e00000000"


def test_noise_stale_and_half_frames_in_front_do_not_hide_the_answer() -> None:
    for front in (
        b"\x00\xff~~",
        b"~2002",
        PRINTED,
        RIGHT[:40],
        ALARM_FRAME,
        build_answer(start="200346"),
    ):
        assert find_reply(front + RIGHT, final=False) == find_reply(RIGHT)
    for end in range(len(RIGHT)):
        assert find_reply(RIGHT[:end], final=False) is None


def test_what_may_still_become_the_answer_is_waited_for_and_then_lost() -> None:
    assert find_reply(RIGHT[:-1]) is None
    assert find_reply(b"") is None
    assert find_reply(b"no frame at all") is None
    assert find_reply(build_answer(start="200346"), final=False) is None


def test_lower_case_digits_are_digits() -> None:
    body = RIGHT[1:-5].lower()
    frame = b"~" + body + f"{compute_checksum(body):04x}\r".encode()
    assert find_reply(frame) == find_reply(RIGHT)


@pytest.mark.parametrize(
    "digits", [b" 2", b"+2", b"_2", b"2\n", b"\xb22", b"xx"], ids=lambda digits: digits.hex()
)
def test_nothing_but_digits_is_a_number(digits: bytes) -> None:
    body = digits + RIGHT[3:-5]
    with pytest.raises(DamagedReply, match="digits"):
        find_reply(b"~" + body + f"{compute_checksum(body):04X}\r".encode())


def test_a_wrong_length_check_or_length_is_damage_though_the_checksum_is_right() -> None:
    info = RIGHT[13:-5].decode()
    right = encode_length(len(info))
    assert right == 0xF07A
    assert find_reply(build_answer(info=info)) == find_reply(RIGHT)
    for wrong in (right ^ 0x1000, right - 1, 0x007A, encode_length(len(info) - 2)):
        with pytest.raises(DamagedReply, match="length"):
            find_reply(build_answer(info=info, length=wrong))


@pytest.mark.parametrize("start", ["250246", "200346", "200247", "200046"])
def test_another_version_pack_or_kind_of_device_is_not_answering_us(start: str) -> None:
    with pytest.raises(DamagedReply, match="from pack"):
        find_reply(build_answer(info=RIGHT[13:-5].decode(), start=start))


def test_the_answer_to_another_command_is_not_taken() -> None:
    for frame, command in ((ALARM_FRAME, ANALOGUE), (RIGHT, ALARMS), (RIGHT, MANAGEMENT)):
        with pytest.raises(DamagedReply, match="laid out"):
            find_reply(frame, command)


def test_the_answer_of_a_whole_group_is_not_taken_for_one_pack() -> None:
    with pytest.raises(DamagedReply, match="laid out"):
        find_reply(GROUP)


@pytest.mark.parametrize(
    "info", ["", "1102", "1102FF", "110211" + "0CE4" * 17 + "00" + "00" * 11, "11020F0D45"]
)
def test_lists_that_are_too_long_or_cut_off_are_not_taken(info: str) -> None:
    with pytest.raises(DamagedReply, match="laid out"):
        find_reply(build_answer(info=info))


def test_a_pack_may_have_no_temperatures_at_all() -> None:
    content = pad_lists(
        bytes.fromhex("1102" + "01" + "0CE4" + "00" + "00" * 11), CommandFormat((11,), width=2)
    )
    assert content[3:7].hex() == "0ce48000"
    assert content[35:].hex() == "00" + "8000" * 8 + "00" * 11


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_a_refusal_has_its_code_and_its_meaning(code: int) -> None:
    with pytest.raises(RefusedReply) as caught:
        find_reply(build_answer(code), final=False)
    assert caught.value.number == code
    assert isinstance(caught.value, YdtRefusal)
    assert caught.value.reason == REFUSALS[code]


def test_a_request_on_the_line_is_no_answer_and_no_refusal() -> None:
    """An echo behind noise, or another master: its command stands where the return code would."""
    ask = PYLONTECH.build_request(Block(ANALOGUE), 2)
    assert find_reply(ask, final=False) is None
    assert find_reply(b"\0" + ask + RIGHT, final=False) == find_reply(RIGHT)
    with pytest.raises(DamagedReply, match="42 is no return code"):
        find_reply(ask)
    with pytest.raises(DamagedReply, match="55 is no return code"):
        find_reply(build_answer(0x55))


@pytest.mark.parametrize("code", [2, 3])
def test_a_request_that_arrived_damaged_is_a_lost_one_and_not_a_refusal(code: int) -> None:
    """As Modbus exceptions 02 and 03 would say: no such block, not to be asked for an hour."""
    with pytest.raises(DamagedReply, match="the pack reports that the"):
        find_reply(build_answer(code))


def test_the_length_field_of_the_standards_own_example() -> None:
    assert encode_length(18) == 0xD012
    assert encode_length(0) == 0
    assert encode_length(0xF01) == 0x0F01  # the sum of its digits is 16
    assert compute_checksum(b"1203400456ABCDFE") == 0xFC72


LIKE_A_FRAME = st.lists(
    st.one_of(
        st.binary(max_size=20),
        st.sampled_from([b"~", b"\r", b"20024600", b"F07A", RIGHT, ALARM_FRAME, GROUP, PRINTED]),
        st.text("0123456789ABCDEFabcdef", max_size=40).map(str.encode),
        st.binary(max_size=40).map(lambda info: build_answer(info=info.hex())),
        st.integers(0, 255).map(build_answer),
    ),
    max_size=6,
).map(b"".join)


@given(
    received=LIKE_A_FRAME, command=st.sampled_from(sorted(PYLONTECH.formats)), final=st.booleans()
)
def test_no_bytes_break_it(received: bytes, command: int, final: bool) -> None:
    try:
        content = find_reply(received, command, final)
    except (DamagedReply, RefusedReply):
        return
    if content is not None and command == ANALOGUE:
        assert len(content) in (63, 69)


@given(place=st.integers(0, len(RIGHT) - 1), byte=st.integers(0, 255))
def test_no_single_wrong_byte_makes_another_answer(place: int, byte: int) -> None:
    received = RIGHT[:place] + bytes([byte]) + RIGHT[place + 1 :]
    try:
        content = find_reply(received)
    except DamagedReply:
        return
    assert content is None or received == RIGHT
