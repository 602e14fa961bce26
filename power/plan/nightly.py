"""The night's work of the planner in one call: outlook, solution, and the table that is kept.

Reads and writes: nothing; power/plan/run.py brings the past and stores the result. Imports numpy.
Never: needs more than the past days, the calendar and the settings; a forecast is welcome.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.model import EnergyPolicy, Stamp
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.guard.guard import hibernate_below_pct
from power.plan.horizon import FINE_DAYS, HORIZON_DAYS, DayForecast, Horizon, build_horizon
from power.plan.policy import pack_table
from power.plan.solver import CHARGE_LEVELS, Solution, solve_values
from power.plan.utility import list_options
from power.plan.weather_model import DayWeather

ClearSkyModel = Callable[[SiteSettings, PanelsSettings, Sequence[datetime]], list[float]]
POLICY_DAYS = FINE_DAYS + 1  # of the table: one missed night is bridged
MARGIN_PCT = 2.0  # the plan stays so far above what the guard would stop


@dataclass(frozen=True, slots=True)
class SiteHistory:
    """What the site has taught: its days, the last is yesterday, and its shade by solar hour."""

    days: tuple[DayWeather, ...]
    shade: tuple[float, ...]


def find_solar_midnight(utc: datetime, longitude_deg: float) -> datetime:
    """The last solar midnight at or before `utc`, to the hour, in UTC."""
    ahead = timedelta(hours=round(longitude_deg / 15))
    local = utc + ahead
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - ahead


def compute_hourly_clear_w(
    settings: Settings,
    clear_sky: ClearSkyModel,
    midnight: datetime,
    days: int,
    shade: Sequence[float],
) -> list[float]:
    """Mean clear-sky power of each hour from `midnight` on, with the site's shade."""
    middles = [midnight + timedelta(hours=hour + 0.5) for hour in range(days * 24)]
    power_w = clear_sky(settings.site, settings.panels, middles)
    return [watts * shade[hour % 24] for hour, watts in enumerate(power_w)]


def make_policy(
    settings: Settings,
    now: Stamp,
    clear_w: Sequence[float],
    history: SiteHistory,
    sigma_pct: float,
    reserve_wh: float,
    forecast: Mapping[int, DayForecast] | None = None,
) -> EnergyPolicy:
    """The policy from the last local midnight on.

    `clear_w` as `hourly_clear_w` gives it, for `DAYS` days. `sigma_pct` is the usual doubt of the
    charge, which the guard takes off before it judges; `kept_wh` its reserve
    (power/guard/reserve.py).
    """
    midnight = find_solar_midnight(now.utc, settings.site.longitude_deg)
    outlook = build_horizon(
        settings, midnight, clear_w[: HORIZON_DAYS * 24], history.days, forecast
    )
    floor_pct = hibernate_below_pct(settings, reserve_wh) + MARGIN_PCT
    solution = solve_values(outlook, list_options(settings), settings.battery, floor_pct, sigma_pct)
    return EnergyPolicy(
        stamp=now,
        starts=midnight,
        ends=midnight + timedelta(days=POLICY_DAYS),
        facts={
            "levels": CHARGE_LEVELS,
            "stretches": count_policy_intervals(outlook),
            "hours": POLICY_DAYS * 24,
            "days": POLICY_DAYS,
        },
        worth=pack_policy(outlook, solution, clear_w),
        reason=describe_weather(outlook, forecast),
    )


def count_policy_intervals(outlook: Horizon) -> int:
    """How many stretches of the outlook the table keeps."""
    return sum(stretch.day < POLICY_DAYS for stretch in outlook.intervals)


def pack_policy(outlook: Horizon, solution: Solution, clear_w: Sequence[float]) -> bytes:
    """The first days of the solution as the table is stored."""
    count = count_policy_intervals(outlook)
    stretches = outlook.intervals[:count]
    bounds_h = [0.0]
    for stretch in stretches:
        bounds_h.append(bounds_h[-1] + stretch.hours)
    return pack_table(
        bounds_h,
        solution.floors_pct[:count],
        clear_w[: POLICY_DAYS * 24],
        outlook.weather[:POLICY_DAYS],
        solution.values[: count + 1].ravel().tolist(),
    )


def describe_weather(horizon: Horizon, forecast: Mapping[int, DayForecast] | None) -> str:
    """What is expected of today and tomorrow, in words."""
    grey = sum(1 for sky in horizon.weather[:2] if sky[0] + sky[1] > sum(sky[3:]))
    cold = horizon.cold[0] > 0.5
    words = {0: "sun expected", 1: "one grey day expected", 2: "two grey days expected"}[grey]
    if cold:
        words += ", too cold to charge"
    return words + (" (with a forecast)" if forecast else "")
