"""Victron GX (Cerbo, Venus OS) over Modbus TCP: the system, its solar chargers, its batteries.

Reads: what power/reading/meter.py polled. Source: attributes.csv of victronenergy/dbus_modbustcp 24c50db.
Never: takes the 0 that a GX sends for a value it does not have for a measured 0.
"""

from appliance.model import BatteryReading, PowerReading, Quality, Stamp
from power.devices.victron_gx_values import (
    EXTERNAL,
    STAGES,
    check_charger_pv_power_w,
    check_current_a,
    check_state_of_charge_pct,
    check_system_current_a,
    check_system_pv_power_w,
    decode_allowed,
    decode_charge_stage,
    name_alarms,
    require_device,
    select_temperatures_c,
)
from power.protocol.conversions import build_battery_reading, build_power_reading, scale
from power.protocol.line_place import SerialForm
from power.protocol.profile import BatteryProfile, Block, ChargerProfile, Identification, Sample
from power.protocol.register import ABSENT, INPUT, S16, U16, Register

# ruff: noqa: E501  (columns are easier to read than short lines)
# fmt: off
SYSTEM = (  # com.victronenergy.system, unit id 100
    #        fc     addr  kind scale low    high   unit  name
    Register(INPUT, 840,  U16, 10,   5,     120,   "V",  "battery_voltage", absent=(0,)),
    Register(INPUT, 841,  S16, 10,   -1000, 1000,  "A",  "battery_current"),          # net: + is into the battery
    Register(INPUT, 842,  S16, 1,    -30e3, 30e3,  "W",  "battery_power"),
    Register(INPUT, 843,  U16, 1,    0,     100,   "%",  "state_of_charge"),
    Register(INPUT, 844,  U16, 1,    0,     2,     "",   "battery_state"),            # 0 idle, 1 charging, 2 discharging
    Register(INPUT, 850,  S16, 1,    -100,  30e3,  "W",  "pv_power"),                 # at the chargers' battery side: V x I; see system_pv_power_w()
    Register(INPUT, 851,  S16, 10,   -5,    1000,  "A",  "pv_current"),               # the same
    Register(INPUT, 855,  U16, 1,    0,     30e3,  "W",  "charger_power"),            # from the grid
    Register(INPUT, 860,  S16, 1,    0,     30e3,  "W",  "dc_power", absent=(0,)),    # all DC loads; 0: "has DC system" is off
    Register(INPUT, 866,  S16, 1,    -30e3, 30e3,  "W",  "vebus_power"),              # + is into the battery
)
CHARGER = (  # com.victronenergy.solarcharger
    Register(INPUT, 771,  U16, 100,  5,     70,    "V",  "battery_voltage", absent=(0,)),
    Register(INPUT, 772,  S16, 10,   -100,  500,   "A",  "charge_current"),
    Register(INPUT, 773,  S16, 10,   -45,   90,    "C",  "battery_temperature", absent=(0,)),
    Register(INPUT, 775,  U16, 1,    0,     252,   "",   "state"),
    Register(INPUT, 776,  U16, 100,  0,     500,   "V",  "pv_voltage", absent=(0,)),  # 0 too with several trackers
    Register(INPUT, 777,  U16, 10,   0,     200,   "A",  "pv_current", absent=(0x7FFF, 0x8000, 0xFFFF)),  # 789 / 776: by 0 V with several trackers
    Register(INPUT, 784,  U16, 10,   0,     300,   "kWh", "generated_today"),
    Register(INPUT, 788,  U16, 1,    0,     255,   "",   "error"),
    Register(INPUT, 789,  U16, 10,   0,     6500,  "W",  "pv_power"),
    Register(INPUT, 791,  U16, 1,    0,     2,     "",   "tracker_mode", absent=(255,)),  # 0 off, 1 limited, 2 tracking
)
BATTERY = (  # com.victronenergy.battery: a BMS on CAN, or a BMV or SmartShunt
    Register(INPUT, 258,  S16, 1,    -30e3, 30e3,  "W",  "power"),
    Register(INPUT, 259,  U16, 100,  5,     120,   "V",  "voltage", absent=(0,)),
    Register(INPUT, 261,  S16, 10,   -1000, 1000,  "A",  "current"),
    Register(INPUT, 262,  S16, 10,   -45,   90,    "C",  "temperature"),
    Register(INPUT, 265,  U16, -10,  -6554, 0,     "Ah", "consumed"),                 # negative scale: 200 is -20.0
    Register(INPUT, 266,  U16, 10,   0,     100,   "%",  "state_of_charge"),
    Register(INPUT, 267,  U16, 1,    0,     2,     "",   "alarm"),                    # alarms: 0 none, 1 warning, 2 alarm
    Register(INPUT, 268,  U16, 1,    0,     2,     "",   "low_voltage"),
    Register(INPUT, 269,  U16, 1,    0,     2,     "",   "high_voltage"),
    Register(INPUT, 272,  U16, 1,    0,     2,     "",   "low_charge"),
    Register(INPUT, 273,  U16, 1,    0,     2,     "",   "low_temperature"),
    Register(INPUT, 274,  U16, 1,    0,     2,     "",   "high_temperature"),
    Register(INPUT, 278,  U16, 1,    0,     2,     "",   "fuse_blown"),
    Register(INPUT, 279,  U16, 1,    0,     2,     "",   "high_internal_temperature"),
    Register(INPUT, 284,  U16, 1,    0,     20000, "",   "cycles", absent=(0,)),
    Register(INPUT, 318,  S16, 10,   -45,   90,    "C",  "lowest_cell_temperature"),
    Register(INPUT, 319,  S16, 10,   -45,   90,    "C",  "highest_cell_temperature"),
    Register(INPUT, 320,  U16, 1,    0,     2,     "",   "high_charge_current"),
    Register(INPUT, 321,  U16, 1,    0,     2,     "",   "high_discharge_current"),
    Register(INPUT, 322,  U16, 1,    0,     2,     "",   "cell_imbalance"),
    Register(INPUT, 323,  U16, 1,    0,     2,     "",   "internal_failure"),
    Register(INPUT, 324,  U16, 1,    0,     2,     "",   "high_charge_temperature"),
    Register(INPUT, 325,  U16, 1,    0,     2,     "",   "low_charge_temperature"),
    Register(INPUT, 326,  U16, 1,    0,     2,     "",   "low_cell_voltage"),
    Register(INPUT, 327,  U16, 1,    0,     2,     "",   "bms_cable"),
    Register(INPUT, 328,  U16, 1,    0,     2,     "",   "contactor"),
    Register(INPUT, 329,  U16, 1,    0,     2,     "",   "high_current"),
    Register(INPUT, 1290, U16, 100,  1,     5,     "V",  "lowest_cell_voltage", absent=(0,)),
    Register(INPUT, 1291, U16, 100,  1,     5,     "V",  "highest_cell_voltage", absent=(0,)),
    Register(INPUT, 1297, U16, 1,    0,     1,     "",   "charge_allowed"),
    Register(INPUT, 1298, U16, 1,    0,     1,     "",   "discharge_allowed"),
    # 309 is not used: some drivers put the remaining charge there, others the whole [?]
)
# fmt: on
SERVICES = (
    247,
    246,
    245,
    244,
    243,
    242,
    239,
    238,
    237,
    236,
    235,
    234,
    233,
    232,
    231,
    230,
    229,
    228,
    227,
    226,
    225,
    224,
    223,
)  # fmt: skip
SERIAL_WORDS, RESERVED = 6, b"\xff\xff\xff\xff"
HEX_DIGITS = frozenset(b"0123456789abcdef")
FORM = SerialForm(115_200)  # never used
SOURCES = (
    "victronenergy/dbus_modbustcp 24c50db attributes.csv and C++ source (absent 0, reserved FFFF)",
    "sfstar/hass-victron issue 130 (a BMS without SOC reads 0)",
    "victronenergy/venus issue 1668 (SOC falls from 99 to 11 with 1 Ah drawn)",
)
TESTED = ("our simulator, also over a TCP port",)


class GxSystem(ChargerProfile):
    """The GX's own sum over all its devices. With a battery monitor its battery current is net of
    every load; without one it is unknown here.
    """

    name = "victron-gx-system"
    title = "Victron GX (Cerbo, Venus OS), whole system"
    registers = SYSTEM
    live = (Block(INPUT, 840, 27),)
    serial = FORM
    tcp_only = True
    device_id = 100
    includes = ("victron-gx-solarcharger",)
    timeout_s = 1.0
    gap_s = 0.0
    has_load_output = True
    tested = TESTED
    sources = (
        *SOURCES,
        "victronenergy/dbus-systemcalc-py (850, and 841 without a battery monitor: the chargers')",
    )

    @property
    def signature(self) -> Block:
        """800: the portal id, which is the MAC address of the GX."""
        return Block(INPUT, 800, SERIAL_WORDS)

    def recognise(self, data: bytes) -> Identification | None:
        if len(data) != 2 * SERIAL_WORDS or not HEX_DIGITS.issuperset(data):
            return None
        return Identification(f"Victron GX, portal id {data.decode('ascii')}", certain=True)

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        voltage_v = sample["battery_voltage"]
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": check_system_pv_power_w(sample),
                "pv_voltage_v": ABSENT,
                "battery_voltage_v": voltage_v,
                "battery_current_a": check_system_current_a(sample),
                "battery_temperature_c": ABSENT,
                "load_power_w": sample["dc_power"],
                "charge_stage": ABSENT,
                "yield_today_wh": ABSENT,
            },
        )


class GxSolarcharger(ChargerProfile):
    """One MPPT behind a GX, at the unit id of its service. Its load output is not in Modbus."""

    name = "victron-gx-solarcharger"
    title = "Victron MPPT behind a GX"
    registers = CHARGER
    live = (Block(INPUT, 771, 19), Block(INPUT, 791, 1))  # 791: newer firmware
    serial = FORM
    tcp_only = True
    device_id = 247
    ids = tuple(one for one in SERVICES if one != 247)
    timeout_s = 1.0
    gap_s = 0.0
    has_load_output = False
    tested = TESTED
    sources = SOURCES

    def recognise(self, data: bytes) -> Identification | None:
        """782 and 783 are reserved: they read FFFF, which no other device is known to do here."""
        values = self.decode(self.signature, data)
        state = values["state"].value if "state" in values else None
        if len(data) != 38 or data[22:26] != RESERVED or state not in (*STAGES, 11, EXTERNAL):
            return None
        voltage_v = values["battery_voltage"].value
        if voltage_v is None or Quality.IMPLAUSIBLE in {one.quality for one in values.values()}:
            return None
        return Identification(
            f"a solar charger behind a Victron GX, {voltage_v:.2f} V", certain=False
        )

    def make_reading(self, stamp: Stamp, sample: Sample) -> PowerReading:
        there = sample["battery_voltage"]
        return build_power_reading(
            stamp,
            self.name,
            {
                "pv_power_w": check_charger_pv_power_w(sample),
                "pv_voltage_v": sample["pv_voltage"],
                "battery_voltage_v": there,
                "battery_current_a": require_device(there, sample["charge_current"]),
                "battery_temperature_c": sample["battery_temperature"],
                "load_power_w": ABSENT,
                "charge_stage": decode_charge_stage(sample),
                "yield_today_wh": scale(require_device(there, sample["generated_today"]), 1000),
            },
        )


class GxBattery(BatteryProfile):
    """A BMS or battery monitor behind a GX, at the unit id of its service."""

    name = "victron-gx-battery"
    title = "Battery (BMS, BMV, SmartShunt) behind a Victron GX"
    registers = BATTERY
    live = (
        Block(INPUT, 258, 22),
        Block(INPUT, 318, 8),
        Block(INPUT, 326, 4),  # newer firmware
        Block(INPUT, 1290, 9),
    )
    slow = (Block(INPUT, 284, 1),)
    serial = FORM
    tcp_only = True
    device_id = 225  # the first CAN port
    ids = tuple(one for one in SERVICES if one != 225)
    timeout_s = 1.0
    gap_s = 0.0
    tested = TESTED
    sources = SOURCES

    def recognise(self, data: bytes) -> Identification | None:
        values = self.decode(self.signature, data)
        if len(data) != 44 or Quality.IMPLAUSIBLE in {one.quality for one in values.values()}:
            return None
        alarms = [data[place : place + 2] for place in range(18, 44, 2)]
        voltage_v, charge_pct = values["voltage"].value, values["state_of_charge"].value
        if voltage_v is None or not charge_pct or max(alarms) > b"\x00\x02":
            return None
        text = f"a battery behind a Victron GX, {voltage_v:.2f} V, {charge_pct:.1f} %"
        return Identification(text, certain=False)

    def make_reading(self, stamp: Stamp, sample: Sample) -> BatteryReading:
        voltage_v = sample["voltage"]
        lowest_c, highest_c = select_temperatures_c(sample)
        charge, discharge = decode_allowed(sample)
        return build_battery_reading(
            stamp,
            self.name,
            {
                "voltage_v": voltage_v,
                "current_a": check_current_a(
                    current_a=sample["current"],
                    voltage_v=voltage_v,
                    power_w=sample["power"],
                    charge_pct=sample["state_of_charge"],
                ),
                "state_of_charge_pct": check_state_of_charge_pct(sample),
                "remaining_ah": ABSENT,
                "full_ah": ABSENT,
                "cycles": sample["cycles"],
                "lowest_cell_voltage_v": sample["lowest_cell_voltage"],
                "highest_cell_voltage_v": sample["highest_cell_voltage"],
                "lowest_temperature_c": lowest_c,
                "highest_temperature_c": highest_c,
                "charge_allowed": charge,
                "discharge_allowed": discharge,
                "alarms": name_alarms(sample),
            },
        )


MODELS = (GxSystem(), GxSolarcharger(), GxBattery())
