"""From a picture to a model's numbers: the quick way and the plain way see the same."""

from dataclasses import replace

import av
import cv2
import numpy as np
import pytest

from appliance.errors import CameraError
from appliance.media.frames import BGR, I420, JPEG, Picture
from appliance.model_cameras import Box
from inference.detection.heads.candidates import Bytes, Floats
from inference.detection.model_card import ModelCard, read_verified_card
from inference.detection.model_input import (
    ModelInput,
    convert_i420_to_bgr,
    convert_to_bgr,
    cut_planes,
    split_planes,
)
from tests.conftest import CLIP, MODEL
from tests.stand_ins.fakes import FakeClock


@pytest.fixture(scope="module")
def card() -> ModelCard:
    return read_verified_card(MODEL)


@pytest.fixture(scope="module")
def frame() -> av.VideoFrame:
    with av.open(str(CLIP)) as clip:
        return next(clip.decode(video=0))


def picture(data: bytes, width: int, height: int, encoding: str) -> Picture:
    return Picture("gate", FakeClock().stamp(), 0, 0, 0.0, width, height, encoding, data)


def i420(luma: Bytes, u: int = 128, v: int = 128) -> bytes:
    half = (-(-luma.shape[0] // 2), -(-luma.shape[1] // 2))
    chroma = [np.full(half, value, np.uint8).tobytes() for value in (u, v)]
    return luma.tobytes() + b"".join(chroma)


def gradient(width: int, height: int) -> Bytes:
    """Luma that says where it is: brighter to the right and, in steps of 2, downwards."""
    across = np.linspace(40, 120, width)[None, :]
    return (across + np.linspace(0, 80, height)[:, None]).astype(np.uint8)


def plain(bgr: Bytes, card: ModelCard) -> np.ndarray:
    """The slow and simple form: resize, then one expression."""
    square = cv2.resize(bgr, (card.size, card.size)).astype(np.float64)
    return np.asarray(((square - card.input.mean) / card.input.std).transpose(2, 0, 1)[None])


def tensor_of(bgr: Bytes, card: ModelCard) -> Floats:
    model_input = ModelInput(card)
    model_input.put_bgr(0, bgr)
    return model_input.tensor


def tensor_of_i420(data: bytes, width: int, height: int, card: ModelCard) -> Floats:
    model_input = ModelInput(card)
    model_input.put(0, picture(data, width, height, I420))
    return model_input.tensor


def test_the_numbers_are_those_of_the_plain_form(card: ModelCard, frame: av.VideoFrame) -> None:
    bgr = frame.to_ndarray(format="bgr24")
    assert np.abs(tensor_of(bgr, card) - plain(bgr, card)).max() < 1e-4


def test_the_planes_give_the_same_picture_as_bgr(card: ModelCard, frame: av.VideoFrame) -> None:
    data = frame.to_ndarray(format="yuv420p").tobytes()
    quick = tensor_of_i420(data, frame.width, frame.height, card)
    difference = np.abs(quick - plain(frame.to_ndarray(format="bgr24"), card))
    assert quick.dtype == np.float32
    assert difference.mean() * 58 < 2, "grey levels of 255"
    # Colour is smeared over one pixel at sharp edges, and nowhere else.
    assert (difference * 58 > 16).mean() < 0.01


@pytest.mark.parametrize(("width", "height"), [(64, 48), (63, 48), (64, 47), (63, 47), (1, 1)])
def test_colours_are_right_for_all_sizes(card: ModelCard, width: int, height: int) -> None:
    # BT.601, limited range: pure red is Y 81, U 90, V 240.
    data = i420(np.full((height, width), 81, np.uint8), 90, 240)
    bgr = convert_i420_to_bgr(data, width, height)
    assert bgr.shape == (height, width, 3)
    assert np.abs(bgr.astype(int) - (0, 0, 254)).max() <= 2
    entry = tensor_of_i420(data, width, height, card)
    red = entry[0, :, 100, 100] * card.input.std + card.input.mean
    assert red == pytest.approx((0, 0, 254), abs=2)


def test_a_model_of_an_odd_size_is_served_too(card: ModelCard) -> None:
    odd = replace(card, input=replace(card.input, width=97, height=97))
    data = i420(gradient(64, 48))
    even = tensor_of_i420(
        data, 64, 48, replace(card, input=replace(card.input, width=98, height=98))
    )
    assert tensor_of_i420(data, 64, 48, odd).shape == (1, 3, 97, 97)
    difference = tensor_of_i420(data, 64, 48, odd)[0, 0, 50, 50] - even[0, 0, 50, 50]
    assert abs(difference) * 57 < 3


def test_planes_are_views_not_copies() -> None:
    data = bytearray(i420(gradient(7, 5)))
    luma, u, v = split_planes(data, 7, 5)
    assert (luma.shape, u.shape, v.shape) == ((5, 7), (3, 4), (3, 4))
    data[0], data[35], data[47] = 201, 202, 203
    assert (luma[0, 0], u[0, 0], v[0, 0]) == (201, 202, 203)


def test_a_part_is_cut_where_it_lies(card: ModelCard) -> None:
    luma = gradient(400, 300)
    part = Box(0.25, 0.5, 0.75, 0.9)
    planes = cut_planes(i420(luma), 400, 300, part)
    assert np.array_equal(planes[0], luma[150:270, 100:300])
    assert planes[1].shape == planes[2].shape == (60, 100)
    model_input = ModelInput(card)
    model_input.put(0, picture(i420(luma), 400, 300, I420), part)
    from_planes = model_input.tensor.copy()
    bgr = convert_i420_to_bgr(i420(luma), 400, 300)
    model_input.put(0, picture(bgr.tobytes(), 400, 300, BGR), part)
    assert np.abs(from_planes - model_input.tensor).max() * 58 < 3
    assert np.array_equal(
        model_input.tensor, tensor_of(np.ascontiguousarray(bgr[150:270, 100:300]), card)
    )


def test_colour_lies_where_luma_does_in_a_part(card: ModelCard) -> None:
    """The right half is red; the part's left edge is at that border."""
    width = height = 64
    half = np.full((32, 32), 128, np.uint8)
    red_u, red_v = half.copy(), half.copy()
    red_u[:, 16:], red_v[:, 16:] = 90, 240
    data = np.full((64, 64), 81, np.uint8).tobytes() + red_u.tobytes() + red_v.tobytes()
    model_input = ModelInput(card)
    model_input.put(0, picture(data, width, height, I420), Box(0.5, 0, 1, 1))
    corner = model_input.tensor[0, :, 0, 0] * card.input.std + card.input.mean
    assert corner == pytest.approx((0, 0, 254), abs=2)


def test_a_model_input_keeps_nothing_of_the_picture_before(card: ModelCard) -> None:
    model_input = ModelInput(card, pictures=2)
    model_input.put_bgr(0, np.full((50, 60, 3), 255, np.uint8))
    model_input.put_bgr(1, np.full((50, 60, 3), 9, np.uint8))
    model_input.put_bgr(0, np.full((40, 70, 3), 30, np.uint8))
    assert np.array_equal(
        model_input.tensor[:1], tensor_of(np.full((40, 70, 3), 30, np.uint8), card)
    )
    assert np.array_equal(
        model_input.tensor[1:], tensor_of(np.full((50, 60, 3), 9, np.uint8), card)
    )


def test_a_picture_in_bgr_is_not_copied() -> None:
    data = bytearray(2 * 3 * 3)
    bgr = convert_to_bgr(picture(data, 2, 3, BGR))  # type: ignore[arg-type]
    data[0] = 7
    assert bgr[0, 0, 0] == 7


@pytest.mark.parametrize(
    ("count", "encoding"), [(17, BGR), (19, BGR), (9, I420), (0, I420), (18, JPEG)]
)
def test_bytes_that_are_not_those_of_the_picture_are_refused(
    card: ModelCard, count: int, encoding: str
) -> None:
    wrong = picture(bytes(count), 2, 3, encoding)
    with pytest.raises(CameraError, match=f"gate sent {count} bytes of {encoding} for .* 2x3"):
        ModelInput(card).put(0, wrong)
    with pytest.raises(CameraError):
        convert_to_bgr(wrong)


def test_the_chroma_of_odd_sizes_is_rounded_up(card: ModelCard) -> None:
    odd = picture(i420(gradient(7, 5)), 7, 5, I420)
    assert len(odd.data) == 35 + 2 * 12
    ModelInput(card).put(0, odd)
    assert convert_to_bgr(odd).shape == (5, 7, 3)


def test_a_picture_without_pixels_is_refused(card: ModelCard) -> None:
    with pytest.raises(CameraError):
        ModelInput(card).put(0, picture(b"", 0, 0, I420))
