"""Packs with a Pace (P16S and similar) BMS on RS485, protocol "paceic" 2.5, and the many makes built on it.

Reads: what power/reading/meter.py polled. Source: captures of a P16S100A-1812 with the maker's PBmsTools.
Never: sends a command that switches (99 to 9C) or sets anything, nor one for the whole group.

Addresses are places in INFO as power/protocol/framing/ydt1363.py gives it, with both lists at full length.
"""

import re

from appliance.model import BatteryReading, Stamp
from appliance.wording.sentence import say
from power.devices.pylontech import (
    TEMPERATURES,
    YdtBattery,
    decode_charge,
    decode_text,
    make_list_rows,
    name_tripped,
)
from power.protocol.conversions import build_battery_reading, decode_flag
from power.protocol.framing.ydt1363 import ALARMS, ANALOGUE, HARDWARE
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import S16, U8, U16, Register

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
REGISTERS = (
    *make_list_rows(zero_c=-273.0),  # four at the cells, then the MOSFETs, then the air. Its settings (51.0 C is 3240) imply 273.0
    #        command   at  kind scale low   high   unit  name
    Register(ANALOGUE, 52, S16, 100,  -320, 320,   "A",  "current"),      # + charges
    Register(ANALOGUE, 54, U16, 1000, 8,    65,    "V",  "voltage"),
    Register(ANALOGUE, 56, U16, 100,  0,    655,   "Ah", "remaining"),
    Register(ANALOGUE, 58, U8,  1,    3,    3,     "",   "user_items"),
    Register(ANALOGUE, 59, U16, 100,  1,    655,   "Ah", "full"),
    Register(ANALOGUE, 61, U16, 1,    0,    20000, "",   "cycles"),
    Register(ANALOGUE, 63, U16, 100,  1,    655,   "Ah", "design"),
    #                  28 to 30: warnings for currents and voltage; 36: balancing; 38, 39: warnings
    Register(ALARMS,   31, U8,  1,    0,    255,   "",   "protections_1"),
    Register(ALARMS,   32, U8,  1,    0,    255,   "",   "protections_2"),
    Register(ALARMS,   33, U8,  1,    0,    255,   "",   "status"),       # b1 charge MOSFET, b2 discharge MOSFET, b3 discharges, b5 charges
    Register(ALARMS,   35, U8,  1,    0,    255,   "",   "faults"),
)
# fmt: on

BITS: dict[str, dict[int, str]] = {
    "protections_1": {
        0: say("cell voltage too high"),
        1: say("cell voltage too low"),
        2: say("pack voltage too high"),
        3: say("pack voltage too low"),
        4: say("charge current too high"),
        5: say("discharge current too high"),
        6: say("short circuit"),
    },
    "protections_2": {  # b7: the pack is full
        0: say("too hot to charge"),
        1: say("too hot to discharge"),
        2: say("too cold to charge"),
        3: say("too cold to discharge"),
        4: say("MOSFETs too hot"),
        5: say("surroundings too hot"),
        6: say("surroundings too cold"),
    },
    "faults": {
        0: say("fault of the charge MOSFET"),
        1: say("fault of the discharge MOSFET"),
        2: say("fault of a temperature sensor"),
        4: say("fault of a cell"),
        5: say("fault of the measurement"),
    },
}
CHARGE_MOSFET, DISCHARGE_MOSFET = 1, 2  # bits of status
BOARD = re.compile(r"P\d{1,2}S\d{2,3}A")


class Pace(YdtBattery):
    """A pack at its own DIP address."""

    name = "pace"
    title = "Pace BMS (P16S and others), protocol 2.5"
    registers = REGISTERS
    live = (Block(ANALOGUE),)
    slow = (Block(ALARMS),)
    serial = SerialForm(9600)
    other_bauds = (19_200,)
    protocol = "Pace"
    device_id = 1
    ids = (0, 2)
    timeout_s = 1.0
    gap_s = 0.1
    cell_temperatures = TEMPERATURES[:4]
    tested = ("frames captured from a P16S100A-1812", "our simulator")
    sources = (
        "nkinnan/esphome-pace-bms pace_bms_v25.cpp and its notes (captures of a P16S100A-1812)",
        "doubtful: 0 C is 2730 by the maker's own tool, 2731 in most other drivers",
    )

    @property
    def signature(self) -> Block:
        return Block(HARDWARE)

    def recognise(self, data: bytes) -> Identification | None:
        """C1: the name of the board, such as P16S100A-1812-1.00."""
        text = decode_text(data)
        if not text:
            return None
        return Identification(f"Pace BMS {text}", certain=BOARD.match(text) is not None)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        return build_battery_reading(
            stamp,
            self.name,
            {
                **self.decode_measured_fields(sample),
                **decode_charge(sample, sample["remaining"], sample["full"]),
                "charge_allowed": decode_flag(sample["status"], CHARGE_MOSFET),
                "discharge_allowed": decode_flag(sample["status"], DISCHARGE_MOSFET),
                "alarms": name_tripped(sample, BITS),
            },
        )


MODELS: tuple[BatteryProfile, ...] = (Pace(),)
