"""Which unit stands at which site: the two reference units, and R1 with half and double the panels.

Reads: tests/bench/energy/weather.py. Writes: nothing.
Never: lets a policy see the site that it is judged on before its year there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from appliance.model import EnergyLevel
from appliance.sections.computer import ComputerSettings
from appliance.sections.loads import SwitchSettings
from appliance.settings import (
    BatterySettings,
    EnergySettings,
    PanelsSettings,
    Settings,
    SiteSettings,
)
from power.plan.utility import Option, list_options
from tests.bench.energy.weather import STEP, Floats, Site, load_site

WARMING_STEPS = 32  # 8 h: how far a battery in its box lags behind the air
TILTS = {"R1": 35.0, "R1 half": 35.0, "R1 double": 35.0, "R1 charger": 35.0, "R2": 30.0}
CHARGER_ONLY = ("R1 charger",)  # units without a BMS: all that is measured comes from the charger
WEEK_STEPS = 7 * 96
JULY = 181 * 96  # steps before 1 July
SCARCE = 0.25  # the quarter of the weeks in which the sun gives least
FROST_SHARE = 0.25  # of a week's sun that falls on a battery below 0 C: it cannot be stored


@dataclass(frozen=True, slots=True)
class Case:
    """One unit at one site for one year, in steps of 15 minutes from 1 July 00:00 UTC on.

    It begins in summer with a full battery, so that neither the first charge nor what is left at
    the end counts. From January on follows the first half of the same year.
    """

    name: str
    site: Site
    settings: Settings
    sun_w: Floats  # what the panels can give
    battery_c: Floats
    choices: tuple[Option, ...]

    @property
    def city(self) -> str:
        return self.site.city

    @property
    def steps(self) -> int:
        return len(self.sun_w)

    begins_day: int = 0
    whole: "Case | None" = None  # the year that this is a part of
    has_bms: bool = True

    def utc(self, step: int) -> datetime:
        """The start of that step."""
        begins = datetime(self.site.year, 7, 1, tzinfo=UTC) + timedelta(days=self.begins_day)
        return begins + step * timedelta(minutes=15)

    def part(self, first_day: int, days: int) -> "Case":
        """Some days of it."""
        steps = slice(first_day * 96, (first_day + days) * 96)
        return replace(
            self,
            sun_w=self.sun_w[steps],
            battery_c=self.battery_c[steps],
            begins_day=first_day,
            whole=self,
        )

    def find_following(self, days: int) -> "Case":
        """The days after its last one; after a year follows the same year."""
        year = self.whole or self
        first = self.begins_day * 96 + self.steps
        steps = np.arange(first, first + days * 96) % year.steps
        return replace(year, sun_w=year.sun_w[steps], battery_c=year.battery_c[steps])


def make_case(place: Site, unit: str) -> Case:
    """`unit` of `TILTS` at `place`."""
    settings = replace(
        SETTINGS[unit],
        site=SiteSettings(place.latitude_deg, place.longitude_deg, place.altitude_m),
    )
    return Case(
        f"{place.name} {unit}",
        place,
        settings,
        np.roll(place.sun, -JULY) * settings.panels.peak_w,
        smooth(np.roll(place.air_c, -JULY), WARMING_STEPS),
        list_options(settings),
        has_bms=unit not in CHARGER_ONLY,
    )


def make_cases(wanted: Sequence[tuple[str, str]]) -> list[Case]:
    """The cases named as (site, unit)."""
    return [make_case(load_site(name, TILTS[unit]), unit) for name, unit in wanted]


def find_scarce_weeks(case: Case) -> list[int]:
    """The weeks (from 0) in which the sun gives least: a quarter of all. Of a part of a year, those
    that have no more sun than the last of that quarter.
    """
    year = sum_sun_by_week(case.whole or case)
    most_wh = np.sort(year)[round(len(year) * SCARCE) - 1]
    return [week for week, wh in enumerate(sum_sun_by_week(case)) if wh <= most_wh]


def find_frost_weeks(case: Case) -> list[int]:
    """The weeks (from 0) that the cold makes scarce: much of their sun cannot be stored."""
    frozen = replace(case, sun_w=case.sun_w * (case.battery_c < 0))
    share = sum_sun_by_week(frozen) / np.maximum(sum_sun_by_week(case), 1e-9)
    return [int(week) for week in np.flatnonzero(share > FROST_SHARE)]


def sum_sun_by_week(case: Case) -> Floats:
    """Sums of the sun over whole weeks."""
    weeks = len(case.sun_w) // WEEK_STEPS
    return np.asarray(case.sun_w[: weeks * WEEK_STEPS].reshape(weeks, -1).sum(axis=1))


def smooth(values: Floats, steps: int) -> Floats:
    """First-order lag of `steps` steps, begun at the mean of the first ones."""
    out = np.empty_like(values)
    now, share = float(values[:steps].mean()), 1 / steps
    for place, value in enumerate(values):
        now += share * (value - now)
        out[place] = now
    return out


def r1(peak_w: float) -> Settings:
    """The trailer: Jetson, 2.56 kWh; 2 W to listen, up to 25 W of work."""
    return Settings(
        path=Path("bench.toml"),
        panels=PanelsSettings(peak_w, TILTS["R1"]),
        battery=BatterySettings(capacity_wh=2560, nominal_voltage_v=12.8, resistance_ohm=0.02),
        energy=EnergySettings(
            full_power_w=25,
            eco_power_w=10.74,
            sentinel_power_w=2,
            hibernate_power_w=0.3,
            sentinel_from_pct=14,
        ),
        computer=ComputerSettings(idle_w=2),
    )


def r2() -> Settings:
    """The container: one head, four GPU hosts of 60 W idle and 290 W, switched whole; 40 kWh."""
    host = SwitchSettings(runs_from=EnergyLevel.ECO, idle_w=60, full_w=290)
    return Settings(
        path=Path("bench.toml"),
        panels=PanelsSettings(12_000, TILTS["R2"]),
        battery=BatterySettings(capacity_wh=40_000, nominal_voltage_v=51.2, resistance_ohm=0.01),
        energy=EnergySettings(
            full_power_w=70 + 4 * 290,
            eco_power_w=360,
            sentinel_power_w=70,
            hibernate_power_w=5,
            sentinel_from_pct=14,
        ),
        computer=ComputerSettings(idle_w=70),
        switch={f"host-{number}": host for number in range(1, 5)},
    )


SETTINGS = {
    "R1": r1(600),
    "R1 half": r1(300),
    "R1 double": r1(1200),
    "R1 charger": r1(600),
    "R2": r2(),
}
assert STEP.total_seconds() == 900
