"""A simulated EPEver Tracer: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register table (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a Tracer would refuse.

Behaviour from "LS-B series protocol v1.1" and captures: function 04 for 3xxx, 03 for 9xxx, the
wrong one of them gives exception 02, as does any address or block it does not have; low word first.
"""

from collections.abc import Mapping

from appliance.model import ChargeStage
from power.devices.epever import HOLDINGS, INPUTS
from provisioning.simulated.devices.lead_acid import EPEVER, LEAD_ACID, scale_set_points
from provisioning.simulated.devices.table_device import Range, TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.plant.plant import Plant

IDENTITY = ("EPsolar Tech co., Ltd", "Tracer-simulated", "V02.05+V07.12")
NIGHT_BIT, MANUAL_LOAD_COIL = 0x200C, 0x0002
# Address ranges that answer, first and last; words without a row in the table read 0.
RANGES = (
    (0x3000, 0x3008), (0x300E, 0x300E), (0x3100, 0x3112), (0x311A, 0x311B), (0x311D, 0x311D),
    (0x3200, 0x3202), (0x3300, 0x3315), (0x331A, 0x331E),
)  # fmt: skip
SETTINGS_RANGES = (
    (0x9000, 0x900E), (0x9013, 0x9018), (0x903D, 0x903D), (0x9067, 0x9067),
    (0x906A, 0x906C), (0x9070, 0x9070),
)  # fmt: skip
# The same for a Tracer 3210A, as its owner measured it.
SMALL_RANGES = (
    (0x3100, 0x3111), (0x311A, 0x311A), (0x311B, 0x311B), (0x311D, 0x311D),
    (0x3200, 0x3202), (0x3300, 0x3313), (0x331A, 0x331A),
)  # fmt: skip
SMALL_BLOCKS, ABSENT_PROBE, SOC606 = "small-blocks", "absent-probe", "soc606"
STAGE_BITS = {ChargeStage.FLOAT: 1, ChargeStage.BULK: 2, ChargeStage.ABSORPTION: 2}
NO_INPUT_POWER, RUNNING = 0x4000, 0x0001
LOW_TEMPERATURE = 0x0020  # 3200 D7-4 = 2
USER_BATTERY, MPPT = 0, 2


class SimulatedEpever(TableDevice):
    """A Tracer in front of `plant`."""

    QUIRKS = {
        **TableDevice.QUIRKS,
        SMALL_BLOCKS: "a Tracer 3210A: small blocks only, no 0x3000, 0x3112, 0x3314 or 0x331B on",
        ABSENT_PROBE: "no temperature probe: 25.00 C and 0.00 C, as the device reports it",
        SOC606: "a state of charge of 606 %",
        LEAD_ACID: "it is still set to a sealed lead-acid battery, as delivered",
    }
    registers = INPUTS + HOLDINGS
    ranges = {codec.READ_INPUT: RANGES, codec.READ_HOLDING: SETTINGS_RANGES}

    @property
    def silent(self) -> bool:
        return super().silent or not self.plant.controller_powered

    def ranges_now(self, function: int) -> tuple[Range, ...]:
        if SMALL_BLOCKS in self.quirks and function == codec.READ_INPUT:
            return SMALL_RANGES
        return super().ranges_now(function)

    def answer_other(self, pdu: bytes) -> bytes | None:
        if pdu[:2] == bytes([codec.IDENTIFY, codec.IDENTIFY_KIND]):
            return codec.build_identity_reply(IDENTITY)
        return super().answer_other(pdu)

    def answer_bits(self, request: codec.ReadRequest) -> bytes:
        known = {
            (codec.READ_BITS, 0x2000): False,
            (codec.READ_BITS, NIGHT_BIT): self.plant.stage is ChargeStage.OFF,
            (codec.READ_COILS, MANUAL_LOAD_COIL): True,
        }
        place = (request.function, request.address)
        if request.count != 1 or place not in known:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        return codec.build_bits_reply(request.function, [known[place]])

    def values(self) -> Mapping[str, float]:
        values = {
            **build_rated(self.plant),
            **build_live(self.plant),
            **build_statistics(self.plant),
            **build_settings(self.plant),
            **(scale_set_points(EPEVER, self.plant) if LEAD_ACID in self.quirks else {}),
        }
        if ABSENT_PROBE in self.quirks:
            values["battery_temperature"] = values["battery_temperature_again"] = 25.0
            values["remote_temperature"] = 0.0
        if SOC606 in self.quirks:
            values["state_of_charge"] = 606
        return values


def build_rated(plant: Plant) -> dict[str, float]:
    """0x3000 on: what is on the type plate."""
    nominal_v = 12.0 * round(plant.settings.battery.nominal_voltage_v / 12)
    return {
        "rated_pv_voltage": 100,
        "rated_pv_current": plant.rated_a,
        "rated_pv_power": plant.rated_a * nominal_v,
        "rated_battery_voltage": nominal_v,
        "rated_charge_current": plant.rated_a,
        "rated_charge_power": plant.rated_a * nominal_v,
        "charge_mode": MPPT,
        "rated_load_current": plant.rated_a,
        "system_voltage": nominal_v,
    }


def build_live(plant: Plant) -> dict[str, float]:
    """0x3100, 0x3200 and 0x331A on: what is measured now."""
    battery_v, temperature_c = plant.battery_voltage_v, plant.battery_temperature_c
    warm_c = temperature_c + plant.charge_power_w / 50
    return {
        "pv_voltage": plant.pv_voltage_v,
        "pv_current": compute_current_a(plant.pv_power_w, plant.pv_voltage_v),
        "pv_power": plant.pv_power_w,
        "battery_voltage": battery_v,
        "charge_current": compute_current_a(plant.charge_power_w, battery_v),
        "charge_power": plant.charge_power_w,
        "load_voltage": battery_v,
        "load_current": compute_current_a(plant.load_power_w, battery_v),
        "load_power": plant.load_power_w,
        "battery_temperature": temperature_c,
        "controller_temperature": warm_c,
        "component_temperature": warm_c,
        "state_of_charge": estimate_charge_pct(battery_v / plant.pack.cells),
        "remote_temperature": temperature_c,
        "battery_status": LOW_TEMPERATURE if plant.charge_blocked else 0,
        "charger_status": encode_charger_status(plant.stage),
        "discharge_status": 1 if plant.load_power_w > 0 else 0,
        "battery_voltage_again": battery_v,
        "net_battery_current": plant.battery_current_a,
        "battery_temperature_again": temperature_c,
        "ambient_temperature": temperature_c,
    }


def build_statistics(plant: Plant) -> dict[str, float]:
    """0x3300 on: extremes and energy counters."""
    counters = plant.counters
    battery_v = counters.battery_v or [plant.battery_voltage_v] * 2
    pv_v = counters.pv_v or [plant.pv_voltage_v] * 2
    values = {
        "lowest_battery_voltage_today": battery_v[0],
        "highest_battery_voltage_today": battery_v[1],
        "lowest_pv_voltage_today": pv_v[0],
        "highest_pv_voltage_today": pv_v[1],
    }
    for period, energy_wh in counters.generated_wh.items():
        values[f"generated_{period}"] = energy_wh / 1000
    for period, energy_wh in counters.consumed_wh.items():
        values[f"consumed_{period}"] = energy_wh / 1000
    return values


def build_settings(plant: Plant) -> dict[str, float]:
    """0x9000 on: an LFP battery in user mode, equalising off (set to the boost voltage)."""
    boost_v = plant.stage_voltage_v(ChargeStage.ABSORPTION)
    cells, now = plant.pack.cells, plant.local
    return {
        "battery_type": USER_BATTERY,
        "battery_capacity": plant.pack.capacity_ah,
        "temperature_compensation": 0,
        "over_voltage_disconnect": 3.7 * cells,
        "charge_limit_voltage": boost_v,
        "over_voltage_reconnect": boost_v,
        "equalize_voltage": boost_v,
        "boost_voltage": boost_v,
        "float_voltage": plant.stage_voltage_v(ChargeStage.FLOAT),
        "boost_reconnect_voltage": 3.3 * cells,
        "low_voltage_reconnect": 3.2 * cells,
        "under_voltage_recover": 3.05 * cells,
        "under_voltage_warning": 3.0 * cells,
        "low_voltage_disconnect": 2.9 * cells,
        "discharge_limit_voltage": 2.8 * cells,
        "clock_minute_second": now.minute << 8 | now.second,
        "clock_day_hour": now.day << 8 | now.hour,
        "clock_year_month": now.year % 100 << 8 | now.month,
        "battery_upper_temperature": 60,
        "battery_lower_temperature": 0,
        "load_mode": 0,
        "rated_voltage_code": 0,
        "load_on": 1,
        "equalize_duration": 0,
        "boost_duration": 120,
        "management_mode": 0,
    }


def encode_charger_status(stage: ChargeStage) -> int:
    """3201: input, stage and running bits."""
    if stage is ChargeStage.OFF:
        return NO_INPUT_POWER
    return STAGE_BITS[stage] << 2 | RUNNING


def estimate_charge_pct(cell_v: float) -> float:
    """The controller's own guess, from voltage alone: wrong in the way that real ones are."""
    return min(100.0, max(0.0, (cell_v - 3.0) / 0.4 * 100))


def compute_current_a(power_w: float, voltage_v: float) -> float:
    """The current of a power at a voltage; 0 without voltage."""
    return power_w / voltage_v if voltage_v > 0 else 0.0
