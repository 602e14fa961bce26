"""Rules of live streams: picture times from time stamps, rates, headers before key frames."""

import pytest

from sensors.camera.sources.parameter_sets import find_parameter_sets
from sensors.camera.sources.timestamps import JUDGED_BY, JUMP_S, PacketRate, TimestampMapping

SPS, PPS, SLICE = b"\x67\x64\0\x1f", b"\x68\xee", b"\x65\x88\x84"
START = b"\0\0\0\1"

# --- picture times --------------------------------------------------------------------------------


def test_differences_of_time_stamps_hold_however_the_network_stutters() -> None:
    anchor = TimestampMapping()
    assert anchor.map_to_media_s(7000.0, 100.0) == 100.0
    assert anchor.map_to_media_s(7000.1, 100.35) == pytest.approx(100.1)
    assert anchor.map_to_media_s(7000.2, 100.36) == pytest.approx(100.2)


def test_a_picture_is_never_from_the_future() -> None:
    anchor = TimestampMapping()
    anchor.map_to_media_s(5.0, 100.0)
    for number in range(100):  # what was in hand comes at once, then the camera's clock runs fast
        arrived_s = 100.01 + number * 0.1
        assert anchor.map_to_media_s(5.1 + number * 0.11, arrived_s) <= arrived_s


@pytest.mark.parametrize("jump_s", [-5000.0, 5000.0, -JUMP_S - 0.5])
def test_a_jump_of_the_cameras_clock_is_no_gap_in_the_pictures(jump_s: float) -> None:
    anchor = TimestampMapping()
    anchor.map_to_media_s(6000.0, 100.0)
    assert anchor.map_to_media_s(6000.1 + jump_s, 100.2, step_s=0.1) == pytest.approx(100.1)
    assert anchor.map_to_media_s(6000.2 + jump_s, 100.35, step_s=0.1) == pytest.approx(100.2)


def test_a_slow_clock_of_a_camera_is_followed_without_jumps() -> None:
    anchor = TimestampMapping()
    lags_s = []
    for number in range(6000):  # ten minutes; the camera loses 0.5 %: three seconds
        arrived_s = 100.0 + number * 0.1
        lags_s.append(arrived_s - anchor.map_to_media_s(number * 0.0995, arrived_s))
    assert max(lags_s) < 0.005 * 2 * JUDGED_BY * 0.1 + 0.01
    assert min(lags_s) >= 0


def test_a_packet_without_a_time_stamp_is_shown_when_it_comes() -> None:
    anchor = TimestampMapping()
    assert anchor.map_to_media_s(None, 50.0) == 50.0
    anchor.map_to_media_s(1.0, 60.0)
    assert anchor.map_to_media_s(None, 60.05) == 60.05
    assert anchor.map_to_media_s(1.1, 60.3) == pytest.approx(60.1)


def test_the_rate_does_not_count_what_the_camera_had_in_hand() -> None:
    pace = PacketRate()
    for _ in range(50):
        pace.add(9000, 100.0)
    assert pace.description == ""
    rates = set()
    for number in range(90):
        pace.add(5000, 100.1 + number * 0.1)
        if pace.rate:
            rates.add(pace.rate)
    assert rates
    assert all(rate == pytest.approx(10, rel=0.12) for rate in rates)
    assert pace.description.startswith((", 9.", ", 10"))
    assert "frames a second, " in pace.description


# --- headers --------------------------------------------------------------------------------------


def test_parameter_sets_are_found_before_a_key_frame_and_nothing_else() -> None:
    sets = START + SPS + START + PPS
    unit_delimiter = START + b"\x09\xf0"
    assert find_parameter_sets("h264", unit_delimiter + sets + START + SLICE) == sets
    assert find_parameter_sets("h264", b"\0\0\1" + SPS + b"\0\0\1" + PPS + START + SLICE) == sets
    assert find_parameter_sets("h264", sets + sets + START + SLICE) == sets  # some say it twice
    assert find_parameter_sets("h264", START + SLICE) == b""
    vps, sps = START + b"\x40\x01\x0c", START + b"\x42\x01\x01"
    assert find_parameter_sets("hevc", vps + sps + START + b"\x26\x01\xaf") == vps + sps
    assert find_parameter_sets("mjpeg", b"\xff\xd8\xff\xdb") == b""
    assert find_parameter_sets("h264", b"") == b""
    assert find_parameter_sets("h264", START) == b""


def test_a_camera_that_leaves_out_pictures_is_dated_rightly_from_the_next_one_waited_for() -> None:
    mapping = TimestampMapping()
    for number in range(20):
        mapping.map_to_media_s(number * 0.1, 100.0 + number * 0.1, step_s=0.1)
    found_s = [  # read together, two seconds later; one second of pictures is missing
        mapping.map_to_media_s(stamp_s, 103.9, waited=False, step_s=0.1) for stamp_s in (3.0, 3.1)
    ]
    assert found_s == pytest.approx([102.0, 102.1])
    mapping.map_to_media_s(4.0, 104.0, waited=True, step_s=0.1)
    assert mapping.map_to_media_s(4.1, 104.1, waited=True, step_s=0.1) == pytest.approx(104.1)
