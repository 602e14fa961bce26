"""Victron MPPT charge controllers, BMV and SmartShunt battery monitors on VE.Direct.

Reads: what power/reading/meter.py polled. Source: "VE.Direct Protocol" 3.34, "BlueSolar HEX protocol MPPT"
and captures of a BlueSolar 75/15, a SmartSolar (PID A05F) and a BMV-700.
Never: sends anything to a model without `-hex` in its name. Those need firmware 1.53 or newer:
an older one stops its text for seconds whenever it receives HEX.

Label I of an MPPT. With a load output (75/10 to 100/20) it is the current at the battery terminals,
charge less load, negative at night; without one it is the charger's output. Evidence: a capture of
a 100/15 with V 25000, I -40, IL 400, PPV 11: V x (I + IL) = 9 W, V x I = -1 W; the maker's manual of
the 75/10 ("for models with a load output the current on the battery terminals is used"); the
maker's record layout ("also negative current because of a possibly connected load").
"""

from typing import ClassVar

from appliance.model import BatteryReading, ChargeStage, PowerReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from appliance.wording.sentence import say
from power.devices.victron_set_points import decode_set_points
from power.devices.victron_text import (
    MPPT_LABELS,
    SHUNT_LABELS,
    TESTED,
    VeDirectDevice,
    describe_device,
    split_labels,
)
from power.protocol.conversions import (
    EMPTY_CELL_V,
    StatusValue,
    build_battery_reading,
    build_power_reading,
    check_power_w,
    multiply,
    name_set_bits,
    scale,
)
from power.protocol.framing.vedirect import GET
from power.protocol.profile import BatteryProfile, Block, ChargerProfile, Identification, Sample
from power.protocol.register import (
    ABSENT,
    IMPLAUSIBLE,
    S16_LITTLE,
    U8,
    U16_LITTLE,
    Decoded,
    Register,
)

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
REGISTERS = (  # HEX; BlueSolar HEX protocol. 0xFFFF (0x7FFF if signed): not available
    #        fc   addr    kind        scale low high  unit  name
    Register(GET, 0xEDDB, S16_LITTLE, 100,  -45, 150, "C",  "controller_temperature",  (0x7FFF,)),
    Register(GET, 0xEDEC, U16_LITTLE, 100,  -45, 90,  "C",  "battery_temperature",     (0xFFFF,), -273.15),  # in kelvin; capture without a sensor: FFFF
    Register(GET, 0xEDF0, U16_LITTLE, 10,   0,   250, "A",  "highest_charge_current",  (0xFFFF,)),
    Register(GET, 0xEDF7, U16_LITTLE, 100,  8,   70,  "V",  "absorption_voltage",      (0xFFFF,)),
    Register(GET, 0xEDF6, U16_LITTLE, 100,  8,   70,  "V",  "float_voltage",           (0xFFFF,)),
    Register(GET, 0xEDE0, S16_LITTLE, 100,  -50, 50,  "C",  "low_temperature_level",   (0x7FFF,)),
    Register(GET, 0xEDF4, U16_LITTLE, 100,  8,   70,  "V",  "equalize_voltage",        (0xFFFF,)),
    Register(GET, 0xEDFD, U8,         1,    0,   250, "d",  "equalize_interval",       (0xFF,)),    # 0: never by itself
    Register(GET, 0xEDF2, S16_LITTLE, 100,  -300, 0,  "mV", "temperature_compensation", (0x7FFF,)),  # per K, of the whole battery
    Register(GET, 0xEDF1, U8,         1,    0,   255, "",   "battery_type"),                        # 0 no charging, FF user, else a preset
    Register(GET, 0xED2F, U8,         1,    0,   255, "",   "battery_chemistry"),                   # 0 OPzS, 1 gel or AGM, 2 LFP, FF user
    Register(GET, 0xEDEF, U8,         1,    12,  48,  "V",  "system_voltage",          (0, 0xFF)),
    Register(GET, 0xEDAB, U8,         1,    0,   7,   "",   "load_control",            (0xFF,)),    # see victron_set_points.py
    Register(GET, 0xED9C, U16_LITTLE, 100,  5,   70,  "V",  "load_off_below",          (0xFFFF,)),
    Register(GET, 0xED9D, U16_LITTLE, 100,  5,   70,  "V",  "load_on_above",           (0xFFFF,)),
)
# fmt: on

STAGES = {
    0: ChargeStage.OFF,
    1: ChargeStage.OFF,  # low power
    2: ChargeStage.FAULT,
    3: ChargeStage.BULK,
    4: ChargeStage.ABSORPTION,
    5: ChargeStage.FLOAT,
    6: ChargeStage.FLOAT,  # storage: a lower float
    7: ChargeStage.EQUALIZE,
    245: ChargeStage.OFF,  # starting
    246: ChargeStage.ABSORPTION,  # repeated
    247: ChargeStage.EQUALIZE,  # automatic
}
EXTERNAL_CONTROL = 252  # a GX device or BMS controls it; the stage is not reported
ALARMS = {
    0: say("low voltage"),
    1: say("high voltage"),
    2: say("low state of charge"),
    3: say("low starter voltage"),
    4: say("high starter voltage"),
    5: say("low temperature"),
    6: say("high temperature"),
    7: say("mid voltage"),
    8: "overload",
    9: say("DC ripple"),
}
# Of what comes from the panels, the share that comes out at the terminals; and how far the numbers
# may be off by their steps (I and IL in 0.1 A, PPV in W) and by the controller's own need.
LEAST_EFFICIENCY, MOST_EFFICIENCY = 0.75, 1.10
STEP_A, SLACK_W = 0.15, 5.0
SOUND_V = 4 * EMPTY_CELL_V  # of each 12 V of a battery; with more it is not empty
MPPT_PRODUCTS = (range(0x0300, 0x0301), range(0xA040, 0xA080), range(0xA102, 0xA118))
SHUNT_PRODUCTS = (range(0x0203, 0x0206), range(0xA381, 0xA38C), range(0xC030, 0xC033))
MPPT_TESTED = (
    "blocks captured from models with a load output: 75/15, 100/15, SmartSolar (A05F)",
    "the vedirect package on the same bytes",
)
CAPTURES = (
    "karioja/vedirect test/bluesolar_1.23.dump, smartsolar_1.39.dump, bvm702.dump (captures)",
    "hoylabs/OpenDTU-OnBattery, bug reports (captured HEX lines)",
)


class VictronMppt(VeDirectDevice, ChargerProfile):
    """BlueSolar and SmartSolar MPPT without a load output (from 100/30 on)."""

    name = "victron-mppt"
    title = "Victron BlueSolar, SmartSolar MPPT (without load output)"
    labels = MPPT_LABELS
    has_load_output = False
    tested: ClassVar[tuple[str, ...]] = (*MPPT_TESTED, *TESTED)
    sources = (
        "VE.Direct Protocol 3.34 (the maker's list of labels)",
        "manual of the MPPT 75/10 (at which terminals the current is measured)",
        *CAPTURES,
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
                "battery_temperature_c": sample["battery_temperature"],
                "load_power_w": multiply(sample["battery_voltage"], sample["load_current"]),
                "charge_stage": decode_charge_stage(sample),
                "yield_today_wh": scale(sample["generated_today"], 1000),
            },
        )

    def decode_battery_current_a(self, sample: Sample) -> Decoded:
        """Without label IL the controller has no load output and does not measure the loads."""
        if self.has_load_output and sample["load_current"].quality is Quality.ABSENT:
            return ABSENT
        return sample["battery_current"]

    def recognise(self, data: bytes) -> Identification | None:
        words = split_labels(data)
        there = {"VPV", "PPV", "CS"} <= words.keys()
        if not there or ("IL" in words) is not self.has_load_output:
            return None
        return describe_device("MPPT", words, MPPT_PRODUCTS)


class VictronMpptLoad(VictronMppt):
    """BlueSolar and SmartSolar MPPT with a load output (75/10 to 100/20)."""

    name = "victron-mppt-load"
    title = "Victron BlueSolar, SmartSolar MPPT with load output"
    has_load_output = True


class WithHex(VeDirectDevice):
    """The same with HEX: the temperature that a battery sense reports, and a few settings."""

    registers = REGISTERS
    slow = (*VeDirectDevice.slow, Block(GET, 0xEDEC, 1))
    settings: ClassVar[tuple[Block, ...]] = tuple(
        Block(GET, address, 1)
        for address in (0xEDF7, 0xEDF6, 0xEDE0, 0xEDF4, 0xEDFD, 0xEDF2, 0xEDF1, 0xED2F, 0xEDEF)
    )
    tested: ClassVar[tuple[str, ...]] = (*MPPT_TESTED, "captured HEX lines of other MPPTs", *TESTED)

    def recognise(self, data: bytes) -> Identification | None:  # noqa: ARG002
        """None: a probe proposes the model that sends nothing; a person may choose this one."""
        return None

    def identify(self, data: bytes) -> Identification | None:
        return super().recognise(data)

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints:
        return decode_set_points(stamp, self.name, sample)


class VictronMpptHex(WithHex, VictronMppt):
    """As `victron-mppt`, with HEX."""

    name = "victron-mppt-hex"
    title = "Victron MPPT (without load output), firmware 1.53 or newer, also by HEX"


class VictronMpptLoadHex(WithHex, VictronMpptLoad):
    """As `victron-mppt-load`, with HEX."""

    name = "victron-mppt-load-hex"
    title = "Victron MPPT with load output, firmware 1.53 or newer, also by HEX"
    settings = (
        *WithHex.settings,
        *(Block(GET, address, 1) for address in (0xEDAB, 0xED9C, 0xED9D)),
    )


class VictronShunt(VeDirectDevice, BatteryProfile):
    """BMV-700 series and SmartShunt. They send two blocks each second, one with the history."""

    name = "victron-shunt"
    title = "Victron BMV-700 series, SmartShunt"
    labels = SHUNT_LABELS
    tested: ClassVar[tuple[str, ...]] = (
        "two blocks captured from a BMV-700; none from a SmartShunt",
        *TESTED,
    )
    sources = ("VE.Direct Protocol 3.34 (the maker's list of labels)", *CAPTURES)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": sample["voltage"],
                "current_a": check_current_a(sample),
                "state_of_charge_pct": check_charge_pct(sample),
                "cycles": sample["cycles"],
                "lowest_temperature_c": sample["temperature"],
                "highest_temperature_c": sample["temperature"],
                "alarms": name_set_bits(sample["alarm_reason"], ALARMS),
            },
        )

    def recognise(self, data: bytes) -> Identification | None:
        words = split_labels(data)
        if "VPV" in words or not {"V", "I", "CE", "SOC"} <= words.keys():
            return None
        return describe_device("battery monitor", words, SHUNT_PRODUCTS)


MODELS = (
    VictronMppt(),
    VictronMpptLoad(),
    VictronMpptHex(),
    VictronMpptLoadHex(),
    VictronShunt(),
)


def check_pv_power_w(sample: Sample) -> Decoded:
    """PPV; IMPLAUSIBLE unless the battery and load terminals give about as much."""
    power_w, load_a = sample["pv_power"], sample["load_current"]
    voltage_v, current_a = sample.value("battery_voltage"), sample.value("battery_current")
    unclear = load_a.value is None and load_a.quality is not Quality.ABSENT
    if power_w.value is None or voltage_v is None or current_a is None or unclear:
        return power_w
    out_w = voltage_v * (current_a + (load_a.value or 0.0))
    slack_w = SLACK_W + STEP_A * voltage_v
    least_w = LEAST_EFFICIENCY * power_w.value - slack_w
    most_w = MOST_EFFICIENCY * power_w.value + slack_w
    return power_w if least_w <= out_w <= most_w else IMPLAUSIBLE


def decode_charge_stage(sample: Sample) -> StatusValue:
    """CS; an error that stops the charge is a FAULT, one that does not is none."""
    state, quality, _ = sample["charge_state"]
    if state is None:
        return StatusValue(None, quality)
    if state == EXTERNAL_CONTROL:
        return StatusValue(None, Quality.ABSENT)
    stage = STAGES.get(int(state))
    if stage is ChargeStage.OFF and sample.value("error"):
        stage = ChargeStage.FAULT
    return StatusValue(stage, Quality.OK if stage else Quality.IMPLAUSIBLE)


def check_current_a(sample: Sample) -> Decoded:
    """I; IMPLAUSIBLE unless P agrees; ABSENT where the shunt is set up to measure something else."""
    if sample.value("monitor_mode"):
        return ABSENT
    agrees = check_power_w(sample["power"], sample["voltage"], sample["current"])
    contradicted = sample.value("power") is not None and agrees.value is None
    return IMPLAUSIBLE if contradicted else sample["current"]


def check_charge_pct(sample: Sample) -> Decoded:
    """SOC; ABSENT where it is not a battery's; IMPLAUSIBLE at 0 % while the voltage is far above empty."""
    charge_pct, voltage_v = sample["state_of_charge"], sample.value("voltage")
    if sample.value("monitor_mode"):
        return ABSENT
    if charge_pct.value == 0 and voltage_v is not None and is_not_empty(voltage_v):
        return IMPLAUSIBLE
    return charge_pct


def is_not_empty(voltage_v: float) -> bool:
    """Whether a battery of 12, 24 or 48 V with that voltage cannot be empty."""
    batteries = next(count for count, above_v in ((4, 33), (2, 17), (1, 0)) if voltage_v > above_v)
    return voltage_v / batteries >= SOUND_V
