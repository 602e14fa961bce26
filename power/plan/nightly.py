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
from power.plan.forecast import DAYS, FINE_DAYS, Outlook, Told, look_ahead
from power.plan.policy import pack
from power.plan.solver import LEVELS_OF_CHARGE, Solution, solve
from power.plan.utility import options
from power.plan.weather_model import PastDay

ClearSky = Callable[[SiteSettings, PanelsSettings, Sequence[datetime]], list[float]]
KEPT_DAYS = FINE_DAYS + 1  # of the table: one missed night is bridged
MARGIN_PCT = 2.0  # the plan stays so far above what the guard would stop


@dataclass(frozen=True, slots=True)
class Past:
    """What the site has taught: its days, the last is yesterday, and its shade by solar hour."""

    days: tuple[PastDay, ...]
    shade: tuple[float, ...]


def local_midnight(utc: datetime, longitude_deg: float) -> datetime:
    """The last solar midnight at or before `utc`, to the hour, in UTC."""
    ahead = timedelta(hours=round(longitude_deg / 15))
    local = utc + ahead
    return local.replace(hour=0, minute=0, second=0, microsecond=0) - ahead


def hourly_clear_w(
    settings: Settings, clear_sky: ClearSky, midnight: datetime, days: int, shade: Sequence[float]
) -> list[float]:
    """Mean clear-sky power of each hour from `midnight` on, with the site's shade."""
    middles = [midnight + timedelta(hours=hour + 0.5) for hour in range(days * 24)]
    power_w = clear_sky(settings.site, settings.panels, middles)
    return [watts * shade[hour % 24] for hour, watts in enumerate(power_w)]


def make_policy(
    settings: Settings,
    now: Stamp,
    clear_w: Sequence[float],
    past: Past,
    sigma_pct: float,
    kept_wh: float,
    told: Mapping[int, Told] | None = None,
) -> EnergyPolicy:
    """The policy from the last local midnight on.

    `clear_w` as `hourly_clear_w` gives it, for `DAYS` days. `sigma_pct` is the usual doubt of the
    charge, which the guard takes off before it judges; `kept_wh` its reserve
    (power/guard/reserve.py).
    """
    midnight = local_midnight(now.utc, settings.site.longitude_deg)
    outlook = look_ahead(settings, midnight, clear_w[: DAYS * 24], past.days, told)
    floor_pct = hibernate_below_pct(settings, kept_wh) + MARGIN_PCT
    solution = solve(outlook, options(settings), settings.battery, floor_pct, sigma_pct)
    return EnergyPolicy(
        stamp=now,
        starts=midnight,
        ends=midnight + timedelta(days=KEPT_DAYS),
        facts={
            "levels": LEVELS_OF_CHARGE,
            "stretches": kept(outlook),
            "hours": KEPT_DAYS * 24,
            "days": KEPT_DAYS,
        },
        worth=packed(outlook, solution, clear_w),
        reason=expected_sun(outlook, told),
    )


def kept(outlook: Outlook) -> int:
    """How many stretches of the outlook the table keeps."""
    return sum(stretch.day < KEPT_DAYS for stretch in outlook.stretches)


def packed(outlook: Outlook, solution: Solution, clear_w: Sequence[float]) -> bytes:
    """The first days of the solution as the table is stored."""
    count = kept(outlook)
    stretches = outlook.stretches[:count]
    bounds_h = [0.0]
    for stretch in stretches:
        bounds_h.append(bounds_h[-1] + stretch.hours)
    return pack(
        bounds_h,
        solution.floors_pct[:count],
        clear_w[: KEPT_DAYS * 24],
        outlook.skies[:KEPT_DAYS],
        solution.values[: count + 1].ravel().tolist(),
    )


def expected_sun(outlook: Outlook, told: Mapping[int, Told] | None) -> str:
    """What is expected of today and tomorrow, in words."""
    grey = sum(1 for sky in outlook.skies[:2] if sky[0] + sky[1] > sum(sky[3:]))
    cold = outlook.cold[0] > 0.5
    words = {0: "sun expected", 1: "one grey day expected", 2: "two grey days expected"}[grey]
    if cold:
        words += ", too cold to charge"
    return words + (" (with a forecast)" if told else "")
