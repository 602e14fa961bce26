"""Seplos BMS of the second generation (EMU10xx, 11xx; EMU1101-SP and similar) on RS485.

Reads: what power/reading/meter.py polled. Source: "SEPLOS BMS Communication Protocol V2.0" (2019-10-15) and
captures of an 1101-SP15 and of packs with 14 and 16 cells.
Never: sends a command that controls (45), sets (49, 4E) or calibrates (A0 to A2) anything.

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
    reject_false_empty,
)
from power.protocol.conversions import build_battery_reading, decode_flag
from power.protocol.framing.ydt1363 import ALARMS, ANALOGUE, MAKER
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import S16, U8, U16, Register

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
REGISTERS = (
    *make_list_rows(zero_c=-273.1),  # four at the cells, then the air, then the MOSFETs
    #        command   at  kind scale low   high   unit  name
    Register(ANALOGUE, 52, S16, 100,  -320, 320,   "A",  "current"),          # + charges
    Register(ANALOGUE, 54, U16, 100,  8,    65,    "V",  "voltage"),
    Register(ANALOGUE, 56, U16, 100,  0,    655,   "Ah", "remaining"),
    Register(ANALOGUE, 58, U8,  1,    10,   10,    "",   "user_items"),
    Register(ANALOGUE, 59, U16, 100,  1,    655,   "Ah", "full"),
    Register(ANALOGUE, 61, U16, 10,   0,    100,   "%",  "state_of_charge"),
    Register(ANALOGUE, 63, U16, 100,  1,    655,   "Ah", "rated"),
    Register(ANALOGUE, 65, U16, 1,    0,    20000, "",   "cycles"),
    Register(ANALOGUE, 67, U16, 10,   0,    100,   "%",  "state_of_health"),
    Register(ANALOGUE, 69, U16, 100,  0,    65,    "V",  "port_voltage"),
    #                  28, 29: byte alarms for current and voltage; 38, 39: balancing; 43: waiting
    Register(ALARMS,   30, U8,  1,    20,   20,    "",   "bit_alarms"),       # how many bytes of them follow
    Register(ALARMS,   31, U8,  1,    0,    255,   "",   "event_1"),
    Register(ALARMS,   32, U8,  1,    0,    255,   "",   "event_2"),
    Register(ALARMS,   33, U8,  1,    0,    255,   "",   "event_3"),
    Register(ALARMS,   34, U8,  1,    0,    255,   "",   "event_4"),
    Register(ALARMS,   35, U8,  1,    0,    255,   "",   "event_5"),
    Register(ALARMS,   36, U8,  1,    0,    255,   "",   "event_6"),
    Register(ALARMS,   37, U8,  1,    0,    255,   "",   "mosfets"),         # b0 discharge, b1 charge, b2 current limit, b3 heating
    Register(ALARMS,   40, U8,  1,    0,    255,   "",   "system_state"),     # b0 discharges, b1 charges, b2 float, b4 stands by, b5 is off
    Register(ALARMS,   41, U16, 1,    0,    65535, "",   "loose_cells"),
    Register(ALARMS,   44, U8,  1,    0,    255,   "",   "event_8"),
)
# fmt: on

# Tables 11 and 13 of the document: faults and protections. What only warns is left out: a full pack
# would warn of its voltage each day.
BITS: dict[str, dict[int, str]] = {
    "event_1": {
        0: say("fault of the voltage measurement"),
        1: say("fault of a temperature sensor"),
        2: say("fault of the current sensor"),
        3: say("fault of the key switch"),
        4: say("dropout of a cell voltage"),
        5: say("fault of the charge MOSFET"),
        6: say("fault of the discharge MOSFET"),
        7: say("fault of the current limit"),
    },
    "event_2": {
        1: say("cell voltage too high"),
        3: say("cell voltage too low"),
        5: say("pack voltage too high"),
        7: say("pack voltage too low"),
    },
    "event_3": {
        1: say("too hot to charge"),
        3: say("too cold to charge"),
        5: say("too hot to discharge"),
        7: say("too cold to discharge"),
    },
    "event_4": {
        1: say("surroundings too hot"),
        3: say("surroundings too cold"),
        4: say("MOSFETs too hot"),
    },
    "event_5": {
        1: say("charge current too high"),
        3: say("discharge current too high"),
        4: say("current peak too high"),
        5: say("short circuit"),
        6: say("locked after a current peak"),
        7: say("locked after a short circuit"),
    },
    "event_6": {
        0: say("charge voltage too high"),
        3: say("battery empty"),
        4: say("cell voltage too low to charge"),
        5: say("output reversed"),
        6: say("fault of the output connection"),
    },
    "event_8": {0: say("fault of its memory"), 1: say("fault of its clock")},
    "loose_cells": {bit: f"cell {(bit + 8) % 16 + 1} is loose" for bit in range(16)},
}
DISCHARGE_MOSFET, CHARGE_MOSFET = 0, 1  # bits of mosfets
BOARD = re.compile(r"1[01]\d\d-")


class SeplosV2(YdtBattery):
    """A pack at DIP address 0, or behind it at its own."""

    name = "seplos-v2"
    title = "Seplos BMS 2.0 (EMU10xx, 11xx)"
    registers = REGISTERS
    live = (Block(ANALOGUE),)
    slow = (Block(ALARMS),)
    serial = SerialForm(19_200)
    other_bauds = (9600,)
    protocol = "Seplos v2"
    device_id = 0
    ids = (1, 2)
    timeout_s = 1.0  # the document allows 0.5 s
    gap_s = 0.1
    cell_temperatures = TEMPERATURES[:4]
    tested = ("frames captured from an 1101-SP15 and packs of 14 and 16 cells", "our simulator")
    sources = (
        "SEPLOS BMS Communication Protocol V2.0, 2019-10-15 (syssi/esphome-seplos-bms docs)",
        "syssi/esphome-seplos-bms README.md (captures of an 1101-SP15 and of 16 cells)",
        "frawamudi/Seplos_Bms (captures of 14 cells; one has a wrong CHKSUM)",
        "doubtful: the document has 9600 baud, other drivers find 19200",
        "doubtful: a request names the DIP address as its group, replies have group 1",
    )

    @property
    def signature(self) -> Block:
        return Block(MAKER)

    def recognise(self, data: bytes) -> Identification | None:
        """51: ten bytes of board, two of version, then the inverter that it is set for."""
        text = decode_text(data[:10])
        if not text or len(data) < 20 or not BOARD.match(text):
            return None
        return Identification(f"Seplos {text} version {data[10]}.{data[11]}", certain=True)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        return build_battery_reading(
            stamp,
            self.name,
            {
                **self.decode_measured_fields(sample),
                **decode_charge(sample, sample["remaining"], sample["full"]),
                "state_of_charge_pct": reject_false_empty(sample, sample["state_of_charge"]),
                "charge_allowed": decode_flag(sample["mosfets"], CHARGE_MOSFET),
                "discharge_allowed": decode_flag(sample["mosfets"], DISCHARGE_MOSFET),
                "alarms": name_tripped(sample, BITS),
            },
        )


MODELS: tuple[BatteryProfile, ...] = (SeplosV2(),)
