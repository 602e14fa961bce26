"""JK (Jikong) BMS of the PB (inverter) series: registers and their meaning.

Reads: what power/reading/meter.py polled. Source: the maker's "BMS RS485 Modbus V1.0" and V1.1, and frames
captured from a JK-PB2A16S.
Never: addresses bus id 0. A pack with that address is the master of the others and polls them.

The addresses are byte offsets and the data are packed: two words from 0x1290 on are the four bytes
0x1290 to 0x1293. The maker's second form of access begins with a write and is not used here.

Its state of charge is a coulomb count. It is corrected only where a charge ends at the full mark,
so it drifts for weeks on a pack that is never full. It has no form for "not known": that reads 0.
"""

from appliance.model import BatteryReading, Stamp
from appliance.model_set_points import SetPoints
from appliance.wording.counts import format_count
from appliance.wording.sentence import say
from power.protocol.conversions import (
    apply_stopping_alarms,
    build_battery_reading,
    check_power_w,
    collect_cells,
    decode_flag,
    find_highest_of_all,
    find_lowest_of_all,
    name_set_bits,
    reject_default_zero,
    select_fitted_cells,
    select_present,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import (
    ABSENT,
    HOLDING,
    IMPLAUSIBLE,
    S16,
    S32,
    U8,
    U16,
    U32,
    Decoded,
    Register,
)

CELLS = tuple(f"cell_{number}_voltage" for number in range(1, 33))
TEMPERATURES = tuple(f"temperature_{number}" for number in range(1, 6))
NO_SENSOR = (-2000,)  # -200.0 C where nothing is fitted

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
CELL_ROWS = tuple(  # 0 mV where no cell is wired
    Register(HOLDING, 0x1200 + 2 * number, U16, 1000, 0.5, 5, "V", name, (0,))
    for number, name in enumerate(CELLS)
)
SETTINGS = (  # the same document, settings area
    Register(HOLDING, 0x1004, U32, 1000, 0.5,   5,      "V",   "cell_uvp"),
    Register(HOLDING, 0x1008, U32, 1000, 0.5,   5,      "V",   "cell_uvp_release"),
    Register(HOLDING, 0x100C, U32, 1000, 0.5,   5,      "V",   "cell_ovp"),
    Register(HOLDING, 0x1010, U32, 1000, 0.5,   5,      "V",   "cell_ovp_release"),
    Register(HOLDING, 0x105C, S32, 10,   -40,   60,     "C",   "charge_too_cold"),
    Register(HOLDING, 0x106C, U32, 1,    3,     32,     "",    "cell_count"),
)
ROWS = (  # BMS RS485 Modbus V1.1, data area; addresses in bytes
    #        fc       addr    kind scale low    high    unit   name
    Register(HOLDING, 0x1240, U32, 1,    1,     2**32,  "",    "cells_present", (0,)),           # bit 0 is cell 1
    Register(HOLDING, 0x1244, U16, 1000, 0.5,   5,      "V",   "mean_cell_voltage"),
    Register(HOLDING, 0x1246, U16, 1000, 0,     5,      "V",   "cell_voltage_difference"),
    Register(HOLDING, 0x128A, S16, 10,   -40,   150,    "C",   "transistor_temperature", NO_SENSOR),
    Register(HOLDING, 0x1290, U32, 1000, 5,     120,    "V",   "pack_voltage"),                  # 4 to 32 cells
    Register(HOLDING, 0x1294, S32, 1000, -5e4,  5e4,    "W",   "power"),                         # [?] the manual: no sign. Both are taken: only its size is used
    Register(HOLDING, 0x1298, S32, 1000, -500,  500,    "A",   "current"),                       # + is charge
    Register(HOLDING, 0x129C, S16, 10,   -40,   120,    "C",   "temperature_1", NO_SENSOR),
    Register(HOLDING, 0x129E, S16, 10,   -40,   120,    "C",   "temperature_2", NO_SENSOR),
    Register(HOLDING, 0x12A0, U32, 1,    0,     2**32,  "",    "alarms"),
    Register(HOLDING, 0x12A4, S16, 1000, -30,   30,     "A",   "balance_current"),
    Register(HOLDING, 0x12A6, U8,  1,    0,     100,    "%",   "state_of_charge", byte=1),       # byte 0: 0 idle, 1 and 2 balancing
    Register(HOLDING, 0x12A8, S32, 1000, 0,     5000,   "Ah",  "remaining_capacity"),
    Register(HOLDING, 0x12AC, U32, 1000, 1,     5000,   "Ah",  "full_capacity"),
    Register(HOLDING, 0x12B0, U32, 1,    0,     50000,  "",    "cycles"),
    Register(HOLDING, 0x12B8, U8,  1,    0,     100,    "%",   "state_of_health"),
    Register(HOLDING, 0x12BC, U32, 1,    0,     2**32,  "s",   "run_time"),
    Register(HOLDING, 0x12C0, U8,  1,    0,     1,      "",    "charge_on"),
    Register(HOLDING, 0x12C0, U8,  1,    0,     1,      "",    "discharge_on", byte=1),
    Register(HOLDING, 0x12D0, U8,  1,    0,     255,    "",    "sensors_present"),               # bit 0 transistors, 1 to 5 the cells' sensors; 1 is "normal"
    Register(HOLDING, 0x12F8, S16, 10,   -40,   120,    "C",   "temperature_3", NO_SENSOR),
    Register(HOLDING, 0x12FA, S16, 10,   -40,   120,    "C",   "temperature_4", NO_SENSOR),
    Register(HOLDING, 0x12FC, S16, 10,   -40,   120,    "C",   "temperature_5", NO_SENSOR),
)
# fmt: on

ALARMS = {  # 12A0; not bit 18 (no GPS) and 19 (the delivered password), set on healthy packs
    0: say("wire resistance"),
    1: say("MOSFETs too hot"),
    2: say("wrong number of cells"),
    3: say("current sensor"),
    4: say("cell over-voltage"),
    5: say("pack over-voltage"),
    6: say("charge over-current"),
    7: say("charge short circuit"),
    8: say("charge over-temperature"),
    9: say("charge under-temperature"),
    10: say("internal communication"),
    11: say("cell under-voltage"),
    12: say("pack under-voltage"),
    13: say("discharge over-current"),
    14: say("discharge short circuit"),
    15: say("discharge over-temperature"),
    16: say("charge MOSFET"),
    17: say("discharge MOSFET"),
    20: say("discharge did not start"),
    21: say("battery too hot"),
    22: say("temperature sensor"),
    23: say("parallel module"),
}
STOP_CHARGE = (1, 2, 4, 5, 6, 7, 8, 9, 16)
STOP_DISCHARGE = (1, 2, 11, 12, 13, 14, 15, 17)
# A pair whose words are of two instants is 65.5 Ah off: this finds it up to 650 Ah.
CAPACITY_TOLERANCE = 0.10
# An LFP cell that rests or charges at 3.2 V has a tenth of its charge; other chemistries stand
# higher when they are empty, and then their 0 % is not reported.
FEWEST_CELLS = 3


class JkPb(BatteryProfile):
    """JK-PB packs at bus addresses 1 to 15 (switches on the board), or 16.

    A poll is two requests of 34 and 33 words: of different lengths, so that a late reply to one
    cannot be taken for the other's. Packs have answered 53 words.
    """

    name = "jk-pb"
    title = "JK (Jikong) BMS, PB inverter series"
    registers = CELL_ROWS + ROWS + SETTINGS
    live = (Block(HOLDING, 0x1290, 33), Block(HOLDING, 0x1200, 34))
    slow = (Block(HOLDING, 0x12F8, 3),)
    settings = (Block(HOLDING, 0x1004, 8), Block(HOLDING, 0x105C, 10))
    serial = SerialForm(115_200)
    other_bauds = (9600, 19_200)
    step = 1
    device_id = 1
    never_ids = (0,)  # a pack at 0 is the master of the others and asks them itself
    ids = tuple(range(2, 17))  # 16 is set by the maker's app; never 0
    timeout_s = 0.8
    gap_s = 0.12  # polled faster, it loses requests
    tested = (
        "a captured pack voltage (0x1290)",
        "a status frame of a JK-PB2A16S, captured in its other form and turned into this one",
        "our simulator",
    )
    sources = (
        "Jikong BMS RS485 Modbus general protocol V1.0 and V1.1 (the maker's)",
        "syssi/esphome-jk-bms, on the JK-PB models (capture of 0x1290)",
        "shining-man/bsc_fw, on the inverter series (status frame of a 16-cell pack)",
        "doubtful: 0x1294: no sign in the manual, not seen on a discharging pack",
    )

    @property
    def signature(self) -> Block:
        """The cells. Firmware from 15.36 on may not give its model at 0x1400."""
        return self.live[1]

    def recognise(self, data: bytes) -> Identification | None:
        """Just the cells of the bitmap have a voltage: no other device replies so at this address."""
        sample = Sample(self.decode(self.signature, data))
        if sample.value("cells_present") is None:
            return None
        wired = list_fitted(sample, "cells_present", CELLS)
        cells = [sample.value(name) for name in wired]
        others = [sample[name] for name in CELLS if name not in wired]
        known = [volts for volts in cells if volts is not None]
        if len(wired) < FEWEST_CELLS or len(known) < len(wired) or set(others) != {ABSENT}:
            return None
        count = format_count(len(known), "cell")
        text = f"{count} from {min(known):.3f} to {max(known):.3f} V"
        return Identification(text, certain=True)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        voltage_v, alarms = sample["pack_voltage"], sample["alarms"]
        wired = list_fitted(sample, "cells_present", CELLS)
        cells = select_fitted_cells(sample, wired, voltage_v)
        sensors = list_fitted(sample, "sensors_present", TEMPERATURES, first_bit=1)
        temperatures = select_present(sample, sensors)
        remaining_ah, full_ah = check_capacity_ah(sample)
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": voltage_v,
                "current_a": check_current_a(sample),
                "state_of_charge_pct": reject_default_zero(
                    sample["state_of_charge"], find_lowest_of_all(cells).value
                ),
                "remaining_ah": reject_default_zero(remaining_ah, find_lowest_of_all(cells).value),
                "full_ah": full_ah,
                "cycles": sample["cycles"],
                "lowest_cell_voltage_v": find_lowest_of_all(cells),
                "highest_cell_voltage_v": find_highest_of_all(cells),
                "cell_voltages_v": collect_cells(cells, wired),
                "lowest_temperature_c": find_lowest_of_all(temperatures),
                "highest_temperature_c": find_highest_of_all(temperatures),
                "charge_allowed": apply_stopping_alarms(
                    decode_flag(sample["charge_on"], 0), alarms, STOP_CHARGE
                ),
                "discharge_allowed": apply_stopping_alarms(
                    decode_flag(sample["discharge_on"], 0), alarms, STOP_DISCHARGE
                ),
                "alarms": name_set_bits(alarms, ALARMS),
            },
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints | None:
        return SetPoints.from_cells(
            stamp,
            self.name,
            cells=sample.value("cell_count"),
            cell_uvp_v=sample.value("cell_uvp"),
            cell_ovp_v=sample.value("cell_ovp"),
            charge_from_c=sample.value("charge_too_cold"),
        )


MODELS = (JkPb(),)


def check_current_a(sample: Sample) -> Decoded:
    """The current; IMPLAUSIBLE unless V x I is the power, whatever the sign."""
    current_a = sample["current"]
    size_w, size_a = take_absolute(sample["power"]), take_absolute(current_a)
    if check_power_w(size_w, sample["pack_voltage"], size_a) != size_w:
        return IMPLAUSIBLE
    return current_a


def take_absolute(decoded: Decoded) -> Decoded:
    """The value without its sign."""
    return decoded if decoded.value is None else decoded._replace(value=abs(decoded.value))


def check_capacity_ah(sample: Sample) -> tuple[Decoded, Decoded]:
    """Remaining and full capacity; IMPLAUSIBLE unless their ratio is the state of charge.

    A state of charge of 0 may mean `unknown`, so it contradicts nothing.
    """
    remaining, full = sample["remaining_capacity"], sample["full_capacity"]
    charge_pct = sample.value("state_of_charge")
    if remaining.value is None or full.value is None or not charge_pct:
        return remaining, full
    off_ah = abs(remaining.value - full.value * charge_pct / 100)
    agrees = off_ah <= CAPACITY_TOLERANCE * full.value
    return (remaining, full) if agrees else (IMPLAUSIBLE, IMPLAUSIBLE)


def list_fitted(
    sample: Sample, bits_name: str, names: tuple[str, ...], first_bit: int = 0
) -> tuple[str, ...]:
    """The names whose bit is set; where the bits are not known, those that are not absent."""
    bits = sample.value(bits_name)
    if bits is None:
        return tuple(name for name in names if sample[name].quality != ABSENT.quality)
    return tuple(name for place, name in enumerate(names, first_bit) if int(bits) >> place & 1)
