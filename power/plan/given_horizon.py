"""What hides the sun at the site, as a technician has seen it: `[site] horizon`.

    hidden = find_hidden_by(site.horizon, light.elevation, light.azimuth)

Reads and writes: nothing; pure. Imports numpy.
Never: hides the light of the whole sky, only the sun itself.
"""

import numpy as np
from numpy.typing import NDArray

from appliance.settings import SkyPoints
from power.plan.sun_position import Floats


def find_elevation_deg(horizon: SkyPoints, azimuth_deg: Floats) -> Floats:
    """How high it stands in each direction: straight between two points, also across the north."""
    if not horizon:
        return np.zeros_like(azimuth_deg)
    points = sorted(horizon)
    azimuths = [azimuth for azimuth, _ in points]
    elevations = [elevation for _, elevation in points]
    return np.asarray(np.interp(azimuth_deg, azimuths, elevations, period=360.0))


def find_hidden_by(horizon: SkyPoints, elevation: Floats, azimuth: Floats) -> NDArray[np.bool_]:
    """Whether the sun (radians) is behind it."""
    below_deg = find_elevation_deg(horizon, np.degrees(azimuth) % 360)
    return np.asarray((below_deg > 0) & (np.degrees(elevation) < below_deg))
