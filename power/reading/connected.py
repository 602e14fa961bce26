"""Which batteries are connected: a pack whose BMS does not allow discharge gives the unit nothing.

Reads and writes: nothing; pure.
Never: leaves out a pack because it is silent, or because its BMS does not say what it allows.
"""

from collections.abc import Sequence

from appliance.model import BatteryReading, Quality
from power.protocol.register import ABSENT, UNREAD, Decoded
from power.reading.freeze_evidence import DEAD_BAND_A

Packs = Sequence[BatteryReading | None]
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
    """The share (0 to 1) of the capacity that can be discharged; not known where a pack is silent,
    or none says whether it may be.
    """
    known = [one for one in packs if one is not None]
    if not any(one.discharge_allowed is not None or is_disconnected(one) for one in known):
        return ABSENT if len(known) == len(packs) else UNREAD
    if len(known) < len(packs):
        return UNREAD
    has_capacities = all(one.full_ah is not None and one.full_ah > 0 for one in known)
    weights = [one.full_ah or 1.0 if has_capacities else 1.0 for one in known]
    on = [weight for one, weight in zip(known, weights, strict=True) if not is_disconnected(one)]
    age_s = max(one.ages_s.get("discharge_allowed", 0.0) for one in known)
    return Decoded(round(sum(on) / sum(weights), SHARE_DIGITS), Quality.OK, age_s)
