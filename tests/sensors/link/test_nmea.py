"""Sentences of a satellite receiver: what is damaged, or without a position, counts as nothing."""

from datetime import UTC, datetime

import pytest

from sensors.link.nmea import find_hdop, find_time
from tests.stand_ins.satellites import GGA, RMC, make_sentence

WITHOUT_FIX = make_sentence("GNRMC,120500.0,V,,,,,,,011226,,,N")


def test_time_and_dilution_are_read_of_whichever_satellites() -> None:
    galileo = make_sentence("GARMC,235959.0,A,4630.0,N,02536.0,E,0.0,,311226,,,A")

    assert find_time(RMC) == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert find_time(f"{RMC}\r\n{galileo}\r\n") == datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert find_hdop(f"{GGA}\n{RMC}") == 1.2


def test_a_receiver_without_a_position_tells_no_time() -> None:
    assert find_time(WITHOUT_FIX) is None
    assert find_time(f"{RMC}\n{WITHOUT_FIX}") == datetime(2026, 12, 1, 12, tzinfo=UTC)
    assert find_hdop(make_sentence("GPGGA,120000.0,,,,,0,00,99.9,,M,,M,,")) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "$",
        RMC[:-2] + "00",
        RMC.replace("4630", "4631"),
        RMC[:30],
        make_sentence("GPRMC,120000.0,A,4630.0,N"),
        make_sentence("GPRMC,999999.9,A,4630.0,N,02536.0,E,0.0,,991399,,,A"),
        "\x00" * 5000,
    ],
)
def test_what_is_damaged_is_nothing(text: str) -> None:
    assert find_time(text) is None
    assert find_hdop(text) is None
