"""Finds the parameters of a baseline on training cases: a grid, played whole, on perfect sensors.

Reads and writes: nothing; pure, no chance in it.
Never: uses a case that it was not given. One table of scores serves all that are left out in
turn: `Scores.best` uses only the columns that it may.

A set's score on a case is its utility as a share of the best that any set of the family has there:
the mean of the whole year's and of the scarce season's. Each disconnect takes off the utility of a
day of everything. The best set is that with the highest mean over the cases.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from tests.bench.energy import plant
from tests.bench.energy.cases import Case, find_scarce_weeks
from tests.bench.energy.rule import (
    REST,
    Bools,
    Choices,
    Observation,
    Parameters,
    Rule,
    describe_sites,
)
from tests.bench.energy.weather import Floats

START_PCT = 95.0
CUT_COSTS_H = 24.0
WEEK_STEPS = 7 * 96
# What the tuning found on the training sites for the trailer; the quick form takes it as it is.
TUNED: dict[str, Parameters] = {
    "fixed": {"of_worst_month": 1.0},
    "full_until_cut": {},
    "two_level": {"low_pct": 30.0, "band_pct": 2.0},
    "kansal": {"alpha": 0.7, "target_pct": 40.0, "gain": 0.2, "rest_pct": 12.0},
    "long_term_neutral": {"window_days": 7.0, "usable": 0.7, "rest_pct": 24.0},
    "eno_max": {"smoothing": 0.003, "mixing": 0.25, "target": 0.65, "rest_pct": 18.0},
    "ladder": {"sentinel_pct": 12.0, "eco_pct": 25.0, "full_pct": 60.0, "eco": 4.0},
}


class PlayedSets(NamedTuple):
    """What each set (row) came to on each case (column)."""

    worth_h: Floats
    scarce_h: Floats
    cuts: Floats


class Scores(NamedTuple):
    """The table of one family: its sets, the cases' cities, and the score of each on each."""

    sets: list[dict[str, float]]
    cities: list[str]
    score: Floats

    def best(self, without_city: str | None = None) -> dict[str, float]:
        """The set that does best on the columns that it may use."""
        may = [place for place, city in enumerate(self.cities) if city != without_city]
        if not may:
            raise ValueError(f"without {without_city} no case is left to learn from: give more")
        return self.sets[int(self.score[:, may].mean(axis=1).argmax())]


def tune(family: type[Rule], training_cases: Sequence[Case]) -> dict[str, float]:
    """The best set of `family` on these cases."""
    return score_sets(family, training_cases).best()


def score_sets(family: type[Rule], cases: Sequence[Case]) -> Scores:
    """Every set of the family's grid on every case."""
    sets = family.list_sets()
    played = play(family, sets, cases)
    year, scarce = (
        hours / np.maximum(hours.max(axis=0), 1.0) for hours in (played.worth_h, played.scarce_h)
    )
    lost = played.cuts * CUT_COSTS_H / np.maximum(played.worth_h.max(axis=0), 1.0)
    return Scores(sets, [case.city for case in cases], (year + scarce) / 2 - lost)


def play(
    family: type[Rule],
    sets: Sequence[Parameters],
    cases: Sequence[Case],
    start_pct: float = START_PCT,
) -> PlayedSets:
    """A year of every set on every case, on perfect sensors: the plant's step on arrays."""
    columns = {name: np.array([[one[name]] for one in sets]) for name in sets[0]}
    rule, grounds = (
        family(describe_sites(cases), columns),
        BatteryArray(cases, (len(sets), len(cases)), start_pct),
    )
    utility, scarce = np.zeros(grounds.shape), np.zeros(grounds.shape)
    is_scarce = stack_by_step([find_scarce_steps(case) for case in cases])
    for step in range(cases[0].steps):
        earned = grounds.step(step, rule.choose(grounds.observe(step)))
        utility += earned
        scarce += earned * is_scarce[step]
    return PlayedSets(utility * plant.HOURS, scarce * plant.HOURS, grounds.cuts)


class BatteryArray:
    """Many batteries under the suns of some cases, in step; the rules are those of plant.py."""

    def __init__(self, cases: Sequence[Case], shape: tuple[int, int], start_pct: float) -> None:
        self.shape = shape
        self._power_w = np.array([[option.power_w for option in one.choices] for one in cases])
        self._utility = np.array([[option.utility for option in one.choices] for one in cases])
        self._first = np.arange(len(cases)) * self._utility.shape[1]  # of the case's options
        self._capacity_wh = np.array([case.settings.battery.capacity_wh for case in cases])
        self._boot_wh = np.array([plant.boot_wh(case) for case in cases])
        self._sun_w = stack_by_step([case.sun_w * plant.CONTROLLER for case in cases])
        warm = stack_by_step([case.battery_c >= 0 for case in cases])
        self._most_w = plant.MOST_C * self._capacity_wh * warm
        self._hidden_wh = stack_by_step(
            [plant.hidden_wh(one.battery_c, one.settings.battery.capacity_wh) for one in cases]
        )
        self.cuts = np.zeros(shape)
        self.charge_wh = np.broadcast_to(self._capacity_wh * start_pct / 100, shape)
        self._pv_w = np.zeros(shape)
        self._free, self._off, self._asleep, self._back = (np.zeros(shape, bool) for _ in range(4))

    def observe(self, step: int) -> Observation:
        """What perfect sensors say at the start of a step."""
        charge_pct = self.charge_wh * (100 / self._capacity_wh)
        return Observation(step, charge_pct, self._pv_w, self._free, self._back)

    def step(self, step: int, choice: Choices) -> Floats:
        """Apply all choices; returns their utility (per hour)."""
        place = choice + self._first
        draw_w, earned = self._power_w.take(place), self._utility.take(place)
        rests, off, anyone_off = choice == REST, self._off, self._off.any()
        if self._asleep.any():
            self.charge_wh = self.charge_wh - (self._asleep & ~rests & ~off) * self._boot_wh
        if anyone_off:
            draw_w[off] = earned[off] = 0.0
        net_w = self._sun_w[step] - draw_w
        gain_w = np.minimum(net_w, self._most_w[step])
        moved_wh = gain_w * (plant.HOURS * plant.CHARGING)
        takes = net_w < 0
        np.multiply(net_w, plant.HOURS / plant.DISCHARGING, out=moved_wh, where=takes)
        after_wh = self.charge_wh + moved_wh
        kept_wh = np.minimum(after_wh, self._capacity_wh)
        floor_wh = self._hidden_wh[step] + plant.CUT_SHARE * self._capacity_wh
        cut = takes & (after_wh < floor_wh)
        if cut.any():
            kept_wh = np.where(cut, np.minimum(self.charge_wh, floor_wh), kept_wh)
            earned[cut] = 0.0
            self.cuts += cut
        self._measure(net_w, kept_wh, step)
        self._free, self.charge_wh = after_wh > self._capacity_wh, kept_wh
        back_wh = floor_wh + plant.BACK_SHARE * self._capacity_wh
        self._off = cut | (off & (kept_wh < back_wh)) if anyone_off else cut
        self._back = off & ~self._off
        self._asleep = rests | self._off | off
        return np.asarray(earned)

    def _measure(self, net_w: Floats, kept_wh: Floats, step: int) -> None:
        """What is taken from the panels: what the loads and the battery leave is throttled."""
        stored_w = (kept_wh - self.charge_wh) * (1 / plant.HOURS / plant.CHARGING)
        unused_w = np.where(net_w > 0, net_w - stored_w, 0.0)
        self._pv_w = (self._sun_w[step] - unused_w) * (1 / plant.CONTROLLER)


def stack_by_step(columns: Sequence[Any]) -> Any:
    """One row per step, the cases side by side."""
    return np.ascontiguousarray(np.array(columns).T)


def find_scarce_steps(case: Case) -> Bools:
    """Which steps lie in the season with least sun."""
    weeks = np.arange(case.steps) // WEEK_STEPS
    return np.isin(weeks, find_scarce_weeks(case))
