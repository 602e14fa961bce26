"""Two methods of the literature that are not ours, as rules beside the baselines.

Reads and writes: nothing.
Never: knows the future. Both see what all rules see: the true charge and sound sensors.

For both, as for Kansal: all runs while the sun is free, throttled steps teach nothing, and below
`rest_pct` the unit hibernates. These three are ours and help them; what the papers leave to the
designer is tuned on the training sites, as with every rule.
"""

from collections.abc import Sequence

import numpy as np

from tests.bench.energy import plant
from tests.bench.energy.rule import DAY_STEPS, REST, Choices, Observation, Rule
from tests.bench.energy.weather import Floats

EFFICIENCY = plant.CONTROLLER * plant.CHARGING * plant.DISCHARGING
RATIOS = np.linspace(0.0, 1.2, 49)  # of measured over cloudless sun, for which a draw is known
HALVINGS = 16
FIRST_RATIO = 0.4
FIRST_DAYS = 10.0  # of sun that the first ratio weighs as much as


class LongTermNeutral(Rule):
    """Long-term energy neutrality after Buchli, Sutton, Beutel and Thiele, "Dynamic power
    management for long-term energy neutral operation of solar energy harvesting systems", SenSys
    2014.

    An astronomical model gives the sun of each day of the year; the ratio of measured to modelled
    sun over the last `window_days` scales it. The draw is the highest constant one that the
    battery carries through the season in which the scaled sun is less than it.
    """

    name = "long-term neutral"
    grid = {
        "window_days": (7.0, 14.0, 30.0, 63.0, 126.0),
        "usable": (0.2, 0.3, 0.5, 0.7),
        "rest_pct": (12.0, 18.0, 24.0, 30.0),
    }

    def begin(self) -> None:
        usable = np.broadcast_to(self.of["usable"], (self.shape[0], 1))[:, 0]
        carried = {
            (share, case): find_carried_draws_w(clear_w, share * self.site.capacity_wh[case])
            for share in set(usable)
            for case, clear_w in enumerate(self.site.clear_w)
        }
        cases = range(self.shape[1])
        self._draw_w = np.array([[carried[share, case] for case in cases] for share in usable])
        usual_w = self.site.clear_w.mean(axis=1) * DAY_STEPS
        self._clear = np.broadcast_to(FIRST_DAYS * usual_w, self.shape)
        self._seen = FIRST_RATIO * self._clear
        self._wanted_w = np.zeros(self.shape)

    def choose(self, observation: Observation) -> Choices:
        hours = self.site.clear_w.shape[1]
        clear_w = self.site.clear_w[:, max(0, observation.step - 1) // 4 % hours]
        told = ~observation.sun_is_free
        keep = np.exp(-1 / (self.of["window_days"] * DAY_STEPS))
        keep = np.where(told & (clear_w > 0), keep, 1.0)
        self._seen = self._seen * keep + observation.pv_w * told
        self._clear = self._clear * keep + clear_w * told
        if observation.step % DAY_STEPS == 0:
            self._wanted_w = self._find_draw_w(self._seen / self._clear)
        choice = np.where(observation.sun_is_free, self.full, self.spread(self._wanted_w))
        return np.where(self.rests(observation.charge_pct, self.of["rest_pct"]), REST, choice)

    def _find_draw_w(self, ratio: Floats) -> Floats:
        at = np.clip(ratio, 0.0, RATIOS[-1]) / (RATIOS[1] - RATIOS[0])
        place = np.minimum(at.astype(np.int64), len(RATIOS) - 2)[..., None]
        low = np.take_along_axis(self._draw_w, place, 2)[..., 0]
        high = np.take_along_axis(self._draw_w, place + 1, 2)[..., 0]
        return np.asarray(low + (high - low) * (at - place[..., 0]))


def find_carried_draws_w(clear_w: Floats, usable_wh: float) -> Floats:
    """For each of `RATIOS`, the highest constant draw (W) that `usable_wh` carries through a year
    whose cloudless sun by hour is `clear_w`.
    """
    days_w = clear_w[: len(clear_w) // 24 * 24].reshape(-1, 24).mean(axis=1) * EFFICIENCY
    sun_w = days_w[:, None] * RATIOS
    low_w, high_w = np.zeros(len(RATIOS)), sun_w.mean(axis=0)
    for _ in range(HALVINGS):
        middle_w = (low_w + high_w) / 2
        carried = find_largest_deficit_wh(sun_w, middle_w) <= usable_wh
        low_w, high_w = np.where(carried, middle_w, low_w), np.where(carried, high_w, middle_w)
    return low_w


def find_largest_deficit_wh(sun_w: Floats, draw_w: Floats) -> Floats:
    """The most that a full battery has to give in a year of these daily means, which repeats."""
    deficit_wh = most_wh = np.zeros(sun_w.shape[1])
    for day_w in (*sun_w, *sun_w):
        deficit_wh = np.maximum(deficit_wh + (draw_w - day_w) * 24, 0.0)
        most_wh = np.maximum(most_wh, deficit_wh)
    return most_wh


class EnoMax(Rule):
    """ENO-MAX after Vigorito, Ganesan and Barto, "Adaptive control of duty cycling in
    energy-harvesting wireless sensor networks", SECON 2007.

    Model-free: the charge after the next half hour is taken as linear in the charge, the duty and
    the target; the three weights are learned by normalised gradient descent (step 0.001, as
    published), and the duty is the one that would bring the charge to the target of 65 %. It is
    smoothed by `smoothing` and mixed with its own running mean by `mixing`.
    """

    name = "ENO-MAX"
    grid: dict[str, Sequence[float]] = {
        "smoothing": (0.003, 0.01, 0.03, 0.1),
        "mixing": (0.0, 0.25, 0.5, 1.0),
        "target": (0.65,),
        "rest_pct": (12.0, 18.0, 24.0),
    }
    STEP, SLOT_STEPS = 0.001, 2

    def begin(self) -> None:
        slot_h = self.SLOT_STEPS * plant.HOURS
        per_slot = self._most_w * slot_h / plant.DISCHARGING / self.site.capacity_wh
        ones = np.ones(self.shape)
        self._first = np.array([ones, -per_slot * ones, 1e-4 * ones])
        self._weights = self._first.copy()
        self._features: Floats | None = None
        self._smooth = self._duty = 0.3 * ones
        self._free = np.zeros(self.shape, dtype=bool)

    def choose(self, observation: Observation) -> Choices:
        self._free = self._free | observation.sun_is_free
        if observation.step % self.SLOT_STEPS == 0:
            self._adapt(np.broadcast_to(observation.charge_pct / 100, self.shape))
            self._free = np.zeros(self.shape, dtype=bool)
        choice = self.spread(self._duty * self._most_w)
        choice = np.where(observation.sun_is_free, self.full, choice)
        return np.where(self.rests(observation.charge_pct, self.of["rest_pct"]), REST, choice)

    def _adapt(self, charge: Floats) -> None:
        """Learn from the slot that has ended, and choose the duty of the next."""
        target = self.of["target"] * np.ones(self.shape)
        if self._features is not None:
            told = charge - (self._weights * self._features).sum(axis=0)
            gain = self.STEP * told / (self._features**2).sum(axis=0)
            learned = self._weights + np.where(self._free, 0.0, gain) * self._features
            sound = learned * self._first > 0  # each weight keeps its sign
            self._weights = np.where(sound, learned, self._first)
        a, b, c = self._weights
        exact = np.clip((target - a * charge + c * target) / b, 0.0, 1.0)
        self._smooth = self._smooth + self.of["smoothing"] * (exact - self._smooth)
        self._duty = self.of["mixing"] * exact + (1 - self.of["mixing"]) * self._smooth
        self._features = np.array([charge, self._duty, -target])
