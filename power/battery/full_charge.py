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
SET_POINT_MARGIN_V = 0.02  # of a cell: wires, meters, and the steps in which they are set
CONSTANT_VOLTAGE = (ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE)


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
    set-points where these are known.
    """
    profile, shift_v = facts.profile, compute_compensation_v(facts.profile, reading)
    floating_v = profile.floating_v + shift_v
    own_float_v = find_own_v(reading.float_v, reading, facts)
    if own_float_v is not None:
        floating_v = max(own_float_v, min(floating_v, profile.held_v + shift_v))
    absorbing_v = find_own_v(reading.absorption_v, reading, facts)
    if absorbing_v is not None:
        absorbing_v = max(absorbing_v, profile.float_v + shift_v)
    return FullVoltages(profile.full_v + shift_v, floating_v, absorbing_v)


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
