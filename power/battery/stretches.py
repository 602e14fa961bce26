"""What was measured between two witnesses of the charge, and what all such stretches show together.

Reads and writes: nothing; pure.
Never: calls a current wrong that may be right for some capacity of the battery.

For each capacity from two fifths to six fifths of the rated one: has some stretch a change of
charge that the measured current, with all that it may be off by, does not explain? Only where that
is so for every capacity the current is wrong. A constant flow or the other sign that explains all
stretches then says how.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from power.battery.charge_witness import Witness
from power.battery.coulomb import HOUR_S
from power.battery.unmeasured_flow import FlowKind, UnmeasuredFlow
from power.battery.voltage_curve import BatteryFacts

GAIN_SHARE, TURN_SHARE = 0.06, 0.02  # of the net charge (scale), and of all (both ways differ)
LEAST_KEPT, LEAST_KEPT_LOSSY = 0.97, 0.65  # share of what flows in
# Of the rated capacity, the likeliest first.
CAPACITY_SHARES = sorted((share / 20 for share in range(8, 25)), key=lambda one: abs(one - 0.9))
APART_S = 3 * HOUR_S  # of two witnesses, at least
WIDTH_PER_SIGMA = 4.0


@dataclass(frozen=True, slots=True)
class Counts:
    """What was measured since the beginning (Ah): in, out, and what the meter may be off by."""

    in_ah: float = 0.0
    out_ah: float = 0.0
    unsure_ah: float = 0.0

    def add(self, flowed_ah: float, unsure_ah: float) -> "Counts":
        """The counts with that much more, positive into the battery."""
        return Counts(
            self.in_ah + max(0.0, flowed_ah),
            self.out_ah + max(0.0, -flowed_ah),
            self.unsure_ah + unsure_ah,
        )


@dataclass(frozen=True, slots=True)
class Entry:
    """What the battery showed, when, and the counts then."""

    witness: Witness
    at_s: float
    counts: Counts


@dataclass(frozen=True, slots=True)
class Stretch:
    """What was measured between two witnesses (Ah), what of it may be an error, what share of the
    inflow is kept at least, and by how much (%) the battery shows that its charge changed.
    """

    hours: float
    in_ah: float
    out_ah: float
    unsure_ah: float
    least_kept: float
    least_pct: float
    most_pct: float

    def find_flow_ah(self, capacity_ah: float) -> tuple[float, float]:
        """The least and the most (Ah) that entered and was not measured; below 0: it left."""
        net_ah = self.in_ah - self.out_ah
        off_ah = self.unsure_ah + GAIN_SHARE * abs(net_ah)
        off_ah += TURN_SHARE * (self.in_ah + self.out_ah)
        lost_ah = (1 - self.least_kept) * self.in_ah
        return (
            self.least_pct / 100 * capacity_ah - net_ah - off_ah,
            self.most_pct / 100 * capacity_ah - net_ah + lost_ah + off_ah,
        )


def list_stretches(
    entries: Sequence[Entry], *, is_lossy: bool, turned: bool = False
) -> Iterator[Stretch]:
    """All pairs of witnesses that are far enough apart. `is_lossy`: a full battery goes on taking
    what it does not keep. `turned`: with the other sign of the measured current.
    """
    for first, last in combinations(entries, 2):
        if last.at_s - first.at_s < APART_S:
            continue
        before, after = first.witness, last.witness
        lows = (before.turned, after.turned) if turned else (before.bounds, after.bounds)
        in_ah = last.counts.in_ah - first.counts.in_ah
        out_ah = last.counts.out_ah - first.counts.out_ah
        yield Stretch(
            hours=(last.at_s - first.at_s) / HOUR_S,
            in_ah=out_ah if turned else in_ah,
            out_ah=in_ah if turned else out_ah,
            unsure_ah=last.counts.unsure_ah - first.counts.unsure_ah,
            least_kept=LEAST_KEPT_LOSSY if is_lossy else LEAST_KEPT,
            least_pct=lows[1].least_pct - lows[0].most_pct,
            most_pct=lows[1].most_pct - lows[0].least_pct,
        )


def judge_stretches(
    entries: Sequence[Entry], facts: BatteryFacts, *, voltage_v: float, is_confirmed: bool
) -> UnmeasuredFlow | None:
    """What the measured current lacks; None where it may be right for some capacity."""
    is_lossy, rated_ah = facts.profile.loses_charge, facts.capacity_ah
    stretches = list(list_stretches(entries, is_lossy=is_lossy))
    capacities_ah = [share * rated_ah for share in CAPACITY_SHARES]
    if explains_all(stretches, capacities_ah):
        return None
    hours = max(one.hours for one in stretches)
    unclear = UnmeasuredFlow(FlowKind.UNCLEAR, 0.0, 0.0, hours, voltage_v, is_confirmed)
    turned = list(list_stretches(entries, is_lossy=is_lossy, turned=True))
    constant = find_constant(stretches, capacities_ah)
    if explains_all(turned, capacities_ah):
        return unclear if constant else replace(unclear, kind=FlowKind.REVERSED)
    if constant is None:
        if len(set.union(*(find_ways(stretches, ah) for ah in capacities_ah))) > 1:
            return unclear
        constant = find_most_certain(stretches, capacities_ah)
    least_a, most_a = constant
    return replace(
        unclear,
        kind=FlowKind.LEAVES if least_a + most_a < 0 else FlowKind.ENTERS,
        amps=(least_a + most_a) / 2,
        sigma_a=(most_a - least_a) / WIDTH_PER_SIGMA,
    )


def explains_all(stretches: Sequence[Stretch], capacities_ah: Sequence[float]) -> bool:
    """Whether the measured current explains all stretches, with some capacity."""
    return any(not find_ways(stretches, ah) for ah in capacities_ah)


def find_ways(stretches: Sequence[Stretch], capacity_ah: float) -> set[FlowKind]:
    """In which ways the measured current is wrong, had the battery that capacity."""
    flows_ah = [one.find_flow_ah(capacity_ah) for one in stretches]
    leaves = {FlowKind.LEAVES} if any(most < 0 for _, most in flows_ah) else set()
    return leaves | ({FlowKind.ENTERS} if any(least > 0 for least, _ in flows_ah) else set())


def find_constant(
    stretches: Sequence[Stretch], capacities_ah: Sequence[float]
) -> tuple[float, float] | None:
    """The least and the most constant flow (A) that explains all stretches; None: none does."""
    found = []
    for capacity_ah in capacities_ah:
        flows_ah = [(*one.find_flow_ah(capacity_ah), one.hours) for one in stretches]
        least_a = max(least / hours for least, _, hours in flows_ah)
        most_a = min(most / hours for _, most, hours in flows_ah)
        if least_a <= most_a:
            found.append((least_a, most_a))
    return (min(one for one, _ in found), max(one for _, one in found)) if found else None


def find_most_certain(
    stretches: Sequence[Stretch], capacities_ah: Sequence[float]
) -> tuple[float, float]:
    """The flow (A) of the stretch that leaves least possible."""
    flows_a = [
        (least / one.hours, most / one.hours)
        for one in stretches
        for ah in capacities_ah
        for least, most in (one.find_flow_ah(ah),)
        if most < 0 or least > 0
    ]
    return min(flows_a, key=lambda one: one[1] - one[0])
