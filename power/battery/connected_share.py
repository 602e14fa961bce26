"""The estimate while some packs of the battery are disconnected: it is that of the others.

Reads and writes: nothing; pure.
Never: counts on the charge of a pack that cannot be discharged.

The charge (%) is of the connected part. A pack that leaves is taken to have as much as the others
had, and to keep it: with what the others gave meanwhile, the whole is right again when it returns,
also where it was emptier than they were when it left. Where the count of the others was corrected
meanwhile (full, empty, a voltage), that is no longer so, and its charge may be anything.
"""

from dataclasses import replace
from math import hypot, sqrt

from appliance.model import BatteryState
from appliance.settings import BatterySettings
from power.battery.estimate import COUNT_SIGMA_LIMIT_PCT, AbsentPacks, Estimate

LEFT_SIGMA_PCT = 10.0  # by which parallel packs differ, most of all one that disconnects
LOST_SIGMA_PCT = 30.0  # of a pack that was away while the count of the others was corrected


def follow_share(estimate: Estimate, share: float | None) -> Estimate:
    """The estimate after packs have left or come back; `share` as in `PowerReading`. Unknown, or
    nothing at all, changes nothing.
    """
    if share is None or not 0 < share <= 1 or share == estimate.share:
        return estimate
    return leave(estimate, share) if share < estimate.share else come_back(estimate, share)


def leave(estimate: Estimate, share: float) -> Estimate:
    """Some packs have left; the others have the same charge in %, less surely."""
    gone, before, absent = 1 - share, 1 - estimate.share, estimate.absent
    absent_pct = 0.0 if absent is None else absent.charge_pct
    left = AbsentPacks(
        charge_pct=(absent_pct * before + estimate.charge_pct * (gone - before)) / gone,
        whole_sigma_pct=compute_whole_sigma_pct(estimate),
        left_sigma_pct=min(
            COUNT_SIGMA_LIMIT_PCT,
            hypot(estimate.sigma_pct, LEFT_SIGMA_PCT * min(1.0, (gone - before) / share)),
        ),
    )
    return replace(estimate, share=share, absent=left, sigma_pct=left.left_sigma_pct, rest=None)


def come_back(estimate: Estimate, share: float) -> Estimate:
    """Some packs have come back, with the charge that they left with."""
    absent = estimate.absent
    if absent is None:
        return replace(estimate, share=share, rest=None)
    part = (share - estimate.share) / share
    whole_sigma_pct = compute_whole_sigma_pct(estimate)
    sigma_pct, still_absent = whole_sigma_pct, None
    if share < 1:
        back_pct = LOST_SIGMA_PCT if absent.others_corrected else LEFT_SIGMA_PCT
        back_sigma_pct = hypot(absent.whole_sigma_pct, back_pct)
        sigma_pct = hypot((1 - part) * estimate.sigma_pct, part * back_sigma_pct)
        still_absent = replace(absent, whole_sigma_pct=whole_sigma_pct, left_sigma_pct=sigma_pct)
    charge_pct = (1 - part) * estimate.charge_pct + part * absent.charge_pct
    return replace(
        estimate,
        share=share,
        absent=still_absent,
        charge_pct=charge_pct,
        sigma_pct=sigma_pct,
        rest=None,
    )


def compute_whole_sigma_pct(estimate: Estimate) -> float:
    """One standard deviation of the charge of all packs together (% of the whole battery).

    What one of them has less, the others have more: their sum is as sure as when they parted, with
    what the count of the others has become less sure since. A correction of the others ends that.
    """
    absent, share = estimate.absent, estimate.share
    if absent is None:
        return estimate.sigma_pct
    if absent.others_corrected:
        return hypot(share * estimate.sigma_pct, (1 - share) * LOST_SIGMA_PCT)
    grown = max(0.0, estimate.sigma_pct**2 - absent.left_sigma_pct**2)
    return hypot(absent.whole_sigma_pct, share * sqrt(grown))


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
