"""A simulated Renogy smart LFP battery: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register table (rows only). Writes: nothing.
Never: takes a write, and never answers an address that the battery would refuse.

Behaviour from "Lithium Iron Battery BMS Modbus Protocol V1.7" and a scan of an RBT100LFP12SH-G1:
function 03 alone; 5034 and what lies between the blocks is refused.
"""

from collections.abc import Mapping

from power.devices.renogy_lfp import CELLS, HOLDINGS, TEMPERATURES
from power.protocol.register import HOLDING, WORD_BYTES
from provisioning.simulated.devices.table_device import TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.plant.cells import PackView, make_pack_view

ANY_ID = 0xFF
RANGES = ((5000, 5033), (5035, 5052), (5100, 5141), (5200, 5229))
TEXTS = {
    5110: b"PPTAH01SIMULATED",
    5118: b"01000102",
    5122: b"RBT100LFP12SH-G1",
    5130: b"0119",
    5132: b"RENOGY  ",
}
SHELF, NO_PROBES, ZERO_REMAINING = "shelf", "no-probes", "zero-remaining"
PROBES = 4
CHARGE_MOSFET, DISCHARGE_MOSFET, USING_POWER = 1 << 1, 1 << 2, 1 << 3
CHARGE_UNDER_TEMPERATURE, CELL_UNDER_VOLTAGE = 1 << 13, 1 << 7
CHARGING, DISCHARGING, FULL = 1 << 15, 1 << 14, 1 << 11
CELL_EMPTY_V, FULL_PCT = 2.5, 99.5
CHARGE_ENABLE, DISCHARGE_ENABLE = 1 << 7, 1 << 6


class SimulatedRenogyLfp(TableDevice):
    """A smart battery, `share` of the plant's."""

    QUIRKS = {
        **TableDevice.QUIRKS,
        SHELF: "shelf mode: silent until charge flows into it",
        NO_PROBES: "no temperature at all",
        ZERO_REMAINING: "0 Ah remaining in a battery that is not empty, as after a reset",
    }
    registers = HOLDINGS
    ranges = {codec.READ_HOLDING: RANGES}
    default_id = 0xF7
    _awake = False

    @property
    def silent(self) -> bool:
        self._awake = self._awake or self.plant.battery_current_a > 0
        return super().silent or (SHELF in self.quirks and not self._awake)

    def answers_to(self, device_id: int) -> bool:
        return device_id in (self.device_id, ANY_ID)

    def data(self) -> dict[tuple[int, int], bytes]:
        texts = {(HOLDING, address * WORD_BYTES): text for address, text in TEXTS.items()}
        return {**super().data(), **texts}

    def values(self) -> Mapping[str, float]:
        pack = make_pack_view(self.plant, self.share)
        values = {
            **build_measured(pack),
            **build_probes(pack, fitted=NO_PROBES not in self.quirks),
            **build_status(pack),
        }
        values["modbus_id"] = self.device_id
        if ZERO_REMAINING in self.quirks:
            values["remaining"] = 0
        return values


def build_measured(pack: PackView) -> dict[str, float]:
    """5000 on: cells, and 5042 to 5052."""
    count = len(pack.cells_v)
    return {
        "cells": count,
        **{row.name: cell_v for row, cell_v in zip(CELLS, pack.cells_v, strict=False)},
        "current": pack.current_a,
        "voltage": pack.voltage_v,
        "remaining": pack.remaining_ah,
        "full": pack.full_ah,
        "cycles": 12,
        "charge_voltage_limit": 3.7 * count,
        "discharge_voltage_limit": 2.5 * count,
        "charge_current_limit": 50,
        "discharge_current_limit": -100,
    }


def build_probes(pack: PackView, *, fitted: bool) -> dict[str, float]:
    """5017 on: temperatures."""
    known = TEMPERATURES[: PROBES if fitted else 0]
    return {
        "temperatures": len(known),
        **{row.name: pack.temperature_c for row in known},
        "bms_temperature": pack.temperature_c,
        "ambient_temperature": pack.temperature_c,
        "heater_temperature": pack.temperature_c,
    }


def build_status(pack: PackView) -> dict[str, float]:
    """5106 to 5109: switches and protections."""
    switches = (CHARGE_MOSFET if pack.charge_on else 0) | (
        DISCHARGE_MOSFET | USING_POWER if pack.discharge_on else 0
    )
    cold = 0 if pack.charge_on or not pack.discharge_on else CHARGE_UNDER_TEMPERATURE
    empty = CELL_UNDER_VOLTAGE if min(pack.cells_v) < CELL_EMPTY_V else 0
    return {
        "status_1": switches | cold | empty,
        "status_2": encode_flow(pack) | (FULL if pack.state_of_charge_pct >= FULL_PCT else 0),
        "charge_requests": (CHARGE_ENABLE if pack.charge_on else 0)
        | (DISCHARGE_ENABLE if pack.discharge_on else 0),
    }


def encode_flow(pack: PackView) -> int:
    """Which way the current runs."""
    if pack.current_a == 0:
        return 0
    return CHARGING if pack.current_a > 0 else DISCHARGING
