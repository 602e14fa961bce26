"""What others do with a charge and a sun: the rules that the planner is measured against.

Reads and writes: nothing.
Never: knows the future, but for `Fixed`: it is given the mean of the worst month of the very year.

All but `Fixed` and `TwoLevel` run everything while the sun is free. What a rule calls the charge is
the estimate less one sigma, as in the unit's own ladder.
"""

from dataclasses import replace
from datetime import datetime

import numpy as np

from appliance.settings import EnergySettings, Settings
from power.plan.ladder import MAX_ENTRY_PCT
from tests.bench.energy import plant
from tests.bench.energy.cases import Case
from tests.bench.energy.rule import (
    LISTEN,
    REST,
    Choices,
    Observation,
    Parameters,
    Rule,
    count_reached,
    describe_sites,
)

DAY_H, HOUR_STEPS = 24.0, 4
SLOTS, SLOT_STEPS = 48, 2  # of 30 minutes
BACK_PCT = 15.0  # above the charge at which the battery let go again less `BACK_SHARE`
FIRST_SHARE = 0.08  # of the peak power: what is expected of the sun on the first day


class Fixed(Rule):
    """A constant draw: so much of what the worst month brings in, whatever happens."""

    name = "fixed duty"
    grid = {"of_worst_month": (0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5)}

    def choose(self, observation: Observation) -> Choices:
        wanted_w = self.of["of_worst_month"] * self.site.worst_month_w
        affords = wanted_w >= self.site.power_w[:, LISTEN]
        return np.where(affords, self.spread(wanted_w), REST)


class FullUntilCut(Rule):
    """Everything until the battery cuts; then nothing until 15 % are back."""

    name = "full until disconnect"

    def begin(self) -> None:
        self._until_pct = np.zeros(self.shape)

    def choose(self, observation: Observation) -> Choices:
        back_pct = BACK_PCT - plant.BACK_SHARE * 100
        self._until_pct = np.where(
            observation.was_cut, observation.charge_pct + back_pct, self._until_pct
        )
        self._until_pct = np.where(observation.charge_pct >= self._until_pct, 0.0, self._until_pct)
        return np.where(self._until_pct > 0, REST, self.full)


class TwoLevel(Rule):
    """FULL until `low_pct`, then SENTINEL until `band_pct` more."""

    name = "two-level hysteresis"
    grid = {
        "low_pct": (8.0, 12.0, 16.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0, 70.0),
        "band_pct": (2.0, 5.0, 10.0, 20.0, 35.0),
    }

    @classmethod
    def is_sensible(cls, parameters: Parameters) -> bool:
        return parameters["low_pct"] + parameters["band_pct"] <= MAX_ENTRY_PCT

    def begin(self) -> None:
        self._listens = np.zeros(self.shape, dtype=bool)

    def choose(self, observation: Observation) -> Choices:
        least_pct = self.of["low_pct"] + self.of["band_pct"] * self._listens
        self._listens = observation.charge_pct < least_pct
        return np.where(self._listens, LISTEN, self.full)


class Kansal(Rule):
    """Energy-neutral duty after Kansal, Hsu, Zahedi and Srivastava, "Power management in energy
    harvesting sensor networks", ACM TECS 6(4), 2007.

    The sun of each half hour is expected to be the exponentially weighted mean of that half hour on
    the days before (`alpha`: the weight of the old mean). What the next day brings is spent over
    it; a slot that brought more or less is made up for in the slots of the day after; a battery
    above or below `target_pct` adds or takes `gain` of the difference a day. Spread evenly, not
    into the sunny slots first as there: with a concave utility that earns more. Throttled slots
    teach nothing, and below `rest_pct` the unit hibernates: both are ours, and help it.
    """

    name = "Kansal EWMA"
    grid = {
        "alpha": (0.5, 0.7),
        "target_pct": (40.0, 55.0, 70.0, 85.0),
        "gain": (0.0, 0.1, 0.2, 0.4, 0.8),
        "rest_pct": (12.0, 18.0, 24.0),
    }

    def begin(self) -> None:
        first_w = np.broadcast_to(FIRST_SHARE * self.site.peak_w, (SLOTS, *self.shape))
        self._expected_w = np.array(first_w)
        self._day_w = self._expected_w.mean(axis=0)
        self._owed_w = np.zeros(self.shape)  # summed over slots
        self._sun_w = np.zeros(self.shape)
        self._free = np.zeros(self.shape, dtype=bool)

    def choose(self, observation: Observation) -> Choices:
        self._sun_w = self._sun_w + observation.pv_w / SLOT_STEPS
        self._free = self._free | observation.sun_is_free
        if observation.step % SLOT_STEPS == 0:
            self._learn((observation.step // SLOT_STEPS - 1) % SLOTS)
        efficiency = plant.CONTROLLER * plant.CHARGING
        wanted_w = (self._day_w + self._owed_w / SLOTS) * efficiency
        above_wh = (observation.charge_pct - self.of["target_pct"]) / 100 * self.site.capacity_wh
        wanted_w = wanted_w + self.of["gain"] * above_wh / DAY_H
        choice = np.where(
            observation.sun_is_free, self.full, self.spread(np.maximum(wanted_w, 0.0))
        )
        return np.where(self.rests(observation.charge_pct, self.of["rest_pct"]), REST, choice)

    def _learn(self, slot: int) -> None:
        """The slot that has just ended, against what was expected of it."""
        expected_w = self._expected_w[slot]
        missed_w = np.where(self._free, 0.0, self._sun_w - expected_w)
        self._owed_w = self._owed_w * (1 - 1 / SLOTS) + missed_w
        change_w = (1 - self.of["alpha"]) * missed_w
        self._expected_w[slot] = expected_w + change_w
        self._day_w = self._day_w + change_w / SLOTS
        self._sun_w, self._free = np.zeros(self.shape), np.zeros(self.shape, dtype=bool)


class Ladder(Rule):
    """The unit's own ladder of charge (power/plan/ladder.py), without the dwell. `eco` is an
    option.

    `ladder_settings` turns its parameters into settings for the ladder that ships.
    """

    name = "ladder"
    grid = {
        "sentinel_pct": (12.0, 16.0, 20.0),
        "eco_pct": (16.0, 20.0, 25.0, 30.0, 40.0, 50.0),
        "full_pct": (30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0),
        "eco": (3.0, 4.0, 5.0, 6.0, 7.0),
    }

    @classmethod
    def is_sensible(cls, parameters: Parameters) -> bool:
        return parameters["sentinel_pct"] < parameters["eco_pct"] < parameters["full_pct"]

    def begin(self) -> None:
        hysteresis_pct = EnergySettings().hysteresis_pct
        self._holds_pct = [self.of[name] for name in ("sentinel_pct", "eco_pct", "full_pct")]
        self._enters_pct = [
            np.maximum(pct, np.minimum(pct + hysteresis_pct, MAX_ENTRY_PCT))
            for pct in self._holds_pct
        ]
        rows = self.shape[0]
        eco = self.of["eco"][:, 0].astype(np.int64)
        ends = (np.full(rows, option) for option in (REST, LISTEN, self.full))
        self._options = np.insert(np.array([*ends]), 2, eco, axis=0).T
        self._first = np.arange(rows)[:, None] * self._options.shape[1]
        self._rung: Choices | None = None

    def choose(self, observation: Observation) -> Choices:
        rung = count_reached(observation.charge_pct, self._holds_pct)
        if self._rung is not None:
            # A rung that is held needs its threshold, one above it the threshold of entering.
            entered = count_reached(observation.charge_pct, self._enters_pct)
            rung = np.maximum(entered, np.minimum(rung, self._rung))
        rung[observation.sun_is_free] = len(self._holds_pct)
        self._rung = rung
        return np.asarray(self._options.take(rung + self._first))


class Slope(Rule):
    """A ladder with many rungs: between two charges the draw rises from LISTEN to FULL, bent."""

    name = "proportional ladder"
    grid = {
        "rest_pct": (8.0, 12.0, 16.0),
        "low_pct": (12.0, 20.0, 30.0, 40.0),
        "full_pct": (50.0, 60.0, 70.0, 80.0, 90.0, 98.0),
        "bend": (0.7, 1.0, 1.5, 2.0, 3.0),
    }

    def choose(self, observation: Observation) -> Choices:
        low_pct, power_w = self.of["low_pct"], self.site.power_w
        part = np.clip(
            (observation.charge_pct - low_pct) / (self.of["full_pct"] - low_pct), 0.0, 1.0
        )
        span_w = power_w[:, -1] - power_w[:, LISTEN]
        choice = self.spread(power_w[:, LISTEN] + span_w * part ** self.of["bend"])
        choice = np.where(observation.sun_is_free, self.full, choice)
        return np.where(self.rests(observation.charge_pct, self.of["rest_pct"]), REST, choice)


FAMILIES: tuple[type[Rule], ...] = (Fixed, FullUntilCut, TwoLevel, Kansal, Ladder, Slope)


class Baseline:
    """One rule with one set of parameters on one case, behind the interface of all controllers."""

    def __init__(self, family: type[Rule], parameters: Parameters, case: Case) -> None:
        columns = {name: np.array([[value]]) for name, value in parameters.items()}
        self._rule = family(describe_sites([case]), columns)
        self._last, self._choice = -1, LISTEN

    def decide(
        self,
        t: int,
        utc: datetime,
        *,
        charge_pct: float,
        sigma_pct: float,
        pv_w: float,
        temperature_c: float,
        sun_is_free: bool,
    ) -> int:
        """The option for step `t`; asked again in one step, the same again.

        A unit that rests may ask once an hour: what it did not see was as it is now. Steps that it
        was not asked for otherwise were spent cut off.
        """
        looks_every = HOUR_STEPS if self._choice == REST else 1
        was_cut = t - self._last > looks_every
        for step in range(max(self._last + 1, t + 1 - looks_every), t + 1):
            observation = Observation(
                step,
                np.array([[charge_pct - sigma_pct]]),
                np.array([[pv_w]]),
                np.array([[sun_is_free]]),
                np.array([[was_cut]]),
            )
            self._choice = int(self._rule.choose(observation)[0, 0])
            self._last, was_cut = step, False
        return self._choice


def ladder_settings(case: Case, parameters: Parameters) -> Settings:
    """The case's settings with the tuned ladder, for power.plan.ladder.Ladder."""
    energy = replace(
        case.settings.energy,
        sentinel_from_pct=parameters["sentinel_pct"],
        eco_from_pct=parameters["eco_pct"],
        full_from_pct=parameters["full_pct"],
        eco_power_w=case.choices[int(parameters["eco"])].power_w,
    )
    return replace(case.settings, energy=energy)
