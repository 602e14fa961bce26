"""One day of the site as the unit's own panels saw it, from hourly means.

Reads and writes: nothing; pure.
Never: takes a throttled hour for a cloudy one: while the battery is full, or too cold to be
charged, the panels say nothing about the weather.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.model import SolarDay, Stamp
from power.plan.weather_model import DayWeather

HOURS = 24
MIN_SHADE_FACTOR, MAX_SHADE_FACTOR = 0.1, 1.2
SHADE_PRIOR_DAYS = 5.0  # an hour's shade must be seen on so many days to count half
MIN_SEEN_SHARE = 0.2  # of a cloudless day's energy: less proves nothing about the day
MIN_LIT_SHARE = 0.02  # of the day's best hour: a darker hour shows nothing about shade
SHADE_DAYS = 45
MAX_SHARE_OF_PEAK = 1.3  # the edge of a cloud in the cold


@dataclass(frozen=True, slots=True)
class HourMean:
    """What was measured in one hour while the panels were not throttled: mean power, and of the
    whole hour the share that was measured.
    """

    mean_w: float
    seen_share: float


def filter_sun_w(power_w: float | None, peak_w: float) -> float | None:
    """The panels' power, or None where no such panels can give it: a torn word would teach a sun
    that never shone.
    """
    if power_w is None or not 0 <= power_w <= MAX_SHARE_OF_PEAK * peak_w:
        return None
    return power_w


def make_sun_day(
    stamp: Stamp,
    day: datetime,
    hours: Mapping[int, HourMean],
    *,
    clear_w: Sequence[float],
    temperatures_c: Sequence[float],
) -> SolarDay:
    """`hours` by local solar hour (0 to 23), `clear_w` the cloudless means of the same hours."""
    lit = MIN_LIT_SHARE * max(clear_w, default=0.0)
    seen = {hour: one for hour, one in hours.items() if clear_w[hour] > lit and one.seen_share > 0}
    return SolarDay(
        stamp=stamp,
        day=day,
        measured_wh=sum(one.mean_w * one.seen_share for one in seen.values()),
        clear_wh=sum(clear_w[hour] * one.seen_share for hour, one in seen.items()),
        hours={str(hour): one.mean_w / clear_w[hour] for hour, one in seen.items()},
        coldest_c=min(temperatures_c, default=None),
        warmest_c=max(temperatures_c, default=None),
    )


def summarise_weather(day: SolarDay, clear_wh: float) -> DayWeather:
    """What the planner takes from a day whose cloudless energy was `clear_wh`."""
    known = clear_wh > 0 and day.clear_wh >= MIN_SEEN_SHARE * clear_wh
    warmth_c = None
    if day.coldest_c is not None and day.warmest_c is not None:
        warmth_c = (day.coldest_c + day.warmest_c) / 2
    return DayWeather(day.measured_wh / day.clear_wh if known else None, warmth_c)


def estimate_shade(days: Sequence[SolarDay]) -> tuple[float, ...]:
    """The site's shade by local solar hour, from its last days."""
    last = [day for day in days[-SHADE_DAYS:] if day.clear_wh > 0 and day.measured_wh > 0]
    return tuple(
        estimate_shade_factors(
            [day.hours for day in last], [day.measured_wh / day.clear_wh for day in last]
        )
    )


def estimate_shade_factors(
    days: Sequence[Mapping[str, float]], clear_sky_index: Sequence[float]
) -> list[float]:
    """Factor on the clear sky for each local solar hour: what trees, dirt and masts take.

    `days[i]` holds measured over clear-sky energy by hour ("9": 0.4), `clear_sky_index[i]` the
    day's. An hour that gives less than its day, again and again, is shaded; one that nobody saw is
    not.
    """
    found = []
    for hour in range(HOURS):
        shares = [
            day[str(hour)] / clear
            for day, clear in zip(days, clear_sky_index, strict=True)
            if str(hour) in day and clear > 0.5
        ]
        seen = len(shares)
        middle = sorted(shares)[seen // 2] if seen else 1.0
        factor = (seen * middle + SHADE_PRIOR_DAYS) / (seen + SHADE_PRIOR_DAYS)
        found.append(min(MAX_SHADE_FACTOR, max(MIN_SHADE_FACTOR, factor)))
    return found
