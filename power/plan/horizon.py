"""The weather horizon: sun, cloud and cold of the days to come, as chances.

Reads: nothing; power/plan/run.py brings the clear sky, the past days and a forecast if there is
one. Writes: nothing; pure.
Never: needs a link. A forecast from outside only shifts the chances that the site itself gives.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from appliance.chemistry import get_profile
from appliance.sections.loads import RunsWhen
from appliance.settings import Settings
from power.battery.voltage_curve import compute_cold_unavailable_pct
from power.plan.snow import cover, predict_covered
from power.plan.weather_model import (
    CLASS_CLEAR_SKY_INDEX,
    CLASS_COUNT,
    DayWeather,
    compute_chance_below,
    estimate_class_chances,
    predict_temperatures,
)

HORIZON_DAYS = 45  # as long as a large battery can bridge
HOURS = 24
FINE_DAYS = 2  # in intervals of `FINE_H`; later days are night, day, night
FINE_H = 2


@dataclass(frozen=True, slots=True)
class DayForecast:
    """A forecast from outside for one day: clear-sky index (0 to 1) and its usual error."""

    clear_sky_index: float
    sigma: float


@dataclass(frozen=True, slots=True)
class Interval:
    """Some hours of one day ahead, one stage of the solver.

    `clear_w`: mean clear-sky power. `hidden_pct`: charge that the cold keeps back. `last`: the day
    ends with it. `heat_w`: what heaters of lenses and windows take in the mean.
    """

    starts: datetime
    hours: float
    clear_w: float
    day: int
    hidden_pct: float
    last: bool
    heat_w: float = 0.0


@dataclass(frozen=True, slots=True)
class Horizon:
    """The days to come. `weather[day][k]`: chance of each weather class; `cold[day]`: chance that
    the battery is too cold to be charged; `covered[day]`: chance that snow lies on the panels, in
    `weather` already. All hold one day more than there are intervals for.
    """

    intervals: tuple[Interval, ...]
    weather: tuple[tuple[float, ...], ...]
    cold: tuple[float, ...]
    covered: tuple[float, ...]


def build_horizon(
    settings: Settings,
    midnight: datetime,
    clear_w: Sequence[float],
    past: Sequence[DayWeather],
    forecast: Mapping[int, DayForecast] | None = None,
    *,
    covered: float = 0.0,
) -> Horizon:
    """The horizon from the local solar `midnight` (UTC) on.

    `clear_w`: mean clear-sky power (W) of each hour from then on, for whole days, shade included.
    `past`: the days before, yesterday last. `forecast`: by day, 0 is today. `covered`: the chance
    that snow covers the panels today.
    """
    by_day = [clear_w[first : first + HOURS] for first in range(0, len(clear_w) - HOURS + 1, HOURS)]
    weather = [
        estimate_weather(settings, day_w, past, (forecast or {}).get(day))
        for day, day_w in enumerate(by_day)
    ]
    air = predict_temperatures(past, settings.site.latitude_deg, midnight, len(by_day) + 1)
    snow = predict_covered(covered, air)
    weather = [cover(*one) for one in zip((*weather, weather[-1]), snow, strict=True)]
    frost_limited = get_profile(settings.battery).is_harmed_by_frost
    cold = tuple(compute_chance_below(0.0, *one) if frost_limited else 0.0 for one in air)
    intervals: list[Interval] = []
    for day, day_w in enumerate(by_day):
        mean_c, sigma_c = air[day]
        hidden = compute_cold_unavailable_pct(settings.battery, mean_c - sigma_c / 2)
        heat_w = estimate_heat_w(settings, mean_c, sigma_c)
        intervals += make_intervals(
            day, midnight + timedelta(days=day), day_w, hidden=hidden, heat_w=heat_w
        )
    return Horizon(tuple(intervals), tuple(weather), cold, tuple(snow))


def make_intervals(
    day: int,
    midnight: datetime,
    day_w: Sequence[float],
    *,
    hidden: float,
    heat_w: Mapping[RunsWhen, float],
) -> list[Interval]:
    """The intervals of one day; `midnight` is its start, `day_w` its hourly clear-sky power."""
    return [
        Interval(
            starts=midnight + timedelta(hours=begin),
            hours=end - begin,
            clear_w=sum(day_w[begin:end]) / (end - begin),
            day=day,
            hidden_pct=hidden,
            last=end == HOURS,
            heat_w=heat_w[RunsWhen.FROST] + heat_w[RunsWhen.DEW] * (sum(day_w[begin:end]) <= 0),
        )
        for begin, end in split_day(day_w, fine=day < FINE_DAYS)
    ]


def estimate_heat_w(settings: Settings, mean_c: float, sigma_c: float) -> dict[RunsWhen, float]:
    """What the heaters against frost and dew take in the mean of a day (dew: while it is dark)."""
    taken_w = dict.fromkeys((RunsWhen.FROST, RunsWhen.DEW), 0.0)
    for switch in settings.switch.values():
        if switch.runs_when in taken_w:
            chance = compute_chance_below(switch.below_c, mean_c, sigma_c)
            taken_w[switch.runs_when] += chance * switch.idle_w
    return taken_w


def split_day(day_w: Sequence[float], *, fine: bool) -> list[tuple[int, int]]:
    """(first hour, end) of each interval: blocks of `FINE_H` hours, or night, day and night."""
    if fine:
        return [(hour, hour + FINE_H) for hour in range(0, HOURS, FINE_H)]
    lit = [hour for hour, power_w in enumerate(day_w) if power_w > 0]
    if not lit:
        return [(0, HOURS)]
    return list(pairwise(sorted({0, lit[0], lit[-1] + 1, HOURS})))


def estimate_weather(
    settings: Settings,
    day_w: Sequence[float],
    past: Sequence[DayWeather],
    forecast: DayForecast | None,
) -> tuple[float, ...]:
    """The chance of each weather class on a day with that clear-sky power (W) by hour."""
    clear_kwh_per_kw = sum(day_w) / settings.panels.peak_w
    return apply_forecast(tuple(estimate_class_chances(past, clear_kwh_per_kw)), forecast)


def apply_forecast(chances: tuple[float, ...], forecast: DayForecast | None) -> tuple[float, ...]:
    """The chances, weighed by how well each weather class agrees with the forecast."""
    if forecast is None:
        return chances
    weights = [
        chance
        * math.exp(-0.5 * ((clear_sky_index - forecast.clear_sky_index) / forecast.sigma) ** 2)
        for chance, clear_sky_index in zip(chances, CLASS_CLEAR_SKY_INDEX, strict=True)
    ]
    total = sum(weights)
    return tuple(weight / total for weight in weights) if total > 0 else chances


assert len(CLASS_CLEAR_SKY_INDEX) == CLASS_COUNT
