"""A video file as a camera: it plays in an endless loop, in picture time.

Reads: one video file, opened again at each loop, so a file that was replaced plays from then on.
Never: decodes, waits, or reads on when nobody calls `advance`.

A packet is due when those before it have been shown: the sum of their durations. All containers
know durations; not all know decoding times (Matroska) or can find their first frame by seeking.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from appliance.errors import CameraError
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from sensors.camera.sources.source import Codec, EncodedPacket, OnPacket

LONGEST_GAP_S = 60.0  # a longer one (a stopped process) is left out, not caught up
USUAL_RATE = 25.0  # of a file that has neither durations nor a rate
# Only videos: a list of addresses (m3u8, ffconcat, sdp) would be opened like one, and followed.
ONLY_FILES = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,matroska,webm,avi,mpegts,mpeg,h264,hevc,mjpeg,flv,ogg,asf,m4v",
}
VideoPacket: TypeAlias = "Packet[VideoStream]"


class VideoFile:
    """A file camera; its first frame is due at the first `advance`. Not for several threads."""

    def __init__(self, path: Path, on_packet: OnPacket) -> None:
        """Open the file; raises `CameraError` where it is missing or no video."""
        self.most_gathered_s = 0.0  # a file gives what is due when `advance` is called
        self.lag_s = 0.0
        self.advice = ""
        self._path = path
        self._on_packet = on_packet
        self._origin_s: float | None = None
        self._due_s = 0.0  # file time at which the packet in hand is due
        self._open()
        self._next_packet = self._read_next_packet()

    @property
    def stream(self) -> str:
        """What the file holds."""
        context = self._stream.codec_context
        rate = float(self._stream.average_rate or USUAL_RATE)
        frames = format_count(rate, "frame", ".3g")
        return f"{context.name} {context.width}x{context.height}, {frames} a second"

    def advance(self, media_s: float) -> None:
        if self._origin_s is None:
            self._origin_s = media_s
        late_s = media_s - self._origin_s - self._due_s
        if late_s > LONGEST_GAP_S:
            self._origin_s += late_s
        while self._due_s <= media_s - self._origin_s:
            self._on_packet(self._make_packet(self._next_packet))
            self._due_s += self._compute_duration_s(self._next_packet)
            self._next_packet = self._read_next_packet()

    def due_in_s(self, media_s: float) -> float:
        origin_s = media_s if self._origin_s is None else self._origin_s
        return max(0.0, origin_s + self._due_s - media_s)

    def close(self) -> None:
        self._container.close()

    def _make_packet(self, packet: VideoPacket) -> EncodedPacket:
        shown_s = self._due_s if packet.pts is None else packet.pts * self._tick_s
        media_s = (self._origin_s or 0.0) + shown_s
        return EncodedPacket(packet, self._codec, media_s, packet.size, packet.is_keyframe)

    def _compute_duration_s(self, packet: VideoPacket) -> float:
        if packet.duration:
            return packet.duration * self._tick_s
        return 1 / float(self._stream.average_rate or USUAL_RATE)

    def _read_next_packet(self) -> VideoPacket:
        """The next packet of the endless loop, with times that go on through all loops."""
        packet = next(self._packets, None)
        if packet is None:
            self._rewind()
            packet = next(self._packets, None)
        if packet is None:
            raise CameraError(
                say(
                    "the video file {path} holds no pictures: copy or record it again",
                    path=self._path,
                )
            )
        return packet

    def _demux(self) -> Iterator[VideoPacket]:
        """The packets of one loop."""
        shift = round(self._due_s / self._tick_s) - (self._stream.start_time or 0)
        count = 0
        try:
            for packet in self._container.demux(self._stream):
                if packet.size:
                    count += 1
                    packet.pts = None if packet.pts is None else packet.pts + shift
                    yield packet
        except av.error.FFmpegError as error:
            raise CameraError(
                say(
                    "the video file {path} cannot be read on after {count} frames ({strerror}): "
                    "copy or record it again",
                    path=self._path,
                    count=count,
                    strerror=error.strerror,
                )
            ) from error
        if count < self._stream.frames:
            raise CameraError(
                say(
                    "the video file {path} was cut short: {count} of its {frames} frames are "
                    "there; copy or record it again",
                    path=self._path,
                    count=count,
                    frames=self._stream.frames,
                )
            )

    def _rewind(self) -> None:
        self._container.close()
        self._open()

    def _open(self) -> None:
        """Open the file at its beginning; raises `CameraError`."""
        self._container, self._stream = open_video(self._path)
        self._codec = read_codec(self._stream)
        self._tick_s = float(self._stream.time_base or 1)
        self._packets = self._demux()


def open_video(path: Path) -> tuple[InputContainer, VideoStream]:
    """The file and its first video stream; raises `CameraError`."""
    try:
        container = av.open(f"file:{path.absolute()}", options=dict(ONLY_FILES))
    except FileNotFoundError:
        raise CameraError(
            say(
                "there is no video file {path}: put the file there, or correct the camera's "
                "`source`",
                path=path,
            )
        ) from None
    except (OSError, av.error.FFmpegError) as error:
        raise CameraError(
            say(
                "the video file {path} cannot be played ({strerror}): it must be a whole file, "
                "such as an MP4 with H.264; copy or record it again",
                path=path,
                strerror=error.strerror,
            )
        ) from error
    if not container.streams.video:
        container.close()
        raise CameraError(
            say("the video file {path} holds no video: set the camera's `source` to one", path=path)
        )
    return container, container.streams.video[0]


def read_codec(stream: VideoStream) -> Codec:
    """What a decoder of this stream must know."""
    context = stream.codec_context
    return Codec(context.name, bytes(context.extradata or b""), context.width, context.height)
