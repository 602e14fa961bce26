"""Zones, lines, how long and how many: what must happen before a camera tells of a thing."""

from itertools import pairwise

import pytest

from appliance.model_cameras import Box, Detection
from appliance.sections.cameras import CameraSettings, Direction, LineSettings, ZoneSettings
from inference.events import zones
from inference.events.rules import RuleMatch, Rules, RuleState, apply_rules, build_rules
from inference.tracking.track import Tracks, update_tracks

DRIVE = ((0.4, 0.4), (0.9, 0.4), (0.9, 0.9), (0.4, 0.9))
ACROSS = {"start": (0.0, 0.5), "end": (1.0, 0.5)}  # from left to right through the middle


def standing(x: float, y: float, label: str = "person") -> Detection:
    """Someone 0.06 wide and 0.2 high with his feet at (x, y)."""
    return Detection(label, 0.8, Box(x - 0.03, y - 0.2, x + 0.03, y))


class RuleBench:
    """Shows people to the tracker and the rules, five frames a second."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.state = RuleState()
        self.tracks = Tracks()
        self.now_s = 0.0
        self.crossings: list[str] = []

    def show(self, *seen: Detection) -> list[RuleMatch]:
        self.tracks = update_tracks(self.tracks, seen, self.now_s, threshold=0.45, patience_s=2.0)
        self.state, matches = apply_rules(
            self.state, self.rules, self.tracks, now_s=self.now_s, patience_s=2.0, after_frames=3
        )
        self.crossings += [match.text for match in matches if match.is_instant]
        self.now_s += 0.2
        return matches

    def walk(self, *feet: tuple[float, float], step: float = 0.02) -> list[RuleMatch]:
        """One person from point to point, a step each frame."""
        matches: list[RuleMatch] = []
        for start, end in pairwise(feet):
            ways = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
            count = max(1, round(ways / step))
            for part in range(count + 1):
                share = part / count
                x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
                matches = self.show(standing(x, y))
        return matches


def zone(**own: object) -> Rules:
    return build_rules(CameraSettings(zone={"drive": ZoneSettings(polygon=DRIVE, **own)}))  # type: ignore[arg-type]


def line(direction: Direction = Direction.BOTH, **own: object) -> Rules:
    ends = ACROSS | own
    return build_rules(CameraSettings(line={"fence": LineSettings(direction=direction, **ends)}))  # type: ignore[arg-type]


# --- geometry ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("point", "inside"),
    [((0.5, 0.5), True), ((0.3, 0.5), False), ((0.5, 0.95), False), ((0.89, 0.41), True)],
)
def test_a_point_is_in_a_square_or_not(point: tuple[float, float], inside: bool) -> None:
    assert zones.is_inside(point, DRIVE) is inside


def test_a_point_in_the_notch_of_a_hollow_polygon_is_outside() -> None:
    hollow = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 0.5), (0.0, 1.0))
    assert zones.is_inside((0.5, 0.4), hollow)
    assert not zones.is_inside((0.5, 0.9), hollow)


@pytest.mark.parametrize(
    ("name", "start", "end", "to_right"),
    [
        ("walking to the right of the picture, right is down", (0, 0.5), (1, 0.5), (0.5, 0.9)),
        ("walking to the left, right is up", (1, 0.5), (0, 0.5), (0.5, 0.1)),
        ("walking up the picture, away, right is right", (0.5, 1), (0.5, 0), (0.9, 0.5)),
        ("walking down the picture, nearer, right is left", (0.5, 0), (0.5, 1), (0.1, 0.5)),
    ],
)
def test_left_and_right_are_seen_along_the_direction_of_the_line(
    name: str, start: tuple[float, float], end: tuple[float, float], to_right: tuple[float, float]
) -> None:
    assert zones.compute_turn(start, end, to_right) > 0, name
    mirrored = (1 - to_right[0], 1 - to_right[1])
    assert zones.compute_turn(start, end, mirrored) < 0, name


# --- zones ---------------------------------------------------------------------------------------


def test_the_feet_decide_not_the_head() -> None:
    bench = RuleBench(zone())
    assert not bench.show(standing(0.5, 0.95)), "the box is in the zone, the feet are not"
    (match,) = bench.show(standing(0.5, 0.85))
    assert (match.text, match.is_fulfilled, match.seen) == ("zone drive", True, True)


def test_a_zone_counts_only_its_labels() -> None:
    bench = RuleBench(zone(labels=("car",)))
    assert not bench.show(standing(0.5, 0.6))
    assert bench.show(standing(0.5, 0.6), standing(0.8, 0.6, "car"))


def test_a_stay_is_an_event_when_it_is_long_enough_and_a_short_absence_is_forgiven() -> None:
    bench = RuleBench(zone(dwell_s=5.0))
    for _ in range(15):  # three seconds inside
        (match,) = bench.show(standing(0.5, 0.6))
    assert not match.is_fulfilled
    for _ in range(5):  # one second behind a tree
        (match,) = bench.show()
        assert not match.seen
    for _ in range(10):
        (match,) = bench.show(standing(0.5, 0.6))
    assert match.is_fulfilled
    assert match.text == "zone drive: stayed 6 s"


def test_who_is_seen_outside_for_a_moment_goes_on_with_his_stay() -> None:
    bench = RuleBench(zone(dwell_s=4.0))
    for count in range(26):  # five seconds at the zone's edge; one frame in five is outside
        matches = bench.show(standing(0.38 if count % 5 == 4 else 0.42, 0.6))
    assert [match.text for match in matches] == ["zone drive: stayed 5 s"]


def test_who_left_for_longer_than_the_patience_begins_again() -> None:
    bench = RuleBench(zone(dwell_s=3.0))
    bench.walk((0.5, 0.6), (0.3, 0.6))
    for _ in range(11):
        matches = bench.show(standing(0.3, 0.6))
    assert not matches
    (match,) = bench.walk((0.3, 0.6), (0.5, 0.6))
    assert match.rank < 2.0


def test_a_count_holds_when_so_many_are_there_at_the_same_time() -> None:
    bench = RuleBench(zone(count_from=3))
    two, third = [standing(0.5, 0.6), standing(0.7, 0.6)], standing(0.6, 0.8)
    for _ in range(10):
        assert not bench.show(*two)
    for _ in range(2):
        assert not bench.show(*two, third), "seen too seldom to be one of them"
    (match,) = bench.show(*two, third)
    assert match.text == "zone drive: 3 at once"
    outside = standing(0.2, 0.6)
    bench = RuleBench(zone(count_from=3))
    for _ in range(10):
        assert not bench.show(*two, outside)


def test_a_count_with_a_stay_counts_only_who_has_stayed() -> None:
    bench = RuleBench(zone(count_from=2, dwell_s=2.0))
    for _ in range(15):
        assert not bench.show(standing(0.5, 0.6))
    for _ in range(9):
        assert not bench.show(standing(0.5, 0.6), standing(0.7, 0.6))
    bench.show(standing(0.5, 0.6), standing(0.7, 0.6))
    (match,) = bench.show(standing(0.5, 0.6), standing(0.7, 0.6))
    assert match.text == "zone drive: 2 at once, stayed 2 s"


# --- lines ---------------------------------------------------------------------------------------


def test_who_walks_away_from_the_camera_over_a_line_drawn_to_the_right_goes_to_its_left() -> None:
    bench = RuleBench(line())
    bench.walk((0.5, 0.8), (0.5, 0.3))
    assert bench.crossings == ["line fence: to the left"]


def test_who_comes_nearer_over_it_goes_to_its_right() -> None:
    bench = RuleBench(line())
    bench.walk((0.5, 0.3), (0.5, 0.8))
    assert bench.crossings == ["line fence: to the right"]


@pytest.mark.parametrize(
    ("direction", "reported"),
    [
        (Direction.BOTH, ["line fence: to the left", "line fence: to the right"]),
        (Direction.TO_LEFT, ["line fence: to the left"]),
        (Direction.TO_RIGHT, ["line fence: to the right"]),
    ],
)
def test_only_the_wanted_direction_is_an_event(direction: Direction, reported: list[str]) -> None:
    bench = RuleBench(line(direction))
    bench.walk((0.5, 0.8), (0.5, 0.3), (0.5, 0.8))
    assert bench.crossings == reported


def test_who_stands_on_the_line_and_sways_does_not_cross_it() -> None:
    bench = RuleBench(line())
    bench.walk((0.5, 0.8), (0.5, 0.5))
    for count in range(50):
        bench.show(standing(0.5, 0.5 + (0.015 if count % 2 else -0.015)))
    assert bench.crossings == []
    bench.walk((0.5, 0.5), (0.5, 0.3))
    assert bench.crossings == ["line fence: to the left"], "once, and only when he is over it"


def test_who_walks_around_the_end_of_a_line_does_not_cross_it() -> None:
    bench = RuleBench(line(start=(0.0, 0.5), end=(0.4, 0.5)))
    bench.walk((0.7, 0.8), (0.7, 0.3), (0.2, 0.3))
    assert bench.crossings == []
    bench.walk((0.2, 0.3), (0.2, 0.8))
    assert bench.crossings == ["line fence: to the right"]


def test_a_crossing_behind_a_tree_counts_when_he_is_seen_again() -> None:
    bench = RuleBench(line())
    bench.walk((0.5, 0.8), (0.5, 0.56))
    for _ in range(4):
        bench.show()
    assert bench.crossings == [], "a coasting track walks over no line"
    bench.walk((0.5, 0.46), (0.5, 0.3))
    assert bench.crossings == ["line fence: to the left"]


def test_a_second_crossing_has_a_key_of_its_own_and_the_tag_of_the_first() -> None:
    bench = RuleBench(line())
    seen: list[RuleMatch] = []
    for x_y in [(0.5, 0.8 - 0.02 * count) for count in range(26)] + [
        (0.5, 0.3 + 0.02 * count) for count in range(26)
    ]:
        seen += bench.show(standing(*x_y))
    assert [(match.key, match.tag) for match in seen] == [((1, "l1"), "l1"), ((1, "l1x2"), "l1")]


def test_a_camera_without_zones_and_lines_has_no_rules() -> None:
    assert not build_rules(CameraSettings())
    assert not build_rules(CameraSettings(zone={"empty": ZoneSettings()}))
