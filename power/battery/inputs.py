"""The estimator's inputs: the values of a reading that are neither frozen, nor torn words of a
register pair, nor a 0 that stands for absent.

Reads and writes: nothing; pure.
Never: drops other values with a bad one, or rejects for ever a value that is reported again.
"""

from dataclasses import replace

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.estimate import (
    HIGHEST_C_RATE,
    Estimate,
    EstimatorInputs,
    find_plausible_current_a,
    find_plausible_voltage_v,
)
from power.battery.voltage_curve import BatteryFacts

FROZEN_S = 1800.0  # with current in it, no meter reports exactly the same for so long
NO_CURRENT_C_RATE = 0.001  # C/1000: a meter at rest may well stand still
JUMP_C_RATE = 0.2  # C/5: a larger step between two readings must be borne out
NEAR_C_RATE = 0.05
DARK_W = 5.0  # of sun: with less, what leaves the battery is the load
CONVERSION_EFFICIENCY = 0.96  # of the sun's power arrives at the battery
BALANCE_ERROR = 0.1  # of sun and load, that their difference may be off by
MISSED_C_RATE = 0.005  # C/200: a current of 0 beside more than this was not measured
LEAST_VOLTAGE_SHARE = 0.15  # of I*R: so much at least the voltage moves with a real jump


def select_inputs(
    previous: Estimate | None,
    reading: PowerReading,
    settings: BatterySettings,
    facts: BatteryFacts,
) -> EstimatorInputs:
    """The usable values of `reading`, judged by those before it."""
    before = None if previous is None else previous.inputs
    since_s = find_unchanged_since_s(before, reading)
    voltage_v = find_plausible_voltage_v(reading, settings)
    current_a = find_plausible_current_a(reading, settings)
    inputs = EstimatorInputs(
        reported_v=reading.battery_voltage_v,
        reported_a=reading.battery_current_a,
        unchanged_since_s=since_s,
        draw_pct_per_h=compute_draw_pct_per_h(reading, current_a, before, facts),
    )
    if is_frozen(reading, reading.stamp.uptime_s - since_s, facts):
        return inputs
    measured = True
    if voltage_v is not None:
        if not current_a:
            current_a, measured = derive_current_a(reading, voltage_v, current_a, facts)
        elif previous is not None and is_torn(previous, reading, voltage_v, current_a, facts):
            current_a = None
    return replace(inputs, voltage_v=voltage_v, current_a=current_a, current_measured=measured)


def find_unchanged_since_s(before: EstimatorInputs | None, reading: PowerReading) -> float:
    """The uptime since when voltage and current have been reported exactly as they are now."""
    now = (reading.battery_voltage_v, reading.battery_current_a)
    if before is not None and now == (before.reported_v, before.reported_a):
        return before.unchanged_since_s
    return reading.stamp.uptime_s


def is_frozen(reading: PowerReading, same_s: float, facts: BatteryFacts) -> bool:
    """Whether voltage and current have stood still too long for what flows."""
    current_a, at_rest_a = reading.battery_current_a, NO_CURRENT_C_RATE * facts.capacity_ah
    return same_s >= FROZEN_S and current_a is not None and abs(current_a) > at_rest_a


def compute_draw_pct_per_h(
    reading: PowerReading,
    current_a: float | None,
    before: EstimatorInputs | None,
    facts: BatteryFacts,
) -> float:
    """What the loads take of the capacity: measured, or in the dark what leaves the battery."""
    load_w = reading.load_power_w
    if load_w is not None and 0 < load_w <= HIGHEST_C_RATE * facts.capacity_wh:
        return load_w / facts.capacity_wh * 100
    if current_a is not None and current_a < 0 and (reading.pv_power_w or 0.0) < DARK_W:
        return -current_a / facts.capacity_ah * 100
    return before.draw_pct_per_h if before is not None else 0.0


def compute_balance_current_a(
    reading: PowerReading, voltage_v: float, facts: BatteryFacts
) -> tuple[float, float] | None:
    """The current that sun and load leave for the battery, and its error; None if unknown."""
    pv_w, load_w = reading.pv_power_w, reading.load_power_w
    if pv_w is None or load_w is None:
        return None
    most_w = HIGHEST_C_RATE * facts.capacity_wh
    if not (0 <= pv_w <= most_w and 0 <= load_w <= most_w):
        return None
    return (pv_w * CONVERSION_EFFICIENCY - load_w) / voltage_v, BALANCE_ERROR * (
        pv_w + load_w
    ) / voltage_v


def derive_current_a(
    reading: PowerReading, voltage_v: float, current_a: float | None, facts: BatteryFacts
) -> tuple[float | None, bool]:
    """A current in place of none, or of a 0 that cannot be; with it, whether it was measured."""
    balance = compute_balance_current_a(reading, voltage_v, facts)
    if balance is None:
        return current_a, True
    flows_a, error_a = balance
    if current_a == 0 and abs(flows_a) <= MISSED_C_RATE * facts.capacity_ah + error_a:
        return current_a, True
    return flows_a, False


def is_torn(
    previous: Estimate,
    reading: PowerReading,
    voltage_v: float,
    current_a: float,
    facts: BatteryFacts,
) -> bool:
    """Whether a jump of the current is none: sun and load, or else the voltage, do not bear it
    out, and it was not reported before.
    """
    before, last_a = previous.inputs, previous.current_a
    if last_a is None or abs(current_a - last_a) <= JUMP_C_RATE * facts.capacity_ah:
        return False
    near_a = NEAR_C_RATE * facts.capacity_ah
    if before.reported_a is not None and abs(current_a - before.reported_a) <= near_a:
        return False
    balance = compute_balance_current_a(reading, voltage_v, facts)
    if balance is not None:
        return abs(current_a - balance[0]) > near_a + 3 * balance[1]
    if before.voltage_v is None:
        return False
    step_a, step_v = current_a - last_a, voltage_v - before.voltage_v
    return step_v / step_a < LEAST_VOLTAGE_SHARE * facts.cell_ohm * facts.cells
