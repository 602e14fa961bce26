"""Morningstar ProStar MPPT charge controllers: registers and their meaning.

Reads: what power/reading/meter.py polled. Source: "ProStar MPPT MODBUS Specification" v1.0 and v05.
Never: sends two requests within half a second (it does not answer then), and never accepts a current
that the other side of the converter contradicts.

The ProStar PWM (Gen3) has most of these registers, but 0010 and 0015 are reserved there: it is
detected by that check, and its currents stay unknown.
"""

from appliance.model import PowerReading, Stamp
from appliance.model_set_points import SetPoints
from power.devices.morningstar import count_of_12_v, decode_charge_stage
from power.protocol.conversions import build_power_reading, multiply, subtract
from power.protocol.line_place import SerialForm
from power.protocol.profile import MODBUS_IDS, Block, ChargerProfile, Identification, Sample
from power.protocol.register import (
    ABSENT,
    F16,
    HOLDING,
    IMPLAUSIBLE,
    INPUT,
    U16,
    U32,
    Decoded,
    Register,
)

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
RAM = (  # functions 03 and 04 read the same; half floats in their own units, NaN where there is nothing
    #        fc     addr    kind scale low   high   unit  name
    Register(INPUT, 0x0000, U16, 1,    0,    65535, "",   "version"),
    Register(INPUT, 0x0001, U16, 1,    1,    2,     "",   "system_multiplier"),    # 1: 12 V, 2: 24 V
    Register(INPUT, 0x0004, F16, 1,    3.0,  3.6,   "V",  "supply_3v"),
    Register(INPUT, 0x0005, F16, 1,    10,   15,    "V",  "supply_12v"),
    Register(INPUT, 0x0006, F16, 1,    4.5,  5.5,   "V",  "supply_5v"),            # on a ProStar PWM: the supply of the meter bus
    Register(INPUT, 0x0010, F16, 1,    -2,   50,    "A",  "charge_current"),       # models up to 40 A
    Register(INPUT, 0x0011, F16, 1,    -2,   50,    "A",  "array_current"),
    Register(INPUT, 0x0012, F16, 1,    7,    40,    "V",  "battery_voltage"),      # at the terminals; 12 and 24 V systems
    Register(INPUT, 0x0013, F16, 1,    -2,   130,   "V",  "array_voltage"),        # models up to 120 V
    Register(INPUT, 0x0014, F16, 1,    -2,   40,    "V",  "load_voltage"),
    Register(INPUT, 0x0015, F16, 1,    -50,  50,    "A",  "net_battery_current"),
    Register(INPUT, 0x0016, F16, 1,    -2,   50,    "A",  "load_current"),
    Register(INPUT, 0x0017, F16, 1,    -2,   40,    "V",  "sense_voltage"),
    Register(INPUT, 0x0018, F16, 1,    7,    40,    "V",  "battery_voltage_1_min"),
    Register(INPUT, 0x0019, F16, 1,    -50,  50,    "A",  "net_battery_current_1_min"),
    Register(INPUT, 0x001A, F16, 1,    -60,  125,   "C",  "heatsink_temperature"),
    Register(INPUT, 0x001B, F16, 1,    -45,  90,    "C",  "regulation_temperature"),  # the sensor's, or without one its own surroundings'
    Register(INPUT, 0x001C, F16, 1,    -60,  125,   "C",  "ambient_temperature"),
    Register(INPUT, 0x001D, F16, 1,    -45,  90,    "C",  "remote_temperature"),   # NaN (7E00, 7FFF) without a sensor
    Register(INPUT, 0x0021, U16, 1,    0,    10,    "",   "charge_state"),
    Register(INPUT, 0x0022, U16, 1,    0,    65535, "",   "array_faults"),
    Register(INPUT, 0x0023, F16, 1,    7,    40,    "V",  "battery_voltage_25_s"),
    Register(INPUT, 0x0024, F16, 1,    0,    40,    "V",  "target_voltage"),
    Register(INPUT, 0x0026, U32, 10,   0,    1e7,   "Ah", "charge_resettable"),
    Register(INPUT, 0x0028, U32, 10,   0,    1e7,   "Ah", "charge_total"),
    Register(INPUT, 0x002A, U16, 10,   0,    6553.5, "kWh", "energy_resettable"),
    Register(INPUT, 0x002B, U16, 10,   0,    6553.5, "kWh", "energy_total"),
    Register(INPUT, 0x002E, U16, 1,    0,    8,     "",   "load_state"),
)
EEPROM = (  # no source for the scale of E000 to E00D: not read
    Register(HOLDING, 0xE022, F16, 1,    5,    40,    "V",  "low_voltage_disconnect"),  # of a 12 V battery [?]
    Register(HOLDING, 0xE023, F16, 1,    5,    40,    "V",  "low_voltage_reconnect"),
)
# fmt: on

# Both sides of the converter: losses, and an array current without a precision shunt (+/- 20 % is
# stated of its larger brother). At dawn and dusk the array's open voltage, times an array current
# that is a little off, is more watts than reach the battery.
SIDES_TOLERANCE, SIDES_SLACK_W, ARRAY_SLACK_A = 0.30, 5.0, 0.15
NET_TOLERANCE, NET_SLACK_A = 0.10, 0.5
LOAD_OFF, LOAD_NOT_USED = (3, 4, 5, 6), 8  # 002E: low voltage, fault, disconnect, off
LOAD_SLACK_W = 5.0  # what may be left of a load that has just been disconnected


class ProstarMppt(ChargerProfile):
    """PS-MPPT-25 and -40. One request a poll; each further one would cost half a second."""

    name = "prostar-mppt"
    title = "Morningstar ProStar MPPT"
    registers = RAM + EEPROM
    live = (Block(INPUT, 0x0010, 31),)
    settings = (Block(HOLDING, 0xE022, 2),)
    serial = SerialForm(9600, stop_bits=2)
    ids = (2, 3, 4)
    bus_ids = MODBUS_IDS
    timeout_s = 1.0
    gap_s = 0.5
    tested = ("our simulator",)
    sources = (
        "ProStar MPPT MODBUS Specification v1.0 (2015) and v05 (2021), Morningstar, MS-001723",
        "ProStar MODBUS Specification v2.0 (2017), MS-001838: what is reserved on the PWM model",
        "the crate morningstar: half a second between requests",
    )

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": compute_pv_power_w(sample),
                "pv_voltage_v": sample["array_voltage"],
                "battery_voltage_v": sample["battery_voltage"],
                "battery_current_a": check_battery_current_a(sample),
                "battery_temperature_c": sample["remote_temperature"],
                "load_power_w": compute_load_power_w(sample),
                "charge_stage": decode_charge_stage(sample["charge_state"]),
                # It counts ampere-hours by the day, and energy only in total.
                "yield_today_wh": ABSENT,
            },
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints:
        """Its load output; the others have no source."""
        battery_v = sample.value("battery_voltage")

        def scale_v(name: str) -> float | None:
            set_v = sample.value(name)
            batteries = count_of_12_v(set_v, battery_v)
            return None if set_v is None or batteries is None else round(set_v * batteries, 3)

        return SetPoints(
            stamp,
            device=self.name,
            model=self.name,
            lvd_v=scale_v("low_voltage_disconnect"),
            lvr_v=scale_v("low_voltage_reconnect"),
            raises_lvd=False,
        )

    @property
    def signature(self) -> Block:
        """Its own supplies, as half floats."""
        return Block(INPUT, 0x0000, 9)

    def recognise(self, data: bytes) -> Identification | None:
        sample = Sample(self.decode(self.signature, data))
        multiplier = sample.value("system_multiplier")
        if multiplier is None or sample.value("supply_3v") is None:
            return None
        version = int(sample.value("version") or 0)
        if None in (sample.value("supply_12v"), sample.value("supply_5v")):
            text = f"perhaps a ProStar PWM, version {version:X}: its currents would stay unknown"
            return Identification(text, certain=False)
        text = f"a ProStar MPPT, version {version:X}, set for {12 * multiplier:.0f} V"
        return Identification(text, certain=True)


MODELS = (ProstarMppt(),)


def compute_pv_power_w(sample: Sample) -> Decoded:
    """Array V x I; there is no register for it. IMPLAUSIBLE unless the battery's side agrees."""
    array_w = multiply(sample["array_voltage"], sample["array_current"])
    charge_w = multiply(sample["battery_voltage"], sample["charge_current"])
    return (
        array_w
        if do_sides_agree(array_w=array_w, charge_w=charge_w, array_v=sample["array_voltage"])
        else IMPLAUSIBLE
    )


def check_battery_current_a(sample: Sample) -> Decoded:
    """0015; IMPLAUSIBLE unless it is 0010 less 0016, and 0010 is what the array gives."""
    net_a = sample["net_battery_current"]
    charge_a, load_a = sample["charge_current"], sample["load_current"]
    parts_a = subtract(charge_a, load_a)
    if net_a.value is None or parts_a.value is None:
        return net_a if net_a.value is None else parts_a
    gross_a = abs(charge_a.value or 0.0) + abs(load_a.value or 0.0)
    if abs(net_a.value - parts_a.value) > NET_TOLERANCE * gross_a + NET_SLACK_A:
        return IMPLAUSIBLE
    array_w = multiply(sample["array_voltage"], sample["array_current"])
    charge_w = multiply(sample["battery_voltage"], charge_a)
    return (
        net_a
        if do_sides_agree(array_w=array_w, charge_w=charge_w, array_v=sample["array_voltage"])
        else IMPLAUSIBLE
    )


def do_sides_agree(*, array_w: Decoded, charge_w: Decoded, array_v: Decoded) -> bool:
    """Whether input and output power agree, as far as both are known."""
    if array_w.value is None or charge_w.value is None:
        return True
    allowed_w = SIDES_TOLERANCE * max(abs(array_w.value), abs(charge_w.value)) + SIDES_SLACK_W
    allowed_w += ARRAY_SLACK_A * abs(array_v.value or 0.0)
    return abs(array_w.value - charge_w.value) <= allowed_w


def compute_load_power_w(sample: Sample) -> Decoded:
    """Load V x I; nothing where its terminals are not used, and little while it is off."""
    power_w, state = multiply(sample["load_voltage"], sample["load_current"]), sample["load_state"]
    if state.value == LOAD_NOT_USED:
        return ABSENT
    if state.value in LOAD_OFF and (power_w.value or 0.0) > LOAD_SLACK_W:
        return IMPLAUSIBLE
    return power_w
