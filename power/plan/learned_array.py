"""The panels as the sky shows them: direction, tilt, and what hides the sun, beside the settings.

    learned = learn_array(days, settings)      # None where too few clear days are known
    if learned and learned.is_better: sky = learned.compute_clear_sky_w

Reads and writes: nothing; pure. Imports numpy. power/plan/run.py brings the stored days.
Never: changes a setting, or replaces one on the days that it was learned from: it counts only where
days that it has not seen agree with it clearly better than with the settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from appliance.model import SolarDay
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.plan.array_fit import (
    ArrayFit,
    Points,
    SteadyDay,
    compute_costs,
    compute_model,
    fit_array,
    select_clear_days,
)
from power.plan.clear_sky import (
    LOSSES,
    STANDARD_W_M2,
    compute_clear_light,
    compute_plane_w_m2,
)
from power.plan.given_horizon import find_elevation_deg
from power.plan.sun_position import Floats

FIT_DAYS, SKYLINE_DAYS = 60, 365  # a trailer may be turned; trees stay
HELD_OUT = 3  # the last third of the clear days is not learned from, but judged on
BETTER, LEAST_ERROR = 0.7, 0.05  # of the settings' error; below that the settings are good enough
MOST_ERROR = 0.25  # with more no one plane explains the power: a full battery that nobody reports
MOST_DARK = 0.02  # of the power came while the sun was down: the place or the clock is wrong
BINS = 36
HIDDEN_BELOW, OPEN_ABOVE = 0.4, 0.6  # of the sun's own part of the power
LEAST_BEAM = 0.08  # of the nominal power: with less a shadow is not seen
LEAST_HIDDEN, MOST_WRONG = 3, 0.2  # half-hours; share of them that disagree
ABOVE_DEG = 0.5
LOW_SCALE = 0.75  # a string or more is missing
USUAL_HAZE = 1  # of `HAZES`
LEAST_MODEL = 1e-9  # a sun that is always down gives nothing
LEAST_LIT = 0.02  # of the learned day's best hour
LEAST_HALF_HOURS = 8.0  # a day: mornings alone leave direction, tilt and shade open

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LearnedArray:
    """`skyline_deg`: the sun is hidden below that elevation, by its azimuth in steps of 10 degrees.
    The errors are shares of the energy of clear days that were not learned from, and so is
    `dark_share`: what the panels gave while the sun was down by place and clock.
    """

    fit: ArrayFit
    skyline_deg: tuple[float, ...]
    settings_error: float
    learned_error: float
    dark_share: float

    @property
    def is_better(self) -> bool:
        """Whether the plan should go by it."""
        is_wrong = self.settings_error >= LEAST_ERROR
        is_seen = self.fit.half_hours_a_day >= LEAST_HALF_HOURS
        most_error = min(BETTER * self.settings_error, MOST_ERROR)
        return is_wrong and is_seen and self.has_sun and self.learned_error <= most_error

    @property
    def has_sun(self) -> bool:
        """Whether the sun was up while the panels gave power."""
        return self.dark_share <= MOST_DARK

    def compute_clear_sky_w(
        self, site: SiteSettings, panels: PanelsSettings, times: Sequence[datetime]
    ) -> list[float]:
        """As `power.plan.clear_sky.compute_clear_sky_w`, of the learned panels."""
        if not times:
            return []
        light = compute_clear_light(site, times)
        hidden = find_hidden(light.elevation, light.azimuth, self.skyline_deg)
        light = replace(light, direct=np.where(hidden, 0.0, light.direct))
        plane = compute_plane_w_m2(light, self.fit.tilt_deg, self.fit.azimuth_deg)
        scale = self.fit.scale if self.fit.scale < LOW_SCALE else 1.0
        return [float(one) for one in plane / STANDARD_W_M2 * panels.peak_w * (1 - LOSSES) * scale]


def learn_array(days: Sequence[SolarDay], settings: Settings) -> LearnedArray | None:
    """What the stored days show; the oldest first."""
    site, peak_w = settings.site, settings.panels.peak_w
    steady = [read_steady_day(day) for day in days[-SKYLINE_DAYS:]]
    clear = select_clear_days(steady[-FIT_DAYS:])
    held_out = len(clear) // HELD_OUT
    if not held_out:
        return None
    before = fit_array(clear[:-held_out], site, peak_w)
    fit = fit_array(clear, site, peak_w)
    if before is None or fit is None:
        return None
    earlier = steady[: len(steady) - count_since(steady, clear[-held_out])]
    skyline = learn_skyline(select_clear_days(earlier), settings, before)
    judged = Points.from_days(clear[-held_out:], site, peak_w)
    of_settings = settings.panels.tilt_deg, settings.panels.get_azimuth_deg(site)
    return LearnedArray(
        fit,
        learn_skyline(select_clear_days(steady), settings, fit),
        compute_error(judged, *of_settings, list_given_deg(site)),
        compute_error(judged, before.tilt_deg, before.azimuth_deg, skyline),
        compute_dark_share(judged),
    )


def count_since(steady: Sequence[SteadyDay], first: SteadyDay) -> int:
    """How many of the days are not before `first`."""
    return sum(bool(day.times) and day.times[0] >= first.times[0] for day in steady)


def read_steady_day(day: SolarDay) -> SteadyDay:
    """The steady half-hours of a stored day."""
    minutes = sorted((float(minute), watts) for minute, watts in day.steady_w.items())
    return SteadyDay(
        tuple(day.day + timedelta(minutes=minute) for minute, _ in minutes),
        tuple(watts for _, watts in minutes),
    )


def compute_error(
    points: Points, tilt_deg: float, azimuth_deg: float, skyline_deg: Sequence[float]
) -> float:
    """Mean deviation of a model from these half-hours, as a share of their mean; its scale is the
    one that suits them.
    """
    lit, shadow = compute_model(points, USUAL_HAZE, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg)
    light = points.light[USUAL_HAZE]
    hidden = find_hidden(light.elevation, light.azimuth, skyline_deg)
    model = np.where(hidden, shadow[0], lit[0])
    scale = points.power.sum() / max(model.sum(), LEAST_MODEL)
    return float(np.abs(points.power - scale * model).sum() / points.power.sum())


def compute_dark_share(points: Points) -> float:
    """The share of the energy of these half-hours that came while the sun was down."""
    is_dark = points.light[USUAL_HAZE].elevation < 0
    return float(points.power[is_dark].sum() / points.power.sum())


# --- what hides the sun ---------------------------------------------------------------------------


def find_bins(azimuth: Floats) -> NDArray[np.int64]:
    """The step of 10 degrees of each azimuth (radians)."""
    return np.asarray((np.degrees(azimuth) % 360 // (360 / BINS)).astype(np.int64) % BINS)


def find_hidden(elevation: Floats, azimuth: Floats, skyline_deg: Sequence[float]) -> Bools:
    """Whether the sun (radians) is behind the skyline."""
    below = np.asarray(skyline_deg)[find_bins(azimuth)]
    return np.asarray((below > 0) & (np.degrees(elevation) < below))


def learn_skyline(
    days: Sequence[SteadyDay], settings: Settings, fit: ArrayFit
) -> tuple[float, ...]:
    """Below which elevation the sun is hidden; where nothing shows that it is, as the settings have
    it, unless the sun was seen below that.
    """
    given_deg = list_given_deg(settings.site)
    if not days:
        return given_deg
    points = Points.from_days(days, settings.site, settings.panels.peak_w)
    seen, is_hidden, is_open = classify_half_hours(points, fit)
    bins = find_bins(points.light[0].azimuth)
    elevation_deg = np.degrees(points.light[0].elevation)
    found = []
    for number in range(BINS):
        of = seen & (bins == number)
        open_deg = elevation_deg[of & is_open]
        learned_deg = find_skyline(elevation_deg[of & is_hidden], open_deg)
        is_denied = (open_deg < given_deg[number]).sum() >= LEAST_HIDDEN
        found.append(learned_deg or (0.0 if is_denied else given_deg[number]))
    return tuple(found)


def list_given_deg(site: SiteSettings) -> tuple[float, ...]:
    """The horizon of the settings in the middle of each step."""
    middles_deg = (np.arange(BINS) + 0.5) * 360 / BINS
    return tuple(float(one) for one in find_elevation_deg(site.horizon, middles_deg))


def classify_half_hours(points: Points, fit: ArrayFit) -> tuple[Bools, Bools, Bools]:
    """Of each half-hour whether a shadow would be seen, whether the sun was hidden, or open."""
    angles = np.array([[fit.tilt_deg]]), np.array([[fit.azimuth_deg]])
    costs = compute_costs(points, *angles)
    number = points.day.astype(int)
    models = [
        compute_model(points, haze, tilt_deg=angles[0], azimuth_deg=angles[1])
        for haze in range(len(points.light))
    ]
    places = np.arange(len(number))
    haze = costs.day_haze[0, number]
    lit = np.array([one[0][0] for one in models])[haze, places]
    shadow = np.array([one[1][0] for one in models])[haze, places]
    scale = np.maximum(costs.day_scale[0, number], fit.scale)
    beam = lit - shadow
    part = (points.power / scale - shadow) / np.maximum(beam, 1e-9)
    return beam >= LEAST_BEAM, part < HIDDEN_BELOW, part > OPEN_ABOVE


def find_skyline(hidden_deg: Floats, open_deg: Floats) -> float:
    """The elevation that separates hidden from open suns best; 0 where none does."""
    if len(hidden_deg) < LEAST_HIDDEN:
        return 0.0
    edges = hidden_deg + ABOVE_DEG
    wrong = [(open_deg < edge).sum() + (hidden_deg >= edge).sum() for edge in edges]
    best = int(np.argmin(wrong))
    if wrong[best] > MOST_WRONG * (len(hidden_deg) + len(open_deg)):
        return 0.0
    return float(edges[best])


# --- the days beside the learned panels -----------------------------------------------------------


def rebase_days(
    days: Sequence[SolarDay],
    clear_w: Sequence[Sequence[float]],
    learned_w: Sequence[Sequence[float]],
) -> list[SolarDay]:
    """The days with their ratios to the learned clear sky. For each day the hourly clear-sky power
    (W) of the settings and of the learned panels.
    """
    return [rebase_day(day, *both) for day, *both in zip(days, clear_w, learned_w, strict=True)]


def rebase_day(day: SolarDay, clear_w: Sequence[float], learned_w: Sequence[float]) -> SolarDay:
    """One day; an hour in which the learned panels would have nearly nothing is left out."""
    least_w = LEAST_LIT * max(learned_w, default=0.0)
    lit = {hour: one for hour, one in day.hours.items() if learned_w[int(hour)] > least_w}
    hours = {hour: one * clear_w[int(hour)] / learned_w[int(hour)] for hour, one in lit.items()}
    before_wh = sum(clear_w[int(hour)] for hour in lit)
    after_wh = sum(learned_w[int(hour)] for hour in lit)
    lost_wh = sum(day.hours[h] * clear_w[int(h)] for h in day.hours if h not in lit)
    clear_wh = day.clear_wh * after_wh / before_wh if before_wh > 0 else 0.0
    return replace(
        day, hours=hours, clear_wh=clear_wh, measured_wh=max(0.0, day.measured_wh - lost_wh)
    )
