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


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """Read only by the simulated plant; a unit in the field has no such section."""

    seed: int = setting(1, "Seed of the simulated clouds", 0, 2**31)
    cloudiness: float = setting(0.3, "Mean share of the sun that clouds take", 0, 0.95)
    battery_charge_pct: float = setting(30.0, "Charge of the battery at the start, %", 1, 100)
    temperature_c: float = setting(15.0, "Mean temperature of the day, C", -40, 50)
