"""ModemManager on the system's bus, as far as an SMS needs it.

    with connect_modem() as modem:
        modem.send_sms("+40711222333", "a person at the gate")

Source: the interfaces Modem, Modem.Messaging and Sms of ModemManager 1.20 to 1.24.
Reads and writes: the bus.
Never: waits without a limit, leaves what it sent in the modem's memory, or changes the modem.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from appliance.alarms.channels.errors import ChannelError, ChannelRefusedError
from appliance.process.system_bus import Facts, Faults, Place, Refusal, SystemBus, open_system_bus
from appliance.wording.sentence import say

NAME, ROOT = "org.freedesktop.ModemManager1", "/org/freedesktop/ModemManager1"
MODEM, MESSAGING, SMS = f"{NAME}.Modem", f"{NAME}.Modem.Messaging", f"{NAME}.Sms"
SEND_S = 60.0
# MMModemState
FAILED, LOCKED, ENABLED, REGISTERED = -1, 2, 6, 8
SIM_MISSING = 2  # MMModemStateFailedReason
# The ends of error names that trying again does not mend.
LASTING = ("Unauthorized", "Unsupported", "InvalidArgs", "AccessDenied", "SmscAddressUnknown")
# Causes of 3GPP TS 24.011, annex E, for which ModemManager has no name: nobody of that number,
# barred, a SIM that may not send.
LASTING_CAUSES = re.compile(r"message error: (1|8|10|28|29|30|50|69)$")


@contextmanager
def connect_modem(bus: str = "SYSTEM") -> Iterator["Modem"]:
    """The modem that can send best; what fails is a `ChannelError`."""
    with open_system_bus(Faults(make_refusal, make_silence, ChannelError), bus) as found:
        yield Modem(found)


def make_silence() -> ChannelError:
    """No answer in time."""
    return ChannelError(
        say("the modem does not answer in time: it is tried again; `mmcli -m any` shows its state")
    )


def make_refusal(refusal: Refusal) -> ChannelError:
    """ModemManager's own words; whether it is there at all has a cause of its own."""
    text = refusal.text
    if refusal.has_no_service:
        return ChannelRefusedError(
            say(
                "there is no ModemManager: install the package modemmanager, or give another "
                "channel ({text})",
                text=text,
            )
        )
    if refusal.name.endswith(LASTING) or LASTING_CAUSES.search(refusal.said):
        return ChannelRefusedError(
            say(
                "the modem refuses the SMS ({text}): check number, SIM and the polkit rules of the "
                "appliance; `mmcli -m any`",
                text=text,
            )
        )
    return ChannelError(
        say("the SMS was not sent ({text}): it is tried again; `mmcli -m any`", text=text),
        unsure=refusal.name.endswith(("NoReply", "Timeout")),
    )


class Modem:
    """One connection."""

    def __init__(self, bus: SystemBus) -> None:
        self._bus = bus

    def send_sms(self, number: str, text: str) -> None:
        """Hand one over to the network. Returns when the network has taken it."""
        modem = self._find_modem()
        given = {"number": ("s", number), "text": ("s", text)}
        (path,) = self._bus.call(modem, f"{MESSAGING}.Create", ("a{sv}", (given,)))
        try:
            self._bus.call(Place(NAME, path), f"{SMS}.Send", wait_s=SEND_S)
        except (TimeoutError, ConnectionError) as error:
            text = say("the modem does not say whether the SMS was sent: it is tried again")
            raise ChannelError(text, unsure=True) from error
        finally:
            with suppress(ChannelError, TimeoutError):
                self._bus.call(modem, f"{MESSAGING}.Delete", ("o", (path,)))

    def _find_modem(self) -> Place:
        """The one that can send; raises `ChannelError` in words."""
        objects = self._bus.list_objects(Place(NAME, ROOT))
        modems = {path: faces for path, faces in objects.items() if MODEM in faces}
        if not modems:
            raise ChannelRefusedError(
                say(
                    "there is no modem: check that it is plugged in and powered; `mmcli -L` lists "
                    "all"
                )
            )
        able = {path: faces for path, faces in modems.items() if MESSAGING in faces}
        path = max(able or modems, key=lambda one: read_number(modems[one][MODEM], "State"))
        require_ready(modems[path][MODEM], can_send=path in able)
        return Place(NAME, path)


def require_ready(modem: Facts, *, can_send: bool) -> None:
    """Raises `ChannelError` where a modem cannot send, in the words of its state."""
    state = read_number(modem, "State")
    if state == LOCKED:
        raise ChannelRefusedError(
            say(
                "the SIM is locked: enter its PIN (`mmcli -i any --pin=PIN`), and switch the PIN "
                "off"
            )
        )
    if state == FAILED and read_number(modem, "StateFailedReason") == SIM_MISSING:
        raise ChannelRefusedError(say("there is no SIM in the modem: put one in"))
    if state == FAILED:
        raise ChannelError(
            say("the modem has failed: power it off and on; `mmcli -m any` says why")
        )
    if state < ENABLED:
        raise ChannelError(
            say(
                "the modem is not enabled: `mmcli -m any --enable`, or a connection of "
                "NetworkManager"
            )
        )
    if state < REGISTERED:
        raise ChannelError(say("the modem has found no network yet: check antenna and place"))
    if not can_send:
        raise ChannelRefusedError(say("the modem cannot send SMS: give another channel"))


def read_number(facts: Facts, name: str) -> int:
    """A property that is a number; 0, the unknown of ModemManager, where it has none."""
    value = facts.get(name, ("i", 0))[1]
    return value if isinstance(value, int) else 0
