"""The simulated weather of one site: PV power and air temperature at any time.

Reads: site, panels and simulation settings. Writes: nothing; keeps one day's clear-sky table.
Never: depends on how often or in which order it is called.
"""

import math
from datetime import UTC, datetime, time, timedelta

from appliance.settings import Settings
from power.plan.clear_sky import compute_clear_sky_w
from provisioning.simulated.plant.clouds import compute_cloud_share

MINUTES_A_DAY = 1440
TEMPERATURE_SWING_C = 5.0
WARMEST_HOUR = 15.0  # local solar time


class Weather:
    """PV power and air temperature for one set of settings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._day: datetime | None = None
        self._table_w: list[float] = []

    def compute_sun_w(self, at: datetime) -> float:
        """What the panels can give at `at`, after clouds, in W."""
        simulation = self._settings.simulation
        clear_w = self.compute_clear_sky_w(at)
        return clear_w * (1 - compute_cloud_share(simulation.seed, simulation.cloudiness, at))

    def compute_clear_sky_w(self, at: datetime) -> float:
        """The same without clouds; from a table of minutes, interpolated."""
        day = datetime.combine(at.astimezone(UTC).date(), time(), UTC)
        if day != self._day:
            times = [day + timedelta(minutes=minute) for minute in range(MINUTES_A_DAY + 1)]
            self._table_w = compute_clear_sky_w(self._settings.site, self._settings.panels, times)
            self._day = day
        minute, part = divmod((at - day).total_seconds() / 60, 1.0)
        before_w, after_w = self._table_w[int(minute)], self._table_w[int(minute) + 1]
        return before_w + part * (after_w - before_w)

    def compute_temperature_c(self, at: datetime) -> float:
        """Air and battery temperature: a wave of one day around the settings' mean."""
        hours = at.timestamp() / 3600 + self._settings.site.longitude_deg / 15
        wave = math.cos(2 * math.pi * (hours - WARMEST_HOUR) / 24)
        return self._settings.simulation.temperature_c + TEMPERATURE_SWING_C * wave
