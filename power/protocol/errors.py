"""What can go wrong on the line to a power device, in words, and how a port is named.

Reads and writes: nothing but, to explain a closed port, whether its file is there.
Never: speaks on a line; that is power/bus.py.
"""

import os
import termios
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from appliance.errors import BusError, SettingsError

TCP = "tcp://"
# What pyserial raises when an adapter is pulled: termios.error is no OSError.
LINE_FAILURES = (OSError, termios.error, TypeError)
MODBUS_TCP_PORT = 502
EXCEPTIONS = {
    1: "it does not know this function",
    2: "it does not have this register",
    3: "it does not take this value",
    4: "it failed inside",
    6: "it is busy",
    10: "the gateway has no such device",
    11: "the device behind the gateway does not answer",
}
NO_SUCH_REGISTER, WRONG_COUNT = 2, 3  # this address, or this many words, are not supported


class NoAnswer(BusError):  # noqa: N818  (named for what came back)
    """Nothing came back, or the line cannot be opened."""


class ClosedLine(NoAnswer):
    """The line cannot be opened: no adapter, no permission, no gateway."""


class WrongFrame(BusError):  # noqa: N818  (named for what came back)
    """Something came back that is not the answer to what was asked."""

    message_id = "768fcc46d23e4ce6aa2d28ce3e8de0ae"


class ExceptionAnswer(BusError):  # noqa: N818  (named for what came back)
    """The device answered that it will not; `exception` is its Modbus exception code."""

    def __init__(self, text: str, exception: int) -> None:
        super().__init__(text)
        self.exception = exception


class Damaged(Exception):  # noqa: N818  (named for what came back)
    """What has been heard cannot become the reply: wrong check, id, length or flood."""


class Refused(Exception):  # noqa: N818  (named for what came back)
    """A whole reply that says no; `number` is the device's own code, `why` what it means."""

    word = "exception"  # what its protocol calls such a code

    def __init__(self, number: int, why: str = "it does not say why") -> None:
        super().__init__(f"{self.word} {number:02X}, {why}")
        self.number = number
        self.why = why


class Bus(Protocol):
    """What a Modbus driver needs of a line."""

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        """`count` 16-bit words (functions 03, 04) or bits (01, 02) from `address` on.

        `reply_id`: the id that the device puts on its replies, where it is another one.
        Raises NoAnswer, WrongFrame or ExceptionAnswer.
        """


def tcp_address(port: str) -> tuple[str, int]:
    """Host and port number of tcp://HOST:PORT; raise `SettingsError` where it is not one."""
    try:
        parts = urlsplit(port)
        host, number = parts.hostname, parts.port
    except ValueError:
        host, number = None, None
    if not host:
        raise SettingsError(f"a port must be a serial device or tcp://HOST:PORT, not {port}")
    return host, number or MODBUS_TCP_PORT


def why_closed(port: str) -> str:
    """Why the line cannot be opened, as far as can be seen from here."""
    if port.startswith(TCP):
        return f"nothing accepts a connection at {port}; check the gateway's address and cable"
    if not Path(port).exists():
        return f"there is no {port}; check the USB cable and the names in /dev/serial/by-path"
    if not os.access(port, os.R_OK | os.W_OK):
        return f"{port} may not be opened; the service's user must be in the group dialout"
    return f"{port} cannot be opened; another program has it, or it is no serial port"


def why_silent(port: str, what: str) -> str:
    """No answer, and what to look at."""
    if port.startswith(TCP):
        advice = "check the gateway, its wiring to the device, and `device_id` in the settings"
    else:
        advice = (
            "check that the device has battery voltage, that its data wires (A and B, RX and TX) "
            "are not swapped, and `model` and `device_id` in the settings"
        )
    return f"no answer on {port} to {what}; {advice}"


def why_wrong(port: str, what: str, heard: bytes, reason: str = "") -> str:
    """A damaged reply, its first bytes, and what to look at."""
    because = f" ({reason})" if reason else ""
    return (
        f"a damaged or foreign reply on {port} to {what}{because}: {len(heard)} bytes, "
        f"{heard[:12].hex(' ')}; check the data cable, its ground, its termination, and that "
        "nothing else speaks on this line"
    )


def why_refused(port: str, what: str, refused: Refused) -> str:
    """A refusal, and what to look at."""
    return (
        f"the device on {port} refuses {what}: {refused}; "
        "check that `model` in the settings is this device"
    )
