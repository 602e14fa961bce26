"""Decoded frames encoded as bytes: I420 planes, BGR rows, a JPEG file, or a small grey picture.

Reads and writes: nothing; pixels in memory.
Never: enlarges, and never lets a masked part leave: the privacy mask is applied first.

Planes are always in limited range (luma 16 to 235), as most video is: many cameras send full range,
and whoever gets planes could not see it. One thread: for pictures of this size more threads cost
two to three times the processor time and gain nothing.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange

from appliance.media.frames import BGR, I420, JPEG

JPEG_QUANTISER = 4  # of 2 (best) to 31: about as large and as exact as OpenCV's quality 75
SMALL_WIDTH, SMALL_HEIGHT = 160, 120
LIMITED_RANGE = "yuv420p"
Mask = Callable[[bytearray, int, int], None]  # blackens parts of I420 planes, in place


def encode(frame: VideoFrame, encoding: str, mask: Mask | None = None) -> bytes | bytearray:
    """The picture in `encoding` (appliance/media/frames.py), masked parts black."""
    if encoding == I420 or mask is not None:
        planes = to_i420(frame)
        if mask is not None:
            mask(planes, frame.width, frame.height)
        if encoding == I420:
            return planes
        frame = make_frame(planes, frame)
    return {JPEG: to_jpeg, BGR: to_bgr}[encoding](frame)


def to_i420(frame: VideoFrame) -> bytearray:
    """Luma, then both chroma planes at half size (rounded up), rows without padding."""
    if frame.format.name != LIMITED_RANGE or frame.color_range == ColorRange.JPEG:
        frame = frame.reformat(format=LIMITED_RANGE, dst_color_range="MPEG", threads=1)
    return bytearray().join(
        part for plane in frame.planes for part in iterate_rows(plane, plane.width)
    )


def make_frame(planes: bytearray, like: VideoFrame) -> VideoFrame:
    """A frame of I420 planes, with the size and the colours of `like`."""
    frame = VideoFrame(like.width, like.height, LIMITED_RANGE)
    begin = 0
    for plane in frame.planes:
        count = plane.width * plane.height
        plane.update(pad_rows(planes[begin : begin + count], plane))
        begin += count
    frame.color_range = ColorRange.MPEG
    frame.colorspace = like.colorspace
    return frame


def pad_rows(data: bytearray, plane: Any) -> bytes:
    """Rows of `plane.width` bytes with the padding that the plane wants."""
    if plane.line_size == plane.width:
        return bytes(data)
    gap = bytes(plane.line_size - plane.width)
    starts = range(0, len(data), plane.width)
    return b"".join(data[start : start + plane.width] + gap for start in starts)


def iterate_rows(plane: Any, row: int) -> Iterator[memoryview]:
    """The plane's bytes without a copy, `row` of each row; in one piece without padding."""
    data = memoryview(plane)
    if plane.line_size == row:
        yield data[: plane.height * row]
        return
    for start in range(0, plane.height * plane.line_size, plane.line_size):
        yield data[start : start + row]


def to_bgr(frame: VideoFrame) -> bytes:
    """Rows of pixels without padding: height x width x 3 bytes, blue first."""
    pixels = frame.reformat(format="bgr24", threads=1)
    return b"".join(iterate_rows(pixels.planes[0], frame.width * 3))


def to_grey(frame: VideoFrame) -> bytes:
    """The picture small and grey: 120 rows of 160 bytes, whatever its shape was.

    The mean of all pixels: taking some of them would be 0.3 ms cheaper at 1920x1080, a twentieth
    of what decoding it costs, and leave eight times the noise.
    """
    small = frame.reformat(SMALL_WIDTH, SMALL_HEIGHT, "gray", interpolation="AREA", threads=1)
    return b"".join(iterate_rows(small.planes[0], SMALL_WIDTH))


def to_jpeg(frame: VideoFrame) -> bytes:
    """One JPEG file, colours in full range as JPEG has them."""
    full_range = frame.reformat(format="yuvj420p", dst_color_range="JPEG", threads=1)
    encoder = VideoCodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.options = {"qmin": str(JPEG_QUANTISER), "qmax": str(JPEG_QUANTISER)}
    shown, full_range.pts = full_range.pts, 0  # it may be the decoder's own frame
    try:
        packets = [*encoder.encode(full_range), *encoder.encode(None)]
    finally:
        full_range.pts = shown
    return b"".join(bytes(packet) for packet in packets)
