"""A video decoder (libav) for one stream, apart from the source: it can be freed at any time.

Reads and writes: nothing; packets come in, frames go out.
Never: uses more than one thread: pictures/gop.py says what others cost; and never gives a picture
of which libav knows that it is damaged: a green one looks like any other to who analyses it.
"""

from dataclasses import dataclass
from typing import Any

import av
from av.codec.codec import UnknownCodecError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from appliance.errors import CameraError
from appliance.wording.sentence import say
from sensors.camera.sources.source import Codec, VideoDecoder

# Without it a JPEG that was cut off or lacks its tables is a green picture without an error.
STRICT = {"mjpeg": {"err_detect": "explode"}}


@dataclass(slots=True)
class DecodingCounts:
    """What became of the packets of one stream: whole pictures, damaged ones, errors."""

    frames: int = 0
    corrupt: int = 0  # decoded, and marked as damaged
    errors: int = 0  # packets that could not be decoded


def decode(
    decoder: VideoDecoder, packet: Any, counts: DecodingCounts | None = None
) -> list[VideoFrame]:
    """The whole frames that one packet gives (None: all that are left); none for a damaged one."""
    counts = counts or DecodingCounts()
    try:
        frames = decoder.decode(packet)
    except av.error.EOFError:
        return []
    except av.error.FFmpegError:
        counts.errors += packet is not None  # what is left of a damaged one is no other
        return []
    whole = [frame for frame in frames if not frame.is_corrupt]
    counts.frames += len(whole)
    counts.corrupt += len(frames) - len(whole)
    return whole


def new_decoder(codec: Codec) -> VideoCodecContext:
    """A decoder for `codec`, with one thread; raises `CameraError` where libav has none."""
    try:
        decoder = VideoCodecContext.create(codec.name, "r")
    except UnknownCodecError:
        raise CameraError(
            say(
                "there is no decoder for {codec}: set the camera to H.264 or H.265, or convert the "
                "video file",
                codec=codec.name,
            )
        ) from None
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = codec.extradata or None
    decoder.width, decoder.height = codec.width, codec.height
    decoder.options = dict(STRICT.get(codec.name, {}))
    decoder.thread_count = 1
    return decoder
