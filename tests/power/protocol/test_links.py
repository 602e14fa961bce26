"""A value that a device gives word by word: high, low, high, whichever comes first in the table."""

import pytest

from power.protocol.links import ModbusLink
from power.protocol.profile import Profile
from power.protocol.register import HOLDING, S32_LOW_FIRST, U32, UNREAD, Register
from tests.power.reading.test_meter import Device

HIGH_FIRST = Register(HOLDING, 20, U32, 1, 0, 1e9, "Wh", "pair")
LOW_FIRST = Register(HOLDING, 20, S32_LOW_FIRST, 1, -1e9, 1e9, "A", "pair")


class ByBytes(Device):
    step = 1  # an address is a byte: the second word is two further on


class ShiftedId(Device):
    reply_id_shift = 0x50


class Words:
    """A bus of single words; each one is one more when it is read again."""

    def __init__(self, words: dict[int, int], moving: int | None = None) -> None:
        self.words, self.moving = dict(words), moving
        self.asked: list[int] = []
        self.reply_ids: set[int | None] = set()

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        assert (function, count, device_id) == (HOLDING, 1, 3)
        self.asked.append(address)
        self.reply_ids.add(reply_id)
        word = self.words[address]
        if address == self.moving:
            self.words[address] ^= 1
        return (word,)


@pytest.mark.parametrize(
    ("profile", "row", "words", "asked", "value"),
    [
        (Device(), HIGH_FIRST, {20: 2, 21: 1}, [20, 21, 20], 0x20001),
        (Device(), LOW_FIRST, {20: 0xFF9C, 21: 0xFFFF}, [21, 20, 21], -100),
        (ByBytes(), HIGH_FIRST, {20: 2, 22: 1}, [20, 22, 20], 0x20001),
    ],
)
def test_the_high_word_is_read_before_and_after_the_low_one(
    profile: Profile, row: Register, words: dict[int, int], asked: list[int], value: float
) -> None:
    bus = Words(words)
    assert ModbusLink(profile, bus, 3).read_by_words(row).value == value
    assert bus.asked == asked
    torn = Words(words, moving=asked[0])
    assert ModbusLink(profile, torn, 3).read_by_words(row) == UNREAD


def test_a_reply_under_another_id_is_expected_only_of_devices_that_do_so() -> None:
    for profile, reply_id in ((Device(), None), (ShiftedId(), 0x53)):
        bus = Words({20: 1, 21: 0})
        ModbusLink(profile, bus, 3).read_by_words(HIGH_FIRST)
        assert bus.reply_ids == {reply_id}


def test_a_reply_in_which_one_value_cannot_be_is_no_sign_of_the_device() -> None:
    device, volts_and_amperes = Device(), bytes.fromhex("0085 0064".replace(" ", ""))
    found = device.recognise(volts_and_amperes)
    assert found is not None
    assert (found.text, found.certain) == ("2 values that A device could give", False)
    assert device.recognise(bytes.fromhex("00850FFF")) is None  # 13.3 V and 409.5 A
    assert device.recognise(b"") is None
