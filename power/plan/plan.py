"""The plan in one call: weather horizon, value function, and the policy table of it.

    plan = solve_plan(PlanProblem(settings=settings, now=now, clear_w=..., ...))
    store.add(make_policy(plan))

Reads and writes: nothing; pure. Imports numpy. power/plan/run.py stores the policy; the steps that
are shown, the Monte Carlo scenarios and the backtest use the rest of the plan.
Never: solves one problem twice.
"""

from dataclasses import dataclass
from datetime import timedelta

from appliance.model import EnergyPolicy
from appliance.settings import Settings
from appliance.wording.sentence import say
from power.guard.by_charge import compute_hibernate_below_pct
from power.plan.horizon import FINE_DAYS, Horizon, build_horizon
from power.plan.policy_table import PolicyTable, pack_table
from power.plan.problem import PlanProblem
from power.plan.solver import CHARGE_LEVELS, Solution, solve_values
from power.plan.utility import Option, list_heater_options, list_options
from power.plan.weather_model import CLASS_COUNT

POLICY_DAYS = FINE_DAYS + 1  # length of the stored table: missed runs of a day are bridged
MARGIN_PCT = 2.0  # the plan stays so far above the charge at which the guard would stop the loads
COLD_FROM_CHANCE = 0.5  # from here on a day is planned as one on which nothing is charged


@dataclass(frozen=True, slots=True)
class Plan:
    """A problem and its solution."""

    problem: PlanProblem
    horizon: Horizon
    solution: Solution
    options: tuple[Option, ...]

    @property
    def settings(self) -> Settings:
        return self.problem.settings


def solve_plan(problem: PlanProblem) -> Plan:
    """The plan from the last solar midnight on, for the days of the problem (some 10 ms)."""
    settings = problem.settings
    horizon = build_horizon(
        settings,
        problem.starts,
        problem.horizon_clear_w,
        problem.history.days,
        problem.forecast,
        covered=problem.history.covered,
    )
    options = list_options(settings)
    return solve_options(problem, horizon, (*options, *list_heater_options(settings, options)))


def solve_options(problem: PlanProblem, horizon: Horizon, options: tuple[Option, ...]) -> Plan:
    """The plan with these ways to spend."""
    settings = problem.settings
    floor_pct = compute_hibernate_below_pct(settings, problem.reserve_wh) + MARGIN_PCT
    solution = solve_values(
        horizon,
        options,
        settings.battery,
        floor_pct=floor_pct,
        sigma_pct=problem.sigma_pct,
    )
    return Plan(problem, horizon, solution, options)


def make_policy(plan: Plan) -> EnergyPolicy:
    """The row that the power service follows: the first `POLICY_DAYS` of the plan."""
    table = tabulate_values(plan, POLICY_DAYS)
    return EnergyPolicy(
        stamp=plan.problem.now,
        starts=table.starts,
        ends=table.ends,
        facts=table.facts,
        worth=pack_table(table),
        reason=describe_weather(plan.horizon, has_forecast=bool(plan.problem.forecast)),
    )


def tabulate_values(plan: Plan, days: int) -> PolicyTable:
    """The first `days` of the plan as a policy table."""
    horizon, starts = plan.horizon, plan.problem.starts
    intervals = [one for one in horizon.intervals if one.day < days]
    bounds_h = [0.0]
    for interval in intervals:
        bounds_h.append(bounds_h[-1] + interval.hours)
    values = plan.solution.values[: len(bounds_h)]
    return PolicyTable(
        starts=starts,
        ends=starts + timedelta(days=days),
        bounds_h=bounds_h,
        floors_pct=plan.solution.floors_pct[: len(intervals)],
        clear_w=plan.problem.horizon_clear_w[: days * 24],
        weather=horizon.weather[:days],
        values=values.reshape(len(bounds_h), CLASS_COUNT * 2, CHARGE_LEVELS).tolist(),
        levels=CHARGE_LEVELS,
    )


def describe_weather(horizon: Horizon, *, has_forecast: bool) -> str:
    """What is expected of today and tomorrow, in words."""
    grey = sum(sum(chances[:2]) > sum(chances[3:]) for chances in horizon.weather[:2])
    words = (say("sun expected"), say("one grey day expected"), say("two grey days expected"))[grey]
    if horizon.cold[0] > COLD_FROM_CHANCE:
        words = say("{weather}, too cold to charge", weather=words)
    return say("{weather} (with a forecast)", weather=words) if has_forecast else words
