"""The input tensor of a model from raw pictures: cut, scale, convert, normalise, in this order.

Reads and writes: arrays in memory; OpenCV does the work.
Never: copies a whole picture, or keeps one. The tensor is valid until the next `put`.

The planes of an I420 picture are scaled first, and only the small square is converted: that costs
half of converting the picture and scaling the result (0.5 ms instead of 1.0 at 768x576, 0.9
instead of 2.6 at 1920x1080), with the same result but for slight colour differences at sharp edges.
"""

import cv2
import numpy as np

from appliance.errors import CameraError
from appliance.media.frames import BGR, I420, Buffer, Picture
from appliance.model_cameras import Box
from inference.detection.heads.candidates import Bytes, Floats
from inference.detection.model_card import ModelCard
from inference.detection.placement import Placement, place_picture
from inference.detection.region import convert_to_pixels


class ModelInput:
    """Reused memory for the input of `pictures` pictures in one run. For one thread.

        model_input = ModelInput(card)
        place = model_input.put(0, picture)
        outputs = session.run(model_input.tensor)

    `tensor` is pictures x 3 x height x width, float32, its channels in the model's order. `place`
    says where the picture lies in it (placement.py).
    """

    def __init__(self, card: ModelCard, pictures: int = 1) -> None:
        entry = self._entry = card.input
        wide, high = entry.width, entry.height
        self.tensor: Floats = np.zeros((pictures, 3, high, wide), np.float32)
        self._scales = [1 / std for std in entry.std]
        self._shifts = [-mean / std for mean, std in zip(entry.mean, entry.std, strict=True)]
        self._bgr = np.empty((high, wide, 3), np.uint8)
        self._channels = [np.empty((high, wide), np.uint8) for _ in range(3)]
        self._yuv = np.empty(3 * high * wide // 2, np.uint8)
        self._place = Placement(0, 0, wide, high)

    def put(self, index: int, picture: Picture, part: Box | None = None) -> Placement:
        """Write a raw picture, or the part of it, into place `index`; raises `CameraError`."""
        require_raw(picture)
        if picture.encoding == I420:
            return self.put_i420(index, picture.data, picture.width, picture.height, part)
        return self.put_bgr(index, convert_to_bgr(picture), part)

    def put_bgr(self, index: int, bgr: Bytes, part: Box | None = None) -> Placement:
        """Write height x width x 3 bytes, BGR."""
        height, width = bgr.shape[:2]
        if part is not None:
            left, top, right, bottom = convert_to_pixels(part, width, height)
            bgr = bgr[top:bottom, left:right]
        target = self._make_room(bgr.shape[1], bgr.shape[0])
        size = (self._place.width, self._place.height)
        cv2.resize(bgr, size, dst=target, interpolation=cv2.INTER_LINEAR)
        self._normalise(index)
        return self._place

    def put_i420(
        self, index: int, data: Buffer, width: int, height: int, part: Box | None = None
    ) -> Placement:
        """Write the three planes of an I420 picture (appliance/media/frames.py)."""
        planes = cut_planes(data, width, height, part)
        target = self._make_room(planes[0].shape[1], planes[0].shape[0])
        high, wide = target.shape[:2]
        if wide % 2 or high % 2:  # OpenCV's I420 has even sides only
            return self.put_bgr(index, convert_i420_to_bgr(data, width, height), part)
        whole, quarter, half = high * wide, high * wide // 4, (high // 2, wide // 2)
        flat = self._yuv[: whole + 2 * quarter]
        squares = (
            flat[:whole].reshape(high, wide),
            flat[whole : whole + quarter].reshape(half),
            flat[whole + quarter :].reshape(half),
        )
        for plane, square in zip(planes, squares, strict=True):
            cv2.resize(plane, square.shape[::-1], dst=square, interpolation=cv2.INTER_LINEAR)
        cv2.cvtColor(flat.reshape(high * 3 // 2, wide), cv2.COLOR_YUV2BGR_I420, dst=target)
        self._normalise(index)
        return self._place

    def _make_room(self, width: int, height: int) -> Bytes:
        """The part of the input for a picture of this size; bars around it where it is smaller."""
        place = place_picture(width, height, self._entry)
        if place != self._place:
            self._bgr[:] = round(self._entry.pad)
            self._place = place
        rows = slice(place.top, place.top + place.height)
        return self._bgr[rows, place.left : place.left + place.width]

    def _normalise(self, index: int) -> None:
        """Write the small picture as float planes; addWeighted is OpenCV's fastest way to do it."""
        cv2.split(self._bgr, self._channels)
        order = self._channels if self._entry.channels == "BGR" else self._channels[::-1]
        for place, channel, scale, shift in zip(
            self.tensor[index], order, self._scales, self._shifts, strict=True
        ):
            cv2.addWeighted(channel, scale, channel, 0, shift, dst=place, dtype=cv2.CV_32F)


def split_planes(data: Buffer, width: int, height: int) -> tuple[Bytes, Bytes, Bytes]:
    """Luma and the two chroma planes of an I420 picture, without a copy."""
    flat = np.frombuffer(data, np.uint8)
    half = (-(-height // 2), -(-width // 2))
    whole, quarter = height * width, half[0] * half[1]
    return (
        flat[:whole].reshape(height, width),
        flat[whole : whole + quarter].reshape(half),
        flat[whole + quarter :].reshape(half),
    )


def cut_planes(
    data: Buffer, width: int, height: int, part: Box | None
) -> tuple[Bytes, Bytes, Bytes]:
    """The planes of the part; its left and top are even, so chroma lies where luma does."""
    luma, u, v = split_planes(data, width, height)
    if part is None:
        return luma, u, v
    left, top, right, bottom = convert_to_pixels(part, width, height)
    rows, columns = slice(top // 2, -(-bottom // 2)), slice(left // 2, -(-right // 2))
    return luma[top:bottom, left:right], u[rows, columns], v[rows, columns]


def convert_i420_to_bgr(data: Buffer, width: int, height: int) -> Bytes:
    """An I420 picture as height x width x 3, BGR: for snapshots."""
    if width % 2 == 0 and height % 2 == 0:
        stacked = np.frombuffer(data, np.uint8).reshape(height * 3 // 2, width)
        return np.asarray(cv2.cvtColor(stacked, cv2.COLOR_YUV2BGR_I420), np.uint8)
    luma, u, v = split_planes(data, width, height)
    even = np.pad(luma, ((0, height % 2), (0, width % 2)), mode="edge")
    joined = np.concatenate([even.ravel(), u.ravel(), v.ravel()])
    bgr = convert_i420_to_bgr(joined.tobytes(), even.shape[1], even.shape[0])
    return bgr[:height, :width]


def convert_to_bgr(picture: Picture) -> Bytes:
    """A raw picture as height x width x 3, BGR; without a copy if it is. Raises `CameraError`."""
    require_raw(picture)
    if picture.encoding == I420:
        return convert_i420_to_bgr(picture.data, picture.width, picture.height)
    return np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 3)


def require_raw(picture: Picture) -> None:
    """Raise `CameraError` where the bytes are not those of a raw picture of that size."""
    pixels = picture.width * picture.height
    chroma = -(-picture.width // 2) * -(-picture.height // 2)
    sizes = {BGR: 3 * pixels, I420: pixels + 2 * chroma}
    if pixels == 0 or len(picture.data) != sizes.get(picture.encoding):
        raise CameraError(
            f"the camera {picture.camera} sent {len(picture.data)} bytes of {picture.encoding} for "
            f"a picture of {picture.width}x{picture.height}: it runs another version of the program"
        )
