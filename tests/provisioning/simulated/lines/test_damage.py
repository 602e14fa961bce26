"""The simulated bad line is as bad as it says: else tests on it prove nothing."""

from typing import ClassVar

import pytest

from power.protocol.register import HOLDING, INPUT, U16, Register
from provisioning.simulated.devices.renogy import SimulatedRover
from provisioning.simulated.devices.table_device import Range, TableDevice
from provisioning.simulated.lines.byte_device import RtuDevices
from provisioning.simulated.lines.damage import FLOOD_BYTES, Damage
from provisioning.simulated.lines.framing import build_rtu_frame, parse_rtu_frame
from provisioning.simulated.lines.pdu import build_read
from provisioning.simulated.lines.quirks import (
    FLOOD,
    FOREIGN,
    LATE,
    LINE_QUIRKS,
    NOISE,
    STALE,
    TRUNCATED,
)
from tests.stand_ins.rig import make_sunny_noon

REPLIES = [build_rtu_frame(1, bytes([4, 2, number >> 8, number & 0xFF])) for number in range(500)]


def send_replies(*quirks: str, share: float = 0.2) -> list[bytes]:
    damage = Damage(quirks, seed=3, share=share)
    return [damage.apply(reply) for reply in REPLIES]


def count_changes(found: list[bytes]) -> list[tuple[bytes, bytes]]:
    return [
        (sent, received) for sent, received in zip(REPLIES, found, strict=True) if sent != received
    ]


def test_a_good_line_changes_nothing() -> None:
    assert send_replies() == REPLIES
    assert send_replies(*LINE_QUIRKS, share=0.0) == REPLIES
    assert Damage(LINE_QUIRKS, 1, 1.0).apply(b"") == b""


@pytest.mark.parametrize("quirk", [NOISE, TRUNCATED, FOREIGN, FLOOD])
def test_one_reply_in_five_is_damaged(quirk: str) -> None:
    assert 70 < len(count_changes(send_replies(quirk))) < 130


def test_noise_is_one_wrong_byte() -> None:
    for sent, received in count_changes(send_replies(NOISE)):
        assert len(sent) == len(received)
        assert sum(one != other for one, other in zip(sent, received, strict=True)) == 1
        assert parse_rtu_frame(received) is None


def test_a_truncated_reply_has_begun_and_not_ended() -> None:
    assert all(
        received and sent.startswith(received) and len(received) < len(sent)
        for sent, received in count_changes(send_replies(TRUNCATED))
    )


def test_a_foreign_reply_is_sound_and_of_another_device() -> None:
    for sent, received in count_changes(send_replies(FOREIGN)):
        content, mine = parse_rtu_frame(received), parse_rtu_frame(sent)
        assert content is not None
        assert mine is not None
        assert (content[0], content[1]) == (2, mine[1])


def test_a_flood_still_ends_in_the_reply() -> None:
    for sent, received in count_changes(send_replies(FLOOD)):
        assert len(received) == FLOOD_BYTES + len(sent)
        assert received.endswith(sent)


def test_a_late_reply_comes_in_front_of_the_next_one() -> None:
    found = send_replies(LATE)
    late = [place for place, received in enumerate(found[:-1]) if not received]
    assert 50 < len(late) < 130
    for place in late:
        assert found[place + 1] == REPLIES[place] + REPLIES[place + 1]


def test_stale_bytes_are_the_end_of_the_reply_before() -> None:
    found = send_replies(STALE, share=1.0)
    stale = [place for place, received in enumerate(found) if received != REPLIES[place]]
    assert len(stale) > 100
    for place in stale:
        before = REPLIES[place - 1]
        assert found[place] == before[len(before) // 2 :] + REPLIES[place]


def test_a_device_ignores_damaged_requests_and_those_to_another_id() -> None:
    device = RtuDevices([SimulatedRover(make_sunny_noon(), device_id=7)])
    request = build_rtu_frame(7, build_read(3, 0x0100, 1))
    assert device.respond(request) is not None
    assert device.respond(request[:-1] + b"\x00") is None
    assert device.respond(build_rtu_frame(8, build_read(3, 0x0100, 1))) is None


def test_a_device_gives_only_as_many_words_as_it_has_and_from_one_table_at_a_time() -> None:
    rover = SimulatedRover(make_sunny_noon())
    for count in (0, rover.most_words + 1):
        assert rover.answer(build_read(3, 0x0100, count)) == bytes([0x83, 2])
    assert rover.answer(build_read(4, 0x0100, 1)) == bytes([0x84, 1])
    assert rover.answer(b"") is None


class TwoTables(TableDevice):
    """The same address in the input and the holding table, as some devices have."""

    registers = (
        Register(INPUT, 0x10, U16, 1, 0, 9, "V", "said"),
        Register(HOLDING, 0x10, U16, 1, 0, 9, "V", "kept"),
    )
    ranges: ClassVar[dict[int, tuple[Range, ...]]] = {
        INPUT: ((0x10, 0x10),),
        HOLDING: ((0x10, 0x10),),
    }

    def values(self) -> dict[str, float]:
        return {"said": 1, "kept": 2}


def test_one_address_in_two_tables_is_two_values() -> None:
    device = TwoTables(make_sunny_noon())
    assert device.answer(build_read(INPUT, 0x10, 1)) == bytes([4, 2, 0, 1])
    assert device.answer(build_read(HOLDING, 0x10, 1)) == bytes([3, 2, 0, 2])
