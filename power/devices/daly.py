"""Daly BMS with Modbus frames: the 0x81 variant (H, K, M, S, DL) and the older 0xD2 variant.

Reads: what power/reading/meter.py polled. Sources: public register lists and frames captured from a DL
pack, a 24-cell, a 16-cell and a 4-cell pack.
Never: shares one table between the two: 0xD2 has room for 32 cells, 0x81 for 48, and all that
follows the cells lies elsewhere.

A device with the number n is addressed as 0x80 + n and replies as 0x50 + n. 0xD2 is addressed and
replies as 0xD2. Neither has a form for "not known" of the state of charge: that reads 0.
"""

from appliance.model import BatteryReading, Quality, Stamp
from appliance.wording.counts import format_count
from power.protocol.conversions import (
    FieldValue,
    StatusValue,
    build_battery_reading,
    collect_cells,
    compute_mean_cell_v,
    decode_flag,
    find_highest_of_all,
    find_lowest_of_all,
    reject_default_zero,
    select_cells,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import ABSENT, HOLDING, IMPLAUSIBLE, U16, Decoded, Register

CELLS = tuple(f"cell_{number}" for number in range(1, 49))
NO_SENSOR = (0, 255)  # 255 by the makers' list; the captures have 0 where no sensor is fitted

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
CELL_ROWS = tuple(  # 0 mV where no cell is wired: only as many are taken as the BMS counts
    Register(HOLDING, place, U16, 1000, 0.5, 5, "V", name) for place, name in enumerate(CELLS)
)
ROWS_81 = (
    #        fc       addr    kind scale low      high   unit   name
    Register(HOLDING, 0x0038, U16, 10,   5,       165,   "V",   "voltage"),             # 3 to 48 cells
    Register(HOLDING, 0x0039, U16, 10,   -999.95, 999.95, "A",   "current", (), -3000.0),  # capture: 29911 is -8.9 A while it discharges
    Register(HOLDING, 0x003A, U16, 10,   0,       100,   "%",   "state_of_charge"),
    #                 0x003B: health in one public list, but a running counter in the capture; not used
    Register(HOLDING, 0x003C, U16, 1,    1,       48,    "",    "cells"),
    Register(HOLDING, 0x003D, U16, 1,    0,       8,     "",    "sensors"),
    Register(HOLDING, 0x0043, U16, 1,    -39,     125,   "C",   "highest_temperature", NO_SENSOR, -40.0),
    Register(HOLDING, 0x0045, U16, 1,    -39,     125,   "C",   "lowest_temperature", NO_SENSOR, -40.0),
    Register(HOLDING, 0x0048, U16, 1,    0,       2,     "",    "state"),               # 0 idle, 1 charging, 2 discharging
    Register(HOLDING, 0x004B, U16, 10,   0,       6553,  "Ah",  "remaining_capacity"),
    Register(HOLDING, 0x004C, U16, 1,    0,       20000, "",    "cycles"),
    Register(HOLDING, 0x0052, U16, 1,    0,       1,     "",    "charge_on"),
    Register(HOLDING, 0x0053, U16, 1,    0,       1,     "",    "discharge_on"),
    #                 0x0066 to 0x0069, 0x006D to 0x0073: alarms of two types of board. Their bits have no
    #                 public names, and a pack in normal running has 0x0080 at 0x0068; not used
)
ROWS_D2 = (
    Register(HOLDING, 0x0028, U16, 10,   5,       165,   "V",   "voltage"),
    Register(HOLDING, 0x0029, U16, 10,   -999.95, 999.95, "A",   "current", (), -3000.0),  # capture: 29975 is -2.5 A while it discharges
    Register(HOLDING, 0x002A, U16, 10,   0,       100,   "%",   "state_of_charge"),
    Register(HOLDING, 0x002D, U16, 1,    -39,     125,   "C",   "highest_temperature", NO_SENSOR, -40.0),
    Register(HOLDING, 0x002E, U16, 1,    -39,     125,   "C",   "lowest_temperature", NO_SENSOR, -40.0),
    Register(HOLDING, 0x002F, U16, 1,    0,       2,     "",    "state"),
    Register(HOLDING, 0x0030, U16, 10,   0,       6553,  "Ah",  "remaining_capacity"),
    Register(HOLDING, 0x0031, U16, 1,    1,       32,    "",    "cells"),
    Register(HOLDING, 0x0032, U16, 1,    0,       8,     "",    "sensors"),
    Register(HOLDING, 0x0033, U16, 1,    0,       20000, "",    "cycles"),
    Register(HOLDING, 0x0035, U16, 1,    0,       1,     "",    "charge_on"),
    Register(HOLDING, 0x0036, U16, 1,    0,       1,     "",    "discharge_on"),
    Register(HOLDING, 0x003A, U16, 1,    0,       65535, "",    "alarms_1"),
    Register(HOLDING, 0x003B, U16, 1,    0,       65535, "",    "alarms_2"),
    Register(HOLDING, 0x003C, U16, 1,    0,       65535, "",    "alarms_3"),
    Register(HOLDING, 0x003D, U16, 1,    0,       65535, "",    "alarms_4"),
)
# fmt: on

ALARM_WORDS = ("alarms_1", "alarms_2", "alarms_3", "alarms_4")
CHARGING, DISCHARGING = 1, 2
# Below this the state may lag behind the current, which flickers.
SURE_CURRENT_A = 1.0
# An LFP cell with charge in it stays above this under a heavy load as well; what stands higher
# when it is empty (other chemistries, a charge that begins) is not reported to be at 0 %.
CAPTURES = "syssi/esphome-daly-bms docs/pdus"


class DalyModbus(BatteryProfile):
    """What the two variants have in common: the names of their registers."""

    serial = SerialForm(9600)
    timeout_s = 0.8
    gap_s = 0.05

    def recognise(self, data: bytes) -> Identification | None:
        sample = Sample(self.decode(self.signature, data))
        cells = select_counted_cells(sample)
        voltage_v = sample.value("voltage")
        if voltage_v is None or find_lowest_of_all(cells).value is None:
            return None  # a cell without a value, or a sum that is not the pack's voltage
        count = format_count(len(cells), "cell")
        return Identification(f"Daly BMS, {count}, {voltage_v:.1f} V", certain=True)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        return build_battery_reading(
            stamp, self.name, {**decode_measured_fields(sample), "alarms": name_alarm_bits(sample)}
        )


class Daly(DalyModbus):
    """Requested in the two pieces of the maker's app, the second without its tail."""

    name = "daly"
    title = "Daly BMS, Modbus 0x81 (H, K, M, S and DL series)"
    registers = CELL_ROWS + ROWS_81
    live = (Block(HOLDING, 0x0000, 0x40), Block(HOLDING, 0x0041, 0x13))
    device_id = 0x81
    ids = tuple(range(0x82, 0x91))
    reply_id_shift = -0x30
    tested = ("frames captured from an ESS-DL-BMS pack of 16 cells", "our simulator")
    sources = (
        f"{CAPTURES}/ess-dl-bms-41_260321_0323.txt (requests and replies of a DL pack)",
        "syssi/esphome-daly-bms docs/protocol-register-map.md",
        "patagonaa/esphome-daly-hkms-bms (register list)",
        "doubtful: the current's sign is from one pack: above 30000 is charge, not as with A5 frames",
        "doubtful: the alarms' bits have no public names; they are not reported",
    )


class DalyD2(DalyModbus):
    """Read with the one request of 62 words that all public programs use."""

    name = "daly-d2"
    title = "Daly BMS, Modbus 0xD2 (older boards)"
    registers = CELL_ROWS[:32] + ROWS_D2
    live = (Block(HOLDING, 0x0000, 0x3E),)
    device_id = 0xD2
    tested = ("frames captured from packs of 4, 16 and 24 cells", "our simulator")
    sources = (
        f"{CAPTURES}/daly_bms_24cells.txt and daly_bms_blue_series_80_registers.txt",
        "syssi/esphome-daly-bms docs/protocol-register-map.md",
        "doubtful: the current's sign is from one pack: above 30000 is charge, not as with A5 frames",
        "doubtful: the alarms' bits have no public names; they are reported as numbers",
    )


MODELS = (Daly(), DalyD2())


def name_alarm_bits(sample: Sample) -> StatusValue:
    """The bits that are set as "word.bit", to look up in the maker's list; "" where none is."""
    found = []
    for place, word in enumerate((sample[name] for name in ALARM_WORDS), 1):
        if word.value is None:
            return StatusValue(None, word.quality)
        found += [f"{place}.{bit}" for bit in range(16) if int(word.value) >> bit & 1]
    return StatusValue("alarm bits " + ", ".join(found) if found else "", Quality.OK)


# --- what is the same with A5 frames --------------------------------------------------------------


def decode_measured_fields(sample: Sample) -> dict[str, FieldValue]:
    """The fields that all Daly boards report alike."""
    voltage_v = sample["voltage"]
    cell_v = compute_mean_cell_v(voltage_v, sample["cells"])
    cells = select_counted_cells(sample)
    return {
        "voltage_v": voltage_v,
        "current_a": check_current_sign(sample["current"], sample["state"]),
        "state_of_charge_pct": reject_default_zero(sample["state_of_charge"], cell_v),
        "remaining_ah": reject_default_zero(sample["remaining_capacity"], cell_v),
        "full_ah": sample["full_capacity"],
        "cycles": sample["cycles"],
        "lowest_temperature_c": reject_unfitted(sample, "lowest_temperature"),
        "highest_temperature_c": reject_unfitted(sample, "highest_temperature"),
        "charge_allowed": decode_flag(sample["charge_on"], 0),
        "discharge_allowed": decode_flag(sample["discharge_on"], 0),
        "lowest_cell_voltage_v": find_lowest_of_all(cells),
        "highest_cell_voltage_v": find_highest_of_all(cells),
        "cell_voltages_v": collect_cells(cells),
    }


def select_counted_cells(sample: Sample) -> tuple[Decoded, ...]:
    """As many cells as the BMS counts; words after them are old values."""
    count = sample["cells"]
    if count.value is None:
        return (count,)
    return select_cells(sample, CELLS[: int(count.value)], sample["voltage"])


def check_current_sign(current_a: Decoded, state: Decoded) -> Decoded:
    """The current; IMPLAUSIBLE if its sign contradicts the state.

    Boards differ in which sign is charge: a reading with the other one must not be used.
    """
    if current_a.value is None or state.value is None or abs(current_a.value) < SURE_CURRENT_A:
        return current_a
    against = DISCHARGING if current_a.value > 0 else CHARGING
    return IMPLAUSIBLE if state.value == against else current_a


def reject_unfitted(sample: Sample, name: str) -> Decoded:
    """A temperature; ABSENT where the board counts no sensor."""
    return ABSENT if sample.value("sensors") == 0 else sample[name]
