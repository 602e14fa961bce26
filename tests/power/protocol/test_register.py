"""Rows of a register table: what bytes become, and where a value is not believed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model import Quality
from power.protocol.register import (
    F16,
    HOLDING,
    INPUT,
    S16,
    S16_LITTLE,
    S32,
    S32_LOW_FIRST,
    SIGN_AND_7,
    U8,
    U16,
    U32,
    U32_LOW_FIRST,
    ByteOrder,
    Decoded,
    Form,
    Kind,
    Register,
    convert_raw,
    decode,
    decode_block,
    decode_raw,
    encode,
    encode_raw,
    select_registers,
)
from tests.power.register_tables import index_by_name

U32_LITTLE = Kind(4, Form.UNSIGNED, ByteOrder.LITTLE)
WORD = Register(INPUT, 0x10, U16, 100, 1, 50, "V", "word", absent=(0xFFFF, 2000))
PAIR = Register(INPUT, 0x11, U32, 1, 0, 1e9, "Wh", "pair")
UPPER = Register(INPUT, 0x13, U8, 1, 0, 255, "C", "upper")
LOWER = Register(INPUT, 0x13, U8, 1, 0, 255, "C", "lower", byte=1)
TABLE = (WORD, PAIR, UPPER, LOWER)


@pytest.mark.parametrize(
    ("kind", "data", "number"),
    [
        (U16, "FF9C", 65436),
        (S16, "FF9C", -100),
        (S16_LITTLE, "9CFF", -100),
        (S32, "FFFFFF9C", -100),
        (S32_LOW_FIRST, "FF9CFFFF", -100),
        (U32_LOW_FIRST, "00020001", 0x10002),
        (U32_LITTLE, "02000100", 0x10002),
        (SIGN_AND_7, "81", -1),
        (SIGN_AND_7, "7F", 127),
        (F16, "4A80", 13.0),
    ],
)
def test_a_kind_reads_and_writes_its_bytes(kind: Kind, data: str, number: float) -> None:
    assert decode_raw(kind, bytes.fromhex(data)) == number
    assert encode_raw(kind, number) == bytes.fromhex(data)


@pytest.mark.parametrize("kind", [U8, U16, S16, S16_LITTLE, S32_LOW_FIRST, SIGN_AND_7, U32_LITTLE])
@given(number=st.floats(-1e12, 1e12))
def test_a_number_too_large_stays_at_the_limit_and_keeps_its_sign(
    kind: Kind, number: float
) -> None:
    back = decode_raw(kind, encode_raw(kind, number))
    assert abs(back) <= abs(round(number))
    assert back * number >= 0


def test_bytes_of_another_length_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="1 byte where 2"):
        decode_raw(U16, b"1")


@pytest.mark.parametrize(("volts", "good"), [(0.99, False), (1, True), (50, True), (50.01, False)])
def test_a_value_is_accepted_from_low_to_high(volts: float, good: bool) -> None:
    found = decode(WORD, encode(WORD, volts))
    assert found == (Decoded(volts, Quality.OK) if good else Decoded(None, Quality.IMPLAUSIBLE))


@pytest.mark.parametrize("raw", [0xFFFF, 2000])  # also where the value itself could be one
def test_a_number_that_means_absent_is_absent(raw: int) -> None:
    assert convert_raw(WORD, raw) == Decoded(None, Quality.ABSENT)


def test_a_half_float_that_is_no_number_is_absent() -> None:
    row = Register(HOLDING, 0, F16, 1, -100, 100, "V", "half")
    assert decode(row, bytes.fromhex("7E00")) == Decoded(None, Quality.ABSENT)
    assert decode(row, bytes.fromhex("7C00")) == Decoded(None, Quality.IMPLAUSIBLE)  # infinity


def test_a_reply_brings_only_what_lies_whole_in_it() -> None:
    data = bytes.fromhex("0000 0001 0203".replace(" ", ""))
    assert set(decode_block(TABLE, INPUT, 0x11, data)) == {"pair", "upper", "lower"}
    assert set(decode_block(TABLE, INPUT, 0x12, data[2:])) == {"upper", "lower"}  # half a pair
    assert set(decode_block(TABLE, INPUT, 0x10, data[:4])) == {"word"}
    assert decode_block(TABLE, INPUT, 0x13, data[4:])["lower"].value == 3
    assert set(decode_block(TABLE, INPUT, 0x13, data[4:5])) == {"upper"}
    assert decode_block(TABLE, HOLDING, 0x10, data) == {}


@given(address=st.integers(0x0E, 0x15), size=st.integers(0, 12), function=st.sampled_from([3, 4]))
def test_what_a_reply_will_bring_is_known_before(address: int, size: int, function: int) -> None:
    rows = select_registers(TABLE, function, address, size)
    assert [row.name for row in rows] == list(decode_block(TABLE, function, address, bytes(size)))


def test_two_rows_of_one_name_are_a_mistake() -> None:
    assert set(index_by_name(TABLE)) == {"word", "pair", "upper", "lower"}
    with pytest.raises(ValueError, match="one name"):
        index_by_name((WORD, WORD))
