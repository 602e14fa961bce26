"""The plan steps that people see: the expected course, and the band in which it may lie.

Reads and writes: nothing; pure. power/plan/run.py brings the plan and stores the steps.
Never: decides anything. The steps are shown, and compared with what came.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPlanStep, Stamp
from appliance.settings import Follows
from power.battery.connected_share import convert_to_whole
from power.plan.monte_carlo import ScenarioResults, simulate_scenarios
from power.plan.nowcast import SolarNowcast
from power.plan.plan import COLD_FROM_CHANCE, Plan, tabulate_values
from power.plan.policy_table import PolicyTable, compute_hour, interpolate_clear_w
from power.plan.rollout import (
    LadderController,
    SimulatedStep,
    StepController,
    TableController,
    TimeStep,
    roll_out,
)
from power.plan.scenarios import ScenarioStart
from power.plan.weather_model import mean_clear_sky_index

STEP = timedelta(minutes=15)
STEP_H = STEP / timedelta(hours=1)
STEPS = 288  # three days
TABLE_DAYS = 5  # the steps begin up to a day after the horizon does


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
    *,
    by_ladder: bool = False,
) -> list[EnergyPlanStep]:
    """One step for each of `list_step_times(now.utc)`, if the sun is what is expected of each day.

    `nowcast`: from the sun of today so far. `by_ladder`: the ladder is followed, whatever the
    settings say. `pv_power_w` is what the panels can give; what a full battery cannot take is not
    deducted. `state_of_charge_pct` is the charge at the start of the step; an unknown one counts as
    0 %.
    """
    settings, table = plan.settings, tabulate_values(plan, TABLE_DAYS)
    battery = convert_to_whole(battery, settings.battery)
    charge_pct, sigma_pct = battery.state_of_charge_pct or 0.0, battery.sigma_pct or 0.0
    weather = nowcast.estimate_chances(table)
    steps = expect_sun(plan, table, weather, battery, now.utc)
    controller: StepController
    if by_ladder or settings.energy.follows == Follows.LADDER:
        controller = LadderController(settings, plan.options, sigma_pct, previous)
    else:
        controller = TableController(
            table, plan.options, settings.battery, nowcast, learns_sun=False
        )
    simulated = roll_out(
        steps, controller, plan.options, settings, charge_pct=charge_pct, sigma_pct=sigma_pct
    )
    start = ScenarioStart(
        hour=compute_hour(table, floor_to_quarter(now.utc)),
        charge_pct=charge_pct,
        sigma_pct=sigma_pct,
        weather=weather,
        cold=battery.charge_blocked,
    )
    scenarios = simulate_scenarios(plan, start, STEPS * STEP_H / 24, step_h=STEP_H)
    return [make_step(now, number, one, scenarios) for number, one in enumerate(simulated)]


def expect_sun(
    plan: Plan, table: PolicyTable, weather: Sequence[float], battery: BatteryState, now: datetime
) -> list[TimeStep]:
    """The plan's time steps under the expected sun; `weather`: today's chances by now."""
    horizon = plan.horizon
    shares = [
        mean_clear_sky_index(weather),
        *(mean_clear_sky_index(day) for day in horizon.weather[1:]),
    ]
    cold = [battery.charge_blocked, *(chance > COLD_FROM_CHANCE for chance in horizon.cold[1:])]
    hidden = {interval.day: interval.hidden_pct for interval in horizon.intervals}
    steps = []
    for starts in list_step_times(now):
        hour = compute_hour(table, starts)
        day = int(hour // 24)
        steps.append(
            TimeStep(
                starts=starts,
                hour=hour,
                hours=STEP_H,
                sun_w=interpolate_clear_w(table, hour + STEP_H / 2) * shares[day],
                cold=cold[day],
                hidden_pct=hidden[day],
            )
        )
    return steps


def make_step(
    now: Stamp, number: int, simulated: SimulatedStep, scenarios: ScenarioResults
) -> EnergyPlanStep:
    """The row of one step; the band always holds the expected course."""
    low, high = float(scenarios.low_pct[number]), float(scenarios.high_pct[number])
    return EnergyPlanStep(
        stamp=now,
        starts=simulated.step.starts,
        pv_power_w=simulated.step.sun_w,
        load_power_w=simulated.option.power_w + simulated.option.source_w,
        state_of_charge_pct=simulated.charge_pct,
        level=simulated.option.level,
        low_charge_pct=min(low, simulated.charge_pct),
        high_charge_pct=max(high, simulated.charge_pct),
        source_power_w=simulated.option.source_w,
    )
