"""A site with a simple sun: its clear sky, its stored days, its readings, and a plan for it.

Reads: nothing. Writes: through the stores that it is given.
Never: needs pvlib. The sun is half a sine from 6 to 18 h UTC, all year, at longitude 0.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from appliance.model import BatteryState, ChargeStage, PowerReading, SolarDay, Stamp
from appliance.settings import EnergySettings, PanelsSettings, Settings, SiteSettings
from appliance.store.store import Store
from power.plan.history import to_storage_key
from power.plan.horizon import HORIZON_DAYS
from power.plan.plan import Plan, solve_plan
from power.plan.problem import PlanProblem, SiteHistory, compute_hourly_clear_w
from power.plan.weather_model import DayWeather

MIDNIGHT = datetime(2026, 4, 15, tzinfo=UTC)
SITE = SiteSettings(latitude_deg=45.0, longitude_deg=0.0)
SMALL = replace(Settings(), site=SITE, panels=PanelsSettings(peak_w=120))
"""A unit to whom the sun matters: 120 W of panels for 25 W of work."""


def plain_sky(site: SiteSettings, panels: PanelsSettings, times: Sequence[datetime]) -> list[float]:
    """Half a sine from 6 to 18 h UTC that reaches the panels' peak at noon."""
    hours = [at.hour + at.minute / 60 for at in times]
    return [panels.peak_w * max(0.0, math.sin((hour - 6) / 12 * math.pi)) for hour in hours]


def clear_hours(
    settings: Settings, days: int = HORIZON_DAYS, since: datetime = MIDNIGHT
) -> list[float]:
    """The plain sky by hour."""
    return compute_hourly_clear_w(settings, plain_sky, since, days, (1.0,) * 24)


def past_of(*clear_sky_index: float | None, mean_c: float | None = 15.0) -> SiteHistory:
    """Days of that clear-sky index, the last is yesterday, and no shade."""
    return SiteHistory(tuple(DayWeather(one, mean_c) for one in clear_sky_index), (1.0,) * 24)


def a_problem(
    settings: Settings = SMALL,
    past: SiteHistory | None = None,
    now: datetime = MIDNIGHT,
    **changed: Any,
) -> PlanProblem:
    """The planning problem of the plain sky."""
    problem = PlanProblem(
        settings=settings,
        now=Stamp(now, "00000001", 1000.0),
        clear_w=clear_hours(settings),
        history=past or past_of(),
        sigma_pct=4.0,
        reserve_wh=50.0,
    )
    return replace(problem, **changed)


def a_plan(
    settings: Settings = SMALL,
    past: SiteHistory | None = None,
    now: datetime = MIDNIGHT,
    **changed: Any,
) -> Plan:
    """Its solution."""
    return solve_plan(a_problem(settings, past, now, **changed))


def a_state(stamp: Stamp, charge_pct: float | None, sigma_pct: float = 4.0) -> BatteryState:
    """An estimate of an uncooled 2560 Wh battery."""
    wh = None if charge_pct is None else charge_pct / 100 * 2560
    return BatteryState(
        stamp,
        charge_pct,
        sigma_pct=sigma_pct,
        energy_wh=wh,
        capacity_wh=2560,
        time_to_go_s=None,
        charge_blocked=False,
        method="counted",
    )


def a_reading(stamp: Stamp, sun_w: float | None, **changed: Any) -> PowerReading:
    """A reading in which the sun matters."""
    stage = ChargeStage.BULK
    reading = PowerReading(stamp, "test", sun_w, 30.0, 13.2, 1.0, 12.0, 5.0, stage, None)
    return replace(reading, **changed)


def live_days(
    store: Store,
    settings: Settings,
    first: datetime,
    clear_sky_index: Sequence[float],
    charge_pct: float = 60.0,
    *,
    every_s: int = 300,
    **changed: Any,
) -> None:
    """Store readings of these days, of the store's boot, and the battery's state beside them."""
    rows: list[Any] = []
    for number in range(len(clear_sky_index) * 86400 // every_s):
        at = first + timedelta(seconds=number * every_s)
        share = clear_sky_index[number * every_s // 86400]
        sun_w = share * plain_sky(settings.site, settings.panels, [at])[0]
        stamp = Stamp(at, "00000001", 1000.0 + number * every_s)
        rows += [a_reading(stamp, sun_w, **changed), a_state(stamp, charge_pct)]
    store.add(*rows)


def a_sun_day(
    day: date, clear_sky_index: float, settings: Settings = SMALL, mean_c: float = 15.0
) -> SolarDay:
    """A stored day that was seen from dawn to dusk."""
    hourly = clear_hours(settings, 1)
    clear_wh = sum(hourly)
    seen = {str(hour): clear_sky_index for hour in range(24) if hourly[hour] > 0}
    stamp = Stamp(to_storage_key(day) + timedelta(days=1, hours=3), "00000001", 1.0)
    return SolarDay(
        stamp,
        to_storage_key(day),
        clear_wh * clear_sky_index,
        clear_wh,
        seen,
        mean_c - 3,
        mean_c + 3,
    )


def few_watts(settings: Settings, **draws: Any) -> Settings:
    """The same unit with other draws."""
    energy: EnergySettings = replace(settings.energy, **draws)
    return replace(settings, energy=energy)
