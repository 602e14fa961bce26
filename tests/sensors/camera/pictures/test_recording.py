"""Clips cut from packets: they play from their first picture, and it is the right one."""

import io
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from appliance import settings_file
from appliance.errors import CameraError, SettingsError
from sensors.camera.pictures.muxing import TICKS_PER_S, Clip, compute_times
from sensors.camera.pictures.recording import Recording
from sensors.camera.sources.source import Codec, EncodedPacket
from sensors.camera.sources.video_file import VideoFile
from tests.scenes.video_files import STEP, make_video_file

RATE = 10
HVCC = b"\1" + bytes(20) + b"\3"  # up to the number of its arrays
QUIET = "log-level=none"
# name of the codec, of its encoder, and what makes B-frames in groups of ten pictures
CODECS = {
    "h264": ("libx264", {"g": "10", "bf": "2", "sc_threshold": "0", "crf": "12"}),
    "hevc": (
        "libx265",
        {"x265-params": f"{QUIET}:keyint=10:min-keyint=10:bframes=2:open-gop=0:crf=12"},
    ),
    "open hevc": (
        "libx265",
        {"x265-params": f"{QUIET}:keyint=10:min-keyint=10:bframes=2:open-gop=1:crf=12"},
    ),
    "mjpeg": ("mjpeg", {}),
    "mpeg4": ("mpeg4", {"g": "10", "bf": "2", "sc_threshold": "1000000000"}),
}


def packets(
    kind: str = "h264", frames: int = 40, size: tuple[int, int] = (64, 48), apart: bool = False
) -> list[EncodedPacket]:
    """A stream in decoding order; picture n is grey of 16 + 4 n and is shown at n / 10.

    `apart`: the header is not in the packets, but in the codec's own record.
    """
    encoder_name, options = CODECS[kind]
    encoder = VideoCodecContext.create(encoder_name, "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuvj420p" if kind == "mjpeg" else "yuv420p"
    encoder.time_base, encoder.framerate = Fraction(1, RATE), Fraction(RATE)
    encoder.options = options
    if apart:
        encoder.flags |= 1 << 22  # a global header
    found: list[Packet[VideoStream]] = []
    for number in range(frames):
        found += encoder.encode(grey(number, size, encoder.pix_fmt))
    found += encoder.encode(None)
    codec = Codec(kind.removeprefix("open "), bytes(encoder.extradata or b""))
    return [
        EncodedPacket(one, codec, (one.pts or 0) / RATE, one.size, one.is_keyframe) for one in found
    ]


def grey(number: int, size: tuple[int, int], kind: str) -> av.VideoFrame:
    frame = av.VideoFrame(*size, kind)
    for plane, value in zip(frame.planes, (16 + STEP * number, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    frame.pts = number
    return frame


def record(received: list[EncodedPacket], keep_s: float = 60.0) -> Recording:
    recording = Recording(keep_s)
    for one in received:
        recording.add(one)
    return recording


def decode_clip(clip: Clip) -> list[tuple[float, int]]:
    """Time and number of each picture of a clip, all decoded without a complaint."""
    with av.open(io.BytesIO(clip.data)) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (clip.width, clip.height)
        last = -1
        for packet in container.demux(stream):
            if packet.size:
                assert packet.dts is not None
                assert packet.pts is not None
                assert last < packet.dts <= packet.pts or last == -1
                last = packet.dts
        container.seek(0)
        frames = list(container.decode(stream))
    assert not any(frame.is_corrupt for frame in frames)
    return [(round(float(frame.time or 0), 4), number_of(frame)) for frame in frames]


def number_of(frame: av.VideoFrame) -> int:
    luma = frame.reformat(format="yuv420p").to_ndarray()[: frame.height]
    return round((float(luma.mean()) - 16) / STEP)


def numbers(first: int, count: int) -> list[tuple[float, int]]:
    """What a clip of `count` pictures from `first` on shows, and when."""
    return [(round(n / RATE, 4), first + n) for n in range(count)]


# --- clips -----------------------------------------------------------------------------------


@pytest.mark.parametrize("apart", [False, True], ids=["in band", "apart"])
@pytest.mark.parametrize("kind", list(CODECS))
def test_a_clip_begins_with_the_key_frame_before_and_plays_to_its_end(
    kind: str, apart: bool
) -> None:
    received = packets(kind, apart=apart)
    clip = record(received).make_clip(1.25, 2.55)
    first = round(max(one.media_s for one in received if one.is_key and one.media_s <= 1.25) * RATE)
    shown = decode_clip(clip)
    assert shown[:10] == numbers(first, 10)
    assert shown[-1][1] in (25, 26, 27), "B-frames lean on a picture or two beyond the end"
    assert clip.since_s == first / RATE
    assert clip.until_s == pytest.approx((shown[-1][1] + 1) / RATE)


def test_the_pedestrians_come_back_as_they_were_sent(tmp_path: Path) -> None:
    path = make_video_file(tmp_path / "video.mp4", frames=40, key_every=10)
    received: list[EncodedPacket] = []
    file = VideoFile(path, received.append)
    file.advance(100.0)
    file.advance(103.85)
    assert received[0].codec.extradata[0] == 1, "lengths, not start codes"
    clip = record(received).make_clip(101.0, 102.95)
    assert decode_clip(clip)[:20] == numbers(10, 20)
    assert clip.since_s == pytest.approx(101.0)
    assert (clip.width, clip.height) == (50, 34)
    assert received[0].av_packet.pts == 0, "the packets of others are left as they are"
    assert clip.data.index(b"moov") < clip.data.index(b"mdat"), "plays before it is all there"


def test_an_apple_player_takes_h265_by_its_tag() -> None:
    data = record(packets("hevc")).make_clip(0, 4).data
    assert b"hvc1" in data
    assert b"hev1" not in data


@pytest.mark.parametrize("broken", ["none", "decoding times", "all the same", "backwards"])
def test_time_stamps_of_live_streams_are_not_trusted(broken: str) -> None:
    def spoil(received: EncodedPacket) -> EncodedPacket:
        packet = received.av_packet
        if broken == "none":
            packet.pts = packet.dts = None
        elif broken == "decoding times":
            packet.dts = packet.pts
        elif broken == "all the same":
            packet.pts = packet.dts = 7
        else:
            packet.pts, packet.dts = -packet.pts, -packet.dts
        return received

    clip = record([spoil(one) for one in packets()]).make_clip(1.0, 2.9)
    assert decode_clip(clip)[:20] == numbers(10, 20)


def test_pictures_that_came_at_the_same_moment_stand_one_after_the_other() -> None:
    received = [replace(one, media_s=round(one.media_s, 0)) for one in packets("mjpeg")]
    shown = decode_clip(record(received).make_clip(-1, 10))
    assert [number for _, number in shown] == list(range(40))
    ticks = compute_times([one.media_s for one in received]).shown
    assert len(set(ticks)) == 40


def test_a_gap_in_the_stream_is_a_gap_in_the_clip() -> None:
    before, after = packets()[:10], packets()[30:]
    recording = record([*before, *after])
    assert recording.make_clip(1.5, 10).since_s == 0, (
        "until the next picture, the one before stands"
    )
    shown = decode_clip(recording.make_clip(0, 10))
    assert (0.9, 9) in shown
    assert shown[10] == (3.0, 30)
    assert len(shown) == 20


def test_one_picture_is_a_clip_too() -> None:
    clip = record(packets("mjpeg", frames=1)).make_clip(-5, 5)
    assert decode_clip(clip) == [(0.0, 0)]
    assert clip.until_s > clip.since_s


def test_a_clip_that_a_person_can_play_passes_the_strict_reader() -> None:
    clip = record(packets()).make_clip(0, 4)
    options = {"err_detect": "explode"}
    with av.open(io.BytesIO(clip.data), options=options) as container:
        assert sum(1 for _ in container.decode(video=0)) == 40
        assert container.duration == pytest.approx(4_000_000, abs=1000)


# --- what is left out --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["open hevc", "h264"])
def test_pictures_that_lean_on_a_lost_group_are_not_shown(kind: str) -> None:
    received = packets(kind)
    second = [n for n, one in enumerate(received) if one.is_key][1]
    clip = record(received[second:]).make_clip(0, 10)
    begins = round(received[second].media_s * RATE)
    assert decode_clip(clip) == numbers(begins, 40 - begins)


@pytest.mark.parametrize("kind", ["open hevc", "h264"])
def test_nor_are_they_where_a_group_was_lost_in_the_middle(kind: str) -> None:
    received = packets(kind, frames=50)
    keys = [n for n, one in enumerate(received) if one.is_key]
    recording = record(received[: keys[1]])
    recording.interrupt()
    for one in received[keys[2] :]:
        recording.add(one)
    shown = [number for _, number in decode_clip(recording.make_clip(0, 10))]
    begins = round(received[keys[2]].media_s * RATE)
    before = sorted(round(one.media_s * RATE) for one in received[: keys[1]])
    assert shown == [*before, *range(begins, 50)]


def test_a_picture_from_before_the_key_frame_is_kept_only_where_nothing_was_lost() -> None:
    received = packets()
    leading = replace(received[11], media_s=received[10].media_s - 0.05)
    whole, torn = record(received[:10]), record(received[:10])
    torn.interrupt()
    for recording in (whole, torn):
        recording.add(received[10])
        recording.add(leading)
    assert whole.size_bytes - torn.size_bytes == leading.size_bytes


def test_after_a_change_of_codec_only_the_newer_part_is_in_the_clip() -> None:
    later = [replace(one, media_s=one.media_s + 4) for one in packets("hevc", size=(32, 32))]
    clip = record([*packets(), *later]).make_clip(0, 8)
    assert (clip.since_s, clip.width, clip.height) == (4.0, 32, 32)
    assert decode_clip(clip) == numbers(0, 40)


def test_a_change_of_size_is_seen_though_the_codec_says_nothing() -> None:
    later = [replace(one, media_s=one.media_s + 4) for one in packets(size=(32, 96))]
    clip = record([*packets(), *later]).make_clip(0, 8)
    assert (clip.since_s, clip.width, clip.height) == (4.0, 32, 96)
    assert decode_clip(clip) == numbers(0, 40)


def test_the_header_in_the_stream_counts_for_more_than_the_one_announced() -> None:
    announced = Codec("h264", packets(size=(32, 96), apart=True)[0].codec.extradata)
    assert announced.extradata.startswith(b"\0\0\0\1")
    clip = record([replace(one, codec=announced) for one in packets()]).make_clip(0, 4)
    assert (clip.width, clip.height) == (64, 48)
    assert len(decode_clip(clip)) == 40


def test_before_the_first_key_frame_nothing_is_kept() -> None:
    recording = record(packets()[3:10])
    assert recording.size_bytes == 0
    with pytest.raises(CameraError, match="no clip is kept of that time"):
        recording.make_clip(0, 4)


def test_after_a_loss_the_rest_of_the_group_is_not_kept() -> None:
    received = packets()
    recording = record(received[:5])
    recording.interrupt()
    for one in received[7:]:
        recording.add(one)
    assert recording.make_clip(0.7, 4).since_s == 1.0, "not what stood before the loss"
    shown = [number for _, number in decode_clip(recording.make_clip(0, 4))]
    assert 8 not in shown
    assert shown[-30:] == list(range(10, 40))


# --- memory ------------------------------------------------------------------------------------


def test_the_seconds_asked_for_are_kept_and_one_group_more() -> None:
    recording = Recording(keep_s=1.5)
    for one in packets(frames=50):
        recording.add(one)
        if one.is_key and one.media_s >= 2:
            assert (
                decode_clip(recording.make_clip(one.media_s - 1.5, 9))[0][1]
                <= one.media_s * RATE - 15
            )
    assert [number for _, number in decode_clip(recording.make_clip(0, 9))] == list(range(30, 50))


def test_what_is_older_than_a_pause_is_forgotten() -> None:
    later = [replace(one, media_s=one.media_s + 1000) for one in packets()]
    recording = record([*packets(), later[0]], keep_s=10)
    assert recording.make_clip(0, 2000).since_s == 1000
    with pytest.raises(CameraError, match="too long ago"):
        recording.make_clip(0, 4)


def test_above_its_bytes_the_oldest_groups_go_whole() -> None:
    received = packets()
    most_bytes = sum(one.size_bytes for one in received) // 2
    recording = Recording(60, most_bytes)
    for one in received:
        recording.add(one)
        assert recording.size_bytes <= most_bytes
    first = decode_clip(recording.make_clip(0, 4))[0][1]
    assert first > 0
    assert first % 10 == 0


def test_a_group_that_is_too_large_alone_is_given_up_until_the_next_key_frame() -> None:
    received = packets()
    recording = Recording(60, most_bytes=sum(one.size_bytes for one in received[:10]) - 1)
    for one in received[:10]:
        recording.add(one)
    assert recording.size_bytes == 0
    recording.add(received[10])
    assert recording.make_clip(0, 4).since_s == received[10].media_s


# --- what cannot be done -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "why"),
    [
        (Codec("h264"), "the camera sent no parameter sets"),
        (Codec("h264", b"\1\x64\0\x0a\xff\xe1\0\xff\x67"), "its configuration record is cut short"),
        (Codec("hevc", b"\1" * 25), "its configuration record is cut short"),
        (Codec("hevc", HVCC + b"\1\x20\0\1\0\xff\x40\1"), "its configuration record is cut short"),
        (Codec("rawvideo"), "its key frame is damaged"),
        (Codec("mjpeg"), "its key frame is damaged"),
        (Codec("gif"), "."),
    ],
)
def test_a_stream_without_what_a_clip_needs_is_an_error_in_words(codec: Codec, why: str) -> None:
    data = Packet(b"\0\0\0\1\x65" + bytes(range(64)))
    received = EncodedPacket(data, codec, 0.0, data.size, is_key=True)
    with pytest.raises(CameraError, match=f"no clip can be made of this {codec.name} .*{why}"):
        record([received]).make_clip(0, 1)


def test_a_time_that_has_not_come_gives_no_clip() -> None:
    with pytest.raises(CameraError, match="no clip is kept of that time"):
        record(packets()).make_clip(100, 200)


# --- times -------------------------------------------------------------------------------------


def test_nothing_is_decoded_after_it_is_shown() -> None:
    times = compute_times([5.0, 5.3, 5.1, 5.2, 5.6, 5.4, 5.5])
    assert [tick * 10 // TICKS_PER_S for tick in times.shown] == [0, 3, 1, 2, 6, 4, 5]
    assert list(times.decoded) == sorted(set(times.decoded))
    rows = list(zip(times.decoded, times.shown, strict=True))
    assert all(decode <= show for decode, show in rows)
    assert any(decode == show for decode, show in rows), "no later than needed"
    assert times.step_s == pytest.approx(0.1)


# --- when clips may be kept at all -------------------------------------------------------------


@pytest.mark.parametrize(
    ("camera", "inference", "why"),
    [
        ("clip_s = 5", "", r"unit.toml:2: camera.gate.clip_s .* set `blur_heads = false`"),
        (
            "clip_s = 5\nprivacy_masks = [[[0, 0], [1, 0], [1, 1]]]",
            "blur_heads = false",
            r"camera.gate.clip_s .* cannot be masked",
        ),
        ("clip_s = 5", "blur_heads = false", None),
        ("privacy_masks = [[[0, 0], [1, 0], [1, 1]]]", "", None),
        ("", "blur_heads = false", None),
    ],
)
def test_clips_are_refused_where_something_must_be_hidden(
    tmp_path: Path, camera: str, inference: str, why: str | None
) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(f"[camera.gate]\n{camera}\n[inference]\n{inference}\n")
    if why is None:
        settings_file.load_settings(path)
        return
    with pytest.raises(SettingsError, match=why):
        settings_file.load_settings(path)
