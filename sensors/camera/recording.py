"""The last seconds of a stream as it came, and films cut from them without encoding anew.

Reads and writes: nothing; packets come in, MP4 files go out, both in memory.
Never: keeps more than it was told to, or decodes more than one key frame of a film, for its size.

A film's times are made from the picture times alone: live streams send no decoding times or wrong
ones. In the order of showing, pictures stand where they were; decoding times are the same row of
times moved back just so far that nothing is decoded after it is shown.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from os import close, memfd_create
from pathlib import Path
from statistics import median

import av
from av.packet import Packet

from appliance.errors import CameraError
from sensors.camera.sources.bytestream import Bytestream, ParameterSetError
from sensors.camera.sources.gop import decode, new_decoder
from sensors.camera.sources.source import Codec, EncodedPacket

MOST_BYTES = 48 * 1024 * 1024  # less than an answer may hold (appliance/media/frames.py)
TICKS_PER_S = 90_000  # those of RTP
PAUSE_S = 5.0  # a stream that was silent for so long began anew
USUAL_STEP_S = 0.04  # how long a picture stands that is alone
TAG, APPLE_TAG = b"hev1", b"hvc1"  # of H.265; Apple's players know only the second


@dataclass(frozen=True, slots=True)
class Clip:
    """One MP4 file; it begins at picture time `since_s`, with a key frame."""

    data: bytes
    since_s: float
    until_s: float
    width: int
    height: int


@dataclass(slots=True)
class PacketGroup:
    """A key frame and what follows it, in decoding order."""

    key: EncodedPacket
    follows: bool  # directly on the group before it
    packets: list[EncodedPacket] = field(default_factory=list)
    size_bytes: int = 0
    last_s: float = float("-inf")  # when its last picture is shown

    def add(self, packet: EncodedPacket) -> None:
        """Take a packet, unless it shows a time before the key frame and leans on what is lost."""
        if packet.media_s < self.key.media_s and not self.follows:
            return
        self.packets.append(packet)
        self.size_bytes += packet.size_bytes
        self.last_s = max(self.last_s, packet.media_s)


class Recording:
    """What came in the last `keep_s` picture seconds, and before it back to a key frame.

    Whole groups of pictures go, the oldest first. Not for several threads.
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
        """Take one packet, in decoding order."""
        if self._groups and packet.codec != self._groups[-1].key.codec:
            self.interrupt()
        if packet.is_key:
            follows = self._open and packet.media_s - self._groups[-1].last_s < PAUSE_S
            self._groups.append(PacketGroup(packet, follows))
            self._open = True
        if not self._open:  # nothing can be decoded before a key frame
            return
        self._groups[-1].add(packet)
        oldest_s = packet.media_s - self._keep_s
        while len(self._groups) > 1 and is_over(self._groups[0], self._groups[1], oldest_s):
            self._groups.popleft()
        while self.size_bytes > self._most_bytes:
            self._groups.popleft()
        self._open = bool(self._groups)

    def interrupt(self) -> None:
        """The source was lost: what comes up to the next key frame belongs to nothing."""
        self._open = False

    def make_clip(self, since_s: float, until_s: float) -> Clip:
        """The film that covers the time asked for, as far as it is kept; raises `CameraError`.

        It begins with the key frame at or before `since_s`. Where the stream changed its codec or
        size in the middle, it begins after that.
        """
        packets = self._select_packets(since_s, until_s)
        codec = packets[0].codec
        try:
            stream = Bytestream(codec)
            packets = drop_before_change(packets, stream)
            size = self._find_size(stream, bytes(packets[0].packet))
            times = compute_times([heard.media_s for heard in packets])
            data = mux(packets, stream, times, size)
        except (ValueError, OSError, av.error.FFmpegError) as error:
            raise CameraError(
                f"no film can be made of this {codec.name} stream: {error}; set the camera to "
                "H.264 or H.265, or set `clip_s` to 0"
            ) from error
        last_s = max(heard.media_s for heard in packets)
        return Clip(data, packets[0].media_s, last_s + times.step_s, *size)

    def _select_packets(self, since_s: float, until_s: float) -> list[EncodedPacket]:
        """The packets of the time asked for in decoding order, of one codec."""
        groups = [one for one in self._groups if one.key.media_s <= until_s]
        while len(groups) > 1 and is_over(groups[0], groups[1], since_s):
            groups.pop(0)
        if not groups or groups[-1].last_s < since_s:
            raise CameraError(
                "no film is kept of that time: it is too long ago, or the camera sent nothing then"
            )
        newest = groups[-1].key.codec
        first = next(n for n, one in enumerate(groups) if one.key.codec == newest)
        packets = [heard for group in groups[first:] for heard in group.packets]
        while packets[-1].media_s > until_s:
            packets.pop()
        return packets

    def _find_size(self, stream: Bytestream, key: bytes) -> tuple[int, int]:
        """Width and height of a stream; looked up once for each header."""
        header = stream.find_parameter_sets(key)
        if self._size is None or self._size[:2] != (stream.codec, header) or not header:
            self._size = (
                stream.codec,
                header,
                read_size(stream.codec.name, stream.make_decodable(key)),
            )
        return self._size[2]


def is_over(group: PacketGroup, after: PacketGroup, since_s: float) -> bool:
    """Whether another group is shown at `since_s`, or after a loss the camera sent nothing then."""
    return after.key.media_s <= since_s or (not after.follows and group.last_s < since_s)


@dataclass(frozen=True, slots=True)
class Times:
    """When each packet is shown and decoded, in ticks from the film's begin."""

    shown: tuple[int, ...]
    decoded: tuple[int, ...]
    step_s: float  # the usual time from picture to picture


def compute_times(shown_s: Sequence[float]) -> Times:
    """Times of packets in decoding order, from when their pictures are shown.

    Two pictures never share a tick, and none is decoded after it is shown.
    """
    order = sorted(range(len(shown_s)), key=lambda index: (shown_s[index], index))
    row: list[int] = []
    for index in order:
        tick = round((shown_s[index] - shown_s[order[0]]) * TICKS_PER_S)
        row.append(max(tick, row[-1] + 1) if row else tick)
    shown = [0] * len(row)
    for rank, index in enumerate(order):
        shown[index] = row[rank]
    late = max(decode - show for decode, show in zip(row, shown, strict=True))
    steps = [after - before for before, after in pairwise(row)]
    step_s = median(steps) / TICKS_PER_S if steps else USUAL_STEP_S
    return Times(tuple(shown), tuple(tick - late for tick in row), step_s)


def drop_before_change(packets: list[EncodedPacket], stream: Bytestream) -> list[EncodedPacket]:
    """The packets from the last key frame on that brought another header, all if none did.

    Without pictures from before it: they lean on a group that the film does not have (open groups).
    """
    begins = 0
    before = stream.find_parameter_sets(bytes(packets[0].packet))
    for number, heard in enumerate(packets):
        if heard.is_key:
            header = stream.find_parameter_sets(bytes(heard.packet))
            if header != before:
                begins, before = number, header
    begins_s = packets[begins].media_s
    return [heard for heard in packets[begins:] if heard.media_s >= begins_s]


def read_size(codec: str, key: bytes) -> tuple[int, int]:
    """Width and height: the key frame (with its header) is decoded, as the streams do not tell."""
    decoder = new_decoder(Codec(codec))
    decode(decoder, Packet(key))
    if not decoder.width:
        decode(decoder, None)
    if not decoder.width or not decoder.height:
        raise ParameterSetError("its key frame is damaged")
    return decoder.width, decoder.height


def mux(
    packets: Sequence[EncodedPacket],
    stream: Bytestream,
    times: Times,
    size: tuple[int, int],
) -> bytes:
    """The packets as an MP4 file that plays while it is still being fetched ("faststart")."""
    # A file in memory, under a name: FFmpeg opens it a second time to put the index in front.
    memory = memfd_create("film")
    path = Path(f"/proc/self/fd/{memory}")
    tick = Fraction(1, TICKS_PER_S)
    options = {"movflags": "faststart"}
    try:
        with av.open(str(path), "w", format="mp4", options=options) as container:
            width, height = size
            track = container.add_mux_stream(
                stream.codec.name, width=width, height=height, time_base=tick
            )
            for number, heard in enumerate(packets):
                data = bytes(heard.packet)
                packet = Packet(stream.to_annex_b(data) if number else stream.make_decodable(data))
                packet.stream = track
                packet.time_base = tick
                packet.pts, packet.dts = times.shown[number], times.decoded[number]
                packet.duration = round(times.step_s * TICKS_PER_S)
                packet.is_keyframe = heard.is_key
                container.mux(packet)
        data = path.read_bytes()
    finally:
        close(memory)
    return data.replace(TAG, APPLE_TAG, 1) if stream.codec.name == "hevc" else data
