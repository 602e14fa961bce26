"""Muxing: encoded packets written as an MP4 clip, without encoding them anew.

Reads and writes: nothing; packets come in, an MP4 file goes out, both in memory.
Never: trusts a live stream's decoding times: many send none, or wrong ones.

Presentation times are the packets' picture times. Decoding times are the same times in order,
moved back just so far that no picture is decoded after it is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from os import close, memfd_create
from pathlib import Path
from statistics import median
from typing import Any

import av
from av.packet import Packet

from sensors.camera.pictures.bytestream import Bytestream, ParameterSetError
from sensors.camera.sources.decoder import decode, new_decoder
from sensors.camera.sources.source import Codec, EncodedPacket

TICKS_PER_S = 90_000  # those of RTP
USUAL_STEP_S = 0.04  # the duration of a picture that is alone
TAG, APPLE_TAG = b"hev1", b"hvc1"  # of H.265; Apple's players know only the second


@dataclass(frozen=True, slots=True)
class Clip:
    """One MP4 file; it begins at picture time `since_s`, with a key frame."""

    data: bytes
    since_s: float
    until_s: float
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Times:
    """When each packet is shown and decoded, in ticks from the clip's beginning."""

    shown: tuple[int, ...]
    decoded: tuple[int, ...]
    step_s: float  # the usual time from picture to picture


def compute_times(shown_s: Sequence[float]) -> Times:
    """The times of packets in decoding order, from their picture times in seconds.

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
    """The packets from the last change of parameter sets on; all where nothing changed.

    Pictures shown before that key frame are left out (open groups): they refer to packets that the
    clip does not have.
    """
    begins = 0
    before = stream.find_parameter_sets(bytes(packets[0].av_packet))
    for number, packet in enumerate(packets):
        if packet.is_key:
            sets = stream.find_parameter_sets(bytes(packet.av_packet))
            if sets != before:
                begins, before = number, sets
    begins_s = packets[begins].media_s
    return [packet for packet in packets[begins:] if packet.media_s >= begins_s]


def read_size(codec: str, key: bytes) -> tuple[int, int]:
    """Width and height of a stream: its key frame (with parameter sets) is decoded for them.

    Raises `ParameterSetError` where the key frame is damaged.
    """
    decoder = new_decoder(Codec(codec))
    decode(decoder, Packet(key))
    if not decoder.width:
        decode(decoder, None)
    if not decoder.width or not decoder.height:
        raise ParameterSetError("its key frame is damaged")
    return decoder.width, decoder.height


def mux(
    packets: Sequence[EncodedPacket], stream: Bytestream, times: Times, size: tuple[int, int]
) -> bytes:
    """The packets as an MP4 file that plays while it is still being fetched ("faststart")."""
    # A file in memory, under a name: FFmpeg opens it a second time to put the index in front.
    memory = memfd_create("clip")
    path = Path(f"/proc/self/fd/{memory}")
    options = {"movflags": "faststart"}
    try:
        with av.open(str(path), "w", format="mp4", options=options) as container:
            write_packets(container, packets, stream, times, size)
        data = path.read_bytes()
    finally:
        close(memory)
    return data.replace(TAG, APPLE_TAG, 1) if stream.codec.name == "hevc" else data


def write_packets(
    container: Any,
    packets: Sequence[EncodedPacket],
    stream: Bytestream,
    times: Times,
    size: tuple[int, int],
) -> None:
    """Write the packets as the one video track of a PyAV container."""
    tick = Fraction(1, TICKS_PER_S)
    width, height = size
    track = container.add_mux_stream(stream.codec.name, width=width, height=height, time_base=tick)
    for number, encoded in enumerate(packets):
        data = bytes(encoded.av_packet)
        packet = Packet(stream.to_annex_b(data) if number else stream.make_decodable(data))
        packet.stream = track
        packet.time_base = tick
        packet.pts, packet.dts = times.shown[number], times.decoded[number]
        packet.duration = round(times.step_s * TICKS_PER_S)
        packet.is_keyframe = encoded.is_key
        container.mux(packet)
