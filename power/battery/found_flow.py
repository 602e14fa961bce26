"""What a contradicted current means for the estimate: a flow that no meter sees is a drift, a wrong
sign is turned, and what is not clear yet is uncertain.

Reads and writes: nothing; pure.
Never: takes a flow for known better than the balance that found it.
"""

from dataclasses import replace

from power.battery.corrections import LARGEST_DRIFT_SIGMA, LEAST_DRIFT_SIGMA, limit_drift
from power.battery.coulomb import HOUR_S
from power.battery.estimate import Drift, Estimate
from power.battery.unmeasured_flow import FlowKind, UnmeasuredFlow
from power.battery.voltage_curve import BatteryFacts

UNCLEAR_SIGMA = 10.0  # % a day, one sigma: what a current that is contradicted may be off by


def adopt_flow(estimate: Estimate, flow: UnmeasuredFlow | None, facts: BatteryFacts) -> Estimate:
    """The estimate with what the balance of the charge has found."""
    if flow == estimate.flow:
        return estimate
    before, estimate = estimate.flow, replace(estimate, flow=flow)
    if flow is None or flow.kind is FlowKind.REVERSED:
        return estimate
    if flow.kind is FlowKind.UNCLEAR:
        sigma = max(UNCLEAR_SIGMA, estimate.drift.sigma_pct_per_day)
        return replace(estimate, drift=replace(estimate.drift, sigma_pct_per_day=sigma))
    if before is not None and before.kind is flow.kind:
        return estimate  # the filter follows from here on
    per_a = 24 * HOUR_S * facts.pct_per_as
    sigma = min(LARGEST_DRIFT_SIGMA, max(LEAST_DRIFT_SIGMA, flow.sigma_a * per_a))
    return replace(estimate, drift=Drift(limit_drift(-flow.amps * per_a), sigma))
