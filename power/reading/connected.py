"""Which batteries are connected: a pack whose BMS does not allow discharge gives the unit nothing.

Reads and writes: nothing; pure.
Never: leaves out a pack because it did not answer for a moment, or because its BMS does not say
what it allows. Where all that answer allow no discharge, a silent one counts only as far as it is
known to. One that is silent for ten minutes beside others that supply the unit is counted on no
more: it may be off, and the others' own current and charge are known.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from appliance.model import BatteryReading, Quality
from power.protocol.register import ABSENT, UNREAD, Decoded
from power.reading.freeze_evidence import DEAD_BAND_A

Packs = Sequence[BatteryReading | None]
KNOWN_FOR_S = 180.0  # so long a silent pack is taken to allow what it allowed
LOST_AFTER_S = 600.0  # so long the estimate goes on without the current of a silent pack
SHARE_DIGITS = 3  # capacities that a BMS has learned differ a little from day to day


def is_disconnected(pack: BatteryReading) -> bool:
    """Whether this pack gives nothing: its BMS does not allow discharge, or its voltage is rejected
    (it is not that of the others on the same wires) and no current of its own shows that it is on
    them all the same.
    """
    if pack.discharge_allowed is False:
        return True
    is_odd = pack.quality.get("voltage_v") is Quality.IMPLAUSIBLE
    current_a = pack.current_a
    return is_odd and current_a is not None and abs(current_a) <= DEAD_BAND_A


def select_connected(packs: Packs) -> Packs:
    """The packs that the unit's voltage and cells are those of; where none is, all."""
    connected = [one for one in packs if one is None or not is_disconnected(one)]
    return connected or packs


def compute_discharge_share(packs: Packs) -> Decoded:
    """The share (0 to 1) of the capacity that can be discharged; not known where none says whether
    it may be, or where a pack is silent, unless all that answer allow none.
    """
    known = [one for one in packs if one is not None]
    if not any(one.discharge_allowed is not None or is_disconnected(one) for one in known):
        return ABSENT if len(known) == len(packs) else UNREAD
    if len(known) < len(packs) and not all(is_disconnected(one) for one in known):
        return UNREAD
    has_capacities = all(one.full_ah is not None and one.full_ah > 0 for one in known)
    weights = [one.full_ah or 1.0 if has_capacities else 1.0 for one in known]
    on = [weight for one, weight in zip(known, weights, strict=True) if not is_disconnected(one)]
    age_s = max(one.ages_s.get("discharge_allowed", 0.0) for one in known)
    return Decoded(round(sum(on) / sum(weights), SHARE_DIGITS), Quality.OK, age_s)


def find_age_s(pack: BatteryReading, now_s: float) -> float:
    """How old its report of what may be discharged is."""
    return max(0.0, now_s - pack.stamp.uptime_s) + pack.ages_s.get("discharge_allowed", 0.0)


@dataclass
class KnownPacks:
    """What each pack reported last, to tell what a silent one is worth when all others deny.

    A pack that was known to allow discharge when the others began to deny it, or within three
    minutes before, is what supplies the unit. One that has been silent for longer may be off: a BMS
    that disconnects falls silent too.
    """

    _last: dict[str, BatteryReading] = field(default_factory=dict)
    _at_s: dict[str, float] = field(default_factory=dict)
    _denied_since_s: float | None = None
    _was_allowed: bool = False
    _began_s: float | None = None

    def find_lost(self, packs: Mapping[str, BatteryReading | None], now_s: float) -> frozenset[str]:
        """The packs that are counted on no more; none where none of the others supplies the unit.
        To be asked after `find_share`.
        """
        self._began_s = now_s if self._began_s is None else self._began_s
        others = [one for one in packs.values() if one is not None and not is_disconnected(one)]
        if all(one.current_a is None for one in others):
            return frozenset()
        since_s = {name: self._at_s.get(name, self._began_s) for name in packs}
        return frozenset(
            name
            for name, one in packs.items()
            if one is None and now_s - since_s[name] >= LOST_AFTER_S
        )

    def compute_share_without(
        self, lost: frozenset[str], packs: Mapping[str, BatteryReading | None]
    ) -> Decoded:
        """The share (0 to 1) of the capacity that is left without them."""
        like = next(one for one in packs.values() if one is not None)
        taken = [
            replace(self._last.get(name, like), discharge_allowed=False, ages_s={})
            if name in lost
            else one
            for name, one in packs.items()
        ]
        return compute_discharge_share(taken)

    def find_share(
        self, packs: Mapping[str, BatteryReading | None], now_s: float
    ) -> Decoded | None:
        """The share (0 to 1) of the capacity that can be discharged, where all that answer deny and
        others are silent; None elsewhere: then `compute_discharge_share` has it.
        """
        answered = {name: one for name, one in packs.items() if one is not None}
        self._last |= answered
        self._at_s |= dict.fromkeys(answered, now_s)
        all_deny = bool(answered) and all(is_disconnected(one) for one in answered.values())
        if answered and not all_deny:
            self._denied_since_s, self._was_allowed = None, True
        if not all_deny or len(answered) == len(packs):
            return None
        if self._denied_since_s is None:
            self._denied_since_s = now_s
        silent = [name for name in packs if name not in answered]
        if not self._was_allowed and not any(name in self._last for name in silent):
            return UNREAD  # so since the start: what has carried the unit until now is not known
        taken = [self._find_silent(name, next(iter(answered.values()))) for name in silent]
        share = compute_discharge_share([*answered.values(), *taken]).value
        return Decoded(share, Quality.OK, max(find_age_s(one, now_s) for one in answered.values()))

    def _find_silent(self, name: str, like: BatteryReading) -> BatteryReading:
        """What a silent pack counts as: what it reported last, or one that may not be discharged;
        one that never answered is `like` another.
        """
        last, since_s = self._last.get(name), self._denied_since_s or 0.0
        if last is not None and since_s - self._at_s[name] <= KNOWN_FOR_S:
            return last
        return replace(last or like, discharge_allowed=False)
