"""The packets since the last key frame, and the picture that can be had from them on demand.

Reads and writes: nothing; packets come in, pictures go out.
Never: decodes before it is asked, decodes a packet twice while it is asked often, or holds more
than one group of pictures.

Pictures leave a decoder in the order of showing and packets enter it in the order of decoding, so
with B-frames the newest picture lags the newest packet by the reorder delay of the stream (2 frames
in the clip of this project). One decoder thread: more of them gain nothing measurable in CPU per
pulled picture (4 ms at 768x576, 10 frames/s pulled at 5), cost 4 to 10 MB and, by frame, delay.
"""

from fractions import Fraction
from pathlib import Path
from typing import TypeAlias

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from appliance.errors import CameraError
from appliance.frames import JPEG

VideoPacket: TypeAlias = "Packet[VideoStream]"
MOST_PACKETS = 1000
MOST_BYTES = 32 * 1024 * 1024
JPEG_QUANTISER = 4  # of 2 (best) to 31: about as large and as true as OpenCV's quality 75


class GroupOfPictures:
    """The present group of one stream and a decoder that follows it. `where` names it in errors."""

    def __init__(self, stream: VideoStream, where: Path) -> None:
        context = stream.codec_context
        self._where = where
        self.kind = (context.name, bytes(context.extradata or b""))
        self._packets: list[VideoPacket] = []
        self._count = self._bytes = 0  # since the last key frame
        self._decoded = 0
        self._following = False  # the decoder has had every packet before `_decoded`
        self._decoder: VideoCodecContext | None = None
        self._newest: VideoFrame | None = None

    def keep(self, packet: VideoPacket) -> None:
        """Take one packet, in decoding order; a key frame makes the earlier ones needless."""
        if packet.is_keyframe:
            self._following = self._following and self._decoded == len(self._packets)
            self._packets.clear()
            self._count = self._bytes = self._decoded = 0
            self._newest = None
        if packet.is_keyframe or self._packets:  # before the first key frame none can be decoded
            self._packets.append(packet)
        self._count += 1
        self._bytes += packet.size
        if self._count > MOST_PACKETS or self._bytes > MOST_BYTES:
            raise CameraError(
                f"{self._where} has no key frame in {self._count} packets "
                f"({self._bytes / 1e6:.1f} MB): the file is damaged, or must be recorded again "
                "with a key frame every 2 seconds"
            )

    def newest(self) -> VideoFrame | None:
        """The newest picture that the packets give, or None where there are none yet."""
        decoder = self._ready_decoder()
        for packet in self._packets[self._decoded :]:
            for frame in decoded(decoder, packet):
                self._newest = frame
        self._decoded = len(self._packets)
        if self._newest is None and self._packets:
            self._newest = self._first_drained(decoder)
        return self._newest

    def rest(self) -> None:
        """Free the decoder; the packets stay, so that the next picture comes at once."""
        self._decoder = self._newest = None
        self._decoded = 0
        self._following = False

    def _ready_decoder(self) -> VideoCodecContext:
        if self._decoder is None:
            self._decoder = new_decoder(*self.kind)
        elif not self._following:
            self._decoder.flush_buffers()
        if not self._following:
            self._decoded = 0
            self._newest = None
            self._following = True
        return self._decoder

    def _first_drained(self, decoder: VideoCodecContext) -> VideoFrame:
        """The key frame itself, where too few packets follow it for the decoder to let it go.

        Only the first: a later one could be newer than what comes out when more packets are there,
        and time must not run backwards. A drained decoder starts again from the key frame.
        """
        self._decoded = 0
        self._following = False
        first = next(iter(decoded(decoder, None)), None)
        if first is None:
            raise CameraError(
                f"the pictures of {self._where} cannot be decoded: the file is damaged, "
                "copy or record it again"
            )
        return first


def decoded(decoder: VideoCodecContext, packet: "VideoPacket | None") -> list[VideoFrame]:
    """What comes out for one packet (None: all that is left); nothing for a damaged one."""
    try:
        return decoder.decode(packet)
    except av.error.InvalidDataError:
        return []


def new_decoder(codec: str, extradata: bytes) -> VideoCodecContext:
    """A decoder of its own, apart from the file's: it can be freed while packets still come."""
    decoder = VideoCodecContext.create(codec, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = extradata or None
    decoder.thread_count = 1
    return decoder


def encoded(frame: VideoFrame, encoding: str) -> bytes:
    """The picture as BGR rows or as a JPEG file; needs neither NumPy nor OpenCV."""
    return jpeg(frame) if encoding == JPEG else bgr(frame)


def bgr(frame: VideoFrame) -> bytes:
    """Rows of pixels without padding: height x width x 3 bytes, blue first."""
    plane = frame.reformat(format="bgr24").planes[0]
    row = frame.width * 3
    data = bytes(plane)
    if plane.line_size == row:
        return data
    starts = range(0, frame.height * plane.line_size, plane.line_size)
    return b"".join(data[start : start + row] for start in starts)


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
