"""The camera service's cycle: its rows, hints, and bad sources survived."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from appliance.errors import CameraError
from appliance.media.frames import Picture, Refusal
from appliance.model import EnergyLevel, Fault
from appliance.model_cameras import CameraHint, CameraMode, CameraMotion, CameraState
from sensors.camera.feed import Feed
from sensors.camera.gates.segments import MotionSegment
from sensors.camera.sources.source import OnPacket
from sensors.camera.sources.video_file import VideoFile
from tests.scenes.video_files import count_open
from tests.sensors.camera.camera_bench import (
    LISTEN,
    OFF,
    SLEEPING,
    WATCHING,
    Bench,
)
from tests.stand_ins.fakes import FakeClock


def test_each_change_of_mode_is_a_row_with_its_reason(bench: Bench) -> None:
    bench.run_cycles(3)
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(100)
    assert [change.mode for change in bench.changes()] == [OFF, LISTEN]
    assert bench.changes()[-1].reason.endswith(": the battery holds 55 %")


def test_where_packets_show_nothing_key_frames_are_analysed(bench: Bench) -> None:
    bench.motion.trusted = False
    bench.motion.wants_all = True
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(10)
    assert bench.state().mode is CameraMode.PROBE
    assert bench.motion.pictures == bench.feed.frames_decoded == 5  # a key frame every two seconds
    assert isinstance(bench.pull(), Refusal)


def test_motion_that_nobody_may_analyse_is_reported_with_the_reason(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(10)
    now_s = bench.clock.media_s()
    bench.motion.ended = [
        MotionSegment(began_s=now_s - 5, last_s=now_s - 2, woken_by="packets", score=2.5)
    ]
    bench.run_cycles()
    [row] = bench.store.rows(CameraMotion)
    assert (row.camera, row.woken_by, row.score, row.looked) == ("front", "packets", 2.5, False)
    assert row.ended - row.stamp.utc == timedelta(seconds=3)
    assert row.reason.startswith("not analysed: only packet sizes")


def test_motion_that_was_analysed_says_so(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles()
    segment = MotionSegment(
        began_s=bench.clock.media_s(),
        last_s=bench.clock.media_s() + 1,
        woken_by="key frames",
        score=1.0,
    )
    bench.pull()
    bench.motion.ended = [segment]
    bench.run_cycles()
    [row] = bench.store.rows(CameraMotion)
    assert (row.looked, row.reason) == (True, "analysed")


def test_a_motion_that_goes_on_is_counted_while_it_lasts(bench: Bench) -> None:
    asked: list[float] = []

    def take(longest_s: float) -> list[MotionSegment]:
        asked.append(longest_s)
        return []

    bench.motion.take_ended = take  # type: ignore[method-assign,assignment]
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(2)
    assert set(asked) == {600.0}


def test_an_alarm_from_outside_wakes_while_it_is_fresh(bench: Bench) -> None:
    bench.camera_cycle._settings = replace(
        bench.camera_cycle._settings, onvif="http://10.0.0.9/onvif"
    )
    bench.hints.add(CameraHint(bench.clock.stamp(), "front", "onvif motion", active=True))
    bench.hints.add(CameraHint(bench.clock.stamp(), "rear", "onvif motion", active=True))
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(20)
    assert set(bench.motion.hints) == {"onvif motion"}
    assert 9 <= len(bench.motion.hints) <= 10


def test_a_stale_budget_closes_the_camera(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    assert isinstance(bench.pull(), Picture)
    assert count_open(bench.video_file) == 1
    bench.run_cycles(200)
    assert bench.state().mode is OFF
    assert bench.state().power_w == 0
    assert isinstance(bench.pull(), Refusal)
    assert count_open(bench.video_file) == 0


def test_a_row_is_written_at_each_change_and_once_a_minute(bench: Bench) -> None:
    bench.run_cycles(10)
    bench.set_budget(EnergyLevel.SENTINEL)
    bench.run_cycles(150)
    modes = [row.mode for row in bench.store.rows(CameraState)]
    assert modes == [OFF, LISTEN, LISTEN, LISTEN]


def test_frame_numbers_go_on_when_the_camera_is_opened_again(bench: Bench) -> None:
    bench.run_cycles()
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


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")])
def test_a_bad_video_file_is_a_fault_until_it_is_good_again(
    bench: Bench, damage: Callable[[Path], object]
) -> None:
    whole = bench.video_file.read_bytes()
    damage(bench.video_file)
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(40)
    [text] = bench.faults()
    assert str(bench.video_file) in text
    assert bench.pull() == Refusal(text)
    assert bench.state().reason == text
    bench.video_file.write_bytes(whole)
    bench.run_cycles(31)
    assert bench.faults() == []
    assert isinstance(bench.pull(), Picture)
    assert len(bench.store.rows(Fault)) == 1


def test_a_bad_video_file_is_tried_less_and_less_often(clock: FakeClock) -> None:
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


def test_a_video_file_that_turns_bad_while_watched_does_not_end_the_service(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    bench.video_file.unlink()
    bench.run_cycles(10)
    assert "there is no video file" in bench.faults()[0]


def test_a_broken_database_turns_the_camera_off(bench: Bench) -> None:
    bench.set_budget(EnergyLevel.FULL)
    bench.run_cycles(2)
    bench.store.close()
    bench.store._connection = sqlite3.connect(":memory:")
    bench.run_cycles()
    assert isinstance(bench.pull(), Refusal)
    bench.run_cycles()  # the service has mended its store
    assert isinstance(bench.pull(), Picture)
