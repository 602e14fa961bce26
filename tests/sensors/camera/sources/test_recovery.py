"""Recovery points of H.264, held against libav's own decoder and x264's own streams."""

import pytest

from sensors.camera.sources.decoder import decode, new_decoder
from sensors.camera.sources.recovery import find_recovery_frames
from sensors.camera.sources.source import Codec, EncodedPacket
from sensors.camera.sources.video_file import VideoFile
from tests.stand_ins.rtsp import make_video

ANNEX_B = Codec("h264")
START = b"\0\0\1"


@pytest.fixture(scope="module")
def packets(tmp_path_factory: pytest.TempPathFactory) -> list[EncodedPacket]:
    refresh = {"x264-params": "intra-refresh=1"}
    path = tmp_path_factory.mktemp("refresh") / "refresh.mp4"
    received: list[EncodedPacket] = []
    film = VideoFile(make_video(path, seconds=6, key_every=20, options=refresh), received.append)
    film.advance(0.0)
    film.advance(5.5)
    return received


def test_decoding_from_a_recovery_point_is_intact_after_as_many_pictures_as_it_says(
    packets: list[EncodedPacket],
) -> None:
    numbers = {
        number: find_recovery_frames(packet.codec, bytes(packet.av_packet))
        for number, packet in enumerate(packets)
    }
    points = [number for number, frames in numbers.items() if frames]
    assert points == [20, 40]
    decoder = new_decoder(packets[0].codec)
    shown = [bool(decode(decoder, packet.av_packet)) for packet in packets[20:40]]
    assert shown.index(True) == numbers[20]


@pytest.mark.parametrize(
    ("units", "frames"),
    [
        ([b"\6\6\2\x09\xc4\x80", b"\1slice"], 18),
        ([b"\6\5\2ab\6\2\x09\xc4\x80", b"\1slice"], 18),  # after another message
        ([b"\6\5\xff\1" + 256 * b"a" + b"\6\1\x84\x80", b"\1slice"], 0),  # ue(v) 0
        ([b"\6\6\2\x09\xc4\x80", b"\5slice"], 0),  # a real key frame
        ([b"\1slice", b"\6\6\2\x09\xc4\x80"], 0),  # of the next picture
        ([b"\6\6\2\0", b"\1slice"], 0),  # cut off
        ([b"\6\xff\xff"], 0),
        ([], 0),
    ],
)
def test_messages_are_read_however_they_are_packed(units: list[bytes], frames: int) -> None:
    assert find_recovery_frames(ANNEX_B, b"".join(START + unit for unit in units)) == frames


def test_only_h264_is_searched() -> None:
    data = START + b"\6\6\2\x09\xc4\x80" + START + b"\1slice"
    assert find_recovery_frames(Codec("hevc"), data) == 0
