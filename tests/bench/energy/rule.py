"""What the rules of the baselines have in common: what they see, what they know, how they spend.

Reads and writes: nothing.
Never: decides anything; baselines.py does. Each rule works on arrays (many parameters, many cases
at once), so that the one that is tuned (tuning.py) is the one that is judged.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from power.plan.clear_sky import compute_clear_sky_w
from power.plan.problem import find_solar_midnight
from tests.bench.energy import plant
from tests.bench.energy.cases import Case
from tests.bench.energy.weather import Floats

Bools = NDArray[np.bool_]
Choices = NDArray[np.int64]
Parameters = Mapping[str, float]

REST, LISTEN = 0, 1
DAY_STEPS = 96
REST_HYSTERESIS_PCT = 5.0
CELLS = 1024  # of the draws up to FULL, in which the option for a draw is looked up


class Observation(NamedTuple):
    """What a rule is shown at the start of a step; `pv_w` is the last step's, throttled or not.

    `was_cut`: the battery has cut and is back since the last step.
    """

    step: int
    charge_pct: Floats
    pv_w: Floats
    sun_is_free: Bools
    was_cut: Bools


class Site(NamedTuple):
    """What a rule knows of its cases: one value per case; `power_w` per case and option, `clear_w`
    per case and hour from its first step on: the cloudless sun.
    """

    power_w: Floats
    capacity_wh: Floats
    peak_w: Floats
    worst_month_w: Floats
    clear_w: Floats


class Rule:
    """One way to choose. A parameter is a column, a row for each set; cases stand side by side."""

    name = ""
    grid: Mapping[str, Sequence[float]] = {}

    def __init__(self, site: Site, parameters: Mapping[str, Floats]) -> None:
        self.site = site
        self.of = parameters
        rows = max((len(column) for column in parameters.values()), default=1)
        self.shape = (rows, len(site.capacity_wh))
        self.full = site.power_w.shape[1] - 1
        self._carried_w = np.zeros(self.shape)
        self._rests = np.zeros(self.shape, dtype=bool)
        self._most_w = site.power_w[:, -1]
        draws_w = np.linspace(0, self._most_w, CELLS + 1).T + 1e-9
        self._by_draw = np.array(
            [
                np.maximum(np.searchsorted(power_w, row, "right") - 1, LISTEN)
                for power_w, row in zip(site.power_w, draws_w, strict=True)
            ]
        )
        self.begin()

    def begin(self) -> None:
        """Set up what is remembered from step to step."""

    def choose(self, observation: Observation) -> Choices:
        """The option of each set and case."""
        raise NotImplementedError

    @classmethod
    def list_sets(cls) -> list[dict[str, float]]:
        """All parameter sets of the grid that make sense."""
        every = (dict(zip(cls.grid, values, strict=True)) for values in product(*cls.grid.values()))
        return [one for one in every if cls.is_sensible(one)]

    @classmethod
    def is_sensible(cls, parameters: Parameters) -> bool:
        return True

    def spread(self, wanted_w: Floats) -> Choices:
        """Options from LISTEN up that draw `wanted_w` in the mean, by turns."""
        due_w = np.minimum(wanted_w + self._carried_w, self._most_w)
        cell = (due_w * (CELLS / self._most_w)).astype(np.int64)
        choice = self._by_draw.take(cell + np.arange(self.shape[1]) * (CELLS + 1))
        got_w = self.site.power_w.take(choice + np.arange(self.shape[1]) * (self.full + 1))
        self._carried_w = np.maximum(due_w - got_w, 0.0)
        return choice

    def rests(self, charge_pct: Floats, below_pct: Floats) -> Bools:
        """Whether there is too little even to listen, with hysteresis."""
        least_pct = below_pct + REST_HYSTERESIS_PCT * self._rests
        self._rests = charge_pct < least_pct
        return self._rests


def count_reached(charge_pct: Floats, thresholds_pct: Sequence[Floats]) -> Choices:
    """How many of the rising thresholds a charge has reached."""
    count = (charge_pct >= thresholds_pct[0]).astype(np.int64)
    for pct in thresholds_pct[1:]:
        count += charge_pct >= pct
    return count


def describe_sites(cases: Sequence[Case]) -> Site:
    """What rules know of these cases, side by side. All must have as many options."""
    return Site(
        np.array([[option.power_w for option in case.choices] for case in cases]),
        np.array([case.settings.battery.capacity_wh for case in cases]),
        np.array([case.settings.panels.peak_w for case in cases]),
        np.array([find_worst_month_w(case) for case in cases]),
        np.array([compute_clear_w_from_start(case) for case in cases]),
    )


def compute_clear_w_from_start(case: Case) -> Floats:
    """Clear-sky power of each hour of the case's year, from its first step on."""
    late = case.utc(0) - find_solar_midnight(case.utc(0), case.site.longitude_deg)
    return np.roll(compute_hourly_clear_w(case), -round(late / timedelta(hours=1)))


def compute_hourly_clear_w(case: Case) -> Floats:
    """Clear-sky power of each hour of the case's year, from its first local midnight on."""
    midnight = find_solar_midnight(case.utc(0), case.site.longitude_deg)
    middles = [midnight + timedelta(hours=hour + 0.5) for hour in range(366 * 24)]
    return np.array(compute_clear_sky_w(case.settings.site, case.settings.panels, middles))


def find_worst_month_w(case: Case) -> float:
    """What the darkest month brings to the loads, as a mean over day and night."""
    days = case.steps // DAY_STEPS
    months = np.array([(case.utc(0) + timedelta(days=day)).month for day in range(days)])
    days_w = case.sun_w[: days * DAY_STEPS].reshape(days, DAY_STEPS).mean(axis=1)
    darkest_w = min(float(days_w[months == month].mean()) for month in set(months))
    return darkest_w * plant.CONTROLLER * plant.CHARGING * plant.DISCHARGING
