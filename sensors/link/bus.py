"""The system's bus with the errors of the link, and properties as values of the right type.

    with open_bus() as bus:
        objects = bus.list_objects(Place(NAME, ROOT))
        bus.call(Place(NAME, path), f"{MODEM}.Reset")

Reads and writes: the bus, through appliance/process/system_bus.py.
Never: waits without a limit. What fails is a `LinkError`.
"""

from contextlib import AbstractContextManager

from appliance.process.system_bus import (
    NO_OBJECT,
    Facts,
    Faults,
    Objects,
    Place,
    Refusal,
    SystemBus,
    open_system_bus,
)
from appliance.wording.sentence import say
from appliance.wording.shorten import make_printable, shorten
from sensors.link.errors import LinkError

__all__ = ["Bus", "Facts", "Objects", "Place"]
Bus = SystemBus


class AbsentError(LinkError):
    """The service, or the object, is not there."""


class RefusedError(LinkError):
    """The service refused. `name`: of the error on the bus."""

    def __init__(self, text: str, name: str) -> None:
        super().__init__(text)
        self.name = name


def open_bus(bus: str = "SYSTEM") -> AbstractContextManager[Bus]:
    """A connection; raises `LinkError` for all that fails on it."""
    return open_system_bus(Faults(make_refusal, make_silence, LinkError), bus)


def make_silence() -> LinkError:
    """No answer in time."""
    return LinkError(
        say(
            "ModemManager or NetworkManager does not answer in time: `systemctl status "
            "ModemManager NetworkManager`"
        )
    )


def make_refusal(refusal: Refusal) -> LinkError:
    """The service's own words."""
    if refusal.has_no_service or refusal.name.endswith(NO_OBJECT):
        return AbsentError(refusal.text)
    return RefusedError(refusal.text, refusal.name)


def find_number(facts: Facts, name: str) -> int | None:
    """A property that is a whole number."""
    value = facts.get(name, ("", None))[1]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def find_text(facts: Facts, name: str, longest: int = 64) -> str:
    """A property that is text, such that it can be shown; "" where there is none."""
    value = facts.get(name, ("", None))[1]
    return shorten(make_printable(value), longest) if isinstance(value, str) else ""


def find_flag(facts: Facts, name: str) -> bool | None:
    """A property that is true or false."""
    value = facts.get(name, ("", None))[1]
    return value if isinstance(value, bool) else None
