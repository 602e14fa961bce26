"""Watches the panels: their faults, and what the clear days say of their direction, tilt and shade.

    panels = watch_panels(store, settings, clear_sky, now)
    panels.fault_codes, panels.clear_sky, panels.rebase(days)

Reads: SolarDay, and today's readings. Writes: the faults of the panels.
Never: changes the settings. Where the learned panels are the better ones, the plan's clear sky is
theirs, and the stored days are compared with it anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.errors import ApplianceError
from appliance.model import SolarDay, Stamp
from appliance.settings import Settings
from appliance.store.store import Store
from appliance.store.tables import PLAN
from power.plan import history
from power.plan.array_check import ArrayFault, YieldLow, check_array
from power.plan.array_direction import ArrayDirection, check_direction
from power.plan.learned_array import LearnedArray, learn_array, rebase_days
from power.plan.peak_check import check_peak
from power.plan.problem import ClearSkyModel
from power.plan.snow_fault import PanelsCovered, check_snow
from power.plan.yield_loss import LOOK_BACK_DAYS

SNOW_DAYS = PEAK_DAYS = 60  # that are looked back on


@dataclass(frozen=True, slots=True)
class PanelsWatch:
    """What is known of the panels. `clear_sky`: what the plan is to be made with."""

    settings: Settings
    of_settings: ClearSkyModel
    learned: LearnedArray | None
    fault_codes: frozenset[str]
    so_far: SolarDay | None = None

    @property
    def clear_sky(self) -> ClearSkyModel:
        """The power of these panels under a cloudless sky."""
        learned = self.learned
        return learned.compute_clear_sky_w if learned else self.of_settings

    def rebase(self, days: Sequence[SolarDay]) -> list[SolarDay]:
        """The stored days beside that clear sky."""
        if self.learned is None:
            return list(days)
        dates = [day.day.date() for day in days]
        before = history.compute_clear_days(self.settings, self.of_settings, dates)
        after = history.compute_clear_days(self.settings, self.clear_sky, dates)
        return rebase_days(days, pick(before, dates), pick(after, dates))


def pick(clear_w: dict[date, list[float]], dates: Sequence[date]) -> list[list[float]]:
    return [clear_w[day] for day in dates]


def watch_panels(
    store: Store, settings: Settings, clear_sky: ClearSkyModel, now: Stamp
) -> PanelsWatch:
    """Raise the faults of the panels."""
    today = history.to_solar_date(now.utc, settings)
    days = history.read_days(store, today, LOOK_BACK_DAYS)
    so_far = history.make_today(store, settings, clear_sky, now)
    codes = {fault.code for fault in store.list_open_faults() if fault.source == PLAN}
    learned = learn_array(days, settings)
    loss = check_array(days, so_far, settings, codes)
    snow = find_snow(days, so_far, settings, clear_sky)
    faults = select_faults(loss, snow, check_direction(learned, settings, codes))
    faults = faults or find_wrong_peak(store, settings, days, now)
    for fault in faults:
        store.raise_fault(PLAN, fault)
    return PanelsWatch(
        settings,
        clear_sky,
        learned if learned and learned.is_better else None,
        frozenset(fault.code for fault in faults),
        so_far,
    )


def select_faults(
    loss: ArrayFault | None, snow: PanelsCovered | None, direction: ArrayDirection | None
) -> list[ApplianceError]:
    """Those that none of the others explains. A wrong direction explains what is missing beside the
    nominal power, but not what the panels gave before.
    """
    if loss is not None and loss.is_urgent:
        return [loss]
    if snow is not None:
        return [snow]
    is_explained = direction is not None and isinstance(loss, YieldLow)
    return [one for one in (direction, None if is_explained else loss) if one is not None]


def find_wrong_peak(
    store: Store, settings: Settings, days: Sequence[SolarDay], now: Stamp
) -> list[ApplianceError]:
    """The fault of a nominal power that cannot be, if any."""
    yesterday = history.to_solar_date(now.utc, settings) - timedelta(days=1)
    since = history.find_midnight(yesterday, settings)
    points = history.read_points(store, settings, since, now.utc)
    fault = check_peak(days[-PEAK_DAYS:], points.values(), settings)
    return [] if fault is None else [fault]


def find_snow(
    days: Sequence[SolarDay],
    so_far: SolarDay | None,
    settings: Settings,
    clear_sky: ClearSkyModel,
) -> PanelsCovered | None:
    """The fault of panels under snow."""
    seen = [*days[-SNOW_DAYS:], *([so_far] if so_far else [])]
    dates = [day.day.date() for day in seen]
    clear_w = history.compute_clear_days(settings, clear_sky, dates)
    return check_snow(seen, [sum(clear_w[day]) for day in dates], settings)
