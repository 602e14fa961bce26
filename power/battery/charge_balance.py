"""The balance of the charge: what was counted between two moments at which the battery itself shows
its charge, beside what it shows. It finds a load or source that no meter sees, and a wrong sign.

    balance.follow(estimate, reading)      # after each reading
    balance.flow                           # None: the count and the battery agree
    balance.find_faults()

Reads and writes: nothing; it keeps the counts of the last days.
Never: uses the estimator's count, drift or sigma, or believes the rated capacity: the measured
current must be contradicted whatever the capacity is (power/battery/stretches.py). A silence, packs
that leave or a current that is not measured begin it anew.
"""

from dataclasses import dataclass, field

from appliance.model import PowerReading
from appliance.settings import BatterySettings
from power.battery.charge_witness import Witness, Witnesses
from power.battery.coulomb import CONTINUOUS_S, DAY_S, HOUR_S
from power.battery.estimate import Estimate
from power.battery.stretches import Counts, Entry, judge_stretches
from power.battery.unmeasured_flow import FlowKind, UnmeasuredFlow, WrongBalance, make_fault
from power.battery.voltage_curve import derive_facts

# What a sound meter may be off by: its zero point, by the widest data sheet and by captures; with
# exactly 0 A whatever its dead band hides; and at least, where a second meter bears it out.
OFFSET_A, DEAD_BAND_A, CONFIRMED_A = 1.2, 3.0, 0.3
DIFFERENCES = 1.5  # of two meters in the mean, that both may be off by
EVERY_S = HOUR_S
KEPT, KEPT_S = 60, 8 * DAY_S


@dataclass
class ChargeBalance:
    """The balance of one battery; `flow` is what the measured current lacks."""

    settings: BatterySettings
    flow: UnmeasuredFlow | None = None
    _witnesses: Witnesses = field(init=False)
    _counts: Counts = field(default_factory=Counts)
    _entries: list[Entry] = field(default_factory=list)
    _last: tuple[float, float] | None = None  # uptime (s) and current (A)
    _fault: WrongBalance | None = None

    def __post_init__(self) -> None:
        self._witnesses = Witnesses(derive_facts(self.settings))

    def follow(
        self,
        estimate: Estimate | None,
        reading: PowerReading | None,
        meters_differ_a: float | None = None,
    ) -> None:
        """Take in one reading, after the estimate of it. `meters_differ_a`: by how much a second
        meter of the same current differs in the mean; None where there is none.
        """
        if estimate is None or reading is None or reading.stamp != estimate.counted_at:
            return
        current_a, is_measured = estimate.inputs.current_a, estimate.inputs.current_measured
        if estimate.inputs.is_turned:  # by the estimator: what was measured is judged here
            current_a, is_measured = current_a and -current_a, True
        if current_a is None or not is_measured or estimate.share < 1:
            self.restart()
            return
        now_s = reading.stamp.uptime_s
        self._count(current_a, now_s, differ_a=meters_differ_a)
        witness = self._witnesses.find(estimate, reading)
        if witness is not None and self._is_due(witness, now_s):
            self._entries.append(Entry(witness, now_s, self._counts))
            self._judge(reading, meters_differ_a)

    def restart(self) -> None:
        """Forget the counts: what flowed is not known, or a source that is known charges. What was
        found stays until new witnesses show otherwise.
        """
        self._counts, self._entries, self._last = Counts(), [], None
        self._witnesses.restart()

    def find_faults(self) -> list[WrongBalance]:
        """The fault; its figures stay while it lasts."""
        return [self._fault] if self._fault else []

    def _count(self, current_a: float, now_s: float, *, differ_a: float | None) -> None:
        last, self._last = self._last, (now_s, current_a)
        if last is None:
            return
        if not 0 < now_s - last[0] <= CONTINUOUS_S:
            self.restart()
            return
        hours = (now_s - last[0]) / HOUR_S
        unsure_a = find_unsure_a(current_a, differ_a)
        self._counts = self._counts.add((last[1] + current_a) / 2 * hours, unsure_a * hours)

    def _is_due(self, witness: Witness, now_s: float) -> bool:
        """Whether it is the first of its kind in an hour."""
        recent = (one for one in self._entries if now_s - one.at_s < EVERY_S)
        return all(one.witness.kind is not witness.kind for one in recent)

    def _judge(self, reading: PowerReading, differ_a: float | None) -> None:
        """Judge the last days; a fault's words change with its kind only."""
        facts, newest_s = derive_facts(self.settings), self._entries[-1].at_s
        self._entries = [one for one in self._entries if newest_s - one.at_s <= KEPT_S][-KEPT:]
        found = judge_stretches(
            self._entries,
            facts,
            voltage_v=reading.battery_voltage_v or facts.profile.nominal_v * facts.cells,
            is_confirmed=is_confirmed(differ_a),
        )
        before = self.flow
        if found and before and found.kind is FlowKind.UNCLEAR:
            found = before  # what was clear stays so
        self.flow = found
        if found is None:
            self._fault = None
        elif before is None or before.kind is not found.kind:
            self._fault = make_fault(found)


def is_confirmed(differ_a: float | None) -> bool:
    """Whether a second meter bears the current out."""
    return differ_a is not None and DIFFERENCES * differ_a < OFFSET_A


def find_unsure_a(current_a: float, differ_a: float | None) -> float:
    """What the current may be off by in the mean, all the time."""
    if differ_a is not None and is_confirmed(differ_a):
        return max(CONFIRMED_A, DIFFERENCES * differ_a)
    return DEAD_BAND_A if current_a == 0 else OFFSET_A
