"""A simulated Renogy Rover: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register table (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a Rover would refuse.

Behaviour from "ROVER MODBUS" and reports of users: function 03 alone; exception 01 for another, 02
for another address; it also answers to id 255.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from appliance.model import ChargeStage
from power.devices.renogy import HOLDINGS
from power.protocol.register import HOLDING, WORD_BYTES
from provisioning.simulated.devices.lead_acid import LEAD_ACID, RENOGY
from provisioning.simulated.devices.table_device import Range, TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.plant.charging import EFFICIENCY
from provisioning.simulated.plant.plant import Plant

NAME_ADDRESS, NAME = 0x000C, b"  RNG-CTRL-RVR40"
LIVE_ADDRESS = 0x0101
ANY_ID = 0xFF
RANGES = ((0x000A, 0x001A), (0x0100, 0x0122), (0xE001, 0xE02D))
ELITE_RANGES = ((0x000A, 0x001A), (0x0100, 0x0122), (0xE001, 0xE021))
NO_LOAD_PORT, PV_AMPS_X3, FREEZES = "no-load-port", "pv-amps-x3", "freezes"
ELITE, ABSENT_PROBE = "elite", "absent-probe"
STATES = {
    ChargeStage.OFF: 0,
    ChargeStage.BULK: 2,
    ChargeStage.EQUALIZE: 3,
    ChargeStage.ABSORPTION: 4,
    ChargeStage.FLOAT: 5,
    ChargeStage.FAULT: 0,
}
HURRY, HURRIES = timedelta(seconds=5), 20  # so many polls in a row, each so soon after the last
LOAD_ON = 0x80
AMBIENT_C = 25.0
LITHIUM, MANUAL = 4, 15
NO_FROST_CHARGE = 1 << 2  # E021
LOAD_ROWS = ("load_voltage", "load_current", "load_power", "load_status")


class SimulatedRover(TableDevice):
    """A Rover 40A in front of `plant`, with the loads on its load output."""

    QUIRKS = {
        **TableDevice.QUIRKS,
        NO_LOAD_PORT: "no load output: its registers read 0",
        PV_AMPS_X3: "panel amperes three times too high",
        FREEZES: "polled faster than every 5 s it falls silent until it loses power",
        ELITE: "a Rover Elite: exception 02 for 0xE022 on",
        ABSENT_PROBE: "no temperature probe: 25 C",
        LEAD_ACID: "it is still set to a sealed lead-acid battery, as delivered",
    }
    registers = HOLDINGS
    ranges = {codec.READ_HOLDING: RANGES}

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
    ) -> None:
        super().__init__(plant, quirks, device_id, share)
        self._polled: datetime | None = None
        self._hurries = 0

    @property
    def silent(self) -> bool:
        if not self.plant.controller_powered:
            self._hurries = 0  # a power cycle wakes it
        return super().silent or not self.plant.controller_powered or self._hurries >= HURRIES

    def answers_to(self, device_id: int) -> bool:
        return device_id in (self.device_id, ANY_ID)

    def ranges_now(self, function: int) -> tuple[Range, ...]:
        if ELITE in self.quirks and function == codec.READ_HOLDING:
            return ELITE_RANGES
        return super().ranges_now(function)

    def answer(self, pdu: bytes) -> bytes | None:
        request = codec.parse_read_request(pdu)
        if request and request.address <= LIVE_ADDRESS < request.address + request.count:
            self._count_hurry()
        return super().answer(pdu)

    def data(self) -> dict[tuple[int, int], bytes]:
        return {**super().data(), (HOLDING, NAME_ADDRESS * WORD_BYTES): NAME}

    def values(self) -> Mapping[str, float]:
        plant, part = self.plant, self.share
        values = {
            **build_rated(plant, self.device_id),
            **build_live(plant, part),
            **build_counted(plant, part),
            **build_settings(plant),
            **(RENOGY if LEAD_ACID in self.quirks else {}),
        }
        if NO_LOAD_PORT in self.quirks:
            values.update(dict.fromkeys(LOAD_ROWS, 0))
        if PV_AMPS_X3 in self.quirks:
            values["pv_current"] *= 3
        if ABSENT_PROBE in self.quirks:
            values["battery_temperature"] = AMBIENT_C
        return values

    def _count_hurry(self) -> None:
        now, last = self.plant.utc, self._polled
        self._polled = now
        if FREEZES not in self.quirks or self._hurries >= HURRIES:
            return
        self._hurries = self._hurries + 1 if last is not None and now - last < HURRY else 0


class SimulatedRoverNoLoad(SimulatedRover):
    """A Rover without a load output; the loads hang on the battery."""

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
    ) -> None:
        super().__init__(plant, {*quirks, NO_LOAD_PORT}, device_id, share)


def build_rated(plant: Plant, device_id: int) -> dict[str, float]:
    """0x000A on: what is on the type plate."""
    return {
        "highest_system_voltage": choose_system_v(plant),
        "rated_charge_current": plant.rated_a,
        "rated_load_current": 20,
        "product_type": 0,
        "serial_number": 0x1501FFFF,
        "modbus_id": device_id,
    }


def build_live(plant: Plant, part: float) -> dict[str, float]:
    """0x0100 on and 0x0120: what is measured now."""
    battery_v, temperature_c = plant.battery_voltage_v, plant.battery_temperature_c
    return {
        "state_of_charge": estimate_charge_pct(battery_v / plant.pack.cells),
        "battery_voltage": battery_v,
        "charge_current": compute_current_a(plant.charge_power_w, battery_v) * part,
        "controller_temperature": temperature_c + plant.charge_power_w / 50,
        "battery_temperature": temperature_c,
        "load_voltage": battery_v,
        "load_current": compute_current_a(plant.load_power_w, battery_v) * part,
        "load_power": plant.load_power_w * part,
        "pv_voltage": plant.pv_voltage_v,
        "pv_current": compute_current_a(plant.pv_power_w, plant.pv_voltage_v) * part,
        "pv_power": plant.pv_power_w * part,
        "load_switch": 1,
        "load_status": LOAD_ON + 100,
        "charge_state": STATES[plant.stage],
        "faults": 0,
    }


def build_counted(plant: Plant, part: float) -> dict[str, float]:
    """0x010B to 0x011F: extremes and counters; ampere-hours at the nominal voltage."""
    counters = plant.counters
    battery_v = counters.battery_v or [plant.battery_voltage_v] * 2
    nominal_v = plant.settings.battery.nominal_voltage_v
    made, used = counters.generated_wh, counters.consumed_wh
    return {
        "lowest_battery_voltage_today": battery_v[0],
        "highest_battery_voltage_today": battery_v[1],
        "charged_today": made["today"] * EFFICIENCY * part / nominal_v // 1,
        "discharged_today": used["today"] * part / nominal_v // 1,
        "generated_today": made["today"] * part,
        "consumed_today": used["today"] * part,
        "days": 1,
        "charged_total": made["total"] * EFFICIENCY * part / nominal_v // 1,
        "discharged_total": used["total"] * part / nominal_v // 1,
        "generated_total": made["total"] * part,
        "consumed_total": used["total"] * part,
    }


def build_settings(plant: Plant) -> dict[str, float]:
    """0xE001 on: an LFP battery; voltages on the 12 V base."""
    base = choose_system_v(plant) / 12
    cells = plant.pack.cells / base
    return {
        "battery_capacity": plant.pack.capacity_ah,
        "system_voltage_setting": choose_system_v(plant),
        "system_voltage": choose_system_v(plant),
        "battery_type": LITHIUM,
        "over_voltage_disconnect": 3.7 * cells,
        "charge_limit_voltage": plant.stage_voltage_v(ChargeStage.ABSORPTION) / base,
        "equalize_voltage": plant.stage_voltage_v(ChargeStage.ABSORPTION) / base,
        "boost_voltage": plant.stage_voltage_v(ChargeStage.ABSORPTION) / base,
        "float_voltage": plant.stage_voltage_v(ChargeStage.FLOAT) / base,
        "boost_reconnect_voltage": 3.3 * cells,
        "low_voltage_reconnect": 3.2 * cells,
        "under_voltage_warning": 3.0 * cells,
        "low_voltage_disconnect": 2.9 * cells,
        "discharge_limit_voltage": 2.8 * cells,
        "boost_duration": 120,
        "equalize_interval": 0,
        "special_functions": NO_FROST_CHARGE,
        "temperature_compensation": 0,
        "load_mode": MANUAL,
    }


def choose_system_v(plant: Plant) -> float:
    """12, 24, 36 or 48."""
    return 12.0 * max(1, round(plant.settings.battery.nominal_voltage_v / 12))


def estimate_charge_pct(cell_v: float) -> float:
    """The controller's own guess, from voltage alone: wrong in the way that real ones are."""
    return min(100.0, max(0.0, (cell_v - 3.0) / 0.4 * 100))


def compute_current_a(power_w: float, voltage_v: float) -> float:
    """The current of a power at a voltage; 0 without voltage."""
    return power_w / voltage_v if voltage_v > 0 else 0.0
