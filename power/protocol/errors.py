"""Errors on the way to a power device, and the sentences that explain them to a technician.

Reads and writes: nothing but, to explain a port that cannot be opened, whether its file exists.
Never: sends or receives anything; that is power/protocol/bus.
"""

import os
from pathlib import Path

from appliance.errors import BusError
from appliance.wording.counts import format_count
from power.protocol.line_place import DAMAGE_ADVICE, SILENCE_ADVICE, LinePlace
from power.protocol.ports import TCP

MODBUS_EXCEPTIONS = {
    1: "it does not know this function",
    2: "it does not have this register",
    3: "it does not accept this value",
    4: "it failed internally",
    5: "it needs more time",
    6: "it is busy",
    10: "the gateway has no such device",
    11: "the device behind the gateway does not answer",
}
KEPT_BACK = (4, 5, 6, 10, 11)  # it has the registers, but does not give them now
NO_SUCH_REGISTER, WRONG_COUNT = 2, 3  # this address, or this many words, are not supported


class NoAnswer(BusError):  # noqa: N818  (named for what came back)
    """Nothing came back, or the line cannot be opened.

    `gap_s`: the request followed a reply after so short a silence; None: it did not follow soon.
    """

    def __init__(self, text: str, gap_s: float | None = None) -> None:
        super().__init__(text)
        self.gap_s = gap_s


class ClosedLine(NoAnswer):
    """The line cannot be opened: no adapter, no permission, no gateway."""


class WrongFrame(BusError):  # noqa: N818  (named for what came back)
    """Something came back that is not the reply to the request."""

    message_id = "768fcc46d23e4ce6aa2d28ce3e8de0ae"


class ExceptionAnswer(BusError):  # noqa: N818  (named for what came back)
    """The device refused the request; `exception` is its Modbus exception code."""

    def __init__(self, text: str, exception: int) -> None:
        super().__init__(text)
        self.exception = exception


class DamagedReply(Exception):  # noqa: N818  (named for what came back)
    """The bytes received cannot become the reply: wrong checksum, id or length, or too many."""


class RefusedReply(Exception):  # noqa: N818  (named for what came back)
    """A complete reply that refuses; `number` is the device's own code, `reason` its meaning."""

    word = "exception"  # what its protocol calls such a code

    def __init__(self, number: int, reason: str = "it gives no reason") -> None:
        super().__init__(f"{self.word} {number:02X}, {reason}")
        self.number = number
        self.reason = reason


def explain_closed(port: str) -> str:
    """Why the line cannot be opened, as far as can be found out here."""
    if port.startswith(TCP):
        return f"nothing accepts a connection at {port}; check the gateway's address and cable"
    if not Path(port).exists():
        return f"there is no {port}; check the USB cable and the names in /dev/serial/by-path"
    if not os.access(port, os.R_OK | os.W_OK):
        return f"{port} may not be opened; the service's user must be in the group dialout"
    return f"{port} cannot be opened; another program has it, or it is no serial port"


def explain_silence(place: LinePlace, what: str) -> str:
    """No answer to the request `what`, and what to check."""
    return f"no answer on {place} to {what}; {SILENCE_ADVICE[place.kind]}"


def explain_wrong_reply(place: LinePlace, what: str, received: bytes, reason: str = "") -> str:
    """A damaged reply to the request `what`, its first bytes, and what to check."""
    because = f" ({reason})" if reason else ""
    return (
        f"a damaged or foreign reply on {place} to {what}{because}: "
        f"{format_count(len(received), 'byte')}, {received[:12].hex(' ')}; "
        f"{DAMAGE_ADVICE[place.kind]}"
    )


def explain_refusal(port: str, what: str, refused: RefusedReply) -> str:
    """A refusal of the request `what`, and what to check."""
    return (
        f"the device on {port} refuses {what}: {refused}; "
        "check that `model` in the settings is this device"
    )
