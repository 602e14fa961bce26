"""Time zones and their principal cities, as far as a place or a country can be guessed by them.

    find_city("Europe/Bucharest")       # City: 44.43, 26.10
    find_nearest(46.5, 25.6)            # the City of the zone that is probably right

Reads: zone1970.tab of the computer's list of time zones (tzdata). Writes: nothing.
Never: takes the nearest city for certain: near a border it is the neighbour's.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path("/usr/share/zoneinfo/zone1970.tab")
PLACE = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")
EARTH_KM = 6371.0
MOST_KM = 1000.0  # farther from every city the zone is not guessed


@dataclass(frozen=True, slots=True)
class City:
    """The principal city of a zone."""

    zone: str
    latitude_deg: float
    longitude_deg: float


def find_city(zone: str, table: Path = TABLE) -> City | None:
    """None where the zone has no city, such as UTC."""
    return next((one for one in list_cities(table) if one.zone == zone), None)


def find_nearest(latitude_deg: float, longitude_deg: float, table: Path = TABLE) -> City | None:
    """None where no city is near, or there is no list."""
    place = (latitude_deg, longitude_deg)
    far = {
        one: measure_km(place, (one.latitude_deg, one.longitude_deg)) for one in list_cities(table)
    }
    nearest = min(far, key=lambda one: far[one], default=None)
    return nearest if nearest is not None and far[nearest] <= MOST_KM else None


@cache
def list_cities(table: Path) -> tuple[City, ...]:
    """All cities; none where the computer has no list."""
    try:
        lines = table.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ()
    return tuple(parse_all(lines))


def parse_all(lines: list[str]) -> Iterator[City]:
    """What is no row is passed over."""
    for line in lines:
        fields = line.split("\t")
        found = PLACE.fullmatch(fields[1]) if len(fields) > 2 and line[0] != "#" else None
        if found:
            parts = found.groups(default="0")
            yield City(fields[2], convert(*parts[:4]), convert(*parts[4:]))


def convert(*parts: str) -> float:
    """Sign, degrees, minutes and seconds as degrees."""
    sign, degrees, minutes, seconds = parts
    value = int(degrees) + int(minutes) / 60 + int(seconds) / 3600
    return -value if sign == "-" else value


def measure_km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two places (latitude and longitude, degrees) along the ground."""
    (lat_1, lon_1), (lat_2, lon_2) = ((math.radians(a), math.radians(b)) for a, b in (one, other))
    half = math.sin((lat_2 - lat_1) / 2) ** 2
    half += math.cos(lat_1) * math.cos(lat_2) * math.sin((lon_2 - lon_1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))
