"""The estimator's inputs: the values of a reading that are neither frozen, nor torn words of a
register pair, nor a 0 that stands for absent.

Reads and writes: nothing; pure.
Never: drops other values with a bad one, or rejects for ever a value that is reported again.
"""

from dataclasses import replace

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.coulomb import CONTINUOUS_S, HOUR_S
from power.battery.estimate import (
    HIGHEST_C_RATE,
    NO_EVIDENCE,
    Estimate,
    EstimatorInputs,
    SignEvidence,
    find_plausible_current_a,
    find_plausible_voltage_v,
)
from power.battery.unmeasured_flow import FlowKind
from power.battery.voltage_curve import BatteryFacts

FROZEN_S = 1800.0  # with current in it, no meter reports exactly the same for so long
NO_CURRENT_C_RATE = 0.001  # C/1000: a meter at rest may well stand still
JUMP_C_RATE = 0.2  # C/5: a larger step between two readings must be borne out
NEAR_C_RATE = 0.05
UNKNOWN_DRAW_PCT_PER_H = 1.0  # of the loads: a unit built for four days without sun
DARK_W = 5.0  # of sun: with less, what leaves the battery is the load
CONVERSION_EFFICIENCY = 0.96  # of the sun's power arrives at the battery
BALANCE_ERROR = 0.1  # of sun and load, that their difference may be off by
MISSED_C_RATE = 0.005  # C/200: a current of 0 beside more than this was not measured
CLEAR_ERRORS = 2.0  # of sun less load: its sign is clear from here on
EVIDENCE_OVER_S = 6 * HOUR_S
MIRRORED_FROM_PCT = 0.5  # of the capacity must have flowed
LIT_WEIGHT = 1 / 6
MIRRORED_SHARE = 0.35  # of what differs: its mirror image fits
LEAST_VOLTAGE_SHARE = 0.15  # of I*R: so much at least the voltage moves with a real jump


def select_inputs(
    previous: Estimate | None,
    reading: PowerReading,
    settings: BatterySettings,
    facts: BatteryFacts,
) -> EstimatorInputs:
    """The usable values of `reading`, judged by those before it."""
    before, reported = (None if previous is None else previous.inputs), reading
    since_s = find_unchanged_since_s(before, reading)
    voltage_v = find_plausible_voltage_v(reading, settings)
    sign = follow_sign(previous, reading, facts)
    if previous is not None and is_contradicted(previous, sign):
        before, reading = drop_current(previous, reading)
    current_a = find_plausible_current_a(reading, settings)
    inputs = EstimatorInputs(
        reported_v=reported.battery_voltage_v,
        reported_a=reported.battery_current_a,
        unchanged_since_s=since_s,
        draw_pct_per_h=compute_draw_pct_per_h(reading, current_a, before, facts),
        sign=sign,
    )
    if is_frozen(reading, reading.stamp.uptime_s - since_s, facts):
        return inputs
    inputs = replace(inputs, voltage_v=voltage_v, current_a=current_a)
    if voltage_v is not None:
        if not current_a:
            current_a, measured = derive_current_a(reading, voltage_v, current_a, facts)
            inputs = replace(inputs, current_a=current_a, current_measured=measured)
        elif previous is not None and is_torn(previous, reading, voltage_v, current_a, facts):
            inputs = replace(inputs, current_a=None)
    return turn_current(previous, inputs)


def drop_current(previous: Estimate, reading: PowerReading) -> tuple[EstimatorInputs, PowerReading]:
    """The inputs before and the reading, without a current that cannot be believed, and without the
    load that may have been derived from it: the loads draw what they drew before.
    """
    draw_pct_per_h = previous.mean_draw_pct_per_h or UNKNOWN_DRAW_PCT_PER_H
    before = replace(previous.inputs, draw_pct_per_h=draw_pct_per_h)
    return before, replace(reading, battery_current_a=None, load_power_w=None)


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


def turn_current(previous: Estimate | None, inputs: EstimatorInputs) -> EstimatorInputs:
    """The inputs with the current turned, where its sign is known to be wrong."""
    current_a = inputs.current_a
    if current_a is None or not inputs.current_measured or not is_turned(previous, inputs.sign):
        return inputs
    return replace(inputs, current_a=-current_a, current_measured=False, is_turned=True)


def is_turned(previous: Estimate | None, sign: SignEvidence) -> bool:
    """Whether the measured current has the wrong sign: sun and load say so, or where these are not
    measured, the balance of the charge.
    """
    flow = None if previous is None else previous.flow
    is_found = flow is not None and flow.kind is FlowKind.REVERSED
    return sign.is_mirrored or (is_found and sign is NO_EVIDENCE)


def is_contradicted(previous: Estimate, sign: SignEvidence) -> bool:
    """Whether the start of a source contradicts the measured current: it may have the wrong sign,
    and neither it nor its mirror image is known to be right.
    """
    source = previous.source
    return source is not None and source.is_contradicted and not is_turned(previous, sign)


def follow_sign(
    previous: Estimate | None, reading: PowerReading, facts: BatteryFacts
) -> SignEvidence:
    """The evidence of the current's sign after this reading: what sun and load leave for the
    battery, where that is clear, beside what is measured. A load or a source that they do not see
    fits neither the current nor its mirror image, and changes nothing.
    """
    before = NO_EVIDENCE if previous is None else previous.inputs.sign
    voltage_v, current_a = reading.battery_voltage_v, reading.battery_current_a
    if previous is None or not voltage_v or current_a is None or voltage_v <= 0:
        return before
    elapsed_s = reading.stamp.uptime_s - previous.counted_at.uptime_s
    balance = compute_balance_current_a(reading, voltage_v, facts)
    if balance is None or not 0 < elapsed_s <= CONTINUOUS_S:
        return before
    flows_a, error_a = balance
    if abs(flows_a) < MISSED_C_RATE * facts.capacity_ah + CLEAR_ERRORS * error_a:
        return before
    kept, hours = 1 - elapsed_s / EVIDENCE_OVER_S, elapsed_s / HOUR_S
    as_is_ah = before.as_is_ah * kept + abs(current_a - flows_a) * hours
    mirrored_ah = before.mirrored_ah * kept + abs(current_a + flows_a) * hours
    # A PV power that is frozen or wrong says nothing of the dark.
    weight = 1.0 if flows_a < 0 else LIT_WEIGHT
    flowed_ah = before.flowed_ah * kept + weight * abs(flows_a) * hours
    is_mirrored = before.is_mirrored
    if flowed_ah >= MIRRORED_FROM_PCT / 100 * facts.capacity_ah:
        if mirrored_ah < MIRRORED_SHARE * as_is_ah:
            is_mirrored = True
        elif as_is_ah < MIRRORED_SHARE * mirrored_ah:
            is_mirrored = False
    return SignEvidence(as_is_ah, mirrored_ah, flowed_ah, is_mirrored)
