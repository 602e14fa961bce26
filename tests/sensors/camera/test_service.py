"""One camera process: the budget decides, pulls are answered or refused, bad clips survived."""

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from appliance.clock import SystemClock
from appliance.errors import CameraError, SettingsError
from appliance.log import SentenceLog
from appliance.media.frames import Answer, FrameClient, Picture, PictureRequest, Refusal
from appliance.model import (
    CameraChange,
    CameraHint,
    CameraMode,
    CameraMotion,
    CameraState,
    EnergyBudget,
    EnergyLevel,
    Fault,
)
from appliance.process.service import Service
from appliance.settings import CameraSettings, Settings
from sensors.camera.__main__ import assemble
from sensors.camera.cycle import CameraCycle
from sensors.camera.feed import IDLE_S, Feed, Parts
from sensors.camera.gates.motion import Motion, MotionSegment
from sensors.camera.mode import ModeChoice, choose_mode
from sensors.camera.sources.opening import Opener
from sensors.camera.sources.source import OnPacket
from sensors.camera.sources.video_file import VideoFile
from tests.conftest import OpenStore
from tests.scenes.video_files import HEIGHT, WIDTH, count_open, frame_number, make_video_file
from tests.stand_ins.fakes import FakeClock

OFF, LISTEN, WATCH = CameraMode.OFF, CameraMode.LISTEN, CameraMode.WATCH
WATCHING = ModeChoice(WATCH, "watching")
LISTENING = ModeChoice(LISTEN, "listening")
SLEEPING = ModeChoice(OFF, "sleeping")


class HandMotion(Motion):
    """Gates that a test moves by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.tells = True
        self.now: MotionSegment | None = None
        self.looks = 0
        self.wants_all = False
        self.hints: list[str] = []
        self.ended: list[MotionSegment] = []

    @property
    def packets_trusted(self) -> bool:
        return self.tells

    def find_segment(self, media_s: float) -> MotionSegment | None:
        return self.now

    def take_ended(self) -> list[MotionSegment]:
        ended, self.ended = self.ended, []
        return ended

    def wants_probe(self, media_s: float) -> bool:
        return self.wants_all

    def take_picture(self, grey: Any, media_s: float) -> None:
        self.looks += 1

    def take_hint(self, source: str, media_s: float) -> None:
        self.hints.append(source)


class Bench:
    """The camera service on a fake clock, with a small clip and a hand on the energy budget."""

    def __init__(self, settings: Settings, clock: FakeClock, open_store: OpenStore) -> None:
        self.clip = settings.unit.data_dir.parent / "grey.mp4"
        own = CameraSettings(source=str(self.clip), listen_power_w=2.0, watch_power_w=3.0)
        self.clock = clock
        self.power = open_store("power")
        self.store = open_store("camera")
        self.hints = open_store("hints")
        adapter = SentenceLog("camera")
        with_camera = replace(settings, camera={"front": own})
        self.service = Service("camera", with_camera, clock, self.store, adapter, "front")
        self.opened: list[VideoFile] = []
        self.motion = HandMotion()
        self.feed = Feed("front", self.open, clock, Parts(self.motion))
        self.cpu_used_s = 0.0
        self.duty = CameraCycle(self.service, own, self.feed, lambda: self.cpu_used_s)

    def open(self, hear: OnPacket) -> VideoFile:
        own = CameraSettings(source=str(self.clip))
        camera = Opener(own)(hear)
        assert isinstance(camera, VideoFile)
        self.opened.append(camera)
        return camera

    def has_decoder(self) -> bool:
        return self.feed._group._decoder is not None

    def budget(self, level: EnergyLevel) -> None:
        stamp = self.clock.stamp()
        until = stamp.utc + timedelta(minutes=3)
        self.power.add(EnergyBudget(stamp, level, 10.0, until, 500.0, "the battery holds 55 %"))

    def cycles(self, count: int = 1) -> None:
        """The service's loop: a second passes, a cycle runs."""
        for _ in range(count):
            self.clock.advance(1.0)
            self.service.run_once(self.duty.cycle)

    def pull(self, encoding: str = "bgr", after: int = -1) -> Answer:
        return self.feed.answer(PictureRequest(encoding, after))

    def ask(self, request: PictureRequest) -> Answer:
        return self.feed.answer(request)

    def changes(self) -> list[CameraChange]:
        return self.store.rows(CameraChange)

    def state(self) -> CameraState:
        row = self.store.last(CameraState)
        assert row is not None
        return row

    def faults(self) -> list[str]:
        return [fault.text for fault in self.store.open_faults() if fault.code == "camera"]


@pytest.fixture
def bench(settings: Settings, clock: FakeClock, open_store: OpenStore) -> Bench:
    result = Bench(settings, clock, open_store)
    make_video_file(result.clip)
    return result


@pytest.mark.parametrize(
    ("level", "mode"),
    [
        (EnergyLevel.OFF, OFF),
        (EnergyLevel.HIBERNATE, OFF),
        (EnergyLevel.SENTINEL, LISTEN),
        (EnergyLevel.ECO, WATCH),
        (EnergyLevel.FULL, WATCH),
    ],
)
def test_the_energy_level_decides_what_a_camera_may_spend(
    clock: FakeClock, level: EnergyLevel, mode: CameraMode
) -> None:
    now = clock.stamp()
    choice = choose_mode(EnergyBudget(now, level, 5.0, now.utc, 0.0, "the battery holds 41 %"))
    assert choice.mode is mode
    assert choice.reason.endswith(": the battery holds 41 %")


def test_without_a_budget_a_camera_is_off() -> None:
    choice = choose_mode(None)
    assert choice.mode is OFF
    assert "no fresh energy budget" in choice.reason


def test_a_camera_that_is_off_opens_nothing_and_draws_nothing(bench: Bench) -> None:
    bench.cycles(5)
    assert bench.opened == []
    assert bench.state().power_w == 0
    assert bench.pull() == Refusal("the camera is off: there is no fresh energy budget")


def test_a_listening_camera_counts_frames_and_refuses_to_decode(bench: Bench) -> None:
    bench.budget(EnergyLevel.SENTINEL)
    bench.cycles(61)
    answer = bench.pull()
    assert isinstance(answer, Refusal)
    assert "decodes nothing: the battery holds 55 %" in answer.reason
    state = bench.state()
    assert (state.mode, state.power_w, state.frames_served) == (LISTEN, 2.0, 0)
    assert 580 <= state.frames_skipped <= 602


def test_a_watching_camera_gives_the_newest_picture_and_counts_what_nobody_asked_for(
    bench: Bench,
) -> None:
    bench.budget(EnergyLevel.ECO)
    bench.cycles(3)
    picture = bench.pull()
    assert isinstance(picture, Picture)
    assert (picture.camera, picture.width, picture.height) == ("front", WIDTH, HEIGHT)
    assert picture.skipped == picture.sequence
    assert 0 <= picture.sequence - frame_number(bytes(picture.data)) <= 3
    assert 0 <= bench.clock.media_s() - picture.media_s <= 0.4
    again = bench.pull("jpeg")
    assert isinstance(again, Picture)
    assert again.data.startswith(b"\xff\xd8")
    assert again.skipped == picture.skipped
    bench.cycles(60)
    assert (bench.state().mode, bench.state().power_w) == (WATCH, 3.0)
    assert bench.state().frames_served == 1


def test_a_pull_for_what_the_consumer_has_is_refused_at_once(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles()
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
    bench.budget(EnergyLevel.SENTINEL)
    bench.cycles()
    bench.cpu_used_s = 30.0
    bench.cycles(60)
    state = bench.state()
    assert (state.cpu_s, state.duration_s) == (30.0, 59.0)
    core_w = bench.service.settings.computer.core_w
    assert state.power_w == pytest.approx(2.0 + 30 / 59 * core_w)


def test_what_does_not_move_is_not_given_to_who_asks_for_movement(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles(2)
    assert bench.ask(PictureRequest(moved=True)) == Refusal("nothing moves")
    assert bench.feed.frames_decoded == 0
    bench.motion.now = MotionSegment(0.0, 0.0, "packets", 3.0)
    picture = bench.ask(PictureRequest(moved=True))
    assert isinstance(picture, Picture)
    assert picture.woken_by == "packets"
    assert bench.motion.looks == 1


def test_packets_that_claim_movement_are_believed_only_if_the_picture_shows_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sees_nothing(grey: bytes, media_s: float) -> None:
        assert len(grey) == 160 * 120
        bench.motion.now = None

    monkeypatch.setattr(bench.motion, "take_picture", sees_nothing)
    bench.budget(EnergyLevel.FULL)
    bench.cycles(2)
    bench.motion.now = MotionSegment(0.0, 0.0, "packets", 3.0)
    assert bench.ask(PictureRequest(moved=True)) == Refusal("nothing moves")
    assert bench.feed.frames_served == 0


def test_what_is_followed_is_given_moving_or_not_and_the_camera_is_active(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles(2)
    assert isinstance(bench.ask(PictureRequest(moved=False)), Picture)
    bench.cycles()
    assert bench.changes()[-1].mode is CameraMode.ACTIVE
    assert "something is followed" in bench.changes()[-1].reason
    bench.cycles(3)
    assert bench.changes()[-1].mode is WATCH


def test_who_waits_gets_the_picture_as_soon_as_something_moves(bench: Bench) -> None:
    """The wait is on real time here: the clip's next frame is due in a tenth of a second."""
    clock = SystemClock()
    feed = Feed("front", bench.open, clock, Parts(bench.motion))
    feed.follow(WATCHING)
    timer = threading.Timer(
        0.1, lambda: setattr(bench.motion, "now", MotionSegment(0, 0, "packets", 1.0))
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


def test_each_change_of_mode_is_a_row_with_its_reason(bench: Bench) -> None:
    bench.cycles(3)
    bench.budget(EnergyLevel.SENTINEL)
    bench.cycles(100)
    assert [change.mode for change in bench.changes()] == [OFF, LISTEN]
    assert bench.changes()[-1].reason.endswith(": the battery holds 55 %")


def test_where_packets_tell_nothing_key_frames_are_looked_at(bench: Bench) -> None:
    bench.motion.tells = False
    bench.motion.wants_all = True
    bench.budget(EnergyLevel.SENTINEL)
    bench.cycles(10)
    assert bench.state().mode is CameraMode.PROBE
    assert bench.motion.looks == bench.feed.frames_decoded == 5  # a key frame every two seconds
    assert isinstance(bench.pull(), Refusal)


def test_movement_that_nobody_may_look_at_is_told_with_the_reason(bench: Bench) -> None:
    bench.budget(EnergyLevel.SENTINEL)
    bench.cycles(10)
    now_s = bench.clock.media_s()
    bench.motion.ended = [MotionSegment(now_s - 5, now_s - 2, "packets", 2.5)]
    bench.cycles()
    [row] = bench.store.rows(CameraMotion)
    assert (row.camera, row.woken_by, row.score, row.looked) == ("front", "packets", 2.5, False)
    assert row.ended - row.stamp.utc == timedelta(seconds=3)
    assert row.reason.startswith("not analysed: the camera listens")


def test_movement_that_was_looked_at_says_so(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles()
    bout = MotionSegment(bench.clock.media_s(), bench.clock.media_s() + 1, "key frames", 1.0)
    bench.pull()
    bench.motion.ended = [bout]
    bench.cycles()
    [row] = bench.store.rows(CameraMotion)
    assert (row.looked, row.reason) == (True, "analysed")


def test_an_alarm_from_outside_wakes_while_it_is_fresh(bench: Bench) -> None:
    bench.duty._settings = replace(bench.duty._settings, onvif="http://10.0.0.9/onvif")
    bench.hints.add(CameraHint(bench.clock.stamp(), "front", "onvif motion", active=True))
    bench.hints.add(CameraHint(bench.clock.stamp(), "rear", "onvif motion", active=True))
    bench.budget(EnergyLevel.FULL)
    bench.cycles(20)
    assert set(bench.motion.hints) == {"onvif motion"}
    assert 9 <= len(bench.motion.hints) <= 10


def test_a_stale_budget_closes_the_camera(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles(2)
    assert isinstance(bench.pull(), Picture)
    assert count_open(bench.clip) == 1
    bench.cycles(200)
    assert bench.state().mode is OFF
    assert bench.state().power_w == 0
    assert isinstance(bench.pull(), Refusal)
    assert count_open(bench.clip) == 0


def test_a_row_is_written_at_each_change_and_once_a_minute(bench: Bench) -> None:
    bench.cycles(10)
    bench.budget(EnergyLevel.SENTINEL)
    bench.cycles(150)
    modes = [row.mode for row in bench.store.rows(CameraState)]
    assert modes == [OFF, LISTEN, LISTEN, LISTEN]


def test_frame_numbers_go_on_when_the_camera_is_opened_again(bench: Bench) -> None:
    bench.cycles()
    bench.feed.follow(WATCHING)
    bench.clock.advance(3)
    first = bench.pull()
    bench.feed.follow(SLEEPING)
    bench.feed.follow(WATCHING)
    second = bench.pull()
    assert isinstance(first, Picture)
    assert isinstance(second, Picture)
    assert second.sequence == first.sequence + 1
    assert second.media_s > first.media_s
    assert len(bench.opened) == 2


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


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_bad_clip_is_a_fault_until_it_is_good_again(
    bench: Bench, damage: Callable[[Path], object]
) -> None:
    whole = bench.clip.read_bytes()
    damage(bench.clip)
    bench.budget(EnergyLevel.FULL)
    bench.cycles(40)
    [text] = bench.faults()
    assert str(bench.clip) in text
    assert bench.pull() == Refusal(text)
    assert bench.state().reason == text
    bench.clip.write_bytes(whole)
    bench.cycles(31)
    assert bench.faults() == []
    assert isinstance(bench.pull(), Picture)
    assert len(bench.store.rows(Fault)) == 1


def test_a_bad_clip_is_tried_less_and_less_often(clock: FakeClock) -> None:
    tries_s: list[float] = []

    def open_nothing(_: OnPacket) -> VideoFile:
        tries_s.append(clock.media_s())
        raise CameraError("there is no clip")

    feed = Feed("front", open_nothing, clock)
    for _ in range(240):
        with pytest.raises(CameraError, match="there is no clip"):
            feed.follow(WATCHING)
        clock.advance(1)
    pauses_s = [b - a for a, b in pairwise(tries_s)]
    assert pauses_s[:3] == [1, 2, 3]
    assert set(pauses_s[3:]) == {3}


def test_a_clip_that_turns_bad_while_watched_does_not_end_the_service(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles(2)
    bench.clip.unlink()
    bench.cycles(10)
    assert "there is no video file" in bench.faults()[0]


def test_a_broken_database_turns_the_camera_off(bench: Bench) -> None:
    bench.budget(EnergyLevel.FULL)
    bench.cycles(2)
    bench.store.close()
    bench.store._connection = sqlite3.connect(":memory:")
    bench.cycles()
    assert isinstance(bench.pull(), Refusal)
    bench.cycles()  # the service has mended its store
    assert isinstance(bench.pull(), Picture)


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


def test_a_camera_that_is_not_in_the_settings_is_named_with_the_known_ones(bench: Bench) -> None:
    bench.service.instance = "back"
    with pytest.raises(SettingsError, match=r"no camera 'back' \(known: front\)"):
        assemble(bench.service)


def test_the_assembled_service_hands_pictures_out_on_its_socket(bench: Bench) -> None:
    loop = assemble(bench.service)
    bench.budget(EnergyLevel.ECO)
    bench.service.run_once(loop.cycle)
    picture = FrameClient(bench.service.settings.camera_socket("front")).pull(PictureRequest())
    assert isinstance(picture, Picture)
    assert frame_number(bytes(picture.data)) == 0
    assert loop.media
