"""Where the battery itself says that it is full or empty; there the count is set right.

Reads and writes: nothing; pure.
Never: calls a battery full because it takes no charge: it may be too cold, or its BMS has cut.
"""

from appliance.model import ChargeStage, PowerReading
from appliance.settings import BatterySettings
from power.battery.corrections import learn_drift
from power.battery.estimate import (
    NO_CONDITIONS,
    Drift,
    Estimate,
    EstimatorInputs,
    SyncConditions,
    is_too_cold_to_charge,
)
from power.battery.voltage_curve import BatteryFacts, UncertainCharge, cell_unavailable_pct

SYNCHRONISED_FULL, SYNCHRONISED_EMPTY = "anchored full", "anchored empty"
SYNC_AFTER_S = 300.0
FLOAT_SYNC_AFTER_S = 1800.0
TAIL_C_RATE = 0.02  # C/50: full below this while charging
DRAIN_C_RATE = 0.005  # C/200: a floating battery gives less than this
FLOWS_C_RATE = 0.001  # C/1000: less is the noise of a meter


def update_conditions(
    before: SyncConditions,
    reading: PowerReading,
    heard: EstimatorInputs,
    settings: BatterySettings,
    facts: BatteryFacts,
    broken: bool,
) -> SyncConditions:
    """Since when each anchor's condition holds; a `broken` series of readings starts anew."""
    if heard.voltage_v is None:
        return NO_CONDITIONS
    cell, cell_v = facts.cell, heard.voltage_v / facts.cells
    seen_v = reading.lowest_cell_voltage_v
    lowest_v = cell_v if seen_v is None or seen_v > cell_v else seen_v
    if cell_v < cell.floating_v and lowest_v > cell.empty_v:
        return NO_CONDITIONS  # by far the most usual case
    current_a, now_s = heard.current_a, reading.stamp.uptime_s
    flows_a = current_a or 0.0
    takes = reading.charge_allowed is not False
    takes = takes and not is_too_cold_to_charge(reading.battery_temperature_c, settings)
    # A BMS that has cut the charge also shows the charger's voltage and no current. So the tail
    # must begin with charge flowing in, and cells that are too cold are never called full.
    tail = takes and current_a is not None and heard.current_measured and cell_v >= cell.full_v
    tail = tail and abs(flows_a) < TAIL_C_RATE * facts.capacity_ah
    tail = tail and (before.tail_since_s is not None or flows_a > FLOWS_C_RATE * facts.capacity_ah)
    floating = takes and reading.charge_stage is ChargeStage.FLOAT and cell_v >= cell.floating_v
    floating = floating and flows_a > -DRAIN_C_RATE * facts.capacity_ah
    empty = lowest_v <= cell.empty_v and (current_a is None or flows_a < 0)

    def since(before_s: float | None, holds: bool) -> float | None:
        if not holds:
            return None
        return now_s if before_s is None or broken else before_s

    return SyncConditions(
        since(before.tail_since_s, tail),
        since(before.float_since_s, floating),
        since(before.empty_since_s, empty),
    )


def synchronise(belief: Estimate, reading: PowerReading, facts: BatteryFacts) -> Estimate:
    """Set the count right where a condition has held for long enough; empty before full."""
    signs, cell, now_s = belief.conditions, facts.cell, reading.stamp.uptime_s

    def lasted(since_s: float | None, for_s: float) -> bool:
        return since_s is not None and now_s - since_s >= for_s

    if lasted(signs.empty_since_s, SYNC_AFTER_S):
        # In the cold it is empty early: what the cold hides is still in it.
        hidden = cell_unavailable_pct(cell, belief.temperature_c)
        left = UncertainCharge(cell.empty.charge_pct + hidden, cell.empty.sigma_pct + hidden / 4)
        return set_charge(belief, reading, left, SYNCHRONISED_EMPTY, facts)
    if lasted(signs.tail_since_s, SYNC_AFTER_S):
        return set_charge(belief, reading, cell.full, SYNCHRONISED_FULL, facts)
    if lasted(signs.float_since_s, FLOAT_SYNC_AFTER_S):
        return set_charge(belief, reading, cell.floating, SYNCHRONISED_FULL, facts)
    return belief


def set_charge(
    belief: Estimate, reading: PowerReading, said: UncertainCharge, method: str, facts: BatteryFacts
) -> Estimate:
    """The belief set to what the battery says, and what that teaches of the drift.

    Lead-acid teaches nothing: what it loses while it charges is more than any offset.
    """
    drift, now = belief.drift, reading.stamp
    mute = facts.cell.loses_charge
    return Estimate(
        now,
        said.charge_pct,
        said.sigma_pct,
        method,
        belief.current_a,
        belief.temperature_c,
        Drift(drift.pct_per_day, drift.sigma_pct_per_day) if mute else learn_drift(belief, said),
        belief.inputs,
        belief.conditions,
        full_at=now.utc if method == SYNCHRONISED_FULL else belief.full_at,
        bms_used_s=belief.bms_used_s,
    )
