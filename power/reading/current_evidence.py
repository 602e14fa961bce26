"""The evidence about the sign of each device's battery current, and the result from it.

Reads and writes: nothing; it keeps the sums of each kind of evidence
(power/reading/comparisons.py).
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

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from power.reading.comparisons import (
    ChargeComparison,
    CurrentComparison,
    StepComparison,
    SupplyComparison,
    Vote,
)

LONGEST_GAP_S = 120.0  # a longer silence is not counted
SCALE_S = 3600.0
VOTES_HOLD_S = 86_400.0
FULL_PCT = 99.0  # a BMS sets its count right when it is full, and when it is empty


class Evidence(Enum):
    """One kind of evidence; its value is a part of the fault's sentence."""

    OTHERS = "the other devices count the opposite"
    SUN = "sun minus loads is the opposite"
    CHARGE = "its own state of charge moves the other way"
    VOLTAGE = "its voltage falls when current is reported to flow in"
    DARK = "the panels give less than is reported to flow in"


class SignResult(Enum):
    """Whether the sign of a current can be trusted."""

    TRUSTED = "trusted"
    UNSURE = "unsure"
    INVERTED = "inverted"


@dataclass(frozen=True, slots=True)
class CurrentSample:
    """What is known in one poll of one device's current; None where a kind of
    evidence has no value.

    `others_a`, `sun_a`: the current by that evidence; `most_a`: the most that it can be.
    """

    at_s: float
    current_a: float
    voltage_v: float | None = None
    others_a: float | None = None
    sun_a: float | None = None
    most_a: float | None = None
    charge_pct: float | None = None
    full_ah: float | None = None


def judge_sign(votes: Mapping[Evidence, Vote]) -> SignResult:
    """The result. INVERTED takes two kinds of evidence more against the current than for it. A
    generator that the unit does not know charges in the dark, and loads may move with the sun: DARK
    and VOLTAGE alone make nothing unsure.
    """
    against = {one for one, vote in votes.items() if vote is Vote.OPPOSES}
    in_favour = len(votes) - len(against)
    if len(against) - in_favour >= 2:
        return SignResult.INVERTED
    against -= {Evidence.DARK, Evidence.VOLTAGE}
    return SignResult.UNSURE if against and len(against) >= in_favour else SignResult.TRUSTED


@dataclass
class CurrentEvidence:
    """All evidence about one device's current: its running sums, and the latest vote of each
    kind.
    """

    others: CurrentComparison = field(default_factory=CurrentComparison)
    sun: CurrentComparison = field(default_factory=CurrentComparison)
    dark: SupplyComparison = field(default_factory=SupplyComparison)
    charge: ChargeComparison = field(default_factory=ChargeComparison)
    voltage: StepComparison = field(default_factory=StepComparison)
    last_s: float | None = None
    scale: CurrentComparison = field(default_factory=CurrentComparison)
    other_scale_a: tuple[float, float] | None = None  # own and others' mean, where they differ
    _latest_votes: dict[Evidence, tuple[Vote, float]] = field(default_factory=dict)

    def add_sample(self, one: CurrentSample) -> None:
        """Add one poll, and take the vote of each comparison that is complete."""
        gap_s = LONGEST_GAP_S + 1 if self.last_s is None else one.at_s - self.last_s
        self.last_s = one.at_s
        if one.voltage_v is not None:
            self.voltage.add(at_s=one.at_s, own_a=one.current_a, voltage_v=one.voltage_v)
        if gap_s > LONGEST_GAP_S:
            self.charge = ChargeComparison()
        else:
            self._add(one, gap_s)
        self._collect(one.at_s)

    def votes(self, now_s: float) -> dict[Evidence, Vote]:
        """The latest vote of each kind, not older than a day."""
        return {
            kind: vote
            for kind, (vote, at_s) in self._latest_votes.items()
            if now_s - at_s <= VOTES_HOLD_S
        }

    def discard_votes(self, kind: Evidence) -> None:
        """That kind of evidence was wrong: its vote no longer counts."""
        self._latest_votes.pop(kind, None)
        self.others = CurrentComparison()

    def _add(self, one: CurrentSample, seconds: float) -> None:
        if one.others_a is not None:
            self.others.add(own_a=one.current_a, other_a=one.others_a, seconds=seconds)
            self.scale.add(own_a=one.current_a, other_a=one.others_a, seconds=seconds)
        if one.sun_a is not None:
            self.sun.add(own_a=one.current_a, other_a=one.sun_a, seconds=seconds)
        elif one.most_a is not None:
            self.dark.add(own_a=one.current_a, most_a=one.most_a, seconds=seconds)
        charge_pct = one.charge_pct
        if charge_pct is None or not one.full_ah or charge_pct >= FULL_PCT or charge_pct == 0:
            self.charge = ChargeComparison()
        else:
            self.charge.add(
                own_a=one.current_a, full_ah=one.full_ah, charge_pct=charge_pct, seconds=seconds
            )

    def _collect(self, now_s: float) -> None:
        """Take the votes of complete comparisons and begin those anew."""
        if self.others.is_complete:
            self._take(Evidence.OTHERS, self.others.vote(), now_s)
            self.others = CurrentComparison()
        if self.scale.seconds >= SCALE_S:
            is_one = self.scale.vote() is not Vote.AGREES or self.scale.is_of_one_scale
            self.other_scale_a = None if is_one else self.scale.means_a
            self.scale = CurrentComparison()
        if self.sun.is_complete:
            self._take(Evidence.SUN, self.sun.vote(), now_s)
            self.sun = CurrentComparison()
        if self.dark.is_complete:
            self._take(Evidence.DARK, self.dark.vote(), now_s)
            self.dark = SupplyComparison()
        if self.charge.is_complete:
            self._take(Evidence.CHARGE, self.charge.vote(), now_s)
            self.charge = ChargeComparison()
        if self.voltage.is_complete:
            self._take(Evidence.VOLTAGE, self.voltage.vote(), now_s)

    def _take(self, kind: Evidence, vote: Vote | None, now_s: float) -> None:
        if vote is not None:
            self._latest_votes[kind] = (vote, now_s)
