"""A file as a camera: the right picture at the right time, endlessly, decoding only on demand."""

import os
from dataclasses import replace
from pathlib import Path

import av
import pytest

from appliance.errors import CameraError
from appliance.sections.cameras import CameraSettings
from sensors.camera.pictures import encoding
from sensors.camera.sources.opening import Opener
from sensors.camera.sources.source import Codec, EncodedPacket
from tests.scenes.video_files import (
    HEIGHT,
    RATE,
    WIDTH,
    Shot,
    Viewer,
    count_open,
    make_video_file,
    read_frame_number,
)

START_S = 5000.0
GREY16 = av.VideoFrame(16, 16, "yuvj420p")
JUNK_JPEG = encoding.to_jpeg(GREY16)
REORDER = 2  # frames by which the newest picture may lag the newest packet


def shot_at(clip: Viewer, seconds: float, encoding: str = "bgr") -> Shot:
    clip.advance(START_S + seconds + 0.001)
    shot = clip.take_shot(encoding)
    assert shot is not None
    return shot


@pytest.fixture
def clip(tmp_path: Path) -> Viewer:
    result = Viewer(make_video_file(tmp_path / "grey.mp4"))
    result.advance(START_S)
    return result


def test_the_first_frame_is_there_at_once(clip: Viewer) -> None:
    shot = shot_at(clip, 0)
    assert read_frame_number(shot.data) == 0
    assert (shot.width, shot.height, len(shot.data)) == (WIDTH, HEIGHT, WIDTH * HEIGHT * 3)


@pytest.mark.parametrize("every", [1, 3, 7, 33])
def test_each_pull_gives_the_picture_of_now_within_the_reorder_delay(
    clip: Viewer, every: int
) -> None:
    """However often it is asked, within a group of pictures, over groups and over loops."""
    before_s = 0.0
    for due in range(0, 200, every):
        shot = shot_at(clip, due / RATE)
        assert clip.sequence == due
        lag = due - round((shot.media_s - START_S) * RATE)
        assert 0 <= lag <= REORDER + 1
        assert read_frame_number(shot.data) == (due - lag) % 40
        assert shot.media_s >= before_s
        before_s = shot.media_s


def test_a_second_consumer_gets_the_same_picture(clip: Viewer) -> None:
    first = shot_at(clip, 1.5)
    assert shot_at(clip, 1.5) == first


def test_after_the_decoder_was_freed_the_picture_comes_at_once(clip: Viewer) -> None:
    shot_at(clip, 1.0)
    clip.group.free_decoder()
    lag = 1.5 - (shot_at(clip, 1.5).media_s - START_S)
    assert lag <= (REORDER + 1) / RATE


def test_listening_never_decodes(clip: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    decoders: list[Codec] = []
    monkeypatch.setattr("sensors.camera.pictures.gop.new_decoder", decoders.append)
    for second in range(30):
        clip.advance(START_S + second + 0.001)
    assert clip.sequence == 29 * RATE
    assert not decoders


def test_only_the_present_group_of_pictures_is_kept(clip: Viewer) -> None:
    for second in range(60):
        clip.advance(START_S + second)
        assert len(clip.group._packets) <= 20


def test_a_stopped_process_does_not_play_what_it_missed(clip: Viewer) -> None:
    clip.advance(START_S + 3600)
    assert clip.sequence < 10
    clip.advance(START_S + 3601)
    assert clip.sequence < 20


def test_a_jpeg_is_a_whole_jpeg_of_the_same_picture(clip: Viewer, tmp_path: Path) -> None:
    shot = shot_at(clip, 1.2, "jpeg")
    assert shot.data[:2] == b"\xff\xd8"
    assert shot.data[-2:] == b"\xff\xd9"
    (tmp_path / "shot.jpg").write_bytes(shot.data)
    with av.open(str(tmp_path / "shot.jpg")) as container:
        decoded = next(container.decode(video=0))
    grey = bytes(decoded.reformat(format="gray").planes[0])[: decoded.width]
    expected = shot_at(clip, 1.2).data[0]
    assert abs(sum(grey) / len(grey) - expected) < 4


def test_a_hundred_loops_leave_no_memory_and_no_descriptors_behind(tmp_path: Path) -> None:
    clip = Viewer(make_video_file(tmp_path / "short.mp4", frames=10, key_every=5))

    def loops(count: int, start: int) -> None:
        for second in range(start, start + count):
            assert len(shot_at(clip, second).data) == WIDTH * HEIGHT * 3

    clip.advance(START_S)
    loops(50, 0)
    resident = resident_kb()
    loops(100, 50)
    assert count_open(tmp_path / "short.mp4") == 1
    assert resident_kb() - resident < 2000
    clip.close()
    assert count_open(tmp_path / "short.mp4") == 0


def resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS:")).split()[1])


def test_a_video_file_that_was_replaced_plays_after_the_loop(tmp_path: Path) -> None:
    path = make_video_file(tmp_path / "grey.mp4", frames=10)
    clip = Viewer(path)
    clip.advance(START_S)
    shot_at(clip, 0.5)
    os.replace(make_video_file(tmp_path / "other.mp4", frames=40, key_every=15), path)
    assert read_frame_number(shot_at(clip, 1.0 + 2.9).data) >= 26


@pytest.mark.parametrize("name", ["clip.mkv", "clip.ts", "clip.h264"])
def test_containers_without_decoding_times_or_an_index_play_too(tmp_path: Path, name: str) -> None:
    clip = Viewer(make_video_file(tmp_path / name))
    clip.advance(START_S)
    for due in range(0, 120, 6):
        number = read_frame_number(shot_at(clip, due / RATE).data)
        assert 0 <= (due - number) % 40 <= REORDER + 1


def test_a_missing_video_file_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(
        CameraError, match=r"there is no video file .*gone\.mp4: put the file there"
    ):
        Viewer(tmp_path / "gone.mp4")


@pytest.mark.parametrize("content", [b"", b"this is a text", bytes(100_000)])
def test_a_file_that_is_no_video_is_reported_in_one_sentence(
    tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.mp4").write_bytes(content)
    with pytest.raises(CameraError, match=r"bad\.mp4 cannot be played .*whole file"):
        Viewer(tmp_path / "bad.mp4")


def test_a_video_file_whose_end_and_index_are_missing_is_reported(tmp_path: Path) -> None:
    whole = make_video_file(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CameraError, match="copy or record it again"):
        Viewer(tmp_path / "half.mp4")


def test_a_video_file_cut_short_behind_its_index_is_reported_when_it_ends(tmp_path: Path) -> None:
    whole = make_video_file(tmp_path / "whole.mp4", movflags="faststart").read_bytes()
    (tmp_path / "half.mp4").write_bytes(whole[: len(whole) - 300])
    clip = Viewer(tmp_path / "half.mp4")
    clip.advance(START_S)
    with pytest.raises(CameraError, match=r"cut short: \d+ of its 40 frames"):
        clip.advance(START_S + 5)


def test_a_video_file_with_destroyed_pictures_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensors.camera.pictures.gop.MOST_PACKETS", 50)
    whole = make_video_file(tmp_path / "whole.mp4").read_bytes()
    begin = whole.index(b"mdat") + 4
    end = whole.index(b"moov") - 4
    (tmp_path / "bad.mp4").write_bytes(whole[:begin] + b"\x00" * (end - begin) + whole[end:])
    clip = Viewer(tmp_path / "bad.mp4")
    clip.advance(START_S)
    with pytest.raises(
        CameraError, match=r"bad\.mp4 has no key frame .*record the video file again"
    ):
        clip.advance(START_S + 10)


def test_a_key_frame_that_cannot_be_decoded_is_reported(clip: Viewer) -> None:
    junk = av.Packet(bytes(range(200)))
    clip.group.add(EncodedPacket(junk, Codec("h264"), START_S, 200, is_key=True))
    with pytest.raises(CameraError, match=r"grey\.mp4 cannot be decoded"):
        clip.take_shot("bgr")


def test_a_video_file_without_key_frames_cannot_fill_the_memory(
    clip: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sensors.camera.pictures.gop.MOST_PACKETS", 10)
    with pytest.raises(CameraError, match=r"no key frame in 11 packets .*every 2 seconds"):
        clip.advance(START_S + 5)


def test_a_camera_without_a_source_says_what_to_set() -> None:
    with pytest.raises(CameraError, match="set `source`"):
        Opener(CameraSettings())(lambda _: None)


def test_a_relative_source_counts_from_the_settings(tmp_path: Path) -> None:
    make_video_file(tmp_path / "grey.mp4")
    Opener(CameraSettings(source="grey.mp4"), tmp_path)(lambda _: None).close()


def test_a_stream_with_other_parameter_sets_gets_another_decoder(clip: Viewer) -> None:
    """A camera that changes its size in the middle: the next key frame begins anew."""
    shot_at(clip, 0.5)
    received = clip.group._packets[0]
    clip.group.add(replace(received, codec=Codec("mjpeg"), av_packet=av.Packet(JUNK_JPEG)))
    assert clip.group._codec == Codec("mjpeg")
    found = clip.group.decode_newest()
    assert found is not None
    assert (found.frame.width, found.frame.height) == (16, 16)


def test_a_key_frame_can_be_had_alone(clip: Viewer) -> None:
    clip.advance(START_S + 1.5)
    found = clip.group.decode_key_frame()
    assert found is not None
    assert found.media_s == START_S
    assert clip.group.frames_decoded == 1
    assert shot_at(clip, 1.5).media_s > START_S + 1  # and the others are still to be had
