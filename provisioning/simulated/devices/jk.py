"""A simulated JK-PB BMS: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register table (rows only). Writes: nothing.
Never: takes a write, so it has no second form of access (which begins with one), and no settings.

Behaviour from the maker's "BMS RS485 Modbus V1.1": function 03 only, addresses in bytes.
"""

from collections.abc import Mapping

from power.devices.jk import CELLS, JkPb
from power.protocol.register import HOLDING
from provisioning.simulated.devices.table_device import TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.plant.cells import PackView, make_pack_view

IDENTITY = ((0x1400, b"JK_PB2A16S20P"), (0x1410, b"15A"), (0x1418, b"15.27"))
ABOUT = 0x1400
NO_ABOUT, SOC_DRIFTS, SOC_ZERO = "no-about", "soc-drifts", "soc-zero"
NO_SENSORS = "no-sensors"
OTHER_CHEMISTRY = "nmc-settings"
DRIFT_PCT = 20.0
LFP_PROTECTION = {
    "cell_uvp": 2.58, "cell_uvp_release": 2.62, "cell_ovp": 3.65, "cell_ovp_release": 3.58,
    "charge_too_cold": 0.0,
}  # fmt: skip
NMC_PROTECTION = {
    "cell_uvp": 3.0, "cell_uvp_release": 3.2, "cell_ovp": 4.2, "cell_ovp_release": 4.1,
    "charge_too_cold": -20.0,
}  # fmt: skip
NO_SENSOR_C = -200.0
ALL_SENSORS, TRANSISTORS_ONLY = 0b111111, 0b000001
CHARGE_TOO_COLD, CELL_TOO_LOW = 1 << 9, 1 << 11
DELIVERED_PASSWORD = 1 << 19  # set in a capture of a healthy pack
CYCLES, HEALTH_PCT, RUN_TIME_S = 41, 99, 3_600_000


class SimulatedJk(TableDevice):
    """A JK-PB in front of `plant`. Bus address 0 would make it the bus's master: it is silent."""

    QUIRKS = {
        **TableDevice.QUIRKS,
        NO_ABOUT: "does not answer for its model and version (firmware from 15.36 on)",
        SOC_DRIFTS: "its state of charge is 20 % too high after weeks without a full charge",
        SOC_ZERO: "its state of charge and what remains read 0",
        OTHER_CHEMISTRY: "its protections are those of NMC cells, and it charges in frost",
        NO_SENSORS: "no temperature sensors on the cells: -200.0 C and no bit",
    }
    registers = JkPb.registers
    ranges = {codec.READ_HOLDING: ((0x1000, 0x111B), (0x1200, 0x130A), (0x1400, 0x141E))}
    step = 1

    @property
    def silent(self) -> bool:
        """A BMS without battery voltage is off."""
        return super().silent or self.plant.battery_voltage_v < 1

    def answers_to(self, device_id: int) -> bool:
        return device_id != 0 and super().answers_to(device_id)

    def answer(self, pdu: bytes) -> bytes | None:
        request = codec.parse_read_request(pdu)
        if NO_ABOUT in self.quirks and request and request.address >= ABOUT:
            return None
        return super().answer(pdu)

    def data(self) -> dict[tuple[int, int], bytes]:
        return {**super().data(), **{(HOLDING, place): text for place, text in IDENTITY}}

    def values(self) -> Mapping[str, float]:
        pack = make_pack_view(self.plant, self.share)
        values = {
            **build_cells(pack),
            **build_measured(pack),
            **build_counted(pack),
            **build_states(pack),
            **build_protection(pack),
        }
        if OTHER_CHEMISTRY in self.quirks:
            values |= NMC_PROTECTION
        if SOC_DRIFTS in self.quirks:
            charge_pct = min(100.0, pack.state_of_charge_pct + DRIFT_PCT)
            values["state_of_charge"] = charge_pct
            values["remaining_capacity"] = pack.full_ah * charge_pct / 100
        if SOC_ZERO in self.quirks:
            values["state_of_charge"] = values["remaining_capacity"] = 0
        if NO_SENSORS in self.quirks:
            values |= {f"temperature_{number}": NO_SENSOR_C for number in range(1, 6)}
            values["sensors_present"] = TRANSISTORS_ONLY
        return values


def build_cells(pack: PackView) -> dict[str, float]:
    """0x1200 on; the cells that it does not have read 0 mV."""
    count = len(pack.cells_v)
    return {
        **dict(zip(CELLS, pack.cells_v, strict=False)),
        "cells_present": (1 << count) - 1,
        "mean_cell_voltage": sum(pack.cells_v) / count,
        "cell_voltage_difference": max(pack.cells_v) - min(pack.cells_v),
    }


def build_measured(pack: PackView) -> dict[str, float]:
    """Voltage, current and temperatures; the sensors are 0.5 C apart."""
    return {
        "transistor_temperature": pack.temperature_c + abs(pack.current_a) / 10,
        "pack_voltage": pack.voltage_v,
        "power": abs(pack.voltage_v * pack.current_a),
        "current": pack.current_a,
        **{
            f"temperature_{number}": pack.temperature_c + 0.5 * (number - 1)
            for number in range(1, 6)
        },
    }


def build_counted(pack: PackView) -> dict[str, float]:
    """What it counts: charge, cycles, time."""
    return {
        "state_of_charge": pack.state_of_charge_pct,
        "remaining_capacity": pack.remaining_ah,
        "full_capacity": pack.full_ah,
        "cycles": CYCLES,
        "state_of_health": HEALTH_PCT,
        "run_time": RUN_TIME_S,
    }


def build_protection(pack: PackView) -> dict[str, float]:
    """0x1004 on: as its owner set a real one for LFP."""
    return {**LFP_PROTECTION, "cell_count": len(pack.cells_v)}


def build_states(pack: PackView) -> dict[str, float]:
    """Its switches and what it complains of."""
    alarms = DELIVERED_PASSWORD
    if not pack.discharge_on:
        alarms |= CELL_TOO_LOW
    elif not pack.charge_on:
        alarms |= CHARGE_TOO_COLD
    return {
        "alarms": alarms,
        "charge_on": pack.charge_on,
        "discharge_on": pack.discharge_on,
        "sensors_present": ALL_SENSORS,
    }
