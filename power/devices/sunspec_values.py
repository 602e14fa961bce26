"""Conversions of SunSpec values: the direction of a current, and the sum of all inputs.

Reads and writes: nothing; pure. Used by power/devices/sunspec.py.
Never: adds a battery's input to the PV inputs, nor guesses the direction of a current.
"""

from collections.abc import Mapping, Sequence

from appliance.model import ChargeStage, Quality
from power.protocol.conversions import (
    POWER_SLACK_W,
    POWER_TOLERANCE,
    StatusValue,
    find_highest_of_all,
    multiply,
)
from power.protocol.profile import Sample
from power.protocol.register import ABSENT, IMPLAUSIBLE, Decoded, prefer_known
from power.protocol.sunspec_model import Part

EMPTY_EVENTS = 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14  # 802 Evt1: under voltage, charge too low
EMPTY, DISCHARGING, CHARGING = 2, 3, 4  # ChaSt
DISCONNECTED = 1  # 802 State
EMPTY_CELL_V = 3.0

# The state that counts for all inputs together comes first.
TRACKER_STATES: Mapping[int, ChargeStage | None] = {
    7: ChargeStage.FAULT,
    4: ChargeStage.BULK,  # all the sun is taken
    5: None,  # throttled: the cause is not given
    9: None,  # test
    3: ChargeStage.OFF,  # starting
    6: ChargeStage.OFF,  # shutting down
    8: ChargeStage.OFF,  # standby
    2: ChargeStage.OFF,  # sleeping
    1: ChargeStage.OFF,
}
PORT_STATES: Mapping[int, ChargeStage | None] = {
    3: ChargeStage.FAULT,
    2: None,  # on, with a warning
    1: None,  # on
    0: ChargeStage.OFF,
}
# Hybrid inverters (Fronius GEN24: "StCha 3", "StDisCha 4") put the battery among the trackers.
STORAGE_LABELS = ("stcha", "stdis", "bat", "storage")
Inputs = Sequence[Mapping[str, Decoded]]  # the power, voltage, current and state of each


def decode_current_a(sample: Sample) -> Decoded:
    """The current, + into the battery. SunSpec leaves its sign open (and makers differ [?]), so
    the charge status gives the direction; without one, a current is unknown.
    """
    current = sample["current"]
    status = prefer_known(sample["charge_status"], sample["control_status"])
    if not current.value:
        return current
    if status.value == CHARGING:
        return replace_value(current, abs(current.value))
    return replace_value(current, -abs(current.value)) if status.value == DISCHARGING else ABSENT


def replace_value(decoded: Decoded, value: float) -> Decoded:
    return decoded._replace(value=value)


def choose_state_of_charge_pct(sample: Sample) -> Decoded:
    """Of 802, 713 or 124, the first valid one: 713 is 0 without storage by definition."""
    names = ("charge", "storage_charge", "control_charge")
    candidates = [reject_false_empty(sample[name], sample) for name in names]
    first = next((one for one in candidates if one.value is not None), None)
    return first or next((one for one in candidates if one != ABSENT), ABSENT)


def reject_false_empty(charge_pct: Decoded, sample: Sample) -> Decoded:
    """0 % is valid only where a status, an alarm or a cell shows that the battery is empty."""
    if charge_pct.value != 0:
        return charge_pct
    status = prefer_known(sample["charge_status"], sample["control_status"])
    events = int(sample.value("events") or 0)
    cell_v = sample.value("lowest_cell_voltage")
    low = cell_v is not None and cell_v < EMPTY_CELL_V
    return charge_pct if status.value == EMPTY or events & EMPTY_EVENTS or low else IMPLAUSIBLE


def decode_allowed(sample: Sample) -> tuple[StatusValue, StatusValue]:
    """Whether the battery accepts and gives current: its limits now, or that it is disconnected.
    Both limits 0 on a connected one mean unknown: makers fill absent values with 0.
    """
    if sample.value("state") == DISCONNECTED:
        return StatusValue(value=False, quality=Quality.OK), StatusValue(
            value=False, quality=Quality.OK
        )
    charge, discharge = sample["most_charge_current"], sample["most_discharge_current"]
    if not charge.value and not discharge.value:
        charge, discharge = (ABSENT if one.value == 0 else one for one in (charge, discharge))
    return is_positive(charge), is_positive(discharge)


def is_positive(limit: Decoded) -> StatusValue:
    return StatusValue(None if limit.value is None else limit.value > 0, limit.quality, limit.age_s)


def is_power_consistent(part: Part, *, power: int, voltage: int, current: int) -> bool:
    """Whether the power at that offset is V x I, but for the last digits; signs are left out."""
    power_w, voltage_v, current_a = (
        part.numbers.get(offset, ABSENT).value for offset in (power, voltage, current)
    )
    if power_w is None or voltage_v is None or current_a is None:
        return True
    power_w, current_a = abs(power_w), abs(current_a)
    digits_w = part.steps[power] + part.steps[current] * voltage_v + part.steps[voltage] * current_a
    allowed_w = POWER_TOLERANCE * max(power_w, voltage_v * current_a) + POWER_SLACK_W
    return abs(power_w - voltage_v * current_a) <= allowed_w + digits_w / 2


def is_storage_input(label: str) -> bool:
    """Whether an input is named as a battery's."""
    return label.lower().startswith(STORAGE_LABELS)


def combine_inputs(inputs: Inputs, states: Mapping[int, ChargeStage | None]) -> dict[str, Decoded]:
    """All inputs that are present as one: power and current added, the highest voltage, and the
    state that counts. One whose power is unknown makes the sum unknown.
    """
    there = [one for one in inputs if is_present(one)]
    volts = tuple(one["voltage"] for one in there if one["voltage"] != ABSENT)
    return {
        "power": add_up([get_power_w(one) for one in there]),
        "voltage": find_highest_of_all(volts),
        "current": add_up([one["current"] for one in there]),
        "state": choose_first_state([one["state"] for one in there], tuple(states)),
    }


def is_present(one: Mapping[str, Decoded]) -> bool:
    return any(one[name] != ABSENT for name in ("power", "voltage", "current"))


def get_power_w(one: Mapping[str, Decoded]) -> Decoded:
    return multiply(one["voltage"], one["current"]) if one["power"] == ABSENT else one["power"]


def add_up(values: Sequence[Decoded]) -> Decoded:
    """The sum; where one is unknown, that one with its quality."""
    unknown = next((one for one in values if one.value is None), None)
    if unknown or not values:
        return unknown or ABSENT
    return Decoded(sum(one.value or 0.0 for one in values), Quality.OK)


def choose_first_state(states: Sequence[Decoded], order: tuple[int, ...]) -> Decoded:
    """The state that comes first in `order`; unknown where one is."""
    unknown = next(
        (one for one in states if one.value is None or int(one.value) not in order), None
    )
    if unknown or not states:
        return unknown if unknown and unknown.value is None else ABSENT
    return min(states, key=lambda one: order.index(int(one.value or 0)))


def decode_charge_stage(sample: Sample) -> StatusValue:
    """The charge stage by the states of the trackers, or of the ports."""
    for name, stages in (("mppt_state", TRACKER_STATES), ("port_state", PORT_STATES)):
        state = sample[name]
        if state.value is not None:
            stage = stages.get(int(state.value))
            return StatusValue(stage, Quality.OK if stage else Quality.ABSENT)
    return StatusValue(None, prefer_known(sample["mppt_state"], sample["port_state"]).quality)
