"""Check: does each charge controller and battery answer, and is there a charge and a budget?

Reads: their readings. Writes: nothing.
Never: judges the values.
"""

from appliance.model import BatteryReading, BatteryState, EnergyBudget, PowerReading
from ota.health.sight import Items, Sight


def look(sight: Sight) -> Items:
    state = sight.find(BatteryState)
    known = state is not None and state.state_of_charge_pct is not None
    items = {
        "readings of charge controllers": "" if sight.find(PowerReading) else "none is stored",
        "charge of the battery": "" if known else "it is not known",
        "energy budget": "" if sight.find(EnergyBudget) else "there is none",
    }
    for name in sight.settings.bms:
        answered = sight.find(BatteryReading, device=name)
        items[f"battery {name}"] = "" if answered else "no reading is stored"
    return items
