"""RAUC's interface on D-Bus, as a few calls with time limits.

    with connect("SYSTEM", Limits()) as rauc:
        rauc.call("Mark", "ss", ("good", "booted"))
        rauc.install("/var/lib/ota/content/AB.image", on_progress)

Source: de.pengutronix.rauc.Installer.xml of RAUC 1.13.
Reads and writes: the bus; signals, through jeepney.
Never: waits without a limit, or takes a RAUC that was started anew for the one that it asked.
"""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jeepney import HeaderFields, MatchRule, Message, MessageType, message_bus

from appliance.process.system_bus import Faults, Place, Refusal, SystemBus, open_system_bus
from appliance.strict_json import show
from appliance.wording.sentence import Sentence, say
from ota.errors import SlotError

NAME, PATH, INTERFACE = "de.pengutronix.rauc", "/", "de.pengutronix.rauc.Installer"
RAUC = Place(NAME, PATH)
PROPERTIES = "org.freedesktop.DBus.Properties"
MOST_WAITING = 4096  # signals that are kept while an answer is waited for
OnProgress = Callable[[int, str], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Real seconds. `call_s`: of one question (marking copies a kernel); `install_s`: of a whole
    installation; `silence_s`: without any progress in it.
    """

    call_s: float = 180.0
    install_s: float = 7200.0
    silence_s: float = 1800.0


@contextmanager
def connect(bus: str, limits: Limits) -> Iterator["RaucBus"]:
    """A connection; what fails on it is a `SlotError`. `bus`: "SYSTEM", or an address."""
    faults = Faults(make_refusal, make_silence, make_unreached)
    connect_s = min(10.0, limits.call_s)
    with open_system_bus(faults, bus, call_s=limits.call_s, connect_s=connect_s) as found:
        yield RaucBus(found, limits)


def make_silence() -> SlotError:
    return SlotError(
        say(
            "RAUC does not answer in time; `systemctl restart rauc`, then look at "
            "`journalctl -u rauc`"
        ),
        "rauc-timeout",
    )


def make_unreached(text: Sentence) -> SlotError:
    return SlotError(text, "no-bus")


def make_refusal(refusal: Refusal) -> SlotError:
    """RAUC's own sentence; whether it is there at all has a cause of its own."""
    text = refusal.said
    if refusal.has_no_service:
        return SlotError(
            say(
                "RAUC is not there ({text}): install rauc-service, `systemctl status rauc`",
                text=show(text),
            ),
            "no-rauc",
        )
    if refusal.name.endswith(("NoReply", "Disconnected")):
        return make_gone()
    return SlotError(
        say("RAUC refuses: {text}; `journalctl -u rauc` has more", text=text[:500]), "rauc-refused"
    )


def make_gone() -> SlotError:
    return SlotError(
        say(
            "RAUC ended or was started anew under way: the installation starts over; "
            "`journalctl -u rauc` says why it ended"
        ),
        "rauc-gone",
    )


class RaucBus:
    """One connection. What fails on it is a `SlotError`."""

    def __init__(self, bus: SystemBus, limits: Limits) -> None:
        self._bus = bus
        self._limits = limits

    def call(self, method: str, signature: str = "", body: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        return self._bus.call(RAUC, f"{INTERFACE}.{method}", (signature, body))

    def call_or_none(self, method: str) -> tuple[Any, ...] | None:
        """The answer; None where RAUC refuses."""
        try:
            return self.call(method)
        except SlotError:
            return None

    def read(self, name: str) -> Any:
        """A property, without its type."""
        return self._bus.read_property(RAUC, f"{INTERFACE}.{name}")

    def install(self, bundle: str, on_progress: OnProgress) -> None:
        """Install, and wait for the end; an installation that runs already is waited for first."""
        heard: deque[Message] = deque(maxlen=MOST_WAITING)
        rules = list(list_rules())
        for rule in rules:
            self._bus.send(message_bus.AddMatch(rule.serialise()))
        filters = [self._bus.connection.filter(rule, queue=heard) for rule in rules]
        for one in filters:
            one.__enter__()
        owner = self._bus.send(message_bus.GetNameOwner(NAME))[0]
        if self.read("Operation") != "idle":
            self._wait_for_end(heard, owner, on_progress)
            heard.clear()
        self.call("InstallBundle", "sa{sv}", (bundle, {}))
        if self._wait_for_end(heard, owner, on_progress) != 0:
            text = str(self.read("LastError"))
            raise SlotError(
                say(
                    "RAUC could not install {bundle}: {text}; `journalctl -u rauc` has more",
                    bundle=bundle,
                    text=text[:500],
                ),
                "install-failed",
            )

    def _wait_for_end(self, heard: deque[Message], owner: str, on_progress: OnProgress) -> int:
        """RAUC's result: 0 is success."""
        ends_s = time.monotonic() + self._limits.install_s
        while (left_s := ends_s - time.monotonic()) > 0:
            wait_s = min(left_s, self._limits.silence_s)
            signal = self._bus.connection.recv_until_filtered(heard, timeout=wait_s)
            member = signal.header.fields.get(HeaderFields.member)
            sender = signal.header.fields.get(HeaderFields.sender)
            if member == "NameOwnerChanged":
                raise make_gone()
            if sender != owner:
                continue
            if member == "Completed":
                return int(signal.body[0])
            tell_progress(signal, on_progress)
        raise TimeoutError


def list_rules() -> Iterator[MatchRule]:
    """What is heard during an installation."""
    yield MatchRule(type=MessageType.signal, interface=INTERFACE, member="Completed", path=PATH)
    yield MatchRule(
        type=MessageType.signal, interface=PROPERTIES, member="PropertiesChanged", path=PATH
    )
    owner = MatchRule(
        type=MessageType.signal,
        sender="org.freedesktop.DBus",
        interface="org.freedesktop.DBus",
        member="NameOwnerChanged",
    )
    owner.add_arg_condition(0, NAME)
    yield owner


def tell_progress(signal: Message, on_progress: OnProgress) -> None:
    changed = signal.body[1]
    if signal.body[0] == INTERFACE and "Progress" in changed:
        percent, text, _ = changed["Progress"][1]
        on_progress(int(percent), str(text))
