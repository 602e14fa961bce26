"""Sections of how fast things go: [clock] of a demonstration, [meter] of the power devices.

Reads and writes: nothing.
Never: checks a value; appliance/settings_file.py does, from the ranges given here.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from appliance.sections.field import setting


@dataclass(frozen=True, slots=True)
class ClockSettings:
    """Only for demonstrations; on a unit the section is left out and the kernel's clock is used."""

    speed: float = setting(1.0, "Unit seconds in one real second", 1, 10_000)
    origin_utc: datetime = setting(datetime(2026, 1, 1, tzinfo=UTC), "Unit time at the origin")
    origin_boottime_s: float = setting(0.0, "CLOCK_BOOTTIME at the origin; 0: not scaled", 0, 1e12)


@dataclass(frozen=True, slots=True)
class MeterSettings:
    poll_every_s: float = setting(
        10.0,
        "Most seconds between polls of chargers and batteries; 2 while loads run, 1 while a low "
        "voltage is being confirmed",
        1,
        60,
    )
