"""SunSpec devices: batteries (models 802, 803, 713, 124) and PV inputs (160, 714).

Reads: what power/reading/meter.py polled through power/protocol/sunspec.py; a row's function is its model, its
address the offset from the model's number, in the first repetition where the model repeats.
Never: adds a battery's input to the PV inputs, nor guesses the direction of a current.
"""

from collections.abc import Mapping

from appliance.model import BatteryReading, PowerReading, Stamp
from appliance.wording.sentence import say
from power.devices.sunspec_values import (
    PORT_STATES,
    TRACKER_STATES,
    choose_state_of_charge_pct,
    combine_inputs,
    decode_allowed,
    decode_charge_stage,
    decode_current_a,
    is_power_consistent,
    is_storage_input,
)
from power.protocol.conversions import build_battery_reading, build_power_reading, name_set_bits
from power.protocol.line_place import SerialForm
from power.protocol.profile import (
    MODBUS_IDS,
    BatteryProfile,
    Block,
    ChargerProfile,
    Identification,
    Profile,
    Sample,
)
from power.protocol.register import (
    ABSENT,
    IMPLAUSIBLE,
    S16,
    U16,
    U32,
    Decoded,
    Register,
    convert_raw,
    prefer_known,
)
from power.protocol.sunspec import CHAIN, parse_directory
from power.protocol.sunspec_model import Part, decode_parts

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
BATTERY = (  # offsets: pysunspec2 1.3.7; scale factors are the device's own
    #        model offset kind scale low  high    unit  name
    Register(802,  2,     U16, 1,    1,     20000, "Ah", "full"),                   # AHRtg
    Register(802,  11,    U16, 1,    0,     100,   "%",  "charge"),                 # SoC
    Register(802,  14,    U32, 1,    0,     1e5,   "",   "cycles"),                 # NCyc
    Register(802,  16,    U16, 1,    1,     7,     "",   "charge_status"),          # ChaSt
    Register(802,  22,    U16, 1,    1,     99,    "",   "state"),                  # State
    Register(802,  26,    U32, 1,    0,     2**32, "",   "events"),                 # Evt1
    Register(802,  34,    U16, 1,    5,     120,   "V",  "voltage"),                # V
    Register(802,  37,    U16, 1,    1,     5,     "V",  "highest_cell_voltage"),   # CellVMax
    Register(802,  40,    U16, 1,    1,     5,     "V",  "lowest_cell_voltage"),    # CellVMin
    Register(802,  44,    S16, 1,    -2000, 2000,  "A",  "current"),                # A: its sign is not defined
    Register(802,  45,    U16, 1,    0,     2000,  "A",  "most_charge_current"),    # AChaMax
    Register(802,  46,    U16, 1,    0,     2000,  "A",  "most_discharge_current"), # ADisChaMax
    Register(802,  47,    S16, 1,    -50e3, 50e3,  "W",  "power"),                  # W
    Register(803,  4,     S16, 1,    -45,   90,    "C",  "highest_temperature"),    # ModTmpMax
    Register(803,  7,     S16, 1,    -45,   90,    "C",  "lowest_temperature"),     # ModTmpMin
    Register(713,  4,     U16, 1,    0,     100,   "%",  "storage_charge"),         # SoC: 0 without storage
    Register(124,  8,     U16, 1,    0,     100,   "%",  "control_charge"),         # ChaState
    Register(124,  10,    U16, 1,    5,     120,   "V",  "control_voltage"),        # InBatV
    Register(124,  11,    U16, 1,    1,     7,     "",   "control_status"),         # ChaSt
)
PV = (  # of each module (160) or port (714); what all of them give together has the same name
    Register(160,  19,    U16, 1,    0,     300,   "A",  "mppt_current"),           # DCA
    Register(160,  20,    U16, 1,    0,     1500,  "V",  "mppt_voltage"),           # DCV
    Register(160,  21,    U16, 1,    0,     50e3,  "W",  "mppt_power"),             # DCW
    Register(160,  27,    U16, 1,    1,     10,    "",   "mppt_state"),             # DCSt
    Register(714,  30,    S16, 1,    0,     300,   "A",  "port_current"),           # DCA
    Register(714,  31,    U16, 1,    0,     1500,  "V",  "port_voltage"),           # DCV
    Register(714,  32,    S16, 1,    0,     50e3,  "W",  "port_power"),             # DCW
    Register(714,  42,    U16, 1,    0,     3,     "",   "port_state"),             # DCSta
)
# fmt: on
ALARMS = {  # 802 Evt1, without the warnings
    0: say("communication error"),
    1: say("over temperature"),
    3: say("under temperature"),
    5: say("charge over current"),
    7: say("discharge over current"),
    9: say("over voltage"),
    11: say("under voltage"),
    13: say("state of charge too low"),
    15: say("state of charge too high"),
    18: say("temperature imbalance"),
    20: say("contactor error"),
    21: say("fan error"),
    22: say("ground fault"),
    23: say("open door"),
    25: say("other alarm"),
    28: say("configuration alarm"),
}
PORT_TYPE, PV_PORT = 20, 0  # 714: PrtTyp
LABEL = 11  # 160: IDStr

SOURCES = (
    "SunSpec model definitions in pysunspec2 1.3.7",
    "sunspec/pysunspec2 issues 16, 36, 89, 116 (model length, no end, day and night)",
    "stephane/libmodbus issue 776 (answers of 500 to 600 ms)",
)
TESTED = ("the pysunspec2 client on the same registers", "our simulator, also over a TCP port")


class SunSpecDevice(Profile):
    """What all SunSpec devices share. A model that is not there is never read point by point."""

    protocol = "SunSpec"
    serial = SerialForm(9600)
    other_bauds = (19_200, 115_200)
    bus_ids = MODBUS_IDS
    ids = (126,)  # SMA
    timeout_s = 1.0  # with 0.5 s one in 200 answers comes too late
    gap_s = 0.02
    tested = TESTED
    sources = SOURCES
    characteristic_models: tuple[int, ...] = ()  # the models that only such a device has

    @property
    def signature(self) -> Block:
        """The chain of models."""
        return Block(CHAIN)

    def recognise(self, data: bytes) -> Identification | None:
        directory = parse_directory(data)
        asked = {block.function for block in (*self.live, *self.slow)}
        if directory is None or not asked.intersection(directory[0]):
            return None
        models, name = directory
        text = f"SunSpec, {name or 'maker unknown'}, models {', '.join(map(str, models))}"
        return Identification(text, certain=not set(self.characteristic_models).isdisjoint(models))

    def rows(self, block: Block) -> tuple[Register, ...]:  # noqa: ARG002  (see above)
        return ()

    def names(self, block: Block) -> tuple[str, ...]:
        return tuple(row.name for row in self.select_rows(block.function))

    def select_rows(self, model: int) -> tuple[Register, ...]:
        """The rows of a model."""
        return tuple(row for row in self.registers if row.function == model)

    def check_ranges(self, model: int, part: Part) -> dict[str, Decoded]:
        """A part's values by name, each in its row's range."""
        return {row.name: check_range(row, part.numbers) for row in self.select_rows(model)}


def check_range(row: Register, numbers: Mapping[int, Decoded]) -> Decoded:
    """The value of a row; IMPLAUSIBLE out of its range."""
    number = numbers.get(row.address, ABSENT)
    return number if number.value is None else convert_raw(row, number.value)


class SunSpecBattery(SunSpecDevice, BatteryProfile):
    """A battery, from 802 or, with fewer values, from its inverter's models of it (713, 124)."""

    name = "sunspec-battery"
    title = "SunSpec battery (models 802, 803, 713, 124)"
    registers = BATTERY
    live = (Block(802), Block(713), Block(124))
    slow = (Block(803),)
    characteristic_models = (802, 803)

    def decode(self, block: Block, data: bytes) -> dict[str, Decoded]:
        model = block.function
        if not self.select_rows(model):
            return {}
        part = decode_parts(model, data)[0]
        values = self.check_ranges(model, part)
        if model == 802 and not is_power_consistent(part, power=47, voltage=34, current=44):
            values["current"] = IMPLAUSIBLE
        return values

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        charge, discharge = decode_allowed(sample)
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": prefer_known(sample["voltage"], sample["control_voltage"]),
                "current_a": decode_current_a(sample),
                "state_of_charge_pct": choose_state_of_charge_pct(sample),
                "remaining_ah": ABSENT,
                "full_ah": sample["full"],
                "cycles": sample["cycles"],
                "lowest_cell_voltage_v": sample["lowest_cell_voltage"],
                "highest_cell_voltage_v": sample["highest_cell_voltage"],
                "lowest_temperature_c": sample["lowest_temperature"],
                "highest_temperature_c": sample["highest_temperature"],
                "charge_allowed": charge,
                "discharge_allowed": discharge,
                "alarms": name_set_bits(sample["events"], ALARMS),
            },
        )


class SunSpecPv(SunSpecDevice, ChargerProfile):
    """The PV inputs of an inverter. Its battery, if it has one, is a device of its own here."""

    name = "sunspec-pv"
    title = "SunSpec PV inputs (models 160, 714)"
    registers = PV
    live = (Block(160), Block(714))
    characteristic_models = (160, 714)
    has_load_output = False

    def decode(self, block: Block, data: bytes) -> dict[str, Decoded]:
        model = block.function
        if not self.select_rows(model):
            return {}
        prefix, states = ("mppt_", TRACKER_STATES) if model == 160 else ("port_", PORT_STATES)
        parts = [part for part in decode_parts(model, data)[1:] if is_pv_input(model, part)]
        inputs = [self.decode_input(model, part, prefix) for part in parts]
        joined = combine_inputs(inputs, states)
        whole = {
            row.address: joined[row.name.removeprefix(prefix)] for row in self.select_rows(model)
        }
        return {row.name: check_range(row, whole) for row in self.select_rows(model)}

    def decode_input(self, model: int, part: Part, prefix: str) -> dict[str, Decoded]:
        """One tracker's or port's values; a power that is not V x I is IMPLAUSIBLE."""
        values = self.check_ranges(model, part)
        one = {name.removeprefix(prefix): value for name, value in values.items()}
        current, voltage, power, _ = (row.address for row in self.select_rows(model))
        return (
            one
            if is_power_consistent(part, power=power, voltage=voltage, current=current)
            else {**one, "power": IMPLAUSIBLE}
        )

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": prefer_known(sample["mppt_power"], sample["port_power"]),
                "pv_voltage_v": prefer_known(sample["mppt_voltage"], sample["port_voltage"]),
                "battery_voltage_v": ABSENT,
                "battery_current_a": ABSENT,
                "battery_temperature_c": ABSENT,
                "load_power_w": ABSENT,
                "charge_stage": decode_charge_stage(sample),
                "yield_today_wh": ABSENT,  # its counters have no day
            },
        )


def is_pv_input(model: int, part: Part) -> bool:
    """Whether an input is a PV input: by its type, or by its label where it has no type."""
    if model == 714:
        return part.numbers.get(PORT_TYPE, ABSENT).value == PV_PORT
    return not is_storage_input(part.texts.get(LABEL, ""))


MODELS = (SunSpecBattery(), SunSpecPv())
