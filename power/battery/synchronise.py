"""Where the battery itself says that it is full or empty; there the count is set right.

Reads and writes: nothing; pure.
Never: calls a battery full because it takes no charge: it may be too cold, or its BMS has cut.
"""

from appliance.model import ChargeStage, PowerReading
from appliance.settings import BatterySettings
from power.battery.corrections import learned
from power.battery.estimate import NO_SIGNS, Belief, Drift, Heard, Signs, charge_blocked
from power.battery.voltage_curve import Evidence, Facts, hidden_in

FULL, EMPTY = "anchored full", "anchored empty"
ANCHOR_S = 300.0
FLOAT_ANCHOR_S = 1800.0
TAIL_C = 0.02  # C/50: full below this while charging
DRAIN_C = 0.005  # C/200: a floating battery gives less than this
FLOWS_C = 0.001  # C/1000: less is the noise of a meter


def watch(
    before: Signs,
    reading: PowerReading,
    heard: Heard,
    settings: BatterySettings,
    facts: Facts,
    broken: bool,
) -> Signs:
    """Since when each anchor's condition holds; a `broken` series of readings starts anew."""
    if heard.voltage_v is None:
        return NO_SIGNS
    cell, cell_v = facts.cell, heard.voltage_v / facts.cells
    seen_v = reading.lowest_cell_voltage_v
    lowest_v = cell_v if seen_v is None or seen_v > cell_v else seen_v
    if cell_v < cell.floating_v and lowest_v > cell.empty_v:
        return NO_SIGNS  # by far the most usual case
    current_a, now_s = heard.current_a, reading.stamp.uptime_s
    flows_a = current_a or 0.0
    takes = reading.charge_allowed is not False
    takes = takes and not charge_blocked(reading.battery_temperature_c, settings)
    # A BMS that has cut the charge also shows the charger's voltage and no current. So the tail
    # must begin with charge flowing in, and cells that are too cold are never called full.
    tail = takes and current_a is not None and heard.measured and cell_v >= cell.full_v
    tail = tail and abs(flows_a) < TAIL_C * facts.capacity_ah
    tail = tail and (before.tail_s is not None or flows_a > FLOWS_C * facts.capacity_ah)
    floating = takes and reading.charge_stage is ChargeStage.FLOAT and cell_v >= cell.floating_v
    floating = floating and flows_a > -DRAIN_C * facts.capacity_ah
    empty = lowest_v <= cell.empty_v and (current_a is None or flows_a < 0)

    def since(before_s: float | None, holds: bool) -> float | None:
        if not holds:
            return None
        return now_s if before_s is None or broken else before_s

    return Signs(
        since(before.tail_s, tail), since(before.float_s, floating), since(before.empty_s, empty)
    )


def anchor(belief: Belief, reading: PowerReading, facts: Facts) -> Belief:
    """Set the count right where a condition has held for long enough; empty before full."""
    signs, cell, now_s = belief.signs, facts.cell, reading.stamp.uptime_s

    def lasted(since_s: float | None, for_s: float) -> bool:
        return since_s is not None and now_s - since_s >= for_s

    if lasted(signs.empty_s, ANCHOR_S):
        # In the cold it is empty early: what the cold hides is still in it.
        hidden = hidden_in(cell, belief.temperature_c)
        left = Evidence(cell.empty.charge_pct + hidden, cell.empty.sigma_pct + hidden / 4)
        return anchored(belief, reading, left, EMPTY, facts)
    if lasted(signs.tail_s, ANCHOR_S):
        return anchored(belief, reading, cell.full, FULL, facts)
    if lasted(signs.float_s, FLOAT_ANCHOR_S):
        return anchored(belief, reading, cell.floating, FULL, facts)
    return belief


def anchored(
    belief: Belief, reading: PowerReading, said: Evidence, method: str, facts: Facts
) -> Belief:
    """The belief set to what the battery says, and what that teaches of the drift.

    Lead-acid teaches nothing: what it loses while it charges is more than any offset.
    """
    drift, now = belief.drift, reading.stamp
    mute = facts.cell.loses_charge
    return Belief(
        now,
        said.charge_pct,
        said.sigma_pct,
        method,
        belief.current_a,
        belief.temperature_c,
        Drift(drift.pct_per_day, drift.sigma_pct_per_day) if mute else learned(belief, said),
        belief.heard,
        belief.signs,
        full_at=now.utc if method == FULL else belief.full_at,
        told_s=belief.told_s,
    )
