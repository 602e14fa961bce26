"""What shows that a battery is full: a charging current that has become small at a full voltage.

Reads and writes: nothing; pure.
Never: believes a charge stage alone, or a voltage without a measured charging current before it.

A controller reports FLOAT by a timer too, and with a battery whose BMS has opened the charge path
it shows its own voltage and no current. So a small current must have flowed in for a while at that
voltage: a charge path that opens ends a large current at once. Voltages are compared at the
battery's temperature, as chargers compensate theirs.
"""

from typing import NamedTuple

from appliance.chemistry import ChemistryProfile
from appliance.model import ChargeStage, PowerReading
from power.battery.coulomb import CONTINUOUS_S
from power.battery.estimate import (
    Estimate,
    EstimatorInputs,
    SyncConditions,
    find_measured_temperature_c,
)
from power.battery.voltage_curve import BatteryFacts

INFLOW_FOR_S = 60.0  # a meter that averages shows a small current for some seconds after a cut
FLOWS_C_RATE = 0.0025  # C/400: an offset of a usual current sensor is smaller
FLOAT_C_RATE = 0.005  # C/200: a floating battery takes and gives less than this
HOT_C = 25.0  # at which chargers are set
COOL_C = 15.0  # down to it a charger that does not compensate still fills a battery
COLDEST_C = -20.0  # chargers compensate no further
CONSTANT_VOLTAGE = (ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE)


class FullVoltages(NamedTuple):
    """From which voltage of a cell on it may be full, and from which on FLOAT is believed."""

    full_v: float
    floating_v: float


def find_full_voltages(profile: ChemistryProfile, temperature_c: float | None) -> FullVoltages:
    """The voltages at this temperature; without one those at 25 C."""
    shift_v = compute_compensation_v(profile, temperature_c)
    return FullVoltages(profile.full_v + shift_v, profile.floating_v + shift_v)


def compute_compensation_v(profile: ChemistryProfile, temperature_c: float | None) -> float:
    """What a charger adds to the voltage of a cell at this temperature."""
    celsius = find_measured_temperature_c(temperature_c)
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
    return SyncConditions(
        tail_since_s=find_since_s(before.tail_since_s, now_s, holds=tail),
        float_since_s=find_since_s(before.float_since_s, now_s, holds=floating),
        inflow_s=add_inflow_s(before, previous, reading, inputs, full=full, facts=facts),
    )


def find_since_s(before_s: float | None, now_s: float, *, holds: bool) -> float | None:
    """Since when a condition holds, None where it does not; `before_s`: the answer before."""
    if not holds:
        return None
    return now_s if before_s is None else before_s


def has_tail_current(
    inputs: EstimatorInputs, cell_v: float, full: FullVoltages, facts: BatteryFacts
) -> bool:
    """Whether the current is small at a full voltage."""
    if inputs.current_a is None or not inputs.current_measured or cell_v < full.full_v:
        return False
    return abs(inputs.current_a) < facts.profile.tail_c_rate * facts.capacity_ah


def is_floating(
    reading: PowerReading,
    inputs: EstimatorInputs,
    cell_v: float,
    *,
    full: FullVoltages,
    facts: BatteryFacts,
) -> bool:
    """Whether the controller reports FLOAT, and voltage and measured current bear it out."""
    if reading.charge_stage is not ChargeStage.FLOAT or cell_v < full.floating_v:
        return False
    if inputs.current_a is None or not inputs.current_measured:
        return False
    return abs(inputs.current_a) < FLOAT_C_RATE * facts.capacity_ah


def add_inflow_s(
    before: SyncConditions,
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    *,
    full: FullVoltages,
    facts: BatteryFacts,
) -> float:
    """For how long a small charging current has flowed in at this voltage, with this reading."""
    cell_v = (inputs.voltage_v or 0.0) / facts.cells
    is_held = cell_v >= full.full_v or reading.charge_stage in CONSTANT_VOLTAGE
    most_a = facts.profile.tail_c_rate * facts.capacity_ah
    if not is_held or not flows_in(inputs, facts) or (inputs.current_a or 0.0) >= most_a:
        return before.inflow_s
    elapsed_s = reading.stamp.uptime_s - previous.counted_at.uptime_s
    if elapsed_s > CONTINUOUS_S or not flows_in(previous.inputs, facts):
        return before.inflow_s
    return before.inflow_s + elapsed_s


def flows_in(inputs: EstimatorInputs, facts: BatteryFacts) -> bool:
    """Whether a charging current was measured that is more than an offset."""
    if inputs.current_a is None or not inputs.current_measured:
        return False
    return inputs.current_a > FLOWS_C_RATE * facts.capacity_ah
