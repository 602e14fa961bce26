"""A simulated Victron GX: its system, a solar charger and a battery, as its Modbus TCP server.

Reads: the plant, and the driver's register tables (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a GX does not map.

Behaviour from the source of victronenergy/dbus_modbustcp: functions 03 and 04 are one, an absent
value reads 0, a reserved register FFFF, an unmapped one gives exception 02, a wrong count 03, a
unit id without a service 0A.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from appliance.model import ChargeStage
from power.devices.victron_gx import BATTERY, CHARGER, SYSTEM
from power.protocol.register import INPUT, WORD_BYTES
from provisioning.simulated.devices.table_device import Range, TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import make_pack_view

NO_SERVICE, WRONG_COUNT = 0x0A, 0x03
GONE, NO_VALUES, OLD = "service-gone", "no-values", "old-firmware"
NO_MONITOR, NO_DC_SYSTEM, NO_SOLAR = "no-monitor", "no-dc-system", "no-solar"
EXTERNAL_CONTROL, NO_PROBE, TRACKERS = "external-control", "no-probe", "several-trackers"
NO_CHARGE, MONITOR_ONLY, SOC_DROP = "soc-absent", "monitor-only", "soc-drop"
STATES = {
    ChargeStage.OFF: 0,
    ChargeStage.FAULT: 2,
    ChargeStage.BULK: 3,
    ChargeStage.ABSORPTION: 4,
    ChargeStage.FLOAT: 5,
    ChargeStage.EQUALIZE: 7,
}
EXTERNAL, TRACKING, LIMITED, OFF = 252, 2, 1, 0
IDLE, CHARGING, DISCHARGING = 0, 1, 2
PORTAL_ID = b"c0619ab1b2c3"
COLD_BITE_C = 0.0


class GxDevice(TableDevice):
    """One service of a GX."""

    QUIRKS = {
        SILENCE: TableDevice.QUIRKS[SILENCE],
        GONE: "its service is gone: exception 0A",
        NO_VALUES: "its device is unplugged: every register reads 0",
        OLD: "an older firmware: the registers added later are not mapped",
    }
    mapped: ClassVar[tuple[Range, ...]]
    older: ClassVar[tuple[Range, ...]]  # what an older firmware maps
    reserved: ClassVar[tuple[Range, ...]] = ()

    @property
    def silent(self) -> bool:
        return super().silent or not self.plant.controller_powered

    def ranges_now(self, function: int) -> tuple[Range, ...]:  # noqa: ARG002  (03 and 04 are one)
        return self.older if OLD in self.quirks else self.mapped

    def answer(self, pdu: bytes) -> bytes | None:
        request = codec.parse_read_request(pdu)
        if self.silent or request is None:
            return super().answer(pdu)
        if GONE in self.quirks:
            return codec.build_exception_reply(request.function, NO_SERVICE)
        if not 1 <= request.count <= codec.MOST_WORDS:
            return codec.build_exception_reply(request.function, WRONG_COUNT)
        if request.function != codec.READ_HOLDING:
            return super().answer(pdu)
        reply = super().answer(codec.build_read(INPUT, request.address, request.count))
        return reply and bytes([reply[0] - INPUT + codec.READ_HOLDING]) + reply[1:]

    def data(self) -> dict[tuple[int, int], bytes]:
        found = super().data()
        for low, high in self.reserved:
            found[INPUT, low * WORD_BYTES] = b"\xff\xff" * (high - low + 1)
        return found

    def values(self) -> Mapping[str, float]:
        return {} if NO_VALUES in self.quirks else self.list_measurements()

    @abstractmethod
    def list_measurements(self) -> dict[str, float]:
        """The values of its device."""


class SimulatedGxSystem(GxDevice):
    """com.victronenergy.system, at unit id 100."""

    QUIRKS = {
        **GxDevice.QUIRKS,
        NO_MONITOR: "no battery monitor: the battery's current is what the chargers give",
        NO_DC_SYSTEM: "'has DC system' is off: the loads read 0",
        NO_SOLAR: "the solar charger's service is gone: its power reads 0 by day",
    }
    registers = SYSTEM
    mapped = ((800, 919), (5400, 5407))
    older = ((800, 826), (840, 846), (850, 851), (855, 855), (860, 860), (865, 866))
    reserved = ((827, 829), (836, 839), (847, 849), (852, 854), (856, 859), (861, 864), (867, 867))
    default_id = 100

    def data(self) -> dict[tuple[int, int], bytes]:
        return {**super().data(), (INPUT, 800 * WORD_BYTES): PORTAL_ID}

    def list_measurements(self) -> dict[str, float]:
        plant, battery_v = self.plant, self.plant.battery_voltage_v
        current_a = plant.battery_current_a * self.share
        pv_w = plant.charge_power_w * self.share
        values = {
            "battery_voltage": battery_v,
            "battery_current": current_a,
            "battery_power": battery_v * current_a,
            "state_of_charge": plant.state_of_charge_pct,
            "battery_state": IDLE
            if abs(battery_v * current_a) < 30
            else encode_direction(current_a),
            "pv_power": pv_w,
            "pv_current": pv_w / battery_v if battery_v > 0 else 0.0,
            "dc_power": plant.load_power_w * self.share,
        }
        if NO_MONITOR in self.quirks:
            values |= {"battery_current": values["pv_current"], "battery_power": pv_w}
        return drop_values(values, self.quirks, {
            NO_MONITOR: ("state_of_charge", "battery_state"),
            NO_DC_SYSTEM: ("dc_power",),
            NO_SOLAR: ("pv_power", "pv_current"),
        })  # fmt: skip


class SimulatedGxSolarcharger(GxDevice):
    """com.victronenergy.solarcharger."""

    QUIRKS = {
        **GxDevice.QUIRKS,
        EXTERNAL_CONTROL: "the GX controls it (DVCC): its state is 252",
        NO_PROBE: "no battery temperature sensor: reads 0",
        TRACKERS: "several trackers: PV voltage and current read 0",
    }
    registers = CHARGER
    mapped = ((771, 793), (3700, 3747))
    older = ((771, 790),)
    reserved = ((782, 783),)
    default_id = 247

    def list_measurements(self) -> dict[str, float]:
        plant = self.plant
        pv_w, pv_v = plant.pv_power_w * self.share, plant.pv_voltage_v
        charge_w, battery_v = plant.charge_power_w * self.share, plant.battery_voltage_v
        values = {
            "battery_voltage": battery_v,
            "charge_current": charge_w / battery_v if battery_v > 0 else 0.0,
            "battery_temperature": plant.battery_temperature_c,
            "state": STATES[plant.stage],
            "pv_voltage": pv_v,
            "pv_current": pv_w / pv_v if pv_v > 0 else 0.0,
            "generated_today": plant.yield_today_wh * self.share / 1000,
            "pv_power": pv_w,
            "tracker_mode": encode_tracker_mode(plant.stage),
        }
        if EXTERNAL_CONTROL in self.quirks and plant.stage is not ChargeStage.OFF:
            values["state"] = EXTERNAL
        return drop_values(values, self.quirks, {
            NO_PROBE: ("battery_temperature",),
            TRACKERS: ("pv_voltage", "pv_current"),
        })  # fmt: skip


MISSING_IN_BATTERY = {
    NO_CHARGE: ("state_of_charge", "consumed"),
    MONITOR_ONLY: (
        "temperature", "lowest_cell_temperature", "highest_cell_temperature",
        "lowest_cell_voltage", "highest_cell_voltage", "charge_allowed",
        "discharge_allowed", "low_charge_temperature",
    ),
}  # fmt: skip


class SimulatedGxBattery(GxDevice):
    """com.victronenergy.battery: a BMS on CAN."""

    QUIRKS = {
        **GxDevice.QUIRKS,
        NO_CHARGE: "the BMS does not send its state of charge: reads 0 (hass-victron #130)",
        MONITOR_ONLY: "a BMV or SmartShunt: no cells, no temperatures, no permissions",
        SOC_DROP: "the state of charge falls to 11 % with 1 Ah drawn (venus #1668)",
    }
    registers = BATTERY
    mapped = ((256, 331), (1282, 1343))
    older = ((256, 325), (1282, 1305))
    default_id = 225

    def list_measurements(self) -> dict[str, float]:
        view = make_pack_view(self.plant, self.share)
        values = {
            "power": view.voltage_v * view.current_a,
            "voltage": view.voltage_v,
            "current": view.current_a,
            "temperature": view.temperature_c,
            "consumed": view.remaining_ah - view.full_ah,
            "state_of_charge": view.state_of_charge_pct,
            "low_charge_temperature": 2 if view.temperature_c < COLD_BITE_C else 0,
            "low_voltage": 0 if view.discharge_on else 2,
            "cycles": 123,
            "lowest_cell_temperature": view.temperature_c - 0.5,
            "highest_cell_temperature": view.temperature_c + 0.5,
            "lowest_cell_voltage": min(view.cells_v),
            "highest_cell_voltage": max(view.cells_v),
            "charge_allowed": view.charge_on,
            "discharge_allowed": view.discharge_on,
        }
        if SOC_DROP in self.quirks:
            values.update(state_of_charge=11, consumed=-1)
        return drop_values(values, self.quirks, MISSING_IN_BATTERY)


def drop_values(
    values: dict[str, float], quirks: frozenset[str], missing: Mapping[str, tuple[str, ...]]
) -> dict[str, float]:
    """The values but those that a quirk takes away: they read 0."""
    gone = {name for quirk, names in missing.items() if quirk in quirks for name in names}
    return {name: value for name, value in values.items() if name not in gone}


def encode_direction(current_a: float) -> int:
    return CHARGING if current_a > 0 else DISCHARGING


def encode_tracker_mode(stage: ChargeStage) -> int:
    """791: whether the tracker takes all there is."""
    if stage is ChargeStage.OFF:
        return OFF
    return TRACKING if stage is ChargeStage.BULK else LIMITED
