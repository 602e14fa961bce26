"""One controller on one case, judged; and all of them, side by side on all cores.

Reads: cases. Writes: nothing.
Never: gives two controllers different weather, faults or seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from appliance.model import EnergyLevel
from tests.bench.energy import plant
from tests.bench.energy.baselines import (
    Baseline,
    Fixed,
    FullUntilCut,
    Kansal,
    TwoLevel,
    ladder_settings,
)
from tests.bench.energy.baselines import Ladder as LadderRule
from tests.bench.energy.cases import Case, find_scarce_weeks, make_cases
from tests.bench.energy.clairvoyant import find_optimum
from tests.bench.energy.controllers import (
    ForecastController,
    LadderController,
    PlannerController,
    compute_hourly_clear_w,
)
from tests.bench.energy.drive import START_PCT, Controller, YearRecord, simulate_year
from tests.bench.energy.faults import Faults
from tests.bench.energy.score import DAY_STEPS, Score, count_hours_at, sum_by_week
from tests.bench.energy.weather import Floats

SEED = 1
CLAIRVOYANT = "clairvoyant"
RULES = {"fixed": Fixed, "full_until_cut": FullUntilCut, "two_level": TwoLevel, "kansal": Kansal}
PLANNER, FORECAST, LADDER = "planner", "planner_forecast", "ladder"
WITHOUT_FAULTS = ("planner_no_faults", "ladder_no_faults")
Parameters = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Run:
    """What to run: the case by (site, unit), days of it from the first (None: all), parameters of
    the baselines for it.
    """

    where: tuple[str, str]
    controller: str
    parameters: Parameters
    first_day: int = 0
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The judgement, and for the plots the course of it: charge, power, utility for each step."""

    score: Score
    charge_pct: Floats
    power_w: Floats
    sun_w: Floats


def simulate_run(wanted: Run) -> Outcome:
    """Simulate it and score it."""
    (case,) = make_cases([wanted.where])
    if wanted.days is not None:
        case = case.part(wanted.first_day, wanted.days)
    if wanted.controller == CLAIRVOYANT:
        return simulate_clairvoyant(case)
    if wanted.controller in RULES:
        return simulate_rule(case, wanted.controller, wanted.parameters[wanted.controller])
    clear_w = compute_hourly_clear_w(case)
    name = wanted.controller.removesuffix("_no_faults")
    battery = case.settings.battery
    faults = Faults(SEED, capacity_ah=battery.capacity_wh / battery.nominal_voltage_v)
    controller = MAKERS[name](case, clear_w, wanted.parameters)
    record = simulate_year(
        case, controller, faults if name == wanted.controller else None, clear_w, SEED
    )
    return Outcome(
        score_year(case, wanted.controller, record), record.charge_pct, record.power_w, case.sun_w
    )


def simulate_rule(case: Case, name: str, parameters: Mapping[str, float]) -> Outcome:
    """A baseline's year. It sees the true charge each quarter of an hour; nothing guards it."""
    capacity_wh = case.settings.battery.capacity_wh
    floor_wh = plant.hidden_wh(case.battery_c, capacity_wh) + plant.CUT_SHARE * capacity_wh
    back_wh = floor_wh + plant.BACK_SHARE * capacity_wh
    baseline = Baseline(RULES[name], parameters, case)
    charge_wh, used_w, free, dead, before = START_PCT / 100 * capacity_wh, 0.0, False, False, 1
    utility, levels, charge, power = (np.zeros(case.steps) for _ in range(4))
    cuts = starts = switches = 0
    for step in range(case.steps):
        charge[step] = charge_pct = charge_wh / capacity_wh * 100
        celsius = float(case.battery_c[step])
        choice = 0
        if not dead:
            utc = case.utc(step)
            choice = baseline.decide(
                step,
                utc,
                charge_pct=charge_pct,
                sigma_pct=0.0,
                pv_w=used_w,
                temperature_c=celsius,
                sun_is_free=free,
            )
        option = case.choices[choice]
        if before == 0 < choice:
            starts, charge_wh = starts + 1, charge_wh - plant.boot_wh(case)
        draw_w = 0.0 if dead else option.power_w
        sun_w, low_wh = float(case.sun_w[step]), float(floor_wh[step])
        after = plant.step(
            charge_wh,
            sun_w=sun_w,
            draw_w=draw_w,
            cold=celsius < 0,
            floor_wh=low_wh,
            capacity_wh=capacity_wh,
        )
        charge_wh, used_w = after.charge_wh, sun_w - after.unused_w
        free = after.unused_w > 1 and celsius >= 0
        if not dead and not after.cut:
            utility[step], levels[step] = option.utility * plant.HOURS, int(option.level)
        power[step] = draw_w
        switches += choice != before
        cuts, dead = cuts + after.cut, after.cut or (dead and charge_wh < back_wh[step])
        before = choice
    record = YearRecord(utility, levels, charge, charge, power, cuts, starts, switches, 0)
    return Outcome(score_year(case, name, record), charge, power, case.sun_w)


MAKERS: dict[str, Callable[[Case, Floats, Parameters], Controller]] = {
    PLANNER: lambda case, clear_w, _: PlannerController(case, clear_w),
    FORECAST: lambda case, clear_w, _: ForecastController(case, clear_w),
    LADDER: lambda case, _, parameters: LadderController(ladder_settings(case, parameters[LADDER])),
}
CONTROLLERS = (CLAIRVOYANT, *MAKERS, *RULES, *WITHOUT_FAULTS)
TUNED_FAMILIES = {**RULES, LADDER: LadderRule}


def simulate_clairvoyant(case: Case) -> Outcome:
    """The clairvoyant's year."""
    optimum = find_optimum(case, START_PCT)
    draws = np.array([one.power_w for one in case.choices])[optimum.choices]
    levels = np.array([int(one.level) for one in case.choices])[optimum.choices]
    record = YearRecord(
        optimum.utility,
        np.where(optimum.cut, 0, levels).astype(float),
        optimum.charge_wh / case.settings.battery.capacity_wh * 100,
        np.zeros(0),
        draws.astype(float),
        int(optimum.cut.sum()),
        0,
        int((np.diff(levels) != 0).sum()),
        0,
    )
    return Outcome(
        score_year(case, CLAIRVOYANT, record), record.charge_pct, record.power_w, case.sun_w
    )


def score_year(case: Case, controller: str, record: YearRecord) -> Score:
    """The figures of one year."""
    days = case.steps / DAY_STEPS
    dead_h = count_hours_at(record.levels, EnergyLevel.OFF)
    hibernate_h = count_hours_at(record.levels, EnergyLevel.HIBERNATE)
    return Score(
        case=case.name,
        controller=controller,
        weekly=sum_by_week(record.utility),
        scarce=tuple(find_scarce_weeks(case)),
        coverage_pct=100 * (1 - (dead_h + hibernate_h) / (days * 24)),
        hibernate_h=hibernate_h,
        dead_h=dead_h,
        brownouts=record.cuts,
        switches_a_day=record.switches / days,
        lowest_pct=float(record.charge_pct.min()),
        false_stops=record.false_stops,
    )


def run_all(wanted: Sequence[Run], report: Callable[[Outcome], None]) -> list[Outcome]:
    """All of them, on all cores; `report` is called with each as it is done."""
    found = []
    with ProcessPoolExecutor() as pool:
        for outcome in pool.map(simulate_run, wanted):
            report(outcome)
            found.append(outcome)
    return found
