"""The feed: requests are answered or refused, by mode and by motion."""

import threading

import pytest

from appliance.clock import SystemClock
from appliance.media.frames import Picture, PictureRequest, Refusal
from appliance.model import EnergyLevel
from appliance.model_cameras import CameraMode
from sensors.camera.feed import IDLE_S, Feed, Parts
from sensors.camera.gates.segments import MotionSegment
from tests.scenes.video_files import HEIGHT, WIDTH, read_frame_number
from tests.sensors.camera.camera_bench import (
    LISTEN,
    LISTENING,
    SLEEPING,
    WATCH,
    WATCHING,
    Bench,
)


def test_a_camera_that_is_off_opens_nothing_and_draws_nothing(bench: Bench) -> None:
    bench.run_cycles(5)
    assert bench.opened == []
    assert bench.state().power_w == 0
    assert bench.pull() == Refusal("the camera is off: there is no fresh energy budget")


def test_a_listening_camera_counts_frames_and_refuses_to_decode(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(61)
    answer = bench.pull()
    assert isinstance(answer, Refusal)
    assert "nothing is decoded: the battery holds 55 %" in answer.reason
    state = bench.state()
    assert (state.mode, state.power_w, state.frames_served) == (LISTEN, 2.0, 0)
    assert 580 <= state.frames_skipped <= 602


def test_a_watching_camera_gives_the_newest_picture_and_counts_what_nobody_asked_for(
    bench: Bench,
) -> None:
    bench.set_budget(EnergyLevel.ECO)
    bench.run_cycles(3)
    picture = bench.pull()
    assert isinstance(picture, Picture)
    assert (picture.camera, picture.width, picture.height) == ("front", WIDTH, HEIGHT)
    assert picture.skipped == picture.sequence
    assert 0 <= picture.sequence - read_frame_number(bytes(picture.data)) <= 3
    assert 0 <= bench.clock.media_s() - picture.media_s <= 0.4
    again = bench.pull("jpeg")
    assert isinstance(again, Picture)
    assert again.data.startswith(b"\xff\xd8")
    assert again.skipped == picture.skipped
    bench.run_cycles(60)
    assert (bench.state().mode, bench.state().power_w) == (WATCH, 3.0)
    assert bench.state().frames_served == 1


def test_a_pull_for_what_the_consumer_has_is_refused_at_once(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles()
    picture = bench.pull()
    assert isinstance(picture, Picture)
    assert bench.pull(after=picture.sequence) == Refusal("no new picture yet")
    bench.clock.advance(0.1)
    following = bench.pull(after=picture.sequence)
    assert isinstance(following, Picture)
    assert following.sequence == picture.sequence + 1


def test_an_unknown_encoding_is_refused_in_words(bench: Bench) -> None:
    assert bench.pull("png") == Refusal("pictures come as i420, bgr, jpeg or mp4, not 'png'")


def test_the_processor_time_of_its_process_is_part_of_what_a_camera_draws(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles()
    bench.cpu_used_s = 30.0
    bench.run_cycles(60)
    state = bench.state()
    assert (state.cpu_s, state.duration_s) == (30.0, 59.0)
    core_w = bench.service.settings.computer.core_w
    assert state.power_w == pytest.approx(2.0 + 30 / 59 * core_w)


def test_what_does_not_move_is_not_given_to_who_asks_for_motion(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    assert bench.ask(PictureRequest(moved=True)) == Refusal("nothing moves")
    assert bench.feed.frames_decoded == 0
    bench.motion.now = MotionSegment(began_s=0.0, last_s=0.0, woken_by="packets", score=3.0)
    picture = bench.ask(PictureRequest(moved=True))
    assert isinstance(picture, Picture)
    assert picture.woken_by == "packets"
    assert bench.motion.pictures == 1


def test_packets_that_claim_motion_count_only_if_the_picture_shows_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sees_nothing(grey: bytes, media_s: float) -> None:
        assert len(grey) == 160 * 120
        bench.motion.now = None

    monkeypatch.setattr(bench.motion, "take_picture", sees_nothing)
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    bench.motion.now = MotionSegment(began_s=0.0, last_s=0.0, woken_by="packets", score=3.0)
    assert bench.ask(PictureRequest(moved=True)) == Refusal("nothing moves")
    assert bench.feed.frames_served == 0


def test_what_is_followed_is_given_moving_or_not_and_the_camera_is_active(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    assert isinstance(bench.ask(PictureRequest(moved=False)), Picture)
    bench.run_cycles()
    assert bench.changes()[-1].mode is WATCH, "one look at what stands still follows nothing"
    assert isinstance(bench.ask(PictureRequest(moved=False)), Picture)
    bench.run_cycles()
    assert bench.changes()[-1].mode is CameraMode.ACTIVE
    assert "an object is tracked" in bench.changes()[-1].reason
    bench.run_cycles(3)
    assert bench.changes()[-1].mode is WATCH


def test_while_every_picture_is_given_only_some_are_compared_with_those_before(
    bench: Bench,
) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    given = 0
    for _ in range(40):
        bench.clock.advance(0.1)
        given += isinstance(bench.ask(PictureRequest(after=bench.feed.sequence)), Picture)
    assert given >= 30
    assert 10 <= bench.motion.pictures <= 13


def test_who_waits_gets_the_picture_as_soon_as_something_moves(bench: Bench) -> None:
    """The wait is on real time here: the clip's next frame is due in a tenth of a second."""
    clock = SystemClock()
    feed = Feed("front", bench.open, clock, Parts(bench.motion))
    feed.follow(WATCHING)
    timer = threading.Timer(
        0.1,
        lambda: setattr(
            bench.motion, "now", MotionSegment(began_s=0, last_s=0, woken_by="packets", score=1.0)
        ),
    )
    timer.start()
    assert isinstance(feed.answer(PictureRequest(moved=True, wait_s=2.0)), Picture)
    feed.close()


def test_a_sleeping_camera_sends_who_waits_away_at_once(bench: Bench) -> None:
    feed = Feed("front", bench.open, SystemClock(), Parts(bench.motion))
    feed.follow(WATCHING)
    timer = threading.Timer(0.1, lambda: feed.follow(SLEEPING))
    timer.start()
    assert feed.answer(PictureRequest(moved=True, wait_s=2.0)) == Refusal("sleeping")


def test_the_decoder_is_freed_when_nobody_asks(bench: Bench) -> None:
    bench.feed.follow(WATCHING)
    assert isinstance(bench.pull(), Picture)
    bench.clock.advance(IDLE_S - 1)
    bench.feed.follow(WATCHING)
    assert bench.has_decoder()
    bench.clock.advance(2)
    bench.feed.follow(WATCHING)
    assert not bench.has_decoder()
    assert isinstance(bench.pull(), Picture)
    bench.feed.follow(LISTENING)
    assert not bench.has_decoder()


def test_pulls_from_many_threads_and_the_cycle_get_along(bench: Bench) -> None:
    bench.feed.follow(WATCHING)
    seen: list[list[int]] = [[] for _ in range(4)]

    def consume(mine: list[int]) -> None:
        for _ in range(100):
            answer = bench.pull(after=mine[-1] if mine else -1)
            if isinstance(answer, Picture):
                mine.append(answer.sequence)

    threads = [threading.Thread(target=consume, args=(mine,)) for mine in seen]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        bench.clock.advance(0.1)
        bench.feed.follow(WATCHING)
    for mine in seen:
        assert mine
        assert mine == sorted(set(mine))
