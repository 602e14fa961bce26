"""The yield of the day, also of a controller whose clock is wrong: its day then ends in the sun.

Reads and writes: nothing; it keeps each controller's counter since the unit's own midnight.
Never: passes on a counter that began again in daylight as the yield of the day, and never counts
from a midnight that the unit did not see.
"""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, tzinfo

from appliance.errors import BusError
from appliance.model import PowerReading, Quality, Stamp
from appliance.wording.sentence import say

SUN_W = 5.0
DAYLIGHT_S = 3600.0  # of sun before the counter began again: a day that ends at dawn is sound
LEAST_WH, KEPT_SHARE = 20.0, 0.5  # a counter that falls below this share has begun again
LONGEST_GAP_S, LONGEST_JUMP_S = 3600.0, 600.0  # between two readings; of the unit's own clock


class WrongDeviceClock(BusError):  # noqa: N818  (named for what it is)
    """A controller's clock is off by hours."""

    code = "clock"


@dataclass
class DayCounter:
    """One controller. `counted_wh`: since the unit's midnight; None: it did not see it."""

    zone: tzinfo
    counted_wh: float | None = None
    ended_at: datetime | None = None  # when its day last ended in daylight
    _last: tuple[Stamp, date] | None = None
    _last_wh: float | None = None
    _lit_since_s: float | None = None

    def take(self, reading: PowerReading) -> PowerReading:
        """The reading with the yield of the unit's own day, where the controller's is wrong."""
        stamp, counter_wh = reading.stamp, reading.yield_today_wh
        self._begin_day(stamp)
        if counter_wh is not None:
            self._count(counter_wh, stamp)
        self._note_sun(reading.pv_power_w, stamp.uptime_s)
        if self.ended_at is None or counter_wh is None:
            return reading
        if self.counted_wh is not None:
            return replace(reading, yield_today_wh=self.counted_wh)
        quality = {**reading.quality, "yield_today_wh": Quality.IMPLAUSIBLE}
        return replace(reading, yield_today_wh=None, quality=quality)

    def find_fault(self, title: str) -> WrongDeviceClock | None:
        """What a technician should do, while the controller's day ends in daylight."""
        if self.ended_at is None:
            return None
        return WrongDeviceClock(
            say(
                "{title} ended its day at {ended_at:%H:%M} in full sun: its clock is off by "
                "hours; set it (at the device or with its maker's program). Until then the "
                "yield of the day is counted from this unit's midnight",
                title=title,
                ended_at=self.ended_at,
            )
        )

    def _begin_day(self, stamp: Stamp) -> None:
        """A new date of the unit begins a new count, if the unit saw the midnight."""
        today = stamp.utc.astimezone(self.zone).date()
        if self._last is not None:
            last, date_then = self._last
            passed_s = stamp.uptime_s - last.uptime_s
            jump_s = abs((stamp.utc - last.utc).total_seconds() - passed_s)
            is_sound = last.boot_id == stamp.boot_id and jump_s <= LONGEST_JUMP_S
            if not is_sound:
                self.counted_wh = None
            elif today != date_then:
                self.counted_wh = 0.0 if passed_s <= LONGEST_GAP_S else None
        self._last = (stamp, today)

    def _count(self, counter_wh: float, stamp: Stamp) -> None:
        before_wh, self._last_wh = self._last_wh, counter_wh
        if before_wh is None:
            return
        has_begun = before_wh >= LEAST_WH and counter_wh < KEPT_SHARE * before_wh
        if has_begun:
            is_day = self._is_daylight(stamp.uptime_s)
            self.ended_at = stamp.utc.astimezone(self.zone) if is_day else None
        if self.counted_wh is not None:
            self.counted_wh += counter_wh if has_begun else max(0.0, counter_wh - before_wh)

    def _is_daylight(self, now_s: float) -> bool:
        return self._lit_since_s is not None and now_s - self._lit_since_s >= DAYLIGHT_S

    def _note_sun(self, pv_power_w: float | None, now_s: float) -> None:
        if pv_power_w is None:
            return
        if pv_power_w <= SUN_W:
            self._lit_since_s = None
        elif self._lit_since_s is None:
            self._lit_since_s = now_s


@dataclass
class DayCounters:
    """Those of all controllers, by their titles."""

    zone: tzinfo
    _by_title: dict[str, DayCounter] = field(default_factory=dict)

    def take(self, title: str, reading: PowerReading | None) -> PowerReading | None:
        if reading is None:
            return None
        return self._by_title.setdefault(title, DayCounter(self.zone)).take(reading)

    def find_fault(self, title: str) -> WrongDeviceClock | None:
        counter = self._by_title.get(title)
        return counter.find_fault(title) if counter else None
