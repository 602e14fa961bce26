"""JBD (Jiabaida, also sold as Xiaoxiang, LLT and Overkill Solar) BMS: its values and their meaning.

Reads: what power/reading/meter.py polled. Source: the maker's "BMS communication protocol" (UART, RS485),
and frames captured from packs of 4 and 7 cells.
Never: enters the factory mode, and never takes the 0 of an unknown state of charge for a value.

The UP16S family has another protocol (functions 78, 79 and 45 with a start and an end address) and
is not supported here. Under some 0.3 A the current reads 0.00: a small load is not measured, and
not subtracted from the state of charge.
"""

from appliance.model import BatteryReading, Stamp
from appliance.wording.sentence import say
from power.protocol.conversions import (
    apply_stopping_alarms,
    build_battery_reading,
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
from power.protocol.register import ABSENT, IMPLAUSIBLE, S16, U8, U16, Decoded, Register

BASIC, CELL_VOLTAGES, NAME = 0x03, 0x04, 0x05
CELLS = tuple(f"cell_{number}_voltage" for number in range(1, 33))
TEMPERATURES = tuple(f"temperature_{number}" for number in range(1, 9))

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
BASIC_ROWS = (  # command 03; the address is the place in the data
    #        cmd    place kind scale low   high   unit  name
    Register(BASIC, 0,    U16, 100,  5,    120,   "V",  "pack_voltage"),        # 3 to 32 cells
    Register(BASIC, 2,    S16, 100,  -330, 330,   "A",  "current"),             # + is charge; 0.00 within its dead band
    Register(BASIC, 4,    U16, 100,  0,    656,   "Ah", "remaining_capacity"),
    Register(BASIC, 6,    U16, 100,  1,    656,   "Ah", "full_capacity"),
    Register(BASIC, 8,    U16, 1,    0,    50000, "",   "cycles"),
    Register(BASIC, 10,   U16, 1,    0,    65535, "",   "made"),                # year - 2000 in bits 9 to 15, month in 5 to 8, day in 0 to 4
    Register(BASIC, 12,   U16, 1,    0,    65535, "",   "balancing_low"),       # cells 1 to 16
    Register(BASIC, 14,   U16, 1,    0,    65535, "",   "balancing_high"),
    Register(BASIC, 16,   U16, 1,    0,    65535, "",   "protection"),
    Register(BASIC, 18,   U8,  1,    0,    255,   "",   "software"),            # 0x21 is 2.1
    Register(BASIC, 19,   U8,  1,    0,    100,   "%",  "state_of_charge"),
    Register(BASIC, 20,   U8,  1,    0,    255,   "",   "transistors"),         # bit 0 charge, bit 1 discharge; 1 is on
    Register(BASIC, 21,   U8,  1,    1,    32,    "",   "cell_count"),
    Register(BASIC, 22,   U8,  1,    0,    8,     "",   "sensor_count"),
)
# fmt: on
TEMPERATURE_ROWS = tuple(  # 0.1 K
    Register(BASIC, 23 + 2 * number, U16, 10, -40, 120, "C", name, (0,), offset=-273.1)
    for number, name in enumerate(TEMPERATURES)
)
CELL_ROWS = tuple(
    Register(CELL_VOLTAGES, 2 * number, U16, 1000, 0.5, 5, "V", name, (0,))
    for number, name in enumerate(CELLS)
)

PROTECTION = {
    0: say("cell over-voltage"),
    1: say("cell under-voltage"),
    2: say("pack over-voltage"),
    3: say("pack under-voltage"),
    4: say("charge over-temperature"),
    5: say("charge under-temperature"),
    6: say("discharge over-temperature"),
    7: say("discharge under-temperature"),
    8: say("charge over-current"),
    9: say("discharge over-current"),
    10: say("short circuit"),
    11: say("measuring chip"),
    12: say("MOSFETs locked"),
}
STOP_CHARGE = (0, 2, 4, 5, 8, 11, 12)
STOP_DISCHARGE = (1, 3, 6, 7, 9, 10, 11, 12)


class Jbd(BatteryProfile):
    """A JBD pack: one on a port, for its frames carry no address.

    It sleeps when idle and loses the request that wakes it. The second one is sent within 0.5 s.
    """

    name = "jbd"
    title = "JBD (Xiaoxiang, LLT, Overkill Solar) BMS"
    registers = BASIC_ROWS + TEMPERATURE_ROWS + CELL_ROWS
    live = (Block(BASIC), Block(CELL_VOLTAGES))
    serial = SerialForm(9600)
    protocol = "JBD"
    has_ids = False
    step = 1
    sleeps = True
    timeout_s = 0.4  # with the gap it must stay within the 0.5 s that it is awake
    gap_s = 0.05
    tested = (
        "frames captured from packs of 4 and 7 cells, and the maker's example",
        "our simulator",
    )
    sources = (
        "JBD BMS communication protocol, UART and RS485 (the maker's; its example frame)",
        "frames of packs of 4 and 7 cells in public repositories, their checks recomputed",
        "dbus-serialbattery lltjbd.py and bmstools 1.2.0 (sleep, dead band)",
        "doubtful: the width of the dead band: 0.2 to 0.5 A is reported",
    )

    @property
    def signature(self) -> Block:
        """Its name as text."""
        return Block(NAME)

    def recognise(self, data: bytes) -> Identification | None:
        """A reply in these frames is enough: no other device uses them."""
        name = data.rstrip(b"\0 ").decode("latin-1")
        if not (name.isascii() and name.isprintable()):
            return None
        return Identification(f"JBD BMS {name}" if name else "JBD BMS without a name", certain=True)

    def decode(self, block: Block, data: bytes) -> dict[str, Decoded]:
        """The values in a reply. Words after the fitted temperatures are something else; a fitted
        one that is absent is a broken wire.
        """
        values = super().decode(block, data)
        sensors = int(values.get("sensor_count", ABSENT).value or 0)
        for name in TEMPERATURES[sensors:]:
            values.pop(name, None)
        broken = (name for name in TEMPERATURES[:sensors] if values.get(name) == ABSENT)
        values.update(dict.fromkeys(broken, IMPLAUSIBLE))
        return values

    def names(self, block: Block) -> tuple[str, ...]:
        return tuple(row.name for row in self.registers if row.function == block.function)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        voltage_v, protection = sample["pack_voltage"], sample["protection"]
        cells = select_fitted_cells(sample, select_counted_cells(sample), voltage_v)
        temperatures = select_present(sample, TEMPERATURES)
        transistors = sample["transistors"]
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": voltage_v,
                "current_a": sample["current"],
                "state_of_charge_pct": reject_default_zero(
                    sample["state_of_charge"], find_lowest_of_all(cells).value
                ),
                "remaining_ah": reject_default_zero(
                    sample["remaining_capacity"], find_lowest_of_all(cells).value
                ),
                "full_ah": sample["full_capacity"],
                "cycles": sample["cycles"],
                "lowest_cell_voltage_v": find_lowest_of_all(cells),
                "highest_cell_voltage_v": find_highest_of_all(cells),
                "cell_voltages_v": collect_cells(cells),
                "lowest_temperature_c": find_lowest_of_all(temperatures),
                "highest_temperature_c": find_highest_of_all(temperatures),
                "charge_allowed": apply_stopping_alarms(
                    decode_flag(transistors, 0), protection, STOP_CHARGE
                ),
                "discharge_allowed": apply_stopping_alarms(
                    decode_flag(transistors, 1), protection, STOP_DISCHARGE
                ),
                "alarms": name_set_bits(protection, PROTECTION),
            },
        )


MODELS = (Jbd(),)


def select_counted_cells(sample: Sample) -> tuple[str, ...]:
    """The cells that command 03 counts; with no count, those that command 04 gave."""
    count = sample.value("cell_count")
    if count is not None:
        return CELLS[: int(count)]
    return tuple(name for name in CELLS if sample[name].quality != ABSENT.quality)
