"""Where the energy goes, in one sentence for each of battery, sun and loads.

Reads and writes: nothing; pure.
Never: lets two of the sentences contradict each other: all three go by the battery's own current
and by what the loads report.
"""

from appliance.status.freshness import Document
from appliance.wording.sentence import Sentence, say

STILL_A = 0.05  # less than this is rest: the shunt's last digit
NO_SUN_W = 1.0
STAGES = {
    "off": say("No charging: too little sun, or the battery takes none."),
    "bulk": say("All available solar power is taken (bulk charge)."),
    "absorption": say(
        "The charge controller holds the absorption voltage while the current falls."
    ),
    "float": say("The charge controller holds the float voltage."),
    "equalize": say("Equalising the cells at a raised voltage."),
    "fault": say("The charge controller reports a fault."),
}


def describe_flow(document: Document) -> Document:
    """The sentences of a status document's parts; "" where the part is not known now."""
    battery, sun = select_fresh(document["battery"]), select_fresh(document["sun"])
    return {
        "battery": "" if battery is None else describe_battery(battery),
        "sun": "" if sun is None else describe_sun(sun, battery),
        "load": describe_load(document["load"], select_fresh(document["energy"])),
    }


def select_fresh(part: Document | None) -> Document | None:
    """A part that holds now, or None."""
    return part if part is not None and part["fresh"] else None


def describe_battery(battery: Document) -> str:
    """Whether it is charged or discharged, and with how much."""
    current_a = battery["current_a"]
    if current_a is None:
        return say("Whether it charges is not known.")
    if abs(current_a) < STILL_A:
        return say("At rest: neither charging nor discharging.")
    power_w = compute_power_w(battery)
    if current_a > 0:
        return tell_flow(say("Charging"), power_w)
    return tell_flow(say("Discharging"), power_w)


def tell_flow(flow: Sentence, power_w: float | None) -> str:
    """With how much the battery is charged or discharged, where that is known."""
    if power_w is None:
        return say("{flow}.", flow=flow)
    return say("{flow} with {power_w:.0f} W.", flow=flow, power_w=abs(power_w))


def compute_power_w(battery: Document) -> float | None:
    """What flows into the battery, W; None where it is not known."""
    if battery["current_a"] is None or battery["voltage_v"] is None:
        return None
    power_w: float = battery["current_a"] * battery["voltage_v"]
    return power_w


def describe_sun(sun: Document, battery: Document | None) -> str:
    """What becomes of the sun; while the battery is discharged, nothing is said of charging it."""
    stage, pv_w = sun["charge_stage"], sun["pv_power_w"]
    if stage is None or stage == "fault":
        return STAGES.get(stage, say("What the charge controller does is not known."))
    current_a = None if battery is None else battery["current_a"]
    if current_a is None or current_a > -STILL_A:
        return STAGES[stage]
    if pv_w is not None and pv_w < NO_SUN_W:
        return say("No sun: the battery carries the loads.")
    return say("The loads use all of it, and the battery gives the rest.")


def describe_load(load: Document, energy: Document | None) -> str:
    """The loads beside the budget, which is a mean: inference may use energy that it saved."""
    total_w, budget_w = load["power_w"], None if energy is None else energy["power_w"]
    if total_w is None:
        return say("The power of the loads is not known.")
    if budget_w is None:
        return say("Nothing may be switched on without a budget.")
    if total_w <= budget_w:
        return say("Within the power budget of {budget_w:.0f} W.", budget_w=budget_w)
    inference_w = sum(one["power_w"] for one in load["parts"] if one["name"] == "inference")
    if total_w - inference_w <= budget_w:
        return say(
            "The power budget of {budget_w:.0f} W is a mean: inference may use more for a "
            "time, from energy that it saved before.",
            budget_w=budget_w,
        )
    return say("Above the power budget of {budget_w:.0f} W.", budget_w=budget_w)
