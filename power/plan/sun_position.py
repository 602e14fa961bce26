"""Where the sun stands, and how much light reaches the air: formulas of time and place.

Reads and writes: nothing; pure. Imports numpy.
Never: considers the air's clouds or the panels (power/plan/clear_sky.py does).

Position: the Astronomical Almanac's low-precision formulas (Michalsky, Solar Energy 40, 1988),
0.01 degrees until 2050.
"""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from appliance.settings import SiteSettings

Floats = NDArray[np.float64]

SOLAR_CONSTANT_W_M2 = 1366.1
SUN_RADIUS_DEG, HORIZON_REFRACTION_DEG = 0.26667, 0.5667
AIR_C = 12.0
J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def compute_sun_position(
    times: Sequence[datetime], site: SiteSettings, pressure_pa: float
) -> tuple[Floats, Floats]:
    """Apparent elevation and azimuth (clockwise from north), radians, one value per time."""
    days = np.array([(time - J2000).total_seconds() / 86400 for time in times])
    right_ascension, declination = compute_equatorial(days)
    hour_angle = np.radians(280.46061837 + 360.98564736629 * days + site.longitude_deg)
    hour_angle -= right_ascension
    latitude = math.radians(site.latitude_deg)
    elevation = np.arcsin(
        math.sin(latitude) * np.sin(declination)
        + math.cos(latitude) * np.cos(declination) * np.cos(hour_angle)
    )
    azimuth = np.arctan2(
        -np.sin(hour_angle),
        np.tan(declination) * math.cos(latitude) - math.sin(latitude) * np.cos(hour_angle),
    )
    return elevation + compute_refraction(elevation, pressure_pa), azimuth


def compute_equatorial(days: Floats) -> tuple[Floats, Floats]:
    """Right ascension and declination of the sun, radians; `days` since J2000."""
    anomaly = np.radians(357.528 + 0.9856003 * days)
    longitude = np.radians(
        280.460 + 0.9856474 * days + 1.915 * np.sin(anomaly) + 0.020 * np.sin(2 * anomaly)
    )
    obliquity = np.radians(23.439 - 4e-7 * days)
    right_ascension = np.arctan2(np.cos(obliquity) * np.sin(longitude), np.cos(longitude))
    return right_ascension, np.arcsin(np.sin(obliquity) * np.sin(longitude))


def compute_refraction(elevation: Floats, pressure_pa: float) -> Floats:
    """How much the air lifts the sun, radians (Meeus 1998, as NREL's algorithm has it)."""
    degrees = np.degrees(elevation)
    risen = degrees >= -(SUN_RADIUS_DEG + HORIZON_REFRACTION_DEG)
    above = np.where(risen, degrees, 0.0)
    lift_deg = 1.02 / (60 * np.tan(np.radians(above + 10.3 / (above + 5.11))))
    density = pressure_pa / 101000 * 283 / (273 + AIR_C)
    return np.radians(np.where(risen, density * lift_deg, 0.0))


def compute_extraterrestrial_w_m2(times: Sequence[datetime]) -> Floats:
    """Sunlight outside the air, on a plane that faces the sun (Spencer 1971)."""
    day_of_year = np.array([time.astimezone(UTC).timetuple().tm_yday for time in times])
    angle = 2 * math.pi / 365 * (day_of_year - 1)
    return SOLAR_CONSTANT_W_M2 * (
        1.00011
        + 0.034221 * np.cos(angle)
        + 0.00128 * np.sin(angle)
        + 0.000719 * np.cos(2 * angle)
        + 7.7e-05 * np.sin(2 * angle)
    )
