"""What the unit learns of its panels from a stranger's sky, and what it says of wrong settings.

Reads and writes: nothing. The days are made as on a unit (power/plan/history.py), from what
tests/bench/panels/arrays.py records.
Never: shows the check the days that it is judged on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from appliance.model import SolarDay
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.plan import history
from power.plan.array_direction import check_direction
from power.plan.array_yield import HistoryPoint, HistoryPoints
from power.plan.clear_sky import compute_clear_sky_w
from power.plan.learned_array import LearnedArray, learn_array
from power.plan.problem import ClearSkyModel
from tests.bench.panels.arrays import STEP_H, Array, Floats, record
from tests.bench.panels.site_year import make_rows

DAYS, JUDGED_DAYS = 60, 20
PANEL_V = 30.0
EAST_TREES, WEST_HOUSE = 25.0, 30.0  # degrees above the horizon


def hide_east(azimuth: Floats) -> Floats:
    return np.where(azimuth < 125, EAST_TREES, 0.0)


def hide_west(azimuth: Floats) -> Floats:
    return np.where(azimuth > 235, WEST_HOUSE, 0.0)


def fill_by_nine(array: Array) -> Array:
    """The same with a small battery and small loads."""
    return replace(array, load_w=15.0, capacity_wh=1280.0)


WINTER = datetime(2023, 11, 1, tzinfo=UTC)
SUMMER = datetime(2023, 6, 1, tzinfo=UTC)
N50 = Array(latitude_deg=50, tilt_deg=35, azimuth_deg=180)
SYDNEY = Array(latitude_deg=-34, longitude_deg=151, tilt_deg=35, azimuth_deg=0)
CASES: dict[str, tuple[Array, PanelsSettings]] = {
    "50 N, as set": (N50, PanelsSettings()),
    "50 N, as set, fast by 12 min": (replace(N50, clock_min=12), PanelsSettings()),
    "50 N, as set, trees in the east": (replace(N50, skyline=hide_east), PanelsSettings()),
    "50 N, as set, a house in the west": (replace(N50, skyline=hide_west), PanelsSettings()),
    "50 N, as set, full by nine": (fill_by_nine(N50), PanelsSettings()),
    "50 N, as set, controller limits": (replace(N50, limit_w=300), PanelsSettings()),
    "50 N, as set, winter": (replace(N50, begins=WINTER), PanelsSettings()),
    "34 S, as set": (SYDNEY, PanelsSettings()),
    "equator, nearly flat, as set": (
        replace(N50, latitude_deg=0, tilt_deg=8, azimuth_deg=90),
        PanelsSettings(tilt_deg=8, azimuth_deg=90),
    ),
    "50 N, faces 95, set 180": (replace(N50, azimuth_deg=95), PanelsSettings()),
    "50 N, faces 95, set 180, winter": (
        replace(N50, azimuth_deg=95, begins=WINTER),
        PanelsSettings(),
    ),
    "62 N, tilt 60 faces 250, set 180": (
        replace(N50, latitude_deg=62, tilt_deg=60, azimuth_deg=250),
        PanelsSettings(tilt_deg=60),
    ),
    "34 S, faces 0, set 180": (SYDNEY, PanelsSettings(azimuth_deg=180)),
    "34 S, faces 0, set 180, winter": (
        replace(SYDNEY, begins=SUMMER),
        PanelsSettings(azimuth_deg=180),
    ),
    "50 N, tilt 70, set 20": (replace(N50, tilt_deg=70), PanelsSettings(tilt_deg=20)),
    "50 N, faces 95, set 180, full by nine": (
        fill_by_nine(replace(N50, azimuth_deg=95)),
        PanelsSettings(),
    ),
    "15 N, faces 80, set 180, a house in the west": (
        replace(N50, latitude_deg=15, azimuth_deg=80, skyline=hide_west),
        PanelsSettings(),
    ),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was learned, the fault's code, and the error of the forecast of later clear days by the
    settings and by what the plan uses; shares of their energy, None without such days.
    """

    learned: LearnedArray | None
    fault: str | None
    settings_error: float | None
    plan_error: float | None


def run_case(array: Array, panels: PanelsSettings, seed: int = 1) -> Outcome:
    """The unit's answer after `DAYS` days, judged on those after them."""
    settings = make_settings(array, panels)
    days = make_days(array, settings, DAYS + JUDGED_DAYS, seed)
    learned = learn_array(days[:DAYS], settings)
    fault = check_direction(learned, settings)
    used = learned.compute_clear_sky_w if learned and learned.is_better else compute_clear_sky_w
    later = [day for day in days[DAYS:] if len(day.steady_w) >= 6]
    best = sorted(later, key=lambda day: -sum(day.steady_w.values()))[:5]
    return Outcome(
        learned,
        str(fault) if fault else None,
        judge(best, settings, compute_clear_sky_w),
        judge(best, settings, used),
    )


def judge(days: Sequence[SolarDay], settings: Settings, sky: ClearSkyModel) -> float | None:
    """The error of the clear sky's shape in the steady half-hours of these days."""
    times = [day.day + timedelta(minutes=int(one)) for day in days for one in day.steady_w]
    if not times:
        return None
    given = np.array([watts for day in days for watts in day.steady_w.values()])
    model = np.array(sky(settings.site, settings.panels, times))
    model *= given.sum() / max(model.sum(), 1e-9)
    return float(np.abs(given - model).sum() / given.sum())


def make_settings(array: Array, panels: PanelsSettings) -> Settings:
    """What the unit is set to."""
    site = SiteSettings(array.latitude_deg, array.longitude_deg, array.altitude_m)
    return replace(Settings(), site=site, panels=replace(panels, peak_w=array.peak_w))


def make_days(array: Array, settings: Settings, count: int, seed: int) -> list[SolarDay]:
    """The stored rows of so many days."""
    found = record(array, count, seed)
    points: dict[date, HistoryPoints] = {}
    rows = zip(found.times, found.power_w, found.throttled, found.air_c, strict=True)
    for at, watts, held, air_c in rows:
        point = HistoryPoint(
            STEP_H,
            pv_power_w=float(watts),
            temperature_c=float(air_c),
            throttled=bool(held),
            pv_voltage_v=PANEL_V,
        )
        points.setdefault(history.to_solar_date(at, settings), {})[at] = point
    return make_rows(points, settings)
