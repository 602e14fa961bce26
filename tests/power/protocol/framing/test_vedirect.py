"""VE.Direct framing: captured text and HEX of real devices, and what a bad line makes of them."""

import re
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.framing.vedirect import GET, HISTORY, LIVE, TEXT, VeDirectFraming, build_get
from power.protocol.profile import Block

LIVE_TEXT, HISTORY_TEXT = Block(TEXT, LIVE), Block(TEXT, HISTORY)
ABSORPTION, SENSE = Block(GET, 0xEDF7, 1), Block(GET, 0xEDEC, 1)
FRAMING = VeDirectFraming()


def list_captured_blocks(words: str, checksum: int) -> bytes:
    """A block as it was on the line, from its labels and the checksum byte that came with them."""
    lines = "".join(f"\r\n{line.replace(' ', chr(9), 1)}" for line in words.split("|"))
    return lines.encode() + b"\r\nChecksum\t" + bytes([checksum])


# Captures: karioja/vedirect test/*.dump; the 100/15 from a public MicroPython example.
SMARTSOLAR = list_captured_blocks(
    "PID 0xA05F|FW 139|SER# HQ18486U2B4|V 12810|I -10|VPV 10|PPV 0|CS 0|MPPT 0|ERR 0|LOAD ON|IL 0"
    "|H19 0|H20 0|H21 0|H22 0|H23 0|HSDS 0",
    0xE4,
)
MPPT_100_15 = list_captured_blocks(
    "PID 0xA043|FW 116|SER# HQ1341PSPAY|V 25000|I -40|VPV 67760|PPV 11|CS 3|ERR 0|LOAD ON|IL 400"
    "|H19 39401|H20 0|H21 12|H22 108|H23 295|HSDS 287",
    0xB2,
)
BLUESOLAR = list_captured_blocks(
    "PID 0xA042|FW 123|SER# HQ1411MYIKN|V 12540|I 650|VPV 32790|PPV 8|CS 3|ERR 0|LOAD ON|IL 0"
    "|H19 8272|H20 0|H21 11|H22 25|H23 119|HSDS 274",
    0xAA,
)
BLUESOLAR_NEXT = list_captured_blocks(
    "PID 0xA042|FW 123|SER# HQ1411MYIKN|V 12540|I 620|VPV 34890|PPV 8|CS 3|ERR 0|LOAD ON|IL 0"
    "|H19 8272|H20 0|H21 11|H22 25|H23 119|HSDS 274",
    0xAA,
)
BLUESOLAR_ASYNC = (
    b":A501000000000000000000000ED04C6040000000000C200000000000B0000000900C80D120172\n"
)
BMV = list_captured_blocks(
    "PID 0x203|V 12065|I -7625|P -92|CE -65473|SOC 839|TTG 942|Alarm OFF|Relay OFF|AR 0|BMV 700"
    "|FW 0308",
    ord("q"),
)
BMV_HISTORY = list_captured_blocks(
    "H1 -149322|H2 -82854|H3 0|H4 0|H5 0|H6 -5526294|H7 11733|H8 16161|H9 368003|H10 26|H11 0"
    "|H12 0|H17 6843|H18 8527",
    0xBC,
)
ALL_CAPTURED = (SMARTSOLAR, MPPT_100_15, BLUESOLAR, BLUESOLAR_NEXT, BMV)
# Captured HEX lines, in the order in which they came: bug reports of OpenDTU-OnBattery.
HEX_LINES = (
    b":7DBED00520D27\n:7272000FFFFFFFF0B\n:7ECED00FFFF77\n:7F6ED00EA156C\n:7F7ED00441610\n"
    b":AD5ED008814ED\n:ABBED006E1C19\n:ABCED00A100000001\n"
)
ODD_END = b":A0002000148\xfe"  # seen in the same place


def find_reply(received: bytes, block: Block = LIVE_TEXT, final: bool = False) -> bytes | None:
    return FRAMING.find_reply(received, block, 1, final=final)


def strip_end(block: bytes) -> bytes:
    return block[: -len(b"\r\nChecksum\t?")]


def split_chunks(data: bytes, size: int) -> Iterable[bytes]:
    """What has been received, growing."""
    return (data[:end] for end in range(0, len(data) + 1, size))


# --- text ----------------------------------------------------------------------------------------


def test_text_is_not_asked_for() -> None:
    assert FRAMING.build_request(LIVE_TEXT, 1) == b""
    assert FRAMING.build_request(HISTORY_TEXT, 1) == b""


@pytest.mark.parametrize("block", ALL_CAPTURED)
def test_captured_blocks_are_found_with_their_last_byte_and_not_before(block: bytes) -> None:
    assert all(find_reply(received) is None for received in split_chunks(block[:-1], 1))
    assert find_reply(block) == strip_end(block)


def test_the_first_part_of_a_block_is_skipped() -> None:
    for cut in range(1, len(BLUESOLAR)):
        part = BLUESOLAR[cut:]
        found = find_reply(part + BLUESOLAR_NEXT)
        # Only where the cut is between two lines could the sum be right by chance; here it is not.
        assert found == strip_end(BLUESOLAR_NEXT)


def test_a_first_part_is_skipped_even_where_its_sum_is_right_by_chance() -> None:
    part = b"64\r\nSER#\tHQ1\r\nV\t12810\r\nI\t0\r\nChecksum\t"
    part += bytes([-sum(part) % 256])
    assert find_reply(part) is None
    assert find_reply(part + SMARTSOLAR) == strip_end(SMARTSOLAR)


def test_noise_in_front_and_a_lost_checksum_line_do_not_hide_the_block() -> None:
    assert find_reply(b"\x00\xff:7\r\n\t" + SMARTSOLAR) == strip_end(SMARTSOLAR)
    assert find_reply(BLUESOLAR[:90] + SMARTSOLAR) == strip_end(SMARTSOLAR)
    assert find_reply(BMV + BMV_HISTORY[:-14] + BMV, HISTORY_TEXT) is None


def test_every_single_wrong_bit_is_noticed() -> None:
    for place in range(len(SMARTSOLAR)):
        for bit in range(8):
            damaged = bytearray(SMARTSOLAR)
            damaged[place] ^= 1 << bit
            assert find_reply(bytes(damaged)) is None


def test_a_damaged_block_is_skipped_while_another_may_come() -> None:
    damaged = SMARTSOLAR.replace(b"12810", b"12910")
    assert find_reply(damaged) is None
    assert find_reply(damaged + SMARTSOLAR) == strip_end(SMARTSOLAR)
    with pytest.raises(DamagedReply, match="checksum"):
        find_reply(damaged, final=True)


def test_silence_is_no_damage() -> None:
    assert find_reply(b"", final=True) is None
    assert find_reply(b"", SENSE, final=True) is None


def test_live_values_and_history_come_from_the_block_that_has_them() -> None:
    stream = BMV_HISTORY + BMV + BMV_HISTORY
    assert find_reply(stream) == strip_end(BMV)
    assert find_reply(BMV + BMV_HISTORY, HISTORY_TEXT) == strip_end(BMV_HISTORY)
    assert find_reply(BLUESOLAR, HISTORY_TEXT) == strip_end(BLUESOLAR)
    with pytest.raises(DamagedReply, match="labels"):
        find_reply(BMV_HISTORY, final=True)


def test_hex_lines_are_cut_out_of_the_text_wherever_they_stand() -> None:
    assert find_reply(BLUESOLAR[100:] + BLUESOLAR_ASYNC + BLUESOLAR_NEXT) == strip_end(
        BLUESOLAR_NEXT
    )
    for line in (b":ADBED001A0D5C\n:A0202000200000045\n", ODD_END, HEX_LINES, b":AD5ED008814ED"):
        for place in range(len(SMARTSOLAR) - 1):
            torn_end = line == b":AD5ED008814ED" and SMARTSOLAR[place : place + 1] != b"\r"
            if not torn_end:  # an end that is missing must leave the text whole where a line ends
                assert find_reply(SMARTSOLAR[:place] + line + SMARTSOLAR[place:]) is not None
    assert find_reply(HEX_LINES + SMARTSOLAR) == strip_end(SMARTSOLAR)


def test_a_hex_line_with_a_wrong_check_is_not_cut_out() -> None:
    assert find_reply(SMARTSOLAR[:40] + b":AD5ED008814EE\n" + SMARTSOLAR[40:]) is None


@pytest.mark.parametrize("checksum", [0x3A, 0x0D, 0x0A, 0x09, 0x00, 0x41])
def test_any_byte_can_be_the_checksum(checksum: int) -> None:
    """Among them `:`, which begins a HEX line, and the bytes that end lines and labels."""
    for digits in range(1000):
        body = f"\r\nPID\t0xA053\r\nV\t12{digits:03}\r\nSER#\tHQ{digits:04}\r\nChecksum\t".encode()
        if -sum(body) % 256 == checksum:
            break
    else:
        serial = next(n for n in range(256) if -(sum(body) + n) % 256 == checksum)
        body = body.replace(b"\r\nSER#", bytes([serial]) + b"\r\nSER#")
    block = body + bytes([-sum(body) % 256])
    assert block[-1] == checksum
    for behind in (b"", HEX_LINES, BLUESOLAR_ASYNC + BLUESOLAR):
        assert find_reply(block + behind) == strip_end(block)


# --- HEX -----------------------------------------------------------------------------------------


def test_requests_are_gets_with_the_check_of_the_makers_examples() -> None:
    assert build_get(0xEDF0) == b":7F0ED0071\n"
    assert build_get(0xEDD5) == b":7D5ED008C\n"
    assert build_get(0xEDD7) == b":7D7ED008A\n"
    assert build_get(0xEDBC) == b":7BCED00A5\n"
    assert build_get(0x0201) == b":70102004B\n"
    assert build_get(0x1000) == b":70010003E\n"  # the maker's FAQ
    assert build_get(0x0FFF) == b":7FF0F0040\n"
    assert FRAMING.build_request(Block(GET, 0xEDF0, 1), 1) == b":7F0ED0071\n"


@given(st.integers(0, 255), st.integers(0, 0xFFFF))
def test_nothing_but_a_get_is_ever_asked(function: int, address: int) -> None:
    request = FRAMING.build_request(Block(function, address, 1), 1)
    assert (
        request == b""
        if function == TEXT
        else re.fullmatch(rb":7[0-9A-F]{4}00[0-9A-F]{2}\n", request)
    )


@pytest.mark.parametrize(
    ("register", "data"),
    [
        (0xEDDB, "520D"),  # 34.10 C
        (0x2027, "FFFFFFFF"),  # not available
        (0xEDEC, "FFFF"),  # no temperature sense
        (0xEDF6, "EA15"),  # 56.10 V
        (0xEDF7, "4416"),  # 57.00 V
    ],
)
def test_captured_replies_are_found_among_other_lines(register: int, data: str) -> None:
    found = find_reply(HEX_LINES, Block(GET, register, 1))
    assert found == bytes.fromhex(data)
    assert (
        find_reply(SMARTSOLAR[30:] + HEX_LINES + SMARTSOLAR[:50], Block(GET, register, 1)) == found
    )


def test_the_makers_example_of_a_reply() -> None:
    assert find_reply(b":7F0ED009600DB\n", Block(GET, 0xEDF0, 1)) == b"\x96\x00"
    assert find_reply(b":7001000C80076\n", Block(GET, 0x1000, 1)) == b"\xc8\x00"


def test_an_unasked_line_of_the_same_register_is_no_reply() -> None:
    with pytest.raises(DamagedReply):
        find_reply(b":AD5ED008814ED\n", Block(GET, 0xEDD5, 1), final=True)


def test_a_reply_is_whole_only_when_its_end_has_come_whatever_byte_that_is() -> None:
    reply = b":7F7ED00441610"
    assert all(find_reply(received, ABSORPTION) is None for received in split_chunks(reply, 1))
    assert find_reply(reply + b"\xfe", ABSORPTION) == b"\x44\x16"
    assert find_reply(reply + b"\r\nPID\t", ABSORPTION) == b"\x44\x16"
    with pytest.raises(DamagedReply):
        find_reply(reply, ABSORPTION, final=True)


def test_replies_with_a_wrong_check_or_of_another_register_are_not_taken() -> None:
    for wrong in (b":7F7ED00441611\n", b":7F6ED00EA156C\n", b":7F7ED0044160\n"):
        assert find_reply(wrong, ABSORPTION) is None


def test_an_echo_is_no_reply() -> None:
    echo = build_get(0xEDF7)
    assert find_reply(echo, ABSORPTION) is None
    assert find_reply(b"noise" + echo + b":7F7ED00441610\n", ABSORPTION) == b"\x44\x16"


@pytest.mark.parametrize("flags", [1, 2, 4])
def test_a_refusal_is_reported_with_its_flags(flags: int) -> None:
    content = bytes([7, 0xF7, 0xED, flags])
    line = (
        b":" + (content + bytes([(0x55 - sum(content)) % 256])).hex().upper()[1:].encode() + b"\n"
    )
    with pytest.raises(RefusedReply) as caught:
        find_reply(line, ABSORPTION)
    assert caught.value.number == flags


def test_a_device_that_got_a_damaged_or_unknown_command_reports_it() -> None:
    with pytest.raises(DamagedReply, match="damaged request"):
        find_reply(b":4AAAAFD\n", ABSORPTION)
    with pytest.raises(RefusedReply):
        find_reply(b":3074B\n", ABSORPTION)


# --- anything ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        SMARTSOLAR,
        BMV,
        BMV_HISTORY,
        HEX_LINES,
        ODD_END,
        b"\r\nChecksum\t",
        b"\r\nPID\t",
        b":",
        b"\r\n",
    ]
)
STREAMS = st.lists(st.one_of(st.binary(max_size=40), PIECES), max_size=8).map(b"".join)


@given(STREAMS, st.sampled_from([LIVE_TEXT, HISTORY_TEXT, ABSORPTION, SENSE]), st.booleans())
def test_no_bytes_break_it_and_text_is_only_ever_a_whole_sound_block(
    received: bytes, block: Block, final: bool
) -> None:
    try:
        found = find_reply(received, block, final)
    except (DamagedReply, RefusedReply):
        return
    if found is not None and block.function == TEXT:
        bodies = [found + b"\r\nChecksum\t" + bytes([byte]) for byte in range(256)]
        assert sum(sum(body) % 256 == 0 for body in bodies) == 1
        assert b"\r\nChecksum" not in found
    if found is not None and block.function == GET:
        assert found
