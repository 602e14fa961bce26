"""How a battery ages: charge that has flowed, capacity learned from full to empty, time since full.

    counter = AgeCounter(settings.battery)
    counter.count(estimate, now)           # after each reading
    counter.age.capacity_ah, counter.find_faults()

Reads and writes: nothing; it keeps the counts. power/cycle.py restores and stores them.
Never: learns a capacity from a measurement that a silence has interrupted, while a pack is away, or
in the cold, and never counts time by a wall clock that may jump.

Capacity: what was drawn since the battery was full, over the part of it that is then gone. How much
is left is known where the battery is empty, or rests at a voltage that leaves few charges possible.
Each measurement counts by its uncertainty; the rated capacity is where it begins.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from math import hypot, sqrt

from appliance.errors import ApplianceError
from appliance.model import BatteryAge, Stamp
from appliance.settings import BatterySettings
from appliance.wording.sentence import say
from power.battery.capacity import Capacity
from power.battery.charge_range import ChargeRange, summarise_range
from power.battery.corrections import is_complete
from power.battery.coulomb import CONTINUOUS_S, DAY_S, HOUR_S
from power.battery.estimate import UNKNOWN_CAPACITY_SIGMA, UNKNOWN_DRIFT_SIGMA, Estimate
from power.battery.stored_age import select_usable
from power.battery.synchronise import SYNCHRONISED_EMPTY, SYNCHRONISED_FULL
from power.battery.voltage_curve import BatteryFacts, UncertainCharge, derive_facts

LEAST_SIGMA = 0.02  # it ages: no capacity is known better
GAIN_SIGMA = 0.01  # of the charge that flowed: a meter's scale
LOSS_SIGMA = 0.10  # of what was charged since, where charging loses an unknown part
LEAST_DEPTH = 0.4  # of the capacity must be gone
WORST_SIGMA = 0.12  # of the capacity: a measurement that is less sure teaches nothing
LONGEST_SLEEP_S = 16 * HOUR_S
SLEEP_SIGMA = 0.5  # of what is drawn in a sleep
SUN_H = 1.0  # for so long the sun that wakes the unit may have charged it unseen
LEAST_REPORTED, MOST_REPORTED = 0.4, 0.97  # of the rated capacity, that a BMS may have learned
REPORTED_SIGMA = 0.10
WARM_FROM_C = 10.0  # colder, a part of the charge cannot be drawn


class NotFull(ApplianceError):  # noqa: N818  (named for what it is)
    """The battery has not been full for too long."""

    code = "not-full"


LEAD_ADVICE = say(
    "Lead-acid that stays partly charged sulphates and loses capacity: charge it fully "
    "(from the mains or a generator, or with fewer loads), and equalize it where its "
    "maker says so"
)
LFP_ADVICE = say(
    "Its cells are balanced, and its charge is counted anew, only when it is full: "
    "charge it fully once (from the mains or a generator, or with fewer loads)"
)


@dataclass(frozen=True, slots=True)
class Flow:
    """Where the count stands: when, and the current then."""

    at: Stamp
    current_a: float


class AgeCounter:
    """The counts of one battery; `age` is what is stored."""

    def __init__(self, settings: BatterySettings) -> None:
        self._facts = derive_facts(settings)
        self._flow: Flow | None = None
        self._full_at: datetime | None = None
        self._was_full = False
        self._best: Capacity | None = None  # measured since the battery was full
        self._reported: Capacity | None = None  # by a BMS
        self._asleep_a: float | None = None  # drawn in the sleep that has just ended
        self._bridged_ah = 0.0  # one sigma of what flowed in sleeps since the battery was full
        self.age: BatteryAge | None = None

    def resume(self, stored: BatteryAge | None) -> None:
        """Go on from what is stored; what was counted before it came is added. A measurement does
        not go on: what flowed between is not known.
        """
        if stored is None:
            return
        stored = select_usable(stored, self._facts.capacity_ah)
        own = self.age or begin_age(stored.stamp)
        before_s = 0.0 if self._was_full else stored.since_full_s
        self.age = replace(
            own,
            since=stored.since,
            charged_ah=stored.charged_ah + own.charged_ah,
            discharged_ah=stored.discharged_ah + own.discharged_ah,
            since_full_s=before_s + own.since_full_s,
            capacity_ah=stored.capacity_ah,
            capacity_sigma_ah=stored.capacity_sigma_ah,
            capacity_at=stored.capacity_at,
        )

    def count(self, estimate: Estimate | None, now: Stamp) -> None:
        """Add what has flowed since the last call; measure where the battery shows its charge."""
        age = let_time_pass(self.age, now) if self.age else begin_age(now)
        if estimate is not None and estimate.inputs.current_a is not None:
            age = self._add_flow(age, Flow(now, estimate.inputs.current_a))
        self.age = age
        if estimate is None:
            return
        if estimate.share < 1:  # a part of the battery shows nothing of the capacity of all
            self._best, self.age = None, replace(self.age, drawn_since_full_ah=None)
        if self._is_newly_full(estimate):
            self._learn(now)
            drawn_ah = 0.0 if estimate.share >= 1 else None
            self.age = replace(
                self.age, since_full_s=0.0, drawn_since_full_ah=drawn_ah, charged_since_full_ah=0.0
            )
        self._measure(estimate, self.age)

    def _measure(self, estimate: Estimate, age: BatteryAge) -> None:
        """Measure the capacity, where the battery shows its charge and all that flows is known."""
        if estimate.flow is not None:
            self._best = None
            return
        left = find_left_charge(estimate, self._facts)
        found = (
            measure_capacity(age, left, self._facts, bridged_ah=self._bridged_ah) if left else None
        )
        if found and (self._best is None or found.sigma_ah < self._best.sigma_ah):
            self._best = found

    @property
    def capacity(self) -> Capacity | None:
        """The capacity of all packs, with what this discharge has shown so far; None where nothing
        has shown it.
        """
        age = self.age
        if age is not None and self._best is not None:
            age = learn_capacity(age, self._best, self._facts.capacity_ah, age.stamp)
        if age is None or age.capacity_ah is None or age.capacity_sigma_ah is None:
            return self._reported
        return Capacity(age.capacity_ah, age.capacity_sigma_ah)

    def note_sleep(self, draw_w: float) -> None:
        """The unit has slept since the last reading, and drew that: the count goes on over it."""
        self._asleep_a = draw_w / (self._facts.profile.nominal_v * self._facts.cells)

    def note_full_ah(self, full_ah: float | None) -> None:
        """What BMSs report as the capacity of all packs. One that reports the rated capacity has
        been told it; one that reports more, or next to nothing, is not believed.
        """
        rated_ah = self._facts.capacity_ah
        is_own = full_ah is not None and LEAST_REPORTED < full_ah / rated_ah < MOST_REPORTED
        if full_ah is not None and is_own:
            self._reported = Capacity(full_ah, REPORTED_SIGMA * full_ah)
        elif full_ah is not None:
            self._reported = None

    def find_faults(self) -> list[NotFull]:
        """The fault of a battery that was not full for longer than its chemistry bears."""
        limit_days = self._facts.profile.full_every_days
        if self.age is None or self.age.since_full_s <= limit_days * DAY_S:
            return []
        days = int(self.age.since_full_s / DAY_S)
        advice = LEAD_ADVICE if self._facts.profile.loses_charge else LFP_ADVICE
        text = say(
            "the battery has not been full for {days} days (at most {limit_days:.0f}). {advice}",
            days=days,
            limit_days=limit_days,
            advice=advice,
        )
        return [NotFull(text)]

    def _add_flow(self, age: BatteryAge, flow: Flow) -> BatteryAge:
        last, self._flow = self._flow, flow
        if last is None:
            return age
        elapsed_s = flow.at.uptime_s - last.at.uptime_s
        asleep_a, self._asleep_a = self._asleep_a, None
        if 0 <= elapsed_s <= CONTINUOUS_S:
            flowed_ah = (last.current_a + flow.current_a) / 2 * elapsed_s / HOUR_S
            return add_flow(age, flowed_ah, self._facts)
        if asleep_a is None or not 0 < elapsed_s <= LONGEST_SLEEP_S:
            return replace(age, drawn_since_full_ah=None)
        hours = elapsed_s / HOUR_S
        self._bridged_ah += SLEEP_SIGMA * asleep_a * hours + max(0.0, flow.current_a) * SUN_H
        return add_flow(age, -asleep_a * hours, self._facts)

    def _is_newly_full(self, estimate: Estimate) -> bool:
        is_new = estimate.full_at != self._full_at and estimate.method == SYNCHRONISED_FULL
        self._full_at = estimate.full_at
        self._was_full = self._was_full or is_new
        return is_new

    def _learn(self, now: Stamp) -> None:
        """Each discharge counts once, with what is known best of it."""
        if self._best is not None and self.age is not None:
            self.age = learn_capacity(self.age, self._best, self._facts.capacity_ah, now)
        self._best, self._bridged_ah = None, 0.0


def begin_age(now: Stamp) -> BatteryAge:
    """Nothing has been counted yet."""
    return BatteryAge(now, since=now.utc, charged_ah=0.0, discharged_ah=0.0, since_full_s=0.0)


def let_time_pass(age: BatteryAge, now: Stamp) -> BatteryAge:
    """The age now: without what flowed since, and with the time since it was full."""
    same_boot = age.stamp.boot_id == now.boot_id
    passed_s = max(0.0, now.uptime_s - age.stamp.uptime_s) if same_boot else 0.0
    return replace(age, stamp=now, since_full_s=age.since_full_s + passed_s)


def add_flow(age: BatteryAge, flowed_ah: float, facts: BatteryFacts) -> BatteryAge:
    """The counts after that much has flowed, positive into the battery."""
    in_ah, out_ah = max(0.0, flowed_ah), max(0.0, -flowed_ah)
    drawn_ah = age.drawn_since_full_ah
    if drawn_ah is not None:
        drawn_ah = max(0.0, drawn_ah + out_ah - in_ah * facts.profile.charge_efficiency)
    return replace(
        age,
        charged_ah=age.charged_ah + in_ah,
        discharged_ah=age.discharged_ah + out_ah,
        drawn_since_full_ah=drawn_ah,
        charged_since_full_ah=age.charged_since_full_ah + in_ah,
    )


def find_left_charge(estimate: Estimate, facts: BatteryFacts) -> UncertainCharge | None:
    """What the battery itself shows of its charge now: empty, or at a rested voltage."""
    celsius = estimate.temperature_c
    if celsius is not None and celsius < WARM_FROM_C:
        return None
    if estimate.method == SYNCHRONISED_EMPTY:
        return UncertainCharge(estimate.charge_pct, estimate.sigma_pct)
    if estimate.rest is None or not is_complete(estimate.rest, facts):
        return None
    return summarise_range(ChargeRange(estimate.rest.least_pct, estimate.rest.most_pct))


def measure_capacity(
    age: BatteryAge, left: UncertainCharge, facts: BatteryFacts, *, bridged_ah: float = 0.0
) -> Capacity | None:
    """The capacity by what was drawn since full; None where too little is known. `bridged_ah`: one
    sigma of what flowed while nothing was measured.
    """
    drawn_ah, depth = age.drawn_since_full_ah, 1 - left.charge_pct / 100
    if drawn_ah is None or depth < LEAST_DEPTH:
        return None
    capacity_ah = drawn_ah / depth
    flowed_ah = drawn_ah + 2 * age.charged_since_full_ah
    loss_ah = age.charged_since_full_ah * (LOSS_SIGMA if facts.profile.loses_charge else 0.0)
    drift_ah = UNKNOWN_DRIFT_SIGMA / 100 * facts.capacity_ah * age.since_full_s / DAY_S
    flow_sigma_ah = hypot(GAIN_SIGMA * flowed_ah, loss_ah, drift_ah, bridged_ah)
    sigma_ah = hypot(flow_sigma_ah, capacity_ah * left.sigma_pct / 100) / depth
    is_sure = sigma_ah <= WORST_SIGMA * capacity_ah
    return Capacity(capacity_ah, sigma_ah) if is_sure else None


def learn_capacity(age: BatteryAge, found: Capacity, rated_ah: float, now: Stamp) -> BatteryAge:
    """The age with that measurement weighed in."""
    before_ah = rated_ah if age.capacity_ah is None else age.capacity_ah
    before_sigma_ah = age.capacity_sigma_ah or UNKNOWN_CAPACITY_SIGMA * rated_ah
    gain = before_sigma_ah**2 / (before_sigma_ah**2 + found.sigma_ah**2)
    return replace(
        age,
        capacity_ah=before_ah + gain * (found.capacity_ah - before_ah),
        capacity_sigma_ah=max(LEAST_SIGMA * rated_ah, sqrt(1 - gain) * before_sigma_ah),
        capacity_at=now.utc,
    )
