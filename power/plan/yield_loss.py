"""What the panels give in clear hours against what they usually give: a step, or a decline.

Reads and writes: nothing; pure.
Never: judges by one day, or by days that disagree: clouds change from day to day, a lost string
takes the same share from each clear hour.

The way of rdtools' soiling estimate (medians of the daily yield, a step where the median jumps),
for a unit that has no light sensor: only clear hours count.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median

from appliance.model import SolarDay
from appliance.settings import SiteSettings
from power.plan.clear_sky import LOSSES, compute_pressure_pa
from power.plan.sun_position import compute_sun_position

# In the clear hours of 26 years of weather (NSRDB, DWD, TMY) a sound array gave this share of the
# clear sky's model, by the air mass at noon: in winter cells are cold and the air is clean. The
# medians of the sites lie within 6 % of it.
SHARE_AT_ZENITH, AIR_MASS_POWER, MOST_AIR_MASS = 0.82, 0.27, 6.0
LOOK_BACK_DAYS = 730
LEAST_CLEAR_HOURS = 2.0
RECENT = 5  # clear days that must agree
AGREE_SHARE = 0.10  # with their median
RECENT_DAYS = 45  # within which they lie
WINDOW = 7  # clear days of a median of the past
USUAL_QUANTILE = 0.8  # of those medians: clean panels
KNOWN_FROM = 8  # clear days; with fewer the nominal power is all there is to compare with
# Of the usual yield: one string of four, and its clear days scatter; at 0.23 a month of haze in
# Malaga was a loss. And of what the nominal power lets expect.
LOSS, LOSS_UNKNOWN = 0.24, 0.35
NOON_HOURS = ("10", "11", "12", "13")
BRIGHTER = 1.25  # one such hour at noon shows that the panels still can
STEP_SHARE = 0.6  # of the loss came between two clear days: a step, not a decline
LOSS_ENDS, LOSS_UNKNOWN_ENDS = 0.12, 0.25  # a fault that is open ends below this loss


@dataclass(frozen=True, slots=True)
class ClearDay:
    """A day with clear hours. `index`: what they gave over what a sound array gives then."""

    day: date
    index: float


@dataclass(frozen=True, slots=True)
class YieldLoss:
    """`share`: of the usual yield in clear hours. `step`: the last clear day before and the first
    after most of it came at once; None where it came little by little. `is_usual_known` False: it
    is a loss beside the nominal power, and may be as old as the unit.
    """

    share: float
    step: tuple[date, date] | None
    is_usual_known: bool


def find_yield_loss(
    days: Sequence[SolarDay], site: SiteSettings, *, is_open: bool = False
) -> YieldLoss | None:
    """The loss that the last clear days show; None where there is none, or nothing is known.
    `is_open`: it has been reported, and ends once they show that it is over.
    """
    clear = list_clear_days(days, site)
    recent, before = clear[-RECENT:], clear[:-RECENT]
    if len(recent) < RECENT or not (is_open or is_sure(recent, days, site)):
        return None
    level = compute_level(recent)
    if len(before) >= KNOWN_FROM:
        usual = estimate_usual(before)
        if 1 - level / usual >= (LOSS_ENDS if is_open else LOSS):
            return YieldLoss(
                1 - level / usual, find_step(clear, usual - level), is_usual_known=True
            )
    least = LOSS_UNKNOWN_ENDS if is_open else LOSS_UNKNOWN
    return YieldLoss(1 - level, None, is_usual_known=False) if 1 - level >= least else None


def list_clear_days(days: Sequence[SolarDay], site: SiteSettings) -> list[ClearDay]:
    """The days with enough clear hours, of the last two years."""
    found = []
    for day in days[-LOOK_BACK_DAYS:]:
        reference_wh, hours = day.clear_hours_reference_wh, day.clear_hours
        if day.clear_hours_wh is None or not reference_wh or not hours:
            continue
        if hours >= LEAST_CLEAR_HOURS:
            expected_wh = reference_wh * (1 - LOSSES) * compute_sound_share(day.day, site)
            found.append(ClearDay(day.day.date(), day.clear_hours_wh / expected_wh))
    return found


def compute_sound_share(day: datetime, site: SiteSettings) -> float:
    """What a sound array gives of the clear sky's model in clear hours of that day of the year."""
    height = max(1 / MOST_AIR_MASS, compute_noon_height(day, site))
    return SHARE_AT_ZENITH * math.pow(height, -AIR_MASS_POWER)


def compute_noon_height(day: datetime, site: SiteSettings) -> float:
    """The sine of the sun's elevation at noon of that date."""
    noon = datetime.combine(day.date(), time(12), UTC) - timedelta(hours=site.longitude_deg / 15)
    elevation, _ = compute_sun_position([noon], site, compute_pressure_pa(site.altitude_m))
    return math.sin(float(elevation[0]))


def compute_level(recent: Sequence[ClearDay]) -> float:
    """The index of these days together."""
    return median(one.index for one in recent)


def is_sure(recent: Sequence[ClearDay], days: Sequence[SolarDay], site: SiteSettings) -> bool:
    """Whether these days show one and the same level, lie close together, and no hour at noon has
    given clearly more since.
    """
    level, since = compute_level(recent), recent[0].day
    agree = all(abs(one.index / level - 1) <= AGREE_SHARE for one in recent)
    near = (recent[-1].day - since).days <= RECENT_DAYS
    later = [day for day in days if day.day.date() >= since]
    return agree and near and not any(has_brighter_hour(day, level, site) for day in later)


def has_brighter_hour(day: SolarDay, level: float, site: SiteSettings) -> bool:
    """Whether an hour at noon gave clearly more than that level."""
    most = BRIGHTER * level * compute_sound_share(day.day, site)
    return any(day.hours.get(hour, 0.0) > most for hour in NOON_HOURS)


def estimate_usual(before: Sequence[ClearDay]) -> float:
    """What clean panels gave: a high quantile of the medians of a week of clear days."""
    values = [one.index for one in before]
    ends = range(min(WINDOW, len(values)), len(values) + 1)
    medians = sorted(median(values[max(0, end - WINDOW) : end]) for end in ends)
    return medians[int(USUAL_QUANTILE * (len(medians) - 1))]


def find_step(clear: Sequence[ClearDay], loss: float) -> tuple[date, date] | None:
    """Between which clear days most of a loss (of the index) came, of those after which it has
    stayed; None: between no two.
    """
    lasts = range(find_last_good(clear, loss) + 1, len(clear) - RECENT + 1)
    jumps = {place: find_jump(clear, place) for place in lasts}
    falls = {place: clear[place - 1].index - clear[place].index for place in jumps}
    place = max(jumps, key=lambda one: jumps[one] + falls[one], default=0)
    if not place or jumps[place] < STEP_SHARE * loss:
        return None
    return clear[place - 1].day, clear[place].day


def find_last_good(clear: Sequence[ClearDay], loss: float) -> int:
    """The last place from which on the days were nearer to the usual level than to the present."""
    most = compute_level(clear[-RECENT:]) + loss / 2
    places = range(len(clear) - RECENT, 0, -1)
    good = (place for place in places if compute_level(clear[place : place + RECENT]) > most)
    return next(good, 0)


def find_jump(clear: Sequence[ClearDay], place: int) -> float:
    """How much lower the days from `place` on are than those before it."""
    earlier, later = clear[max(0, place - RECENT) : place], clear[place : place + RECENT]
    return median(one.index for one in earlier) - median(one.index for one in later)
