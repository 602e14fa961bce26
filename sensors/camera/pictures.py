"""Decoded frames as bytes: planes, rows, a JPEG file, or small and grey.

Reads and writes: nothing; pixels in memory.
Never: enlarges, and never lets a masked part leave: the cover is put on before anything else.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from appliance.frames import BGR, I420, JPEG

JPEG_QUANTISER = 4  # of 2 (best) to 31: about as large and as true as OpenCV's quality 75
SMALL_WIDTH, SMALL_HEIGHT = 160, 120
PLANAR = ("yuv420p", "yuvj420p")
Cover = Callable[[bytearray, int, int], None]  # blackens parts of I420 planes, in place


def encoded(frame: VideoFrame, encoding: str, cover: Cover | None = None) -> bytes | bytearray:
    """The picture in `encoding` (appliance/frames.py), masked parts black."""
    if encoding == I420 or cover is not None:
        planes = i420(frame)
        if cover is not None:
            cover(planes, frame.width, frame.height)
        if encoding == I420:
            return planes
        frame = frame_of(planes, frame)
    return {JPEG: jpeg, BGR: bgr}[encoding](frame)


def i420(frame: VideoFrame) -> bytearray:
    """Luma, then both chroma planes at half size, rows without padding."""
    if frame.format.name not in PLANAR:
        frame = frame.reformat(format="yuv420p")
    planes = bytearray()
    for plane in frame.planes:
        planes += rows(plane, plane.width)
    return planes


def frame_of(planes: bytearray, like: VideoFrame) -> VideoFrame:
    """A frame of I420 planes, with the size and the range of `like`."""
    kind = like.format.name if like.format.name in PLANAR else "yuv420p"
    frame = VideoFrame(like.width, like.height, kind)
    begin = 0
    for plane in frame.planes:
        count = plane.width * plane.height
        plane.update(padded(planes[begin : begin + count], plane))
        begin += count
    frame.color_range = like.color_range
    return frame


def padded(data: bytes | bytearray, plane: Any) -> bytes:
    """Rows of `plane.width` bytes with the padding that the plane wants."""
    if plane.line_size == plane.width:
        return bytes(data)
    gap = bytes(plane.line_size - plane.width)
    starts = range(0, len(data), plane.width)
    return b"".join(bytes(data[start : start + plane.width]) + gap for start in starts)


def rows(plane: Any, row: int) -> bytes:
    """The plane's bytes, `row` of each line."""
    data = bytes(plane)
    if plane.line_size == row:
        return data
    starts = range(0, plane.height * plane.line_size, plane.line_size)
    return b"".join(data[start : start + row] for start in starts)


def bgr(frame: VideoFrame) -> bytes:
    """Rows of pixels without padding: height x width x 3 bytes, blue first."""
    return rows(frame.reformat(format="bgr24").planes[0], frame.width * 3)


def grey(frame: VideoFrame) -> bytes:
    """The picture small and grey: 120 rows of 160 bytes, whatever its shape was."""
    small = frame.reformat(SMALL_WIDTH, SMALL_HEIGHT, "gray", interpolation="AREA")
    return rows(small.planes[0], SMALL_WIDTH)


def jpeg(frame: VideoFrame) -> bytes:
    """One JPEG file, colours in full range as JPEG has them."""
    full_range = frame.reformat(format="yuvj420p", dst_color_range="JPEG")
    full_range.pts = 0
    encoder = VideoCodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height = frame.width, frame.height
    encoder.pix_fmt = "yuvj420p"
    encoder.time_base = Fraction(1, 25)
    encoder.thread_count = 1
    encoder.options = {"qmin": str(JPEG_QUANTISER), "qmax": str(JPEG_QUANTISER)}
    packets = [*encoder.encode(full_range), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
