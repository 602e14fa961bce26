"""What weighs against the count: the charges that a voltage leaves possible, an anchor, a BMS.

Reads and writes: nothing; pure.
Never: takes one voltage told a hundred times for a hundred voltages, or a BMS alone for the truth.

A voltage's error (meter, hysteresis) stays the same for days. So it is not averaged: it only says
which charges it leaves possible, and a belief that lies well inside of them is left as it is.
"""

from dataclasses import replace
from math import erf, exp, hypot, inf, pi, sqrt
from typing import NamedTuple

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.coulomb import DAY_S
from power.battery.estimate import (
    FROM_BMS,
    FROM_VOLTAGE,
    UNKNOWN_DRIFT,
    Belief,
    Drift,
    Heard,
    Quiet,
    charge_blocked,
)
from power.battery.voltage_curve import (
    UNIFORM,
    WIDEST_SIGMA_PCT,
    Evidence,
    Facts,
    charges_at,
    most_in_cold,
)

EDGE_PCT = 3.0  # how soft the ends of what is possible are
OUTSIDE = 0.3  # of the belief: less than this inside needs a correction, however sure it is
IMPOSSIBLE = 0.01  # less than this: the count has been lost, nobody knows when
CHARGING_C = 0.01  # C/100: with less the charger's voltage need not be the cells'
GIVING_C = 0.001
NO_PROBE_C = 25.0  # exactly: LibreSolar's firmware and others say so where no probe is connected
SURELY_SIGMAS = 3.0  # what lies further off is held against the sensor only so far
LEAST_DRIFT, MOST_DRIFT = 0.7, 8.0  # % a day: what stays unknown, and what no sensor reaches
LEAST_LEAN = 0.1  # a battery that is held full: minutes teach nothing
BMS_SIGMA_PCT, BMS_LEAST_SIGMA_PCT = 10.0, 5.0
BMS_DRIFT = 1.5  # % a day since it was last full: it counts with the same kind of sensor
BMS_FAR = 1 / 3  # of the distance: what is three sigma off is worth nothing
BMS_UNKNOWN_DAYS = 14.0


class Possible(NamedTuple):
    """The least and the most charge (%) that a voltage leaves possible."""

    least_pct: float
    most_pct: float


def look(
    before: Quiet | None,
    reading: PowerReading,
    heard: Heard,
    settings: BatterySettings,
    facts: Facts,
    broken: bool,
) -> Quiet | None:
    """The charges that the voltages leave possible; None while the current is too large to ask.

    A silence between two quiet looks counts as rest, and the voltage after it as a rested one: a
    unit that sleeps looks once in an hour.
    """
    voltage_v, current_a = heard.voltage_v, heard.current_a
    if voltage_v is None or current_a is None:
        return None
    ah, cell = facts.capacity_ah, facts.cell
    if abs(current_a) > cell.quiet_c * ah:
        return None
    celsius = reading.battery_temperature_c
    frost = celsius is None or celsius < 0 or celsius == NO_PROBE_C
    least_pct, most_pct = charges_at(voltage_v, current_a, frost, facts)
    if voltage_v / facts.cells >= cell.held_v and held_by_charger(reading, current_a, settings, ah):
        least_pct = 0.0
    now_s = reading.stamp.uptime_s
    if before is None or complete(before, facts):
        return Quiet(now_s, now_s, least_pct, most_pct)
    if broken:
        return Quiet(before.since_s, now_s, least_pct, most_pct)
    return Quiet(
        before.since_s,
        now_s,
        min(before.least_pct, least_pct),
        max(before.most_pct, most_pct),
    )


def held_by_charger(
    reading: PowerReading, current_a: float, settings: BatterySettings, ah: float
) -> bool:
    """Whether the voltage may be the charger's alone: the battery has cut, or takes nothing."""
    if reading.charge_allowed is False or charge_blocked(reading.battery_temperature_c, settings):
        return True
    return -GIVING_C * ah < current_a < CHARGING_C * ah


def known_c(celsius: float | None) -> float | None:
    """The temperature, unless it is the one that many controllers say without a probe."""
    return None if celsius == NO_PROBE_C else celsius


def complete(quiet: Quiet, facts: Facts) -> bool:
    """Whether its voltages have said the same for long enough to be believed."""
    return quiet.until_s - quiet.since_s >= facts.cell.rest_s


def ask_voltage(belief: Belief, facts: Facts) -> Belief:
    """Weigh what the voltages have said. After hours without a look, one voltage is enough."""
    quiet = belief.quiet
    if quiet is None or not (belief.slept or complete(quiet, facts)):
        return belief
    if belief.slept:
        belief = replace(belief, slept=False)
    most_pct = most_in_cold(quiet.most_pct, known_c(belief.temperature_c), facts)
    possible = Possible(quiet.least_pct, most_pct)
    charge_pct, sigma_pct = belief.charge_pct, belief.sigma_pct
    share = share_inside(charge_pct, sigma_pct, possible)
    if share >= OUTSIDE and sigma_pct <= alone_says(possible).sigma_pct:
        return belief
    if share < IMPOSSIBLE:
        drift = Drift(belief.drift.pct_per_day)
        return corrected(belief, found_again(charge_pct, possible), FROM_VOLTAGE, drift)
    said = cut(charge_pct, sigma_pct, possible)
    return corrected(belief, said, FROM_VOLTAGE, shifted(belief, said))


def ask_bms(belief: Belief, reading: PowerReading, said_pct: float) -> Belief:
    """Weigh a BMS's own state of charge: once a day, where it is surer, and never 0 or above 100.

    It teaches nothing about the drift: it may count with the same sensor.
    """
    now_s, sigma_pct = reading.stamp.uptime_s, belief.sigma_pct
    if not 0 < said_pct <= 100:
        return belief
    if belief.told_s is not None and now_s - belief.told_s < DAY_S:
        return belief
    doubt_pct = hypot(BMS_SIGMA_PCT, BMS_DRIFT * days_since_full(belief, reading))
    doubt_pct += BMS_FAR * abs(said_pct - belief.charge_pct)
    if sigma_pct <= doubt_pct:
        return belief
    gain = sigma_pct**2 / (sigma_pct**2 + doubt_pct**2)
    said = Evidence(
        belief.charge_pct + gain * (said_pct - belief.charge_pct),
        max(BMS_LEAST_SIGMA_PCT, sigma_pct * sqrt(1 - gain)),
    )
    drift = replace(belief.drift, lean=belief.drift.lean * (1 - gain))
    return corrected(replace(belief, told_s=now_s), said, FROM_BMS, drift)


def days_since_full(belief: Belief, reading: PowerReading) -> float:
    """By the wall clock, for want of a better; unknown, or a clock that was set, is a fortnight."""
    if belief.full_at is None:
        return BMS_UNKNOWN_DAYS
    days = (reading.stamp.utc - belief.full_at).total_seconds() / DAY_S
    return days if days >= 0 else BMS_UNKNOWN_DAYS


def corrected(belief: Belief, said: Evidence, method: str, drift: Drift) -> Belief:
    return replace(
        belief,
        charge_pct=said.charge_pct,
        sigma_pct=said.sigma_pct,
        method=method,
        drift=drift,
        spilt_pct=0.0,
    )


def alone_says(possible: Possible) -> Evidence:
    """What the voltages say without any count."""
    most_pct = min(100.0, possible.most_pct)
    width_pct = most_pct - possible.least_pct
    return Evidence(
        (most_pct + possible.least_pct) / 2,
        min(WIDEST_SIGMA_PCT, hypot(width_pct / UNIFORM, EDGE_PCT)),
    )


def found_again(charge_pct: float, possible: Possible) -> Evidence:
    """The charge after a count that cannot be true: the voltage's, but rather less than more."""
    if charge_pct > possible.least_pct:
        return alone_says(possible)
    return cut(charge_pct, WIDEST_SIGMA_PCT, possible)


def edges(charge_pct: float, sigma_pct: float, possible: Possible) -> tuple[float, float, float]:
    """The ends of what is possible, in `spread`s from the charge, and that spread (%)."""
    spread = hypot(sigma_pct, EDGE_PCT)
    low = (possible.least_pct - charge_pct) / spread if possible.least_pct > 0 else -inf
    high = (possible.most_pct - charge_pct) / spread if possible.most_pct < 100 else inf
    return low, high, spread


def share_inside(charge_pct: float, sigma_pct: float, possible: Possible) -> float:
    """How much (0 to 1) of a belief lies within what is possible."""
    low, high, _ = edges(charge_pct, sigma_pct, possible)
    return below(high) - below(low)


def cut(charge_pct: float, sigma_pct: float, possible: Possible) -> Evidence:
    """The belief without its impossible part: mean and sigma of a normal curve cut at both ends.

    Never surer than the voltage alone, unless the count was.
    """
    low, high, spread = edges(charge_pct, sigma_pct, possible)
    inside = max(1e-9, below(high) - below(low))
    mean = (bell(low) - bell(high)) / inside
    ends = (low * bell(low) if low > -inf else 0.0) - (high * bell(high) if high < inf else 0.0)
    narrower = 1 - (1 + ends / inside - mean * mean)  # share of the variance that goes
    gain = sigma_pct**2 / spread**2
    left = sigma_pct**2 * (1 - gain * narrower)
    least = min(sigma_pct, alone_says(possible).sigma_pct)
    found_pct = charge_pct + gain * spread * mean
    return Evidence(min(100.0, max(0.0, found_pct)), sqrt(max(left, least**2)))


def below(edge: float) -> float:
    """The share of a normal curve below `edge` sigmas."""
    return 0.5 * (1 + erf(edge / sqrt(2)))


def bell(edge: float) -> float:
    """The height of a normal curve at `edge` sigmas."""
    return exp(-edge * edge / 2) / sqrt(2 * pi)


def shifted(belief: Belief, said: Evidence) -> Drift:
    """The drift after the charge has been corrected to `said`: it moves along its lean."""
    drift, variance = belief.drift, belief.sigma_pct**2
    slope = drift.lean / variance
    known = drift.sigma_pct_per_day**2 - slope**2 * (variance - said.sigma_pct**2)
    return Drift(
        sane(drift.pct_per_day + slope * (said.charge_pct - belief.charge_pct)),
        sqrt(max(known, LEAST_DRIFT**2)),
        slope * said.sigma_pct**2,
    )


def learned(belief: Belief, said: Evidence) -> Drift:
    """The drift after an anchor has said what the count should have been, `spilt_pct` included."""
    drift = belief.drift
    if drift.lean > -LEAST_LEAN:
        return Drift(drift.pct_per_day, drift.sigma_pct_per_day)
    total = belief.sigma_pct**2 + said.sigma_pct**2
    most_pct = SURELY_SIGMAS * sqrt(total)
    missed_pct = said.charge_pct - belief.charge_pct - belief.spilt_pct
    known = max(drift.sigma_pct_per_day**2 - drift.lean**2 / total, LEAST_DRIFT**2)
    if abs(missed_pct) > most_pct:
        missed_pct, known = max(-most_pct, min(missed_pct, most_pct)), UNKNOWN_DRIFT**2
    return Drift(sane(drift.pct_per_day + drift.lean / total * missed_pct), sqrt(known), 0.0)


def sane(pct_per_day: float) -> float:
    return max(-MOST_DRIFT, min(pct_per_day, MOST_DRIFT))
