"""A camera whose clock may be wrong, before the real reader of live streams, in simulated time.

Reads and writes: nothing; no network, no thread, no waiting: an hour takes about a second.
Never: computes anything of the reader's: what is late is measured against when pictures were sent.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

import av

from appliance.model_cameras import CameraMode
from sensors.camera.sources.live import LiveStream, Target
from sensors.camera.sources.source import EncodedPacket
from sensors.camera.streams.pair import MOST_GATHERED_S
from tests.waiting import wait_until

LISTEN_S = MOST_GATHERED_S[CameraMode.LISTEN]
READ_S = 50e-6  # for a packet that is there already
TICKS_PER_S = 90_000

StampOf = Callable[[float], float]  # the camera's clock at a true time, both in s


def run_at(speed: float) -> StampOf:
    return lambda true_s: true_s * speed


def jump(every_s: float, by_s: float) -> StampOf:
    """Right, but for a jump each `every_s`, by turns forwards and backwards."""
    return lambda true_s: 5000.0 + true_s + (by_s if true_s // every_s % 2 else 0.0)


CLOCKS: dict[str, StampOf] = {
    "exact": run_at(1.0),
    "1 % fast": run_at(1.01),
    "1 % slow": run_at(0.99),
    "twice as fast": run_at(2.0),
    "half as fast": run_at(0.5),
    "jumps forwards and back": jump(97.0, 400.0),
    "jumps by a second": jump(61.0, 1.0),
}


@dataclass(slots=True)
class Lag:
    """The worst of a stretch: what stayed unread, and how wrong pictures were dated, in s."""

    unread_s: float = 0.0
    dated_s: float = 0.0
    future_s: float = 0.0
    packets: int = 0


class ClockedCamera:
    """Sends `rate` packets a second, each `jitter_s` late at most, stamped by its own clock."""

    def __init__(
        self,
        clock: StampOf,
        *,
        rate: float = 25.0,
        jitter_s: float = 0.0,
        size_bytes: int = 1000,
        most_gathered_s: float = LISTEN_S,
        has_times: bool = True,
    ) -> None:
        self.now_s = 0.0
        self.work_s = 0.0  # that the feed takes for each packet
        self.naps_s: list[float] = []
        self.lag = Lag()
        self._clock, self._rate, self._size_bytes = clock, rate, size_bytes
        self._chance, self._jitter_s = Random(7), jitter_s
        self._number, self._ends_s = 0, 0.0
        self._arrives_s = self._sent_s = 0.0
        context = SimpleNamespace(name="h264", extradata=b"", width=64, height=48)
        stream = SimpleNamespace(codec_context=context, time_base=Fraction(1, TICKS_PER_S))
        self.streams = SimpleNamespace(video=[stream])
        self.live = make_idle_reader(lambda: self.now_s, self._receive)
        self.live.most_gathered_s = most_gathered_s
        self.live._closing = SimpleNamespace(  # type: ignore[assignment]
            is_set=lambda: self.now_s >= self._ends_s, wait=self._nap
        )
        self._target = Target("", "rtsp", {}, has_times)

    def play(self, seconds: float) -> Lag:
        """Let it send for so long; returns the worst of that time."""
        self.lag = Lag()
        self._ends_s = self.now_s + seconds
        with patch.object(av, "open", lambda *_, **__: self):
            self.live._read(self._target)
        return self.lag

    def demux(self, _: object) -> Iterator[SimpleNamespace]:
        while True:
            self._send_next()
            self.now_s = max(self.now_s + READ_S, self._arrives_s)
            pts = round(self._clock(self._sent_s) * TICKS_PER_S)
            yield SimpleNamespace(size=self._size_bytes, is_keyframe=False, pts=pts, dts=pts)

    def close(self) -> None:
        """As a container has it."""

    def _send_next(self) -> None:
        self._number += 1
        self._sent_s = self._number / self._rate
        late_s = self._chance.random() * self._jitter_s
        self._arrives_s = max(self._arrives_s, self._sent_s + late_s)

    def _nap(self, seconds: float) -> None:
        self.naps_s.append(seconds)
        unread_s = self.now_s - (self._number + 1) / self._rate
        self.lag.unread_s = max(self.lag.unread_s, unread_s)
        self.now_s += seconds

    def _receive(self, packet: EncodedPacket) -> None:
        lag = self.lag
        lag.packets += 1
        lag.dated_s = max(lag.dated_s, abs(packet.media_s - self._sent_s))
        lag.future_s = max(lag.future_s, packet.media_s - self.now_s)
        self.now_s += self.work_s


def make_idle_reader(
    now_s: Callable[[], float], on_packet: Callable[[EncodedPacket], None]
) -> LiveStream:
    """A reader whose own thread is over: a test calls it."""

    def find() -> Target:
        raise OSError

    live = LiveStream("rtsp://camera", find, on_packet, now_s)
    wait_until(lambda: live._lost != "", "the end of its thread", 5)
    live._lost = ""
    return live
