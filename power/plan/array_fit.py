"""Tilt, direction and scale of the panels, from their steady half-hours under a clear sky.

    fit = fit_array(days, site, peak_w)    # None, or tilt, azimuth, scale, each with its sigma

Reads and writes: nothing; pure. Imports numpy.
Never: takes a shadow or an overcast for a direction: what is far below the model counts no more
than three sigma, wherever it is; and never gives one answer where several fit: sigma then spans
them.

Every orientation of a grid is tried. Each day has its own haze, and its own scale near that of all.
The light is that of power/plan/clear_sky.py, but for the diffuse light, a part of which comes from
around the sun (Hay and Davies 1980). The chances of the orientations give the uncertainty, to which
what the model cannot know is added: air that is clearer in the morning, a clock that is minutes
off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import numpy as np

from appliance.settings import SiteSettings
from power.plan.clear_sky import (
    ALBEDO,
    LOSSES,
    STANDARD_W_M2,
    Angles,
    ClearLight,
    compute_clear_light,
)
from power.plan.sun_position import Floats, compute_extraterrestrial_w_m2

HAZES = (0.05, 0.1, 0.2, 0.3, 0.45)  # optical depths of clear air
LEAST_DAYS, MOST_DAYS = 5, 14
LEAST_HALF_HOURS = 4  # of a day
TILT_STEP_DEG, AZIMUTH_STEP_DEG = 5.0, 5.0
FINE_DEG, FINE_STEPS = 1.0, 5
PER_KELVIN, PER_SUN_C = 0.004, 30.0  # power of silicon; a cell above the air in full sun
SWING_C, WARMEST_H = 5.0, 15.0  # of the air on a clear day
NOISE_OF_PEAK, NOISE_SHARE = 0.02, 0.04  # of a half-hour beside the model
MOST_BELOW, MOST_ABOVE = 3.0, 6.0  # sigma; no sky is brighter than a clear one
COUNTS_A_DAY = 4.0  # the half-hours of one day err together
DAY_SCALE_SHARE = 0.07  # by which clear days differ
DAY_QUANTILE = 0.65  # of a day's ratios: its scale, though a part of it is shaded
SCALE_LIMITS = (0.15, 1.3)
MOST_USUAL_SCALE, SCALE_SIGMA = 1.15, 0.08  # new panels, clean and cold, in clean air
SHADOW_COST = 3.0
LEAST_OF_PEAK = 0.05  # of the model: what is less gives no ratio
LEAST_HEIGHT = 0.09  # sine of 5 degrees
LIMIT_SHARE, MOST_AT_PEAK, LEAST_LIMITED_DAYS = 0.98, 6, 3
CLEAR_SHARE = 0.75  # of the best at the same time of day
HAZY_SHARE = 0.8  # of the scale of all: such a day was not clear
MODEL_SIGMA_DEG = 4.0
FLAT_TILT_DEG = 5.0  # of flatter panels the direction is not known


@dataclass(frozen=True, slots=True)
class SteadyDay:
    """The middles of the steady half-hours of one day, and the mean power (W) of each."""

    times: tuple[datetime, ...]
    power_w: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayFit:
    """What the sky says of the panels. `scale`: of the nominal power in a clear sky."""

    tilt_deg: float
    azimuth_deg: float
    scale: float
    tilt_sigma_deg: float
    azimuth_sigma_deg: float
    days: int
    half_hours_a_day: float


@dataclass(frozen=True, slots=True)
class Points:
    """The half-hours of several days: their number, power over the nominal one, and light."""

    day: Floats
    power: Floats
    hour: Floats  # local solar
    light: tuple[ClearLight, ...]  # by haze
    outside_w_m2: Floats

    def list_days(self) -> range:
        """The numbers of the days."""
        return range(int(self.day.max()) + 1)

    @classmethod
    def from_days(cls, days: Sequence[SteadyDay], site: SiteSettings, peak_w: float) -> "Points":
        times = [at for day in days for at in day.times]
        number = [place for place, day in enumerate(days) for _ in day.times]
        hours = [at.hour + at.minute / 60 + site.longitude_deg / 15 for at in times]
        power = np.array([watts / peak_w for day in days for watts in day.power_w])
        light = tuple(compute_clear_light(site, times, haze) for haze in HAZES)
        outside_w_m2 = compute_extraterrestrial_w_m2(times)
        return cls(np.array(number), power, np.array(hours), light, outside_w_m2)


def fit_array(days: Sequence[SteadyDay], site: SiteSettings, peak_w: float) -> ArrayFit | None:
    """The orientation that explains these days; None where too few of them were clear."""
    clear = select_clear_days(days)[-MOST_DAYS:]
    if len(clear) < LEAST_DAYS:
        return None
    fit = fit_days(clear, site, peak_w)
    points = Points.from_days(clear, site, peak_w)
    costs = compute_costs(points, np.array([[fit.tilt_deg]]), np.array([[fit.azimuth_deg]]))
    least = HAZY_SHARE * fit.scale
    kept = [day for day, one in zip(clear, costs.day_scale[0], strict=True) if one >= least]
    if len(kept) < LEAST_DAYS:
        return None
    return fit if len(kept) == len(clear) else fit_days(kept, site, peak_w)


def select_clear_days(days: Sequence[SteadyDay]) -> list[SteadyDay]:
    """The days that gave nearly as much as the best did at the same time of day."""
    long = [day for day in days if len(day.times) >= LEAST_HALF_HOURS]
    best: dict[tuple[int, int], float] = {}
    for day in long:
        for at, watts in zip(day.times, day.power_w, strict=True):
            key = at.hour, at.minute
            best[key] = max(best.get(key, 0.0), watts)
    clear = [
        day
        for day in long
        if median(
            watts / best[at.hour, at.minute]
            for at, watts in zip(day.times, day.power_w, strict=True)
        )
        >= CLEAR_SHARE
    ]
    return leave_out_limited(clear)


def leave_out_limited(days: Sequence[SteadyDay]) -> list[SteadyDay]:
    """The same without what the charge controller limited: the highest power for hours."""
    highest_w = max((max(day.power_w) for day in days), default=0.0)
    at_limit = [sum(watts > LIMIT_SHARE * highest_w for watts in day.power_w) for day in days]
    if sum(count > MOST_AT_PEAK for count in at_limit) < LEAST_LIMITED_DAYS:
        return list(days)
    kept = [
        [pair for pair in zip(day.times, day.power_w, strict=True) if pair[1] < 0.95 * highest_w]
        for day in days
    ]
    return [
        SteadyDay(*zip(*pairs, strict=True)) for pairs in kept if len(pairs) >= LEAST_HALF_HOURS
    ]


def fit_days(days: Sequence[SteadyDay], site: SiteSettings, peak_w: float) -> ArrayFit:
    """The same of days that are taken for clear."""
    points = Points.from_days(days, site, peak_w)
    tilt, azimuth = make_grid(
        np.arange(0, 90.1, TILT_STEP_DEG), np.arange(0, 359.9, AZIMUTH_STEP_DEG)
    )
    cost = compute_costs(points, tilt, azimuth).total
    best = int(cost.argmin())
    around = np.arange(-FINE_STEPS, FINE_STEPS + 1) * FINE_DEG
    near = make_grid(np.clip(tilt[best, 0] + around, 0, 90), azimuth[best, 0] + around)
    fine = compute_costs(points, *near)
    place = int(fine.total.argmin())
    found = float(near[0][place, 0]), float(near[1][place, 0]) % 360
    weights = np.exp(-(cost - cost[best]) / 2)
    tilt_sigma, azimuth_sigma = compute_sigma(
        tilt[:, 0], azimuth[:, 0], weights=weights, found=found
    )
    return ArrayFit(
        tilt_deg=found[0],
        azimuth_deg=found[1],
        scale=float(fine.scale[place]),
        tilt_sigma_deg=tilt_sigma,
        azimuth_sigma_deg=azimuth_sigma,
        days=len(days),
        half_hours_a_day=len(points.power) / len(days),
    )


def make_grid(tilts: Floats, azimuths: Floats) -> tuple[Floats, Floats]:
    """Columns of all pairs."""
    tilt, azimuth = np.meshgrid(tilts, azimuths, indexing="ij")
    return tilt.reshape(-1, 1), azimuth.reshape(-1, 1)


def compute_model(
    points: Points, haze: int, *, tilt_deg: Angles, azimuth_deg: Angles
) -> tuple[Floats, Floats]:
    """Power over the nominal one for each orientation (rows) and half-hour, scale 1: in sun, and in
    a shadow that hides the sun alone.
    """
    light, tilt = points.light[haze], np.radians(tilt_deg)
    height = np.sin(light.elevation)
    towards_sun = height * np.cos(tilt) + np.cos(light.elevation) * np.sin(tilt) * np.cos(
        light.azimuth - np.radians(azimuth_deg)
    )
    around_sun = light.direct / points.outside_w_m2  # share of the diffuse light
    shadow = light.diffuse * (1 - around_sun) * (1 + np.cos(tilt)) / 2
    shadow = shadow + light.total * ALBEDO * (1 - np.cos(tilt)) / 2
    beam = light.direct + light.diffuse * around_sun / np.maximum(height, LEAST_HEIGHT)
    lit = shadow + beam * np.maximum(towards_sun, 0)
    return np.atleast_2d(warm(points, lit)), np.atleast_2d(warm(points, shadow))


def warm(points: Points, plane_w_m2: Floats) -> Floats:
    """Power over the nominal one of cells that the sun warms."""
    suns = plane_w_m2 / STANDARD_W_M2
    air_c = SWING_C * np.cos(2 * np.pi * (points.hour - WARMEST_H) / 24)
    return np.asarray(suns * (1 - PER_KELVIN * (PER_SUN_C * suns + air_c)) * (1 - LOSSES))


@dataclass(frozen=True, slots=True)
class Costs:
    """By orientation: minus twice the logarithm of its chance, the scale of all days; and by
    orientation and day its scale and its haze.
    """

    total: Floats
    scale: Floats
    day_scale: Floats
    day_haze: Floats


def compute_costs(points: Points, tilt_deg: Angles, azimuth_deg: Angles) -> Costs:
    """How well each orientation explains the days; each day with the haze that suits it best."""
    costs, scales = [], []
    for haze in range(len(HAZES)):
        models = compute_model(points, haze, tilt_deg=tilt_deg, azimuth_deg=azimuth_deg)
        of_days = [compute_day_cost(points, day, *models) for day in points.list_days()]
        costs.append(np.stack([cost for cost, _ in of_days], axis=1))
        scales.append(np.stack([scale for _, scale in of_days], axis=1))
    cost, scale = np.array(costs), np.array(scales)
    best = cost.argmin(axis=0)
    chosen = np.take_along_axis(cost, best[None], 0)[0]
    day_scale = np.take_along_axis(scale, best[None], 0)[0]
    usual = np.median(day_scale, axis=1)
    differ = ((day_scale / usual[:, None] - 1) / DAY_SCALE_SHARE).clip(-3, 3) ** 2
    return Costs((chosen + differ).sum(axis=1), usual, day_scale, best)


def compute_day_cost(
    points: Points, day: int, lit: Floats, shadow: Floats
) -> tuple[Floats, Floats]:
    """Of one day, by orientation: how badly it is explained, and its scale. Each half-hour may be
    one in shadow.
    """
    of = points.day == day
    power, shape = points.power[of], lit[:, of]
    scale = np.quantile(power / np.maximum(shape, LEAST_OF_PEAK), DAY_QUANTILE, axis=1)
    scale = np.clip(scale, *SCALE_LIMITS)
    off = compute_off(power, scale=scale, shape=shape)
    off = np.minimum(off, SHADOW_COST + compute_off(power, scale=scale, shape=shadow[:, of]))
    bright = np.maximum(scale - MOST_USUAL_SCALE, 0) / SCALE_SIGMA
    return COUNTS_A_DAY * off.mean(axis=1) + bright**2, scale


def compute_off(power: Floats, *, scale: Floats, shape: Floats) -> Floats:
    """How far each half-hour is from the model, in squares of sigma."""
    expected = scale[:, None] * shape
    sigma = NOISE_OF_PEAK * scale[:, None] + NOISE_SHARE * expected
    return np.asarray(np.clip((power - expected) / sigma, -MOST_BELOW, MOST_ABOVE) ** 2)


def compute_sigma(
    tilts: Floats, azimuths: Floats, *, weights: Floats, found: tuple[float, float]
) -> tuple[float, float]:
    """The uncertainty of tilt and azimuth (degrees) by the weights of all orientations."""
    weights = weights / weights.sum()
    tilt_off = tilts - found[0]
    azimuth_off = (azimuths - found[1] + 180) % 360 - 180
    tilt_sigma = float(np.sqrt((weights * tilt_off**2).sum()))
    azimuth_sigma = float(np.sqrt((weights * azimuth_off**2).sum()))
    least = MODEL_SIGMA_DEG / np.sin(np.radians(max(found[0], FLAT_TILT_DEG)))
    return float(np.hypot(tilt_sigma, MODEL_SIGMA_DEG)), float(
        min(180.0, np.hypot(azimuth_sigma, least))
    )
