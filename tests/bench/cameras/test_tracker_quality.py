"""Ours beside ByteTrack of the package `trackers`, on a scene whose truth is exact."""

import pytest

from appliance.model_cameras import Box, Detection
from tests.bench.cameras.pseudo_truth import make_smoothed_tracks
from tests.bench.cameras.tracking_scene import Frame, make_scene, select_frames
from tests.bench.cameras.tracking_score import follow_ours, follow_rival, score

pytest.importorskip("trackers", reason="needs the peers' environment: `make test-peers`")

MARGIN = 0.02  # of IDF1


@pytest.fixture(scope="module")
def frames() -> list[Frame]:
    return make_scene(seed=11, duration_s=60)


@pytest.mark.parametrize("frames_per_s", [10, 5, 2])
def test_things_are_followed_as_well_as_by_bytetrack(
    frames: list[Frame], frames_per_s: int
) -> None:
    frames_seen = select_frames(frames, frames_per_s)
    ours = score(frames_seen, follow_ours(frames_seen), bool)
    theirs = score(frames_seen, follow_rival(frames_seen, "ByteTrack", frames_per_s, 0.1), bool)
    assert ours.idf1 >= theirs.idf1 - MARGIN
    assert ours.mota >= theirs.mota - MARGIN


@pytest.mark.parametrize(("frames_per_s", "idf1"), [(10, 0.79), (5, 0.78), (2, 0.70)])
def test_it_is_followed_as_well_as_when_the_figures_were_chosen(
    frames: list[Frame], frames_per_s: int, idf1: float
) -> None:
    frames_seen = select_frames(frames, frames_per_s)
    assert score(frames_seen, follow_ours(frames_seen), bool).idf1 >= idf1


def test_the_figures_are_those_of_a_case_counted_by_hand() -> None:
    left, right = Box(0.1, 0.1, 0.2, 0.4), Box(0.6, 0.1, 0.7, 0.4)
    frames_seen = [Frame(n / 10, (), {1: left, 2: right}) for n in range(4)]
    # Thing 1 is followed throughout. Thing 2 is missed once, then changes its number; one ghost.
    answers = [
        {7: left, 8: right},
        {7: left},
        {7: left, 9: right},
        {7: left, 9: right, 5: Box(0.3, 0.6, 0.4, 0.9)},
    ]
    found = score(frames_seen, answers, bool)
    assert found.switches == 1
    assert found.mota == pytest.approx(1 - (1 + 1 + 1) / 8)  # a miss, a ghost, a switch
    # Thing 2 is best called 9: 4 + 2 of 8 are right; 8 and 5 are wrong.
    assert found.idf1 == pytest.approx(2 * 6 / (8 + 8))


def test_a_scene_is_the_same_each_time_and_has_what_makes_following_hard(
    frames: list[Frame],
) -> None:
    assert make_scene(seed=11, duration_s=5) == frames[:50]
    assert len({number for frame in frames for number in frame.truth}) > 30
    seen = sum(len(frame.detections) for frame in frames)
    there = sum(len(frame.truth) for frame in frames)
    assert 0.8 < seen / there < 1.3


def test_the_pseudo_truth_joins_over_a_gap_and_leaves_out_a_flicker() -> None:
    def at(x: float) -> Detection:
        return Detection("person", 0.8, Box(x, 0.3, x + 0.05, 0.5))

    frames_seen = [[at(0.1 + 0.005 * n)] if n not in range(20, 26) else [] for n in range(60)]
    frames_seen[40].append(at(0.9))
    found = make_smoothed_tracks(frames_seen)
    assert [list(frame) for frame in found] == [[1]] * 60
    assert found[23][1].left == pytest.approx(0.1 + 0.005 * 23, abs=0.004)
