"""Snow on the panels: how likely they are covered, from dark cold days, and for how long.

    covered = estimate_covered(days, settings, whole_wh)   # the oldest first; at each day's end
    chances = predict_covered(covered[-1], air)    # of the days to come
    weather = cover(weather, chances[0])

Reads and writes: nothing; pure. Imports no numpy.
Never: asks for weather from outside. A day that gave nearly nothing is more likely under snow than
under a dark sky; where it has not been cold there is no snow; and a day that gave something ends
it. The array is clear or covered, and stays so: sliding and melting take days, or an hour of sun.
"""

import math
from collections.abc import Sequence

from appliance.model import SolarDay
from appliance.settings import Settings, SiteSettings
from power.plan.weather_model import estimate_usual_c

COLD_C = 2.0  # at or below it may snow
THAW_C = 5.0  # what warms above it melts
ONSET = 0.06  # chance that a cold day covers them
STAYS_COLD, STAYS_MILD, STAYS_WARM = 0.7, 0.45, 0.2  # chance that they are covered a day later
COVERED_SHARE = 0.03  # mean of the clear-sky index under snow, exponential
DARKEST_SHARE = 0.017  # of 9490 days: no sky gave less
DARK_SHARE, DARK_CHANCE = 0.10, 0.3  # of a clear day: a dark winter's day; how many are
DARKER_DENSITY, BRIGHTER_DENSITY = 0.6, 1.0
LEAST_WH_PER_W = 0.5  # of clear-sky energy: on the days beside the polar night hills hide the sun
LEAST_CLEAR_SHARE = 0.25  # of a day's clear-sky energy was seen uncurtailed: it shows something
LEAST_CHANCE = 0.2  # below it the plan goes on as without snow
SURE_CHANCE = 0.5  # from here on the day says nothing about the weather


def estimate_covered(
    days: Sequence[SolarDay], settings: Settings, whole_wh: Sequence[float]
) -> list[float]:
    """The chance that the panels were covered, after each day. `whole_wh`: each day's clear-sky
    energy.
    """
    chances, covered = [], 0.0
    least_wh = LEAST_WH_PER_W * settings.panels.peak_w
    for before, day, clear_wh in zip([*days[:1], *days], days, whole_wh, strict=False):
        coldest_c, warmest_c = get_temperatures(day, settings.site)
        covered *= choose_stay(warmest_c) ** (day.day - before.day).days
        covered += (1 - covered) * (ONSET if coldest_c <= COLD_C else 0.0)
        share = get_share(day, clear_wh) if clear_wh >= least_wh else None
        covered = covered if share is None else update(covered, share)
        chances.append(covered)
    return chances


def get_share(day: SolarDay, clear_wh: float) -> float | None:
    """The day's clear-sky index; at least, what was given while it was curtailed. None where
    neither shows anything.
    """
    if day.clear_wh >= LEAST_CLEAR_SHARE * clear_wh:
        return max(0.0, day.measured_wh / day.clear_wh)
    given = (day.yield_wh or 0.0) / clear_wh
    return given if given >= DARK_SHARE else None


def get_temperatures(day: SolarDay, site: SiteSettings) -> tuple[float, float]:
    """Lowest and highest temperature of a day; the battery's, or the season's where that is colder:
    a battery may be warm in its box.
    """
    usual_c = estimate_usual_c(site.latitude_deg, day.day)
    coldest_c = usual_c if day.coldest_c is None else min(usual_c, day.coldest_c)
    warmest_c = usual_c if day.warmest_c is None else min(usual_c + THAW_C, day.warmest_c)
    return coldest_c, warmest_c


def choose_stay(warmest_c: float) -> float:
    """The chance that covered panels are covered a day later."""
    if warmest_c <= 0:
        return STAYS_COLD
    return STAYS_MILD if warmest_c <= THAW_C else STAYS_WARM


def update(covered: float, clear_sky_index: float) -> float:
    """The chance after a day with that index (Bayes)."""
    under_snow = math.exp(-clear_sky_index / COVERED_SHARE) / COVERED_SHARE
    under_sky = BRIGHTER_DENSITY
    if clear_sky_index < DARKEST_SHARE:
        under_sky = DARKER_DENSITY
    elif clear_sky_index < DARK_SHARE:
        under_sky = DARK_CHANCE / (DARK_SHARE - DARKEST_SHARE)
    both = covered * under_snow + (1 - covered) * under_sky
    return covered * under_snow / both


def predict_covered(covered: float, air: Sequence[tuple[float, float]]) -> list[float]:
    """The chance on each day to come, today first; `air`: (mean, sigma) of its temperature, C. New
    snow is not foreseen.
    """
    if covered < LEAST_CHANCE:
        return [0.0] * len(air)
    chances = []
    for mean_c, _ in air:
        chances.append(covered)
        covered *= choose_stay(mean_c + THAW_C / 2)
    return chances


def cover(weather: Sequence[float], covered: float) -> tuple[float, ...]:
    """The chances of the weather classes as the panels see them: what is covered is dark."""
    return tuple(one * (1 - covered) + (covered if not at else 0) for at, one in enumerate(weather))


def uncover(weather: Sequence[float], covered: float) -> tuple[float, ...]:
    """The chances where the panels are not covered."""
    if covered >= 1:
        return tuple(weather)
    return tuple(
        (one - (covered if not at else 0)) / (1 - covered) for at, one in enumerate(weather)
    )
