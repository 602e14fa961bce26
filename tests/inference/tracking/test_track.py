"""Tracking: which detections of successive frames are the same thing."""

from appliance.model_cameras import Box, Detection
from inference.tracking.track import Track, Tracks, update_tracks

THRESHOLD = 0.45
PATIENCE_S = 2.0


def person(x: float, y: float = 0.5, confidence: float = 0.8, label: str = "person") -> Detection:
    """Someone 0.05 wide and 0.15 high, with the middle at (x, y)."""
    return Detection(label, confidence, Box(x - 0.025, y - 0.075, x + 0.025, y + 0.075))


def step(tracks: Tracks, media_s: float, *seen: Detection) -> Tracks:
    return update_tracks(tracks, seen, media_s, threshold=THRESHOLD, patience_s=PATIENCE_S)


def x_of(track: Track) -> float:
    return (track.box.left + track.box.right) / 2


def test_one_walker_keeps_one_number_at_two_frames_a_second() -> None:
    tracks = Tracks()
    for count in range(20):  # a twentieth of the picture each time: his own width
        tracks = step(tracks, count / 2, person(0.03 + 0.045 * count))
    (walker,) = tracks.live
    assert (walker.number, walker.sightings) == (1, 20)
    assert tracks.next_number == 2


def test_two_people_who_cross_keep_their_numbers() -> None:
    tracks = Tracks()
    for count in range(21):
        right, left = 0.3 + 0.02 * count, 0.7 - 0.02 * count
        both = [person(right), person(left, y=0.53)]
        tracks = step(tracks, count / 5, *(both if count % 2 else reversed(both)))
    ends = {track.number: round(x_of(track), 1) for track in tracks.live}
    assert len(ends) == 2
    began_left = 2  # the first picture named the other one first
    assert ends[began_left] == 0.7
    assert ends[3 - began_left] == 0.3


def test_a_track_coasts_through_a_gap_and_is_the_same_one_behind_it() -> None:
    tracks = Tracks()
    for count in range(10):
        tracks = step(tracks, count / 5, person(0.2 + 0.02 * count))
    for count in range(10, 15):  # one second behind a tree
        tracks = step(tracks, count / 5)
    (hidden,) = tracks.live
    assert not hidden.seen_now
    assert abs(x_of(hidden) - (0.2 + 0.02 * 14)) < 0.02, "it went on at its own speed"
    tracks = step(tracks, 3.0, person(0.5))
    (found,) = tracks.live
    assert found.seen_now
    assert (found.number, found.sightings) == (1, 11)


def test_what_is_unseen_for_longer_than_the_patience_is_given_up() -> None:
    tracks = step(Tracks(), 0.0, person(0.5))
    assert step(tracks, 2.0).live
    assert not step(tracks, 2.1).live
    (later,) = step(step(tracks, 2.1), 2.3, person(0.5)).live
    assert later.number == 2, "a number is never used again"


def test_a_faint_detection_keeps_a_track_alive_but_begins_none_and_is_no_sure_sighting() -> None:
    assert not step(Tracks(), 0.0, person(0.5, confidence=0.3)).live
    tracks = step(Tracks(), 0.0, person(0.5))
    for count in range(1, 20):
        tracks = step(tracks, count / 5, person(0.5, confidence=0.3))
    (dim,) = tracks.live
    assert (dim.number, dim.sightings, dim.seen_s) == (1, 1, 19 / 5)


def test_a_dog_is_never_taken_for_the_person_who_stood_there() -> None:
    tracks = step(Tracks(), 0.0, person(0.5))
    tracks = step(tracks, 0.2, person(0.5, label="dog"))
    assert [(track.number, track.label) for track in tracks.live] == [(1, "person"), (2, "dog")]


def test_the_analysis_of_a_part_misses_nothing_outside_it() -> None:
    tracks = step(Tracks(), 0.0, person(0.2), person(0.8))
    tracks = step(tracks, 0.2, person(0.2), person(0.8))
    right = Box(0.6, 0.2, 1.0, 0.8)
    for count in range(2, 100):  # twenty seconds
        seen = [person(0.8)]
        tracks = update_tracks(
            tracks, seen, count / 5, threshold=THRESHOLD, patience_s=PATIENCE_S, analysed_part=right
        )
    still, _ = tracks.live
    assert (still.number, still.seen_now, still.missed_s) == (1, False, 0.0)
    assert abs(x_of(still) - 0.2) < 0.01
    tracks = step(tracks, 20.0, person(0.2), person(0.8))
    assert [track.number for track in tracks.live] == [1, 2]


def test_the_analysis_of_a_part_misses_what_should_be_in_it() -> None:
    tracks = step(Tracks(), 0.0, person(0.8))
    tracks = step(tracks, 0.2, person(0.8))
    right = Box(0.6, 0.2, 1.0, 0.8)
    for count in range(2, 13):
        tracks = update_tracks(
            tracks, [], count / 5, threshold=THRESHOLD, patience_s=PATIENCE_S, analysed_part=right
        )
    assert not tracks.live


def test_no_track_is_kept_for_half_a_minute_even_where_no_frame_shows_its_place() -> None:
    tracks = step(step(Tracks(), 0.0, person(0.2)), 0.2, person(0.2))
    right = Box(0.6, 0.2, 1.0, 0.8)
    assert update_tracks(
        tracks, [], 30.1, threshold=THRESHOLD, patience_s=PATIENCE_S, analysed_part=right
    ).live
    assert not update_tracks(
        tracks, [], 30.3, threshold=THRESHOLD, patience_s=PATIENCE_S, analysed_part=right
    ).live


def test_a_pause_of_the_frames_is_forgiven_to_a_thing_still_on_its_way() -> None:
    tracks = Tracks()
    for count in range(10):
        tracks = step(tracks, count / 5, person(0.1 + 0.01 * count))
    tracks = update_tracks(
        tracks, [person(0.34)], 4.8, threshold=THRESHOLD, patience_s=8.0
    )  # three seconds on
    assert [track.number for track in tracks.live] == [1]


def test_a_second_box_on_one_thing_is_no_second_thing() -> None:
    tracks = step(Tracks(), 0.0, person(0.5))
    tracks = step(tracks, 0.2, person(0.5), person(0.51, confidence=0.5))
    assert [track.number for track in tracks.live] == [1]


def test_who_was_seen_once_is_not_waited_for_as_long_as_a_known_one() -> None:
    once = step(Tracks(), 0.0, person(0.5))
    assert step(step(once, 0.2), 0.3).live
    assert not step(step(step(once, 0.2), 0.3), 0.4).live
    twice = step(once, 0.2, person(0.5))
    assert step(step(step(twice, 0.4), 0.6), 2.2).live


def test_a_thing_that_left_the_picture_is_not_kept_at_its_edge() -> None:
    tracks = Tracks()
    for count in range(10):
        tracks = step(tracks, count / 5, person(0.8 + 0.02 * count))
    tracks = step(step(tracks, 2.0), 2.2)
    assert not tracks.live


def test_at_two_frames_a_second_a_new_thing_may_leave_its_own_box_and_at_ten_it_may_not() -> None:
    slow = step(step(Tracks(), 0.0, person(0.5)), 0.5, person(0.56))
    fast = step(step(Tracks(), 0.0, person(0.5)), 0.1, person(0.56))
    assert [track.number for track in slow.live] == [1]
    assert [track.number for track in fast.live] == [1, 2]


def test_a_thing_that_is_not_where_something_moves_has_stopped() -> None:
    tracks = Tracks()
    for count in range(10):
        tracks = step(tracks, count / 5, person(0.1 + 0.02 * count))
    (walker,) = tracks.live
    right = Box(0.6, 0.2, 1.0, 0.8)
    for count in range(10, 60):  # ten seconds in which it moves elsewhere
        tracks = update_tracks(
            tracks, [], count / 5, threshold=THRESHOLD, patience_s=PATIENCE_S, analysed_part=right
        )
    (waiting,) = tracks.live
    assert x_of(waiting) - x_of(walker) < 0.15, "at his speed he would be a whole picture on"
