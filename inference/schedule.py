"""How much may be looked at now: the one place where energy becomes frames a second.

Inputs: the newest `EnergyBudget` if it is fresh, settings `[inference]`, the number of cameras.
Output: an `InferencePlan` with its reason. Pure.
Never: plans a frame without a fresh budget, and never plans more than the budget pays for.
"""

from appliance.model import EnergyBudget, EnergyLevel, InferencePlan, Stamp, Tier
from appliance.settings import InferenceSettings


def plan(
    budget: EnergyBudget | None,
    settings: InferenceSettings,
    now: Stamp,
    cameras: int = 1,
    tier: Tier = Tier.INT8,
) -> InferencePlan:
    """The plan under `budget` (None: there is no fresh one). Frames a second are per camera."""
    if budget is None:
        return rest(now, "no fresh energy budget: doing nothing is the safe thing")
    if cameras == 0:
        return rest(now, "no camera is set up, so there is nothing to look at")
    allowed = allowed_frames_per_s(budget.level, settings)
    if allowed == 0:
        return rest(now, f"the energy level is {budget.level.name}: analytics wait for ECO")
    paid = budget.power_w / (settings.energy_per_frame_j * cameras)
    if paid <= 0:
        return rest(now, f"{budget.level.name}, but a budget of {budget.power_w:g} W pays nothing")
    if paid < allowed:
        reason = (
            f"{budget.level.name} would allow {allowed:g} frames a second, "
            f"but {budget.power_w:g} W pay for {paid:.2g} at {settings.energy_per_frame_j:g} J each"
        )
        return InferencePlan(now, paid, tier, reason + of_each(cameras))
    watts = allowed * settings.energy_per_frame_j * cameras
    reason = (
        f"{budget.level.name} allows {allowed:g} frames a second{of_each(cameras)}, "
        f"about {watts:.2g} W of {budget.power_w:g} W"
    )
    return InferencePlan(now, allowed, tier, reason)


def rest(now: Stamp, reason: str) -> InferencePlan:
    """The plan that spends nothing."""
    return InferencePlan(now, 0.0, Tier.NONE, reason)


def allowed_frames_per_s(level: EnergyLevel, settings: InferenceSettings) -> float:
    """What the settings allow at `level`: nothing below ECO."""
    return {
        EnergyLevel.FULL: settings.full_frames_per_s,
        EnergyLevel.ECO: settings.eco_frames_per_s,
    }.get(level, 0.0)


def of_each(cameras: int) -> str:
    """The words that say what a rate is of."""
    return "" if cameras == 1 else f" of each of {cameras} cameras"
