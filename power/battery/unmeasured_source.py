"""A source that charges the battery and that nobody measures, seen from the voltage: a generator,
an alternator, a charger from the mains.

Reads and writes: nothing; pure.
Never: takes the end of a load, a rest after it, or measured sun for such a source.

The voltage is at a charger's level, and has risen by more than the measured current and a high
resistance explain: in the dark since no current flowed in, by day within a minute. Of a source that
the unit switches itself no voltage is needed: it is known to be on, and what it can give.
"""

from dataclasses import replace

from appliance.errors import ApplianceError
from appliance.model import PowerReading
from appliance.wording.sentence import say
from power.battery.corrections import CHARGING_C_RATE
from power.battery.coulomb import CONTINUOUS_S, HOUR_S
from power.battery.estimate import (
    COUNT_SIGMA_LIMIT_PCT,
    Drift,
    Estimate,
    EstimatorInputs,
    Rise,
)
from power.battery.full_charge import FLOWS_C_RATE
from power.battery.unmeasured_flow import RunningSource
from power.battery.voltage_curve import (
    CHARGING_RESISTANCE,
    FREEZING_RESISTANCE,
    POLARISED_V,
    BatteryFacts,
    bound_learned,
)

DARK_W = 5.0  # of PV power: with less, no sun charges
# Of the nominal voltage of a cell: more than rest after a load gives back, and more with lead-acid.
RISE_SHARE, LEAD_RISE_SHARE = 0.02, 0.05
JUMP_SHARE = 0.03  # the same by day, where the voltage of a nearly full battery rises by itself
DARK_FOR_S, LIT_FOR_S = 300.0, 120.0  # so long it must stay risen
JUMP_WITHIN_S = 60.0
FULL_LEAD_OHM = 10.0  # of the usual resistance: a nearly full lead-acid cell that is charged
STANDS_SHARE = 0.67  # of a rise
# Of the nominal voltage: what each % of charge adds where a cell's voltage rises most steeply, at
# the end of its charge; 0.5 V of LFP (the cells of bench-estimator).
STEEP_SHARE_PER_PCT = 0.15
LONGEST_S = 12 * HOUR_S  # then it is looked for anew
SIGMA_PCT_PER_H = 20.0  # C/5: what such a source may charge


class UnmeasuredSource(ApplianceError):  # noqa: N818  (named for what it is)
    """The battery is charged by a current that nobody measures."""

    code = "battery-source"


def follow_rise(
    previous: Estimate, reading: PowerReading, inputs: EstimatorInputs, facts: BatteryFacts
) -> Rise | None:
    """The rise of the voltage that no measured current explains, as far as it has been seen."""
    if inputs.voltage_v is None or inputs.current_a is None or not inputs.current_measured:
        return previous.rise
    cell_v, now_s = inputs.voltage_v / facts.cells, reading.stamp.uptime_s
    here = Rise(from_v=cell_v, from_a=inputs.current_a, from_s=now_s)
    before, is_held = previous.rise, cell_v >= facts.profile.held_v
    is_broken = now_s - previous.counted_at.uptime_s > CONTINUOUS_S
    if before is None or is_broken or reading.charge_allowed is False:
        return here
    if before.is_found:
        stands = is_held and stays_risen(before, cell_v) and now_s - before.from_s < LONGEST_S
        return replace(before, top_v=max(before.top_v, cell_v)) if stands else here
    lit = is_lit(reading, inputs, facts)
    # A cell that is nearly full is at a charger's voltage already, and its resistance is large.
    was_high = before.from_v >= facts.profile.held_v
    is_old = was_high or now_s - before.from_s > JUMP_WITHIN_S
    if lit and (is_shut_out(inputs, facts) or (is_old and before.since_s is None)):
        return here
    risen_v = cell_v - before.from_v - explain_v(previous, before, inputs, reading, facts)
    if is_held and risen_v >= find_least_rise_v(facts, lit=lit):
        since_s = now_s if before.since_s is None else before.since_s
        is_found = now_s - since_s >= (LIT_FOR_S if lit else DARK_FOR_S)
        top_v = max(before.top_v, cell_v)
        return replace(before, since_s=since_s, is_found=is_found, top_v=top_v)
    return here if cell_v <= before.from_v else replace(before, since_s=None)


def stays_risen(before: Rise, cell_v: float) -> bool:
    """Whether most of the rise still stands; a source that ends lets the voltage fall at once."""
    return cell_v - before.from_v > STANDS_SHARE * (before.top_v - before.from_v)


def find_least_rise_v(facts: BatteryFacts, *, lit: bool) -> float:
    """From which rise of a cell on (V) it counts."""
    rest_share = LEAD_RISE_SHARE if facts.profile.loses_charge else RISE_SHARE
    return (max(rest_share, JUMP_SHARE) if lit else rest_share) * facts.profile.nominal_v


def is_shut_out(inputs: EstimatorInputs, facts: BatteryFacts) -> bool:
    """Whether next to no charging current is measured: with the sun up the voltage may then be the
    controller's own, with a full battery or one whose BMS has opened the charge path.
    """
    return (inputs.current_a or 0.0) < CHARGING_C_RATE * facts.capacity_ah


def is_lit(reading: PowerReading, inputs: EstimatorInputs, facts: BatteryFacts) -> bool:
    """Whether the sun may charge: PV power, or a charging current that is measured."""
    flows = (inputs.current_a or 0.0) > FLOWS_C_RATE * facts.capacity_ah
    return flows or (reading.pv_power_w or 0.0) >= DARK_W


def explain_v(
    previous: Estimate,
    before: Rise,
    inputs: EstimatorInputs,
    reading: PowerReading,
    facts: BatteryFacts,
) -> float:
    """By how much (V of a cell) the change of the measured current may have raised the voltage, and
    its charge at the steep end of the curve, until the rise stood.
    """
    end_v = explain_end_v(before, inputs, reading, facts)
    more_a = (inputs.current_a or 0.0) - before.from_a
    if more_a <= 0:
        return end_v
    celsius = reading.battery_temperature_c
    may_be_freezing = celsius is None or celsius < 0
    usual = FREEZING_RESISTANCE if may_be_freezing else CHARGING_RESISTANCE
    factor = max(usual[1], FULL_LEAD_OHM) if facts.profile.loses_charge else usual[1]
    hard_ohm = factor * facts.cell_ohm
    if previous.resistance.ohm is not None:
        _, learned_ohm = bound_learned(previous.resistance, facts, may_be_freezing=may_be_freezing)
        hard_ohm = max(hard_ohm, learned_ohm)
    return end_v + more_a * (hard_ohm + POLARISED_V / facts.capacity_ah)


def explain_end_v(
    before: Rise, inputs: EstimatorInputs, reading: PowerReading, facts: BatteryFacts
) -> float:
    """The same by the measured charge that flowed in meanwhile, if the cell is nearly full: whether
    it is, no count is sure enough to say.
    """
    until_s = reading.stamp.uptime_s if before.since_s is None else before.since_s
    inflow_a = max(0.0, before.from_a, inputs.current_a or 0.0)
    charged_pct = inflow_a * (until_s - before.from_s) * facts.pct_per_as
    return STEEP_SHARE_PER_PCT * facts.profile.nominal_v * charged_pct


def widen_for_source(previous: Estimate, estimate: Estimate) -> Estimate:
    """The estimate with what the source may have charged; it teaches nothing about the drift."""
    if not estimate.has_unmeasured_source:
        return estimate
    hours = (estimate.counted_at.uptime_s - previous.counted_at.uptime_s) / HOUR_S
    sigma_pct = min(COUNT_SIGMA_LIMIT_PCT, estimate.sigma_pct + SIGMA_PCT_PER_H * hours)
    drift = Drift(estimate.drift.pct_per_day, estimate.drift.sigma_pct_per_day)
    return replace(estimate, sigma_pct=sigma_pct, drift=drift)


def follow_source(
    previous: Estimate, source: RunningSource | None, now_s: float, facts: BatteryFacts
) -> Estimate:
    """The estimate with the source that is on now. What the one before may have given since, from
    nothing to all that it can, is in charge and sigma, unless the current has shown it.
    """
    before, hours = previous.source, max(0.0, now_s - previous.source_at_s) / HOUR_S
    if before is not None and not shows_source(previous.inputs, before):
        previous = add_possible(previous, before.power_w * hours / facts.capacity_wh * 100)
    if source is not None and source.is_contradicted:
        previous = replace(previous, current_a=None)  # nor does what it showed last go on
    return replace(previous, source=source, source_at_s=now_s)


def add_possible(estimate: Estimate, most_pct: float) -> Estimate:
    """The estimate after a charge of 0 to `most_pct`: the middle of it, and as much in sigma, so
    that the charge less its sigma stays. It teaches nothing about the drift.
    """
    room_pct = min(100.0 - estimate.charge_pct, COUNT_SIGMA_LIMIT_PCT - estimate.sigma_pct)
    half_pct = max(0.0, min(most_pct / 2, room_pct))
    return replace(
        estimate,
        charge_pct=estimate.charge_pct + half_pct,
        sigma_pct=estimate.sigma_pct + half_pct,
        drift=Drift(estimate.drift.pct_per_day, estimate.drift.sigma_pct_per_day),
    )


def shows_source(inputs: EstimatorInputs, source: RunningSource) -> bool:
    """Whether the current that is counted is one that the source would have changed."""
    is_measured = source.is_measured and (inputs.current_measured or inputs.is_turned)
    return inputs.current_a is not None and is_measured


def find_source_faults(estimate: Estimate | None) -> list[UnmeasuredSource]:
    """The fault, while such a source charges."""
    if estimate is None or not estimate.has_unmeasured_source:
        return []
    return [
        UnmeasuredSource(
            say(
                "the battery's voltage has risen to that of a charger, but no current that would "
                "explain it is measured: a source that nobody measures charges it (a generator, an "
                "alternator, a charger from the mains), or a current sensor shows too little. The "
                "state of charge is uncertain until the battery is full the next time. Connect the "
                "source behind a shunt, or add a shunt or a BMS under [bms], which measures all "
                "that flows into the battery"
            )
        )
    ]
