"""Heads that nobody can recognise, whoever was found and however."""

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.media.frames import BGR, Picture
from appliance.model_cameras import Box, Detection
from inference.detection.detector import OnnxDetector
from inference.detection.frame_result import FrameResult
from inference.detection.head_blur import (
    SMALLEST_TILE_PX,
    encode_jpeg,
    estimate_head_box,
    find_head_boxes,
    hide_heads,
    list_followed_people,
    list_people,
    make_shown_picture,
    pixelate,
    select_outside,
)
from inference.tracking.track import Tracks, update_tracks
from tests.conftest import CLIP, MODEL
from tests.scenes.near_people import make_views
from tests.stand_ins.fakes import FakeClock

Bytes = NDArray[np.uint8]
SIZE = 400
STANDING = Box(0.4, 0.2, 0.6, 0.9)
PERSON = Detection("person", 0.9, STANDING)
EVERYTHING = Box(0.0, 0.0, 1.0, 1.0)


def as_picture(bgr: Bytes) -> Picture:
    high, wide = bgr.shape[:2]
    return Picture("gate", FakeClock().stamp(), 1, 0, 0.0, wide, high, BGR, bgr.tobytes())


def noise(width: int = SIZE, height: int = SIZE) -> Bytes:
    return np.random.default_rng(1).integers(0, 256, (height, width, 3)).astype(np.uint8)


def colours(part: Bytes) -> int:
    return len(np.unique(part.reshape(-1, 3), axis=0))


def changed(before: Bytes, after: Bytes) -> Box:
    """The part of the picture that is no longer as it was."""
    rows, columns = np.nonzero((before != after).any(axis=2))
    height, width = before.shape[:2]
    return Box(
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )


def holds(outer: Box, inner: Box) -> bool:
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )


# --- where the head is -------------------------------------------------------------------------


def test_of_one_who_stands_the_top_is_hidden_with_hair_and_ears() -> None:
    part = estimate_head_box(STANDING, SIZE, SIZE)
    assert holds(part, Box(0.4, 0.2, 0.6, 0.2 + 0.7 / 4))
    assert part.top < STANDING.top
    assert part.left < STANDING.left
    assert part.right > STANDING.right
    assert part.bottom < 0.5, "clothes and gait may be seen"


@pytest.mark.parametrize(
    ("box", "least"),
    [
        (Box(0.2, 0.4, 0.5, 0.7), Box(0.2, 0.4, 0.5, 0.55)),  # sits: as wide as high
        (Box(0.1, 0.6, 0.6, 0.75), Box(0.1, 0.6, 0.6, 0.75)),  # lies: the head may be anywhere
        (Box(0.4, 0.3, 0.6, 1.0), Box(0.4, 0.3, 0.6, 0.65)),  # the legs are below the picture
    ],
    ids=["sits", "lies", "cut off"],
)
def test_of_others_more_is_hidden(box: Box, least: Box) -> None:
    assert holds(estimate_head_box(box, SIZE, SIZE), least)


def test_who_lies_is_known_by_pixels_not_by_fractions() -> None:
    box = Box(0.4, 0.4, 0.6, 0.6)
    assert holds(estimate_head_box(box, 1000, 300), box), "200 x 60 pixels"
    assert not holds(estimate_head_box(box, 300, 1000), box), "60 x 200 pixels"


def test_faint_people_and_those_not_found_in_this_picture_are_hidden_as_well() -> None:
    faint = Detection("person", 0.05, Box(0.1, 0.1, 0.2, 0.5))
    dog = Detection("dog", 0.9, Box(0.0, 0.5, 0.2, 0.9))
    before = noise()
    after = hide_heads(before, [faint, dog], [STANDING])
    for box in (faint.box, STANDING):
        inner = estimate_head_box(box, SIZE, SIZE)
        rows = slice(int(inner.top * SIZE) + 1, int(inner.bottom * SIZE))
        columns = slice(int(inner.left * SIZE) + 1, int(inner.right * SIZE))
        assert colours(after[rows, columns]) <= 16
    assert (after[250:, :80] == before[250:, :80]).all(), "the dog is a dog"
    assert len(list(find_head_boxes([faint, dog], [STANDING], SIZE, SIZE))) == 2


def test_a_followed_person_who_is_missed_once_is_hidden_where_it_should_be() -> None:
    tracks = Tracks()
    for step in range(5):
        box = Box(0.1 + 0.02 * step, 0.3, 0.2 + 0.02 * step, 0.7)
        car = Detection("car", 0.9, Box(0.6, 0.6, 0.9, 0.8))
        tracks = update_tracks(
            tracks, [Detection("person", 0.9, box), car], step / 5, threshold=0.45, patience_s=2.0
        )
    (box,) = list_followed_people(tracks)
    assert 0.16 < box.left <= 0.18, "also while it is found: its detection may be a part of it"
    tracks = update_tracks(tracks, [], 1.0, threshold=0.45, patience_s=2.0)
    (box,) = list_followed_people(tracks)
    assert box.left > 0.17, "it walked on"


@pytest.mark.parametrize("view", ["without legs", "head and shoulders", "only legs"])
def test_of_a_near_person_the_head_is_hidden_and_most_of_the_picture_is_seen(view: str) -> None:
    detector = OnnxDetector(MODEL, threads=1, floor=0.25, labels=("person",))
    shares, heads = [], []
    for near in make_views(view, every=50):
        seen = detector.analyse([as_picture(near.bgr)])[0]
        shown = hide_heads(near.bgr, seen.detections, seen.people)
        hidden = (shown != near.bgr).any(axis=2)
        shares.append(hidden.mean())
        rows = slice(int(near.head.top * 480) + 1, int(near.head.bottom * 480))
        heads.append(hidden[rows, int(near.head.left * 640) + 1 : int(near.head.right * 640)])
    assert np.mean(shares) < 0.4, "it was more than half"
    if view != "only legs":
        assert np.mean([head.mean() for head in heads]) > 0.9


def test_many_boxes_on_one_near_person_hide_one_head() -> None:
    near = Detection("person", 0.8, Box(0.2, 0.1, 0.7, 1.0))
    again = [Detection("person", 0.3, Box(0.25, 0.3 + 0.1 * n, 0.7, 1.0)) for n in range(4)]
    far = Box(0.4, 0.3, 0.45, 0.5)
    before = hide_heads(noise(), [near])
    assert (hide_heads(noise(), [near, *again], [Box(0.3, 0.5, 0.75, 1.0)]) == before).all()
    assert (hide_heads(noise(), [near], [Box(0.85, 0.6, 0.9, 0.8), far]) != before).any()


def test_guesses_hide_no_more_than_a_quarter_of_the_picture() -> None:
    guesses = [Box(0.3 * n, 0.0, 0.3 * n + 0.28, 0.9) for n in range(3)]
    guesses += [Box(0.3 * n, 0.4, 0.3 * n + 0.28, 0.7) for n in range(3)]
    after = hide_heads(noise(), [], guesses)
    assert 0.1 < (after != noise()).any(axis=2).mean() <= 0.27


def test_a_privacy_mask_stays_black_where_a_head_would_be(clock: FakeClock) -> None:
    result = ramp_result(clock, PERSON)
    bgr = np.frombuffer(result.picture.data, np.uint8).reshape(200, 200, 3).copy()
    bgr[:100] = 0
    mask = ((0.0, 0.0), (1.0, 0.0), (1.0, 0.5), (0.0, 0.5))
    result = replace(result, picture=replace(result.picture, data=bgr.tobytes()), masks=(mask,))
    shown = make_shown_picture(result, blur_heads=True)
    assert not shown[:100].any()
    assert make_shown_picture(replace(result, masks=()), blur_heads=True)[:100].any(), "grey tiles"


# --- what is left of it ------------------------------------------------------------------------


def test_heads_are_coarse_tiles_and_the_rest_is_untouched() -> None:
    before = noise()
    after = hide_heads(before, [PERSON])
    part = changed(before, after)
    assert holds(part, Box(0.4, 0.2, 0.6, 0.37))
    assert holds(Box(0.37, 0.17, 0.63, 0.41), part)
    assert colours(after[80:140, 160:240]) <= 16, "four by four tiles"


def test_two_faces_that_differ_in_detail_give_the_same_tiles() -> None:
    rng = np.random.default_rng(2)
    face = np.full((160, 160, 3), 120, np.uint8)
    tiles = []
    for _ in range(8):
        picture = noise()
        detail = rng.normal(0, 40, face.shape)
        detail -= detail.reshape(4, 40, 4, 40, 3).mean(axis=(1, 3)).repeat(40, 0).repeat(40, 1)
        picture[:160, :160] = (face + detail).clip(0, 255)
        pixelate(picture, Box(0.0, 0.0, 159.5 / SIZE, 159.5 / SIZE))
        tiles.append(picture[:160, :160].tobytes())
    assert len(set(tiles)) == 1, "what is finer than a tile is gone, and so is a shade of a mean"


def test_a_small_head_is_one_tile() -> None:
    picture = noise()
    side = SMALLEST_TILE_PX - 1
    pixelate(picture, Box(0.5, 0.5, 0.5 + side / SIZE - 1e-6, 0.5 + side / SIZE - 1e-6))
    assert colours(picture[200 : 200 + side, 200 : 200 + side]) == 1


def test_a_large_face_is_no_more_than_four_tiles_across() -> None:
    picture = noise()
    pixelate(picture, EVERYTHING)
    assert colours(picture) <= 16


def test_a_wide_part_has_square_tiles_and_a_flat_one_has_one_row() -> None:
    picture = noise()
    pixelate(picture, Box(0.0, 0.0, 0.999, 0.02))
    assert len({row.tobytes() for row in picture[:8]}) == 1


@pytest.mark.parametrize(
    "box",
    [
        Box(0.99, 0.0, 1.0, 0.02),
        Box(1.0, 1.0, 1.0, 1.0),
        Box(-0.1, -0.2, 0.05, 0.3),
        Box(0.9, 0.9, 1.2, 1.4),
        Box(-0.5, -0.5, -0.2, -0.1),
        Box(0.5, 0.5, 0.5, 0.5),
    ],
    ids=str,
)
def test_a_person_at_the_edge_of_the_picture_is_hidden_too(box: Box) -> None:
    before = noise(100, 100)
    after = hide_heads(before, [], [box])
    assert after.shape == before.shape
    inside = before[
        max(0, int(box.top * 100)) : max(0, int(box.top * 100)) + 1,
        max(0, int(box.left * 100)) : max(0, int(box.right * 100)),
    ]
    assert inside.size == 0 or not (after == before).all()


def test_the_picture_that_was_given_stays_as_it_is() -> None:
    before = noise()
    hide_heads(before, [PERSON])
    assert (before == noise()).all()


# --- files -------------------------------------------------------------------------------------


def head(result: FrameResult, *, blur: bool) -> Bytes:
    data = np.frombuffer(encode_jpeg(result, blur_heads=blur), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR))[50:60, 82:118].astype(int)


def ramp_result(clock: FakeClock, *people: Detection, unseen: tuple[Box, ...] = ()) -> FrameResult:
    ramp = np.repeat(np.linspace(0, 255, 200, dtype=np.uint8)[None, :, None], 200, axis=0)
    bgr = np.ascontiguousarray(np.repeat(ramp, 3, axis=2))
    picture = Picture("gate", clock.stamp(), 1, 0, 0.0, 200, 200, BGR, bgr.tobytes())
    return FrameResult(picture, people, unseen=unseen)


def test_the_owner_may_ask_for_heads_as_they_are(clock: FakeClock) -> None:
    result = ramp_result(clock, PERSON)
    shown = ramp_result(clock)
    assert np.abs(head(result, blur=False) - head(shown, blur=True)).max() == 0
    assert np.abs(head(result, blur=True) - head(shown, blur=True)).max() >= 5
    assert len(np.unique(head(result, blur=True)[5, :, 0])) < len(
        np.unique(head(result, blur=False)[5, :, 0])
    )


def test_the_file_hides_who_is_followed_but_was_not_found(clock: FakeClock) -> None:
    missed = ramp_result(clock, unseen=(STANDING,))
    assert np.abs(head(missed, blur=True) - head(missed, blur=False)).max() >= 5


# --- of whom the detections do not tell --------------------------------------------------------


def frame_with_people(clock: FakeClock) -> Picture:
    """A picture of the clip in which people are near and far."""
    with av.open(str(CLIP)) as container:
        frame = next(container.decode(video=0))
    bgr = frame.to_ndarray(format="bgr24")
    return Picture("gate", clock.stamp(), 1, 0, 0.0, frame.width, frame.height, BGR, bgr.tobytes())


def test_a_person_too_faint_to_be_reported_is_hidden(clock: FakeClock) -> None:
    picture = frame_with_people(clock)
    (sure,) = OnnxDetector(MODEL, threads=1, floor=0.6, labels=("person",)).analyse([picture])
    (all_of_it,) = OnnxDetector(MODEL, threads=1, floor=0.2, labels=("person",)).analyse([picture])
    faint = [one.box for one in all_of_it.detections if one.confidence < 0.6]
    assert len(faint) >= 3
    assert sure.detections == all_of_it.detections[: len(sure.detections)]
    assert set(faint) <= set(sure.people), "told of or not, its box is known"
    (cars,) = OnnxDetector(MODEL, threads=1, floor=0.6, labels=("car",)).analyse([picture])
    assert cars.people == (), "without the label person nothing is computed for people"


def test_a_person_cut_off_by_the_analysed_part_is_hidden(
    clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "inference.detection.detector.PEOPLE_FROM", 1.0
    )  # none of those who are faint
    picture = frame_with_people(clock)
    model = OnnxDetector(MODEL, threads=1, floor=0.3, labels=("person",))
    (whole,) = model.analyse([picture])
    person = whole.detections[0].box
    middle = (person.left + person.right) / 2
    part = Box(max(0.0, middle - 0.5), 0.0, middle, 1.0)
    (seen,) = model.analyse([picture], [part])
    near = [box for box in seen.people if box.right > middle - 0.02 and box.top < person.bottom < 1]
    assert near
    assert not [one for one in seen.detections if one.box.right > middle - 0.001]


def test_between_two_whole_pictures_people_outside_the_part_stay_hidden(
    clock: FakeClock,
) -> None:
    result = ramp_result(clock, PERSON, unseen=(Box(0.1, 0.1, 0.2, 0.4),))
    assert list_people(result) == (STANDING, Box(0.1, 0.1, 0.2, 0.4))
    part = Box(0.35, 0.1, 0.7, 1.0)
    assert select_outside(list_people(result), part) == (Box(0.1, 0.1, 0.2, 0.4),)
    assert select_outside(list_people(result), Box(0.5, 0.1, 0.9, 1.0)) == list_people(result), (
        "cut in two"
    )
    assert select_outside(list_people(result), None) == ()
