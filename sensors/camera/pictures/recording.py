"""The last seconds of a stream as encoded packets, and clips cut from them.

Reads and writes: nothing; packets come in, MP4 files go out, both in memory.
Never: keeps more than its limits, or decodes more than one key frame of a clip, for its size.
"""

from collections import deque
from dataclasses import dataclass, field

from av.error import FFmpegError

from appliance.errors import CameraError
from appliance.wording.sentence import say
from sensors.camera.pictures.bytestream import Bytestream
from sensors.camera.pictures.muxing import Clip, compute_times, drop_before_change, mux, read_size
from sensors.camera.sources.source import Codec, EncodedPacket

MOST_BYTES = 48 * 1024 * 1024  # less than an answer may hold (media/frame_messages.py)
PAUSE_S = 5.0  # after a longer silence a stream counts as a new one


@dataclass(slots=True)
class PacketGroup:
    """A key frame and the packets that follow it, in decoding order."""

    key: EncodedPacket
    follows: bool  # directly on the group before it
    packets: list[EncodedPacket] = field(default_factory=list)
    size_bytes: int = 0
    last_s: float = float("-inf")  # when its last picture is shown

    def add(self, packet: EncodedPacket) -> None:
        """Add a packet, unless it is shown before the key frame and refers to a lost group."""
        if packet.media_s < self.key.media_s and not self.follows:
            return
        self.packets.append(packet)
        self.size_bytes += packet.size_bytes
        self.last_s = max(self.last_s, packet.media_s)


class Recording:
    """The packets of the last `keep_s` picture seconds, from a key frame on.

        recording = Recording(keep_s=20.0)
        recording.add(packet)                       # each packet, in decoding order
        clip = recording.make_clip(since_s, until_s)

    Drops whole groups of pictures, the oldest first. Not for several threads.
    """

    def __init__(self, keep_s: float, most_bytes: int = MOST_BYTES) -> None:
        self._keep_s = keep_s
        self._most_bytes = most_bytes
        self._groups: deque[PacketGroup] = deque()
        self._open = False  # packets belong to the newest group
        self._size: tuple[Codec, bytes, tuple[int, int]] | None = None

    @property
    def size_bytes(self) -> int:
        """What the packets hold in memory."""
        return sum(group.size_bytes for group in self._groups)

    def add(self, packet: EncodedPacket) -> None:
        """Add one packet, in decoding order."""
        if self._groups and packet.codec != self._groups[-1].key.codec:
            self.interrupt()
        if packet.is_key:
            follows = self._open and packet.media_s - self._groups[-1].last_s < PAUSE_S
            self._groups.append(PacketGroup(packet, follows))
            self._open = True
        if not self._open:  # nothing can be decoded before a key frame
            return
        self._groups[-1].add(packet)
        self._drop_old(packet.media_s - self._keep_s)
        self._open = bool(self._groups)

    def _drop_old(self, oldest_s: float) -> None:
        while len(self._groups) > 1 and is_over(self._groups[0], self._groups[1], oldest_s):
            self._groups.popleft()
        while self.size_bytes > self._most_bytes:
            self._groups.popleft()

    def interrupt(self) -> None:
        """The source was lost: packets before the next key frame cannot be decoded."""
        self._open = False

    def clear(self) -> None:
        """Keep nothing of what came until now."""
        self._groups.clear()
        self._open = False

    def make_clip(self, since_s: float, until_s: float) -> Clip:
        """The clip that covers `since_s` to `until_s` as far as it is kept; raises `CameraError`.

        It begins with the key frame at or before `since_s`. Where the stream changed its codec or
        size in between, it begins after the change.
        """
        packets = self._select_packets(since_s, until_s)
        codec = packets[0].codec
        try:
            stream = Bytestream(codec)
            packets = drop_before_change(packets, stream)
            size = self._find_size(stream, bytes(packets[0].av_packet))
            times = compute_times([packet.media_s for packet in packets])
            data = mux(packets, stream, times, size)
        except (ValueError, OSError, FFmpegError) as error:
            raise CameraError(
                say(
                    "no clip can be made of this {codec} stream: {error}; set the camera to H.264 "
                    "or H.265, or set `clip_s` to 0",
                    codec=codec.name,
                    error=error,
                )
            ) from error
        last_s = max(packet.media_s for packet in packets)
        return Clip(data, packets[0].media_s, last_s + times.step_s, *size)

    def _select_packets(self, since_s: float, until_s: float) -> list[EncodedPacket]:
        """The packets from `since_s` to `until_s` in decoding order, of one codec."""
        groups = [one for one in self._groups if one.key.media_s <= until_s]
        while len(groups) > 1 and is_over(groups[0], groups[1], since_s):
            groups.pop(0)
        if not groups or groups[-1].last_s < since_s:
            raise CameraError(
                say(
                    "no clip is kept of that time: it is too long ago, or the camera sent nothing "
                    "then"
                )
            )
        newest = groups[-1].key.codec
        first = next(n for n, one in enumerate(groups) if one.key.codec == newest)
        packets = [packet for group in groups[first:] for packet in group.packets]
        while packets[-1].media_s > until_s:
            packets.pop()
        return packets

    def _find_size(self, stream: Bytestream, key: bytes) -> tuple[int, int]:
        """Width and height of a stream; decoded once for each change of its parameter sets."""
        sets = stream.find_parameter_sets(key)
        if self._size is None or self._size[:2] != (stream.codec, sets) or not sets:
            size = read_size(stream.codec.name, stream.make_decodable(key))
            self._size = (stream.codec, sets, size)
        return self._size[2]


def is_over(group: PacketGroup, after: PacketGroup, since_s: float) -> bool:
    """Whether another group is shown at `since_s`, or after a loss the camera sent nothing then."""
    return after.key.media_s <= since_s or (not after.follows and group.last_s < since_s)
