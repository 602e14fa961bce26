"""The resistance from the battery to where its voltage is measured, learned from steps of current.

Reads and writes: nothing; pure.
Never: learns while a charger holds the voltage, from values that were not measured together, or
from a few steps.

A step of the current moves the voltage at once by the resistance of cells and wires; what follows
over minutes (polarisation) is not in it. The default, by chemistry and size, has both.
"""

from dataclasses import dataclass, replace
from statistics import median

from appliance.model import ChargeStage, PowerReading
from power.battery.estimate import Estimate, EstimatorInputs
from power.battery.voltage_curve import BatteryFacts, Resistance

STEP_C_RATE = 0.02  # a smaller step of the current is lost in the meter's noise
STEP_S = 30.0  # readings this close: the charge has not moved
TOGETHER_S = 1.0  # ages that differ by less are of one moment
FEWEST, KEPT = 7, 25  # steps
POSSIBLE = (0.1, 12.0)  # of the default; another slope is none of the battery's
SCATTER = 1.4826  # the standard deviation, from the median of absolute deviations
LEAST_SIGMA = 0.1  # of the resistance: it changes with charge and temperature
RESTORED_SIGMA = 0.25  # of one that was learned in an earlier boot
HELD = (ChargeStage.ABSORPTION, ChargeStage.FLOAT, ChargeStage.EQUALIZE)


@dataclass(frozen=True, slots=True)
class CurrentStep:
    """Two readings close together between which the current has changed."""

    amps: float
    volts: float


def learn_resistance(
    previous: Estimate, reading: PowerReading, inputs: EstimatorInputs, facts: BatteryFacts
) -> Resistance:
    """What is known of the resistance after this reading."""
    known = previous.resistance
    step = find_step(previous, reading, inputs, facts)
    if step is None:
        return known
    ohm, default_ohm = step.volts / step.amps, facts.cell_ohm * facts.cells
    low, high = POSSIBLE
    if not low * default_ohm <= ohm <= high * default_ohm:
        return known
    steps = (*known.steps_ohm, ohm)[-KEPT:]
    if len(steps) < FEWEST:
        return replace(known, steps_ohm=steps)
    middle_ohm = median(steps)
    scatter_ohm = SCATTER * median(abs(one - middle_ohm) for one in steps)
    return Resistance(steps, middle_ohm, max(scatter_ohm, LEAST_SIGMA * middle_ohm))


def find_step(
    previous: Estimate, reading: PowerReading, inputs: EstimatorInputs, facts: BatteryFacts
) -> CurrentStep | None:
    """The step of current and voltage since the last reading; None where there is none to use."""
    before, at_s = previous.inputs, reading.stamp.uptime_s
    if at_s - previous.counted_at.uptime_s > STEP_S or is_held(reading, inputs, facts):
        return None
    if not (before.current_measured and inputs.current_measured and was_together(reading)):
        return None
    if None in (before.voltage_v, before.current_a, inputs.voltage_v, inputs.current_a):
        return None
    assert before.voltage_v is not None and before.current_a is not None  # noqa: PT018
    assert inputs.voltage_v is not None and inputs.current_a is not None  # noqa: PT018
    step_a = inputs.current_a - before.current_a
    if abs(step_a) < STEP_C_RATE * facts.capacity_ah:
        return None
    return CurrentStep(step_a, inputs.voltage_v - before.voltage_v)


def is_held(reading: PowerReading, inputs: EstimatorInputs, facts: BatteryFacts) -> bool:
    """Whether a charger may hold the voltage whatever the current is."""
    if reading.charge_stage is not None:
        return reading.charge_stage in HELD
    is_high = (inputs.voltage_v or 0.0) / facts.cells >= facts.profile.held_v
    return is_high and (inputs.current_a or 0.0) >= 0


def was_together(reading: PowerReading) -> bool:
    """Whether voltage and current were measured in one moment, just now."""
    ages_s = [reading.ages_s.get(name, 0.0) for name in ("battery_voltage_v", "battery_current_a")]
    return max(ages_s) <= TOGETHER_S


def restore_resistance(ohm: float | None) -> Resistance:
    """What was learned in an earlier boot, with more uncertainty."""
    if ohm is None or ohm <= 0:
        return Resistance()
    return Resistance((), ohm, RESTORED_SIGMA * ohm)
