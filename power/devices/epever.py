"""EPEver (Epsolar) Tracer AN, BN and XTRA charge controllers: registers and their meaning.

Reads: what power/reading/meter.py polled. Source: "LS-B series protocol v1.1" (the maker's Modbus map) and
captures of a Tracer2215BN and a Tracer 3210A.
Never: uses the controller's state of charge (606 % has been seen), nor its 3201 D1 "fault" bit,
which some units set in normal running.
"""

from appliance.model import ChargeStage, PowerReading, Quality, Stamp
from appliance.model_set_points import SetPoints
from power.devices.epever_set_points import decode_set_points
from power.protocol.conversions import (
    StatusValue,
    build_power_reading,
    check_power_w,
    multiply,
    scale,
    subtract,
)
from power.protocol.line_place import SerialForm
from power.protocol.profile import MODBUS_IDS, Block, ChargerProfile, Identification, Sample
from power.protocol.register import (
    ABSENT,
    HOLDING,
    INPUT,
    S16,
    S32_LOW_FIRST,
    U16,
    U32_LOW_FIRST,
    Decoded,
    Register,
    prefer_known,
)

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
INPUTS = (  # LS-B protocol v1.1, table "A" (rated), "B" (real-time), "C" (statistics)
    #        fc     addr    kind           scale low    high   unit   name
    Register(INPUT, 0x3000, U16,           100,  0,     600,   "V",   "rated_pv_voltage"),
    Register(INPUT, 0x3001, U16,           100,  0,     150,   "A",   "rated_pv_current"),
    Register(INPUT, 0x3002, U32_LOW_FIRST, 100,  0,     20000, "W",   "rated_pv_power"),
    Register(INPUT, 0x3004, U16,           100,  0,     60,    "V",   "rated_battery_voltage"),
    Register(INPUT, 0x3005, U16,           100,  0,     150,   "A",   "rated_charge_current"),
    Register(INPUT, 0x3006, U32_LOW_FIRST, 100,  0,     20000, "W",   "rated_charge_power"),
    Register(INPUT, 0x3008, U16,           1,    0,     2,     "",    "charge_mode"),             # 0 on/off, 1 PWM, 2 MPPT
    Register(INPUT, 0x300E, U16,           100,  0,     150,   "A",   "rated_load_current"),
    Register(INPUT, 0x3100, U16,           100,  0,     600,   "V",   "pv_voltage"),
    Register(INPUT, 0x3101, U16,           100,  0,     150,   "A",   "pv_current"),
    Register(INPUT, 0x3102, U32_LOW_FIRST, 100,  0,     20000, "W",   "pv_power"),
    Register(INPUT, 0x3104, U16,           100,  5,     70,    "V",   "battery_voltage"),         # it runs from 8 V up: less is no battery
    Register(INPUT, 0x3105, U16,           100,  0,     150,   "A",   "charge_current"),          # into battery and load
    Register(INPUT, 0x3106, U32_LOW_FIRST, 100,  0,     20000, "W",   "charge_power"),            # 0 while only discharging
    #               0x3108 to 0x310B: another meaning on each series; not used
    Register(INPUT, 0x310C, U16,           100,  0,     70,    "V",   "load_voltage"),
    Register(INPUT, 0x310D, U16,           100,  0,     150,   "A",   "load_current"),
    Register(INPUT, 0x310E, U32_LOW_FIRST, 100,  0,     20000, "W",   "load_power"),
    Register(INPUT, 0x3110, S16,           100,  -45,   90,    "C",   "battery_temperature"),     # 25.00 without a probe
    Register(INPUT, 0x3111, S16,           100,  -45,   120,   "C",   "controller_temperature"),
    Register(INPUT, 0x3112, S16,           100,  -45,   150,   "C",   "component_temperature"),
    Register(INPUT, 0x311A, U16,           1,    0,     100,   "%",   "state_of_charge"),         # capture: 0x0046 is 70 %; never used
    Register(INPUT, 0x311B, S16,           100,  -45,   90,    "C",   "remote_temperature"),      # 0.00 without a probe
    Register(INPUT, 0x311D, U16,           100,  0,     60,    "V",   "system_voltage"),
    Register(INPUT, 0x3200, U16,           1,    0,     65535, "",    "battery_status"),
    Register(INPUT, 0x3201, U16,           1,    0,     65535, "",    "charger_status"),
    Register(INPUT, 0x3202, U16,           1,    0,     65535, "",    "discharge_status"),
    Register(INPUT, 0x3300, U16,           100,  0,     600,   "V",   "highest_pv_voltage_today"),
    Register(INPUT, 0x3301, U16,           100,  0,     600,   "V",   "lowest_pv_voltage_today"),
    Register(INPUT, 0x3302, U16,           100,  0,     70,    "V",   "highest_battery_voltage_today"),
    Register(INPUT, 0x3303, U16,           100,  0,     70,    "V",   "lowest_battery_voltage_today"),
    Register(INPUT, 0x3304, U32_LOW_FIRST, 100,  0,     500,   "kWh", "consumed_today"),
    Register(INPUT, 0x3306, U32_LOW_FIRST, 100,  0,     2e4,   "kWh", "consumed_month"),
    Register(INPUT, 0x3308, U32_LOW_FIRST, 100,  0,     2e5,   "kWh", "consumed_year"),
    Register(INPUT, 0x330A, U32_LOW_FIRST, 100,  0,     4e6,   "kWh", "consumed_total"),
    Register(INPUT, 0x330C, U32_LOW_FIRST, 100,  0,     500,   "kWh", "generated_today"),         # back to 0 at the controller's midnight
    Register(INPUT, 0x330E, U32_LOW_FIRST, 100,  0,     2e4,   "kWh", "generated_month"),
    Register(INPUT, 0x3310, U32_LOW_FIRST, 100,  0,     2e5,   "kWh", "generated_year"),
    Register(INPUT, 0x3312, U32_LOW_FIRST, 100,  0,     4e6,   "kWh", "generated_total"),
    Register(INPUT, 0x331A, U16,           100,  5,     70,    "V",   "battery_voltage_again"),
    Register(INPUT, 0x331B, S32_LOW_FIRST, 100,  -150,  150,   "A",   "net_battery_current"),     # largest model: 100 A; torn words are 655 A off
    Register(INPUT, 0x331D, S16,           100,  -45,   90,    "C",   "battery_temperature_again"),
    Register(INPUT, 0x331E, S16,           100,  -45,   90,    "C",   "ambient_temperature"),
)
HOLDINGS = (  # LS-B protocol v1.1, table "D" (settings)
    Register(HOLDING, 0x9000, U16,         1,    0,     12,    "",    "battery_type"),            # 0 user, 1 sealed, 2 gel, 3 flooded, 4 to 7 LFP
    Register(HOLDING, 0x9001, U16,         1,    0,     9999,  "Ah",  "battery_capacity"),
    Register(HOLDING, 0x9002, U16,         100,  0,     9,     "mV",  "temperature_compensation"),  # per C and 2 V
    Register(HOLDING, 0x9003, U16,         100,  8,     70,    "V",   "over_voltage_disconnect"),
    Register(HOLDING, 0x9004, U16,         100,  8,     70,    "V",   "charge_limit_voltage"),
    Register(HOLDING, 0x9005, U16,         100,  8,     70,    "V",   "over_voltage_reconnect"),
    Register(HOLDING, 0x9006, U16,         100,  8,     70,    "V",   "equalize_voltage"),
    Register(HOLDING, 0x9007, U16,         100,  8,     70,    "V",   "boost_voltage"),
    Register(HOLDING, 0x9008, U16,         100,  8,     70,    "V",   "float_voltage"),
    Register(HOLDING, 0x9009, U16,         100,  8,     70,    "V",   "boost_reconnect_voltage"),
    Register(HOLDING, 0x900A, U16,         100,  8,     70,    "V",   "low_voltage_reconnect"),
    Register(HOLDING, 0x900B, U16,         100,  8,     70,    "V",   "under_voltage_recover"),
    Register(HOLDING, 0x900C, U16,         100,  8,     70,    "V",   "under_voltage_warning"),
    Register(HOLDING, 0x900D, U16,         100,  8,     70,    "V",   "low_voltage_disconnect"),
    Register(HOLDING, 0x900E, U16,         100,  8,     70,    "V",   "discharge_limit_voltage"),
    Register(HOLDING, 0x9013, U16,         1,    0,     65535, "",    "clock_minute_second"),     # high byte first named
    Register(HOLDING, 0x9014, U16,         1,    0,     65535, "",    "clock_day_hour"),
    Register(HOLDING, 0x9015, U16,         1,    0,     65535, "",    "clock_year_month"),
    Register(HOLDING, 0x9017, S16,         100,  -45,   90,    "C",   "battery_upper_temperature"),
    Register(HOLDING, 0x9018, S16,         100,  -45,   90,    "C",   "battery_lower_temperature"),  # capture: 0xF060 is -40.00
    Register(HOLDING, 0x903D, U16,         1,    0,     3,     "",    "load_mode"),               # 0 manual, 1 light, 2 light and timer, 3 timer
    Register(HOLDING, 0x9067, U16,         1,    0,     4,     "",    "rated_voltage_code"),      # 0 auto, 1 12 V, 2 24 V, 3 36 V, 4 48 V
    Register(HOLDING, 0x906A, U16,         1,    0,     1,     "",    "load_on"),                 # in manual mode
    Register(HOLDING, 0x906B, U16,         1,    0,     180,   "min", "equalize_duration"),
    Register(HOLDING, 0x906C, U16,         1,    10,    180,   "min", "boost_duration"),
    Register(HOLDING, 0x9070, U16,         1,    0,     1,     "",    "management_mode"),         # 0 voltage, 1 state of charge
)
# fmt: on

STAGE_BITS = 0x000C  # 3201 D3-2: 0 none, 1 float, 2 boost, 3 equalize
# 3201 D15-14 = 2 or 3 (PV voltage too high, error), D13 D12 D11 (transistors shorted), D10 (PV
# current too high), D4 (PV shorted). D9 to D7 are faults of the load, not of charging.
INPUT_BITS, CHARGE_FAULT_BITS = 0xC000, 0x3C10
INPUT_BAD = (0x8000, 0xC000)
PROBE_MISSING_C = 25.0  # 3110 without a probe; a fitted one hardly ever reads exactly that
PROVING_W = 10.0  # of sun, for a probe; a P that fits V x I by chance is less
BOOST_REACHED = 0.993  # share of the boost setpoint: 0.1 V below 14.4 V counts as reached


class EpeverTracer(ChargerProfile):
    """Tracer AN, BN, XTRA. 3210A: at most 18 words at 3100, no 331B; the polling plan keeps to that."""

    name = "epever-tracer"
    title = "EPEver (Epsolar) Tracer AN, BN, XTRA"
    registers = INPUTS + HOLDINGS
    live = (
        Block(INPUT, 0x3100, 18),
        Block(INPUT, 0x311B, 1),  # never beside the other one of one word: late replies
        Block(INPUT, 0x330C, 2),
        Block(INPUT, 0x3201, 1),
        Block(INPUT, 0x331B, 3),
    )
    settings = (
        Block(HOLDING, 0x9000, 15),
        Block(HOLDING, 0x9017, 2),
        Block(HOLDING, 0x9067, 1),
        Block(HOLDING, 0x906A, 3),
    )
    serial = SerialForm(115_200)
    other_bauds = (9600, 19_200, 57_600)  # it can be re-set by the maker's program
    bus_ids = MODBUS_IDS
    timeout_s = 0.8  # replies come in two bursts; 200 ms cut 15 % of them short
    gap_s = 0.02  # polled faster, it loses requests
    tested = (
        "frames captured from a Tracer2215BN and a Tracer 3210A",
        "the epevermodbus package on the same frames",
        "our simulator",
    )
    sources = (
        "LS-B series protocol v1.1 (the maker's Modbus map)",
        "kasbert/epsolar-tracer test/testdata.py (capture of a Tracer2215BN)",
        "peterxxl/dbus-epever-tracer epsolar_modbus_protocol_map.md (dump of a Tracer 3210A)",
    )

    def recognise(self, data: bytes) -> Identification | None:
        """18 words at 3100 by function 04 are this family's; certain where sun proves P = V x I."""
        sample = Sample(self.decode(self.signature, data))
        voltage_v, power_w = sample["battery_voltage"], sample["pv_power"]
        checked = check_power_w(power_w, sample["pv_voltage"], sample["pv_current"])
        if voltage_v.value is None or checked.value is None:
            return None
        text = f"battery {voltage_v.value:.2f} V, PV {checked.value:.0f} W"
        return Identification(text, certain=checked.value > PROVING_W)

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": check_power_w(
                    sample["pv_power"], sample["pv_voltage"], sample["pv_current"]
                ),
                "pv_voltage_v": sample["pv_voltage"],
                "battery_voltage_v": sample["battery_voltage"],
                "battery_current_a": prefer_known(
                    sample["net_battery_current"], compute_current_a(sample)
                ),
                "battery_temperature_c": decode_battery_temperature_c(sample),
                "load_power_w": decode_load_power_w(sample),
                "charge_stage": decode_charge_stage(sample),
                "yield_today_wh": scale(sample["generated_today"], 1000),
            },
        )

    def make_set_points(self, stamp: Stamp, sample: Sample) -> SetPoints:
        return decode_set_points(stamp, self.name, sample)


MODELS = (EpeverTracer(),)


def decode_load_power_w(sample: Sample) -> Decoded:
    """310E, or 310C x 310D where that is another: a pair may be torn, single words cannot, and on
    some units 310E is not their product.
    """
    voltage_v, current_a = sample["load_voltage"], sample["load_current"]
    return prefer_known(
        check_power_w(sample["load_power"], voltage_v, current_a), multiply(voltage_v, current_a)
    )


def compute_current_a(sample: Sample) -> Decoded:
    """Net battery current of a unit without 331B: charge minus load, by current, then by power."""
    by_current = subtract(sample["charge_current"], sample["load_current"])
    if by_current.value is not None:
        return by_current
    net_w = subtract(sample["charge_power"], sample["load_power"])
    voltage_v = sample.value("battery_voltage")
    if net_w.value is None or voltage_v is None:
        return ABSENT
    return Decoded(net_w.value / voltage_v, Quality.OK)


def decode_battery_temperature_c(sample: Sample) -> Decoded:
    """3110 or 331D. Exactly 25.00 means that no probe is fitted, unless 311B reads 25.00 too: that
    is 0.00 without one, may be refused, and its reply may be lost.
    """
    temperature_c = sample["battery_temperature"]
    if temperature_c.value is None:
        temperature_c = prefer_known(temperature_c, sample["battery_temperature_again"])
    remote_c = sample.value("remote_temperature")
    if temperature_c.value == PROBE_MISSING_C and remote_c != PROBE_MISSING_C:
        return ABSENT
    return temperature_c


def decode_charge_stage(sample: Sample) -> StatusValue:
    """3201. Boost is BULK until the battery has reached the boost setpoint (9007)."""
    raw, quality, _ = sample["charger_status"]
    if raw is None:
        return StatusValue(None, quality)
    status = int(raw)
    if status & CHARGE_FAULT_BITS or status & INPUT_BITS in INPUT_BAD:
        return StatusValue(ChargeStage.FAULT, Quality.OK)
    stages = {0: ChargeStage.OFF, 4: ChargeStage.FLOAT, 12: ChargeStage.EQUALIZE}
    return StatusValue(stages.get(status & STAGE_BITS, decode_boost_stage(sample)), Quality.OK)


def decode_boost_stage(sample: Sample) -> ChargeStage:
    """Which part of boost it is; BULK where the setpoint or the voltage is unknown."""
    boost_v, battery_v = sample.value("boost_voltage"), sample.value("battery_voltage")
    if boost_v is None or battery_v is None or battery_v < BOOST_REACHED * boost_v:
        return ChargeStage.BULK
    return ChargeStage.ABSORPTION
