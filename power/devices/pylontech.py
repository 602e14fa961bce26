"""Pylontech US2000, US3000, US5000 and UP2500 packs, and what all packs of YD/T 1363 have in common.

Reads: what power/reading/meter.py polled. Source: "PYLON low voltage protocol RS485 V3.3" (2018-08-21) and
captures of a US2000C, a US3000 and a UP2500.
Never: sends a command that switches the module off (95) or changes it (94), nor one for the group.

Addresses are places in INFO as power/protocol/framing/ydt1363.py gives it, with both lists at full length.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import inf
from typing import ClassVar

from appliance.model import BatteryReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from appliance.wording.sentence import say
from power.protocol.conversions import (
    EMPTY_CELL_V,
    FieldValue,
    StatusValue,
    build_battery_reading,
    collect_cells,
    decode_flag,
    find_highest_of_all,
    find_lowest_of_all,
    name_set_bits,
    select_cells,
)
from power.protocol.framing.ydt1363 import (
    ALARMS,
    ANALOGUE,
    LIMITS,
    MAKER,
    MANAGEMENT,
    MOST_CELLS,
    MOST_TEMPERATURES,
    NO_STATE,
    NO_VALUE,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, Identification, Sample
from power.protocol.register import IMPLAUSIBLE, S16, U8, U16, U24, Decoded, Register

CELLS = tuple(f"cell_{number}" for number in range(1, MOST_CELLS + 1))
TEMPERATURES = tuple(f"temperature_{number}" for number in range(1, MOST_TEMPERATURES + 1))
CELLS_AT = 3  # after INFOFLAG, the pack's number and the count of cells
TEMPERATURES_AT = CELLS_AT + 2 * MOST_CELLS + 1
STATES_AT = CELLS_AT + MOST_CELLS + 1
STATE = "state_"  # prefix of a byte that reports whether a value is at its limit

MOST_OF_FULL = 1.05  # a new pack may hold a little more than it counts as full


def make_list_rows(zero_c: float) -> tuple[Register, ...]:
    """The rows of a 42 answer's two lists; a raw temperature of 0 is `zero_c`."""
    missing = (NO_VALUE - 0x10000,)
    return (
        Register(ANALOGUE, CELLS_AT - 1, U8, 1, 1, MOST_CELLS, "", "cells"),
        *(
            Register(ANALOGUE, CELLS_AT + 2 * place, S16, 1000, 0.5, 5, "V", name, missing)
            for place, name in enumerate(CELLS)
        ),
        *(
            Register(
                ANALOGUE,
                TEMPERATURES_AT + 2 * place,
                U16,
                10,
                -40,
                120,
                "C",
                name,
                absent=(NO_VALUE, 0),
                offset=zero_c,
            )
            for place, name in enumerate(TEMPERATURES)
        ),
    )


# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
REGISTERS = (
    *make_list_rows(zero_c=-273.1),  # the first temperature is the BMS's own, the others are groups of cells
    #        command     at  kind scale low    high  unit  name
    Register(ANALOGUE,   52, S16, 10,   -400,  400,  "A",  "current"),                  # + charges
    Register(ANALOGUE,   54, U16, 1000, 8,     65,   "V",  "voltage"),
    Register(ANALOGUE,   56, U16, 1000, 0,     65.5, "Ah", "remaining",      (0xFFFF,)),  # FFFF: it stands at 63
    Register(ANALOGUE,   58, U8,  1,    2,     4,    "",   "user_items"),
    Register(ANALOGUE,   59, U16, 1000, 1,     65.5, "Ah", "full",           (0xFFFF,)),  # FFFF: it stands at 66
    Register(ANALOGUE,   61, U16, 1,    0,     20000, "",  "cycles"),
    Register(ANALOGUE,   63, U24, 1000, 0,     2000, "Ah", "remaining_large"),            # 63 and 66 with 4 items only
    Register(ANALOGUE,   66, U24, 1000, 1,     2000, "Ah", "full_large"),
    *(Register(ALARMS, CELLS_AT + place,  U8, 1, 0, 255, "", STATE + name, (NO_STATE,)) for place, name in enumerate(CELLS)),
    *(Register(ALARMS, STATES_AT + place, U8, 1, 0, 255, "", STATE + name, (NO_STATE,)) for place, name in enumerate(TEMPERATURES)),
    Register(ALARMS,     28, U8,  1,    0,     255,  "",   "state_charge_current"),
    Register(ALARMS,     29, U8,  1,    0,     255,  "",   "state_pack_voltage"),
    Register(ALARMS,     30, U8,  1,    0,     255,  "",   "state_discharge_current"),
    Register(ALARMS,     31, U8,  1,    0,     255,  "",   "status_1"),
    Register(ALARMS,     32, U8,  1,    0,     255,  "",   "status_2"),                   # b1 charge MOSFET, b2 discharge MOSFET
    Register(ALARMS,     33, U8,  1,    0,     255,  "",   "status_3"),                   # b7 charging, b6 discharging, b5 heater, b3 full, b0 buzzer
    Register(LIMITS,      1, U16, 1000, 3,     4.5,  "V",  "cell_high"),                  # 47, system parameters: where it protects itself
    Register(LIMITS,      5, U16, 1000, 1.5,   3.5,  "V",  "cell_under"),                 # 3: where it warns
    Register(LIMITS,     13, U16, 1000, 8,     65,   "V",  "pack_high"),
    Register(LIMITS,     17, U16, 1000, 8,     65,   "V",  "pack_under"),                 # 15: where it warns
    Register(MANAGEMENT,  1, U16, 1000, 8,     65,   "V",  "charge_voltage_limit"),
    Register(MANAGEMENT,  3, U16, 1000, 8,     65,   "V",  "discharge_voltage_limit"),
    Register(MANAGEMENT,  5, S16, 10,   0,     400,  "A",  "charge_current_limit"),
    Register(MANAGEMENT,  7, S16, 10,   -400,  0,    "A",  "discharge_current_limit"),
    Register(MANAGEMENT,  9, U8,  1,    0,     255,  "",   "requests"),
)
# fmt: on

PROTECTIONS = {  # of status_1
    7: say("pack voltage too low"),
    6: say("too hot to charge"),
    5: say("too hot to discharge"),
    4: say("discharge current too high"),
    2: say("charge current too high"),
    1: say("cell voltage too low"),
    0: say("pack voltage too high"),
}
CHARGE_MOSFET, DISCHARGE_MOSFET = 1, 2  # bits of status_2
CHARGE_ENABLED, DISCHARGE_ENABLED = 7, 6  # bits of requests
REQUESTS = {  # b5 from 5 to 9 % (US2000B: 15 to 19 %) on, b4 from 9 to 13 %, b3 after 30 days below 97 %
    5: say("asks to be charged now"),
    4: say("asks to be charged soon"),
    3: say("asks for a full charge"),
}
AT_LIMIT = {1: "low", 2: "high"}  # any other that is not 0 is a fault; F0 is the documented one


class YdtBattery(BatteryProfile):
    """A pack with YD/T 1363. `cell_temperatures` are the sensors at the cells."""

    step = 1
    cell_temperatures: ClassVar[tuple[str, ...]]

    def rows(self, block: Block) -> tuple[Register, ...]:
        return tuple(row for row in self.registers if row.function == block.function)

    def decode_measured_fields(self, sample: Sample) -> dict[str, FieldValue]:
        """What the 42 answers of all these packs have in common."""
        cells = select_cells(sample, CELLS, sample["voltage"])
        warmth = tuple(
            one
            for one in (sample[name] for name in self.cell_temperatures)
            if one.quality is not Quality.ABSENT
        )
        return {
            "voltage_v": sample["voltage"],
            "current_a": sample["current"],
            "cycles": sample["cycles"],
            "lowest_cell_voltage_v": find_lowest_of_all(cells),
            "highest_cell_voltage_v": find_highest_of_all(cells),
            "cell_voltages_v": collect_cells(cells),
            "lowest_temperature_c": find_lowest_of_all(warmth),
            "highest_temperature_c": find_highest_of_all(warmth),
        }


class Pylontech(YdtBattery):
    """Packs that are set to 9600 baud (DIP 1) need a gateway or their DIP switch set back."""

    name = "pylontech"
    title = "Pylontech US2000, US3000, US5000, UP2500"
    registers = REGISTERS
    live = (Block(ANALOGUE),)
    slow = (Block(MANAGEMENT), Block(ALARMS))
    settings = (Block(LIMITS),)
    serial = SerialForm(115_200)
    other_bauds = (9600,)  # by its first switch
    protocol = "Pylontech"
    device_id = 2  # the master; n + 0x10 * group
    ids = (3, 0x12)
    timeout_s = 1.0  # the document allows 0.5 s
    gap_s = 0.05
    cell_temperatures = TEMPERATURES[1:]
    tested = (
        "frames captured from a US2000C, a US3000 and a UP2500, and the document's own example",
        "the python-pylontech package on the same frames",
        "our simulator",
    )
    sources = (
        "PYLON low voltage protocol RS485 V3.3, 2018-08-21",
        "Tomcat42/pylontech-python pylontech.py (captures of a US2000C)",
        "Frankkkkk/python-pylontech tests/test_basic.py (captures of a US3000 and a UP2500)",
        "Frankkkkk/python-pylontech README.md (47: the limits of a US2000)",
        "doubtful: the document's example has a wrong CHKSUM, E1A2 where its bytes give E27A",
    )

    @property
    def signature(self) -> Block:
        return Block(MAKER)

    def recognise(self, data: bytes) -> Identification | None:
        """51: ten bytes of model, two of version, then the maker, padded with dashes."""
        model, maker = decode_text(data[:10]), decode_text(data[12:])
        if len(data) < 20 or maker is None or model is None:
            return None
        text = f"{maker.rstrip('-')} {model}".strip()
        return Identification(text, certain=True) if maker.startswith("Pylon") else None

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        charging = decode_flag(sample["requests"], CHARGE_ENABLED)
        discharging = decode_flag(sample["requests"], DISCHARGE_ENABLED)
        return build_battery_reading(
            stamp,
            self.name,
            {
                **self.decode_measured_fields(sample),
                **decode_charge(sample, *decode_capacities(sample)),
                "charge_allowed": prefer_known_flag(
                    charging, decode_flag(sample["status_2"], CHARGE_MOSFET)
                ),
                "discharge_allowed": prefer_known_flag(
                    discharging, decode_flag(sample["status_2"], DISCHARGE_MOSFET)
                ),
                "alarms": decode_alarms(sample),
            },
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints | None:
        """Where it disconnects, by its cells or as a whole, whichever comes first. From which
        temperature on it charges is not read: captures have -11 C there.
        """
        by_cell = SetPoints.from_cells(
            stamp,
            self.name,
            cells=sample.value("cells"),
            cell_uvp_v=sample.value("cell_under"),
            cell_ovp_v=sample.value("cell_high"),
        )
        under_v, high_v = sample.value("pack_under"), sample.value("pack_high")
        return by_cell and replace(
            by_cell,
            uvp_v=max(by_cell.uvp_v or 0.0, under_v or 0.0),
            ovp_v=min(by_cell.ovp_v or inf, high_v or inf),
        )


MODELS: tuple[BatteryProfile, ...] = (Pylontech(),)


def decode_capacities(sample: Sample) -> tuple[Decoded, Decoded]:
    """Remaining and full: the pair of three bytes each where the pack sends it."""
    if sample["full_large"].value is None:
        return sample["remaining"], sample["full"]
    return sample["remaining_large"], sample["full_large"]


def decode_charge(sample: Sample, remaining_ah: Decoded, full_ah: Decoded) -> dict[str, FieldValue]:
    """Remaining and full charge; IMPLAUSIBLE above full, or 0 while the voltage is not low."""
    left_ah = reject_false_empty(sample, remaining_ah)
    if left_ah.value is not None and full_ah.value is not None:
        left_ah = left_ah if left_ah.value <= MOST_OF_FULL * full_ah.value else IMPLAUSIBLE
    return {
        "remaining_ah": left_ah,
        "full_ah": full_ah,
        "state_of_charge_pct": compute_share_pct(left_ah, full_ah),
    }


def reject_false_empty(sample: Sample, charge: Decoded) -> Decoded:
    """A charge in any unit; IMPLAUSIBLE where it is 0 while the voltage is not low: it was never set."""
    cells, voltage_v = sample.value("cells"), sample.value("voltage")
    sound = cells is not None and voltage_v is not None and voltage_v >= EMPTY_CELL_V * cells
    return IMPLAUSIBLE if charge.value == 0 and sound else charge


def compute_share_pct(part: Decoded, whole: Decoded) -> Decoded:
    """A part in percent of the whole, 100 at most; where one is unknown, that one with its quality."""
    if part.value is None or whole.value is None:
        return part if part.value is None else whole
    return Decoded(min(100.0, 100 * part.value / whole.value), Quality.OK, part.age_s)


def prefer_known_flag(first: StatusValue, second: StatusValue) -> StatusValue:
    """The first of two flags that is known; with none, the first with its quality."""
    return second if first.value is None and second.value is not None else first


def decode_alarms(sample: Sample) -> StatusValue:
    """44 and 92 in words. Only the states report cold, so they are included."""
    protections = name_set_bits(sample["status_1"], PROTECTIONS)
    if protections.value is None:
        return protections
    requests = name_set_bits(sample["requests"], REQUESTS)
    found = (protections.value, *decode_state_alarms(sample), requests.value)
    return protections._replace(value=", ".join(text for text in found if text))


def decode_state_alarms(sample: Sample) -> tuple[str, ...]:
    """The byte that 44 has for each cell, temperature, current and voltage."""
    found = {
        name.removeprefix(STATE).replace("_", " "): decoded.value
        for name, decoded in sample.values.items()
        if name.startswith(STATE) and decoded.value
    }
    return tuple(
        f"{what} {AT_LIMIT.get(int(state or 0), 'fault')}" for what, state in found.items()
    )


def name_tripped(sample: Sample, bits: Mapping[str, Mapping[int, str]]) -> StatusValue:
    """The names of the bits that are set in several status bytes; unknown if one byte is."""
    found = [name_set_bits(sample[name], names) for name, names in bits.items()]
    unknown = next((one for one in found if one.value is None), None)
    words = ", ".join(one.value for one in found if one.value)
    return unknown or StatusValue(words, Quality.OK, max(one.age_s for one in found))


def decode_text(data: bytes) -> str | None:
    """The text in a field that is padded with blanks or zero bytes; None where it is no text."""
    text = data.rstrip(b"\0 ").decode("latin-1")
    return text if text.isascii() and text.isprintable() else None
