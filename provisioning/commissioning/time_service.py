"""systemd-timedated on the system's bus: what it knows of time, and how the time is set.

    with connect_time() as service:
        state = service.read()              # synchronized, NTP on or off, RTC
        service.set_time(at); service.set_ntp(on=True)

Source: org.freedesktop.timedate1(5) of systemd 252 to 257.
Reads and writes: the bus, through jeepney.
Never: waits without a limit, or asks for a password: who may not set the time is told so.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jeepney import DBusAddress, Properties, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from jeepney.wrappers import DBusErrorResponse, unwrap_msg

from appliance.errors import HostError
from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten

SERVICE = DBusAddress(
    "/org/freedesktop/timedate1", "org.freedesktop.timedate1", "org.freedesktop.timedate1"
)
CONNECT_S, CALL_S = 5.0, 15.0
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

    def __init__(self, connection: DBusConnection) -> None:
        self._connection = connection

    def read(self) -> TimeState:
        """What it knows now."""
        answer = self._call(Properties(SERVICE).get_all())
        found = {name: value for name, (_, value) in answer[0].items()}
        return TimeState(
            found.get("NTPSynchronized") is True,
            found.get("NTP") is True,
            found.get("CanNTP") is True,
            decode_time(found.get("RTCTimeUSec")),
        )

    def set_ntp(self, *, on: bool) -> None:
        """Whether a time server sets the clock."""
        self._call(new_method_call(SERVICE, "SetNTP", "bb", (on, NOT_ASKED)))

    def set_time(self, at: datetime) -> None:
        """Clock and RTC. Refused while NTP is on."""
        microseconds = (at - BEGIN) // timedelta(microseconds=1)
        body = (microseconds, False, NOT_ASKED)
        self._call(new_method_call(SERVICE, "SetTime", "xbb", body))

    def _call(self, message: Any) -> tuple[Any, ...]:
        reply = self._connection.send_and_get_reply(message, timeout=CALL_S)
        body: tuple[Any, ...] = unwrap_msg(reply)
        return body


@contextmanager
def connect_time(bus: str = "SYSTEM") -> Iterator[TimeService]:
    """Raises `HostError` in words."""
    try:
        with open_dbus_connection(bus=bus, auth_timeout=CONNECT_S) as connection:
            yield TimeService(connection)
    except DBusErrorResponse as error:
        said = str(error.data[0]) if error.data else error.name
        text = shorten(make_printable(said), 160)
        raise HostError(
            say(
                "systemd-timedated refuses it ({text}): give the command as root; `timedatectl` "
                "shows its state",
                text=text,
            )
        ) from error
    except (OSError, RuntimeError, KeyError, TimeoutError) as error:
        raise HostError(
            say("the system's bus does not answer ({error}): `systemctl status dbus`", error=error)
        ) from error


def decode_time(microseconds: Any) -> datetime | None:
    """Microseconds since 1970; None where there are none."""
    if not isinstance(microseconds, int) or not 0 < microseconds < LAST_US:
        return None
    return BEGIN + timedelta(microseconds=microseconds)
