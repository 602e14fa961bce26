"""The first charge, without any count: what one voltage shows beside a charger, and without one.

Reads and writes: nothing; pure.
Never: takes a charger's voltage for the battery's.

A charger that holds its voltage shows that also where its charge path is open, and the voltage of a
battery that is being charged is not a rested one. Such a voltage only shows how much is in the
battery at most.
"""

from math import hypot

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.charge_range import EDGE_SIGMA_PCT
from power.battery.corrections import CHARGING_C_RATE
from power.battery.estimate import HOLDING, EstimatorInputs, find_measured_temperature_c
from power.battery.full_charge import FLOWS_C_RATE
from power.battery.voltage_curve import (
    VOLTAGE_SIGMA_LIMIT_PCT,
    BatteryFacts,
    UncertainCharge,
    bound_charge,
    derive_facts,
    estimate_from_voltage,
    raise_for_cold,
)


def estimate_first_charge(
    reading: PowerReading, inputs: EstimatorInputs, voltage_v: float, settings: BatterySettings
) -> UncertainCharge:
    """The charge by the first voltage, the load's voltage drop removed."""
    facts, current_a = derive_facts(settings), inputs.current_a
    celsius = find_measured_temperature_c(reading.battery_temperature_c)
    if not may_be_charger_voltage(reading, inputs, voltage_v, facts):
        return estimate_from_voltage(voltage_v, current_a, settings, temperature_c=celsius)
    may_be_freezing = celsius is None or celsius < 0
    _, most_pct = bound_charge(
        voltage_v, current_a or 0.0, may_be_freezing=may_be_freezing, facts=facts
    )
    most_pct = min(100.0, raise_for_cold(most_pct, celsius, facts))
    sigma_pct = hypot(VOLTAGE_SIGMA_LIMIT_PCT * most_pct / 100, EDGE_SIGMA_PCT)
    return UncertainCharge(most_pct / 2, min(VOLTAGE_SIGMA_LIMIT_PCT, sigma_pct))


def may_be_charger_voltage(
    reading: PowerReading, inputs: EstimatorInputs, voltage_v: float, facts: BatteryFacts
) -> bool:
    """Whether a charger may hold or raise this voltage: no measured current clearly leaves the
    battery, and it is a held one, by its height or by the charger's stage, or more flows in than at
    rest.
    """
    c_rate = (inputs.current_a or 0.0) / facts.capacity_ah
    if inputs.current_measured and c_rate <= -FLOWS_C_RATE:
        return False
    if reading.charge_stage in HOLDING or voltage_v / facts.cells >= facts.profile.held_v:
        return True
    at_rest_c_rate = facts.profile.rest_c_rate if not facts.profile.has_acid else CHARGING_C_RATE
    return c_rate > at_rest_c_rate
