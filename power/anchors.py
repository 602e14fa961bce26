"""Where the battery itself speaks: full, empty, or rested; there the count is corrected.

Reads and writes: nothing; pure.
Never: calls a battery full because it takes no charge: it may be too cold, or its BMS has cut.
"""

import math
from dataclasses import replace

from appliance.model import ChargeStage, PowerReading, Stamp
from appliance.settings import BatterySettings
from power.belief import FROM_VOLTAGE, Belief, charge_blocked
from power.voltage_curve import (
    Evidence,
    capacity_ah,
    cell_count,
    cell_of,
    charge_from_voltage,
    hidden_pct,
)

FULL, EMPTY = "anchored full", "anchored empty"
ANCHOR_S = 300.0
FLOAT_ANCHOR_S = 1800.0
TAIL_C = 0.02  # C/50: full below this while charging, rested below this at all
DRAIN_C = 0.005  # C/200: a floating battery gives less than this


def watch(
    belief: Belief,
    reading: PowerReading,
    voltage_v: float,
    current_a: float | None,
    settings: BatterySettings,
    broken: bool,
) -> Belief:
    """Note since when each anchor's condition holds; a `broken` series of readings starts anew."""
    cell, cell_v = cell_of(settings), voltage_v / cell_count(settings)
    blocked = charge_blocked(reading.battery_temperature_c, settings)
    now_s = reading.stamp.uptime_s
    tail_a, drain_a = TAIL_C * capacity_ah(settings), DRAIN_C * capacity_ah(settings)
    small = current_a is not None and abs(current_a) < tail_a
    discharging = current_a is None or current_a < 0
    # A BMS that has cut the charge also shows the charger's voltage and no current. So the tail
    # must begin with charge flowing in, and cells that are too cold are never called full.
    tail = small and cell_v >= cell.full_v and not blocked
    tail = tail and (belief.tail_since_s is not None or (current_a or 0.0) > 0)
    floating = reading.charge_stage is ChargeStage.FLOAT and cell_v >= cell.floating_v
    floating = floating and not blocked and (current_a or 0.0) > -drain_a
    floating = floating and reading.charge_allowed is not False
    seen_v = reading.lowest_cell_voltage_v
    lowest_v = cell_v if seen_v is None else min(cell_v, seen_v)
    empty = discharging and lowest_v <= cell.empty_v

    def since(before_s: float | None, holds: bool) -> float | None:
        if not holds:
            return None
        return now_s if before_s is None or broken else before_s

    return replace(
        belief,
        tail_since_s=since(belief.tail_since_s, tail),
        float_since_s=since(belief.float_since_s, floating),
        empty_since_s=since(belief.empty_since_s, empty),
        rested_since_s=since(belief.rested_since_s, small),
    )


def anchor(
    belief: Belief,
    now: Stamp,
    voltage_v: float,
    current_a: float | None,
    settings: BatterySettings,
) -> Belief:
    """Correct the count where a condition has held for long enough; empty before full."""

    def lasted(since_s: float | None, for_s: float) -> bool:
        return since_s is not None and now.uptime_s - since_s >= for_s

    cell = cell_of(settings)
    if lasted(belief.empty_since_s, ANCHOR_S):
        # In the cold it is empty early: what the cold hides is still in it.
        hidden = hidden_pct(settings, belief.temperature_c)
        left = Evidence(cell.empty.charge_pct + hidden, cell.empty.sigma_pct + hidden / 4)
        return anchored(belief, now, left, EMPTY)
    if lasted(belief.tail_since_s, ANCHOR_S):
        return anchored(belief, now, cell.full, FULL)
    if lasted(belief.float_since_s, FLOAT_ANCHOR_S):
        return anchored(belief, now, cell.floating, FULL)
    if lasted(belief.rested_since_s, cell.rest_s):
        said = said_by(voltage_v, current_a, belief, settings)
        if says_more(said, belief):
            return anchored(belief, now, said, FROM_VOLTAGE)
    return belief


def said_by(
    voltage_v: float, current_a: float | None, belief: Belief, settings: BatterySettings
) -> Evidence:
    return charge_from_voltage(voltage_v, current_a, settings, belief.temperature_c)


def says_more(said: Evidence, belief: Belief) -> bool:
    """Whether a rested voltage is clearly surer than the count, or the two cannot both be true."""
    apart_pct = abs(said.charge_pct - belief.charge_pct)
    impossible = apart_pct > 2 * math.hypot(said.sigma_pct, belief.sigma_pct)
    return impossible or said.sigma_pct < 0.7 * belief.sigma_pct


def anchored(belief: Belief, now: Stamp, said: Evidence, method: str) -> Belief:
    return replace(
        belief, counted=now, charge_pct=said.charge_pct, sigma_pct=said.sigma_pct, method=method
    )


def combine(belief: Belief, said: Evidence) -> Belief:
    """Weigh what was stored before the boot against the first voltage; the two are independent."""
    old, new = belief.sigma_pct**-2, said.sigma_pct**-2
    return replace(
        belief,
        charge_pct=(belief.charge_pct * old + said.charge_pct * new) / (old + new),
        sigma_pct=(old + new) ** -0.5,
        slept=False,
    )
