"""Morningstar TriStar MPPT charge controllers (150 V): registers and their meaning.

Reads: what power/reading/meter.py polled. Source: "TriStar MPPT MODBUS Document v10", and public captures.
Never: assumes a scaling (it comes with every poll), and never reads 0058 to 005B, through which the
charger is controlled.

The 600 V models are not these: their firmware from 19 on sends half floats in the same places.
"""

from appliance.model import PowerReading, Stamp
from appliance.model_set_points import SetPoints
from power.devices.morningstar import count_of_12_v, decode_charge_stage
from power.protocol.conversions import build_power_reading, check_power_w, multiply, scale
from power.protocol.line_place import SerialForm
from power.protocol.profile import MODBUS_IDS, Block, ChargerProfile, Identification, Sample
from power.protocol.register import (
    ABSENT,
    HOLDING,
    IMPLAUSIBLE,
    INPUT,
    S16,
    U16,
    U32,
    Decoded,
    Register,
)

PU, PU2 = 2**15, 2**17  # volts and amperes are 15-bit fractions of the scaling, watts 17-bit ones
RAIL_12, RAIL_3, RAIL_1 = PU / 18.612, PU / 6.6, PU / 3  # scalings of its own supplies, v10 page 3
EDGE = 0.999  # of full scale: what stands at the edge of the converter is cut off
NO_SENSOR = (0x80, -0x80)  # 0024 without a remote sensor; as s16 it is 128, as s8 -128

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
RAM = (  # v10 page 3 and 4; functions 03 and 04 read the same. "pu": a fraction, times the scaling
    #        fc     addr    kind scale   low    high   unit    name
    Register(INPUT, 0x0000, U32, 2**16,  60,    300,   "V",    "voltage_scale"),   # whole, then 65536ths: 004E 03A6 is 78.01425
    Register(INPUT, 0x0002, U32, 2**16,  20,    300,   "A",    "current_scale"),
    Register(INPUT, 0x0004, U16, 1,      0,     0x9999, "",    "version"),         # BCD: 0012 is 12
    Register(INPUT, 0x0018, S16, PU,     0,     EDGE,  "pu V", "battery_voltage"), # at the sense wires where they are fitted, else at the terminals
    Register(INPUT, 0x0019, S16, PU,     -EDGE, EDGE,  "pu V", "terminal_voltage"),
    Register(INPUT, 0x001A, S16, PU,     -EDGE, EDGE,  "pu V", "sense_voltage"),
    Register(INPUT, 0x001B, S16, PU,     -EDGE, EDGE,  "pu V", "array_voltage"),
    Register(INPUT, 0x001C, S16, PU,     -EDGE, EDGE,  "pu A", "charge_current"),  # capture: FFA8 (-0.21 A) in the dark
    Register(INPUT, 0x001D, S16, PU,     -EDGE, EDGE,  "pu A", "array_current"),   # no precision shunt: +/- 20 % (v10 page 9)
    Register(INPUT, 0x001E, S16, RAIL_12, 10,   15,    "V",    "supply_12v"),
    Register(INPUT, 0x001F, S16, RAIL_3, 2.8,   3.7,   "V",    "supply_3v"),
    Register(INPUT, 0x0021, S16, RAIL_1, 1.6,   2.0,   "V",    "supply_1v8"),
    Register(INPUT, 0x0023, S16, 1,      -60,   125,   "C",    "heatsink_temperature"),
    Register(INPUT, 0x0024, S16, 1,      -45,   90,    "C",    "remote_temperature", NO_SENSOR),
    Register(INPUT, 0x0025, S16, 1,      -45,   90,    "C",    "regulation_temperature"),  # 25 without a sensor: not the battery's
    Register(INPUT, 0x0026, S16, PU,     0,     EDGE,  "pu V", "battery_voltage_1_min"),
    Register(INPUT, 0x0027, S16, PU,     -EDGE, EDGE,  "pu A", "charge_current_1_min"),
    Register(INPUT, 0x002A, U32, 1,      0,     2**24, "h",    "hours"),           # the table has the high word first, the example on page 25 the low [?]
    Register(INPUT, 0x002C, U16, 1,      0,     65535, "",     "faults"),
    Register(INPUT, 0x002E, U32, 1,      0,     2**32, "",     "alarms"),
    Register(INPUT, 0x0032, U16, 1,      0,     9,     "",     "charge_state"),
    Register(INPUT, 0x0033, S16, PU,     0,     EDGE,  "pu V", "target_voltage"),  # 0 at night
    Register(INPUT, 0x0034, U32, 10,     0,     1e7,   "Ah",   "charge_resettable"),
    Register(INPUT, 0x0036, U32, 10,     0,     1e7,   "Ah",   "charge_total"),
    Register(INPUT, 0x0038, U16, 1,      0,     65535, "kWh",  "energy_resettable"),
    Register(INPUT, 0x0039, U16, 1,      0,     65535, "kWh",  "energy_total"),
    Register(INPUT, 0x003A, U16, PU2,    0,     0.5,   "pu W", "output_power"),
    Register(INPUT, 0x003B, U16, PU2,    0,     0.5,   "pu W", "input_power"),
    Register(INPUT, 0x0043, U16, 10,     0,     2000,  "Ah",   "charge_today"),
    Register(INPUT, 0x0044, U16, 1,      0,     65535, "",     "energy_today"),    # in 1 Wh (v10), or in 10 Wh [?]; see yield_today_wh()
)
PU_FINE = 2**16
EEPROM = (  # v10 page 5, 6, 19 to 21; volts are those of a 12 V battery [?]: see find_whole_v
    Register(HOLDING, 0xE000, U16, PU,   0,     EDGE,  "pu V", "absorption_voltage"),  # at 25 C
    Register(HOLDING, 0xE001, U16, PU,   0,     EDGE,  "pu V", "float_voltage"),       # 0: no float
    Register(HOLDING, 0xE007, U16, PU,   0,     EDGE,  "pu V", "equalize_voltage"),    # 0: no equalization
    Register(HOLDING, 0xE00D, U16, PU_FINE, 0,  EDGE,  "pu V", "temperature_compensation"),  # per C, minus implied
    Register(HOLDING, 0xE0CC, U16, 1,    0,     1,     "",     "model"),           # 0 TS-MPPT-45, 1 TS-MPPT-60
)
# fmt: on

# What a fraction may mean after scaling. Low ends leave room for a converter's offset.
BATTERY_V, ARRAY_V = (7.0, 75.0), (-2.0, 160.0)
CHARGE_A, ARRAY_A, POWER_W = (-3.0, 75.0), (-5.0, 90.0), (0.0, 5000.0)
COUNTER_TOLERANCE, COUNTER_SLACK_WH = 0.25, 10.0
STEP_WH = (1, 10)  # both have been stated of 0044


class TristarMppt(ChargerProfile):
    """TS-MPPT-30, 45, 60. Scaling and values come in one reply, so they always belong together."""

    name = "tristar-mppt"
    title = "Morningstar TriStar MPPT (150 V)"
    registers = RAM + EEPROM
    live = (Block(INPUT, 0x0000, 60),)
    slow = (Block(INPUT, 0x0043, 2),)
    settings = (Block(HOLDING, 0xE000, 14),)
    serial = SerialForm(9600, stop_bits=2)
    ids = (2, 3, 4)
    bus_ids = MODBUS_IDS
    timeout_s = 1.0
    gap_s = 0.1
    has_load_output = False
    tested = (
        "values captured from a TS-MPPT-60 at night (its HTTP form gives the reply byte by byte)",
        "values that a TriStar gave by day, turned back into its registers",
        "the two worked scalings of the maker's document",
        "our simulator",
    )
    sources = (
        "TriStar MPPT MODBUS Document v10, Morningstar, 5 Dec 2011",
        "dodo5522/tsmppt60_driver test/test_base_management.py (replies of a TS-MPPT-60)",
        "bicnz/tristar-to-telegraf README.md (values of a TriStar by day)",
        "doubtful: 0044: 1 Wh in v10, 10 Wh in hasnocool/MorningstarModbusAPI after v11",
    )

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        array_v = scale_volts(sample, "array_voltage", ARRAY_V)
        array_a = scale_amperes(sample, "array_current", ARRAY_A)
        battery_v = scale_volts(sample, "battery_voltage", BATTERY_V)
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": check_power_w(scale_watts(sample, "input_power"), array_v, array_a),
                "pv_voltage_v": array_v,
                "battery_voltage_v": battery_v,
                "battery_current_a": scale_amperes(sample, "charge_current", CHARGE_A),
                "battery_temperature_c": sample["remote_temperature"],
                "load_power_w": ABSENT,
                "charge_stage": decode_charge_stage(sample["charge_state"]),
                "yield_today_wh": decode_yield_today_wh(sample, battery_v),
            },
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints:
        """It has no load output, and does not disable charging in frost: E011 and E012 only limit
        the temperature compensation (v10 page 21).
        """
        equalize_v = read_set_v(sample, "equalize_voltage")
        float_v = read_set_v(sample, "float_voltage")
        per_c = read_set_v(sample, "temperature_compensation")
        return SetPoints(
            stamp,
            device=self.name,
            model=self.name,
            absorption_v=read_set_v(sample, "absorption_voltage"),
            float_v=float_v or None,
            floats=None if float_v is None else float_v > 0,
            equalize_v=equalize_v or None,
            equalizes=None if equalize_v is None else equalize_v > 0,
            compensation_v_per_c=None if per_c is None else -per_c,
            raises_lvd=False,
        )

    def recognise(self, data: bytes) -> Identification | None:
        """Scaling, battery and state must fit; its three own supplies make it certain."""
        sample = Sample(self.decode(self.signature, data))
        battery_v = scale_volts(sample, "battery_voltage", BATTERY_V).value
        scale_v, scale_a = sample.value("voltage_scale"), sample.value("current_scale")
        known = (battery_v, scale_v, scale_a, *map(sample.value, ("version", "charge_state")))
        if None in known:
            return None
        rails = [sample.value(name) for name in ("supply_12v", "supply_3v", "supply_1v8")]
        text = (
            f"a TriStar MPPT, version {int(sample.value('version') or 0):X}, scaled by "
            f"{scale_v:.2f} V and {scale_a:.2f} A, with {battery_v:.1f} V at the battery"
        )
        return Identification(text, certain=None not in rails)


MODELS = (TristarMppt(),)


def scale_volts(sample: Sample, name: str, limits: tuple[float, float]) -> Decoded:
    """A fraction of the voltage scaling in V."""
    return check_range(multiply(sample["voltage_scale"], sample[name]), limits)


def scale_amperes(sample: Sample, name: str, limits: tuple[float, float]) -> Decoded:
    """A fraction of the current scaling in A."""
    return check_range(multiply(sample["current_scale"], sample[name]), limits)


def scale_watts(sample: Sample, name: str) -> Decoded:
    """A fraction of both scalings in W."""
    full_w = multiply(sample["voltage_scale"], sample["current_scale"])
    return check_range(multiply(full_w, sample[name]), POWER_W)


def read_set_v(sample: Sample, name: str) -> float | None:
    """A set-point in V of the whole battery."""
    volts = multiply(sample["voltage_scale"], sample[name]).value
    batteries = count_batteries(sample, "absorption_voltage")
    return None if volts is None or batteries is None else round(volts * batteries, 3)


def count_batteries(sample: Sample, name: str) -> int | None:
    """How many times 12 V a set-point of `name` is to be taken, by the battery's voltage."""
    battery_v = scale_volts(sample, "battery_voltage", BATTERY_V).value
    return count_of_12_v(multiply(sample["voltage_scale"], sample[name]).value, battery_v)


def check_range(decoded: Decoded, limits: tuple[float, float]) -> Decoded:
    """The value; IMPLAUSIBLE outside the limits."""
    low, high = limits
    if decoded.value is None or low <= decoded.value <= high:
        return decoded
    return IMPLAUSIBLE


def decode_yield_today_wh(sample: Sample, battery_v: Decoded) -> Decoded:
    """0044, which begins again at night. Its step is the one that agrees with 0043 x voltage."""
    by_charge = multiply(battery_v, sample["charge_today"])
    counted = sample["energy_today"]
    if by_charge.value is None or counted.value is None:
        return counted if counted.value is None else by_charge
    for step_wh in STEP_WH:
        energy_wh = counted.value * step_wh
        allowed_wh = COUNTER_TOLERANCE * by_charge.value + COUNTER_SLACK_WH
        if abs(energy_wh - by_charge.value) <= allowed_wh:
            return scale(counted, step_wh)
    return IMPLAUSIBLE
