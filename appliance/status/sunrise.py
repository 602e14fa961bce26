"""When the sun rises next at the site.

    find_next_sunrise(now, latitude_deg=45.0, longitude_deg=25.0)

Reads and writes: nothing; pure. The formulas are those of NOAA's solar calculator without the small
terms (a minute or two between the polar circles).
Never: knows hills, clouds or panels; the plan does.
"""

import math
from datetime import UTC, datetime, timedelta

HORIZON_DEG = -0.833  # the sun's upper edge, lifted by the air
J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def find_next_sunrise(
    now: datetime, *, latitude_deg: float, longitude_deg: float
) -> datetime | None:
    """The first sunrise after `now`, UTC; None where there is none within a day and a half."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    days = (noon + number * DAY for number in (-1, 0, 1, 2))
    found = (find_sunrise(day, latitude_deg, longitude_deg) for day in days)
    later = [rise for rise in found if rise is not None and now < rise <= now + 1.5 * DAY]
    return later[0] if later else None


def find_sunrise(noon: datetime, latitude_deg: float, longitude_deg: float) -> datetime | None:
    """The sunrise before the solar noon that is nearest to `noon` (UTC) of that day."""
    transit = noon - timedelta(hours=longitude_deg / 15)
    declination, equation = compute_sun((transit - J2000) / DAY)
    latitude = math.radians(latitude_deg)
    cosine = (
        math.sin(math.radians(HORIZON_DEG)) - math.sin(latitude) * math.sin(declination)
    ) / max(1e-9, math.cos(latitude) * math.cos(declination))
    if not -1 <= cosine <= 1:  # it stays above the horizon, or below
        return None
    half_day = timedelta(hours=math.degrees(math.acos(cosine)) / 15)
    return transit - equation - half_day


def is_sun_up(now: datetime, *, latitude_deg: float, longitude_deg: float) -> bool:
    """Whether the sun's upper edge is above the horizon."""
    declination, ahead = compute_sun((now - J2000) / DAY)
    turn = (now + timedelta(hours=longitude_deg / 15) + ahead - J2000) / DAY
    latitude = math.radians(latitude_deg)
    sine = math.sin(latitude) * math.sin(declination)
    sine += math.cos(latitude) * math.cos(declination) * math.cos(2 * math.pi * turn)
    return sine >= math.sin(math.radians(HORIZON_DEG))


def compute_sun(days: float) -> tuple[float, timedelta]:
    """The sun's declination (radians), and how far a sundial is ahead; `days` since J2000."""
    anomaly = math.radians(357.529 + 0.98560028 * days)
    mean_deg = 280.459 + 0.98564736 * days
    longitude = math.radians(mean_deg + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    obliquity = math.radians(23.439)
    declination = math.asin(math.sin(obliquity) * math.sin(longitude))
    right_deg = math.degrees(
        math.atan2(math.cos(obliquity) * math.sin(longitude), math.cos(longitude))
    )
    ahead_deg = (mean_deg - right_deg + 180) % 360 - 180
    return declination, timedelta(hours=ahead_deg / 15)
