"""A winter's year with snow on the panels, by other models than the unit's.

Reads: tests/bench/energy/weather.py. Writes: nothing. Snow falls on cold, overcast days (drawn);
how it covers the panels and slides off is pvlib's form of NREL's model (Marion et al. 2013:
`coverage_nrel`, `dc_loss_nrel`).
Never: gives the unit the snow, the air's temperature or the coverage: it has its power readings and
its battery's temperature.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from pvlib import snow

from appliance.model import SolarDay
from tests.bench.energy.weather import Floats, Site
from tests.bench.panels.site_year import STEPS, TILT_DEG, Unit, interpolate, make_year

SNOW_BELOW_C = 1.0  # mean of a day
OVERCAST = 0.35  # of the usual sun of the month
SNOW_CHANCE, MOST_CM = 0.4, 12.0
THROUGH = 0.03  # of the light comes through
HOURS = 8760


@dataclass(frozen=True, slots=True)
class SnowYear:
    """The unit's rows, and of each day of the year the share of the light that snow took."""

    days: list[SolarDay]
    lost: Floats


def make_snow_year(site: Site, unit: Unit, *, snows: bool = True, seed: int = 1) -> SnowYear:
    """The rows of a year; without snow where `snows` is False."""
    loss = compute_loss(site, seed) if snows else np.zeros(HOURS)
    by_step = np.repeat(loss, 12)[:STEPS]
    days = make_year(site, unit, lambda _: 1 - by_step, seed=seed)
    light = np.maximum(interpolate(site.sun)[:STEPS], 0.0).reshape(365, 288)
    lost = (light * by_step.reshape(365, 288)).sum(axis=1) / np.maximum(light.sum(axis=1), 1e-9)
    return SnowYear(days, lost)


def compute_loss(site: Site, seed: int) -> Floats:
    """Which share of the power snow takes in each hour."""
    hours = pd.date_range(f"{site.year}-01-01", periods=HOURS, freq="h")
    sun = pd.Series(np.asarray(site.sun).reshape(HOURS, 4).mean(axis=1) * 1160.0, hours)
    air = pd.Series(np.asarray(site.air_c).reshape(HOURS, 4).mean(axis=1), hours)
    fallen = draw_snow(sun.to_numpy(), air.to_numpy(), np.random.default_rng(seed))
    covered = snow.coverage_nrel(pd.Series(fallen, hours), sun, air, TILT_DEG)
    return (1 - THROUGH) * np.asarray(snow.dc_loss_nrel(covered, 1))


def draw_snow(sun: Floats, air_c: Floats, random: np.random.Generator) -> Floats:
    """The fall of each hour (cm), at night and in the morning of cold, dark days."""
    fallen = np.zeros(HOURS)
    daily, mean_c = sun.reshape(365, 24).sum(axis=1), air_c.reshape(365, 24).mean(axis=1)
    for day in range(365):
        near = daily[max(0, day - 15) : day + 16]
        is_grey = daily[day] < OVERCAST * near.max()
        if is_grey and mean_c[day] < SNOW_BELOW_C and random.random() < SNOW_CHANCE:
            fallen[day * 24 : day * 24 + 6] = random.uniform(1.0, MOST_CM) / 6
    return fallen
