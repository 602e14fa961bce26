"""The plan that counts on second sources: to run one is a way to spend, with a price.

    with_sources = solve_with_sources(plan, states, battery)
    with_sources.plan, with_sources.make_row(policy)

Reads and writes: nothing; pure. Imports numpy by way of the solver.
Never: counts on a source that has failed, is locked or has no fuel for the plan; plans with a tank
as if it had no end: where the fuel would not last, its price rises until it does.

Beside each option of the loads stands the same with the source running: it draws less, and its
utility is less by what that costs in hours of FULL. The value function then knows that charge can
be bought: it is worth no more than it costs, and waiting for the sun costs nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.model import BatteryState, EnergyPolicy
from appliance.model_sources import SourcePolicy, SourceState
from appliance.sections.sources import SourceSettings, SourceStart
from appliance.settings import Settings
from power.plan.monte_carlo import simulate_scenarios
from power.plan.plan import Plan, make_policy, solve_options
from power.plan.scenarios import ScenarioStart
from power.plan.source_policy import RISE, count_on_sources, raise_price
from power.plan.utility import Option

RISES = (0.0, 0.03, 0.1, 0.2, 0.4, 0.8, 1.6)  # of the price, tried for a tank that would not last
SCENARIOS, FUEL_STEP_H = 40, 6.0  # for the mean use of fuel, some figures are enough
UNKNOWN_CHARGE_PCT, UNKNOWN_SIGMA_PCT = 50.0, 20.0


@dataclass(frozen=True, slots=True)
class SourcePlan:
    """The plan with these sources, and by how much the price of their fuel was raised (`RISE`)."""

    plan: Plan
    sources: tuple[str, ...]
    rise: float

    def make_row(self, policy: EnergyPolicy) -> SourcePolicy:
        """Beside the policy of the sun alone."""
        own = make_policy(self.plan)
        facts = {**own.facts, **policy.facts, RISE: self.rise}
        return count_on_sources(replace(own, facts=facts, reason=policy.reason), self.sources)


def solve_with_sources(
    plan: Plan, states: Mapping[str, SourceState], battery: BatteryState | None
) -> SourcePlan | None:
    """The plan with those sources that the plan may start; None where there is none."""
    settings = plan.settings
    sources = {
        name: source
        for name, source in settings.source.items()
        if is_planned(source, states.get(name)) and settings.energy.worth_of_full_hour > 0
    }
    if not sources:
        return None
    solved, rise = plan, RISES[0]
    for rise in RISES:
        solved = solve_options(
            plan.problem,
            plan.horizon,
            (*plan.options, *list_source_options(plan.options, sources.values(), settings, rise)),
        )
        if lasts(solved, sources, states, battery):
            break
    return SourcePlan(solved, tuple(sources), rise)


def is_planned(source: SourceSettings, state: SourceState | None) -> bool:
    """Whether the plan may start it and count on it."""
    if not source.switch or source.starts_by is not SourceStart.PLAN:
        return False
    if state is None:
        return True
    has_fuel = state.fuel_left_kwh is None or state.fuel_left_kwh > source.kept_kwh
    return has_fuel and not state.locked and not state.failures


def list_source_options(
    options: Sequence[Option],
    sources: Iterable[SourceSettings],
    settings: Settings,
    rise: float,
) -> list[Option]:
    """Each option once more with each source running beside it."""
    return [
        Option(
            one.level,
            power_w=one.power_w - source.power_w,
            utility=one.utility - compute_cost_per_h(raise_price(source, settings, rise), settings),
            source_w=source.power_w,
        )
        for source in sources
        for one in options
    ]


def compute_cost_per_h(source: SourceSettings, settings: Settings) -> float:
    """What an hour of it costs, in hours of FULL; its start is spread over a usual run."""
    money = source.cost_per_kwh * source.power_w / 1000
    money += source.start_cost / estimate_run_h(source, settings)
    return money / settings.energy.worth_of_full_hour


def estimate_run_h(source: SourceSettings, settings: Settings) -> float:
    """How long a usual run lasts: from the one limit of charge to the other."""
    gap_pct = source.stop_above_pct - source.start_below_pct
    fill_h = gap_pct / 100 * settings.battery.capacity_wh / source.power_w
    least_h, most_h = source.least_run_s / 3600, source.most_run_s / 3600
    return min(most_h, max(least_h, fill_h))


def lasts(
    plan: Plan,
    sources: Mapping[str, SourceSettings],
    states: Mapping[str, SourceState],
    battery: BatteryState | None,
) -> bool:
    """Whether the fuel lasts for the horizon, as far as it is counted."""
    left = [find_fuel_kwh(source, states.get(name)) for name, source in sources.items()]
    if any(kwh is None for kwh in left):
        return True
    return estimate_use_kwh(plan, battery) <= sum(kwh or 0.0 for kwh in left)


def find_fuel_kwh(source: SourceSettings, state: SourceState | None) -> float | None:
    """What the plan may use of the tank; None where it is not counted."""
    left_kwh = source.full_tank_kwh if state is None else state.fuel_left_kwh
    return None if left_kwh is None else max(0.0, left_kwh - source.kept_kwh)


def estimate_use_kwh(plan: Plan, battery: BatteryState | None) -> float:
    """The mean energy of the sources over the horizon, in scenarios of the weather."""
    charge_pct, sigma_pct = UNKNOWN_CHARGE_PCT, UNKNOWN_SIGMA_PCT
    if battery is not None and battery.state_of_charge_pct is not None:
        charge_pct, sigma_pct = battery.state_of_charge_pct, battery.sigma_pct or 0.0
    start = ScenarioStart(hour=0.0, charge_pct=charge_pct, sigma_pct=sigma_pct)
    results = simulate_scenarios(
        plan, start, plan.problem.days, step_h=FUEL_STEP_H, count=SCENARIOS
    )
    hours = zip(results.source_w, results.hours, strict=True)
    return float(sum(watts * time_h for watts, time_h in hours)) / 1000
