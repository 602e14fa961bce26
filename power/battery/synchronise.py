"""Synchronising: where the battery shows that it is full or empty, the count is set to that.

Reads and writes: nothing; pure.
Never: calls a battery full because it is not charged: it may be too cold, or its BMS has
disconnected.
"""

from dataclasses import replace

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.corrections import learn_drift
from power.battery.estimate import (
    NO_CONDITIONS,
    Drift,
    Estimate,
    EstimatorInputs,
    Moves,
    SyncConditions,
    is_too_cold_to_charge,
)
from power.battery.full_charge import (
    GENTLE_BELOW_V,
    INFLOW_FOR_S,
    find_full_voltages,
    find_since_s,
    follow_full_charge,
)
from power.battery.voltage_curve import (
    BatteryFacts,
    UncertainCharge,
    bound_learned,
    compute_profile_unavailable_pct,
)

SYNCHRONISED_FULL, SYNCHRONISED_EMPTY = "anchored full", "anchored empty"  # as stored
SYNC_AFTER_S = 300.0
FLOAT_SYNC_AFTER_S = 1800.0
SURGE_C_RATE, SURGE_SHARE = 0.3, 0.5  # above the sheets' rates; of the usual resistance


def update_conditions(
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    settings: BatterySettings,
    facts: BatteryFacts,
    *,
    is_broken: bool,
) -> SyncConditions:
    """Since when each condition holds; where `is_broken` (a silence lay between), from now on."""
    if inputs.voltage_v is None:
        return NO_CONDITIONS
    profile, cell_v = facts.profile, inputs.voltage_v / facts.cells
    lowest_v = find_lowest_v(previous, reading, inputs, cell_v, facts)
    full = find_full_voltages(reading, facts)
    if cell_v < full.lowest_v and lowest_v > profile.empty_v:
        return NO_CONDITIONS  # by far the most usual case
    is_drained = inputs.current_a is None or inputs.current_a < 0
    empty = lowest_v <= profile.empty_v and is_drained
    before = NO_CONDITIONS if is_broken else previous.conditions
    now_s = reading.stamp.uptime_s
    empty_since_s = find_since_s(before.empty_since_s, now_s, holds=empty)
    too_cold = is_too_cold_to_charge(reading.battery_temperature_c, settings)
    if reading.charge_allowed is False or too_cold or previous.has_unmeasured_source:
        return SyncConditions(empty_since_s=empty_since_s)
    conditions = follow_full_charge(before, previous, reading, inputs, full=full, facts=facts)
    return replace(conditions, empty_since_s=empty_since_s)


def find_lowest_v(
    previous: Estimate,
    reading: PowerReading,
    inputs: EstimatorInputs,
    cell_v: float,
    facts: BatteryFacts,
) -> float:
    """The voltage of the lowest cell; where no BMS reports it, that of all, without what a wire
    that is known to be thin takes from it. Without a large current's share as well: a surge makes
    no empty battery.
    """
    reported_v, current_a = reading.lowest_cell_voltage_v, inputs.current_a or 0.0
    is_surge = inputs.current_measured and -current_a >= SURGE_C_RATE * facts.capacity_ah
    if reported_v is not None and reported_v <= cell_v:
        own_ohm = SURGE_SHARE * facts.profile.cell_ohm_ah / facts.capacity_ah
        is_alone = cell_v - reported_v > facts.profile.spread_v
        if not is_surge or is_alone or reported_v < facts.profile.disconnect_v:
            return reported_v
        return reported_v - current_a * own_ohm
    if current_a >= 0 or reported_v is not None:
        return cell_v
    if previous.resistance.ohm is None:
        return cell_v - current_a * SURGE_SHARE * facts.cell_ohm if is_surge else cell_v
    least_ohm, _ = bound_learned(previous.resistance, facts, may_be_freezing=False)
    return cell_v - current_a * (least_ohm if is_surge else max(0.0, least_ohm - facts.cell_ohm))


def synchronise(estimate: Estimate, reading: PowerReading, facts: BatteryFacts) -> Estimate:
    """Set the count where a condition has held for long enough; empty before full."""
    conditions, profile, now_s = estimate.conditions, facts.profile, reading.stamp.uptime_s

    def has_lasted(since_s: float | None, for_s: float) -> bool:
        return since_s is not None and now_s - since_s >= for_s

    if has_lasted(conditions.empty_since_s, SYNC_AFTER_S):
        # In the cold it is empty early: what the cold makes unavailable is still in it.
        cold_pct = compute_profile_unavailable_pct(
            profile, estimate.temperature_c, find_discharge_c_rate(estimate, facts)
        )
        left = UncertainCharge(profile.empty_pct + cold_pct, profile.empty_sigma_pct + cold_pct / 4)
        if is_within(estimate, profile.empty_pct, left):
            return estimate
        return set_charge(estimate, reading, left, SYNCHRONISED_EMPTY, facts)
    if conditions.inflow_s < INFLOW_FOR_S:
        return estimate
    full = UncertainCharge(profile.full_pct, profile.full_sigma_pct)
    floating = UncertainCharge(profile.floating_pct, profile.floating_sigma_pct)
    if has_lasted(conditions.tail_since_s, SYNC_AFTER_S):
        found = full if has_usual_absorption(estimate, facts) else floating
        return set_charge(estimate, reading, found, SYNCHRONISED_FULL, facts)
    if has_lasted(conditions.float_since_s, FLOAT_SYNC_AFTER_S):
        return set_charge(estimate, reading, floating, SYNCHRONISED_FULL, facts)
    return estimate


def is_within(estimate: Estimate, least_pct: float, most: UncertainCharge) -> bool:
    """Whether a count that is no less sure agrees with empty already: what the cold makes
    unavailable is the most that is left, and raises no count.
    """
    is_sure = estimate.sigma_pct <= most.sigma_pct
    return is_sure and least_pct < estimate.charge_pct <= most.charge_pct


def find_discharge_c_rate(estimate: Estimate, facts: BatteryFacts) -> float | None:
    """The rate at which it is drawn from now; None where its current is not known."""
    current_a = estimate.inputs.current_a
    return None if current_a is None else max(0.0, -current_a) / facts.capacity_ah


def has_usual_absorption(estimate: Estimate, facts: BatteryFacts) -> bool:
    """Whether it is charged to a usual voltage: a gentler one leaves a lithium cell less full."""
    cell_v = (estimate.inputs.voltage_v or 0.0) / facts.cells
    profile = facts.profile
    return profile.loses_charge or cell_v >= profile.absorption_v - GENTLE_BELOW_V


def set_charge(
    estimate: Estimate,
    reading: PowerReading,
    charge: UncertainCharge,
    method: str,
    facts: BatteryFacts,
) -> Estimate:
    """The estimate set to `charge`, with what that teaches of the drift.

    Lead-acid teaches nothing: what it loses while it charges is more than any offset.
    """
    now, teaches = reading.stamp, not facts.profile.loses_charge
    drift = learn_drift(estimate, charge) if teaches else forget_covariance(estimate.drift)
    moves = Moves(now.uptime_s, charge.charge_pct, charge.sigma_pct, drift.pct_per_day)
    return replace(
        estimate,
        counted_at=now,
        charge_pct=charge.charge_pct,
        sigma_pct=charge.sigma_pct,
        method=method,
        drift=drift,
        moves=moves,
        capacity=replace(estimate.capacity, covariance=0.0),
        rest=None,
        clamped_pct=0.0,
        full_at=now.utc if method == SYNCHRONISED_FULL else estimate.full_at,
        after_long_silence=False,
        absent=estimate.absent_corrected,
    )


def forget_covariance(drift: Drift) -> Drift:
    """The drift, where the charge was set without it."""
    return Drift(drift.pct_per_day, drift.sigma_pct_per_day)
