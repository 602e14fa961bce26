"""Renogy Rover, Wanderer and Adventurer charge controllers (made by SRNE): registers and meaning.

Reads: what power/reading/meter.py polled. Source: "ROVER MODBUS", the maker's map; its example frames.
Never: uses the controller's state of charge, or subtracts a load output that is not there.
"""

# A warning for changes to this file: on all Renogy devices function 0x78 restores the factory
# settings and 0x79 clears the history. Only function 03, which reads, may occur here.

from appliance.model import ChargeStage, PowerReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from power.devices.renogy_set_points import decode_set_points
from power.protocol.conversions import (
    StatusValue,
    build_power_reading,
    check_power_w,
    multiply,
    subtract,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import MODBUS_IDS, Block, ChargerProfile, Identification, Sample
from power.protocol.register import (
    ABSENT,
    HOLDING,
    IMPLAUSIBLE,
    SIGN_AND_7,
    U8,
    U16,
    U32,
    Decoded,
    Register,
    prefer_known,
)

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
HOLDINGS = (  # "ROVER MODBUS", table 3.2; all by function 03, 32 bits with the high word first
    #        fc       addr    kind        scale low    high   unit   name
    Register(HOLDING, 0x000A, U8,         1,    12,    96,    "V",   "highest_system_voltage", absent=(0xFF,)),  # 255 is "by itself"
    Register(HOLDING, 0x000A, U8,         1,    1,     150,   "A",   "rated_charge_current", byte=1),
    Register(HOLDING, 0x000B, U8,         1,    0,     150,   "A",   "rated_load_current"),
    Register(HOLDING, 0x000B, U8,         1,    0,     1,     "",    "product_type", byte=1),    # 0 controller, 1 inverter
    #                 0x000C to 0x0013: the model, 16 letters, padded with spaces
    Register(HOLDING, 0x0018, U32,        1,    0,     2**32, "",    "serial_number"),
    Register(HOLDING, 0x001A, U8,         1,    1,     255,   "",    "modbus_id", byte=1),
    Register(HOLDING, 0x0100, U16,        1,    0,     100,   "%",   "state_of_charge"),          # from voltage; never used
    Register(HOLDING, 0x0101, U16,        10,   5,     70,    "V",   "battery_voltage"),          # it runs from 8 V up: less is no battery
    Register(HOLDING, 0x0102, U16,        100,  0,     150,   "A",   "charge_current"),           # into battery and load
    Register(HOLDING, 0x0103, SIGN_AND_7, 1,    -45,   120,   "C",   "controller_temperature"),   # 0x85 is -5, not -123
    Register(HOLDING, 0x0103, SIGN_AND_7, 1,    -45,   90,    "C",   "battery_temperature", byte=1),  # 25 without a probe [?]
    Register(HOLDING, 0x0104, U16,        10,   0,     70,    "V",   "load_voltage"),             # 0 where the output is off or missing
    Register(HOLDING, 0x0105, U16,        100,  0,     100,   "A",   "load_current"),
    Register(HOLDING, 0x0106, U16,        1,    0,     5000,  "W",   "load_power"),
    Register(HOLDING, 0x0107, U16,        10,   0,     200,   "V",   "pv_voltage"),               # largest model: 150 V
    Register(HOLDING, 0x0108, U16,        100,  0,     150,   "A",   "pv_current"),               # three times too much on some units
    Register(HOLDING, 0x0109, U16,        1,    0,     7000,  "W",   "pv_power"),
    Register(HOLDING, 0x010A, U16,        1,    0,     1,     "",    "load_switch"),
    Register(HOLDING, 0x010B, U16,        10,   0,     70,    "V",   "lowest_battery_voltage_today"),
    Register(HOLDING, 0x010C, U16,        10,   0,     70,    "V",   "highest_battery_voltage_today"),
    Register(HOLDING, 0x010D, U16,        100,  0,     150,   "A",   "highest_charge_current_today"),
    Register(HOLDING, 0x010E, U16,        100,  0,     150,   "A",   "highest_load_current_today"),
    Register(HOLDING, 0x010F, U16,        1,    0,     7000,  "W",   "highest_charge_power_today"),
    Register(HOLDING, 0x0110, U16,        1,    0,     7000,  "W",   "highest_load_power_today"),
    Register(HOLDING, 0x0111, U16,        1,    0,     3000,  "Ah",  "charged_today"),
    Register(HOLDING, 0x0112, U16,        1,    0,     3000,  "Ah",  "discharged_today"),
    Register(HOLDING, 0x0113, U16,        1,    0,     65535, "Wh",  "generated_today"),          # Wh [?]: see checked_yield_wh
    Register(HOLDING, 0x0114, U16,        1,    0,     65535, "Wh",  "consumed_today"),
    Register(HOLDING, 0x0115, U16,        1,    0,     65535, "d",   "days"),
    Register(HOLDING, 0x0116, U16,        1,    0,     65535, "",    "over_discharges"),
    Register(HOLDING, 0x0117, U16,        1,    0,     65535, "",    "full_charges"),
    Register(HOLDING, 0x0118, U32,        1,    0,     1e8,   "Ah",  "charged_total"),
    Register(HOLDING, 0x011A, U32,        1,    0,     1e8,   "Ah",  "discharged_total"),
    Register(HOLDING, 0x011C, U32,        1,    0,     4e9,   "Wh",  "generated_total"),          # Wh [?]
    Register(HOLDING, 0x011E, U32,        1,    0,     4e9,   "Wh",  "consumed_total"),
    Register(HOLDING, 0x0120, U8,         1,    0,     255,   "",    "load_status"),              # b7 on, b6-0 brightness in %
    Register(HOLDING, 0x0120, U8,         1,    0,     6,     "",    "charge_state", byte=1),
    Register(HOLDING, 0x0121, U16,        1,    0,     65535, "",    "faults"),                   # b31-16 of 32 bits; b15-0 at 0122 mean nothing here
    #                 0xE001 on: settings; volts on the 12 V base, to be multiplied by system voltage / 12
    Register(HOLDING, 0xE002, U16,        1,    0,     9999,  "Ah",  "battery_capacity"),
    Register(HOLDING, 0xE003, U8,         1,    12,    96,    "V",   "system_voltage_setting", absent=(0xFF,)),
    Register(HOLDING, 0xE003, U8,         1,    12,    96,    "V",   "system_voltage", byte=1),   # the one it found
    Register(HOLDING, 0xE004, U16,        1,    0,     5,     "",    "battery_type"),             # 1 open, 2 sealed, 3 gel, 4 lithium, 5 custom
    Register(HOLDING, 0xE005, U16,        10,   7,     17.5,  "V/12", "over_voltage_disconnect"),
    Register(HOLDING, 0xE006, U16,        10,   7,     17.5,  "V/12", "charge_limit_voltage"),
    Register(HOLDING, 0xE007, U16,        10,   7,     17.5,  "V/12", "equalize_voltage"),
    Register(HOLDING, 0xE008, U16,        10,   7,     17.5,  "V/12", "boost_voltage"),           # lithium: over-charge voltage
    Register(HOLDING, 0xE009, U16,        10,   7,     17.5,  "V/12", "float_voltage"),           # lithium: over-charge recover
    Register(HOLDING, 0xE00A, U16,        10,   7,     17.5,  "V/12", "boost_reconnect_voltage"),
    Register(HOLDING, 0xE00B, U16,        10,   7,     17.5,  "V/12", "low_voltage_reconnect"),
    Register(HOLDING, 0xE00C, U16,        10,   7,     17.5,  "V/12", "under_voltage_warning"),
    Register(HOLDING, 0xE00D, U16,        10,   7,     17.5,  "V/12", "low_voltage_disconnect"),
    Register(HOLDING, 0xE00E, U16,        10,   7,     17.5,  "V/12", "discharge_limit_voltage"),
    Register(HOLDING, 0xE012, U16,        1,    0,     180,   "min", "boost_duration"),
    Register(HOLDING, 0xE013, U16,        1,    0,     255,   "d",   "equalize_interval"),        # 0: never
    Register(HOLDING, 0xE014, U16,        1,    0,     9,     "mV",  "temperature_compensation"),  # per C and 2 V
    Register(HOLDING, 0xE01D, U16,        1,    0,     17,    "",    "load_mode"),                # 15 manual, 17 always on
    Register(HOLDING, 0xE021, U8,         1,    0,     255,   "",    "special_functions", byte=1),  # b2: no charging below 0 C
    #                 0xE022 on: refused by a Rover Elite; not used
)
# fmt: on

MODEL = Block(HOLDING, 0x000C, 8)
SERIAL_NUMBER = Block(HOLDING, 0x0018, 2)
NO_SERIAL_NUMBERS = (0, 0xFFFFFFFF)
STAGES = {
    0: ChargeStage.OFF,
    1: ChargeStage.BULK,  # "activated": charging, stage not reported [?]
    2: ChargeStage.BULK,  # tracking the maximum power point
    3: ChargeStage.EQUALIZE,
    4: ChargeStage.ABSORPTION,  # "boost"
    5: ChargeStage.FLOAT,
    6: ChargeStage.BULK,  # at the current limit
}
# 0121: b21 controller too hot (it stops at 80 C), b24 PV shorted, b25 and b27 PV voltage too high,
# b26 counter-current, b28 PV reversed, b29 and b30 transistors shorted. Not b17 and b18: the table
# and the worked example of the document swap them. b23 (PV over-power) only limits. The others are
# of the load or of an empty battery.
CHARGE_FAULT_BITS = sum(1 << (bit - 16) for bit in (21, 24, 25, 26, 27, 28, 29, 30))
LIVE_OUTPUT_V = 5.0  # a load output that is on has battery voltage
PROBE_MISSING_C = 25.0
# Ah times volts is Wh but for conversion loss and a battery voltage that moved over the day.
YIELD_RATIO = (0.5, 2.0)
OURS = ("RNG-CTRL-", "RCC")  # e.g. RNG-CTRL-RVR40, RNG-CTRL-WND30, RCC20RVRE
# Renogy's DC-DC chargers, batteries and inverters: at 0104 the first have the alternator, no load.
NOT_OURS = ("RBC", "DCC", "RBT", "RIV", "RSHST")


class RenogyRover(ChargerProfile):
    """With the unit's loads on its load output. 0.1 V steps: 0.025 V per cell of a 12 V LFP."""

    name = "renogy-rover"
    title = "Renogy Rover, Wanderer, Adventurer with load output (SRNE)"
    registers = HOLDINGS
    live = (Block(HOLDING, 0x0101, 9), Block(HOLDING, 0x0120, 2))
    slow = (Block(HOLDING, 0x0111, 3),)
    settings = (Block(HOLDING, 0xE002, 19), Block(HOLDING, 0xE021, 1))
    serial_number = SERIAL_NUMBER
    serial = SerialForm(9600)
    bus_ids = MODBUS_IDS
    ids = (
        0xFF,
        16,
        17,
        18,
        96,
        97,
    )  # alone on its line (Wanderer 10 A: delivered so), behind a hub
    timeout_s = 1.0
    gap_s = 0.1  # the document asks for 10 ms; some lose a request that comes at once
    least_interval_s = (
        10.0  # a Rover 40A that was asked for everything every 3 s froze until power-cycled
    )
    tested = (
        "the example frames of the maker's document, its broken ones as damage",
        "a frame captured through a BT-2",
        "the renogymodbus package on the same registers",
        "our simulator",
    )
    sources = (
        "ROVER MODBUS (Renogy's map; sdellysse/renogy-modbus-research)",
        "cyrils/renogy-bt README.md and issues 30, 64 (readings of three real units: 0113 is Wh)",
        "neilsheps/Renogy-BT2-Reader (captured frame, id 255)",
        "rosswarren/renogymodbus issue 3 (freezes), wildmountainfarms/solarthing issues 16, 71",
        "doubtful: unit of 0113 and 011C; state 1 of 0120; 25 C as 'no probe'",
    )

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": check_pv_power_w(sample),
                "pv_voltage_v": sample["pv_voltage"],
                "battery_voltage_v": sample["battery_voltage"],
                "battery_current_a": self.decode_battery_current_a(sample),
                "battery_temperature_c": decode_battery_temperature_c(sample),
                "load_power_w": self.decode_load_power_w(sample),
                "charge_stage": decode_charge_stage(sample),
                "yield_today_wh": check_yield_wh(sample),
            },
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints:
        return decode_set_points(stamp, self.name, sample)

    def decode_battery_current_a(self, sample: Sample) -> Decoded:
        """Charge less load. Unknown without a live output: the loads must be wired elsewhere then."""
        return find_dead_output(sample) or subtract(
            sample["charge_current"], sample["load_current"]
        )

    def decode_load_power_w(self, sample: Sample) -> Decoded:
        """V x I, finer than 0106 with its whole watts, but only if that agrees."""
        volts, amperes = sample["load_voltage"], sample["load_current"]
        checked = check_power_w(sample["load_power"], volts, amperes)
        return find_dead_output(sample) or (
            checked if checked.value is None else multiply(volts, amperes)
        )

    @property
    def signature(self) -> Block:
        return MODEL

    def recognise(self, data: bytes) -> Identification | None:
        name = decode_name(data)
        if name is None or name.startswith(NOT_OURS):
            return None
        if name.startswith(OURS):
            hint = "where it has no load output, take renogy-rover-no-load"
            return Identification(f"names itself {name}; {hint}", certain=True)
        if not (any(map(str.isdigit, name)) and any(map(str.isalpha, name))):
            return None
        return Identification(
            f"names itself {name}; SRNE sells these under many names", certain=False
        )

    def find_serial_number(self, data: bytes) -> str | None:
        number = int.from_bytes(data, "big")
        return f"{number:08X}" if len(data) == 4 and number not in NO_SERIAL_NUMBERS else None

    def find_other_name(self, data: bytes) -> str | None:
        name = decode_name(data)
        return name if name and name.startswith(NOT_OURS) else None


class RenogyRoverNoLoad(RenogyRover):
    """Without a load output (60 A and more, Rover Elite), or with nothing of ours on it."""

    name = "renogy-rover-no-load"
    title = "Renogy Rover, Wanderer, Adventurer without load output (SRNE)"
    has_load_output = False

    def decode_battery_current_a(self, sample: Sample) -> Decoded:
        """Charge, less what a load output draws if there is one and it is on."""
        dead = find_dead_output(sample)
        if dead is not None and dead.quality is Quality.ABSENT:
            return sample["charge_current"]
        return super().decode_battery_current_a(sample)

    def recognise(self, data: bytes) -> Identification | None:  # noqa: ARG002
        """Its name does not show whether it has an output: the other model is proposed for both."""
        return None

    def identify(self, data: bytes) -> Identification | None:
        return super().recognise(data)


MODELS = (RenogyRover(), RenogyRoverNoLoad())


def find_dead_output(sample: Sample) -> Decoded | None:
    """None where the load output has voltage; else the quality that its values get."""
    load_v = sample["load_voltage"]
    if load_v.value is None:
        return load_v
    return None if load_v.value >= LIVE_OUTPUT_V else ABSENT


def check_pv_power_w(sample: Sample) -> Decoded:
    """0109, if it agrees with the panel's V x A, or with the battery's: on some units the panel's
    amperes are three times too many.
    """
    power_w = sample["pv_power"]
    by_panel = check_power_w(power_w, sample["pv_voltage"], sample["pv_current"])
    by_battery = check_power_w(power_w, sample["battery_voltage"], sample["charge_current"])
    return prefer_known(by_panel, by_battery)


def decode_battery_temperature_c(sample: Sample) -> Decoded:
    """0103, low byte. A probe that is missing reads 25 [?]; nothing depends on a real 25 C."""
    temperature_c = sample["battery_temperature"]
    return ABSENT if temperature_c.value == PROBE_MISSING_C else temperature_c


def decode_charge_stage(sample: Sample) -> StatusValue:
    """0120, low byte, unless 0121 names a fault of charging."""
    state = sample["charge_state"]
    if int(sample.value("faults") or 0) & CHARGE_FAULT_BITS:
        return StatusValue(ChargeStage.FAULT, Quality.OK)
    if state.value is None:
        return StatusValue(None, state.quality)
    return StatusValue(STAGES[int(state.value)], Quality.OK)


def check_yield_wh(sample: Sample) -> Decoded:
    """0113 in Wh; IMPLAUSIBLE unless the day's ampere-hours (0111) agree.

    The document calls it kWh/10000; its own example and three real units have Wh (797 Wh with 59 Ah
    in a 12 V battery). A unit that counts in another unit is detected here.
    """
    yield_wh = sample["generated_today"]
    by_charge_wh = multiply(sample["charged_today"], sample["battery_voltage"])
    if yield_wh.value is None or by_charge_wh.value is None:
        return yield_wh if yield_wh.value is None else by_charge_wh
    one_ah_wh = sample.value("battery_voltage") or 0.0  # it counts whole Ah
    low_wh = YIELD_RATIO[0] * by_charge_wh.value
    high_wh = YIELD_RATIO[1] * (by_charge_wh.value + one_ah_wh)
    return yield_wh if low_wh <= yield_wh.value <= high_wh else IMPLAUSIBLE


def decode_name(data: bytes) -> str | None:
    """The padded name in a reply; None where it is not text."""
    text = data.decode("latin-1").strip(" \0")
    return text if text and text.isascii() and text.isprintable() else None
