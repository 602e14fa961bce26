"""What is around the updater of a simulated unit: sun, battery and sleep at its site, and whether a
release works there.

    site.find_charge_pct(now), site.find_level(now)

Reads and writes: nothing; made up.
Never: says that a release works which the demonstration calls broken.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import pi, sin
from typing import Any

from appliance.model import EnergyLevel, Stamp
from ota.machine.gate import GateFacts
from ota.manifest import ReleaseManifest
from provisioning.fleet_demo.demo_clock import DemoClock

BATTERY_WH = 2560.0
RESERVE_WH = 400.0
DAY_H = 24
SUNRISE_H, SUNSET_H = 6, 20
FULL_FROM_PCT = 60


@dataclass(frozen=True, slots=True)
class Site:
    """Where a unit is and how it fares. `sunny`: 0 to 1, how full its battery is at noon.

    `sleeps`: it hibernates by night, and says when it will be back.
    """

    name: str
    group: str
    latitude_deg: float
    longitude_deg: float
    sunny: float
    sleeps: bool

    def find_charge_pct(self, now: datetime) -> float:
        """Highest in the afternoon, lowest before sunrise."""
        hour = now.hour + now.minute / 60
        return 20 + 75 * self.sunny * (0.65 + 0.35 * sin((hour - 9) / DAY_H * 2 * pi))

    def is_night(self, now: datetime) -> bool:
        return not SUNRISE_H <= now.hour < SUNSET_H

    def find_level(self, now: datetime) -> EnergyLevel:
        if self.is_night(now):
            return EnergyLevel.HIBERNATE if self.sleeps else EnergyLevel.SENTINEL
        is_full = self.find_charge_pct(now) > FULL_FROM_PCT
        return EnergyLevel.FULL if is_full else EnergyLevel.ECO


@dataclass(slots=True)
class Around:
    """What is around the updater: health of a release, and the unit's facts. `broken`: releases
    that do not work.
    """

    site: Site
    clock: DemoClock
    broken: frozenset[str]
    release: str = ""  # the one on trial

    # --- Health ----------------------------------------------------------------------------------

    def measure(self) -> Mapping[str, Any]:
        return {"items": {}}

    def judge(self, _baseline: Mapping[str, Any], _began: Stamp) -> str:
        is_broken = self.release in self.broken
        return "not as before: service sensors (it does not report)" if is_broken else ""

    # --- Unit ------------------------------------------------------------------------------------

    def stamp(self) -> Stamp:
        return self.clock.stamp()

    def age_s(self, stamp: Stamp) -> float | None:
        return self.clock.age_s(stamp)

    def read_facts(self) -> GateFacts:
        charge_pct = self.site.find_charge_pct(self.clock.now)
        return GateFacts(
            local_time=self.clock.now.time(),
            soc_pct=charge_pct,
            charging_pct_per_h=0.0,
            energy_wh=BATTERY_WH * charge_pct / 100,
            reserve_wh=RESERVE_WH,
            temperature_c=30.0,
            hold="",
            clock_trusted=True,
        )

    def find_refusal(self, _manifest: ReleaseManifest) -> str:
        return ""

    def lost_power(self) -> bool:
        return False

    def has_carrier(self) -> bool:
        return True

    def restart_services(self) -> None:
        """There are none."""

    def reboot(self) -> None:
        """No release here has an operating system."""


def find_sunrise(now: datetime) -> datetime:
    morning = now.replace(hour=SUNRISE_H, minute=5, second=0, microsecond=0)
    return morning if morning > now else morning + timedelta(days=1)
