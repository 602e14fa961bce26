"""What the panels would give under a cloudless sky: the yardstick of planner and simulated sun.

Reads: site and panels from the settings. Writes: nothing. Imports numpy.
Never: considers clouds, dirt or temperature, or another shade than the horizon of the settings.

Sky: simplified Solis (Ineichen, Solar Energy 82, 2008) with a fixed, average air. Panels:
isotropic diffuse light, 14 % losses. pvlib has the same chain and is the reference: the test holds
both equal to 0.1 %. It is written out here so that a unit needs no pandas and scipy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from appliance.settings import PanelsSettings, SiteSettings
from power.plan.given_horizon import find_hidden_by
from power.plan.sun_position import Floats, compute_extraterrestrial_w_m2, compute_sun_position

STANDARD_W_M2 = 1000.0
LOSSES = 0.14  # PVWatts' default: dirt, wiring, mismatch, ageing
AEROSOL_DEPTH = 0.1  # at 700 nm: rural air; other coefficients hold below 0.05
PRECIPITABLE_WATER_CM = 1.0  # the formulas' logarithm of it is 0, and left out
ALBEDO = 0.25  # share of the light that the ground throws back
SEA_LEVEL_PA = 101325.0

Angles = float | Floats


@dataclass(frozen=True, slots=True)
class ClearLight:
    """The light of a cloudless sky at some times: W/m2, and where the sun stands (radians)."""

    elevation: Floats
    azimuth: Floats
    direct: Floats
    total: Floats
    diffuse: Floats


def compute_clear_sky_w(
    site: SiteSettings, panels: PanelsSettings, times: Sequence[datetime]
) -> list[float]:
    """Power of the panels in W, one value per time (aware datetimes), 0 at night."""
    if not times:
        return []
    light = compute_clear_light(site, times)
    hidden = find_hidden_by(site.horizon, light.elevation, light.azimuth)
    light = replace(light, direct=np.where(hidden, 0.0, light.direct))
    plane = compute_plane_w_m2(light, panels.tilt_deg, panels.get_azimuth_deg(site))
    watts = plane / STANDARD_W_M2 * panels.peak_w * (1 - LOSSES)
    return [float(power_w) for power_w in watts]


def compute_clear_light(
    site: SiteSettings, times: Sequence[datetime], aerosol: float = AEROSOL_DEPTH
) -> ClearLight:
    """The light at these times; `direct` on a plane that faces the sun, the others on the ground.
    `aerosol`: the air's optical depth at 700 nm, 0.05 to 0.45.
    """
    pressure_pa = compute_pressure_pa(site.altitude_m)
    elevation, azimuth = compute_sun_position(times, site, pressure_pa)
    outside_w_m2 = compute_extraterrestrial_w_m2(times)
    direct, total, diffuse = compute_solis_w_m2(
        elevation, outside_w_m2, pressure_pa, aerosol=aerosol
    )
    return ClearLight(elevation, azimuth, direct, total, diffuse)


def compute_plane_w_m2(light: ClearLight, tilt_deg: Angles, azimuth_deg: Angles) -> Floats:
    """The light on a tilted plane, W/m2. The angles are numbers, or columns of many planes."""
    tilt = np.radians(tilt_deg)
    towards_sun = np.sin(light.elevation) * np.cos(tilt) + np.cos(light.elevation) * np.sin(
        tilt
    ) * np.cos(light.azimuth - np.radians(azimuth_deg))
    return np.asarray(
        light.direct * np.maximum(towards_sun, 0)
        + light.diffuse * (1 + np.cos(tilt)) / 2
        + light.total * ALBEDO * (1 - np.cos(tilt)) / 2
    )


def compute_pressure_pa(altitude_m: float) -> float:
    """Mean air pressure (Pa) at an altitude."""
    return float(100 * ((44331.514 - altitude_m) / 11880.516) ** (1 / 0.1902632))


def compute_solis_w_m2(
    elevation: Floats, outside_w_m2: Floats, pressure_pa: float, *, aerosol: float
) -> tuple[Floats, Floats, Floats]:
    """Direct (on a plane that faces the sun), total and diffuse (on the ground) light, W/m2."""
    water = PRECIPITABLE_WATER_CM
    log_pressure = math.log(pressure_pa / SEA_LEVEL_PA)
    enhanced = outside_w_m2 * (0.12 * aerosol**2 + 0.97 * aerosol + 1.08 + 0.071 * log_pressure)
    direct_depth = 1.82 * aerosol + 0.33 + (0.0089 * water + 0.13) * log_pressure
    direct_power = -0.7565 * aerosol**2 + 0.5057 * aerosol + 0.4557
    total_depth = 1.24 * aerosol + 0.27 + (0.0079 * water + 0.1) * log_pressure
    total_power = -0.3079 * aerosol**2 + 0.2846 * aerosol + 0.3798
    diffuse_depth = (
        (-0.21 * water + 11.6) * aerosol**4
        + (0.27 * water - 20.7) * aerosol**3
        + (-0.134 * water + 15.5) * aerosol**2
        + (0.0554 * water - 5.71) * aerosol
        + 0.0057 * water
        + 2.94
        - 0.71 * (1 + aerosol) ** -15.0 * log_pressure
    )
    diffuse_power = -0.337 * aerosol**2 + 0.63 * aerosol + 0.116
    diffuse_power += log_pressure / (18 + 152 * aerosol)
    height = np.maximum(1e-30, np.sin(elevation))
    return (
        enhanced * np.exp(-direct_depth / height**direct_power),
        enhanced * np.exp(-total_depth / height**total_power) * height,
        enhanced * np.exp(-diffuse_depth / height**diffuse_power),
    )
