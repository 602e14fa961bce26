"""Victron MPPT by HEX: what it is set to.

Reads: the decoded settings. Writes: nothing; pure. Source: "BlueSolar HEX protocol MPPT"; of ED2F:
victronenergy/gui-v2 velib ve_regs.h.
Never: gives a disconnect voltage that the controller moves by itself (BatteryLife).
"""

from appliance.model import Stamp
from appliance.model_set_points import SetPoints
from power.protocol.profile import Sample

CHEMISTRIES = {0: "OPzS, OPzV", 1: "gel, AGM", 2: "LFP"}  # ED2F
LFP, USER = 2, 0xFF
BATTERY_LIFE, USER_LEVELS = 1, (5, 6)  # EDAB
LOAD_MODES = {0: "off", 1: "BatteryLife", 4: "always on", 7: "automatic energy selector"}  # EDAB
FIXED_LEVELS = {2: (11.1, 13.1), 3: (11.8, 14.0)}  # EDAB: off below, on above, of each 12 V


def decode_set_points(stamp: Stamp, model: str, sample: Sample) -> SetPoints:
    """All that it is set to; volts are of the whole battery."""
    per_k_mv, every_d = sample.value("temperature_compensation"), sample.value("equalize_interval")
    chemistry, mode = sample.value("battery_chemistry"), sample.value("load_control")
    lvd_v, lvr_v = find_load_levels(sample)
    return SetPoints(
        stamp,
        device=model,
        model=model,
        absorption_v=sample.value("absorption_voltage"),
        float_v=sample.value("float_voltage"),
        equalize_v=sample.value("equalize_voltage"),
        equalizes=None if every_d is None else every_d > 0,
        compensation_v_per_c=None if per_k_mv is None else per_k_mv / 1000,
        lvd_v=lvd_v,
        lvr_v=lvr_v,
        raises_lvd=None if mode is None else mode == BATTERY_LIFE,
        load_mode=None if mode is None else LOAD_MODES.get(int(mode)),
        charge_from_c=sample.value("low_temperature_level"),
        battery_type=describe_type(sample),
        is_lithium=None if chemistry in (None, USER) else chemistry == LFP,
        system_v=sample.value("system_voltage"),
    )


def find_load_levels(sample: Sample) -> tuple[float | None, float | None]:
    """Where its load output disconnects and reconnects; None where it does neither, or moves."""
    mode, system_v = sample.value("load_control"), sample.value("system_voltage")
    if mode in USER_LEVELS:
        return sample.value("load_off_below"), sample.value("load_on_above")
    if mode not in FIXED_LEVELS or system_v is None:
        return None, None
    off_v, on_v = (volts * system_v / 12 for volts in FIXED_LEVELS[int(mode)])
    return off_v, on_v


def describe_type(sample: Sample) -> str | None:
    """EDF1 and ED2F in words."""
    kind, chemistry = sample.value("battery_type"), sample.value("battery_chemistry")
    if kind is None and chemistry is None:
        return None
    preset = "user" if kind in (None, USER) else f"preset {kind:.0f}"
    named = None if chemistry is None else CHEMISTRIES.get(int(chemistry))
    return f"{preset}, {named}" if named else preset
