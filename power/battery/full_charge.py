"""What shows that a battery is full: a charging current that has become small at a full voltage.

Reads and writes: nothing; pure.
Never: believes a charge stage alone, or a voltage without a measured charging current before it.

A controller reports FLOAT by a timer too, and with a battery whose BMS has opened the charge path
it shows its own voltage and no current. So a current that becomes small must have flowed in for a
while at a full voltage: a charge path that opens ends a large current at once. Voltages are
compared at the battery's temperature, as chargers compensate theirs.
"""

from typing import NamedTuple

from appliance.chemistry import ChemistryProfile
from appliance.model import ChargeStage, PowerReading
from power.battery.coulomb import CONTINUOUS_S, HOUR_S
from power.battery.estimate import (
    HOLDING,
    NO_CONDITIONS,
    Estimate,
    EstimatorInputs,
    SyncConditions,
    find_measured_temperature_c,
)
from power.battery.voltage_curve import SURE_SIGMAS, BatteryFacts

INFLOW_FOR_S = (
    60.0  # a meter that averages shows a small current for some seconds after a disconnect
)
INFLOW_HOLDS_S = 2 * HOUR_S  # the charge that it ended is over then
TAPER_C_RATE = 0.05  # C/20: the current on its way to the tail; chargers end absorption at C/50
FLOWS_C_RATE = 0.0025  # C/400: an offset of a usual current sensor is smaller
FLOAT_C_RATE = 0.005  # C/200: a floating battery takes and gives less than this
HOT_C = 25.0  # at which chargers are set
COOL_C = 15.0  # down to it a charger that does not compensate still fills a battery
COLDEST_C = -20.0  # chargers compensate no further
UNKNOWN_WIRES = 4.0  # of the usual resistance, until it is learned
MOST_WIRE_V = 0.05  # of a cell: what wires that are known may add; more ends absorption too early
GENTLE_BELOW_V = 0.05  # of a cell, below the usual absorption
SET_POINT_MARGIN_V = 0.02  # of a cell: wires, meters, and the steps in which they are set


class FullVoltages(NamedTuple):
    """From which voltage of a cell on it may be full, and from which on a controller's stage is
    believed; `absorbing_v` None: not.
    """

    full_v: float
    floating_v: float
    absorbing_v: float | None = None

    @property
    def lowest_v(self) -> float:
        return min(one for one in self if one is not None)


def find_full_voltages(reading: PowerReading, facts: BatteryFacts) -> FullVoltages:
    """The voltages at this temperature, without one those at 25 C; relative to the charger's own
    set-points where these are known. Below a usual absorption the controller must report that it
    holds the voltage: in bulk a current is small because the sun is.
    """
    profile, shift_v = facts.profile, compute_compensation_v(facts.profile, reading)
    floating_v = profile.floating_v + shift_v
    own_float_v = find_own_v(reading.float_v, reading, facts)
    if own_float_v is not None:
        floating_v = max(own_float_v, min(floating_v, profile.held_v + shift_v))
    absorbing_v = find_own_v(reading.absorption_v, reading, facts)
    if absorbing_v is not None:
        absorbing_v = max(absorbing_v, profile.float_v + shift_v)
    full_v = float(profile.full_v)
    if reading.charge_stage not in HOLDING:
        full_v = max(full_v, profile.absorption_v - GENTLE_BELOW_V)
    return FullVoltages(full_v + shift_v, floating_v, absorbing_v)


def find_own_v(
    set_point_v: float | None, reading: PowerReading, facts: BatteryFacts
) -> float | None:
    """A set-point of the charger as the voltage of a cell, at the battery's temperature, less what
    wires and meters take. Of one whose compensation is not known, what heat may take off as well.
    """
    if set_point_v is None:
        return None
    celsius, own = find_measured_temperature_c(reading.battery_temperature_c), 0.0
    if reading.compensation_v_per_c is not None and celsius is not None:
        own = reading.compensation_v_per_c / facts.cells * (max(COLDEST_C, celsius) - HOT_C)
    elif celsius is not None:
        own = min(0.0, compute_compensation_v(facts.profile, reading))
    return set_point_v / facts.cells + own - SET_POINT_MARGIN_V


def compute_compensation_v(profile: ChemistryProfile, reading: PowerReading) -> float:
    """What a charger adds to the voltage of a cell at this temperature."""
    celsius = find_measured_temperature_c(reading.battery_temperature_c)
    if celsius is None or COOL_C <= celsius <= HOT_C:
        return 0.0
    beyond_c = celsius - HOT_C if celsius > HOT_C else max(COLDEST_C, celsius) - COOL_C
    return profile.compensation_v_per_c * beyond_c


def follow_full_charge(
    before: SyncConditions,
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    *,
    full: FullVoltages,
    facts: BatteryFacts,
) -> SyncConditions:
    """Since when tail current and float hold, of a battery that takes charge."""
    cell_v, now_s = (inputs.voltage_v or 0.0) / facts.cells, reading.stamp.uptime_s
    tail = has_tail_current(inputs, cell_v, full, facts)
    floating = is_floating(reading, inputs, cell_v, full=full, facts=facts)
    inflow_s, at_s = follow_inflow(before, previous, reading, inputs, full=full, facts=facts)
    return SyncConditions(
        tail_since_s=find_since_s(before.tail_since_s, now_s, holds=tail),
        float_since_s=find_since_s(before.float_since_s, now_s, holds=floating),
        inflow_s=inflow_s,
        inflow_at_s=at_s,
    )


def find_since_s(before_s: float | None, now_s: float, *, holds: bool) -> float | None:
    """Since when a condition holds, None where it does not; `before_s`: the answer before."""
    if not holds:
        return None
    return now_s if before_s is None else before_s


def has_tail_current(
    inputs: EstimatorInputs, cell_v: float, full: FullVoltages, facts: BatteryFacts
) -> bool:
    """Whether the charging current is small at a full voltage; a discharge is none."""
    if inputs.current_a is None or not inputs.current_measured or cell_v < full.full_v:
        return False
    c_rate = inputs.current_a / facts.capacity_ah
    return -FLOWS_C_RATE < c_rate < facts.profile.tail_c_rate


def is_floating(
    reading: PowerReading,
    inputs: EstimatorInputs,
    cell_v: float,
    *,
    full: FullVoltages,
    facts: BatteryFacts,
) -> bool:
    """Whether the controller reports FLOAT, or absorption at its own set-point, and voltage and
    measured current bear it out.
    """
    held_v = {
        ChargeStage.FLOAT: full.floating_v,
        ChargeStage.ABSORPTION: full.absorbing_v,
    }.get(reading.charge_stage or ChargeStage.OFF)
    if held_v is None or cell_v < held_v:
        return False
    if inputs.current_a is None or not inputs.current_measured:
        return False
    return abs(inputs.current_a) < FLOAT_C_RATE * facts.capacity_ah


def follow_inflow(
    before: SyncConditions,
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    *,
    full: FullVoltages,
    facts: BatteryFacts,
) -> tuple[float, float]:
    """For how long such a current has flowed in, and when it last did; a discharge ends it."""
    now_s = reading.stamp.uptime_s
    is_discharged = (inputs.current_a or 0.0) <= -FLOAT_C_RATE * facts.capacity_ah
    if is_discharged or now_s - before.inflow_at_s > INFLOW_HOLDS_S:
        before = NO_CONDITIONS
    if not is_tapering(previous, reading, inputs, full, facts):
        return before.inflow_s, before.inflow_at_s
    elapsed_s = now_s - previous.counted_at.uptime_s
    if elapsed_s > CONTINUOUS_S or not flows_in(previous.inputs, facts):
        elapsed_s = 0.0
    return before.inflow_s + elapsed_s, now_s


def is_tapering(
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    full: FullVoltages,
    facts: BatteryFacts,
) -> bool:
    """Whether the current is on its way to the tail: small, at a full voltage of the cells or at
    the charger's own absorption voltage.
    """
    current_a = inputs.current_a or 0.0
    if not flows_in(inputs, facts) or current_a >= TAPER_C_RATE * facts.capacity_ah:
        return False
    cell_v = (inputs.voltage_v or 0.0) / facts.cells
    wire_v = compute_most_wire_v(previous, current_a, facts)
    if previous.resistance.ohm is not None and wire_v > MOST_WIRE_V:
        return False
    if cell_v - wire_v >= full.full_v:
        return True
    is_absorbing = reading.charge_stage is ChargeStage.ABSORPTION
    return is_absorbing and full.absorbing_v is not None and cell_v >= full.absorbing_v


def compute_most_wire_v(previous: Estimate, current_a: float, facts: BatteryFacts) -> float:
    """What wires may add at most to the voltage of a cell at this current: as learned, and until
    then thin ones.
    """
    known = previous.resistance
    if known.ohm is None:
        is_tail = current_a < facts.profile.tail_c_rate * facts.capacity_ah
        return 0.0 if is_tail else current_a * (UNKNOWN_WIRES - 1) * facts.cell_ohm
    most_ohm = (known.ohm + SURE_SIGMAS * known.sigma_ohm) / facts.cells
    return current_a * max(0.0, most_ohm - facts.cell_ohm)


def flows_in(inputs: EstimatorInputs, facts: BatteryFacts) -> bool:
    """Whether a charging current was measured that is more than an offset."""
    if inputs.current_a is None or not inputs.current_measured:
        return False
    return inputs.current_a > FLOWS_C_RATE * facts.capacity_ah
