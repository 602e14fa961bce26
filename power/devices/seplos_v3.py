"""Seplos BMS v3 (XZH-ElecTech): Modbus registers and bits, and their meaning.

Reads: what power/reading/meter.py polled. Sources: marcelrv/seplosBMSv3 (values captured with the maker's
program) and public drivers.
Never: takes the bits at 0x1400 for alarms that are 0 when they have tripped, as one driver does:
they are the protections that are switched on. The alarms are the bits from 0x1248 on, 1 each.

Bus id 0 is a real pack, the one with all its address switches off, though 0 is the broadcast address elsewhere.
On the line between several packs the first one is a master; this is for a port of a pack's own.
"""

from appliance.model import BatteryReading, Quality, Stamp
from appliance.wording.sentence import say
from power.devices.daly import CELLS, select_counted_cells
from power.protocol.conversions import (
    StatusValue,
    build_battery_reading,
    collect_cells,
    compute_mean_cell_v,
    decode_flag,
    find_highest_of_all,
    find_lowest_of_all,
    reject_default_zero,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import INPUT, S16, U16, Register

COILS = 1  # Modbus function that reads bits; each is a word of 0 or 1 here
MAKER = "XZH-ElecTech Co.,Ltd"
MAKER_SIZE = 20

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
WORDS = (
    #        fc     addr    kind scale low   high   unit   name
    Register(INPUT, 0x1000, U16, 100,  5,    75,    "V",   "voltage"),
    Register(INPUT, 0x1001, S16, 100,  -327, 327,   "A",   "current"),                    # + is charge (capture: 13.01 A, state "charge")
    Register(INPUT, 0x1002, U16, 100,  0,    655,   "Ah",  "remaining_capacity"),
    Register(INPUT, 0x1003, U16, 100,  1,    655,   "Ah",  "full_capacity"),              # capture: 304.00 as set at 0x1359
    Register(INPUT, 0x1004, U16, 0.1,  0,    7e5,   "Ah",  "discharged_in_all"),
    Register(INPUT, 0x1005, U16, 10,   0,    100,   "%",   "state_of_charge"),
    Register(INPUT, 0x1006, U16, 10,   0,    100,   "%",   "state_of_health"),
    Register(INPUT, 0x1007, U16, 1,    0,    20000, "",    "cycles"),
    Register(INPUT, 0x1008, U16, 1000, 0.5,  5,     "V",   "mean_cell_voltage"),
    Register(INPUT, 0x1009, U16, 10,   -60,  150,   "C",   "mean_temperature", (), -273.1),
    Register(INPUT, 0x100A, U16, 1000, 0.5,  5,     "V",   "highest_cell_voltage"),
    Register(INPUT, 0x100B, U16, 1000, 0.5,  5,     "V",   "lowest_cell_voltage"),
    Register(INPUT, 0x100C, U16, 10,   -60,  150,   "C",   "highest_temperature", (), -273.1),
    Register(INPUT, 0x100D, U16, 10,   -60,  150,   "C",   "lowest_temperature", (), -273.1),
    Register(INPUT, 0x100F, U16, 1,    0,    1000,  "A",   "discharge_limit"),
    Register(INPUT, 0x1010, U16, 1,    0,    1000,  "A",   "charge_limit"),
    Register(INPUT, 0x1301, U16, 1,    4,    16,    "",    "cells"),
)
CELL_ROWS = tuple(
    Register(INPUT, 0x1100 + place, U16, 1000, 0.5, 5, "V", name) for place, name in enumerate(CELLS[:16])
)
# fmt: on
MOSFETS = {0x1278: "discharge_on", 0x1279: "charge_on"}
ALARMS = {  # protections; the bits between them are the warnings that come before
    0x1249: say("cell over-voltage"),
    0x124B: say("cell under-voltage"),
    0x124D: say("pack over-voltage"),
    0x124F: say("pack under-voltage"),
    0x1251: say("charge over-temperature"),
    0x1253: say("charge under-temperature"),
    0x1255: say("discharge over-temperature"),
    0x1257: say("discharge under-temperature"),
    0x1259: say("surroundings too hot"),
    0x125B: say("surroundings too cold"),
    0x125D: say("MOSFETs too hot"),
    0x1261: say("charge over-current"),
    0x1262: say("charge over-current, second level"),
    0x1264: say("discharge over-current"),
    0x1265: say("discharge over-current, second level"),
    0x1266: say("short circuit"),
    0x1268: say("short circuit, locked"),
    0x126A: say("charge over-current, locked"),
    0x126B: say("discharge over-current, locked"),
    0x1273: say("state of charge low"),
    0x1288: say("temperature sensor"),
    0x1289: say("measuring chip"),
    0x128A: say("charge MOSFET"),
    0x128B: say("discharge MOSFET"),
    0x128C: say("cells differ"),
    0x128D: say("a wire to the cells is broken"),
}
BIT_ROWS = tuple(
    Register(COILS, address, U16, 1, 0, 1, "", name) for address, name in (MOSFETS | ALARMS).items()
)


class SeplosV3(BatteryProfile):
    """One pack; its number of cells is read once an hour."""

    name = "seplos-v3"
    title = "Seplos BMS v3"
    registers = WORDS + CELL_ROWS + BIT_ROWS
    live = (Block(INPUT, 0x1000, 0x12), Block(INPUT, 0x1100, 0x10), Block(COILS, 0x1248, 0x48))
    settings = (Block(INPUT, 0x1301, 1),)
    serial = SerialForm(19_200)
    other_bauds = (9600,)
    device_id = 0
    ids = tuple(range(1, 16))
    timeout_s = 0.8  # mostly 50 ms, now and then several tenths of a second
    gap_s = 0.05
    tested = ("values captured from a BMS16S200A-SP05B with 16 cells", "our simulator")
    sources = (
        "marcelrv/seplosBMSv3 (registers, and a capture with the maker's program)",
        "mr-manuel/venus-os_dbus-serialbattery seplosv3.py",
        "Hevak/seplos_v3_sniffer, shining-man/bsc_fw (alarm bits)",
        "doubtful: packs of fewer than 16 cells have not been seen",
    )

    @property
    def signature(self) -> Block:
        """Maker and model as text."""
        return Block(INPUT, 0x1700, 20)

    def recognise(self, data: bytes) -> Identification | None:
        text = data.decode("latin-1")
        if text[:MAKER_SIZE] != MAKER:
            return None
        model = text[MAKER_SIZE:].split("\0")[0].strip()
        named = model.isascii() and model.isprintable() and model
        return Identification(
            f"Seplos v3 by {MAKER}" + (f", {model}" if named else ""), certain=True
        )

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        cells = select_counted_cells(sample)
        cell_v = compute_mean_cell_v(sample["voltage"], sample["cells"])
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": sample["voltage"],
                "current_a": sample["current"],
                "state_of_charge_pct": reject_default_zero(sample["state_of_charge"], cell_v),
                "remaining_ah": reject_default_zero(sample["remaining_capacity"], cell_v),
                "full_ah": sample["full_capacity"],
                "cycles": sample["cycles"],
                "lowest_cell_voltage_v": find_lowest_of_all(cells),
                "highest_cell_voltage_v": find_highest_of_all(cells),
                "cell_voltages_v": collect_cells(cells),
                "lowest_temperature_c": sample["lowest_temperature"],
                "highest_temperature_c": sample["highest_temperature"],
                "charge_allowed": decode_flag(sample["charge_on"], 0),
                "discharge_allowed": decode_flag(sample["discharge_on"], 0),
                "alarms": decode_alarms(sample),
            },
        )


MODELS = (SeplosV3(),)


def decode_alarms(sample: Sample) -> StatusValue:
    """The alarms that are set, in words; unknown if one bit is."""
    bits = {name: sample[name] for name in ALARMS.values()}
    unknown = next((bit for bit in bits.values() if bit.value is None), None)
    if unknown:
        return StatusValue(None, unknown.quality)
    return StatusValue(", ".join(name for name, bit in bits.items() if bit.value), Quality.OK)
