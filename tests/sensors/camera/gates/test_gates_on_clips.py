"""The gates on made clips with known truth: alone, and behind the feed of a camera process."""

import pytest

from appliance.media.frames import I420, Picture, PictureRequest, Refusal
from appliance.model_cameras import CameraMode
from sensors.camera.feed import Feed, Parts
from sensors.camera.gates.motion import KEY_FRAMES, PACKETS, Motion
from sensors.camera.mode import ModeChoice
from sensors.camera.sources.video_file import VideoFile
from tests.scenes.clips import CBR, Scene, Walk, load_clip
from tests.sensors.camera.gates.gate_runs import find_delays, list_false_segments, play
from tests.stand_ins.fakes import FakeClock

SHORT = Scene("short", seconds=26, walks=(Walk(12, 20, 0),), key_every=20)
RATE = (*CBR.items(), ("bufsize", "500000"), ("tune", "zerolatency"))
CONSTANT = Scene("short constant", 26, SHORT.walks, options=RATE)
NIGHT = Scene("short night", 26, SHORT.walks, noise=10, light=0.4)


def test_somebody_who_walks_in_is_detected_by_packets_within_three_frames() -> None:
    clip = load_clip(SHORT)
    alone, probed = play(clip, Motion(), probes=False), play(clip, Motion(), requests=True)
    for run in (alone, probed):
        (delay_s,) = find_delays(clip.truth, run.segments)
        assert delay_s is not None
        assert delay_s <= 0.31
        assert list_false_segments(clip.truth, run.segments) == []
        assert [segment.woken_by for segment in run.segments] == [PACKETS]
    assert (alone.pictures, alone.gates) == (0, "packets")


@pytest.mark.parametrize("scene", [CONSTANT, NIGHT], ids=["constant rate", "night"])
def test_where_packets_show_nothing_the_next_key_frame_does(scene: Scene) -> None:
    clip = load_clip(scene)
    run = play(clip, Motion())
    (delay_s,) = find_delays(clip.truth, run.segments)
    assert delay_s is not None
    assert delay_s <= 2.1
    assert list_false_segments(clip.truth, run.segments) == []
    assert not any(tell for _, tell in run.trusted)
    assert play(clip, Motion(), probes=False).segments == []


def test_the_clips_are_the_same_each_time_and_true() -> None:
    clip = load_clip(SHORT)
    assert [packet for packet in clip.packets if packet[2]][1][0] == 2.0
    ((begins, ends),) = clip.truth
    assert 12 < begins < 12.5
    assert 19.5 < ends < 20
    differs = abs(clip.greys.astype(int) - clip.greys[0])
    present = (differs > 20).sum((1, 2)) > 8
    shown = [number / 10 for number, there in enumerate(present) if there]
    assert begins - 0.2 <= shown[0] <= begins + 0.6
    assert ends - 0.6 <= shown[-1] <= ends + 0.2


def pulled(scene: Scene) -> tuple[list[float], list[str], Feed]:
    """When the feed gave pictures of what moves, since the clip began, and who woke it."""
    clip = load_clip(scene)
    clock = FakeClock()
    feed = Feed("front", lambda hear: VideoFile(clip.path, hear), clock, Parts(Motion()))
    began_s = clock.media_s()
    times, woken_by = [], []
    for _ in range(round(10 * scene.seconds)):
        feed.follow(ModeChoice(CameraMode.WATCH, "watching"))
        answer = feed.answer(PictureRequest(I420, moved=True))
        assert isinstance(answer, Picture | Refusal)
        if isinstance(answer, Picture):
            times.append(clock.media_s() - began_s)
            woken_by.append(answer.woken_by)
            feed.answer(PictureRequest(I420, answer.sequence))  # somebody is found, and followed
        clock.advance(0.1)
    return times, woken_by, feed


def test_behind_the_feed_only_pictures_of_somebody_are_decoded_and_given() -> None:
    times, woken_by, feed = pulled(SHORT)
    assert 12.2 <= times[0] <= 12.8
    assert times[-1] <= 20 + 3.3
    assert len(times) > 30
    assert set(woken_by) == {PACKETS}
    assert feed.motion.packets_trusted
    assert feed.frames_decoded < 140  # of 260
    assert [
        round(segment.began_s - 1000) for segment, looked in feed.take_ended_segments() if looked
    ] == [12]


def test_behind_the_feed_a_rejected_stream_is_woken_by_its_key_frames() -> None:
    times, woken_by, _ = pulled(CONSTANT)
    assert 12.2 <= times[0] <= 14.3
    assert set(woken_by) == {KEY_FRAMES}
