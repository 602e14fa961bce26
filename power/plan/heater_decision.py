"""Whether a battery heater should run now: what the sun could charge, beside what the heat costs.

Reads: the policy table. Writes: nothing; pure.
Never: imports numpy (it is used in a resident process), or heats a battery that no sun will charge.

Below 0 C a lithium battery cannot be charged. Three courses until the sun is gone are compared: no
heat; heat from now on; heat an hour later. Heat from now on must be the best of them: so it comes
shortly before the sun is worth it, and not in a night before a grey day.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.settings import BatterySettings
from appliance.wording.sentence import say
from power.battery.charge_physics import DISCHARGE_EFFICIENCY, ChargeModel
from power.plan.course import Course, Part, average_clear_w, play
from power.plan.policy_table import PolicyTable, interpolate_clear_w, interpolate_value
from power.plan.utility import HEAT_DUTY, Option

# A pack of LFP has some 110 Wh/kg and 1 J/(g K): so many Wh for a degree, of each Wh.
HEAT_WH_PER_WH_C = 0.0025
KEPT_SHARE = 0.6  # of the heat stays in the battery while it is warmed
LATER_H = 1.0
LONGEST_H, LEAST_H = 20.0, 0.5
LEAST_GAIN_H = 0.02  # hours of FULL


@dataclass(frozen=True, slots=True)
class HeaterDecision:
    """Whether it should run, and why."""

    runs: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatCase:
    """What is known now. `hour`: of the table; `sun_share`: of the clear sky, as it is expected
    today; `missing_c`: how much warmer the battery must become.
    """

    hour: float
    charge_pct: float
    floor_pct: float
    sun_share: float
    missing_c: float
    heater_w: float


def estimate_heat_h(missing_c: float, heater_w: float, battery: BatterySettings) -> float:
    """How long it takes to warm the battery by so much."""
    rate_c_per_h = KEPT_SHARE * heater_w / (HEAT_WH_PER_WH_C * battery.capacity_wh)
    return missing_c / max(rate_c_per_h, 1e-6)


def find_sun_end(table: PolicyTable, hour: float) -> float | None:
    """The hour at which the next sun, or the present one, is gone; None where none comes soon."""
    lit = False
    for step in range(int(2 * LONGEST_H)):
        at = hour + step * LEAST_H
        shines = interpolate_clear_w(table, at) > 0
        if lit and not shines:
            return at
        lit = lit or shines
    return None


def decide_heat(
    case: HeatCase,
    table: PolicyTable,
    curve: Sequence[float],
    options: Sequence[Option],
    battery: BatterySettings,
    *,
    ends: float,
) -> HeaterDecision:
    """Whether to heat from now on. `ends`: when the sun is gone, hour of the table; `curve`: the
    value by charge then.
    """
    model = ChargeModel.from_settings(battery)
    heat_h = estimate_heat_h(case.missing_c, case.heater_w, battery)

    def worth(waits_h: float | None) -> float:
        parts = list_parts(case, table, ends, heat_h=heat_h, waits_h=waits_h)
        return play(Course(parts, case.charge_pct, case.floor_pct, curve), options, model)

    gained = worth(0.0) - worth(None)
    if gained < LEAST_GAIN_H:
        return HeaterDecision(
            runs=False, reason=say("heat would cost more than the sun can charge")
        )
    if worth(LATER_H) > worth(0.0):
        return HeaterDecision(runs=False, reason=say("it is too early to heat before the sun"))
    return HeaterDecision(
        runs=True,
        reason=say(
            "heat for {heat_h:.1f} h lets the sun charge, worth {gained:.1f} h of FULL",
            heat_h=heat_h,
            gained=gained,
        ),
    )


def decide_worth(
    worth: float,
    curve: Sequence[float],
    *,
    charge_pct: float,
    heater_w: float,
    capacity_wh: float,
) -> HeaterDecision:
    """Whether an hour with a heater is worth more than the charge that it takes."""
    taken_pct = heater_w / DISCHARGE_EFFICIENCY / capacity_wh * 100
    lost = interpolate_value(curve, charge_pct) - interpolate_value(curve, charge_pct - taken_pct)
    reason = say(
        "an hour of it is worth {worth:.2f} h of FULL and takes {lost:.2f}", worth=worth, lost=lost
    )
    return HeaterDecision(runs=worth >= lost, reason=reason)


def list_parts(
    case: HeatCase, table: PolicyTable, ends: float, *, heat_h: float, waits_h: float | None
) -> list[Part]:
    """The course: cold until it is warm, then warm while that is held. `waits_h` None: no heat."""
    begins = ends if waits_h is None else min(ends, case.hour + waits_h)
    warm = min(ends, begins + heat_h)
    spans = (
        (case.hour, begins, 0.0, True),
        (begins, warm, -case.heater_w, True),
        (warm, ends, -HEAT_DUTY * case.heater_w, False),
    )
    return [
        Part(last - first, average_clear_w(table, first, last) * case.sun_share, given_w, cold)
        for first, last, given_w, cold in spans
        if last > first
    ]
