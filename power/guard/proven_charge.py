"""What readings prove of the charge at least, and the most that can have been drawn since.

Reads and writes: nothing; pure.
Never: believes a charging voltage, a current, the sun or a temperature. Only the voltage raises
what is proven by the voltage, and no faster than it could have charged the battery.

A charger raises the voltage: through much resistance a nearly empty battery seems full. How large
the current is may be misreported. But a current that raises the voltage so far also charges: the
proven charge is that of an imagined battery behind five times the usual resistance, which the
measured voltage charges. Either the true current is larger, then the true battery fills faster; or
it is smaller, then the voltage shows more than is proven. At rest it ends at what the voltage
shows.
"""

import math
from dataclasses import dataclass, replace

from appliance.chemistry.profile import interpolate
from appliance.model import BatteryState
from power.guard.limits import Limits

HOUR_S = 3600.0
MOST_OHM = 5.0  # times the usual resistance: age, cold, a thin wire
# V of a cell at 1C beside it, that a charging current builds up over minutes to hours. Lead-acid at
# C/10 stands some 0.15 to 0.2 V above its rested voltage.
POLARISED_V, POLARISED_ACID_V = 0.1, 2.0
CREDITED_S = 900.0  # two readings so close together tell what the voltage was between them
COUNT_SIGMAS = 2.0
# Of the rated energy, what a voltage proves that shows a full battery: 60 % of an old one, and of
# that three quarters in the cold.
SURE_SHARE = 0.45
MEAN_S, FORGOTTEN_S = HOUR_S, 24 * HOUR_S


@dataclass(frozen=True, slots=True)
class ProvenCharge:
    """`voltage_pct`: by the voltages, of what can be drawn; `count_pct`: by the count, of the rated
    energy, None where it is unknown. Both at the uptime `at_s`, that of the last new reading; None
    before the first. `drawn_wh`: the most that can have been drawn since then, up to `counted_s`.

    `measured_pct`: the count less one sigma, while a current was measured; `measured_drawn_wh`: the
    same since then, `measured_s`.
    `others_w`: what was measured beside the unit's own loads, the most of a day as means of an
    hour; `others_mean_w` that mean now. `has_cells`: single cells were measured once.
    """

    voltage_pct: float = 0.0
    count_pct: float | None = None
    at_s: float | None = None
    drawn_wh: float = 0.0
    counted_s: float | None = None
    measured_pct: float | None = None
    measured_drawn_wh: float = 0.0
    measured_s: float = 0.0
    others_mean_w: float = 0.0
    others_w: float = 0.0
    has_cells: bool = False

    def find_least_pct(self, limits: Limits) -> float | None:
        """What is left at least, by the worse of voltage and count; None where nothing is proven.
        Of a full battery's energy: as old and cold as it may be, and as it is rated.
        """
        if self.at_s is None or self.count_pct is None:
            return None
        drawn_pct = self.drawn_wh / limits.capacity_wh * 100
        return min(self.voltage_pct - drawn_pct / SURE_SHARE, self.count_pct - drawn_pct)


NOTHING_PROVEN = ProvenCharge()


def count_drawn(proven: ProvenCharge, own_w: float, now_s: float) -> ProvenCharge:
    """Add what the unit's own loads (`own_w` at most) and all others have drawn until now."""
    since_s = now_s if proven.counted_s is None else proven.counted_s
    drawn_wh = (own_w + proven.others_w) * max(0.0, now_s - since_s) / HOUR_S
    return replace(
        proven,
        drawn_wh=proven.drawn_wh + drawn_wh,
        measured_drawn_wh=proven.measured_drawn_wh + drawn_wh,
        counted_s=now_s,
    )


def note_others(proven: ProvenCharge, others_w: float, passed_s: float) -> ProvenCharge:
    """What was measured for `passed_s` beside the unit's own loads."""
    share = min(1.0, passed_s / MEAN_S)
    mean_w = proven.others_mean_w + share * (others_w - proven.others_mean_w)
    kept_w = proven.others_w * max(0.0, 1 - passed_s / FORGOTTEN_S)
    return replace(proven, others_mean_w=mean_w, others_w=max(mean_w, kept_w))


def note_count(proven: ProvenCharge, battery: BatteryState | None, at_s: float) -> ProvenCharge:
    """A new reading with a measured current: the count goes on from there."""
    least_pct = compute_lower_bound_pct(battery)
    return replace(proven, measured_pct=least_pct, measured_drawn_wh=0.0, measured_s=at_s)


def note_proof(
    proven: ProvenCharge, cell_v: float, at_s: float, battery: BatteryState | None, limits: Limits
) -> ProvenCharge:
    """A new reading at `at_s`: the voltage of the lowest cell, and the count with it."""
    voltage_pct = proven.voltage_pct
    if proven.at_s is not None and at_s > proven.at_s:
        voltage_pct = follow_voltage(proven, cell_v, at_s - proven.at_s, limits)
    return replace(
        proven,
        voltage_pct=voltage_pct,
        count_pct=compute_lower_bound_pct(battery, COUNT_SIGMAS),
        at_s=at_s,
        drawn_wh=0.0,
        counted_s=at_s,
    )


def follow_voltage(proven: ProvenCharge, cell_v: float, passed_s: float, limits: Limits) -> float:
    """The proven charge (%) after `passed_s`, at the end of which a cell has that voltage."""
    pct, shown_pct = proven.voltage_pct, limits.cell.rested.find_least_pct(cell_v)
    if passed_s > CREDITED_S:
        drawn_pct = proven.drawn_wh / limits.capacity_wh * 100 / SURE_SHARE
        return min(shown_pct, max(0.0, pct - drawn_pct))
    if shown_pct <= pct:
        return max(shown_pct, pct - 100 * limits.cell.discharge_c_rate * passed_s / HOUR_S)
    polarised_v = POLARISED_ACID_V if limits.cell.has_acid else POLARISED_V
    usual_ohm = max(limits.cell_ohm, limits.resistance_ohm / limits.cells)
    ohm_ah = MOST_OHM * usual_ohm * limits.capacity_ah + polarised_v
    c_rate = (cell_v - find_rested_v(pct, limits)) / ohm_ah
    return min(shown_pct, pct + 100 * c_rate * passed_s / HOUR_S)


def find_rested_v(pct: float, limits: Limits) -> float:
    """The highest rested voltage of a cell that proves no more than this charge."""
    highest_v = {row[1]: row[0] for row in limits.cell.rested.points}
    return interpolate(list(highest_v.items()), pct)


def compute_lower_bound_pct(battery: BatteryState | None, sigmas: float = 1.0) -> float | None:
    """Charge less so many sigma and what is unavailable in the cold; None if unknown.

    The two are taken off as independent errors are, as the root of their squares: makers give cold
    capacities for currents far above ours, so rarely all of it is unavailable.
    """
    if battery is None:
        return None
    charge_pct, sigma_pct = battery.state_of_charge_pct, battery.sigma_pct
    if charge_pct is None or sigma_pct is None or not (charge_pct <= 100 and sigma_pct >= 0):
        return None
    cold_pct = 0.0
    if battery.energy_wh is not None and battery.capacity_wh > 0:
        drawable_pct = battery.energy_wh / battery.capacity_wh * 100
        cold_pct = charge_pct - drawable_pct if drawable_pct < charge_pct else 0.0
    least_pct = charge_pct - math.hypot(sigmas * sigma_pct, cold_pct)
    return least_pct if math.isfinite(least_pct) else None
