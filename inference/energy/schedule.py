"""How much may be looked at now: the one place where energy becomes a rate, a tier and watts.

Inputs: the newest `EnergyBudget` if it is fresh, settings `[inference]`, what a look costs here.
Output: a `Plan` with its reason. Pure.
Never: plans a look without a fresh budget, and never plans more watts than the budget has.

The rate is the most that one camera is looked at while something moves before it; how often that
is paid for, its purse says (inference/energy/allowance.py).
"""

from dataclasses import dataclass

from appliance.model import EnergyBudget, EnergyLevel, InferencePlan, Stamp, Tier
from appliance.settings import InferenceSettings


@dataclass(frozen=True, slots=True)
class Resources:
    """What there is to look with. `price_j` is one look's price as it should be.

    `real_j` is what a look costs here now, `degraded` why that is more: "" where all is well.
    `base_w` is what the computer and the cameras take of the budget before anything is looked at.
    """

    cameras: int = 1
    nominal_j: float = 0.5
    cost_j: float = 0.5
    degraded: str = ""
    tier: Tier = Tier.INT8
    base_w: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done until the next budget. `frames_per_s` is the most for each camera.

    `looking_w` is what all looks together may use on average. `model` is the one of the plan, ""
    for the one that is active; a camera's own model stands above it.
    """

    frames_per_s: float
    tier: Tier
    inference_w: float
    model: str
    reason: str

    def make_row(self, now: Stamp) -> InferencePlan:
        """As it is stored."""
        return InferencePlan(now, self.frames_per_s, self.tier, self.reason)


def make_plan(
    budget: EnergyBudget | None, settings: InferenceSettings, resources: Resources
) -> Plan:
    """The plan under `budget` (None: there is no fresh one)."""
    if budget is None:
        return make_rest_plan("no fresh energy budget: doing nothing is the safe thing")
    if resources.cameras == 0:
        return make_rest_plan("no camera is set up, so there is nothing to look at")
    allowed = find_allowed_frames_per_s(budget.level, settings)
    if allowed == 0:
        return make_rest_plan(f"the energy level is {budget.level.name}: analytics wait for ECO")
    if budget.power_w <= resources.base_w:
        return make_rest_plan(
            f"{budget.level.name}, but of {budget.power_w:g} W computer and cameras take "
            f"{resources.base_w:g}: nothing is left for looking"
        )
    looking_w = budget.power_w - resources.base_w
    rate = limit_frames_per_s(allowed, resources)
    sunny = budget.sun_is_free and settings.sun_model != ""
    return Plan(
        rate,
        Tier.FP32 if sunny else resources.tier,
        looking_w,
        settings.sun_model if sunny else "",
        format_reason(budget, rate, allowed, resources, sunny),
    )


def make_rest_plan(why: str) -> Plan:
    """The plan that spends nothing."""
    return Plan(0.0, Tier.NONE, 0.0, "", why)


def find_allowed_frames_per_s(level: EnergyLevel, settings: InferenceSettings) -> float:
    """What the settings allow at `level`: nothing below ECO."""
    return {
        EnergyLevel.FULL: settings.full_frames_per_s,
        EnergyLevel.ECO: settings.eco_frames_per_s,
    }.get(level, 0.0)


def limit_frames_per_s(allowed: float, resources: Resources) -> float:
    """As many looks as the allowed ones would cost if nothing were degraded."""
    if not resources.degraded or resources.cost_j <= resources.nominal_j:
        return allowed
    return allowed * resources.nominal_j / resources.cost_j


def format_reason(
    budget: EnergyBudget, rate: float, allowed: float, resources: Resources, sunny: bool
) -> str:
    """The plan in one sentence."""
    looking_w = budget.power_w - resources.base_w
    level, has = budget.level.name, f"{looking_w:.4g} W"
    watts = rate * resources.cost_j * resources.cameras
    allows = f"{allowed:.3g} frames a second{format_cameras(resources.cameras)}"
    if rate < allowed:
        said = (
            f"{level} would allow {allows}, but {resources.degraded}: {rate:.2g} cost as much, "
            f"about {watts:.2g} W of {has}"
        )
    elif watts > looking_w:
        paid = looking_w / (resources.cost_j * resources.cameras)
        said = (
            f"{level} allows {allows}, but {has} pay for {paid:.2g} "
            f"at {resources.cost_j:.3g} J each: "
            "more only from what was saved"
        )
    else:
        said = f"{level} allows {allows}, about {watts:.2g} W of {has}"
    if sunny:
        said += ", with the exact model since the sun is free"
    return said


def format_cameras(cameras: int) -> str:
    """The words that say what a rate is of."""
    return "" if cameras == 1 else f" of each of {cameras} cameras"
