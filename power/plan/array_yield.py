"""What the panels gave on one day: all of it, what was curtailed, and what clear hours gave.

Reads and writes: nothing; pure.
Never: counts a curtailed hour against the panels, or invents what was not measured.
"""

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import TypedDict

from appliance.model import SolarDay
from appliance.settings import Settings
from power.plan.clear_hours import STEP_H, PowerStep, find_clear_hours
from power.plan.clear_sky import LOSSES
from power.plan.problem import ClearSkyModel
from power.plan.solar_day import MIN_LIT_SHARE, filter_sun_w
from power.plan.steady_light import find_steady_w

NOON_SHARE = 0.5  # of the day's best clear-sky power: the sun is high


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """The mean of one step of `hours`; `throttled`: the panels say nothing of the weather."""

    hours: float
    _: KW_ONLY
    pv_power_w: float | None
    temperature_c: float | None
    throttled: bool
    pv_voltage_v: float | None = None

    @property
    def is_fine(self) -> bool:
        """Whether it is of five minutes."""
        return abs(self.hours - STEP_H) < 1e-6


HistoryPoints = dict[datetime, HistoryPoint]


class ArrayYield(TypedDict):
    """Columns of a `SolarDay`."""

    yield_wh: float | None
    curtailed_h: float
    clear_hours: float
    clear_hours_wh: float
    clear_hours_reference_wh: float
    noon_pv_v: float | None
    highest_pv_v: float | None


def add_yield(
    day: SolarDay, points: HistoryPoints, settings: Settings, clear_sky: ClearSkyModel
) -> SolarDay:
    """The row with what the panels gave on that day."""
    middles = [at + timedelta(hours=point.hours / 2) for at, point in points.items()]
    power_w = clear_sky(settings.site, settings.panels, middles)
    clear_w = dict(zip(points, power_w, strict=True))
    peak_w = settings.panels.peak_w
    return replace(
        day,
        **sum_up_yield(points, clear_w, peak_w),
        steady_w=find_steady_w(select_free_w(points, peak_w), day.day, peak_w),
    )


def sum_up_yield(
    points: HistoryPoints, clear_w: Mapping[datetime, float], peak_w: float
) -> ArrayYield:
    """The day's yield from its points; `clear_w`: the clear-sky power in the middle of each."""
    lit_w = MIN_LIT_SHARE * max(clear_w.values(), default=0.0)
    clear = find_clear_hours(select_steps(points, clear_w, peak_w), peak_w)
    given_wh = [
        sun_w * point.hours
        for point in points.values()
        if (sun_w := filter_sun_w(point.pv_power_w, peak_w)) is not None
    ]
    return {
        "yield_wh": sum(given_wh) if given_wh else None,
        "curtailed_h": sum(
            p.hours for at, p in points.items() if p.throttled and clear_w[at] > lit_w
        ),
        "clear_hours": float(clear.hours),
        "clear_hours_wh": clear.measured_wh,
        "clear_hours_reference_wh": clear.clear_wh / (1 - LOSSES),
        "noon_pv_v": average_noon_v(points, clear_w),
        "highest_pv_v": max(
            (one.pv_voltage_v for one in points.values() if one.pv_voltage_v is not None),
            default=None,
        ),
    }


def select_steps(
    points: HistoryPoints, clear_w: Mapping[datetime, float], peak_w: float
) -> dict[datetime, PowerStep]:
    """The steps of five minutes in which the panels gave what they could."""
    return {
        at: PowerStep(sun_w, clear_w[at])
        for at, point in points.items()
        if point.is_fine and not point.throttled and clear_w[at] > 0
        if (sun_w := filter_sun_w(point.pv_power_w, peak_w)) is not None
    }


def select_free_w(points: HistoryPoints, peak_w: float) -> dict[datetime, float]:
    """The power of the steps of five minutes in which nothing was curtailed."""
    return {
        at: sun_w
        for at, point in points.items()
        if point.is_fine and not point.throttled
        if (sun_w := filter_sun_w(point.pv_power_w, peak_w)) is not None
    }


def average_noon_v(points: HistoryPoints, clear_w: Mapping[datetime, float]) -> float | None:
    """The mean voltage of the panels while the sun was high; None where it is not measured."""
    high_w = NOON_SHARE * max(clear_w.values(), default=0.0)
    volts: Sequence[float] = [
        point.pv_voltage_v
        for at, point in points.items()
        if clear_w[at] > high_w and point.pv_voltage_v is not None
    ]
    return fmean(volts) if volts else None
