"""The solar nowcast: how clear the rest of today will be, judged from the sun so far.

Reads and writes: nothing; pure.
Never: imports numpy (it is used in a resident process), or counts a throttled sun as a cloud.
"""

import math
from collections.abc import Sequence

from power.plan.policy_table import PolicyTable, interpolate_clear_w
from power.plan.weather_model import CLASS_CLEAR_SKY_INDEX

HOUR_S = 3600.0
RECENT_S = 5400.0  # time constant of the mean of the last sun
RECENT_WEIGHT = 0.7  # of that mean, beside the whole day so far
EARLY_SHARE, EARLY_SIGMA, SIGMA = 0.15, 0.30, 0.22  # error of the rest of the day's clear-sky index
NOTHING_SHARE = 0.03  # of the day's sun: before that nothing is known of today


class SolarNowcast:
    """Compares today's sun with a cloudless one, and so weighs today's weather classes anew."""

    def __init__(self) -> None:
        self._day = -1
        self._at_h = 0.0
        self._measured_wh = self._clear_wh = 0.0
        self._recent_wh = self._recent_clear_wh = 0.0

    def observe(self, table: PolicyTable, hour: float, pv_power_w: float | None) -> None:
        """`pv_power_w` was measured at `hour` of the table; None: not measured, or throttled."""
        elapsed_h = hour - self._at_h
        self._at_h = hour
        if int(hour // 24) != self._day:
            self._day = int(hour // 24)
            self._measured_wh = self._clear_wh = 0.0
        if not 0 < elapsed_h <= 1 or pv_power_w is None:
            return
        clear_w = interpolate_clear_w(table, hour - elapsed_h / 2)
        decay = math.exp(-elapsed_h * HOUR_S / RECENT_S)
        self._measured_wh += pv_power_w * elapsed_h
        self._clear_wh += clear_w * elapsed_h
        self._recent_wh = self._recent_wh * decay + pv_power_w * elapsed_h
        self._recent_clear_wh = self._recent_clear_wh * decay + clear_w * elapsed_h

    def estimate_chances(self, table: PolicyTable) -> list[float]:
        """The chance of each weather class for the rest of the day."""
        day = max(0, self._day)
        prior = table.weather[min(day, len(table.weather) - 1)]
        whole_wh = sum(table.clear_w[day * 24 : day * 24 + 24])
        if whole_wh <= 0 or self._clear_wh < NOTHING_SHARE * whole_wh:
            return list(prior)
        sigma = EARLY_SIGMA if self._clear_wh < EARLY_SHARE * whole_wh else SIGMA
        return update_chances(
            prior, clear_sky_index=self._compute_clear_sky_index(whole_wh), sigma=sigma
        )

    def _compute_clear_sky_index(self, whole_wh: float) -> float:
        """Measured over cloudless sun of today, the last hours weighing most."""
        so_far = self._measured_wh / self._clear_wh
        if self._recent_clear_wh > 0.01 * whole_wh:
            recent = self._recent_wh / self._recent_clear_wh
            so_far += RECENT_WEIGHT * (recent - so_far)
        return so_far


def update_chances(prior: Sequence[float], *, clear_sky_index: float, sigma: float) -> list[float]:
    """The chances after an observed clear-sky index with that error (Bayes, normal likelihood)."""
    weights = [
        chance * (math.exp(-0.5 * ((centre - clear_sky_index) / sigma) ** 2) + 1e-6)
        for chance, centre in zip(prior, CLASS_CLEAR_SKY_INDEX, strict=True)
    ]
    total = sum(weights)
    return [weight / total for weight in weights]
