"""Stories of things that move: who is who from picture to picture."""

from appliance.model import Box, Detection
from inference.track import Track, Tracks, update

THRESHOLD = 0.45
PATIENCE_S = 2.0


def person(x: float, y: float = 0.5, confidence: float = 0.8, label: str = "person") -> Detection:
    """Someone 0.05 wide and 0.15 high, with the middle at (x, y)."""
    return Detection(label, confidence, Box(x - 0.025, y - 0.075, x + 0.025, y + 0.075))


def step(tracks: Tracks, media_s: float, *seen: Detection) -> Tracks:
    return update(tracks, seen, media_s, THRESHOLD, PATIENCE_S)


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
