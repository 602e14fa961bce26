"""Whether a second source should run now: what its energy is worth beside what it costs.

Reads: the value function (by charge, at the end of the time that is compared). Writes: nothing;
pure.
Never: imports numpy (it is used in a resident process), or starts anything: the rules of
power/act/source_rules.py decide, with its times, its fuel and the guard.

The same time is played twice, with the source and without, each with the best option for the loads;
the value function says what the charge at its end is worth for all that comes after. So sun that
comes in time needs no source: the value of more charge is then small. All is counted in hours of
FULL, and told in the owner's money (`worth_of_full_hour`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.sections.sources import SourceSettings
from appliance.wording.sentence import say
from power.battery.charge_physics import ChargeModel
from power.plan.course import Course, Part, play
from power.plan.utility import Option

LEAST_GAIN = 1.05  # worth over cost: a start for nothing wears a generator


@dataclass(frozen=True, slots=True)
class SourceDecision:
    """What the plan wants of the source now, and why. `worth_per_kwh` and `cost_per_kwh`: of the
    energy of this run, in the owner's money, the start included.
    """

    runs: bool
    reason: str
    worth_per_kwh: float | None = None
    cost_per_kwh: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCase:
    """The time that is compared: `hours` from now with or without the source, and `then_h` after
    them in which it must not run (its quiet hours), with the mean sun in each. `curve`: the value
    by charge at the end of both. `floor_pct`: where the guard stops the loads.
    """

    hours: float
    charge_pct: float
    sun_w: float
    cold: bool
    floor_pct: float
    curve: Sequence[float]
    then_h: float = 0.0
    then_sun_w: float = 0.0


def decide_run(
    cases: Sequence[RunCase],
    options: Sequence[Option],
    battery: ChargeModel,
    source: SourceSettings,
    *,
    money_per_hour: float,
    is_running: bool,
) -> SourceDecision:
    """Whether it should run now, by the run that is best for it; one that runs already needs no
    start. `money_per_hour`: what an hour of FULL is worth.
    """
    compared = [compare(case, options, battery, source, is_running=is_running) for case in cases]
    worth, cost = max(
        ((gained * money_per_hour / kwh, money / kwh) for gained, kwh, money in compared),
        key=lambda one: one[0] - one[1],
    )
    runs = worth > 0 and worth >= cost * (1.0 if is_running else LEAST_GAIN)
    reason = say("a kWh of it is worth {worth:.2f} and costs {cost:.2f}", worth=worth, cost=cost)
    return SourceDecision(runs, reason, round(worth, 4), round(cost, 4))


def compare(
    case: RunCase,
    options: Sequence[Option],
    battery: ChargeModel,
    source: SourceSettings,
    *,
    is_running: bool,
) -> tuple[float, float, float]:
    """Of one run: what it gains in hours of FULL, its energy in kWh, and its cost in money."""
    with_it, without = make_course(case, source.power_w), make_course(case, 0.0)
    gained = play(with_it, options, battery) - play(without, options, battery)
    energy_kwh = source.power_w * case.hours / 1000
    start_cost = 0.0 if is_running else source.start_cost
    return gained, energy_kwh, start_cost + source.cost_per_kwh * energy_kwh


def make_course(case: RunCase, source_w: float) -> Course:
    """The run, or the same time without it, and the hours after it."""
    run = Part(case.hours, case.sun_w, source_w, cold=case.cold)
    then = Part(case.then_h, case.then_sun_w, cold=case.cold)
    parts = (run, then) if case.then_h else (run,)
    return Course(parts, case.charge_pct, case.floor_pct, case.curve)
