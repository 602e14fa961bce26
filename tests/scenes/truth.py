"""What a reading of a simulated device may be: the plant's state within the device's resolution.

Reads: a reading and the plant behind it. Writes: nothing.
Never: forgives a value because it was marked; an unknown value is None, and None is never wrong.
"""

from collections.abc import Mapping
from typing import Any

from appliance.model import BatteryReading, PowerReading
from power.protocol.profile import ChargerProfile, Profile
from provisioning.simulated.plant.plant import Plant

# The coarsest last digits of the family (Renogy: 0.1 V; GX: 0.1 A, 1 W), and 2 % for rounding of
# factors. A damaged byte that got through would be off by far more.
SLACK = {"_v": 0.11, "_a": 0.11, "_w": 6.0, "_c": 1.01, "_pct": 1.01, "_ah": 1.1}
SHARE = 0.02


def list_true_values(profile: Profile, plant: Plant) -> Mapping[str, Any]:
    """The fields of a reading that can be compared, as the plant has them."""
    if isinstance(profile, ChargerProfile):
        out_a = plant.charge_power_w / plant.battery_voltage_v
        return {
            "pv_power_w": plant.pv_power_w,
            "battery_voltage_v": plant.battery_voltage_v,
            "battery_current_a": plant.battery_current_a if profile.has_load_output else out_a,
            "battery_temperature_c": plant.battery_temperature_c,
            "load_power_w": plant.load_power_w,
        }
    return {
        "voltage_v": plant.battery_voltage_v,
        "current_a": plant.battery_current_a,
        "state_of_charge_pct": plant.state_of_charge_pct,
        "full_ah": plant.pack.capacity_ah,
        "lowest_cell_voltage_v": plant.battery_voltage_v / plant.pack.cells,
        "highest_cell_voltage_v": plant.battery_voltage_v / plant.pack.cells,
        "lowest_temperature_c": plant.battery_temperature_c,
    }


def find_wrong_values(
    profile: Profile, plant: Plant, reading: PowerReading | BatteryReading
) -> dict[str, tuple[float, float]]:
    """Name -> (read, true) of each value that is neither right nor unknown."""
    found = {}
    for name, true in list_true_values(profile, plant).items():
        read = getattr(reading, name)
        if read is not None and abs(read - true) > find_tolerance(name, true):
            found[name] = (read, true)
    return found


def find_tolerance(name: str, true: float) -> float:
    slack = next(value for suffix, value in SLACK.items() if name.endswith(suffix))
    if "cell" in name:
        slack = 0.02
    return slack + SHARE * abs(true)
