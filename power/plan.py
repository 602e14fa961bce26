"""Makes the day-ahead plan once and ends: `python -m power.plan`, started by a timer.

Reads: BatteryState, PowerReading, EnergyBudget, the clear sky. Writes: EnergyPlanStep rows.
Never: stays in memory (pvlib is heavy), and never decides: the power service does not read it.
"""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from appliance import log, retention, service, settings_file
from appliance.errors import ApplianceError, SettingsError
from appliance.model import BatteryState, EnergyBudget, EnergyPlanStep, PowerReading
from appliance.prepare import prepare
from appliance.settings import PanelsSettings, Settings, SiteSettings
from appliance.store import Store
from appliance.tables import PLAN
from power.clear_sky import clear_sky_power_w
from power.outlook import (
    STEP,
    USUAL_CLEARNESS,
    day_ahead,
    learned_clearness,
    measured_sun,
    plan_times,
)

ClearSky = Callable[[SiteSettings, PanelsSettings, Sequence[datetime]], list[float]]
CHARGE_AGE_S = 3600.0
LEARN_FROM = timedelta(days=3)


class PlanError(ApplianceError):
    """There is nothing to plan from."""

    code = "plan"


def make_plan(store: Store, settings: Settings, clear_sky: ClearSky) -> str:
    """Store the plan from now on and return one sentence about it; raises `PlanError`."""
    now = store.clock.stamp()
    battery = store.latest(BatteryState, CHARGE_AGE_S)
    if battery is None or battery.state_of_charge_pct is None:
        raise PlanError(
            "there is no plan because the charge of the battery is unknown; "
            "see what the power service says (`systemctl status appliance-power`)"
        )
    budget = store.latest(EnergyBudget, CHARGE_AGE_S)
    learned = learn(store, settings, clear_sky, now.utc)
    clearness = USUAL_CLEARNESS if learned is None else learned
    steps = day_ahead(
        battery=battery,
        previous=budget.level if budget else None,
        clear_sky_w=step_means(settings, clear_sky, plan_times(now.utc)),
        clearness=clearness,
        settings=settings,
        now=now,
    )
    store.add(*steps)
    retention.retain(store)
    return sentence(steps, clearness, learned is not None)


def learn(store: Store, settings: Settings, clear_sky: ClearSky, now: datetime) -> float | None:
    """The clearness of the last days as this unit's own panels saw it, or None."""
    measured_w = measured_sun(store.rows(PowerReading, since=now - LEARN_FROM))
    starts = sorted(measured_w)
    if not starts:
        return None
    clear_w = dict(zip(starts, step_means(settings, clear_sky, starts), strict=True))
    return learned_clearness(measured_w, clear_w, settings.panels.peak_w)


def step_means(settings: Settings, clear_sky: ClearSky, starts: Sequence[datetime]) -> list[float]:
    """Clear-sky power (W) in the middle of each step, which is its mean to within a percent."""
    return clear_sky(settings.site, settings.panels, [start + STEP / 2 for start in starts])


def sentence(steps: Sequence[EnergyPlanStep], clearness: float, learned: bool) -> str:
    """What the plan comes to, for the journal and the page."""
    lowest = min(steps, key=lambda step: step.state_of_charge_pct)
    hours = STEP / timedelta(hours=1)
    sun_wh = sum(step.pv_power_w for step in steps) * hours
    return (
        f"planned {len(steps) * hours:.0f} h: {sun_wh:.0f} Wh of sun expected at "
        f"{clearness * 100:.0f} % of a clear sky ({'learned here' if learned else 'assumed'}), "
        f"lowest charge {lowest.state_of_charge_pct:.0f} % at {lowest.starts:%H:%M} UTC"
    )


def main() -> None:
    """Exit codes as for every service: 0 planned, 1 something in the world is wrong, 2 settings."""
    arguments = service.parser(PLAN, takes_instance=False).parse_args()
    plan_log = log.setup(PLAN, under_journal="JOURNAL_STREAM" in os.environ)
    try:
        settings = settings_file.load(arguments.settings)
        prepare(settings.database)
        store = Store(settings.database, settings.make_clock(), writer=PLAN)
        plan_log.info(plan_and_tell(store, settings))
    except ApplianceError as error:
        print(f"{PLAN}: {log.redact(str(error))}", file=sys.stderr)
        sys.exit(2 if isinstance(error, SettingsError) else 1)


def plan_and_tell(store: Store, settings: Settings) -> str:
    """Make the plan and publish its sentence, or the fault that there is none."""
    try:
        said = make_plan(store, settings, clear_sky_power_w)
    except PlanError as error:
        store.raise_fault(PLAN, error)
        store.say(PLAN, str(error))
        raise
    store.clear_faults(PLAN)
    store.say(PLAN, said)
    return said


if __name__ == "__main__":
    main()
