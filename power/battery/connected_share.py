"""The estimate while some packs of the battery are disconnected: it is that of the others.

Reads and writes: nothing; pure.
Never: counts on the charge of a pack that cannot be discharged.

The charge (%) is of the connected part. A pack that leaves is taken to have as much as the others
had, and to keep it: with what the others gave meanwhile, the whole is right again when it returns,
also where it was emptier than they were when it left.
"""

from dataclasses import replace
from math import hypot

from appliance.model import BatteryState
from appliance.settings import BatterySettings
from power.battery.estimate import Estimate

LEFT_SIGMA_PCT = 10.0  # by which parallel packs differ, most of all one that disconnects


def follow_share(estimate: Estimate, share: float | None) -> Estimate:
    """The estimate after packs have left or come back; `share` as in `PowerReading`. Unknown, or
    nothing at all, changes nothing.
    """
    if share is None or not 0 < share <= 1 or share == estimate.share:
        return estimate
    return leave(estimate, share) if share < estimate.share else come_back(estimate, share)


def leave(estimate: Estimate, share: float) -> Estimate:
    """Some packs have left; the others have the same charge in %, less surely."""
    gone, before = 1 - share, 1 - estimate.share
    absent_pct = (estimate.absent_pct * before + estimate.charge_pct * (gone - before)) / gone
    sigma_pct = hypot(estimate.sigma_pct, LEFT_SIGMA_PCT * min(1.0, (gone - before) / share))
    return replace(estimate, share=share, absent_pct=absent_pct, sigma_pct=sigma_pct, rest=None)


def come_back(estimate: Estimate, share: float) -> Estimate:
    """Some packs have come back, with the charge that they left with."""
    part = (share - estimate.share) / share
    charge_pct = (1 - part) * estimate.charge_pct + part * estimate.absent_pct
    return replace(estimate, share=share, charge_pct=charge_pct, rest=None)


def convert_to_whole(state: BatteryState, settings: BatterySettings) -> BatteryState:
    """The state with its charge in % of the whole battery, for those who plan with that: a pack
    that is away has nothing for them.
    """
    share = state.capacity_wh / settings.capacity_wh
    if not 0 < share < 1 or state.state_of_charge_pct is None or state.sigma_pct is None:
        return state
    return replace(
        state,
        state_of_charge_pct=state.state_of_charge_pct * share,
        sigma_pct=state.sigma_pct * share,
    )
