"""The planner's whole answer for one unit and one moment: outlook, solution, and the table of both.

Reads and writes: nothing; pure. Imports numpy. The nightly plan stores its policy; plan, futures,
`unitctl energy what-if` and the replay of the past look into the rest.
Never: plans otherwise than power/plan/nightly.py, whose policy and floor it takes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.model import EnergyPolicy, Stamp
from appliance.settings import Settings
from power.guard.guard import hibernate_below_pct
from power.plan.horizon import HORIZON_DAYS, DayForecast, Horizon, build_horizon
from power.plan.nightly import MARGIN_PCT, SiteHistory, find_solar_midnight, make_policy
from power.plan.policy import PolicyTable
from power.plan.solver import CHARGE_LEVELS, Solution, solve_values
from power.plan.utility import Option, list_options
from power.plan.weather_model import CLASS_COUNT


@dataclass(frozen=True, slots=True)
class Plan:
    """What one unit can expect. `clear_w`: hourly from the outlook's start on, with shade.
    `kept_wh`: the guard's reserve.
    """

    settings: Settings
    policy: EnergyPolicy
    clear_w: tuple[float, ...]
    horizon: Horizon
    solution: Solution
    options: tuple[Option, ...]
    reserve_wh: float


def make_plan(
    settings: Settings,
    now: Stamp,
    clear_w: Sequence[float],
    history: SiteHistory,
    sigma_pct: float,
    reserve_wh: float,
    forecast: Mapping[int, DayForecast] | None = None,
    days: int = HORIZON_DAYS,
) -> Plan:
    """The prospect from the last solar midnight on; arguments as those of `make_policy`.

    The policy is made first and the same problem solved once more, in some 50 ms, since the policy
    keeps three days only. `days`: how far this second solution looks; a charge is worth nothing at
    its end, and so the last two weeks are no picture of how the unit lives.
    """
    policy = make_policy(settings, now, clear_w, history, sigma_pct, reserve_wh, forecast)
    hourly = tuple(clear_w[: days * 24])
    midnight = find_solar_midnight(now.utc, settings.site.longitude_deg)
    outlook = build_horizon(settings, midnight, hourly, history.days, forecast)
    choices = list_options(settings)
    floor_pct = hibernate_below_pct(settings, reserve_wh) + MARGIN_PCT
    solution = solve_values(outlook, choices, settings.battery, floor_pct, sigma_pct)
    return Plan(settings, policy, hourly, outlook, solution, choices, reserve_wh)


def tabulate_values(plan: Plan, days: int) -> PolicyTable:
    """The first `days` as the power service's table (power/plan/policy.py), which has three."""
    outlook = plan.horizon
    stretches = [stretch for stretch in outlook.intervals if stretch.day < days]
    bounds_h = [0.0]
    for stretch in stretches:
        bounds_h.append(bounds_h[-1] + stretch.hours)
    values = plan.solution.values[: len(stretches) + 1]
    rows = values.reshape(len(stretches) + 1, CLASS_COUNT * 2, CHARGE_LEVELS).tolist()
    return PolicyTable(
        starts=plan.policy.starts,
        ends=plan.policy.ends,
        bounds_h=bounds_h,
        floors_pct=plan.solution.floors_pct[: len(stretches)],
        clear_w=plan.clear_w[: days * 24],
        weather=outlook.weather[:days],
        values=rows,
        levels=CHARGE_LEVELS,
    )
