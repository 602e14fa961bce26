"""Decoding in hardware: verified, told, and replaced by software without a lost picture.

There is no such hardware here. What libav would open is the one thing that is made up: a decoder
that is right, wrong, silent, or fails after some pictures. What libav says of devices that are not
there is real.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest
from av.error import EOFError as DrainedError
from av.error import FFmpegError

from appliance.media.frames import I420, Picture, PictureRequest
from appliance.sections.cameras import HardwareDecoding
from sensors.camera.feed import Feed, Parts
from sensors.camera.pictures.encoding import to_i420
from sensors.camera.pictures.gop import GroupOfPictures
from sensors.camera.sources.decoder import new_decoder
from sensors.camera.sources.hardware import (
    GuardedDecoder,
    Hardware,
    HardwareError,
    open_hardware,
)
from sensors.camera.sources.source import Codec
from sensors.camera.sources.video_file import VideoFile, read_codec
from tests.sensors.camera.camera_bench import WATCHING
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.rtsp import make_video

VAAPI, CUDA = HardwareDecoding.VAAPI, HardwareDecoding.CUDA
SIZE = (160, 120)


class Chip:
    """A decoder as a chip may be: it works `until` so many packets, and is wrong in some way."""

    def __init__(self, codec: Codec, kind: str = "right", until: int = 10_000) -> None:
        self.packets = 0
        self._decoder = new_decoder(codec)
        self._kind = kind
        self._until = until

    def decode(self, packet: Any) -> list[Any]:
        self.packets += packet is not None
        if self.packets > self._until:
            raise FFmpegError(5, "Input/output error")
        frames = self._decoder.decode(packet)
        if self._kind == "silent":
            return []
        return [self._spoil(frame) for frame in frames]

    def _spoil(self, frame: Any) -> Any:
        other = {"grey": av.VideoFrame(*SIZE, "nv12"), "small": av.VideoFrame(64, 48, "nv12")}
        spoilt = other.get(self._kind)
        if spoilt is None:
            return frame.reformat(format="nv12")  # as chips give them
        for plane in spoilt.planes:
            plane.update(bytes(plane.buffer_size))
        spoilt.pts = frame.pts
        return spoilt

    def flush_buffers(self) -> None:
        self._decoder.flush_buffers()


class Driver:
    """Opens chips of one kind, counts them."""

    def __init__(self, kind: str = "right", until: int = 10_000) -> None:
        self.opened: list[Chip] = []
        self._kind = kind
        self._until = until

    def __call__(self, kind: HardwareDecoding, codec: Codec) -> Chip:
        if kind is not VAAPI:
            raise HardwareError("it cannot be opened (No such device)")
        self.opened.append(Chip(codec, self._kind, self._until))
        return self.opened[-1]


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("video") / "bar.mp4", SIZE, seconds=3.0)


@pytest.fixture
def packets(video: Path) -> Iterator[tuple[Codec, list[Any]]]:
    with av.open(str(video)) as container:
        stream = container.streams.video[0]
        yield read_codec(stream), [one for one in container.demux(stream) if one.size]


def decode_all(decoder: Any, packets: list[Any]) -> list[tuple[int | None, bytes]]:
    """Time stamp and luma of all pictures."""
    frames = [frame for packet in packets for frame in decoder.decode(packet)]
    frames += decoder.decode(None)
    luma = SIZE[0] * SIZE[1]
    return [(frame.pts, bytes(to_i420(frame)[:luma])) for frame in frames]


def test_a_chip_whose_first_picture_is_right_does_the_work(
    packets: tuple[Codec, list[Any]],
) -> None:
    codec, all_packets = packets
    driver = Driver()
    hardware = Hardware(VAAPI, driver)
    found = decode_all(hardware.make_decoder(codec), all_packets)
    assert found == decode_all(new_decoder(codec), all_packets)
    assert (hardware.used, hardware.words) == (VAAPI, "decoded by vaapi")
    assert hardware.make_fault("gate") is None
    assert driver.opened[0].packets == len(all_packets)


@pytest.mark.parametrize(
    ("kind", "until", "why"),
    [
        ("grey", 10_000, "its first picture differs from the right one by"),
        ("small", 10_000, "its first picture is 64x48 instead of 160x120"),
        ("silent", 10_000, "it gives no picture"),
        ("right", 0, "it failed (Input/output error)"),
        ("right", 1, "it failed (Input/output error)"),
        ("right", 17, "it failed (Input/output error)"),
    ],
)
def test_a_chip_that_fails_or_lies_is_replaced_without_a_lost_picture(
    packets: tuple[Codec, list[Any]], kind: str, until: int, why: str
) -> None:
    codec, all_packets = packets
    hardware = Hardware(VAAPI, Driver(kind, until))
    found = decode_all(hardware.make_decoder(codec), all_packets)
    expected = decode_all(new_decoder(codec), all_packets)
    if kind == "silent":  # known at the end of its packets: those of the last group are there
        expected = expected[-10:]
    assert found == expected
    assert hardware.used is None
    told = str(hardware.make_fault("gate"))
    assert "the camera gate is to be decoded by vaapi, but pictures are decoded in software" in told
    assert why in told
    assert not isinstance(hardware.make_decoder(codec), GuardedDecoder), "not tried again"


def test_a_damaged_stream_is_not_the_chips_fault(packets: tuple[Codec, list[Any]]) -> None:
    codec, (first, *_) = packets
    garbage = av.Packet(b"\0\0\0\2\x65\0")
    garbage.is_keyframe = True
    hardware = Hardware(VAAPI, Driver())
    decoder = hardware.make_decoder(codec)
    with pytest.raises(FFmpegError):
        decoder.decode(garbage)
    assert hardware.trouble == ""
    assert [*decoder.decode(first)]
    with pytest.raises(DrainedError):
        [*decoder.decode(None), *decoder.decode(None)]
    assert hardware.used is VAAPI


def test_auto_takes_the_first_that_works_and_names_why_none_does(
    packets: tuple[Codec, list[Any]],
) -> None:
    codec, all_packets = packets
    hardware = Hardware(HardwareDecoding.AUTO, Driver())
    decode_all(hardware.make_decoder(codec), all_packets)
    assert hardware.words == "decoded by vaapi"
    none = Hardware(HardwareDecoding.AUTO, Driver("grey"))
    decode_all(none.make_decoder(codec), all_packets)
    assert none.words.startswith("pictures are decoded in software; v4l2m2m: it cannot be opened")
    none.make_decoder(codec)
    assert "cuda: it cannot be opened (No such device)" in none.words
    assert none.make_fault("gate") is None, "auto asks for nothing"


@pytest.mark.parametrize(
    "kind", [one for one in HardwareDecoding if one.value not in {"off", "auto"}]
)
def test_what_libav_says_of_a_device_that_is_not_there_is_told(
    packets: tuple[Codec, list[Any]], kind: HardwareDecoding
) -> None:
    codec, all_packets = packets
    try:
        open_hardware(kind, codec)
    except HardwareError:
        hardware = Hardware(kind)
        assert len(decode_all(hardware.make_decoder(codec), all_packets)) == len(all_packets)
        assert f"{kind.value}: " in str(hardware.make_fault("gate"))
    else:
        pytest.skip(f"this machine has {kind.value}")


def test_a_codec_that_no_chip_has_is_decoded_in_software() -> None:
    for kind in (HardwareDecoding.V4L2M2M, CUDA):
        with pytest.raises(HardwareError):
            open_hardware(kind, Codec("mjpeg_of_nobody"))


def test_a_camera_whose_chip_dies_in_the_middle_goes_on_and_tells(video: Path) -> None:
    clock = FakeClock()
    hardware = Hardware(VAAPI, Driver("right", 12))
    feed = Feed(
        "gate",
        lambda on_packet: VideoFile(video, on_packet),
        clock,
        Parts(
            new_group=lambda where: GroupOfPictures(where, hardware.make_decoder),
            hardware=hardware,
        ),
    )
    words = []
    for _ in range(25):
        clock.advance(0.1)
        feed.follow(WATCHING)
        picture = feed.answer(PictureRequest(I420))
        assert isinstance(picture, Picture)
        assert clock.media_s() - picture.media_s < 0.2
        words.append(str(feed.stream))
    assert words[5].endswith("decoded by vaapi")
    assert "it failed (Input/output error)" in words[-1]
    [fault] = feed.list_faults()
    assert 'set `hardware_decoding` to "off"' in str(fault)
    feed.close()
