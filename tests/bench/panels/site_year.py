"""A year of one site's panels, day by day, as the unit stores it; sound, or with a fault.

Reads: tests/bench/energy/weather.py. Writes: nothing.
Never: gives the check what a unit does not have: a full or cold battery hides what the panels could
give, and readings are noisy and in whole watts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import islice

import numpy as np

from appliance.model import SolarDay, Stamp
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.plan import history, yield_loss
from power.plan.array_check import check_array
from power.plan.array_yield import HistoryPoint, HistoryPoints, add_yield
from power.plan.clear_sky import compute_clear_sky_w
from tests.bench.energy.weather import Floats, Site, load_site

TILT_DEG = 35.0
STEP, STEP_H = timedelta(minutes=5), 1 / 12
NOISE_SHARE = 0.01
PANEL_V, WARMING_STEPS = 30.0, 96
STEPS = 365 * 288
LEAST_STEPS = 280  # of a day: a clock that jumps leaves out a few
Health = Callable[[Floats], Floats]  # day of the year -> share of the light that counts


@dataclass(frozen=True, slots=True)
class Unit:
    """Panels (W), battery (Wh) and loads (W): how much of the yield is curtailed. `charges_from_c`:
    of the battery; lead-acid is charged in frost.
    """

    peak_w: float
    capacity_wh: float
    load_w: float
    charges_from_c: float = 0.0


UNITS = {
    "never curtailed": Unit(600, 1e9, 10),
    "large loads": Unit(600, 2560, 60),
    "usual": Unit(600, 2560, 15),
    "small": Unit(120, 640, 4),
}


def be_sound(day: Floats) -> Floats:
    return np.ones_like(day)


def make_year(
    site: Site, unit: Unit, health: Health = be_sound, *, since: int = 0, seed: int = 1
) -> list[SolarDay]:
    """The rows of the whole days of a year from the day number `since` on."""
    settings = make_settings(site, unit)
    year = make_sun(site, settings, seed)
    sun_w = np.round(year.sun_w * health(np.arange(STEPS) / 288) * year.noise)
    pv_w, throttled, battery_c = charge(unit, sun_w, year.air_c)
    days: dict[date, HistoryPoints] = {}
    rows = zip(year.starts, pv_w, throttled, battery_c, strict=True)
    for at, watts, held, celsius in islice(rows, since * 288, None):
        point = HistoryPoint(
            STEP_H,
            pv_power_w=watts,
            temperature_c=celsius,
            throttled=held,
            pv_voltage_v=PANEL_V,
        )
        days.setdefault(history.to_solar_date(at, settings), {})[at] = point
    return make_rows(days, settings)


@dataclass(frozen=True, slots=True)
class SunYear:
    """What sound panels could give in each step (W), the air, and the noise of the readings."""

    starts: list[datetime]
    sun_w: Floats
    air_c: Floats
    noise: Floats


KNOWN_YEARS: dict[tuple[str, float, int], SunYear] = {}


def make_sun(site: Site, settings: Settings, seed: int) -> SunYear:
    """The year of a site and its panels, computed once."""
    key = site.name, settings.panels.peak_w, seed
    if key not in KNOWN_YEARS:
        starts = [datetime(site.year, 1, 1, tzinfo=UTC) + STEP * step for step in range(STEPS)]
        middles = [at + STEP / 2 for at in starts]
        clear_w = np.array(compute_clear_sky_w(settings.site, settings.panels, middles))
        noise = 1 + NOISE_SHARE * np.random.default_rng(seed).standard_normal(STEPS)
        sun_w = clear_w * interpolate_ratio(site, settings)
        KNOWN_YEARS.clear()
        KNOWN_YEARS[key] = SunYear(starts, sun_w, interpolate(site.air_c), noise)
    return KNOWN_YEARS[key]


def make_rows(days: dict[date, HistoryPoints], settings: Settings) -> list[SolarDay]:
    """The rows of the days of which nearly each step is known, the oldest first."""
    whole = {day: days[day] for day in sorted(days) if len(days[day]) >= LEAST_STEPS}
    hourly_w = history.compute_clear_days(settings, compute_clear_sky_w, list(whole))
    return [
        add_yield(
            history.make_day(Stamp(min(points), "b", 1.0), day, points, hourly_w[day], settings),
            points,
            settings,
            compute_clear_sky_w,
        )
        for day, points in whole.items()
    ]


def make_settings(site: Site, unit: Unit) -> Settings:
    """What the unit knows of itself."""
    place = SiteSettings(site.latitude_deg, site.longitude_deg, site.altitude_m)
    return replace(Settings(), site=place, panels=PanelsSettings(unit.peak_w, TILT_DEG))


def interpolate(values: Floats) -> Floats:
    """Steps of 15 minutes as steps of 5."""
    places = (np.arange(STEPS) - 1) / 3
    return np.asarray(np.interp(places, np.arange(len(values)), values))


def interpolate_ratio(site: Site, settings: Settings) -> Floats:
    """What the site's sun gave over the clear sky's model."""
    middles = [
        datetime(site.year, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * step + 7.5)
        for step in range(len(site.sun))
    ]
    peak_w = settings.panels.peak_w
    clear_w = np.array(compute_clear_sky_w(settings.site, settings.panels, middles))
    lit = clear_w > 0.01 * peak_w
    return interpolate(np.where(lit, site.sun * peak_w / np.maximum(clear_w, 1e-9), 0.0))


def charge(unit: Unit, sun_w: Floats, air_c: Floats) -> tuple[list[float], list[bool], list[float]]:
    """What the panels then give, when that is less than they could, and the battery's warmth."""
    held_wh, celsius = 0.6 * unit.capacity_wh, float(air_c[0])
    pv_w, throttled, battery_c = [], [], []
    for watts, air in zip(sun_w.tolist(), air_c.tolist(), strict=True):
        celsius += (air - celsius) / WARMING_STEPS
        room_w = 0.0 if celsius < unit.charges_from_c else (unit.capacity_wh - held_wh) / STEP_H
        given_w = min(watts, unit.load_w + room_w)
        held_wh = max(0.0, held_wh + (given_w - unit.load_w) * STEP_H)
        pv_w.append(given_w)
        throttled.append(given_w < watts or celsius < unit.charges_from_c)
        battery_c.append(celsius)
    return pv_w, throttled, battery_c


def follow(
    days: list[SolarDay], settings: Settings, since: int = 1, *, to_first: bool = False
) -> list[tuple[int, str]]:
    """The check after each day from `since` on: (number of the day, code) where there is a fault.
    The fault that is open is known to it, as on a unit. `to_first`: only as far as to the first.
    """
    found: list[tuple[int, str]] = []
    codes: tuple[str, ...] = ()
    for count in range(since, len(days) + 1):
        fault = check_array(days[:count], None, settings, codes)
        codes = (fault.code,) if fault else ()
        found += [(count - 1, fault.code)] if fault else []
        if found and to_first:
            break
    return found


def remember_sound_shares() -> None:
    """Each day of the year is asked for hundreds of times here, and once on a unit."""
    yield_loss.compute_sound_share = lru_cache(None)(yield_loss.compute_sound_share)


def repeat_before(days: list[SolarDay]) -> list[SolarDay]:
    """The same year a year earlier: what the unit has seen of the site."""
    return [replace(day, day=day.day - timedelta(days=365)) for day in days]


def load(name: str) -> Site:
    """The weather of a site."""
    return load_site(name, TILT_DEG)
