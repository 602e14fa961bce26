"""Whether the nominal power in the settings can be that of these panels: a fault, in words.

Reads and writes: nothing; pure. power/plan/panels_watch.py brings the last days and their points.
Never: judges by one reading, or by hours under a low sun; what is missing since a day, or in clear
hours, is told by power/plan/yield_loss.py.

A nominal power that is far too low hides what the panels give: what is above it counts as a torn
word (power/plan/solar_day.py). One that is far too high makes each day a dark one.
"""

from collections.abc import Iterable, Sequence
from statistics import median

from appliance.errors import ApplianceError
from appliance.model import SolarDay
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.plan.array_yield import HistoryPoint
from power.plan.yield_loss import compute_noon_height

ABOVE, LEAST_ABOVE_H = 1.2, 1.0  # of the nominal power, in two days: cold cells and bright snow
BELOW, LEAST_DAYS = 0.2, 40  # of a clear sky, in the best hour of so many days
NOON_HOURS = ("9", "10", "11", "12", "13", "14")
LEAST_HEIGHT = 0.34  # sine of 20 degrees, at noon: in a deep winter hills or snow may hide the sun


class PeakDiffers(ApplianceError):  # noqa: N818  (named for what it is)
    """The panels are not of the nominal power that the settings say."""

    code = "pv-peak"


def check_peak(
    days: Sequence[SolarDay], points: Iterable[HistoryPoint], settings: Settings
) -> PeakDiffers | None:
    """The fault; `days`: those of the last weeks; `points`: of the last two days."""
    peak_w = settings.panels.peak_w
    above = [
        (one.pv_power_w, one.hours)
        for one in points
        if one.pv_power_w is not None and one.pv_power_w > ABOVE * peak_w
    ]
    above_h = sum(hours for _, hours in above)
    if above_h >= LEAST_ABOVE_H:
        given_w = median(watts for watts, _ in above)
        return PeakDiffers(describe_above(given_w=given_w, above_h=above_h, peak_w=peak_w))
    best = find_best_hour(days, settings)
    return PeakDiffers(describe_below(best, peak_w)) if best is not None and best < BELOW else None


def find_best_hour(days: Sequence[SolarDay], settings: Settings) -> float | None:
    """The best hour around noon over a clear sky; None where too few days were seen."""
    seen = [
        max(day.hours[hour] for hour in NOON_HOURS if hour in day.hours)
        for day in days
        if not day.hours.keys().isdisjoint(NOON_HOURS)
        and compute_noon_height(day.day, settings.site) >= LEAST_HEIGHT
    ]
    return max(seen) if len(seen) >= LEAST_DAYS else None


def describe_above(*, given_w: float, above_h: float, peak_w: float) -> str:
    """The settings say too little."""
    return say(
        "the panels gave some {given_w:.0f} W for {above_h:.1f} h of the last two days, "
        "and panels.peak_w says {peak_w:g} W: set it to the nominal power of all panels "
        "together. Until then the plan expects too little, and takes the highest readings "
        "for errors",
        given_w=given_w,
        above_h=above_h,
        peak_w=peak_w,
    )


def describe_below(best: float, peak_w: float) -> str:
    """The settings say too much, or most of the panels are missing."""
    return say(
        "in no hour of the last weeks did the panels give more than {best_pct:.0f} % of "
        "what {peak_w:g} W of them give under a clear sky: check panels.peak_w; if it is "
        "right, look whether all strings are connected and what shades them",
        best_pct=100 * best,
        peak_w=peak_w,
    )
