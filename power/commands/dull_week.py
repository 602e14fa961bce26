"""A dull week of the unit: each of seven days with the same small share of a cloudless day's sun.

    week = simulate_dull_week(plan, start, sun_share=0.15)

Reads and writes: nothing; pure. Imports numpy.
Never: says how likely such a week is; the seasons of `what-if` do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from appliance.model import EnergyLevel
from power.plan.plan import Plan, tabulate_values
from power.plan.policy_table import PolicyTable, interpolate_clear_w
from power.plan.rollout import SimulatedStep, TableController, TimeStep, roll_out
from power.plan.scenarios import ScenarioStart

DAYS = 7
STEP_H = 1.0
TABLE_DAYS = DAYS + 2  # the week begins up to a day after the horizon does


@dataclass(frozen=True, slots=True, kw_only=True)
class DullWeek:
    """`hibernates_after_h`, `powers_off_after_h`: None where that does not happen in the week."""

    lowest_pct: float
    end_pct: float
    hours: dict[str, float]
    hibernates_after_h: float | None
    powers_off_after_h: float | None


def simulate_dull_week(plan: Plan, start: ScenarioStart, *, sun_share: float) -> DullWeek:
    """The week from `start` on, the plan above which the guard stands, without a surprise."""
    table = tabulate_values(plan, TABLE_DAYS)
    simulated = roll_out(
        list_steps(plan, table, start, sun_share),
        TableController(table, plan.options, plan.settings.battery),
        plan.options,
        plan.settings,
        charge_pct=start.charge_pct,
        sigma_pct=start.sigma_pct,
    )
    return summarise_week(simulated)


def list_steps(
    plan: Plan, table: PolicyTable, start: ScenarioStart, sun_share: float
) -> list[TimeStep]:
    """The hours of the week with their sun."""
    hidden = {interval.day: interval.hidden_pct for interval in plan.horizon.intervals}
    hours = [start.hour + STEP_H * number for number in range(int(DAYS * 24 / STEP_H))]
    return [
        TimeStep(
            starts=table.starts + timedelta(hours=hour),
            hour=hour,
            hours=STEP_H,
            sun_w=interpolate_clear_w(table, hour + STEP_H / 2) * sun_share,
            cold=False,
            hidden_pct=hidden[int(hour // 24)],
        )
        for hour in hours
    ]


def summarise_week(simulated: Sequence[SimulatedStep]) -> DullWeek:
    """The week in a few figures."""
    levels = [one.option.level for one in simulated]
    return DullWeek(
        lowest_pct=min(one.end_pct for one in simulated),
        end_pct=simulated[-1].end_pct,
        hours={level.name: levels.count(level) * STEP_H for level in reversed(EnergyLevel)},
        hibernates_after_h=find_first_h(levels, EnergyLevel.HIBERNATE),
        powers_off_after_h=find_first_h(levels, EnergyLevel.OFF),
    )


def find_first_h(levels: Sequence[EnergyLevel], highest: EnergyLevel) -> float | None:
    """After how many hours the level is `highest` or lower for the first time."""
    return next((number * STEP_H for number, one in enumerate(levels) if one <= highest), None)
