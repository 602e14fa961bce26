"""Time stamps of a live stream: mapped to picture time, and the rate at which packets come. Pure.

In: time stamps of packets and when they arrived. Out: picture times, rates.
Never: does I/O, or gives a picture a time in the future.
"""

from appliance.wording.counts import format_count

LATEST_S = 1.5  # behind its time stamp: more is a jump of the camera's clock, or a slow link
WINDOW_S = 10.0  # the least delay of so long counts as the drift of the camera's clock
MEASURED_OVER_S = 5.0
SETTLED_AFTER_S = 1.5


class TimestampMapping:
    """Maps a camera's time stamps to picture time by an offset.

    Differences of time stamps are kept, so network jitter does not show. The least delayed packet
    counts as on time: the offset shrinks at once when a packet comes too early, and grows by the
    least delay of ten seconds, which follows a clock that drifts.
    """

    def __init__(self) -> None:
        self._offset_s: float | None = None
        self._least_s = LATEST_S
        self._window_ends_s = 0.0

    def map_to_media_s(self, stamp_s: float | None, arrived_s: float) -> float:
        """The picture time of a time stamp in s, never after its arrival; None: no time stamp."""
        if stamp_s is None:
            return arrived_s
        if self._offset_s is None:
            return self._begin(stamp_s, arrived_s)
        late_s = arrived_s - stamp_s - self._offset_s
        if late_s < 0 or late_s > LATEST_S:
            return self._begin(stamp_s, arrived_s)
        self._least_s = min(self._least_s, late_s)
        shown_s = stamp_s + self._offset_s
        if arrived_s > self._window_ends_s:
            self._offset_s += self._least_s
            self._begin_window(arrived_s)
        return shown_s

    def _begin(self, stamp_s: float, arrived_s: float) -> float:
        self._offset_s = arrived_s - stamp_s
        self._begin_window(arrived_s)
        return arrived_s

    def _begin_window(self, arrived_s: float) -> None:
        self._least_s = LATEST_S
        self._window_ends_s = arrived_s + WINDOW_S


class PacketRate:
    """How many packets and bytes come, measured over the last five seconds or more."""

    def __init__(self) -> None:
        self.packets = 0  # in all
        self.rate: float | None = None  # packets a second
        self.bytes_per_s = 0.0
        self._settled = False
        self._over_s = SETTLED_AFTER_S
        self._began_s = 0.0
        self._count = self._bytes = 0

    def add(self, size_bytes: int, arrived_s: float) -> None:
        """Count one packet. The first seconds are left out: what was buffered comes at once."""
        if not self.packets:
            self._begin(arrived_s)
        self.packets += 1
        self._count += 1
        self._bytes += size_bytes
        elapsed_s = arrived_s - self._began_s
        if elapsed_s < self._over_s:
            return
        if self._settled:
            self.rate = self._count / elapsed_s
            self.bytes_per_s = self._bytes / elapsed_s
            self._over_s = MEASURED_OVER_S
        self._settled = True
        self._begin(arrived_s)

    def _begin(self, arrived_s: float) -> None:
        self._began_s, self._count, self._bytes = arrived_s, 0, 0

    @property
    def description(self) -> str:
        """`25 frames a second, 2100 kbit/s`; nothing while it is not known."""
        if not self.rate:
            return ""
        rate = format_count(self.rate, "frame", ".3g")
        return f", {rate} a second, {self.bytes_per_s * 8 / 1000:.0f} kbit/s"
