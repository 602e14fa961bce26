"""The days to come as people see them: the expected course, and the band in which it may lie.

Reads and writes: nothing; pure. power/plan/run.py brings the prospect and stores the steps.
Never: decides anything. It is shown, and compared with what came.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, Stamp
from appliance.settings import Follows
from power.plan.monte_carlo import ScenarioResults, ScenarioStart, simulate_scenarios
from power.plan.policy import SolarNowcast, compute_hour, interpolate_clear_w
from power.plan.policy_planner import mean_clearness
from power.plan.prospect import Plan, tabulate_values
from power.plan.rollout import (
    LadderController,
    SimulatedStep,
    StepController,
    TableController,
    TimeStep,
    roll_out,
)

STEP = timedelta(minutes=15)
STEP_H = STEP / timedelta(hours=1)
STEPS = 288  # three days
TABLE_DAYS = 5  # the steps begin up to a day after the outlook does
COLD_FROM_CHANCE = 0.5  # the chance from which a day is planned as one on which nothing is charged


def floor_to_quarter(utc: datetime) -> datetime:
    """The start of the quarter of an hour that `utc` lies in."""
    utc = utc.astimezone(UTC)
    return utc.replace(minute=utc.minute - utc.minute % 15, second=0, microsecond=0)


def list_step_times(now: datetime) -> list[datetime]:
    """The starts of the plan's steps: whole quarters of an hour, the present one first."""
    start = floor_to_quarter(now)
    return [start + STEP * number for number in range(STEPS)]


def make_plan_steps(
    plan: Plan,
    battery: BatteryState,
    previous: EnergyLevel | None,
    nowcast: SolarNowcast,
    now: Stamp,
    ladder: bool = False,
) -> list[EnergyPlanStep]:
    """One step for each of `plan_times(now.utc)`, if the sun does what is expected of each day.

    `today` knows today's sun so far. `ladder`: the ladder is followed, whatever the settings say.
    `pv_power_w` is the sun that is to be had; what the full battery cannot take is not kept.
    `state_of_charge_pct` is the charge at the start of the step; an unknown one counts as 0 %.
    """
    settings, table = plan.settings, tabulate_values(plan, TABLE_DAYS)
    charge_pct, sigma_pct = battery.state_of_charge_pct or 0.0, battery.sigma_pct or 0.0
    skies = nowcast.estimate_chances(table)
    pieces = expect_sun(plan, skies, battery.charge_blocked, now.utc)
    chooser: StepController
    if ladder or settings.energy.follows == Follows.LADDER:
        chooser = LadderController(settings, plan.options, sigma_pct, previous)
    else:
        chooser = TableController(table, plan.options, settings.battery, nowcast, learns_sun=False)
    lived = roll_out(pieces, charge_pct, sigma_pct, chooser, plan.options, settings)
    hour = compute_hour(table, floor_to_quarter(now.utc))
    start = ScenarioStart(hour, charge_pct, sigma_pct, skies, battery.charge_blocked)
    futures = simulate_scenarios(plan, start, STEPS * STEP_H / 24, STEP_H)
    return [make_step(now, place, one, futures) for place, one in enumerate(lived)]


def expect_sun(
    plan: Plan, chances: Sequence[float], blocked: bool, now: datetime
) -> list[TimeStep]:
    """The plan's quarters of an hour under the sun that is to be expected; `skies` are today's."""
    outlook, table = plan.horizon, tabulate_values(plan, TABLE_DAYS)
    shares = [mean_clearness(chances), *(mean_clearness(sky) for sky in outlook.weather[1:])]
    cold = [blocked, *(chance > COLD_FROM_CHANCE for chance in outlook.cold[1:])]
    hidden = {stretch.day: stretch.hidden_pct for stretch in outlook.intervals}
    found = []
    for starts in list_step_times(now):
        hour = compute_hour(table, starts)
        day = int(hour // 24)
        sun_w = interpolate_clear_w(table, hour + STEP_H / 2) * shares[day]
        found.append(TimeStep(starts, hour, STEP_H, sun_w, cold[day], hidden[day]))
    return found


def make_step(
    now: Stamp, number: int, simulated: SimulatedStep, scenarios: ScenarioResults
) -> EnergyPlanStep:
    """The row of one step; the band always holds the expected course."""
    low, high = float(scenarios.low_pct[number]), float(scenarios.high_pct[number])
    return EnergyPlanStep(
        stamp=now,
        starts=simulated.step.starts,
        pv_power_w=simulated.step.sun_w,
        load_power_w=simulated.option.power_w,
        state_of_charge_pct=simulated.charge_pct,
        level=simulated.option.level,
        low_charge_pct=min(low, simulated.charge_pct),
        high_charge_pct=max(high, simulated.charge_pct),
    )
