"""Renogy smart LFP batteries (RongSi BMS) and other brands of that BMS: registers and meaning.

Reads: what power/reading/meter.py polled. Source: "Lithium Iron Battery BMS Modbus Protocol V1.7" and a
scan of an RBT100LFP12SH-G1. Addresses are decimal, as in the document.
Never: gives a cell's voltage to a guard: it comes in steps of 0.1 V.
"""

# The warning of power/devices/renogy.py holds here as well; and 5222 shuts the battery down.

from appliance.model import BatteryReading, Quality, Stamp
from appliance.wording.sentence import say
from power.devices.renogy import decode_name
from power.protocol.conversions import (
    EMPTY_CELL_V,
    StatusValue,
    build_battery_reading,
    decode_flag,
    find_highest_of_all,
    find_lowest_of_all,
    name_set_bits,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import MODBUS_IDS, BatteryProfile, Block, Identification, Sample
from power.protocol.register import ABSENT, HOLDING, IMPLAUSIBLE, S16, U16, U32, Decoded, Register

MOST = 16  # cells, and temperatures

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
CELLS = tuple(
    Register(HOLDING, 5001 + cell, U16,    10,   0.5,  4.5,   "V",   f"cell_{cell + 1}", absent=(0,))
    for cell in range(MOST)
)
TEMPERATURES = tuple(
    Register(HOLDING, 5018 + place, S16,   10,   -45,  100,   "C",   f"temperature_{place + 1}")
    for place in range(MOST)
)
HOLDINGS = (  # V1.7; all by function 03, 32 bits with the high word first
    #        fc       addr  kind           scale low   high   unit   name
    Register(HOLDING, 5000, U16,           1,    1,    16,    "",    "cells"),
    *CELLS,
    Register(HOLDING, 5017, U16,           1,    0,    16,    "",    "temperatures"),             # how many of the next there are
    *TEMPERATURES,
    #                 5034: refused
    Register(HOLDING, 5035, S16,           10,   -45,  120,   "C",   "bms_temperature"),
    Register(HOLDING, 5037, S16,           10,   -45,  100,   "C",   "ambient_temperature"),
    Register(HOLDING, 5040, S16,           10,   -45,  120,   "C",   "heater_temperature"),
    Register(HOLDING, 5042, S16,           100,  -320, 320,   "A",   "current"),                  # + is charge; largest model: 200 A
    Register(HOLDING, 5043, U16,           10,   5,    70,    "V",   "voltage"),
    Register(HOLDING, 5044, U32,           1000, 0,    2000,  "Ah",  "remaining"),
    Register(HOLDING, 5046, U32,           1000, 1,    2000,  "Ah",  "full"),
    Register(HOLDING, 5048, U16,           1,    0,    20000, "",    "cycles"),
    Register(HOLDING, 5049, U16,           10,   0,    70,    "V",   "charge_voltage_limit"),
    Register(HOLDING, 5050, U16,           10,   0,    70,    "V",   "discharge_voltage_limit"),
    Register(HOLDING, 5051, U16,           100,  0,    320,   "A",   "charge_current_limit"),
    Register(HOLDING, 5052, S16,           100,  -320, 0,     "A",   "discharge_current_limit"),
    Register(HOLDING, 5106, U16,           1,    0,    65535, "",    "status_1"),
    Register(HOLDING, 5107, U16,           1,    0,    65535, "",    "status_2"),                 # b15 charging, b14 discharging, b13 heater on, b11 full
    Register(HOLDING, 5108, U16,           1,    0,    65535, "",    "status_3"),                 # one bit for each cell in error
    Register(HOLDING, 5109, U16,           1,    0,    255,   "",    "charge_requests"),          # b7 charge, b6 discharge enabled; not used: see charge_allowed
    #                 5110: serial number, 5122: model, 5130: version, 5132: maker; text
    Register(HOLDING, 5223, U16,           1,    3,    247,   "",    "modbus_id"),
)
# fmt: on

MODEL = Block(HOLDING, 5122, 8)
CHARGE_SWITCH, DISCHARGE_SWITCH = 1, 2  # bits of status_1: the MOSFETs
PROTECTIONS = {
    0: say("short circuit"),
    4: say("charge over-current 2"),
    5: say("discharge over-current 2"),
    6: say("battery over-voltage"),
    7: say("cell under-voltage"),
    8: say("cell over-voltage"),
    9: say("charge over-current"),
    10: say("discharge over-current"),
    11: say("discharge under-temperature"),
    12: say("discharge over-temperature"),
    13: say("charge under-temperature"),
    14: say("charge over-temperature"),
    15: say("battery under-voltage"),
}
FLOWING_A = 1.0
OVERFULL = 1.05  # 103 % of the rated capacity has been seen
NAMES = ("RBT",)  # e.g. RBT100LFP12SH-G1


class RenogyLfp(BatteryProfile):
    """Renogy smart LFP. The lowest and highest cell stay unknown: in steps of 0.1 V a cell of
    2.95 V and one of 3.05 V look alike, and a guard at 3.0 V must not use either. The BMS
    watches the cells itself: its "cell under-voltage" is an alarm here, and it opens its MOSFETs.
    """

    name = "renogy-lfp"
    title = "Renogy smart LFP battery (RongSi BMS)"
    registers = HOLDINGS
    live = (Block(HOLDING, 5106, 1), Block(HOLDING, 5042, 6))
    slow = (Block(HOLDING, 5048, 1), Block(HOLDING, 5017, 17))
    settings = (Block(HOLDING, 5000, 1),)
    serial = SerialForm(9600)
    device_id = 0xF7
    bus_ids = MODBUS_IDS
    ids = (0x30,)  # as the DC Home app numbers it behind a hub
    timeout_s = 1.0
    gap_s = 0.1
    least_interval_s = 5.0
    tested = (
        "the values of a scanned RBT100LFP12SH-G1",
        "the renogymodbus package on the same registers",
        "our simulator",
    )
    sources = (
        "Lithium Iron Battery BMS Modbus Protocol V1.7 (sdellysse/renogy-modbus-research)",
        "Grmume/renogy-smart-battery README.md (scan of an RBT100LFP12SH-G1)",
        "doubtful: whether 5109 is kept by older firmware; whether a broadcast id answers",
    )

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        temperatures = select_temperatures_c(sample)
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": sample["voltage"],
                "current_a": sample["current"],
                "state_of_charge_pct": compute_state_of_charge_pct(sample),
                "remaining_ah": check_remaining_ah(sample),
                "full_ah": sample["full"],
                "cycles": sample["cycles"],
                "lowest_cell_voltage_v": ABSENT,
                "highest_cell_voltage_v": ABSENT,
                "cell_voltages_v": ABSENT,
                "lowest_temperature_c": find_lowest_of_all(temperatures),
                "highest_temperature_c": find_highest_of_all(temperatures),
                "charge_allowed": check_switch(sample, CHARGE_SWITCH, direction=1),
                "discharge_allowed": check_switch(sample, DISCHARGE_SWITCH, direction=-1),
                "alarms": name_set_bits(sample["status_1"], PROTECTIONS),
            },
        )

    @property
    def signature(self) -> Block:
        return MODEL

    def recognise(self, data: bytes) -> Identification | None:
        name = decode_name(data)
        if name is None or not name.startswith(NAMES):
            return None
        return Identification(f"names itself {name}", certain=True)


MODELS = (RenogyLfp(),)


def compute_state_of_charge_pct(sample: Sample) -> Decoded:
    """Remaining of full capacity: there is no register of it."""
    remaining, full = check_remaining_ah(sample), sample["full"]
    if remaining.value is None or full.value is None:
        return remaining if remaining.value is None else full
    return Decoded(min(100.0, 100 * remaining.value / full.value), Quality.OK)


def check_remaining_ah(sample: Sample) -> Decoded:
    """IMPLAUSIBLE above the full capacity, or where it is 0 while the voltage is not low."""
    remaining, full_ah = sample["remaining"], sample.value("full")
    if remaining.value is None or full_ah is None:
        return remaining
    wrong = remaining.value > OVERFULL * full_ah or (remaining.value == 0 and not is_low(sample))
    return IMPLAUSIBLE if wrong else remaining


def is_low(sample: Sample) -> bool:
    """Whether the mean cell is known to be so low that the battery may be empty."""
    voltage_v, cells = sample.value("voltage"), sample.value("cells")
    return voltage_v is not None and cells is not None and voltage_v < EMPTY_CELL_V * cells


def select_temperatures_c(sample: Sample) -> tuple[Decoded, ...]:
    """As many as the battery counts; words after those hold 0, or anything."""
    count = sample["temperatures"]
    if count.value is None:
        return (count,)
    return tuple(sample[row.name] for row in TEMPERATURES[: int(count.value)])


def check_switch(sample: Sample, bit: int, *, direction: int) -> StatusValue:
    """Whether that MOSFET is on; IMPLAUSIBLE if off while a current flows through it.

    The enable bits of 5109 ask a charger to stop, they do not stop it: what counts is the MOSFET.
    """
    mosfet = decode_flag(sample["status_1"], bit)
    if mosfet.value is False and direction * (sample.value("current") or 0.0) > FLOWING_A:
        return StatusValue(None, Quality.IMPLAUSIBLE)
    return mosfet
