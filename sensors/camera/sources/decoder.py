"""A video decoder (libav) for one stream, apart from the source: it can be freed at any time.

Reads and writes: nothing; packets come in, frames go out.
Never: uses more than one thread: pictures/gop.py says what others cost.
"""

from typing import Any

import av
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

from sensors.camera.sources.source import Codec, VideoDecoder


def decode(decoder: VideoDecoder, packet: Any) -> list[VideoFrame]:
    """The frames that one packet gives (None: all that are left); none for a damaged packet."""
    try:
        return decoder.decode(packet)
    except av.error.InvalidDataError:
        return []


def new_decoder(codec: Codec) -> VideoCodecContext:
    """A decoder for `codec`, with one thread."""
    decoder = VideoCodecContext.create(codec.name, "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.extradata = codec.extradata or None
    decoder.thread_count = 1
    return decoder
