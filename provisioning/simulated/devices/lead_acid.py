"""What controllers are set to as they are delivered: to a lead-acid battery. On LFP it is wrong.

Reads: the plant, for its nominal voltage. Writes: nothing.
Never: shares a figure with appliance/chemistry, in which the same mistake would then not be seen.

EPEver: registers of a Tracer2215BN as delivered; Renogy: defaults of "ROVER MODBUS"; Victron: the
preset of gel and AGM, with recondition and BatteryLife; Morningstar: usual presets.
"""

from collections.abc import Mapping

from provisioning.simulated.plant.plant import Plant

LEAD_ACID = "lead-acid-settings"
# By the simulators' register names; volts of a 12 V battery
EPEVER: Mapping[str, float] = {
    "battery_type": 1,
    "temperature_compensation": 3,
    "over_voltage_disconnect": 16.0,
    "charge_limit_voltage": 15.0,
    "over_voltage_reconnect": 15.0,
    "equalize_voltage": 14.6,
    "boost_voltage": 14.4,
    "float_voltage": 13.8,
    "boost_reconnect_voltage": 13.2,
    "low_voltage_reconnect": 12.6,
    "under_voltage_recover": 12.2,
    "under_voltage_warning": 12.0,
    "low_voltage_disconnect": 11.1,
    "discharge_limit_voltage": 10.6,
    "battery_lower_temperature": -40,
    "equalize_duration": 120,
}
RENOGY: Mapping[str, float] = {  # on its 12 V base whatever the battery has
    "battery_type": 2,
    "over_voltage_disconnect": 17.0,
    "charge_limit_voltage": 15.5,
    "equalize_voltage": 14.6,
    "boost_voltage": 14.4,
    "float_voltage": 13.8,
    "boost_reconnect_voltage": 13.2,
    "low_voltage_reconnect": 12.6,
    "under_voltage_warning": 12.0,
    "low_voltage_disconnect": 11.0,
    "discharge_limit_voltage": 10.5,
    "equalize_interval": 30,
    "temperature_compensation": 3,
    "special_functions": 0,
}
VICTRON: Mapping[str, float] = {
    "absorption_voltage": 14.4,
    "float_voltage": 13.8,
    "equalize_voltage": 16.2,
    "equalize_interval": 30,
    "temperature_compensation_mv": -16.2,
    "battery_type": 3,
    "battery_chemistry": 1,
}
TRISTAR: Mapping[str, float] = {  # its preset of flooded cells; 30 mV/C
    "absorption_voltage": 14.4,
    "float_voltage": 13.4,
    "equalize_voltage": 15.1,
    "temperature_compensation": 0.03,
}
PROSTAR: Mapping[str, float] = {"low_voltage_disconnect": 11.5, "low_voltage_reconnect": 12.6}
VICTRON_LOAD: Mapping[str, float] = {"load_control": 1}
PER_12_V = ("_voltage", "_connect", "_reconnect", "_disconnect", "_recover", "_warning", "_mv")


def scale_set_points(set_points: Mapping[str, float], plant: Plant) -> dict[str, float]:
    """The same for the nominal voltage of this battery."""
    batteries = max(1, round(plant.settings.battery.nominal_voltage_v / 12))
    return {
        name.removesuffix("_mv"): value * batteries if name.endswith(PER_12_V) else value
        for name, value in set_points.items()
    }
