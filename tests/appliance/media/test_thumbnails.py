"""A snapshot's thumbnail inside its file."""

import cv2
import numpy as np
import pytest

from appliance.media.thumbnails import HEAD_BYTES, THUMBNAIL_AT, embed_thumbnail, extract_thumbnail
from appliance.model_cameras import Box, Detection
from inference.detection.head_blur import THUMBNAIL_PX, encode_jpeg, encode_snapshot
from tests.inference.detection.test_head_blur import ramp_result
from tests.stand_ins.fakes import FakeClock

RAMP = np.tile(np.arange(256, dtype=np.uint8), (192, 1))
PICTURE = cv2.imencode(".jpg", cv2.merge([RAMP, RAMP, RAMP]))[1].tobytes()
SMALL = cv2.imencode(".jpg", cv2.merge([RAMP[:24, :32]] * 3))[1].tobytes()


def decode(data: bytes) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert found is not None
    return np.asarray(found)


def test_a_picture_with_its_thumbnail_is_the_same_picture() -> None:
    whole = embed_thumbnail(PICTURE, SMALL)
    assert extract_thumbnail(whole[:HEAD_BYTES]) == SMALL
    assert np.array_equal(decode(whole), decode(PICTURE))
    assert len(whole) < len(PICTURE) + len(SMALL) + 100


def test_a_file_without_a_thumbnail_has_none_and_a_damaged_one_neither() -> None:
    whole = embed_thumbnail(PICTURE, SMALL)
    assert extract_thumbnail(PICTURE) is None
    assert extract_thumbnail(b"") is None
    for end in range(len(whole) - len(PICTURE)):
        assert extract_thumbnail(whole[:end]) is None
    for at in range(THUMBNAIL_AT):
        damaged = bytearray(whole)
        damaged[at] ^= 0x41
        assert extract_thumbnail(bytes(damaged)) is None, at


def test_what_is_too_large_or_no_picture_is_left_as_it_is() -> None:
    assert embed_thumbnail(PICTURE, bytes(60_001)) == PICTURE
    assert embed_thumbnail(b"a face", SMALL) == b"a face"


@pytest.mark.parametrize("blur", [True, False])
def test_the_thumbnail_shows_no_more_of_a_face_than_the_picture(
    clock: FakeClock, blur: bool
) -> None:
    result = ramp_result(clock, Detection("person", 0.9, Box(0.3, 0.1, 0.7, 1.0)))
    data = encode_snapshot(result, blur_heads=blur)
    thumbnail = extract_thumbnail(data[:HEAD_BYTES])
    assert thumbnail is not None
    assert len(thumbnail) < 8_000
    shown = decode(data)
    assert np.array_equal(shown, decode(encode_jpeg(result, blur_heads=blur)))
    small = decode(thumbnail)
    assert small.shape[1] == THUMBNAIL_PX
    again = cv2.resize(shown, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    assert np.abs(small.astype(int) - again.astype(int)).mean() < 4
