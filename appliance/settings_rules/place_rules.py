"""What stands around the site: points of a horizon that mean something.

Reads and writes: nothing; pure.
Never: takes a horizon of which nobody can say how high it is in some direction.
"""

from collections import Counter
from collections.abc import Iterator

from appliance.settings import Settings, SkyPoints
from appliance.settings_rules.places import Error
from appliance.wording.sentence import Sentence, say

MOST_POINTS = 72  # one for each 5 degrees
HIGHEST_DEG = 80.0


def check_horizon(settings: Settings) -> Iterator[Error]:
    """Each point is a direction and a height."""
    fault = find_horizon_fault(settings.site.horizon)
    if fault is not None:
        yield ("site", "horizon"), fault


def find_horizon_fault(horizon: SkyPoints) -> Sentence | None:
    """Why it means nothing; None where it means something."""
    if len(horizon) > MOST_POINTS:
        return say("has {count} points: give at most {most}", count=len(horizon), most=MOST_POINTS)
    for azimuth_deg, elevation_deg in horizon:
        if not (0 <= azimuth_deg < 360 and 0 <= elevation_deg <= HIGHEST_DEG):
            return say(
                "has the point {azimuth_deg:g}, {elevation_deg:g}: give degrees clockwise from "
                "north (0 to 359), then degrees above the level (0 to {highest_deg:.0f})",
                azimuth_deg=azimuth_deg,
                elevation_deg=elevation_deg,
                highest_deg=HIGHEST_DEG,
            )
    azimuth_deg, count = max(
        Counter(azimuth for azimuth, _ in horizon).items(), key=lambda one: one[1], default=(0, 0)
    )
    if count > 1:
        return say(
            "has {count} points at {azimuth_deg:g} degrees: give one for each direction",
            count=count,
            azimuth_deg=azimuth_deg,
        )
    return None
