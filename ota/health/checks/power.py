"""Check: does each charge controller and battery answer, and is there a charge and a budget?

Reads: their readings. Writes: nothing.
Never: judges the values.
"""

from appliance.model import BatteryReading, BatteryState, EnergyBudget, PowerReading
from appliance.wording.sentence import say
from ota.health.sight import Items, Sight


def look(sight: Sight) -> Items:
    state = sight.find(BatteryState)
    known = state is not None and state.state_of_charge_pct is not None
    items: dict[str, str] = {
        say("readings of charge controllers"): ""
        if sight.find(PowerReading)
        else say("none is stored"),
        say("charge of the battery"): "" if known else say("it is not known"),
        say("energy budget"): "" if sight.find(EnergyBudget) else say("there is none"),
    }
    for name in sight.settings.bms:
        answered = sight.find(BatteryReading, device=name)
        items[say("battery {name}", name=name)] = "" if answered else say("no reading is stored")
    return items
