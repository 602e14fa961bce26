"""The Monte Carlo simulation: how far the charge may stray, and how long each level holds.

    results = simulate_scenarios(plan, ScenarioStart(hour=0, charge_pct=60, sigma_pct=4), days=45)

Reads and writes: nothing; pure, and the same each time (seeded). Imports numpy.
Never: decides. The weather is drawn from the planner's own chances: a day of the class of the day
before a little more often than chance has it, cold days in spells. Grey weeks that have other
reasons are rarer here than outside.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

import numpy as np

from appliance.model import EnergyLevel
from power.plan.plan import Plan
from power.plan.scenarios import Floats, Ints, Scenarios, ScenarioStart, ScenarioStep

SCENARIOS = 200
LOW_QUANTILE, MIDDLE_QUANTILE, HIGH_QUANTILE = 0.1, 0.5, 0.9  # 8 of 10 lie between low and high
STEP_H = 2.0
ROUNDING_H = 1e-6


@dataclass(frozen=True, slots=True)
class ScenarioResults:
    """What the scenarios have in common, by step. `bounds` holds one time more than there are
    steps, as do the quantiles of the charge (%), which are those at each of the `bounds`.

    `shares[step, level]`: of the scenarios, at that level. `sun_w`, `power_w`, `source_w`,
    `utility` (per hour): means. `hibernates`, `powers_off`: share of the scenarios in which that
    ever happens. `lowest_pct`: one scenario in ten goes below. `total_utility`: of each scenario,
    in hours of FULL.
    """

    bounds: tuple[datetime, ...]
    hours: tuple[float, ...]
    low_pct: Floats
    middle_pct: Floats
    high_pct: Floats
    shares: Floats
    sun_w: Floats
    power_w: Floats
    source_w: Floats
    utility: Floats
    hibernates: float
    powers_off: float
    lowest_pct: float
    total_utility: Floats


def simulate_scenarios(
    plan: Plan,
    start: ScenarioStart,
    days: float,
    *,
    step_h: float = STEP_H,
    count: int = SCENARIOS,
    seed: int = 1,
    sun_share: float = 1.0,
) -> ScenarioResults:
    """`count` scenarios from `start` on, for so many days (the horizon's end at most), in steps of
    at most `step_h` hours. `sun_share`: of each day's sun; 1 is what its weather class stands for.
    """
    steps = list(split_intervals(plan, start.hour, start.hour + days * 24, step_h=step_h))
    scenarios = Scenarios(plan, start, count=count, seed=seed, sun_share=sun_share)
    charges, levels, options, suns = [scenarios.charge_pct], [], [], []
    for step in steps:
        choice, level, sun_w = scenarios.advance(step)
        charges.append(scenarios.charge_pct)
        levels.append(level)
        options.append(choice)
        suns.append(sun_w.mean())
    return summarise(
        plan,
        steps,
        charges=np.array(charges),
        levels=np.array(levels),
        options=np.array(options),
        suns=suns,
    )


def split_intervals(
    plan: Plan, begin: float, end: float, *, step_h: float
) -> Iterator[ScenarioStep]:
    """The steps from hour `begin` to `end`, each within one interval."""
    intervals, clear_w = plan.horizon.intervals, plan.problem.horizon_clear_w
    bounds = [0.0, *accumulate(one.hours for one in intervals)]
    end = min(end, bounds[-1])
    hour = begin
    while hour < end - ROUNDING_H:
        place = bisect_right(bounds, hour + ROUNDING_H) - 1
        until = min(bounds[place + 1], hour + step_h, end)
        share = (until - bounds[place]) / intervals[place].hours
        yield ScenarioStep(
            hour=hour,
            hours=until - hour,
            clear_w=average_clear_w(clear_w, hour, until),
            place=place,
            share=share,
        )
        hour = until


def average_clear_w(clear_w: Sequence[float], begin: float, end: float) -> float:
    """Mean of the hourly clear-sky power between two hours."""
    total, hour = 0.0, begin
    while hour < end - 1e-9:
        until = min(math.floor(hour + 1e-9) + 1.0, end)
        total += clear_w[min(int(hour + 1e-9), len(clear_w) - 1)] * (until - hour)
        hour = until
    return total / (end - begin)


def summarise(
    plan: Plan,
    steps: Sequence[ScenarioStep],
    *,
    charges: Floats,
    levels: Ints,
    options: Ints,
    suns: Sequence[float],
) -> ScenarioResults:
    """What the scenarios have in common. Shapes: (steps, scenarios), charges one step more."""
    hours = np.array([step.hours for step in steps])
    draw_w = np.array([*(one.power_w for one in plan.options), 0.0])  # the last: off
    source_w = np.array([*(one.source_w for one in plan.options), 0.0])
    utility = np.array([*(one.utility for one in plan.options), 0.0])[options]
    quantiles = (LOW_QUANTILE, MIDDLE_QUANTILE, HIGH_QUANTILE)
    low, middle, high = np.quantile(charges, quantiles, axis=1)
    ends = [*(step.hour for step in steps), steps[-1].hour + steps[-1].hours]
    return ScenarioResults(
        bounds=tuple(plan.problem.starts + timedelta(hours=hour) for hour in ends),
        hours=tuple(step.hours for step in steps),
        low_pct=low,
        middle_pct=middle,
        high_pct=high,
        shares=np.stack([(levels == int(level)).mean(axis=1) for level in EnergyLevel], axis=1),
        sun_w=np.array(suns),
        power_w=draw_w[options].mean(axis=1),
        source_w=source_w[options].mean(axis=1),
        utility=utility.mean(axis=1),
        hibernates=float((levels <= int(EnergyLevel.HIBERNATE)).any(axis=0).mean()),
        powers_off=float((levels == int(EnergyLevel.OFF)).any(axis=0).mean()),
        lowest_pct=float(np.quantile(charges.min(axis=0), LOW_QUANTILE)),
        total_utility=(utility * hours[:, None]).sum(axis=0),
    )
