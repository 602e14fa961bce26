"""The site's history as the planner takes it: the weather of past days, shade, snow on the panels.

Reads and writes: nothing; pure. power/plan/history.py reads and makes the days.
Never: takes a day under snow for a dark sky: what is known of it is the array, not the weather.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from appliance.model import SolarDay
from appliance.settings import Settings
from power.plan.history import compute_clear_days
from power.plan.problem import ClearSkyModel, SiteHistory
from power.plan.snow import SURE_CHANCE, estimate_covered
from power.plan.solar_day import estimate_shade, summarise_weather
from power.plan.weather_model import DayWeather


def build_history(
    days: Iterable[SolarDay],
    settings: Settings,
    clear_sky: ClearSkyModel,
    until: date,
    so_far: SolarDay | None = None,
) -> SiteHistory:
    """The history as the planner takes it: each day from the first known one to the one before
    `until`; a day without a row is one of which nothing is known, so that the ages of the others
    stay right.
    """
    known: Mapping[date, SolarDay] = {day.day.date(): day for day in days if day.day.date() < until}
    if not known:
        return SiteHistory((), estimate_shade([]))
    first = min(known)
    dates = [first + timedelta(days=number) for number in range((until - first).days)]
    clear_w = compute_clear_days(settings, clear_sky, [*dates, until])
    seen = [*known.values(), *([so_far] if so_far else [])]
    covered = estimate_snow(seen, clear_w, settings)
    nothing = DayWeather(None, None)
    past = tuple(
        summarise_weather(known[day], 0.0 if covered[day] >= SURE_CHANCE else sum(clear_w[day]))
        if day in known
        else nothing
        for day in dates
    )
    shade = estimate_shade([known[day] for day in sorted(known)])
    return SiteHistory(past, shade, covered[max(covered)])


def estimate_snow(
    days: Sequence[SolarDay], clear_w: Mapping[date, Sequence[float]], settings: Settings
) -> dict[date, float]:
    """The chance that snow lay on the panels, after each day."""
    ordered = sorted(days, key=lambda day: day.day)
    whole_wh = [sum(clear_w[day.day.date()]) for day in ordered]
    chances = estimate_covered(ordered, settings, whole_wh)
    return {day.day.date(): one for day, one in zip(ordered, chances, strict=True)}
