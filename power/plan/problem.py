"""One planning problem: the unit, the moment, and what is known of its sun and its battery.

Reads and writes: nothing; pure. power/plan/run.py fills it from the database.
Never: needs more than past days, the calendar and the settings; a forecast is optional.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.model import Stamp
from appliance.settings import PanelsSettings, Settings, SiteSettings
from power.guard.reserve import compute_reserve_days, compute_reserve_wh
from power.plan.horizon import HORIZON_DAYS, DayForecast
from power.plan.weather_model import DayWeather

CHARGE_AGE_S = 3600.0  # an estimate of this age still gives the charge that a plan begins with

ClearSkyModel = Callable[[SiteSettings, PanelsSettings, Sequence[datetime]], list[float]]


@dataclass(frozen=True, slots=True)
class SiteHistory:
    """The past days of the site, yesterday last, its shade factor by local solar hour, and the
    chance that snow covers the panels now.
    """

    days: tuple[DayWeather, ...]
    shade: tuple[float, ...]
    covered: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanProblem:
    """What a plan is computed from.

    `clear_w`: mean clear-sky power (W) of each hour from the last solar midnight before `now` on,
    shade included, for at least `days` days. `sigma_pct`: the usual sigma of the charge estimate,
    which the guard subtracts before it judges. `reserve_wh`: the guard's reserve. `forecast`: by
    day, 0 is today. `days`: length of the horizon; a charge has no value at its end, so the last
    two weeks of it do not show how the unit behaves.
    """

    settings: Settings
    now: Stamp
    clear_w: Sequence[float]
    history: SiteHistory
    sigma_pct: float
    reserve_wh: float
    forecast: Mapping[int, DayForecast] | None = None
    days: int = HORIZON_DAYS

    @property
    def starts(self) -> datetime:
        """The last solar midnight: the start of the horizon."""
        return find_solar_midnight(self.now.utc, self.settings.site.longitude_deg)

    @property
    def horizon_clear_w(self) -> tuple[float, ...]:
        """`clear_w` of the horizon alone."""
        return tuple(self.clear_w[: self.days * 24])


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
    """Mean clear-sky power (W) of each hour from `midnight` on, times the site's shade factors."""
    middles = [midnight + timedelta(hours=hour + 0.5) for hour in range(days * 24)]
    power_w = clear_sky(settings.site, settings.panels, middles)
    return [watts * shade[hour % 24] for hour, watts in enumerate(power_w)]


def compute_current_reserve_wh(
    settings: Settings, utc: datetime, full_at: datetime | None, *, confirmed: bool
) -> float:
    """The energy (Wh) that the guard reserves at that time; `confirmed` as for the days."""
    days = compute_reserve_days(settings, utc, full_at, confirmed=confirmed)
    return compute_reserve_wh(settings.battery, settings.energy, days)
