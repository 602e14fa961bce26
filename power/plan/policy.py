"""Follows the plan: the best option now, from the policy table.

Reads: the policy table (EnergyPolicy row), the charge, the sun of today. Writes: nothing.
Never: imports numpy (it is used in a resident process), is used beyond the table's end (the ladder
takes over), or owns safety: the guard may allow less.

The uncertainty of the charge is in the table's floors: the guard stops the loads at a charge less
its sigma, and the table ends them there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.plan.policy_table import PolicyTable, find_floor_pct, interpolate_value
from power.plan.utility import Option

DECISION_H = 0.25  # time from one decision to the next
LEAST_GAIN_PER_H = 0.002  # utility per hour: a smaller gain does not justify a change


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionState:
    """What is known when an option is chosen. `hour`: since the table's start; `sun_w`: what the
    panels can give now; `cold`: the battery is too cold to be charged.
    """

    hour: float
    charge_pct: float
    sun_w: float
    cold: bool


def evaluate_option(
    option: Option,
    state: DecisionState,
    curve: Sequence[float],
    table: PolicyTable,
    battery: ChargeModel,
) -> float:
    """Utility of `DECISION_H` with `option`, and the value of the charge that it leads to.

    `curve`: value by charge at the end of that time.
    """
    change_pct = compute_charge_change_pct(
        battery,
        sun_w=state.sun_w,
        draw_w=option.power_w,
        hours=DECISION_H,
        cold=state.cold and not option.heats,
    )
    running_share = 1.0
    if change_pct < 0:
        above_pct = state.charge_pct - find_floor_pct(table, state.hour)
        running_share = min(1.0, max(0.0, above_pct / -change_pct))
    value = interpolate_value(curve, state.charge_pct + change_pct)
    return option.utility * DECISION_H * running_share + value


def choose_option(
    options: Sequence[Option],
    state: DecisionState,
    *,
    curve: Sequence[float],
    table: PolicyTable,
    battery: ChargeModel,
    held: Option | None,
) -> Option:
    """The option with the highest value; `held` stays unless another is clearly better."""
    values = [evaluate_option(option, state, curve, table, battery) for option in options]
    best = max(range(len(options)), key=values.__getitem__)
    if held is not None and held in options:
        gain = values[best] - values[options.index(held)]
        if gain < LEAST_GAIN_PER_H * DECISION_H:
            return held
    return options[best]
