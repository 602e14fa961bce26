"""The inference plan: frame rate, tier and power from the energy budget.

Inputs: the newest `EnergyBudget` if it is fresh, settings `[inference]`, the cost per inference.
Output: an `AnalysisPlan` with its reason. Pure.
Never: plans inference without a fresh budget, and never plans more power than the budget has.

The rate is an upper limit for one camera while something moves before it. How many of these frames
are paid for is decided by its energy allowance (inference/energy/allowance.py).
"""

from dataclasses import dataclass
from typing import Any

from appliance.model import EnergyBudget, EnergyLevel, Stamp
from appliance.model_cameras import InferencePlan, Tier
from appliance.sections.cameras import InferenceSettings
from appliance.wording.counts import format_count
from appliance.wording.sentence import Sentence, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What inference has to work with. `nominal_j` is the cost per inference on the wanted device.

    `cost_j` is the cost per inference now, `degraded` why that is more ("" where it is not).
    `base_w` is the power of computer and cameras before any inference.
    """

    cameras: int = 1
    nominal_j: float = 0.5
    cost_j: float = 0.5
    degraded: str = ""
    tier: Tier = Tier.INT8
    base_w: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisPlan:
    """What is done until the next budget. `frames_per_s` is the most for each camera.

    `inference_w` is the average power that all inference together may use. `model` is the one of
    the plan, "" for the active one; a camera's own model takes precedence.
    """

    frames_per_s: float
    tier: Tier
    inference_w: float
    model: str
    reason: str

    def make_row(self, now: Stamp) -> InferencePlan:
        """The plan as it is stored."""
        return InferencePlan(now, self.frames_per_s, self.tier, self.reason)


def make_plan(
    budget: EnergyBudget | None, settings: InferenceSettings, resources: Resources
) -> AnalysisPlan:
    """The plan under `budget` (None: there is no fresh one).

    plan = make_plan(store.latest(EnergyBudget), settings.inference, resources)
    print(plan.frames_per_s, plan.reason)
    """
    if budget is None:
        return make_rest_plan(say("no fresh energy budget: doing nothing is the safe thing"))
    if resources.cameras == 0:
        return make_rest_plan(say("no camera is set up, so there is nothing to analyse"))
    allowed = find_allowed_frames_per_s(budget.level, settings)
    if allowed == 0:
        return make_rest_plan(
            say("the energy level is {level}: analytics wait for ECO", level=budget.level)
        )
    if budget.power_w <= resources.base_w:
        return make_rest_plan(
            say(
                "{level}, but of {power_w:g} W computer and cameras take {base_w:g}: nothing is "
                "left for inference",
                level=budget.level,
                power_w=budget.power_w,
                base_w=resources.base_w,
            )
        )
    inference_w = budget.power_w - resources.base_w
    rate = limit_frames_per_s(allowed, resources)
    sunny = budget.sun_is_free and settings.sun_model != ""
    return AnalysisPlan(
        frames_per_s=rate,
        tier=Tier.FP32 if sunny else resources.tier,
        inference_w=inference_w,
        model=settings.sun_model if sunny else "",
        reason=format_reason(budget, rate=rate, allowed=allowed, resources=resources, sunny=sunny),
    )


def make_rest_plan(reason: str) -> AnalysisPlan:
    """The plan that spends no energy."""
    return AnalysisPlan(frames_per_s=0.0, tier=Tier.NONE, inference_w=0.0, model="", reason=reason)


def find_allowed_frames_per_s(level: EnergyLevel, settings: InferenceSettings) -> float:
    """The rate that the settings allow at `level`: 0 below ECO."""
    return {
        EnergyLevel.FULL: settings.full_frames_per_s,
        EnergyLevel.ECO: settings.eco_frames_per_s,
    }.get(level, 0.0)


def limit_frames_per_s(allowed: float, resources: Resources) -> float:
    """The rate that costs as much as the allowed one would if nothing were degraded."""
    if not resources.degraded or resources.cost_j <= resources.nominal_j:
        return allowed
    return allowed * resources.nominal_j / resources.cost_j


def format_reason(
    budget: EnergyBudget, *, rate: float, allowed: float, resources: Resources, sunny: bool
) -> str:
    """The plan in one sentence."""
    inference_w = budget.power_w - resources.base_w
    watts = rate * resources.cost_j * resources.cameras
    values: dict[str, Any] = {
        "level": budget.level,
        "allows": format_allowed(allowed, resources.cameras),
        "watts": watts,
        "has_w": inference_w,
    }
    if rate < allowed:
        sentence = say(
            "{level} would allow {allows}, but {degraded}: {rate:.2g} a second cost as much, about "
            "{watts:.2g} W of {has_w:.4g} W",
            degraded=resources.degraded,
            rate=rate,
            **values,
        )
    elif watts > inference_w:
        sentence = say(
            "{level} allows {allows}, but {has_w:.4g} W are enough for {paid:.2g} a second at "
            "{cost_j:.3g} J each; more only while energy is left in the allowance",
            paid=inference_w / (resources.cost_j * resources.cameras),
            cost_j=resources.cost_j,
            **values,
        )
    else:
        sentence = say("{level} allows {allows}, about {watts:.2g} W of {has_w:.4g} W", **values)
    if not sunny:
        return sentence
    return say("{plan}, with the exact model since surplus is available", plan=sentence)


def format_allowed(rate: float, cameras: int) -> Sentence:
    """A rate, and of how many cameras it is."""
    frames = format_count(rate, "frame", ".3g")
    if cameras == 1:
        return say("{frames} a second", frames=frames)
    return say("{frames} a second of each of {cameras} cameras", frames=frames, cameras=cameras)
