"""Renogy Rover: what it is set to, from registers E002 on.

Reads: the decoded settings. Writes: nothing; pure. Source: "ROVER MODBUS", the maker's map.
Never: takes the lithium type's recover voltage for a float.

Voltages stand on the 12 V base. With a lithium type the registers of boost and float are where the
charge ends and where it begins again: there is no float.
"""

from appliance.model import Stamp
from appliance.model_set_points import SetPoints
from power.protocol.profile import Sample

BATTERY_TYPES = {1: "flooded", 2: "sealed", 3: "gel", 4: "lithium", 5: "custom"}  # E004
LITHIUM, CUSTOM, NEVER_EQUALIZED = 4, 5, (3, 4)
FROST_BIT = 2  # of E021
BASE_V, BASE_CELLS = 12, 6


def decode_set_points(stamp: Stamp, model: str, sample: Sample) -> SetPoints:
    """All that it is set to; volts are of the whole battery."""
    kind = sample.value("battery_type")
    is_lithium = None if kind in (None, CUSTOM) else kind == LITHIUM
    return SetPoints(
        stamp,
        device=model,
        model=model,
        absorption_v=scale_v(sample, "boost_voltage"),
        float_v=None if is_lithium else scale_v(sample, "float_voltage"),
        equalize_v=None if is_lithium else scale_v(sample, "equalize_voltage"),
        equalizes=does_equalize(sample),
        compensation_v_per_c=compute_compensation(sample, is_lithium=is_lithium),
        lvd_v=scale_v(sample, "low_voltage_disconnect"),
        lvr_v=scale_v(sample, "low_voltage_reconnect"),
        raises_lvd=False,
        charge_from_c=decode_frost_c(sample),
        battery_type=None if kind is None else BATTERY_TYPES.get(int(kind)),
        is_lithium=is_lithium,
        system_v=sample.value("system_voltage"),
        floats=None if is_lithium is None else not is_lithium,
        recharge_v=scale_v(sample, "float_voltage" if is_lithium else "boost_reconnect_voltage"),
        # Of the lithium type no source has it, and it cannot be set.
        over_voltage_v=None if is_lithium else scale_v(sample, "over_voltage_disconnect"),
    )


def scale_v(sample: Sample, name: str) -> float | None:
    """A voltage of the 12 V base, of the whole battery."""
    volts, found_v = sample.value(name), sample.value("system_voltage")
    return None if volts is None or found_v is None else round(volts * found_v / BASE_V, 3)


def does_equalize(sample: Sample) -> bool | None:
    """Whether it equalizes by itself: never gel and lithium; else where E013 names an interval."""
    kind, every_d = sample.value("battery_type"), sample.value("equalize_interval")
    if kind in NEVER_EQUALIZED:
        return False
    return None if every_d is None else every_d > 0


def compute_compensation(sample: Sample, *, is_lithium: bool | None) -> float | None:
    """E014, of the whole battery; none with the lithium type."""
    step_mv, found_v = sample.value("temperature_compensation"), sample.value("system_voltage")
    if is_lithium or step_mv == 0:
        return 0.0
    if step_mv is None or found_v is None:
        return None
    return -step_mv / 1000 * BASE_CELLS * found_v / BASE_V


def decode_frost_c(sample: Sample) -> float | None:
    """0 C where E021 disables charging below; where it does not, E02D may, which is not read."""
    functions = sample.value("special_functions")
    return 0.0 if functions is not None and int(functions) >> FROST_BIT & 1 else None
