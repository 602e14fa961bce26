"""Time stamps of a live stream: mapped to picture time, and the rate at which packets come. Pure.

In: time stamps of packets, when they were read, and whether the reader had to wait for them.
Out: picture times, the speed of the camera's clock, rates.
Never: does I/O, or gives a picture a time in the future.
"""

from collections import deque

from appliance.wording.counts import format_count

JUMP_S = 0.5  # a step of time stamps that is larger, against what passed, is a jump of the clock
JUDGED_BY = 4  # packets that were waited for: the least delay of so many is the clock's, not theirs
JUDGED_AT_ONCE_BY = 2  # ... where all of them are later than JUMP_S
SPEED_OVER_S = 5.0  # the clock's speed is measured over so long
SAME_SPEED = 0.05  # within jitter and drift, which the offset follows
SLOWEST, FASTEST = 0.1, 10.0
USUAL_STEP_S = 0.04
MEASURED_OVER_S = 5.0
SETTLED_AFTER_S = 1.5


class TimestampMapping:
    """Maps a camera's time stamps to picture time by an offset and the speed of its clock.

    Differences of time stamps are kept, so network jitter does not show. A packet cannot come
    before its time: the offset shrinks at once when one does. It grows only by packets that the
    reader had to wait for: these are as late as the network makes them, while those that it found
    waiting may be late by its own fault, and would hide it.
    """

    def __init__(self) -> None:
        self.speed = 1.0  # seconds of the camera's clock in a second
        self.late_s = 0.0  # the last packet, against its time stamp
        self.jumped = False  # at the last packet: the clock did, or the camera left out pictures
        self._at: tuple[float, float] | None = None  # a time stamp and its picture time
        self._last = (0.0, 0.0)  # of the packet before
        self._delays_s: deque[float] = deque(maxlen=JUDGED_BY)
        self._checks_jump = False  # whether it was one: pictures may have been left out instead
        self._measured_from: tuple[float, float] | None = None
        self._measured = 1.0

    def map_to_media_s(
        self,
        stamp_s: float | None,
        arrived_s: float,
        *,
        waited: bool = True,
        step_s: float = USUAL_STEP_S,
    ) -> float:
        """The picture time of a time stamp in s, never after its arrival; None: no time stamp.

        `step_s`: the usual time between packets.
        """
        if stamp_s is None:
            self.late_s, self.jumped = 0.0, False
            return arrived_s
        shown_s = self._map(stamp_s, arrived_s, waited=waited, step_s=step_s)
        self.late_s = arrived_s - shown_s
        if waited:
            self._follow_delay(stamp_s, arrived_s)
            self._follow_speed(stamp_s, arrived_s)
        self._last = stamp_s, shown_s
        return shown_s

    def _map(self, stamp_s: float, arrived_s: float, *, waited: bool, step_s: float) -> float:
        if self._at is None:
            self.jumped = True
            return self._begin(stamp_s, arrived_s)
        shown_s = self._at[1] + (stamp_s - self._at[0]) / self.speed
        ahead_s = (stamp_s - self._last[0]) / self.speed
        self.jumped = abs(ahead_s) > JUMP_S + step_s
        if ahead_s < -JUMP_S or (self.jumped and (shown_s > arrived_s or not waited)):
            self._measured_from, self._checks_jump = None, True
            return self._begin(stamp_s, min(arrived_s, self._last[1] + step_s))
        return shown_s if shown_s <= arrived_s else self._begin(stamp_s, arrived_s)

    def _begin(self, stamp_s: float, shown_s: float) -> float:
        self._at = stamp_s, shown_s
        self._delays_s.clear()
        return shown_s

    def _follow_delay(self, stamp_s: float, arrived_s: float) -> None:
        """A clock that is slow, or was set back: the least delay of some packets is its own."""
        self._delays_s.append(self.late_s)
        least_s, count = min(self._delays_s), len(self._delays_s)
        enough = JUDGED_AT_ONCE_BY if least_s > JUMP_S else JUDGED_BY
        if count >= (1 if self._checks_jump and least_s > JUMP_S else enough):
            self._begin(stamp_s, arrived_s - self.late_s + least_s)
        self._checks_jump = False

    def _follow_speed(self, stamp_s: float, arrived_s: float) -> None:
        """A clock that is wrong by more than drift, twice in a row: its seconds are converted."""
        if self._measured_from is None:
            self._measured_from = stamp_s, arrived_s
        from_stamp_s, from_s = self._measured_from
        if arrived_s - from_s < SPEED_OVER_S:
            return
        before, self._measured = self._measured, (stamp_s - from_stamp_s) / (arrived_s - from_s)
        self._measured_from = stamp_s, arrived_s
        is_steady = abs(self._measured - before) < SAME_SPEED * before
        is_new = abs(self._measured - self.speed) > SAME_SPEED * self.speed
        if is_steady and is_new and SLOWEST < self._measured < FASTEST:
            self.speed = self._measured
            self._begin(stamp_s, arrived_s)


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
