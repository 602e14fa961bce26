"""What the panels would give under a cloudless sky: the yardstick of planner and simulated sun.

Reads: site and panels from the settings. Writes: nothing.
Never: knows clouds, shade, dirt or temperature; and no resident process imports pvlib for it.

Model: simplified Solis (Ineichen 2008) with a fixed, average air, isotropic sky, 14 % losses. Of
pvlib's clear skies it is the lightest that gives beam and diffuse light together: it needs no
turbidity file (as Ineichen-Perez does, with h5py) and no decomposition (as Haurwitz does).
"""

from collections.abc import Sequence
from datetime import datetime

from appliance.settings import PanelsSettings, SiteSettings

STANDARD_W_M2 = 1000.0
LOSSES = 0.14  # PVWatts' default: dirt, wiring, mismatch, ageing
AEROSOL_DEPTH = 0.1  # at 700 nm: rural air
PRECIPITABLE_WATER_CM = 1.0


def clear_sky_power_w(
    site: SiteSettings, panels: PanelsSettings, times: Sequence[datetime]
) -> list[float]:
    """Power of the panels in W, one value per time (aware datetimes), 0 at night."""
    if not times:
        return []
    import pandas  # noqa: PLC0415, ICN001  (heavy: only where it works)
    from pvlib import atmosphere, clearsky, irradiance, solarposition  # noqa: PLC0415

    index = pandas.DatetimeIndex(pandas.to_datetime(list(times), utc=True))
    sun = solarposition.get_solarposition(
        index, site.latitude_deg, site.longitude_deg, altitude=site.altitude_m
    )
    sky = clearsky.simplified_solis(
        sun["apparent_elevation"],
        aod700=AEROSOL_DEPTH,
        precipitable_water=PRECIPITABLE_WATER_CM,
        pressure=atmosphere.alt2pres(site.altitude_m),
        dni_extra=irradiance.get_extra_radiation(index),
    )
    plane = irradiance.get_total_irradiance(
        panels.tilt_deg,
        panels.azimuth_deg,
        sun["apparent_zenith"],
        sun["azimuth"],
        sky["dni"],
        sky["ghi"],
        sky["dhi"],
    )
    share = plane["poa_global"].fillna(0.0).clip(lower=0.0) / STANDARD_W_M2
    return [float(power_w) for power_w in share * panels.peak_w * (1 - LOSSES)]
