"""systemd-timedated on the system's bus: what it knows of time, and how the time is set.

    with connect_time() as service:
        state = service.read()              # synchronized, NTP on or off, RTC
        service.set_time(at); service.set_ntp(on=True)

Source: org.freedesktop.timedate1(5) of systemd 252 to 257.
Reads and writes: the bus.
Never: waits without a limit, or asks for a password: who may not set the time is told so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from appliance.errors import HostError
from appliance.process.system_bus import Faults, Place, Refusal, SystemBus, open_system_bus
from appliance.wording.sentence import say

NAME = "org.freedesktop.timedate1"
SERVICE = Place(NAME, "/org/freedesktop/timedate1")
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
LAST_US = 7_000_000_000_000_000  # in the year 2191
NOT_ASKED = False  # no dialogue for a password


@dataclass(frozen=True, slots=True)
class TimeState:
    """`rtc`: None where the board has no clock that can be read."""

    is_synchronized: bool
    has_ntp: bool
    can_ntp: bool
    rtc: datetime | None


class TimeService:
    """timedated, asked over one connection."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    def read(self) -> TimeState:
        """What it knows now."""
        found = self._bus.read_properties(SERVICE, NAME)
        return TimeState(
            found.get("NTPSynchronized") is True,
            found.get("NTP") is True,
            found.get("CanNTP") is True,
            decode_time(found.get("RTCTimeUSec")),
        )

    def set_ntp(self, *, on: bool) -> None:
        """Whether a time server sets the clock."""
        self._bus.call(SERVICE, f"{NAME}.SetNTP", ("bb", (on, NOT_ASKED)))

    def set_time(self, at: datetime) -> None:
        """Clock and RTC. Refused while NTP is on."""
        microseconds = (at - BEGIN) // timedelta(microseconds=1)
        self._bus.call(SERVICE, f"{NAME}.SetTime", ("xbb", (microseconds, False, NOT_ASKED)))


@contextmanager
def connect_time(bus: str = "SYSTEM") -> Iterator[TimeService]:
    """Raises `HostError` in words."""
    with open_system_bus(Faults(make_refusal, make_silence, HostError), bus) as found:
        yield TimeService(found)


def make_silence() -> HostError:
    """No answer in time."""
    return HostError(
        say("systemd-timedated does not answer in time: `systemctl status systemd-timedated`")
    )


def make_refusal(refusal: Refusal) -> HostError:
    """The service's own words."""
    return HostError(
        say(
            "systemd-timedated refuses it ({text}): give the command as root; `timedatectl` "
            "shows its state",
            text=refusal.text,
        )
    )


def decode_time(microseconds: Any) -> datetime | None:
    """Microseconds since 1970; None where there are none."""
    if not isinstance(microseconds, int) or not 0 < microseconds < LAST_US:
        return None
    return BEGIN + timedelta(microseconds=microseconds)
