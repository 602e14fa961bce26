"""Daly BMS with its own A5 frames on UART or RS485: places in the replies and their meaning.

Reads: what power/reading/meter.py polled. Source: Daly's "UART/485 communications protocol" V1.2, and
frames captured from a 16-cell and a 14-cell (R24TS) board.
Never: sends anything but the reading commands 0x50, 0x59 and 0x90 to 0x98.

The current's raw value rises with discharge (a capture: 30500 while a pack of 16 cells sags and
reports that it discharges). The Modbus variants count the other way round. It flickers by some tenths
of an ampere.
"""

from appliance.model import BatteryReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from appliance.wording.sentence import say
from power.devices.daly import CELLS, NO_SENSOR, decode_measured_fields
from power.protocol.conversions import (
    StatusValue,
    build_battery_reading,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import U8, U16, U32, Register

CHARGE, TEMPERATURES, STATE, STATUS, CELL_VOLTAGES, ALARMS, RATED, CELL_LIMITS = (
    0x90, 0x92, 0x93, 0x94, 0x95, 0x98, 0x50, 0x59,
)  # fmt: skip
MOST_CELLS = len(CELLS)  # 16 frames of three

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
ROWS = (  # UART/485 communications protocol V1.2; the address is the place in the reply
    #        command       byte kind scale low      high   unit   name
    Register(CHARGE,       0,   U16, 10,   5,       165,   "V",   "voltage"),
    #                      2: a voltage that most boards leave 0; not used
    Register(CHARGE,       4,   U16, -10,  -999.95, 999.95, "A",   "current", (), 3000.0),
    Register(CHARGE,       6,   U16, 10,   0,       100,   "%",   "state_of_charge"),
    Register(TEMPERATURES, 0,   U8,  1,    -39,     125,   "C",   "highest_temperature", NO_SENSOR, -40.0),
    Register(TEMPERATURES, 2,   U8,  1,    -39,     125,   "C",   "lowest_temperature", NO_SENSOR, -40.0),
    Register(STATE,        0,   U8,  1,    0,       2,     "",    "state"),               # 0 idle, 1 charging, 2 discharging
    Register(STATE,        1,   U8,  1,    0,       1,     "",    "charge_on"),
    Register(STATE,        2,   U8,  1,    0,       1,     "",    "discharge_on"),
    Register(STATE,        4,   U32, 1000, 0,       6553,  "Ah",  "remaining_capacity"),
    Register(STATUS,       0,   U8,  1,    1,       48,    "",    "cells"),
    Register(STATUS,       1,   U8,  1,    0,       16,    "",    "sensors"),
    Register(STATUS,       5,   U16, 1,    0,       20000, "",    "cycles"),              # [?] an R24TS has its count in byte 7, which is a leftover elsewhere
    Register(ALARMS,       0,   U8,  1,    0,       255,   "",    "voltage_alarms"),
    Register(ALARMS,       1,   U8,  1,    0,       255,   "",    "temperature_alarms"),
    Register(ALARMS,       2,   U8,  1,    0,       255,   "",    "current_alarms"),
    Register(ALARMS,       3,   U8,  1,    0,       255,   "",    "difference_alarms"),
    Register(ALARMS,       4,   U8,  1,    0,       255,   "",    "transistor_alarms"),
    Register(ALARMS,       5,   U8,  1,    0,       255,   "",    "module_alarms"),
    Register(ALARMS,       6,   U8,  1,    0,       255,   "",    "sensor_alarms"),
    Register(RATED,        0,   U32, 1000, 1,       6553,  "Ah",  "full_capacity"),       # the capacity that was set
    Register(CELL_LIMITS,  2,   U16, 1000, 3,       4.5,   "V",   "cell_ovp"),            # second level: 0x98 has it as the protection; 0 and 4 warn
    Register(CELL_LIMITS,  6,   U16, 1000, 1.5,     3.5,   "V",   "cell_uvp"),
)
CELL_ROWS = tuple(
    Register(CELL_VOLTAGES, 2 * place, U16, 1000, 0.5, 5, "V", name)
    for place, name in enumerate(CELLS)
)
# fmt: on

# 0x98, by byte and bit. The even bits of bytes 0 to 3 are warnings that come before these.
ALARM_NAMES: dict[str, dict[int, str]] = {
    "voltage_alarms": {
        1: say("cell over-voltage"),
        3: say("cell under-voltage"),
        5: say("pack over-voltage"),
        7: say("pack under-voltage"),
    },
    "temperature_alarms": {
        1: say("charge over-temperature"),
        3: say("charge under-temperature"),
        5: say("discharge over-temperature"),
        7: say("discharge under-temperature"),
    },
    "current_alarms": {
        1: say("charge over-current"),
        3: say("discharge over-current"),
        5: say("state of charge high"),
        7: say("state of charge low"),
    },
    "difference_alarms": {1: say("cells differ"), 3: say("temperatures differ")},
    "transistor_alarms": {
        0: say("charge MOSFET too hot"),
        1: say("discharge MOSFET too hot"),
        2: say("charge MOSFET's temperature sensor"),
        3: say("discharge MOSFET's temperature sensor"),
        4: say("charge MOSFET stuck"),
        5: say("discharge MOSFET stuck"),
        6: say("charge MOSFET open"),
        7: say("discharge MOSFET open"),
    },
    "module_alarms": {
        0: say("measuring chip"),
        1: say("voltage measurement"),
        2: say("temperature sensor"),
        3: "memory",
        4: "clock",
        5: "precharge",
        6: "communication",
        7: say("internal communication"),
    },
    "sensor_alarms": {
        0: say("current measurement"),
        1: say("pack voltage measurement"),
        2: say("short circuit"),
        3: say("too low to be charged"),
    },
}


class DalyA5(BatteryProfile):
    """Board 1 of a port. Frames of cells are received until no more come."""

    name = "daly-a5"
    title = "Daly BMS, A5 frames on UART or RS485"
    protocol = "Daly A5"
    step = 1
    registers = ROWS + CELL_ROWS
    live = (Block(CHARGE, 0, 4), Block(STATE, 0, 4), Block(CELL_VOLTAGES, 0, MOST_CELLS))
    slow = (Block(STATUS, 0, 4), Block(TEMPERATURES, 0, 4), Block(ALARMS, 0, 4))
    settings = (Block(RATED, 0, 4), Block(CELL_LIMITS, 0, 4))
    serial = SerialForm(9600)
    device_id = 1
    ids = (2, 3, 4)
    timeout_s = 0.5  # 16 frames take 0.22 s; also what each reading of the cells takes
    gap_s = 0.05  # 20 ms are known to be needed; asked sooner, it stays silent
    tested = ("frames captured from boards of 14 and 16 cells", "our simulator")
    sources = (
        "Daly UART/485 communications protocol V1.2 (the maker's)",
        "mr-manuel/venus-os_dbus-serialbattery daly.py (0x50, board addresses, sign, gaps)",
        "20233332choi/DJY_EvTLMT gateway tests (capture of an R24TS with 14 cells)",
        "softwarecrash/Daly2MQTT, and other drivers of the same layout (0x59)",
        "doubtful: the current's sign: dbus-serialbattery has a switch for boards that differ",
        "doubtful: requests filled with AA instead of 00 are reported to be lost less often",
    )

    def recognise(self, data: bytes) -> Identification | None:
        sample = Sample(self.decode(self.signature, data))
        voltage_v, charge_pct = sample.value("voltage"), sample.value("state_of_charge")
        if voltage_v is None or charge_pct is None or sample.value("current") is None:
            return None
        return Identification(f"Daly BMS (A5), {voltage_v:.1f} V, {charge_pct:.1f} %", certain=True)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        return build_battery_reading(
            stamp, self.name, {**decode_measured_fields(sample), "alarms": name_alarms(sample)}
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints | None:
        """Where it disconnects by a cell's voltage."""
        return SetPoints.from_cells(
            stamp,
            self.name,
            cells=sample.value("cells"),
            cell_uvp_v=sample.value("cell_uvp"),
            cell_ovp_v=sample.value("cell_ovp"),
        )


MODELS = (DalyA5(),)


def name_alarms(sample: Sample) -> StatusValue:
    """The alarms that are set, in words; unknown if one byte is."""
    found = []
    for name, bits in ALARM_NAMES.items():
        raw = sample[name]
        if raw.value is None:
            return StatusValue(None, raw.quality)
        found += [text for bit, text in bits.items() if int(raw.value) >> bit & 1]
    return StatusValue(", ".join(found), Quality.OK)
