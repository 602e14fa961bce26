"""What a modem can tell a technician who has not typed it: time, place, offset of local time.

    find_modem_time()       # the network's, else that of satellites; None: there is none
    find_modem_place()      # ModemPlace: a position by satellites, the network's offset

Reads: ModemManager. Writes: nothing.
Never: raises: a unit without a modem, or without D-Bus, simply knows nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from sensors.link.bus import Bus, open_bus
from sensors.link.errors import LinkError
from sensors.link.modem_manager import read_modem
from sensors.link.positioning import (
    Fix,
    read_fix,
    read_network_offset,
    read_network_time,
    read_satellite_time,
    switch_satellites,
)

SYSTEM = "SYSTEM"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ModemPlace:
    """`offset`: of local time from UTC, as the mobile network says it."""

    fix: Fix | None = None
    offset: timedelta | None = None


NOWHERE = ModemPlace()


def find_modem_time(bus: str = SYSTEM) -> datetime | None:
    """In UTC."""

    def read(found: Bus, path: str) -> datetime | None:
        return read_network_time(found, path) or read_satellite_time(found, path)

    at = ask_modem(bus, read)
    return None if at is None else at.astimezone(UTC)


def find_modem_place(bus: str = SYSTEM) -> ModemPlace:
    """Each part None where it is not known."""

    def read(found: Bus, path: str) -> ModemPlace:
        return ModemPlace(read_fix(found, path), read_network_offset(found, path))

    return ask_modem(bus, read) or NOWHERE


def stop_satellites(bus: str = SYSTEM) -> None:
    """The receiver takes power: it is off again when the place is known."""

    def stop(found: Bus, path: str) -> None:
        switch_satellites(found, path, on=False)

    ask_modem(bus, stop)


def ask_modem(bus: str, ask: Callable[[Bus, str], T]) -> T | None:
    """The answer of the modem that is there."""
    try:
        with open_bus(bus) as found:
            modem = read_modem(found)
            return None if modem is None else ask(found, modem.path)
    except LinkError:
        return None
