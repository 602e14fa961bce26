"""Events of zones and lines; what an event says of its frames; how many events are merged."""

from dataclasses import replace

import pytest

from appliance.media.frames import BGR, Picture
from appliance.model import EnergyLevel
from appliance.model_cameras import Box, Detection, Event, Tier
from appliance.sections.cameras import CameraSettings, LineSettings, ZoneSettings
from inference.detection.frame_result import Cost, FrameResult
from inference.events import lifecycle, rate_limit
from inference.events.lifecycle import Circumstances, EventDraft, EventDrafts
from inference.events.rate_limit import Burst
from inference.events.rules import Rules, build_rules
from inference.tracking.track import Tracks, update_tracks
from tests.stand_ins.fakes import FakeClock

WHY = Circumstances(
    reason="the sun shines",
    energy_level=EnergyLevel.FULL,
    tier=Tier.INT8,
    provider="CPU",
    model_digest="abc",
    threshold=0.45,
    energy_per_frame_j=0.6,
)
ZONE = build_rules(
    CameraSettings(
        zone={"drive": ZoneSettings(polygon=((0.4, 0.0), (1.0, 0.0), (1.0, 1.0), (0.4, 1.0)))}
    )
)
FENCE = build_rules(CameraSettings(line={"fence": LineSettings(start=(0.5, 0.0), end=(0.5, 1.0))}))


def at(x: float, confidence: float = 0.8, height: float = 0.3) -> Detection:
    return Detection("person", confidence, Box(x - 0.05, 0.8 - height, x + 0.05, 0.8))


class EventBench:
    """Shows pictures to tracker and events, five a second."""

    def __init__(self, rules: Rules = Rules(), burst: Burst = Burst()) -> None:  # noqa: B008  (frozen)
        self.clock = FakeClock()
        self.rules = rules
        self.burst = burst
        self.tracks = Tracks()
        self.drafts = EventDrafts()
        self.events: list[Event] = []
        self.media_s = 0.0

    def show(self, *seen: Detection, woken_by: str = "", missed: int = 0, **cost: bool) -> None:
        stamp = self.clock.stamp()
        picture = Picture("gate", stamp, 1, 0, self.media_s, 1, 1, BGR, b"", woken_by=woken_by)
        result = FrameResult(picture, seen, missed=missed, cost=Cost(0.6, **cost))
        self.tracks = update_tracks(self.tracks, seen, self.media_s, threshold=0.45, patience_s=2.0)
        self.drafts, over = lifecycle.update_drafts(
            self.drafts,
            self.tracks,
            result,
            WHY,
            after_frames=3,
            rules=self.rules,
            patience_s=2.0,
            burst=self.burst,
        )
        self.publish(over)
        self.media_s += 0.2
        self.clock.advance(0.2)

    def stop(self) -> None:
        self.drafts, over = lifecycle.end_drafts(
            self.drafts, 3, self.rules, for_good=True, burst=self.burst
        )
        self.publish(over)

    def publish(self, drafts: list[EventDraft]) -> None:
        self.events += [lifecycle.make_event(draft, None) for draft in drafts]

    def walk(self, start: float, end: float, step: float = 0.02) -> None:
        count = round(abs(end - start) / step)
        for part in range(count + 1):
            self.show(at(start + (end - start) * part / count))


# --- what an event says --------------------------------------------------------------------------


def test_an_event_has_confidences_what_woke_the_camera_and_missed_frames() -> None:
    bench = EventBench()
    bench.show(at(0.5, 0.5), missed=7)  # before it was there
    bench.show(at(0.5, 0.9), woken_by="packets", missed=2)
    bench.show(at(0.5, 0.7), woken_by="onvif motion", missed=1)
    bench.stop()
    (event,) = bench.events
    assert event.scores == pytest.approx({"first": 0.5, "mean": 0.7, "best": 0.9})
    assert (event.woken_by, event.drops, event.rule) == ("packets", 3, "")


def test_the_energy_of_a_frame_is_shared_by_all_that_are_seen_in_it() -> None:
    bench = EventBench()
    for count in range(4):
        bench.show(at(0.2), *([at(0.7)] if count else []))
    bench.stop()
    assert sorted(event.energy_j for event in bench.events) == pytest.approx([0.9, 1.5])


def test_energy_is_measured_only_where_each_frame_was() -> None:
    bench = EventBench()
    for measured in (True, True, True):
        bench.show(at(0.5), measured=measured)
    bench.stop()
    again = EventBench()
    for measured in (True, False, True):
        again.show(at(0.5), measured=measured)
    again.stop()
    assert [bench.events[0].energy_measured, again.events[0].energy_measured] == [True, False]


def test_the_snapshot_shows_a_whole_large_person_rather_than_a_surer_cut_or_far_one() -> None:
    bench = EventBench()
    bench.show(at(0.04, 0.95))  # cut by the left edge
    bench.show(at(0.08, 0.85))
    bench.show(at(0.12, 0.7))
    (draft,) = bench.drafts.running.values()
    assert draft.best.detections[0].confidence == 0.85
    assert draft.confidence == 0.95, "the event still says the highest confidence"
    assert lifecycle.make_event(draft, None).box == draft.box


# --- zones and lines -----------------------------------------------------------------------------


def test_with_a_zone_only_a_stay_in_it_is_an_event_once_it_is_over() -> None:
    bench = EventBench(ZONE)
    bench.walk(0.1, 0.3)
    for _ in range(20):
        bench.show()
    assert bench.events == [], "being there is no event here"
    bench.walk(0.1, 0.8)
    assert bench.events == []
    bench.walk(0.8, 0.1)
    (event,) = bench.events
    assert event.rule == "zone drive"
    assert 5 <= (event.last_seen - event.stamp.utc).total_seconds() <= 10, "only his time in it"
    assert event.event_id.endswith("-2z1")


def test_a_box_that_jumps_into_a_zone_for_one_frame_is_no_event() -> None:
    bench = EventBench(ZONE)
    for _ in range(5):
        bench.show(at(0.37))
    bench.show(at(0.42))
    for _ in range(20):
        bench.show(at(0.37))
    bench.stop()
    assert bench.events == []


def test_a_zone_with_dwell_time_has_no_event_of_a_short_stay_and_parts_of_a_long_one() -> None:
    name, own = ZONE.zones["z1"]
    bench = EventBench(Rules({"z1": (name, replace(own, dwell_s=90.0))}))
    for _ in range(5 * 80):
        bench.show(at(0.6))
    for _ in range(5 * 6):
        bench.show(at(0.2))
    assert bench.events == []
    for _ in range(5 * 100):
        bench.show(at(0.6))
    (event,) = bench.events
    assert event.rule == "zone drive: stayed 90 s", "told as soon as it was long enough"
    bench.stop()
    assert bench.events[1].rule == "zone drive: stayed 100 s"
    assert bench.events[1].reason.endswith(f"; it was still there after {event.event_id}")


def test_a_crossing_is_published_at_once_and_each_has_an_id() -> None:
    bench = EventBench(FENCE)
    bench.walk(0.2, 0.8)
    (event,) = bench.events
    assert event.rule == "line fence: to the left", "drawn from top to bottom, right is left"
    assert event.stamp.utc == event.last_seen
    assert event.frames > 10, "all frames so far show who it is"
    bench.walk(0.8, 0.2)
    bench.stop()
    assert [event.rule for event in bench.events[1:]] == ["line fence: to the right"]
    assert len({event.event_id for event in bench.events}) == 2


def test_a_crossing_before_enough_sightings_is_published_when_there_are_enough() -> None:
    bench = EventBench(FENCE)
    bench.show(at(0.47))
    bench.show(at(0.52))
    assert bench.events == []
    bench.show(at(0.54))
    assert [event.rule for event in bench.events] == ["line fence: to the left"]


# --- restless nights -----------------------------------------------------------------------------


def restless(bench: EventBench, minutes: float, every_s: float) -> None:
    """Every few seconds somebody else is there for a second."""
    until_s = bench.media_s + 60 * minutes
    while bench.media_s < until_s:
        place = 0.2 + 0.6 * ((bench.media_s / every_s) % 5) / 5
        for _ in range(5):
            bench.show(at(place, confidence=0.5 + 0.3 * (bench.media_s % 60) / 60))
        bench.media_s += every_s
        bench.clock.advance(every_s)
        bench.show()


def test_a_restless_hour_makes_some_rows_that_account_for_all_its_events() -> None:
    bench = EventBench()
    restless(bench, minutes=60, every_s=6.0)
    bench.stop()
    extra = [
        int(event.reason.split("; ")[1].split()[0])
        for event in bench.events
        if "are merged into it" in event.reason
    ]
    assert 20 < len(bench.events) < 30
    assert len(bench.events) + sum(extra) > 400, "nobody is lost in silence"
    assert "more than 20 in 10 minutes are noise or a crowd" in bench.events[-1].reason
    ids = [event.event_id for event in bench.events]
    assert len(set(ids)) == len(ids)


def crowd_and_van(bench: EventBench, people: int) -> None:
    """People come and go one after the other; a van comes in between."""
    for number in range(people):
        van = Detection("truck", 0.7, Box(0.5, 0.5, 0.8, 0.8))
        for _ in range(4):
            bench.show(at(0.2), *([van] if number == people - 2 else []))
        for _ in range(3):
            bench.media_s += 2
            bench.clock.advance(2)
            bench.show()


def test_a_van_in_a_crowd_of_people_has_an_event_of_its_own() -> None:
    bench = EventBench()
    crowd_and_van(bench, people=28)
    assert "truck" in [event.label for event in bench.events], "while the people are being merged"
    bench.stop()
    assert [event.label for event in bench.events].count("truck") == 1
    (merged,) = [event for event in bench.events if "merged into it" in event.reason]
    assert (merged.label, "7 more are merged" in merged.reason) == ("person", True)


def test_each_zone_and_each_label_in_it_has_a_limit_of_its_own() -> None:
    halves = {
        name: ZoneSettings(polygon=((left, 0.0), (left + 0.5, 0.0), (left + 0.5, 1.0), (left, 1.0)))
        for name, left in (("left", 0.0), ("right", 0.5))
    }
    bench = EventBench(build_rules(CameraSettings(zone=halves)), Burst(most=3))
    crowd_and_van(bench, people=9)
    for _ in range(4):
        bench.show(at(0.7))
    bench.stop()
    told = [(event.label, event.rule) for event in bench.events]
    assert told.count(("person", "zone left")) == 4, "three one by one, then one for all others"
    assert ("truck", "zone right") in told
    assert ("person", "zone right") in told


def test_how_many_events_are_told_one_by_one_and_in_which_time_are_settings() -> None:
    for most, within_s, rows in ((5, 600.0, 6), (100, 600.0, 12), (5, 10.0, 12)):
        bench = EventBench(burst=Burst(most, within_s))
        crowd_and_van(bench, people=12)
        bench.stop()
        people = [event for event in bench.events if event.label == "person"]
        assert len(people) == rows
    assert Burst(5, 90.0).reason == "more than 5 in 1.5 minutes are noise or a crowd"


def test_after_a_calm_interval_each_event_is_published_by_itself_again() -> None:
    bench = EventBench()
    restless(bench, minutes=8, every_s=6.0)
    restless(bench, minutes=60, every_s=600.0)
    before = len(bench.events)
    restless(bench, minutes=60, every_s=600.0)
    assert all("merged into it" not in event.reason for event in bench.events[before:])
    assert len(bench.events) - before >= 5


def test_the_row_of_many_keeps_the_best_picture_the_whole_time_and_all_costs() -> None:
    bench = EventBench()
    bench.show(at(0.5, 0.6))
    bench.show(at(0.5, 0.6))
    bench.show(at(0.5, 0.6))
    (one,) = bench.drafts.running.values()
    other = replace(
        one, event_id="other", snapshot_score=one.snapshot_score + 0.1, energy_j=2.0, frames=5
    )
    both = rate_limit.merge(rate_limit.merge(one, one, "crowd"), other, "crowd")
    assert (both.event_id, both.merged) == ("other", 2)
    assert both.energy_j == pytest.approx(2 * 1.8 + 2.0)
    assert both.frames == 2 * one.frames + 5


def test_clips_of_merged_events_are_named_to_be_forgotten() -> None:
    bench = EventBench()
    for _ in range(40):
        for _ in range(4):
            bench.show(at(0.5))
        bench.media_s += 3
        bench.clock.advance(3)
        bench.show()
    reported = {event.event_id for event in bench.events}
    assert len(reported) == 20
    assert bench.drafts.merged_ids
    assert not reported & set(bench.drafts.merged_ids)
