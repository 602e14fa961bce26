"""Which part of a picture is analysed, and that each box is mapped to its right place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.model_cameras import Box, Detection
from inference.detection.region import (
    FULL_EVERY_S,
    LARGEST_SHARE,
    choose_region,
    convert_to_pixels,
    enclose,
    map_box_to_picture,
    map_detections_to_picture,
)
from inference.tracking.boxes import is_shown_whole

WALKER = Box(0.40, 0.30, 0.43, 0.42)  # in 1920x1080: 58 x 130 pixels
HD = {"width": 1920, "height": 1080, "size": 416}


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    left, right = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    top, bottom = sorted((draw(st.floats(0, 1)), draw(st.floats(0, 1))))
    return Box(left, top, right, bottom)


def part_of(moving: Box | None, *sizes: int, since_full_s: float | None = 0.5) -> Box | None:
    width, height, size = sizes or tuple(HD.values())
    return choose_region(
        moving, width=width, height=height, size=size, since_full_s=since_full_s
    ).box


def test_of_a_large_picture_the_part_around_a_walker_is_analysed() -> None:
    part = part_of(WALKER)
    assert part is not None
    left, top, right, bottom = convert_to_pixels(part, 1920, 1080)
    assert (right - left, bottom - top) == (416, 416), "pixel for pixel what the model takes"
    assert (left + right) / 2 == pytest.approx(0.415 * 1920, abs=2)
    assert (top + bottom) / 2 == pytest.approx(0.36 * 1080, abs=2)


def test_the_reason_says_how_much_was_analysed() -> None:
    assert choose_region(WALKER, **HD, since_full_s=0.5).reason == (
        "analysed the 8 % of the picture where something moves"
    )
    assert choose_region(WALKER, **HD, since_full_s=None).reason == (
        "analysed the whole picture: that is done every 2 seconds"
    )


def test_the_whole_picture_is_analysed_first_and_every_two_seconds() -> None:
    assert part_of(WALKER, since_full_s=None) is None
    assert part_of(WALKER, since_full_s=FULL_EVERY_S - 0.01) is not None
    assert part_of(WALKER, since_full_s=FULL_EVERY_S) is None
    assert part_of(WALKER, since_full_s=-1.0) is None, "the camera's time began anew"


def test_where_it_is_not_known_what_moves_the_whole_picture_is_analysed() -> None:
    assert part_of(None) is None


def test_a_part_that_is_nearly_all_shows_hardly_more() -> None:
    assert part_of(Box(0.1, 0.1, 0.9, 0.9)) is None
    assert part_of(WALKER, 640, 360, 416) is None, "416 of 640 x all of 360"


def test_a_picture_that_is_smaller_than_the_model_is_never_cut() -> None:
    assert part_of(WALKER, 320, 240, 416) is None


def test_what_moves_outside_the_picture_or_nowhere_makes_no_part() -> None:
    assert part_of(Box(1.1, 0.2, 1.3, 0.4)) is None
    assert part_of(Box(0.5, 0.2, 0.5, 0.4)) is None


def test_a_part_at_the_edge_is_moved_inwards() -> None:
    part = part_of(Box(0.98, 0.97, 1.02, 1.0))
    assert part is not None
    assert (part.right, part.bottom) == (1, 1)
    assert convert_to_pixels(part, 1920, 1080) == (1504, 664, 1920, 1080)


@given(
    boxes(), st.integers(1, 4000), st.integers(1, 4000), st.sampled_from((96, 320, 416, 417, 640))
)
def test_a_part_lies_in_the_picture_on_even_pixels_and_enlarges_nothing(
    moving: Box, width: int, height: int, size: int
) -> None:
    part = part_of(moving, width, height, size)
    if part is None:
        return
    left, top, right, bottom = convert_to_pixels(part, width, height)
    assert part == Box(left / width, top / height, right / width, bottom / height)
    assert left % 2 == top % 2 == 0
    assert right % 2 == 0 or right == width
    assert bottom % 2 == 0 or bottom == height
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    assert right - left >= min(size, width)
    assert bottom - top >= min(size, height)
    assert (right - left) * (bottom - top) <= LARGEST_SHARE * width * height
    assert left <= moving.left * width
    assert right >= moving.right * width
    assert top <= moving.top * height
    assert bottom >= moving.bottom * height


@given(boxes(), st.integers(2, 4000), st.integers(2, 4000))
def test_any_part_has_pixels(part: Box, width: int, height: int) -> None:
    left, top, right, bottom = convert_to_pixels(part, width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height


PART = Box(0.2, 0.4, 0.6, 0.8)


def seen(box: Box) -> Detection:
    return Detection("person", 0.7, box)


def test_a_box_of_a_part_is_given_in_fractions_of_the_whole() -> None:
    (reported,) = map_detections_to_picture([seen(Box(0.25, 0.5, 0.5, 0.75))], PART)
    expected = Box(0.3, 0.6, 0.4, 0.7)
    assert reported.label == "person"
    assert reported.confidence == 0.7
    for name in ("left", "top", "right", "bottom"):
        assert getattr(reported.box, name) == pytest.approx(getattr(expected, name))


def test_without_a_part_nothing_is_changed() -> None:
    whole = seen(Box(0, 0, 1, 1))
    assert map_detections_to_picture([whole], None) == [whole]


@pytest.mark.parametrize(
    "cut",
    [Box(0, 0.3, 0.2, 0.5), Box(0.3, 0, 0.5, 0.2), Box(0.8, 0.3, 1, 0.5), Box(0.3, 0.8, 0.5, 1)],
)
def test_half_a_thing_at_the_edge_of_a_part_is_not_reported(cut: Box) -> None:
    assert map_detections_to_picture([seen(cut)], PART) == []


@pytest.mark.parametrize(
    ("corner", "cut"),
    [
        (Box(0, 0, 0.4, 0.4), Box(0, 0, 0.5, 0.5)),
        (Box(0.6, 0.6, 1, 1), Box(0.5, 0.5, 1, 1)),
    ],
)
def test_the_edge_of_the_picture_cuts_nothing_that_could_be_seen_otherwise(
    corner: Box, cut: Box
) -> None:
    assert len(map_detections_to_picture([seen(cut)], corner)) == 1


def test_a_track_counts_as_searched_only_where_the_part_showed_all_of_it() -> None:
    assert is_shown_whole(PART, Box(0.3, 0.5, 0.4, 0.6))
    assert not is_shown_whole(PART, Box(0.1, 0.5, 0.4, 0.6))
    assert not is_shown_whole(PART, Box(0.7, 0.5, 0.9, 0.6))
    assert is_shown_whole(None, Box(0.7, 0.5, 0.9, 0.6))


@given(boxes())
def test_what_is_reported_is_what_counts_as_searched(box: Box) -> None:
    reported = map_detections_to_picture([seen(box)], PART)
    assert bool(reported) == is_shown_whole(PART, map_box_to_picture(box, PART))


def test_the_part_can_be_laid_around_all_that_is_followed() -> None:
    assert enclose([]) is None
    assert enclose([PART, Box(0.1, 0.5, 0.3, 0.9)]) == Box(0.1, 0.4, 0.6, 0.9)
