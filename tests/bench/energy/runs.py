"""One controller on one case, judged; and all of them, side by side on all cores.

Reads: cases. Writes: nothing.
Never: gives two controllers different weather, faults or seeds.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

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
from tests.bench.energy.cache import load_or_compute
from tests.bench.energy.cases import Case, find_frost_weeks, find_scarce_weeks, make_cases
from tests.bench.energy.clairvoyant import Optimum, compute_value, find_optimum
from tests.bench.energy.controllers import (
    ForecastController,
    LadderController,
    PlannerController,
)
from tests.bench.energy.drive import START_PCT, Controller, YearRecord, simulate_year
from tests.bench.energy.faults import Faults
from tests.bench.energy.peers import EnoMax, LongTermNeutral
from tests.bench.energy.rule import compute_hourly_clear_w
from tests.bench.energy.score import DAY_STEPS, WEEK_STEPS, Score, count_hours_at, sum_by_week
from tests.bench.energy.weather import Floats

SEED = 1
CLAIRVOYANT = "clairvoyant"
RULES = {
    "fixed": Fixed,
    "full_until_cut": FullUntilCut,
    "two_level": TwoLevel,
    "kansal": Kansal,
    "long_term_neutral": LongTermNeutral,
    "eno_max": EnoMax,
}
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
        name, parameters = wanted.controller, wanted.parameters[wanted.controller]
        inputs = (name, sorted(parameters.items()), *make_inputs(case))
        return load_or_compute("rule", inputs, lambda: simulate_rule(case, name, parameters))
    return make_outcome(case, wanted.controller, simulate_controller(case, wanted))


def simulate_controller(case: Case, wanted: Run) -> YearRecord:
    """One of `MAKERS` in the unit's own code, with faulty sensors or sound ones."""
    clear_w = compute_hourly_clear_w(case)
    name = wanted.controller.removesuffix("_no_faults")
    battery = case.settings.battery
    faults = Faults(SEED, capacity_ah=battery.capacity_wh / battery.nominal_voltage_v)
    controller = MAKERS[name](case, clear_w, wanted.parameters)
    return simulate_year(
        case, controller, faults if name == wanted.controller else None, clear_w, SEED
    )


def make_outcome(case: Case, controller: str, record: YearRecord) -> Outcome:
    """The judgement of a run, and its course."""
    score = score_year(case, controller, record, load_optimum(case))
    return Outcome(score, record.charge_pct, record.power_w, case.sun_w)


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
    end_pct = charge_wh / capacity_wh * 100
    record = YearRecord(utility, levels, charge, charge, power, end_pct, cuts, starts, switches, 0)
    return make_outcome(case, name, record)


MAKERS: dict[str, Callable[[Case, Floats, Parameters], Controller]] = {
    PLANNER: lambda case, clear_w, _: PlannerController(case, clear_w),
    FORECAST: lambda case, clear_w, _: ForecastController(case, clear_w),
    LADDER: lambda case, _, parameters: LadderController(ladder_settings(case, parameters[LADDER])),
}
CONTROLLERS = (CLAIRVOYANT, *MAKERS, *RULES, *WITHOUT_FAULTS)
TUNED_FAMILIES = {**RULES, LADDER: LadderRule}


def load_optimum(case: Case) -> Optimum:
    """The clairvoyant's optimum; computed once for each case."""
    return load_or_compute("clairvoyant", make_inputs(case), lambda: find_optimum(case, START_PCT))


def make_inputs(case: Case) -> tuple[Any, ...]:
    """All of a case that its result depends on."""
    year, site = case.whole or case, case.site
    settings = (case.settings.battery, case.settings.panels, case.settings.site)
    where = (case.name, site.latitude_deg, site.longitude_deg, site.altitude_m, site.year)
    part = (case.begins_day, case.steps, START_PCT)
    return (*where, *part, settings, case.choices, year.sun_w, year.battery_c)


def simulate_clairvoyant(case: Case) -> Outcome:
    """The clairvoyant's year."""
    optimum, capacity_wh = load_optimum(case), case.settings.battery.capacity_wh
    ends_wh = np.concatenate(([START_PCT / 100 * capacity_wh], optimum.charge_wh))
    draws = np.array([one.power_w for one in case.choices])[optimum.choices]
    levels = np.array([int(one.level) for one in case.choices])[optimum.choices]
    record = YearRecord(
        optimum.utility,
        np.where(optimum.cut, 0, levels).astype(float),
        ends_wh[:-1] / capacity_wh * 100,
        np.zeros(0),
        draws.astype(float),
        float(ends_wh[-1]) / capacity_wh * 100,
        int(optimum.cut.sum()),
        0,
        int((np.diff(levels) != 0).sum()),
        0,
    )
    return make_outcome(case, CLAIRVOYANT, record)


def score_year(case: Case, controller: str, record: YearRecord, optimum: Optimum) -> Score:
    """The figures of one year."""
    days = case.steps / DAY_STEPS
    weekly = sum_by_week(record.utility)
    awake = bool(record.levels[-1] > EnergyLevel.HIBERNATE)
    best_pct = float(optimum.charge_wh[-1]) / case.settings.battery.capacity_wh * 100
    left_h = compute_value(optimum.end_values, record.end_pct, awake=awake) - compute_value(
        optimum.end_values, best_pct, awake=bool(optimum.choices[-1])
    )
    dead_h = count_hours_at(record.levels, EnergyLevel.OFF)
    hibernate_h = count_hours_at(record.levels, EnergyLevel.HIBERNATE)
    return Score(
        case=case.name,
        controller=controller,
        weekly=weekly,
        scarce=tuple(find_scarce_weeks(case)),
        frost=tuple(find_frost_weeks(case)),
        left_h=left_h,
        regret=compute_regret(record, weekly, optimum),
        coverage_pct=100 * (1 - (dead_h + hibernate_h) / (days * 24)),
        hibernate_h=hibernate_h,
        dead_h=dead_h,
        brownouts=record.cuts,
        switches_a_day=record.switches / days,
        lowest_pct=float(record.charge_pct.min()),
        false_stops=record.false_stops,
    )


def compute_regret(
    record: YearRecord, weekly: Sequence[float], optimum: Optimum
) -> tuple[float, ...]:
    """By week: the value of the charge at its start, less what was done and what is left then."""
    begins = range(0, len(record.charge_pct), WEEK_STEPS)
    charge_pct = [float(record.charge_pct[step]) for step in begins]
    awake = [True, *(bool(record.levels[step - 1] > EnergyLevel.HIBERNATE) for step in begins[1:])]
    if len(charge_pct) == len(weekly):
        charge_pct.append(record.end_pct)
        awake.append(bool(record.levels[-1] > EnergyLevel.HIBERNATE))
    values = [
        compute_value(row, pct, awake=up)
        for row, pct, up in zip(optimum.week_values, charge_pct, awake, strict=True)
    ]
    return tuple(
        now - later - done for now, later, done in zip(values[:-1], values[1:], weekly, strict=True)
    )


def run_all(wanted: Sequence[Run], report: Callable[[Outcome], None]) -> list[Outcome]:
    """All of them, on all cores; `report` is called with each as it is done.

    The clairvoyant comes first: its values judge the others.
    """
    found: dict[int, Outcome] = {}
    order = sorted(range(len(wanted)), key=lambda place: wanted[place].controller != CLAIRVOYANT)
    with ProcessPoolExecutor() as pool:
        outcomes = pool.map(simulate_run, [wanted[place] for place in order])
        for place, outcome in zip(order, outcomes, strict=True):
            report(outcome)
            found[place] = outcome
    return [found[place] for place in range(len(wanted))]
