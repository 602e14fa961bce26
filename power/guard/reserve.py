"""What is kept back to stay alive through dark, cold days: for how many, and how much that is.

Reads and writes: nothing; pure: settings, wall clock and the last full charge.
Never: keeps more than 30 % of the battery: nothing would be left to work with.

The settings' `reserve_days` are those of a midwinter at 45 degrees. Elsewhere, and in other months,
they go with the light: under an overcast sky what light there is, is diffuse, and over a day it
goes with the sun's irradiation of level ground above the air. Half the light, twice the days.
"""

import math
from datetime import datetime
from functools import lru_cache

from appliance.settings import BatterySettings, EnergySettings, Settings

LARGEST_RESERVE = 0.3  # of the capacity: a larger reserve would leave nothing to work with
FEWEST_DAYS, MOST_DAYS = 3.0, 14.0
USUAL_GAP_DAYS = 3  # without a full charge, anywhere
REFERENCE_DEG, MIDWINTER = 45.0, 355  # day of the year: 21 December
DARK = 1e-6  # a polar night
FIRST_YEAR = 2024  # a clock from before this code was written has lost its battery


def compute_reserve_days(
    settings: Settings, utc: datetime, full_at: datetime | None, *, confirmed: bool
) -> float:
    """Days that the reserve must last now: by latitude and season, and how long ago it was full.

    Each day beyond the third without a full charge adds one, up to twice the days: then the sun is
    scarcer than the calendar says. A last full charge that is not known, or is yet to come, adds
    none. With a wall clock that is plainly wrong the settings' figure holds as it is; with one that
    no time server has `confirmed` in this boot it is the least: it may be another season.
    """
    wanted = settings.energy.reserve_days
    if utc.year < FIRST_YEAR or utc.tzinfo is None:
        return wanted
    days = scale_to_season(wanted, settings.site.latitude_deg, utc.toordinal())
    days = days if confirmed else max(wanted, days)
    if full_at is None or full_at.tzinfo is None:
        return days
    return min(2 * days, days + max(0, (utc - full_at).days - USUAL_GAP_DAYS))


@lru_cache(maxsize=4)
def scale_to_season(wanted: float, latitude_deg: float, ordinal: int) -> float:
    """The settings' days moved to this latitude and day; 3 to 14, unless the settings say less or
    more. `ordinal` as of `date.toordinal`.
    """
    light = compute_daily_irradiation(
        latitude_deg, datetime.fromordinal(ordinal).timetuple().tm_yday
    )
    days = wanted * compute_daily_irradiation(REFERENCE_DEG, MIDWINTER) / max(light, DARK)
    return min(max(MOST_DAYS, wanted), max(min(FEWEST_DAYS, wanted), days))


def compute_daily_irradiation(latitude_deg: float, day_of_year: int) -> float:
    """A day's irradiation of level ground above the air, in solar constants times 24 h / pi.

    Allen et al. (1998), FAO paper 56, equations 21 and 23 to 25. 0 in the polar night.
    """
    angle = 2 * math.pi * day_of_year / 365
    latitude, declination = math.radians(latitude_deg), 0.409 * math.sin(angle - 1.39)
    sunset = math.acos(min(1.0, max(-1.0, -math.tan(latitude) * math.tan(declination))))
    up = sunset * math.sin(latitude) * math.sin(declination)
    across = math.cos(latitude) * math.cos(declination) * math.sin(sunset)
    return max(0.0, (1 + 0.033 * math.cos(angle)) * (up + across))


def compute_reserve_wh(
    battery: BatterySettings, energy: EnergySettings, days: float | None = None
) -> float:
    """Energy that hibernating through `days` takes (left out: the settings' figure); at most 30 %
    of the capacity.
    """
    wanted_wh = energy.hibernate_power_w * 24 * (energy.reserve_days if days is None else days)
    return min(wanted_wh, LARGEST_RESERVE * battery.capacity_wh)
