"""The battery's own witnesses of its charge: full, empty, held at a charger's voltage, at rest.

Reads and writes: nothing; pure.
Never: takes what was counted for a witness, or a voltage that may be the charger's alone.
"""

from dataclasses import dataclass
from enum import Enum

from appliance.model import PowerReading
from power.battery.charge_range import ChargeRange
from power.battery.estimate import HOLDING, NO_PROBE_C, Estimate, find_measured_temperature_c
from power.battery.full_charge import FLOAT_C_RATE, TAPER_C_RATE, find_full_voltages
from power.battery.synchronise import SYNCHRONISED_EMPTY, SYNCHRONISED_FULL
from power.battery.voltage_curve import BatteryFacts, Resistance, bound_charge, raise_for_cold

SURE_SIGMAS = 2.0
EDGE_PCT = 4.0  # of a rested voltage: meters and wires, and a current that is not measured
HELD_LEAST_PCT = 70.0  # of a battery that takes a small current at a full voltage
HELD_FOR_S = 1800.0


class WitnessKind(Enum):
    """What shows a charge."""

    FULL = "full"
    EMPTY = "empty"
    HELD = "held"
    RESTED = "rested"


@dataclass(frozen=True, slots=True)
class Witness:
    """The charges (%) that the battery itself leaves possible at a moment; `turned`: those if the
    measured current has the wrong sign.
    """

    kind: WitnessKind
    bounds: ChargeRange
    turned: ChargeRange


@dataclass
class Witnesses:
    """What one battery shows from reading to reading; `find` gives it."""

    facts: BatteryFacts
    _held_since_s: float | None = None
    _rest_since_s: float = 0.0
    _rest: Witness | None = None

    def restart(self) -> None:
        """After a silence nothing has lasted."""
        self._held_since_s = self._rest = None

    def find(self, estimate: Estimate, reading: PowerReading) -> Witness | None:
        """What the battery shows now, the surest first; None where it shows nothing."""
        held, rested = self._find_held(estimate, reading), self._find_rested(estimate, reading)
        return find_anchor(estimate, self.facts) or held or rested

    def _find_held(self, estimate: Estimate, reading: PowerReading) -> Witness | None:
        now_s = reading.stamp.uptime_s
        if not is_held_full(estimate, reading, self.facts):
            self._held_since_s = None
            return None
        if self._held_since_s is None:
            self._held_since_s = now_s
        if now_s - self._held_since_s < HELD_FOR_S:
            return None
        return make_witness(WitnessKind.HELD, ChargeRange(HELD_LEAST_PCT, 100.0))

    def _find_rested(self, estimate: Estimate, reading: PowerReading) -> Witness | None:
        """What all voltages of a while leave possible; None where that is everything."""
        now_s, current = reading.stamp.uptime_s, bound_rested(estimate, reading, self.facts)
        if current is None:
            self._rest = None
            return None
        if self._rest is None:
            self._rest_since_s, self._rest = now_s, current
        self._rest = join(self._rest, current)
        if now_s - self._rest_since_s < self.facts.profile.rest_s:
            return None
        found, self._rest = self._rest, None
        is_everything = found.bounds.least_pct <= 0 and found.bounds.most_pct >= 100
        return None if is_everything else found


def make_witness(kind: WitnessKind, bounds: ChargeRange) -> Witness:
    """One that has nothing to do with the current's sign."""
    return Witness(kind, bounds, bounds)


def join(one: Witness, other: Witness) -> Witness:
    """All charges that either leaves possible."""
    return Witness(
        one.kind, join_ranges(one.bounds, other.bounds), join_ranges(one.turned, other.turned)
    )


def join_ranges(one: ChargeRange, other: ChargeRange) -> ChargeRange:
    return ChargeRange(min(one.least_pct, other.least_pct), max(one.most_pct, other.most_pct))


def find_anchor(estimate: Estimate, facts: BatteryFacts) -> Witness | None:
    """Full or empty, where the estimate was just set to it."""
    if estimate.method == SYNCHRONISED_FULL:
        sigma_pct = facts.profile.floating_sigma_pct
        least_pct = facts.profile.floating_pct - SURE_SIGMAS * sigma_pct
        return make_witness(WitnessKind.FULL, ChargeRange(least_pct, 100.0))
    if estimate.method == SYNCHRONISED_EMPTY:
        most_pct = estimate.charge_pct + SURE_SIGMAS * estimate.sigma_pct
        return make_witness(WitnessKind.EMPTY, ChargeRange(0.0, most_pct))
    return None


def bound_rested(estimate: Estimate, reading: PowerReading, facts: BatteryFacts) -> Witness | None:
    """The charges that the voltage leaves possible at the measured current, and at the opposite;
    None while it is too large for that.
    """
    voltage_v, current_a = estimate.inputs.voltage_v, estimate.inputs.current_a
    if voltage_v is None or current_a is None:
        return None
    if abs(current_a) > facts.profile.rest_c_rate * facts.capacity_ah:
        return None
    celsius = reading.battery_temperature_c
    bounds, turned = (
        bound_at(voltage_v, amps, celsius=celsius, resistance=estimate.resistance, facts=facts)
        for amps in (current_a, -current_a)
    )
    return Witness(WitnessKind.RESTED, bounds, turned)


def bound_at(
    voltage_v: float,
    current_a: float,
    *,
    celsius: float | None,
    resistance: Resistance,
    facts: BatteryFacts,
) -> ChargeRange:
    """The charges that this voltage and current leave possible. A voltage that a charger may hold
    shows no least charge.
    """
    may_be_freezing = celsius is None or celsius < 0 or celsius == NO_PROBE_C
    least_pct, most_pct = bound_charge(
        voltage_v, current_a, may_be_freezing=may_be_freezing, facts=facts, resistance=resistance
    )
    most_pct = raise_for_cold(most_pct, find_measured_temperature_c(celsius), facts)
    is_drained = current_a <= -FLOAT_C_RATE * facts.capacity_ah
    if voltage_v / facts.cells >= facts.profile.held_v and not is_drained:
        least_pct = 0.0
    return ChargeRange(max(0.0, least_pct - EDGE_PCT), min(100.0, most_pct + EDGE_PCT))


def is_held_full(estimate: Estimate, reading: PowerReading, facts: BatteryFacts) -> bool:
    """Whether a full voltage is held with a current that is small and not none: a charge path that
    is open carries none.
    """
    voltage_v, current_a = estimate.inputs.voltage_v, estimate.inputs.current_a
    if voltage_v is None or current_a is None or reading.charge_stage not in HOLDING:
        return False
    c_rate = abs(current_a) / facts.capacity_ah
    is_small = FLOAT_C_RATE <= c_rate <= TAPER_C_RATE
    return is_small and voltage_v / facts.cells >= find_full_voltages(reading, facts).full_v
