"""The group of pictures (GOP): the packets since the last key frame, decoded on demand.

Reads and writes: nothing; packets come in, decoded frames go out.
Never: decodes before it is asked, decodes a packet twice while it is asked often, or holds more
than one group of pictures.

Packets enter a decoder in decoding order and frames leave it in presentation order, so with
B-frames the newest picture lags the newest packet by the reorder delay of the stream (2 frames in
the test video of this project). One decoder thread: more threads gain nothing measurable in CPU per
requested picture (4 ms at 768x576, 10 frames/s requested at 5), cost 4 to 10 MB and, with frame
threading, delay.

A stream with intra refresh has recovery points instead of key frames: pictures are intact only some
pictures after one. So the packets since the last point but one are kept until the last is ripe.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from av.video.frame import VideoFrame

from appliance.errors import CameraError
from appliance.wording.sentence import say
from sensors.camera.sources.decoder import DecodingCounts, decode, new_decoder
from sensors.camera.sources.recovery import SEARCHED_BYTES, find_recovery_frames
from sensors.camera.sources.source import Codec, EncodedPacket, VideoDecoder

MakeDecoder = Callable[[Codec], VideoDecoder]
MOST_PACKETS = 1000
MOST_BYTES = 32 * 1024 * 1024
MOST_FAILED = 10  # groups without a picture, of a stream that has had some
LONGEST_REORDER = 16  # H.264 and H.265 allow no more frames between decoding and showing


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One decoded picture and its presentation time, in picture time."""

    frame: VideoFrame
    media_s: float


class GroupOfPictures:
    """The present group of one stream and its decoder. `where` names the stream in errors.

    A stream may change its codec, size or parameter sets; decoding restarts at the next key frame.
    """

    def __init__(self, where: str, make_decoder: MakeDecoder = new_decoder) -> None:
        self.counts = DecodingCounts()
        self._where = where
        self._make_decoder = make_decoder
        self._codec: Codec | None = None
        self._packets: list[EncodedPacket] = []
        self._count = self._bytes = 0  # since the last key frame
        self._decoded_count = 0
        self._following = False  # the decoder has had every packet before `_decoded`
        self._decoder: VideoDecoder | None = None
        self._newest: DecodedFrame | None = None
        self._shown_at: dict[int, float] = {}  # picture time by time stamp
        self.has_recovery_points = False  # instead of key frames: intra refresh
        self._recovery = 0  # pictures until the first packet's group is intact; 0: a key frame
        self._next: tuple[int, int] | None = None  # a recovery point: its index, and the same of it
        self._failed = 0  # groups in a row that gave no picture
        self._failed_at: EncodedPacket | None = None

    @property
    def frames_decoded(self) -> int:
        """Whole pictures."""
        return self.counts.frames

    @property
    def decodes_alone(self) -> bool:
        """Whether the first packet is a key frame, which needs no other packet."""
        return bool(self._packets) and self._packets[0].is_key and not self._recovery

    @property
    def undecoded_s(self) -> float:
        """How long ago the first picture was shown that could be had and was not decoded."""
        if not self._packets:
            return 0.0
        at = self._decoded_count if self._following else self._recovery
        return self._packets[-1].media_s - self._packets[min(at, len(self._packets) - 1)].media_s

    def add(self, packet: EncodedPacket) -> None:
        """Add one packet, in decoding order; a key frame drops the earlier packets.

        Raises `CameraError` where too many packets come without a key frame.
        """
        if packet.codec != self._codec:
            self.free_decoder()
            self._packets.clear()
            self._next, self._codec = None, packet.codec
        if packet.is_key:
            self._take_key(packet)
        if packet.av_packet.pts is not None:
            self._shown_at[packet.av_packet.pts] = packet.media_s
        if packet.is_key or self._packets:  # before the first key frame none can be decoded
            self._packets.append(packet)
        self._count += 1
        self._bytes += packet.size_bytes
        if self._next and len(self._packets) > sum(self._next):
            self._begin_at(*self._next)
        if self._count > MOST_PACKETS or self._bytes > MOST_BYTES:
            raise CameraError(
                say(
                    "{where} has no key frame in {count} packets ({mb:.1f} MB): set a key frame "
                    "every 2 seconds in the camera, or record the video file again with them",
                    where=self._where,
                    count=self._count,
                    mb=self._bytes / 1000000.0,
                )
            )

    def _take_key(self, packet: EncodedPacket) -> None:
        """A key frame begins a group; a recovery point does once it is ripe, or where none is."""
        head = bytes(memoryview(packet.av_packet)[:SEARCHED_BYTES])
        recovery = find_recovery_frames(packet.codec, head)
        self.has_recovery_points = recovery > 0
        if not recovery or not self._packets:
            self._begin_at(len(self._packets), recovery)
        elif self._next is None:
            self._next = len(self._packets), recovery
        self._shown_at = dict(list(self._shown_at.items())[-len(self._packets) - LONGEST_REORDER :])

    def _begin_at(self, index: int, recovery: int) -> None:
        """The group begins at packet `index`; a decoder that has had those before goes on."""
        self._following = self._following and self._decoded_count >= index
        if not self._following or index == len(self._packets):
            self._newest = None
        self._decoded_count = max(0, self._decoded_count - index) if self._following else 0
        del self._packets[:index]
        self._recovery, self._next = recovery, None
        self._count = len(self._packets)
        self._bytes = sum(one.size_bytes for one in self._packets)

    def decode_newest(self) -> DecodedFrame | None:
        """The newest whole picture, decoded from the packets; None where there is none (yet).

        Raises `CameraError` where packets cannot be decoded at all, or no longer.
        """
        if not self._packets:
            return None
        decoder = self._ready_decoder()
        for packet in self._packets[self._decoded_count :]:
            for frame in self._feed_decoder(decoder, packet.av_packet):
                self._newest = DecodedFrame(frame, self._find_shown_s(frame))
        self._decoded_count = len(self._packets)
        if self._newest is None and len(self._packets) > self._recovery:
            self._newest = self._drain_first(decoder)
        return self._newest

    def decode_key_frame(self) -> DecodedFrame | None:
        """The key frame of this group alone; None where it is damaged or has not come yet."""
        if self._decoder is not None and self._decoded_count > 0:
            return self._newest  # the decoder runs anyway: its last picture is as good
        if self._decoder is not None and self._following:
            return self.decode_newest()  # decoded alone, it would be decoded once more afterwards
        if not self.decodes_alone:
            return None
        decoder = self._decoder or self._new_decoder()
        decoder.flush_buffers()
        self._decoder, self._following = decoder, True
        key = self._packets[0]
        found = self._feed_decoder(decoder, key.av_packet)
        self._decoded_count = 1
        if not found:  # it comes out late; a drained decoder cannot go on after it
            found = self._feed_decoder(decoder, None)
            self._decoded_count, self._following = 0, False
        self._note_result(found)
        self._newest = DecodedFrame(found[0], key.media_s) if found else None
        return self._newest

    def free_decoder(self) -> None:
        """Free the decoder; the packets stay, so the next picture can be decoded at once."""
        self._decoder = self._newest = None
        self._decoded_count = 0
        self._following = False

    def _ready_decoder(self) -> VideoDecoder:
        if self._decoder is None:
            self._decoder = self._new_decoder()
        elif not self._following:
            self._decoder.flush_buffers()
        if not self._following:
            self._decoded_count = 0
            self._newest = None
            self._following = True
        return self._decoder

    def _new_decoder(self) -> VideoDecoder:
        assert self._codec is not None
        return self._make_decoder(self._codec)

    def _drain_first(self, decoder: VideoDecoder) -> DecodedFrame | None:
        """The key frame, drained from a decoder that needs more packets before it gives a frame.

        Only the first frame: a later one could be newer than the frame that comes out once more
        packets are there, and time must not run backwards. A drained decoder starts again from the
        key frame.
        """
        self._decoded_count = 0
        self._following = False
        frames = self._feed_decoder(decoder, None)
        self._note_result(frames)
        return DecodedFrame(frames[0], self._find_shown_s(frames[0])) if frames else None

    def _note_result(self, frames: list[VideoFrame]) -> None:
        """Count groups that give no picture; raises `CameraError` where none ever did, or many."""
        if frames:
            self._failed = 0
            return
        if self._packets[0] is not self._failed_at:
            self._failed_at = self._packets[0]
            self._failed += 1
        if self._failed >= MOST_FAILED or not self.counts.frames:
            raise CameraError(
                say(
                    "the pictures of {where} cannot be decoded: the camera sends no valid video, "
                    "or the video file is damaged; check the stream with another player",
                    where=self._where,
                )
            )

    def _feed_decoder(self, decoder: VideoDecoder, packet: Any) -> list[VideoFrame]:
        return decode(decoder, packet, self.counts)

    def _find_shown_s(self, frame: VideoFrame) -> float:
        """A frame's picture time: that of the packet with its time stamp, else of the newest."""
        newest_s = self._packets[-1].media_s
        return newest_s if frame.pts is None else self._shown_at.get(frame.pts, newest_s)
