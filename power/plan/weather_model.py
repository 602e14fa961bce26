"""The weather model of a site: how clear its days are, and how cold.

Reads and writes: nothing; pure. The constants were fitted on a year of twenty European cities
(NSRDB 2019) and two years measured on the ground.
Never: uses later days. It uses the past days of this site, the calendar, and a climate of no place
in particular, into which the days of this place are mixed as they come.

A day belongs to one of five weather classes by its clear-sky index: its energy over that of a
cloudless day. In winter one day says little about the next (correlation 0.1); how often each class
comes says most.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

CLASS_EDGES = (0.10, 0.25, 0.45, 0.70)  # between the classes
CLASS_CLEAR_SKY_INDEX = (0.05, 0.17, 0.35, 0.58, 0.86)  # the index that stands for each class
CLASS_COUNT = len(CLASS_CLEAR_SKY_INDEX)
# How often each class comes, by the energy of a cloudless day (kWh for each kW of panels).
SEASON_EDGES_KWH_PER_KW = (1.5, 2.5, 3.5, 5.0)
PRIOR = (
    (0.28, 0.31, 0.13, 0.13, 0.15),
    (0.44, 0.21, 0.14, 0.12, 0.09),
    (0.45, 0.22, 0.15, 0.08, 0.10),
    (0.21, 0.26, 0.19, 0.17, 0.17),
    (0.04, 0.12, 0.19, 0.28, 0.37),
)
PRIOR_DAYS = 25.0  # the prior weighs as much as so many days of the site
MEMORY_DAYS = 25.0  # a day counts e times less after so many days
CLASS_PERSISTENCE = 0.15  # chance that a day is of yesterday's class for that reason alone
# The daily mean of the air: 37.9 - 0.53 C for each degree of latitude, and a yearly wave.
MEAN_C, MEAN_C_PER_DEG, AMPLITUDE_C, AMPLITUDE_C_PER_DEG, COLDEST_DAY = (
    37.86,
    -0.531,
    7.39,
    0.032,
    20,
)
SLOW_DAYS = 20.0  # how the site differs from that: a slow mean ...
SLOW_SHARE, SLOW_LASTS_DAYS = 0.65, 60.0
FAST_SHARE_PER_DAY = 0.8  # ... and what is left of the last day's difference after one more
SIGMA_C, SIGMA_LATER_C = 1.0, 2.3
# Chance that a cold day follows a cold one for that reason alone. Of a winter of eight training
# cities: where the forecast of temperature said 0.3, 0.7 of the days after a cold one were cold,
# and 0.13 of those after a mild one.
SPELL_PERSISTENCE = 0.55


@dataclass(frozen=True, slots=True)
class DayWeather:
    """One day of the site: its clear-sky index (None: not measured), and its mean temperature."""

    clear_sky_index: float | None
    mean_c: float | None


def classify(clear_sky_index: float) -> int:
    """The class of a day, 0 (dark) to 4 (clear)."""
    return bisect_right(CLASS_EDGES, clear_sky_index)


def estimate_class_chances(past: Sequence[DayWeather], clear_kwh_per_kw: float) -> list[float]:
    """How likely each class is on a day whose cloudless energy is that; `past` ends yesterday."""
    prior = PRIOR[bisect_right(SEASON_EDGES_KWH_PER_KW, clear_kwh_per_kw)]
    weights = [PRIOR_DAYS * share for share in prior]
    for age, day in enumerate(reversed(past)):
        if day.clear_sky_index is not None:
            weights[classify(day.clear_sky_index)] += math.exp(-age / MEMORY_DAYS)
    total = sum(weights)
    return [weight / total for weight in weights]


def estimate_usual_c(latitude_deg: float, day: datetime) -> float:
    """The usual daily mean temperature of that latitude on that day of the year."""
    north = abs(latitude_deg)
    days = day.timetuple().tm_yday - COLDEST_DAY + (0 if latitude_deg >= 0 else 182.5)
    wave_c = (AMPLITUDE_C + AMPLITUDE_C_PER_DEG * north) * math.cos(2 * math.pi * days / 365.25)
    return MEAN_C + MEAN_C_PER_DEG * north - wave_c


def predict_temperatures(
    past: Sequence[DayWeather], latitude_deg: float, today: datetime, days: int
) -> list[tuple[float, float]]:
    """(mean, sigma) of the temperature of today and the days after it; `past` ends yesterday."""
    slow, last = 0.0, 0.0
    known = len(past)
    for place, day in enumerate(past):
        if day.mean_c is not None:
            usual = estimate_usual_c(latitude_deg, today - timedelta(days=known - place))
            last = day.mean_c - usual
            slow += (last - slow) / SLOW_DAYS
    found = []
    for ahead in range(days):
        lag = ahead + 0.5
        difference_c = SLOW_SHARE * slow * math.exp(-lag / SLOW_LASTS_DAYS)
        difference_c += (last - SLOW_SHARE * slow) * FAST_SHARE_PER_DAY**lag
        sigma_c = SIGMA_C + SIGMA_LATER_C * math.sqrt(1 - FAST_SHARE_PER_DAY**lag)
        found.append(
            (estimate_usual_c(latitude_deg, today + timedelta(days=ahead)) + difference_c, sigma_c)
        )
    return found


def compute_chance_below(limit_c: float, mean_c: float, sigma_c: float) -> float:
    """How likely it is colder than `limit_c`."""
    return 0.5 * (1 + math.erf((limit_c - mean_c) / sigma_c / math.sqrt(2)))


def mean_clear_sky_index(chances: Sequence[float]) -> float:
    """The expected clear-sky index of a day whose weather classes have these chances."""
    return sum(
        chance * clear_sky_index
        for chance, clear_sky_index in zip(chances, CLASS_CLEAR_SKY_INDEX, strict=True)
    )


assert 0 <= CLASS_PERSISTENCE < 1
assert len(CLASS_EDGES) == CLASS_COUNT - 1
assert all(low < high for low, high in pairwise(CLASS_EDGES))
