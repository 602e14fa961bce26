"""Privacy masks: no pixel that a mask touches gets out, in any form, and the rest is untouched."""

import io
from itertools import pairwise

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from appliance.media.frames import BGR, I420, JPEG
from appliance.sections.cameras import Polygon
from sensors.camera.pictures.encoding import encode
from sensors.camera.pictures.privacy_mask import PrivacyMask

Bytes = NDArray[np.uint8]
SQUARE: Polygon = ((0.25, 0.25), (0.75, 0.25), (0.75, 0.75), (0.25, 0.75))
NOTCH: Polygon = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.5, 0.3), (0.1, 0.9))
STAR: Polygon = ((0.5, 0.05), (0.78, 0.95), (0.02, 0.4), (0.98, 0.4), (0.22, 0.95))
SIZES = [(64, 48), (65, 49), (51, 34), (3, 3)]
FINE = 8  # points looked at in each pixel, across and down


def planes_of(width: int, height: int, value: int = 200) -> bytearray:
    halves = -(-width // 2) * -(-height // 2)
    return bytearray([value]) * (width * height + 2 * halves)


def split(planes: bytearray, width: int, height: int) -> tuple[Bytes, Bytes, Bytes]:
    half = (-(-height // 2), -(-width // 2))
    flat = np.frombuffer(bytes(planes), np.uint8)
    luma, rest = flat[: width * height], flat[width * height :]
    blue, red = rest.reshape(2, *half)
    return luma.reshape(height, width), blue, red


def touched(polygon: Polygon, width: int, height: int) -> Bytes:
    """The pixels of which some point lies in the polygon, found the slow way (by winding)."""
    at = (np.arange(width * FINE) + 0.5) / FINE, (np.arange(height * FINE) + 0.5) / FINE
    x, y = np.meshgrid(*at)
    around = np.zeros(x.shape, int)
    corners = [(cx * width, cy * height) for cx, cy in polygon]
    for (x1, y1), (x2, y2) in pairwise([*corners, corners[0]]):
        if y1 == y2:
            continue
        where = x1 + (x2 - x1) * (y - y1) / (y2 - y1)
        around += np.where((y1 <= y) & (y < y2) & (x < where), 1, 0)
        around -= np.where((y2 <= y) & (y < y1) & (x < where), 1, 0)
    inside = (around != 0).reshape(height, FINE, width, FINE)
    return np.asarray(inside.any(axis=(1, 3)), np.uint8)


def along(polygon: Polygon, width: int, height: int) -> Bytes:
    """The pixels on the edges: all of a mask that is thinner than a pixel."""
    found = np.zeros((height, width), np.uint8)
    for (x1, y1), (x2, y2) in pairwise([*polygon, polygon[0]]):
        at = np.linspace(0, 1, 4 * (width + height))
        x = ((x1 + (x2 - x1) * at) * width).astype(int).clip(0, width - 1)
        y = ((y1 + (y2 - y1) * at) * height).astype(int).clip(0, height - 1)
        found[y, x] = 1
    return found


def grown(mask: Bytes, by: int = 1) -> Bytes:
    side = 2 * by + 1
    return np.asarray(cv2.dilate(mask, np.ones((side, side), np.uint8)), np.uint8)


def check(polygon: Polygon, width: int, height: int) -> None:
    planes = planes_of(width, height)
    PrivacyMask([polygon])(planes, width, height)
    luma, blue, red = split(planes, width, height)
    must = touched(polygon, width, height)
    assert set(np.unique(luma)) <= {16, 200}
    assert (luma[must == 1] == 16).all(), "a touched pixel is still there"
    near = grown(must | along(polygon, width, height))
    assert (luma[near == 0] == 200).all(), "a pixel far from the mask is gone"
    for chroma in (blue, red):
        assert set(np.unique(chroma)) <= {128, 200}
        full = chroma.repeat(2, axis=0).repeat(2, axis=1)[:height, :width]
        assert (full[luma == 16] == 128).all(), "a masked pixel still has its colour"
        assert (full[grown(near, by=2) == 0] == 200).all()


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("polygon", [SQUARE, NOTCH, STAR], ids=["square", "notch", "star"])
def test_what_a_mask_touches_is_black_and_colourless(
    polygon: Polygon, size: tuple[int, int]
) -> None:
    check(polygon, *size)


CORNER = st.tuples(st.floats(0, 1, width=16), st.floats(0, 1, width=16))


@settings(max_examples=40)
@given(
    st.lists(CORNER, min_size=3, max_size=7).map(tuple),
    st.integers(1, 40),
    st.integers(1, 40),
)
def test_so_it_is_for_any_mask_and_any_size(polygon: Polygon, width: int, height: int) -> None:
    check(polygon, width, height)


def test_a_mask_over_everything_leaves_nothing() -> None:
    planes = planes_of(33, 21)
    PrivacyMask([((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))])(planes, 33, 21)
    luma, blue, red = split(planes, 33, 21)
    assert (luma == 16).all()
    assert (blue == 128).all()
    assert (red == 128).all()


def test_an_exact_mask_covers_not_one_pixel_more() -> None:
    planes = planes_of(64, 48)
    PrivacyMask([SQUARE])(planes, 64, 48)
    luma, blue, _ = split(planes, 64, 48)
    assert (luma == 16).sum() == 32 * 24
    assert (blue == 128).sum() == 16 * 12


def test_several_masks_and_another_size_in_the_middle() -> None:
    cover = PrivacyMask([((0, 0), (0.2, 0), (0.2, 0.2)), ((1, 1), (0.8, 1), (0.8, 0.8))])
    for width, height in ((64, 48), (100, 50), (64, 48)):
        planes = planes_of(width, height)
        cover(planes, width, height)
        luma, _, _ = split(planes, width, height)
        assert luma[0, 3] == 16
        assert luma[-1, -4] == 16
        assert luma[height // 2, width // 2] == 200
        assert len(planes) == len(planes_of(width, height))


def test_without_masks_nothing_changes() -> None:
    planes = planes_of(64, 48)
    PrivacyMask([])(planes, 64, 48)
    assert planes == planes_of(64, 48)


@pytest.mark.parametrize("kind", ["yuv420p", "yuvj420p", "yuv422p", "rgb24", "gray"])
@pytest.mark.parametrize("encoding", [I420, BGR, JPEG])
def test_a_masked_part_leaves_in_no_encoding(encoding: str, kind: str) -> None:
    width, height = 66, 50
    noise = np.random.default_rng(1).integers(100, 256, (height, width, 3)).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray(noise, "rgb24").reformat(format=kind)
    data = encode(frame, encoding, PrivacyMask([SQUARE]))
    bgr = picture(data, encoding, width, height)
    mask = touched(SQUARE, width, height)
    # Eight pixels: beyond the edge of a JPEG's block, which smears what was outside the mask.
    inside = cv2.erode(mask, np.ones((17, 17), np.uint8)) if encoding == JPEG else mask
    assert inside.any()
    assert bgr[inside == 1].max() <= 4
    assert bgr[grown(mask, by=2) == 0].mean() > 90


def picture(data: bytes | bytearray, encoding: str, width: int, height: int) -> Bytes:
    if encoding == BGR:
        return np.frombuffer(data, np.uint8).reshape(height, width, 3)
    if encoding == I420:
        stacked = np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width)
        return np.asarray(cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_I420), np.uint8)
    with av.open(io.BytesIO(data), format="jpeg_pipe") as container:
        return np.asarray(next(container.decode(video=0)).to_ndarray(format="bgr24"), np.uint8)
