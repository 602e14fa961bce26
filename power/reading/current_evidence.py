"""The evidence about the sign of each device's battery current, and the result from it.

Reads and writes: nothing; it keeps the sums of each kind of evidence
(power/reading/comparisons.py), apart for charging and discharging: a BMS may have the wrong sign
in one of them.
Never: decides from one kind of evidence: where two disagree and there is no third, neither
current is used.

    kind      applies to    compares the current with                     over
    OTHERS    all           what the other devices' currents leave        3 A 5 min, 0.8 A 70 min
    SUN       chargers,     power of the panels minus that of the loads,  the same
              packs         where the load outputs measure them
    DARK      packs         the panels give less than flows in,           the same
              otherwise     counts beside other evidence only
    CHARGE    packs         the state of charge that it reports           2 % of the charge
    VOLTAGE   who measures  rises with current that flows in,             6 steps of 0.5 A and 20 mV
              the battery   counts beside other evidence only             or 4 times the noise
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from appliance.wording.sentence import say
from power.reading.comparisons import (
    NOISE_A,
    ChargeComparison,
    CurrentComparison,
    ScaleComparison,
    StepComparison,
    SupplyComparison,
    Vote,
)
from power.reading.mean_difference import MeanDifference, SteadyDifference
from power.reading.sun_slope import SunSlope

LONGEST_GAP_S = 120.0  # a longer silence is not counted
VOTES_HOLD_S = 86_400.0
ALONE_A, ALONE_S = 1.0, 600.0  # loads on the battery: it discharges while controllers rest
LARGEST_SCALE = 15.0  # of a shunt that is set wrong: less than this many times is the same current
FULL_PCT = 99.0  # a BMS sets its count right when it is full, and when it is empty


class Evidence(Enum):
    """One kind of evidence; its value is a part of the fault's sentence."""

    OTHERS = say("the other devices count the opposite")
    SUN = say("sun minus loads is the opposite")
    CHARGE = say("its own state of charge moves the other way")
    VOLTAGE = say("its voltage falls when current is reported to flow in")
    DARK = say("the panels give less than is reported to flow in")


PHYSICAL = {Evidence.DARK, Evidence.VOLTAGE}  # what sun and battery themselves show


class SignResult(Enum):
    """Whether the sign of a current can be trusted."""

    TRUSTED = "trusted"
    UNSURE = "unsure"
    ONE_WAY = say("wrong in one direction")
    INVERTED = "inverted"


class Direction(Enum):
    """Of the true current, by the evidence."""

    IN = "in"
    OUT = "out"


Votes = dict[Evidence, Vote]


@dataclass(frozen=True, slots=True)
class CurrentSample:
    """What is known in one poll of one device's current; None where a kind of
    evidence has no value.

    `others_a`, `sun_a`: the current by that evidence; `most_a`: the most that it can be;
    `taken_a`: what the panels give while all that they can give is taken; `direct_a`: what a load
    that is known to be connected directly to the battery adds to the current by the others (A,
    below 0 for a pack).
    """

    at_s: float
    current_a: float
    voltage_v: float | None = None
    others_a: float | None = None
    sun_a: float | None = None
    most_a: float | None = None
    taken_a: float | None = None
    direct_a: float = 0.0
    charge_pct: float | None = None
    full_ah: float | None = None


def judge_sign(votes: Mapping[Evidence, Vote]) -> SignResult:
    """The result. INVERTED takes two kinds of evidence more against the current than for it. A
    generator that the unit does not know charges in the dark, and loads may move with the sun: DARK
    or VOLTAGE alone makes nothing unsure. A charge in favour was counted with that very current: of
    a shunt that is connected the wrong way round it says nothing.
    """
    against = {one for one, vote in votes.items() if vote is Vote.OPPOSES}
    in_favour = votes.keys() - against
    if len(against) - len(in_favour) >= 2:
        return SignResult.INVERTED
    if against == PHYSICAL and in_favour <= {Evidence.CHARGE}:
        return SignResult.INVERTED
    against -= PHYSICAL
    return SignResult.UNSURE if against and len(against) >= len(in_favour) else SignResult.TRUSTED


def judge_directions(inward: Votes, outward: Votes) -> SignResult:
    """The result for both directions together. Where one kind of evidence finds the sign right in
    one direction and wrong in the other, no setting puts it right.
    """
    both = inward.keys() & outward.keys()
    if all(inward[kind] is outward[kind] for kind in both):
        return judge_sign(inward | outward)
    results = {judge_sign(inward), judge_sign(outward)}
    if SignResult.INVERTED in results:
        return SignResult.ONE_WAY
    return SignResult.UNSURE if SignResult.UNSURE in results else SignResult.TRUSTED


@dataclass
class TwoWayComparison:
    """A current beside another one, apart for the two directions of the other."""

    ways: dict[Direction, CurrentComparison] = field(default_factory=dict)

    def add(self, *, own_a: float, other_a: float, seconds: float) -> None:
        way = find_direction(other_a)
        sums = self.ways.setdefault(way, CurrentComparison())
        sums.add(own_a=own_a, other_a=other_a, seconds=seconds)

    def take_votes(self) -> Iterator[tuple[Vote | None, Direction]]:
        """The votes of the directions that are complete; their sums begin anew."""
        for way, sums in list(self.ways.items()):
            if sums.is_complete:
                del self.ways[way]
                yield sums.vote(), way


@dataclass
class HeldScale:
    """Whether a current is of another size than the others leave for it, for a day; the means."""

    sums: ScaleComparison = field(default_factory=ScaleComparison)
    means_a: tuple[float, float] | None = None
    found_s: float = 0.0

    def add(self, *, own_a: float, other_a: float, seconds: float, now_s: float) -> None:
        self.sums.add(own_a=own_a, other_a=other_a, seconds=seconds)
        if not self.sums.is_complete:
            return
        vote = self.sums.vote()
        if vote is Vote.OPPOSES:
            self.means_a, self.found_s = self.means_a or self.sums.means_a, now_s
        elif vote is Vote.AGREES or now_s - self.found_s > VOTES_HOLD_S:
            self.means_a = None
        self.sums = ScaleComparison()


@dataclass
class CurrentEvidence:
    """All evidence about one device's current: its running sums, and the latest vote of each kind
    and direction. `scale` is beside the others, `sun_scale` beside sun minus loads, `slope` beside
    what the sun gives more or less, `difference` the mean beside the others, else sun minus loads;
    `direct` a load that is connected directly to the battery.
    """

    others: TwoWayComparison = field(default_factory=TwoWayComparison)
    sun: TwoWayComparison = field(default_factory=TwoWayComparison)
    dark: SupplyComparison = field(default_factory=SupplyComparison)
    charge: ChargeComparison = field(default_factory=ChargeComparison)
    voltage: StepComparison = field(default_factory=StepComparison)
    last_s: float | None = None
    scale: HeldScale = field(default_factory=HeldScale)
    sun_scale: HeldScale = field(default_factory=HeldScale)
    slope: SunSlope = field(default_factory=SunSlope)
    difference: MeanDifference = field(default_factory=MeanDifference)
    direct: SteadyDifference = field(default_factory=SteadyDifference)
    alone_s: float = 0.0  # how long it discharged while the others rested
    _latest_votes: dict[tuple[Evidence, Direction], tuple[Vote, float]] = field(
        default_factory=dict
    )

    def add_sample(self, one: CurrentSample) -> None:
        """Add one poll, and take the vote of each comparison that is complete. One that is not
        later than the one before adds nothing.
        """
        gap_s = LONGEST_GAP_S + 1 if self.last_s is None else one.at_s - self.last_s
        if gap_s <= 0:
            return
        self.last_s = one.at_s
        if one.voltage_v is not None:
            self.voltage.add(at_s=one.at_s, own_a=one.current_a, voltage_v=one.voltage_v)
        if gap_s > LONGEST_GAP_S:
            self.charge = ChargeComparison()
        else:
            self._add(one, gap_s)
        self.slope.expire(one.at_s)
        self._collect(one.at_s)

    def judge(self, now_s: float) -> SignResult:
        """The result of the latest votes."""
        return judge_directions(self._votes(Direction.IN, now_s), self._votes(Direction.OUT, now_s))

    def list_kinds(self, vote: Vote, now_s: float) -> frozenset[Evidence]:
        """The kinds of evidence that vote so in a direction."""
        votes = [self._votes(way, now_s) for way in Direction]
        return frozenset(kind for one in votes for kind, cast in one.items() if cast is vote)

    def discard_votes(self, kind: Evidence) -> None:
        """That kind of evidence was wrong: its votes no longer count."""
        for way in Direction:
            self._latest_votes.pop((kind, way), None)
        self.others = TwoWayComparison()

    def begin_anew_beside(self) -> None:
        """The others leave another current for it than was believed."""
        self.discard_votes(Evidence.OTHERS)
        self.discard_votes(Evidence.SUN)
        self.sun, self.scale, self.sun_scale = TwoWayComparison(), HeldScale(), HeldScale()

    def _votes(self, way: Direction, now_s: float) -> Votes:
        """The latest vote of each kind in that direction, not older than a day."""
        return {
            kind: vote
            for (kind, its_way), (vote, at_s) in self._latest_votes.items()
            if its_way is way and now_s - at_s <= VOTES_HOLD_S
        }

    def _add(self, one: CurrentSample, seconds: float) -> None:
        own_a = one.current_a
        other_a = one.sun_a if one.others_a is None else one.others_a
        if other_a is not None:
            self.difference.add(own_a=own_a, other_a=other_a, seconds=seconds)
        if one.others_a is not None:
            self._add_others(one, one.others_a, seconds)
        if one.sun_a is not None:
            sun_a = one.sun_a + min(0.0, one.direct_a)  # a controller's own loads are not meant
            self.sun.add(own_a=own_a, other_a=sun_a, seconds=seconds)
            self.sun_scale.add(own_a=own_a, other_a=sun_a, seconds=seconds, now_s=one.at_s)
        elif one.most_a is not None:
            self.dark.add(own_a=own_a, most_a=one.most_a, seconds=seconds)
        if one.taken_a is not None:
            self.slope.add(own_a=own_a, sun_a=one.taken_a, seconds=seconds, now_s=one.at_s)
        self._add_charge(one, seconds)

    def _add_others(self, one: CurrentSample, others_a: float, seconds: float) -> None:
        own_a, now_s, beside_a = one.current_a, one.at_s, others_a + one.direct_a
        self.direct.add(own_a=own_a, other_a=others_a, seconds=seconds, now_s=now_s)
        self.others.add(own_a=own_a, other_a=beside_a, seconds=seconds)
        self.scale.add(own_a=own_a, other_a=beside_a, seconds=seconds, now_s=now_s)
        if is_alone(own_a, others_a):
            self.alone_s += seconds

    def _add_charge(self, one: CurrentSample, seconds: float) -> None:
        charge_pct = one.charge_pct
        if charge_pct is None or not one.full_ah or charge_pct >= FULL_PCT or charge_pct == 0:
            self.charge = ChargeComparison()
            return
        self.charge.add(
            own_a=one.current_a, full_ah=one.full_ah, charge_pct=charge_pct, seconds=seconds
        )

    def _collect(self, now_s: float) -> None:
        """Take the votes of complete comparisons and begin those anew."""
        for kind, sums in ((Evidence.OTHERS, self.others), (Evidence.SUN, self.sun)):
            for vote, way in sums.take_votes():
                self._take(kind, vote, way, now_s)
        if self.dark.is_complete:
            self._take(Evidence.DARK, self.dark.vote(), Direction.OUT, now_s)
            self.dark = SupplyComparison()
        if self.charge.is_complete:
            way = find_direction(self.charge.moved_pct)
            self._take(Evidence.CHARGE, self.charge.vote(), way, now_s)
            self.charge = ChargeComparison()
        if self.voltage.is_complete:
            vote = self.voltage.vote()
            for way in Direction:
                self._take(Evidence.VOLTAGE, vote, way, now_s)

    def _take(self, kind: Evidence, vote: Vote | None, way: Direction, now_s: float) -> None:
        if vote is not None:
            self._latest_votes[kind, way] = (vote, now_s)


def is_alone(own_a: float, others_a: float) -> bool:
    """Whether a pack discharges while the controllers rest. A small current of theirs, counted in
    another scale, is no rest.
    """
    rest_a = min(NOISE_A, abs(own_a) / LARGEST_SCALE)
    return own_a < -ALONE_A and abs(others_a) < rest_a


def find_direction(amount: float) -> Direction:
    return Direction.IN if amount > 0 else Direction.OUT
