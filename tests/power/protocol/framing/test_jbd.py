"""The framing of JBD packs: noise, floods, late and foreign replies, and any bytes at all."""

from contextlib import suppress
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from power.protocol.errors import DamagedReply, RefusedReply
from power.protocol.framing.jbd import JbdFraming
from power.protocol.profile import Block
from tests.power.devices.jbd_frames import (
    ALL_FRAMES,
    ASK_BASIC,
    ASK_CELLS,
    ASK_NAME,
    BASIC,
    CELL_BLOCK,
    FOUR,
    FOUR_CELLS,
    NAME,
    SEVEN,
    build_frame,
)

FRAMING = JbdFraming()


def test_the_requests_are_those_of_the_manual() -> None:
    assert FRAMING.build_request(BASIC, 1) == ASK_BASIC
    assert FRAMING.build_request(CELL_BLOCK, 1) == ASK_CELLS
    assert FRAMING.build_request(NAME, 1) == ASK_NAME


def find_reply(received: bytes, block: Block, final: bool = True) -> bytes | None:
    return FRAMING.find_reply(received, block, 1, final=final)


def test_a_reply_is_waited_for_until_it_is_whole() -> None:
    for size in range(len(FOUR)):
        assert find_reply(FOUR[:size], BASIC, final=False) is None
    assert find_reply(FOUR, BASIC, final=False) == FOUR[4:-3]


def test_noise_and_other_replies_before_the_reply_are_skipped() -> None:
    assert find_reply(b"\xdd\x03\xdd" + FOUR, BASIC) == FOUR[4:-3]
    assert find_reply(b"\xdd\x03\x00\xff" + FOUR, BASIC, final=False) == FOUR[4:-3]
    assert find_reply(FOUR_CELLS + FOUR, BASIC) == FOUR[4:-3]
    assert find_reply(ASK_BASIC + FOUR, BASIC) == FOUR[4:-3]


def test_of_a_late_reply_and_a_new_one_the_new_one_counts() -> None:
    assert find_reply(SEVEN + FOUR, BASIC) == FOUR[4:-3]


def test_a_flood_before_the_reply_does_not_drown_it() -> None:
    assert find_reply(Random(1).randbytes(5000) + FOUR, BASIC) == FOUR[4:-3]
    assert find_reply(b"\xdd\x03" * 2000 + FOUR, BASIC) == FOUR[4:-3]


@pytest.mark.parametrize("received", ALL_FRAMES, ids=lambda received: received[:6].hex())
def test_a_frame_with_one_wrong_byte_is_never_taken(received: bytes) -> None:
    block = Block(received[1])
    assert find_reply(received, block) == received[4:-3]
    for place in range(len(received)):
        for flip in (0x01, 0x80, 0xFF):
            damaged = received[:place] + bytes([received[place] ^ flip]) + received[place + 1 :]
            with suppress(DamagedReply):
                assert find_reply(damaged, block) is None


def test_a_wrong_check_is_damage_once_nothing_more_comes() -> None:
    wrong = FOUR[:-2] + b"\x00\x77"
    assert find_reply(wrong, BASIC, final=False) is None
    with pytest.raises(DamagedReply):
        find_reply(wrong, BASIC)
    assert find_reply(FOUR_CELLS, BASIC) is None


def test_a_status_that_is_not_0_is_a_refusal_if_its_check_is_right() -> None:
    with pytest.raises(RefusedReply) as caught:
        find_reply(bytes.fromhex("DD 03 80 00 FF 80 77"), BASIC)
    assert caught.value.number == 0x80
    with pytest.raises(DamagedReply):
        find_reply(bytes.fromhex("DD 03 80 00 FF 81 77"), BASIC)


@given(st.binary(max_size=300), st.sampled_from((BASIC, CELL_BLOCK, NAME)), st.booleans())
def test_no_bytes_break_the_framing(received: bytes, block: Block, final: bool) -> None:
    for reply in (received, bytes([0xDD, block.function]) + received):
        try:
            content = find_reply(reply, block, final)
        except (DamagedReply, RefusedReply):
            continue
        assert content is None or build_frame(block.function, content) in reply
