"""Conversions of Victron GX values, above all: when a 0 is a measured one.

Reads and writes: nothing; pure. Used by power/devices/victron_gx.py.
Never: takes the 0 that a GX sends for a value it does not have for a measured 0.

A GX gives 0 for every value that is absent. A 0 is valid only where another value that is not 0
shows that the device behind it is present and measures.
"""

from appliance.model import ChargeStage, Quality
from power.protocol.conversions import POWER_SLACK_W, POWER_TOLERANCE, StatusValue
from power.protocol.profile import Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, Decoded, prefer_known

ALARMS = (
    "low_voltage", "high_voltage", "low_charge", "low_temperature", "high_temperature",
    "fuse_blown", "high_internal_temperature", "high_charge_current", "high_discharge_current",
    "cell_imbalance", "internal_failure", "high_charge_temperature", "low_charge_temperature",
    "low_cell_voltage", "bms_cable", "contactor", "high_current",
)  # fmt: skip
TRIPPED = 2
EMPTY_ALARMS = ("low_voltage", "low_charge", "low_cell_voltage")
EMPTY_CELL_V = 3.0
LEAST_FULL_AH = 10.0  # what a battery behind a GX holds at least
PROBES_APART_C = 10.0  # a 0 beside a sensor that reads more than this is a missing sensor
CHARGES_A = 0.2  # above the rounding of both currents
STEP_A = 0.05  # half of the last digit of a current

EXTERNAL, TRACKING = 252, 2
STAGES = {
    0: ChargeStage.OFF,
    2: ChargeStage.FAULT,
    3: ChargeStage.BULK,
    4: ChargeStage.ABSORPTION,
    5: ChargeStage.FLOAT,
    6: ChargeStage.FLOAT,  # storage
    7: ChargeStage.EQUALIZE,
}


def require_device(there: Decoded, value: Decoded) -> Decoded:
    """`value`, where `there` shows that its device is present; else its 0 is a missing value."""
    if value.value is None or there.value is not None or value.value != 0:
        return value
    return there


def is_power_consistent(power_w: float, voltage_v: float, current_a: float) -> bool:
    """Whether P is V x I within 10 % and the rounding of a current to 0.1 A."""
    product_w = voltage_v * current_a
    allowed_w = POWER_TOLERANCE * max(abs(product_w), abs(power_w))
    return abs(power_w - product_w) <= allowed_w + POWER_SLACK_W + STEP_A * voltage_v


def check_current_a(
    *, current_a: Decoded, voltage_v: Decoded, power_w: Decoded, charge_pct: Decoded
) -> Decoded:
    """A battery's current. 0 A counts only beside a state of charge or a power that is not 0:
    a device that counts charge measures current. A power that is not V x I makes it implausible.
    """
    if current_a.value is None or voltage_v.value is None:
        return current_a if current_a.value is None else voltage_v
    if current_a.value == 0 and not charge_pct.value and not power_w.value:
        return ABSENT
    if power_w.value and not is_power_consistent(power_w.value, voltage_v.value, current_a.value):
        return IMPLAUSIBLE
    return current_a


def check_system_current_a(sample: Sample) -> Decoded:
    """841, only beside a state of charge: without a battery monitor a GX gives the sum of its
    chargers for it, and this unit's loads are not in that.
    """
    measured = check_current_a(
        current_a=sample["battery_current"],
        voltage_v=sample["battery_voltage"],
        power_w=sample["battery_power"],
        charge_pct=sample["state_of_charge"],
    )
    return measured if measured.value is None or sample.value("state_of_charge") else ABSENT


def check_system_pv_power_w(sample: Sample) -> Decoded:
    """850, checked against 851. 0 W is IMPLAUSIBLE without a battery voltage, or while the
    battery charges without a source: then the solar charger's service is gone.

    What this cannot detect: 0 W by day with a service that is gone and a battery that discharges.
    At night the chargers' own draw makes it a little less than 0; the server casts that without
    limits, so FFFF may come for -1 [?].
    """
    power_w, voltage_v = sample["pv_power"], sample["battery_voltage"]
    if power_w.value is None or voltage_v.value is None:
        return power_w if power_w.value is None else voltage_v
    current_a = sample.value("pv_current")
    if current_a is not None and not is_power_consistent(power_w.value, voltage_v.value, current_a):
        return IMPLAUSIBLE
    others_w = (sample.value("charger_power") or 0.0, sample.value("vebus_power") or 0.0)
    charges = (sample.value("battery_current") or 0.0) > CHARGES_A and max(others_w) <= 0
    power_w = power_w._replace(value=max(0.0, power_w.value))
    return ABSENT if power_w.value == 0 and charges else power_w


def check_charger_pv_power_w(sample: Sample) -> Decoded:
    """789, checked against 776 x 777 where there is one tracker."""
    power_w = require_device(sample["battery_voltage"], sample["pv_power"])
    voltage_v, current_a = sample.value("pv_voltage"), sample.value("pv_current")
    if power_w.value is None or voltage_v is None or current_a is None:
        return power_w
    return power_w if is_power_consistent(power_w.value, voltage_v, current_a) else IMPLAUSIBLE


def decode_charge_stage(sample: Sample) -> StatusValue:
    """775. Under external control (252, a GX with DVCC) only 791 shows whether all PV power is
    used.
    """
    state = require_device(sample["battery_voltage"], sample["state"])
    if state.value is None:
        return StatusValue(None, state.quality)
    if state.value == EXTERNAL and sample.value("tracker_mode") == TRACKING:
        return StatusValue(ChargeStage.BULK, Quality.OK)
    stage = STAGES.get(int(state.value))
    return StatusValue(stage, Quality.OK if stage else Quality.ABSENT)


def check_state_of_charge_pct(sample: Sample) -> Decoded:
    """266. 0 % counts only with an alarm or a cell that is empty too; a state that the charge
    drawn (265) cannot explain is implausible.
    """
    charge_pct, cell_v = sample["state_of_charge"], sample.value("lowest_cell_voltage")
    if charge_pct.value is None:
        return charge_pct
    if charge_pct.value == 0:
        empty = any(sample.value(name) for name in EMPTY_ALARMS)
        return charge_pct if empty or (cell_v or EMPTY_CELL_V) < EMPTY_CELL_V else ABSENT
    drawn_ah = -(sample.value("consumed") or 0.0)
    if drawn_ah and drawn_ah < LEAST_FULL_AH * (0.9 - charge_pct.value / 100):
        return IMPLAUSIBLE
    return charge_pct


def select_temperatures_c(sample: Sample) -> tuple[Decoded, Decoded]:
    """The battery's lowest and highest: its cells', or else the one that it has."""
    coldest_c, warmest_c = sample["lowest_cell_temperature"], sample["highest_cell_temperature"]
    body_c = check_probe_c(
        sample["temperature"], warmest_c, low_c=-PROBES_APART_C, high_c=PROBES_APART_C
    )
    return (
        prefer_known(check_probe_c(coldest_c, warmest_c, low_c=0.0, high_c=PROBES_APART_C), body_c),
        prefer_known(
            check_probe_c(warmest_c, coldest_c, low_c=-PROBES_APART_C, high_c=0.0), body_c
        ),
    )


def check_probe_c(
    temperature_c: Decoded, other_c: Decoded, *, low_c: float, high_c: float
) -> Decoded:
    """A temperature; exactly 0.0 C counts only beside another sensor of the same battery that
    reads something from `low_c` to `high_c`, but not 0.
    """
    if temperature_c.value != 0:
        return temperature_c
    near = other_c.value and low_c <= other_c.value <= high_c
    return temperature_c if near else ABSENT


def decode_allowed(
    sample: Sample,
) -> tuple[StatusValue, StatusValue]:
    """1297 and 1298. Both 0: a battery monitor that has neither, or a BMS that allows nothing."""
    charge, discharge = sample["charge_allowed"], sample["discharge_allowed"]
    if not charge.value and not discharge.value:
        nothing = StatusValue(None, ABSENT.quality if charge.value == 0 else charge.quality)
        return nothing, nothing
    return decode_flag(charge), decode_flag(discharge)


def decode_flag(value: Decoded) -> StatusValue:
    """A 0 or 1 as false or true."""
    return StatusValue(
        None if value.value is None else bool(value.value), value.quality, value.age_s
    )


def name_alarms(sample: Sample) -> StatusValue:
    """The alarms that are on, in words. A GX gives 0 also for those that a battery cannot have."""
    if sample.value("voltage") is None:
        return StatusValue(None, sample["voltage"].quality)
    values = {name: sample[name] for name in ALARMS}
    tripped = [name for name, one in values.items() if one.value == TRIPPED]
    if not tripped and sample.value("alarm") == TRIPPED:
        tripped = ["alarm"]
    unknown = [one.quality for one in values.values() if one.value is None]
    lost = [quality for quality in unknown if quality is not Quality.ABSENT]
    if tripped:
        return StatusValue(", ".join(name.replace("_", " ") for name in tripped), Quality.OK)
    if lost or len(unknown) == len(values):
        return StatusValue(None, (lost or unknown)[0])
    return StatusValue("", Quality.OK)
