"""From tracks to events: what is told, when, and with which figures."""

from datetime import timedelta

import pytest

from appliance.media.frames import BGR, Picture
from appliance.model import EnergyLevel
from appliance.model_cameras import Box, Detection, Event, Tier
from inference.detection.frame_result import FrameResult
from inference.events import lifecycle
from inference.events.lifecycle import Circumstances, EventDrafts
from inference.tracking.track import Tracks, update_tracks
from tests.stand_ins.fakes import START, FakeClock

WHY = Circumstances(
    reason="ECO allows 2 frames a second",
    energy_level=EnergyLevel.ECO,
    tier=Tier.INT8,
    provider="CPUExecutionProvider",
    model_digest="abc",
    threshold=0.45,
    energy_per_frame_j=0.5,
)


class EventBench:
    """Shows a still person to the tracker and the event rules, a picture every half second."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.tracks = Tracks()
        self.drafts = EventDrafts()
        self.events: list[Event] = []
        self.media_s = 0.0
        self.stream = ""

    def show(self, *confidences: float | None) -> None:
        """One picture per entry; None is a picture without anybody."""
        for confidence in confidences:
            box = Box(0.4, 0.3, 0.5, 0.6)
            seen = [] if confidence is None else [Detection("person", confidence, box)]
            self.tracks = update_tracks(
                self.tracks, seen, self.media_s, threshold=0.45, patience_s=2.0
            )
            result = FrameResult(self.picture(), tuple(seen))
            self.drafts, ended = lifecycle.update_drafts(
                self.drafts, self.tracks, result, WHY, after_frames=3
            )
            self.events += [lifecycle.make_event(draft, None) for draft in ended]
            self.media_s += 0.5
            self.clock.advance(0.5)

    def stop(self) -> None:
        self.events += [
            lifecycle.make_event(one, None) for one in lifecycle.select_running(self.drafts, 3)
        ]

    def picture(self) -> Picture:
        return Picture(
            "gate", self.clock.stamp(), 1, 0, self.media_s, 1, 1, BGR, b"\0\0\0", stream=self.stream
        )


def test_a_passer_by_is_one_event_published_once_when_gone() -> None:
    bench = EventBench()
    bench.show(0.5, 0.9, 0.6, 0.7)
    assert bench.events == []
    bench.show(None, None, None, None)
    assert bench.events == [], "unseen for two seconds is not yet gone"
    bench.show(None)
    (event,) = bench.events
    assert event.stamp.utc == START
    assert event.last_seen == START + timedelta(seconds=1.5)
    assert (event.camera, event.label, event.frames) == ("gate", "person", 4)
    assert event.confidence == 0.9
    assert (event.energy_j, event.energy_measured) == (2.0, False)
    assert event.reason == "analysed because ECO allows 2 frames a second"
    bench.show(None, None)
    bench.stop()
    assert len(bench.events) == 1


def test_the_best_frame_is_kept_for_the_snapshot() -> None:
    bench = EventBench()
    bench.show(0.5, 0.9, 0.6)
    (draft,) = bench.drafts.running.values()
    assert draft.best.picture.stamp.utc == START + timedelta(seconds=0.5)


def test_the_main_stream_gives_the_snapshot_where_it_can_and_the_event_says_which_did() -> None:
    bench = EventBench()
    bench.stream = "sub"
    bench.show(0.9)
    bench.stream = "main"
    bench.show(0.6, 0.5)
    bench.stop()
    assert [(event.stream, event.confidence) for event in bench.events] == [("main", 0.9)]
    alone = EventBench()
    alone.stream = "sub"
    alone.show(0.6, 0.9, 0.5)
    alone.stop()
    assert [event.stream for event in alone.events] == ["sub"]


def test_a_flicker_is_no_event() -> None:
    bench = EventBench()
    bench.show(0.9, 0.9, *[None] * 6)
    bench.stop()
    assert bench.events == []


def test_what_is_running_is_published_at_a_stop() -> None:
    bench = EventBench()
    bench.show(0.8, 0.8, 0.8)
    bench.stop()
    assert [event.frames for event in bench.events] == [3]


def test_a_long_stay_is_published_in_parts_that_double_and_name_each_other() -> None:
    bench = EventBench()
    bench.show(*[0.8] * (2 * 60 * 10))  # ten minutes
    bench.stop()
    lengths_s = [(event.last_seen - event.stamp.utc).total_seconds() for event in bench.events]
    assert lengths_s == pytest.approx([60, 120, 240, 178], abs=2)
    first, second, *_ = bench.events
    assert second.reason.endswith(f"; it was still there after {first.event_id}")
    assert sum(event.frames for event in bench.events) == 1200


def test_event_ids_are_unique_and_sort_by_time_through_reboots() -> None:
    bench = EventBench()
    for _ in range(3):
        bench.show(0.8, 0.8, 0.8, *[None] * 6)
    again = EventBench()
    again.clock.reboot(down_s=0)
    again.clock.utc = START  # a unit without a clock battery lives through the same second twice
    again.show(0.8, 0.8, 0.8, *[None] * 6)
    ids = [event.event_id for event in bench.events]
    assert len(ids) == 3
    assert ids == sorted(ids)
    assert again.events[0].event_id not in ids
