"""What the planner believes of the days to come: sun, cloud, cold, as chances, never as promises.

Reads: nothing; power/plan/run.py brings the clear sky, the past days and a forecast if there is
one.
Writes: nothing; pure.
Never: needs a link. A forecast from outside only shifts the chances that the site itself gives.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from appliance.settings import Settings
from power.battery.voltage_curve import cold_unavailable_pct
from power.plan.weather_model import (
    CLASS_CLEARNESS,
    CLASS_COUNT,
    DayWeather,
    compute_chance_below,
    estimate_class_chances,
    predict_temperatures,
)

HORIZON_DAYS = 45  # ahead: as long as a large battery can bridge
HOURS = 24
FINE_DAYS = 2  # in blocks of `FINE_H`; later days are night, day, night
FINE_H = 2
MIN_SHADE_FACTOR, MAX_SHADE_FACTOR = 0.1, 1.2
SHADE_PRIOR_DAYS = 5.0  # an hour's shading must be seen for so many days to count half


@dataclass(frozen=True, slots=True)
class DayForecast:
    """What a forecast from outside says of one day: clearness (0 to 1) and its usual error."""

    clearness: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Interval:
    """Some hours of one day ahead, as the planner sees them.

    `clear_w`: mean power under a cloudless sky. `hidden_pct`: charge that the cold keeps back.
    `last`: the day ends with it.
    """

    starts: datetime
    hours: float
    clear_w: float
    day: int
    hidden_pct: float
    last: bool


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days to come. `skies[day][k]`: chance of each class of clearness; `cold[day]`: chance
    that the battery is too cold to be charged; both hold one day more than there are stretches for.
    """

    intervals: tuple[Interval, ...]
    weather: tuple[tuple[float, ...], ...]
    cold: tuple[float, ...]


def build_horizon(
    settings: Settings,
    midnight: datetime,
    clear_w: Sequence[float],
    past: Sequence[DayWeather],
    forecast: Mapping[int, DayForecast] | None = None,
) -> Horizon:
    """The outlook from the local solar `midnight` (UTC) on.

    `clear_w`: mean clear-sky power (W) of each hour from then on, for whole days, shading included.
    `past`: the days before, the last is yesterday. `told`: a forecast by day, 0 is today.
    """
    days = len(clear_w) // HOURS
    kilowatts = settings.panels.peak_w / 1000
    by_day = [clear_w[day * HOURS : (day + 1) * HOURS] for day in range(days)]
    skies = [sky(past, sum(day_w) / 1000 / kilowatts) for day_w in by_day]
    skies = [apply_forecast(one, (forecast or {}).get(day)) for day, one in enumerate(skies)]
    air = predict_temperatures(past, settings.site.latitude_deg, midnight, days + 1)
    blocks = settings.battery
    cold = tuple(
        compute_chance_below(0.0, *one) if is_frost_limited(settings) else 0.0 for one in air
    )
    stretches: list[Interval] = []
    for day, day_w in enumerate(by_day):
        mean_c, sigma_c = air[day]
        hidden = cold_unavailable_pct(blocks, mean_c - sigma_c / 2)
        for begin, end in split_day(day_w, fine=day < FINE_DAYS):
            stretches.append(
                Interval(
                    midnight + timedelta(days=day, hours=begin),
                    end - begin,
                    sum(day_w[begin:end]) / (end - begin),
                    day,
                    hidden,
                    last=end == HOURS,
                )
            )
    return Horizon(tuple(stretches), (*skies, skies[-1]), cold)


def split_day(day_w: Sequence[float], fine: bool) -> list[tuple[int, int]]:
    """The day cut into stretches: blocks of `FINE_H` hours, or night, day and night."""
    if fine:
        return [(hour, hour + FINE_H) for hour in range(0, HOURS, FINE_H)]
    lit = [hour for hour, power_w in enumerate(day_w) if power_w > 0]
    if not lit:
        return [(0, HOURS)]
    cuts = sorted({0, lit[0], lit[-1] + 1, HOURS})
    return list(pairwise(cuts))


def sky(past: Sequence[DayWeather], clear_kwh_per_kw: float) -> tuple[float, ...]:
    """The chance of each class on a day with that much cloudless sun."""
    return tuple(estimate_class_chances(past, clear_kwh_per_kw))


def apply_forecast(chances: tuple[float, ...], forecast: DayForecast | None) -> tuple[float, ...]:
    """The chances after a forecast was heard: weighed by how well each class agrees with it."""
    if forecast is None:
        return chances
    weights = [
        chance
        * math.exp(-0.5 * ((CLASS_CLEARNESS[place] - forecast.clearness) / forecast.sigma) ** 2)
        for place, chance in enumerate(chances)
    ]
    total = sum(weights)
    return tuple(weight / total for weight in weights) if total > 0 else chances


def is_frost_limited(settings: Settings) -> bool:
    """Whether this battery must not be charged below 0 C."""
    return settings.battery.chemistry.value == "lfp"


def estimate_shade_factors(
    days: Sequence[Mapping[str, float]], clearness: Sequence[float]
) -> list[float]:
    """Factor on the clear sky for each local solar hour: what trees, dirt and masts take.

    `days[i]` holds measured over clear-sky energy by hour ("9": 0.4), `clearness[i]` the day's. An
    hour that gives less than its day, again and again, is shaded; one that nobody saw is not.
    """
    found = []
    for hour in range(HOURS):
        shares = [
            day[str(hour)] / clear
            for day, clear in zip(days, clearness, strict=True)
            if str(hour) in day and clear > 0.5
        ]
        seen = len(shares)
        middle = sorted(shares)[seen // 2] if seen else 1.0
        factor = (seen * middle + SHADE_PRIOR_DAYS) / (seen + SHADE_PRIOR_DAYS)
        found.append(min(MAX_SHADE_FACTOR, max(MIN_SHADE_FACTOR, factor)))
    return found


assert len(CLASS_CLEARNESS) == CLASS_COUNT
