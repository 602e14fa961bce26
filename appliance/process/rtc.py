"""The real-time clock (RTC) that wakes the computer: one alarm, set through sysfs.

Reads: RTC/since_epoch. Writes: RTC/wakealarm (settings `[host] rtc`, /sys/class/rtc/rtc0).
Never: reports a wake as armed before it has read the alarm back.

The form is the kernel's (Documentation/ABI/testing/sysfs-class-rtc): seconds since the epoch on the
clock's own time, one shot; 0 cancels an alarm, and a set alarm must be cancelled first, or the
kernel answers EBUSY.
"""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.settings import SleepMode
from appliance.wording.sentence import say

NAME = say("the clock of the computer")
SAME_S = 5.0  # two clocks of one computer, read in whole seconds
COARSEST_S = 60  # some clocks keep an alarm to the minute


class RtcError(ApplianceError):
    """No wake can be armed."""

    code = "wake"


class Rtc:
    """One real-time clock, as its directory in /sys/class/rtc."""

    def __init__(self, directory: Path, sleep: SleepMode = SleepMode.SUSPEND) -> None:
        """`sleep`: what HIBERNATE does by the settings, so that the advice names another thing."""
        self._directory = directory
        self._advice = advise(sleep)
        self._alarm = directory / "wakealarm"

    def check(self) -> None:
        """Raise `RtcError` where the alarm is missing or not ours to set; changes nothing."""
        if not self._alarm.exists():
            raise RtcError(
                say(
                    "no wake can be armed because {alarm} does not exist: {advice}",
                    alarm=self._alarm,
                    advice=self._advice,
                )
            )
        if not os.access(self._alarm, os.W_OK):
            raise RtcError(
                say(
                    "no wake can be armed because {alarm} may not be written: install "
                    "systemd/udev/60-appliance.rules and restart the computer",
                    alarm=self._alarm,
                )
            )

    def arm(self, now: datetime, wakes: datetime) -> None:
        """Set the alarm `wakes - now` from now and read it back; raises `RtcError`.

        Counted on the clock's own time: one that is wrong by years still wakes in time.
        """
        self.check()
        at_s = self._epoch_s(now) + round((wakes - now) / timedelta(seconds=1))
        try:
            self._write("0")
            self._write(str(at_s))
            set_s = self._alarm_s()
        except OSError as error:
            raise RtcError(
                say(
                    "no wake can be armed because {alarm} refused {at_s}: {cause}; `rtcwake -m "
                    "show` shows more",
                    alarm=self._alarm,
                    at_s=at_s,
                    cause=error.strerror,
                )
            ) from error
        if set_s is None or abs(set_s - at_s) > COARSEST_S:
            raise RtcError(
                say(
                    "no wake can be armed because {alarm} was given {at_s} and shows {set_s}: "
                    "this clock may not wake a computer; name another as rtc in [host]",
                    alarm=self._alarm,
                    at_s=at_s,
                    set_s=set_s,
                )
            )

    def find_wait(self, now: datetime) -> timedelta | None:
        """How long until the armed wake, on the clock's own time; None where none is armed."""
        with suppress(OSError):
            at_s = self._alarm_s()
            return None if at_s is None else timedelta(seconds=at_s - self._epoch_s(now))
        return None

    def shows(self, utc: datetime) -> bool:
        """Whether the clock's own time is that of the computer; False where it cannot be read."""
        with suppress(OSError, ValueError):
            return abs(self._read_s() - utc.timestamp()) <= SAME_S
        return False

    def _epoch_s(self, now: datetime) -> int:
        """The clock's own time, or the computer's where it cannot be read."""
        with suppress(OSError, ValueError):
            return self._read_s()
        return round(now.timestamp())

    def _read_s(self) -> int:
        return int((self._directory / "since_epoch").read_text())

    def _alarm_s(self) -> int | None:
        """The alarm that is set; empty, or something else than a number, is none."""
        text = self._alarm.read_text().strip()
        return int(text) if text.isdecimal() else None

    def _write(self, text: str) -> None:
        handle = os.open(self._alarm, os.O_WRONLY | os.O_TRUNC)  # never creates one
        try:
            os.write(handle, text.encode())
        finally:
            os.close(handle)


def advise(sleep: SleepMode) -> str:
    """What to do where there is no clock that can wake the computer."""
    name_one = say("name a clock that can wake the computer as rtc in [host]")
    if sleep is SleepMode.STAY:
        return say(
            "{name_one}; without one, after OFF somebody must switch the unit on by hand",
            name_one=name_one,
        )
    return say(
        "{name_one}, or set sleep = 'stay': then HIBERNATE leaves the computer on",
        name_one=name_one,
    )
