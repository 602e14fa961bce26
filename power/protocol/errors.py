"""Errors on the way to a power device, and the sentences that explain them to a technician.

Reads and writes: nothing but, to explain a port that cannot be opened, whether its file exists.
Never: sends or receives anything; that is power/protocol/bus.
"""

import os
from pathlib import Path

from appliance.errors import BusError
from appliance.wording.counts import format_count
from appliance.wording.sentence import as_sentence, say
from power.protocol.line_place import DAMAGE_ADVICE, SILENCE_ADVICE, LinePlace
from power.protocol.ports import TCP

MODBUS_EXCEPTIONS = {
    1: say("it does not know this function"),
    2: say("it does not have this register"),
    3: say("it does not accept this value"),
    4: say("it failed internally"),
    5: say("it needs more time"),
    6: say("it is busy"),
    10: say("the gateway has no such device"),
    11: say("the device behind the gateway does not answer"),
}
NO_REASON = say("it gives no reason")
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

    def __init__(self, number: int, reason: str = NO_REASON) -> None:
        super().__init__(
            say(
                "{word} {number}, {reason}",
                word=as_sentence(self.word),
                number=f"{number:02X}",
                reason=reason,
            )
        )
        self.number = number
        self.reason = reason


def explain_closed(port: str) -> str:
    """Why the line cannot be opened, as far as can be found out here."""
    if port.startswith(TCP):
        return say(
            "nothing accepts a connection at {port}; check the gateway's address and cable",
            port=port,
        )
    if not Path(port).exists():
        return say(
            "there is no {port}; check the USB cable and the names in /dev/serial/by-path",
            port=port,
        )
    if not os.access(port, os.R_OK | os.W_OK):
        return say(
            "{port} may not be opened; the service's user must be in the group dialout", port=port
        )
    return say(
        "{port} cannot be opened; another program has it, or it is no serial port", port=port
    )


def explain_silence(place: LinePlace, what: str) -> str:
    """No answer to the request `what`, and what to check."""
    return say(
        "no answer on {place} to {what}; {advice}",
        place=place,
        what=what,
        advice=SILENCE_ADVICE[place.kind],
    )


def explain_wrong_reply(place: LinePlace, what: str, received: bytes, reason: str = "") -> str:
    """A damaged reply to the request `what`, its first bytes, and what to check."""
    because = say(" ({reason})", reason=reason) if reason else ""
    return say(
        "a damaged or foreign reply on {place} to {what}{because}: {size}, {received}; {advice}",
        place=place,
        what=what,
        because=because,
        size=format_count(len(received), "byte"),
        received=received[:12].hex(" "),
        advice=DAMAGE_ADVICE[place.kind],
    )


def explain_refusal(port: str, what: str, refused: RefusedReply) -> str:
    """A refusal of the request `what`, and what to check."""
    return say(
        "the device on {port} refuses {what}: {refused}; check that `model` in the settings "
        "is this device",
        port=port,
        what=what,
        refused=refused,
    )
