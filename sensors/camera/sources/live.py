"""A live source: a network stream (RTSP, MJPEG over HTTP) or a video device.

Reads: what libav opens, in a thread of its own. Writes: nothing; packets go to `on_packet`.
Never: decodes pictures (but one for its size), blocks its caller, or lets another thread touch the
container: closing one while it is read crashes.

Packets gather for `most_gathered_s` and are then read together: waking for each costs three times
the processor time (25 frames a second: 0.7 % of a core, 0.3 % when gathered for 0.1 s, 0.2 % for
0.2 s). Never more gather than the kernel's buffer surely holds.
"""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import av

from appliance.errors import CameraError
from appliance.wording.sentence import say
from sensors.camera.sources.backlog import WAITED_S, Backlog
from sensors.camera.sources.decoder import decode, new_decoder
from sensors.camera.sources.failures import describe_clock, explain_failure
from sensors.camera.sources.parameter_sets import SEARCHED_BYTES, find_parameter_sets
from sensors.camera.sources.source import Codec, EncodedPacket, OnPacket
from sensors.camera.sources.timestamps import USUAL_STEP_S, PacketRate, TimestampMapping
from sensors.camera.sources.video_file import read_codec

OPEN_S = 5.0  # for all that libav asks before the first packet
FIRST_S = 8.0  # for a name to be found and for OPEN_S
SILENT_S = 2.0  # without a packet; the cycle checks once a second, and 3 s are promised
SILENT_FRAMES = 4
GATHERED_S = 0.1
ROOM_BYTES = 64 * 1024  # fit into any socket's buffer (net.core.rmem_default: 208 KiB)
READER = "reader of a camera"  # the threads' name
# Each ends by libav's own time limit, within 15 s; each of two streams is tried each 4 s.
MOST_READERS = 16


class ReadersHang(Exception):  # noqa: N818  (no domain error: it must end the process)
    """Threads do not return from libav; only a new process helps, and PID 1 starts one."""


@dataclass(frozen=True, slots=True)
class Target:
    """What libav opens. `url` may hold a password."""

    url: str = field(repr=False)
    format: str
    options: Mapping[str, str]
    has_times: bool = True  # the stream's time stamps mean something
    most_gathered_s: float = 2.0


class LiveStream:
    """One connection, called `shown` in errors. `find_target` returns what to open; it is
    called in the reader's thread and may wait. `refused` is set where the camera refused the login.
    """

    def __init__(
        self,
        shown: str,
        find_target: Callable[[], Target],
        on_packet: OnPacket,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin to open and return; raises `ReadersHang` where earlier ones never ended."""
        self.most_gathered_s = GATHERED_S  # how late a packet may be given
        self.refused = False
        self._find_target = find_target
        self._on_packet = on_packet
        self._now_s = now_s
        self._shown = shown
        self._timestamps, self._rate = TimestampMapping(), PacketRate()
        self._codec = Codec("")
        self._size = ""
        self._lost = ""
        self._asked_s = self._arrived_s = self._shown_s = self._advanced_s = now_s()
        self._backlog = Backlog(self._asked_s)
        self._is_empty = False  # no packet is there any more
        self._closing = threading.Event()
        refuse_too_many()
        threading.Thread(target=self._run, name=READER, daemon=True).start()

    @property
    def stream(self) -> str | None:
        if not self._rate.packets:
            return None
        return f"{self._codec.name}{self._size}{self._rate.description}"

    @property
    def lag_s(self) -> float | None:
        return self._backlog.lag_s if self._rate.packets else None

    @property
    def advice(self) -> str:
        return describe_clock(self._timestamps.speed)

    def advance(self, media_s: float) -> None:
        if self._lost:
            raise CameraError(self._lost)
        if media_s - self._advanced_s > SILENT_S:
            self._arrived_s = media_s  # we slept, not the camera: its packets are still to be read
        self._advanced_s = media_s
        # Gathered packets are read late: their time stamps say when they came.
        silent_s = media_s - max(self._shown_s, self._arrived_s - self.most_gathered_s)
        if silent_s > self._get_longest_silence_s():
            raise CameraError(
                say(
                    "{shown} has sent nothing for {silent_s:.0f} s: the camera or the network "
                    "hangs; the unit goes on connecting",
                    shown=self._shown,
                    silent_s=silent_s,
                )
            )

    def due_in_s(self, media_s: float) -> None:
        """None: packets come by themselves."""

    def close(self) -> None:
        self._closing.set()

    def _get_longest_silence_s(self) -> float:
        if self._rate.packets < 3:
            return FIRST_S
        usual_s = 1 / self._rate.rate if self._rate.rate else 0.0
        # What gathers is not missing yet.
        return max(SILENT_S, self.most_gathered_s + 1, SILENT_FRAMES * usual_s)

    # --- the reader's thread -------------------------------------------------------------------

    def _run(self) -> None:
        """Open, read until `close` or a failure, close. A failure is kept as one sentence: libav's
        errors hold the address with the password, so nothing is chained.
        """
        try:
            self._read(self._find_target())
            self._lost = say(
                "{shown} has ended the stream: it restarts, or hangs up", shown=self._shown
            )
        except CameraError as error:
            self._lost = str(error)
        except (av.error.FFmpegError, OSError) as error:
            self.refused = isinstance(error, av.error.HTTPUnauthorizedError)
            self._lost = explain_failure(self._shown, error, self._rate.packets > 0)

    def _read(self, target: Target) -> None:
        options = dict(target.options)
        limits = (OPEN_S, None)  # later the sockets' own limit: a time limit costs each read
        with closing(
            av.open(target.url, format=target.format, options=options, timeout=limits)
        ) as container:
            if not container.streams.video:
                raise CameraError(
                    say("{shown} sends no pictures: check the path in `source`", shown=self._shown)
                )
            stream = container.streams.video[0]
            self._begin(stream)
            tick_s = float(stream.time_base or 0) if target.has_times else 0.0
            # Without time stamps a reader that lags is not noticed.
            most_gathered_s = target.most_gathered_s if tick_s else 0.0
            self._asked_s = self._now_s()
            for packet in container.demux(stream):
                if self._closing.is_set():
                    return
                if packet.size:
                    self._take_packet(packet, tick_s)
                    self._let_packets_gather(most_gathered_s)
                self._asked_s = self._now_s()

    def _begin(self, stream: Any) -> None:
        codec = read_codec(stream)
        if codec.name == "rawvideo":
            raise CameraError(
                say(
                    "{shown} gives raw pictures only: use a camera with MJPEG or H.264",
                    shown=self._shown,
                )
            )
        sets = find_parameter_sets(codec.name, codec.extradata)
        self._codec = Codec(codec.name, sets or codec.extradata)
        if stream.codec_context.width:
            self._size = f" {stream.codec_context.width}x{stream.codec_context.height}"

    def _take_packet(self, packet: Any, tick_s: float) -> None:
        """Give one packet. This runs for each picture of each camera: it is kept short."""
        arrived_s = self._arrived_s = self._now_s()
        size_bytes, is_key, stamp = packet.size, packet.is_keyframe, packet.pts
        if stamp is None:
            stamp = packet.dts
        stamp_s = stamp * tick_s if tick_s and stamp is not None else None
        waited, rate = arrived_s - self._asked_s >= WAITED_S, self._rate.rate
        step_s = 1 / rate if rate else USUAL_STEP_S
        shown_s = self._shown_s = self._timestamps.map_to_media_s(
            stamp_s, arrived_s, waited=waited, step_s=step_s
        )
        if self._timestamps.jumped:
            self._backlog.distrust()
        late_s = arrived_s - shown_s
        self._is_empty = self._backlog.is_empty_after(
            arrived_s=arrived_s, late_s=late_s, waited=waited, step_s=step_s
        )
        if is_key:
            self._follow_parameter_sets(packet)
        self._rate.add(size_bytes, arrived_s)
        self._on_packet(EncodedPacket(packet, self._codec, shown_s, size_bytes, is_key))

    def _follow_parameter_sets(self, packet: Any) -> None:
        """Take over new parameter sets and size: a camera sends them before a key frame only."""
        name = self._codec.name
        sets = find_parameter_sets(name, bytes(memoryview(packet)[:SEARCHED_BYTES]))
        if (sets and sets != self._codec.extradata) or not self._size:
            self._codec = Codec(name, sets or self._codec.extradata)
            self._size = read_size(self._codec, packet) or self._size

    def _let_packets_gather(self, most_s: float) -> None:
        """Sleep where the next packet is not there yet, and how many come is known."""
        if not self._is_empty or not self._rate.rate:
            return
        room_s = ROOM_BYTES / max(1.0, self._rate.bytes_per_s)
        gathered_s = min(self.most_gathered_s, most_s, room_s)
        if gathered_s > 0:
            self._closing.wait(gathered_s)


def refuse_too_many() -> None:
    """Raises `ReadersHang`, which ends the process, where too many threads hang in libav."""
    readers = sum(thread.name == READER for thread in threading.enumerate())
    if readers >= MOST_READERS:
        raise ReadersHang(
            say("{readers} connections to the camera do not end: starting anew", readers=readers)
        )


def read_size(codec: Codec, packet: Any) -> str:
    """The size of the picture in a key frame, in words; "" where it cannot be decoded."""
    decoder = new_decoder(codec)
    frames = [*decode(decoder, packet), *decode(decoder, None)]
    return f" {frames[0].width}x{frames[0].height}" if frames else ""
