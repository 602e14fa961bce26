"""Snow on the panels: is it seen, is a sound winter left alone, and is the forecast better for it?

Reads: the weather of cold sites. Writes: nothing.
Never: shows the forecast a later day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np

from appliance.model import SolarDay
from appliance.settings import Settings
from power.plan import history
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.horizon import build_horizon
from power.plan.problem import SiteHistory
from power.plan.site_history import build_history
from power.plan.snow import SURE_CHANCE, estimate_covered
from power.plan.snow_fault import check_snow
from power.plan.solar_day import estimate_shade, summarise_weather
from power.plan.weather_model import mean_clear_sky_index
from tests.bench.panels.site_year import Unit, load, make_settings
from tests.bench.panels.snow_year import SnowYear, make_snow_year

SITES = ("Stockholm 2019", "Oslo 2019", "Warsaw 2019", "Sand-Point typical")
UNIT = Unit(600, 2560, 60, charges_from_c=-40.0)
COVERED, CLEAR = 0.8, 0.3  # of the light of a day: taken by snow; not
WINTER_DAYS = (*range(30, 90), *range(305, 364))
AHEAD = 3  # days of a forecast
KNOWN_DAYS = 90


@dataclass(frozen=True, slots=True)
class SnowResult:
    """Days of one site's year: covered, recognised, wrongly so, told as a fault, wrongly so; and
    the forecast's error, without and with the model of snow (clear-sky index, root of the mean
    square over a winter).
    """

    covered: int
    found: int
    false: int
    told: int
    told_falsely: int
    error_without: float
    error_with: float


def judge_year(name: str, *, snows: bool) -> SnowResult:
    """One year of a site."""
    site = load(name)
    settings = make_settings(site, UNIT)
    year = make_snow_year(site, UNIT, snows=snows)
    days = year.days
    whole_wh = [sum(one) for one in compute_clear(days, settings)]
    lost = np.array([get_lost(year, day, site.year) for day in days])
    said = np.array(estimate_covered(days, settings, whole_wh)) >= SURE_CHANCE
    told = np.array(
        [
            check_snow(days[max(0, end - 60) : end], whole_wh[max(0, end - 60) : end], settings)
            is not None
            for end in range(1, len(days) + 1)
        ]
    )
    without, with_snow = judge_forecasts(days, whole_wh, settings)
    return SnowResult(
        int((lost > COVERED).sum()),
        int((said & (lost > COVERED)).sum()),
        int((said & (lost < CLEAR)).sum()),
        int((told & (lost > COVERED)).sum()),
        int((told & (lost < CLEAR)).sum()),
        without,
        with_snow,
    )


def get_lost(year: SnowYear, day: SolarDay, number: int) -> float:
    """The share of that day's light that snow took."""
    return float(year.lost[min(364, max(0, (day.day.date() - date(number, 1, 1)).days))])


def compute_clear(days: list[SolarDay], settings: Settings) -> list[list[float]]:
    """The clear-sky power of each hour of these days."""
    dates = [day.day.date() for day in days]
    clear_w = history.compute_clear_days(settings, compute_clear_sky_w, dates)
    return [clear_w[day] for day in dates]


def judge_forecasts(
    days: list[SolarDay], whole_wh: list[float], settings: Settings
) -> tuple[float, float]:
    """The error of the expected clear-sky index of the next days, without and with snow."""
    hourly_w = compute_clear(days, settings)
    errors: list[tuple[float, float]] = []
    for today in WINTER_DAYS:
        if today + AHEAD > len(days):
            break
        first = max(0, today - KNOWN_DAYS)
        known = days[first:today]
        until = days[today].day.date()
        with_snow = build_history(known, settings, compute_clear_sky_w, until)
        pairs = zip(known, whole_wh[first:today], strict=True)
        plain = tuple(summarise_weather(*pair) for pair in pairs)
        without = SiteHistory(plain, estimate_shade(known))
        ahead_w = [watts for one in hourly_w[today : today + AHEAD] for watts in one]
        midnight = history.find_midnight(until, settings)
        for place in range(AHEAD):
            given = days[today + place]
            true = given.measured_wh / given.clear_wh if given.clear_wh > 0 else 0.0
            both = []
            for past in (without, with_snow):
                horizon = build_horizon(
                    settings, midnight, ahead_w, past.days, covered=past.covered
                )
                both.append((mean_clear_sky_index(horizon.weather[place]) - true) ** 2)
            errors.append((both[0], both[1]))
    without, with_snow = np.sqrt(np.mean(np.array(errors), axis=0))
    return float(without), float(with_snow)


def list_snow_rows(found: dict[tuple[str, bool], SnowResult]) -> Iterator[str]:
    """The table's rows."""
    for (name, snows), one in found.items():
        yield (
            f"| {name}{'' if snows else ', no snow'} | {one.covered} | {one.found} | {one.false} | "
            f"{one.told} | {one.told_falsely} | {one.error_without:.3f} -> {one.error_with:.3f} |"
        )
