"""What a modem knows of time and place: from its network, and from satellites where it hears them.

    read_network_time(bus, modem.path)      # with its offset; None: the network tells none
    read_fix(bus, modem.path)               # None: no receiver, or no position yet
    switch_satellites(bus, modem.path, on=True)

Source: the interfaces Modem.Time and Modem.Location of ModemManager 1.20 to 1.24.
Reads and writes: the bus.
Never: takes a cell of the mobile network for a place: it may be 30 km wide. A time without its
offset is none: some networks tell local time.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sensors.link import nmea
from sensors.link.bus import Bus, Place
from sensors.link.errors import LinkError
from sensors.link.modem_manager import MODEM, NAME

TIME, LOCATION = f"{MODEM}.Time", f"{MODEM}.Location"
GPS_RAW, GPS_NMEA = 1 << 1, 1 << 2  # MMModemLocationSource
MASKS = ("Capabilities", "Enabled")
SATELLITES = GPS_RAW | GPS_NMEA
HDOP_UNIT_M = 5.0  # a usual receiver's error for each unit of dilution
MOST_OFFSET_MIN = 14 * 60


@dataclass(frozen=True, slots=True)
class Fix:
    """A position by satellites. `accuracy_m`: one standard deviation; None: not known."""

    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None = None
    accuracy_m: float | None = None


def read_network_time(bus: Bus, path: str) -> datetime | None:
    """As the network tells it, to a second or so."""
    try:
        (text,) = bus.call(Place(NAME, path), f"{TIME}.GetNetworkTime")
    except LinkError:
        return None
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


def read_network_offset(bus: Bus, path: str) -> timedelta | None:
    """By how much local time is before UTC here, daylight saving time left out."""
    try:
        zone = bus.read_property(Place(NAME, path), f"{TIME}.NetworkTimezone")
    except LinkError:
        return None
    offset_min = read_value(zone, "offset")
    return (
        None
        if offset_min is None or abs(offset_min) > MOST_OFFSET_MIN
        else timedelta(minutes=offset_min)
    )


def read_satellite_time(bus: Bus, path: str) -> datetime | None:
    """The time that satellites tell."""
    return nmea.find_time(read_nmea(read_sources(bus, path)))


def read_fix(bus: Bus, path: str) -> Fix | None:
    """The last position by satellites."""
    sources = read_sources(bus, path)
    raw = sources.get(GPS_RAW, ("", None))[1]
    latitude_deg, longitude_deg = read_value(raw, "latitude"), read_value(raw, "longitude")
    if latitude_deg is None or longitude_deg is None:
        return None
    if abs(latitude_deg) > 90 or abs(longitude_deg) > 180 or latitude_deg == longitude_deg == 0:
        return None
    hdop = nmea.find_hdop(read_nmea(sources))
    accuracy_m = None if hdop is None else hdop * HDOP_UNIT_M
    return Fix(latitude_deg, longitude_deg, read_value(raw, "altitude"), accuracy_m)


def has_idle_receiver(bus: Bus, path: str) -> bool:
    """Whether the modem could hear satellites, and does not."""
    able, enabled = read_masks(bus, path)
    return bool(able & SATELLITES & ~enabled)


def switch_satellites(bus: Bus, path: str, *, on: bool) -> None:
    """Whether the receiver listens; other sources of a place stay. Raises `LinkError`."""
    able, enabled = read_masks(bus, path)
    wanted = enabled | (able & SATELLITES) if on else enabled & ~SATELLITES
    if wanted != enabled:
        bus.call(Place(NAME, path), f"{LOCATION}.Setup", ("ub", (wanted, False)))


def read_masks(bus: Bus, path: str) -> tuple[int, int]:
    """The sources that the modem has, and those that are on; 0 where it has none."""
    place = Place(NAME, path)
    try:
        found = [
            bus.read_property(place, f"{LOCATION}.{name}") for name in ("Capabilities", "Enabled")
        ]
    except LinkError:
        return 0, 0
    able, enabled = (one if isinstance(one, int) else 0 for one in found)
    return able, enabled


def read_sources(bus: Bus, path: str) -> Mapping[int, tuple[str, Any]]:
    """What each source says; none where the modem has none, or refuses."""
    try:
        (sources,) = bus.call(Place(NAME, path), f"{LOCATION}.GetLocation")
    except LinkError:
        return {}
    return sources if isinstance(sources, dict) else {}


def read_nmea(sources: Mapping[int, tuple[str, Any]]) -> str:
    """The sentences of the receiver; "" where there are none."""
    value = sources.get(GPS_NMEA, ("", ""))[1]
    return value if isinstance(value, str) else ""


def read_value(found: Any, name: str) -> float | None:
    """A number of a dictionary of values with types."""
    value = found.get(name, ("", None))[1] if isinstance(found, dict) else None
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if math.isfinite(value) else None
