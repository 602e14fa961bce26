"""Simulated Daly BMSs with Modbus frames: 0x81 (answers as 0x51) and the older 0xD2.

Reads: the plant, and the driver's register tables (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a Daly board would refuse.

Behaviour from captures: places of cells that the pack does not have read 0, as do those of sensors
that are not fitted, unless a quirk asks for 255.
"""

from collections.abc import Mapping

from power.devices.daly import CELL_ROWS, ROWS_81, ROWS_D2
from provisioning.simulated.devices.table_device import TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import PackView, make_pack_view

FLICKERS, LOST_CHARGE, NO_SENSOR, OTHER_SIGN = "flickers", "lost-soc", "no-sensor", "other-sign"
QUIRKS = {
    FLICKERS: "the current jumps by some tenths of an ampere, and now and then out of all range",
    LOST_CHARGE: "the state of charge and the remaining capacity read 0 after a reset",
    NO_SENSOR: "no temperature sensor is fitted",
    OTHER_SIGN: "the current has the other sign than the state has",
}
IDLE, CHARGING, DISCHARGING = 0, 1, 2
IDLE_BELOW_A = 0.3
FLICKER_A = (0.3, -0.2, 5000.0, -0.3, 0.2)  # added to one reply after the other
SENSORS = 2
CYCLES = 63


class SimulatedDaly(TableDevice):
    """A board of the 0x81 variant in front of `plant`."""

    QUIRKS = {SILENCE: TableDevice.QUIRKS[SILENCE], **QUIRKS}
    registers = CELL_ROWS + ROWS_81
    ranges = {codec.READ_HOLDING: ((0x0000, 0x007E), (0x0100, 0x01C2))}
    default_id = 0x81
    reply_id_shift = -0x30
    _replies = 0

    def values(self) -> Mapping[str, float]:
        pack = make_pack_view(self.plant, self.share)
        self._replies += 1
        return {
            **{f"cell_{number}": cell_v for number, cell_v in enumerate(pack.cells_v, 1)},
            **build_board_values(pack, self.quirks),
            "current": choose_shown_current_a(pack, self.quirks, self._replies),
        }


class SimulatedDalyD2(SimulatedDaly):
    """A board of the 0xD2 variant."""

    registers = CELL_ROWS[:32] + ROWS_D2
    ranges = {codec.READ_HOLDING: ((0x0000, 0x004F), (0x0080, 0x00CF))}
    default_id = 0xD2
    reply_id_shift = 0


def build_board_values(pack: PackView, quirks: frozenset[str]) -> dict[str, float]:
    """All but cells and current, by the names of the driver's rows."""
    known = 0.0 if LOST_CHARGE in quirks else 1.0
    values = {
        "voltage": pack.voltage_v,
        "state_of_charge": known * pack.state_of_charge_pct,
        "remaining_capacity": known * pack.remaining_ah,
        "full_capacity": pack.full_ah,
        "cells": float(len(pack.cells_v)),
        "sensors": float(SENSORS),
        "highest_temperature": pack.temperature_c,
        "lowest_temperature": pack.temperature_c,
        "state": float(encode_state(pack)),
        "cycles": float(CYCLES),
        "charge_on": float(pack.charge_on),
        "discharge_on": float(pack.discharge_on),
    }
    if NO_SENSOR in quirks:
        values |= {"sensors": 0.0, "highest_temperature": 215.0, "lowest_temperature": 215.0}
    return values


def encode_state(pack: PackView) -> int:
    """The board's state: charging, discharging or idle."""
    if abs(pack.current_a) < IDLE_BELOW_A:
        return IDLE
    return CHARGING if pack.current_a > 0 else DISCHARGING


def choose_shown_current_a(pack: PackView, quirks: frozenset[str], reply: int) -> float:
    """The current of the reply with that number, + into the battery."""
    current_a = -pack.current_a if OTHER_SIGN in quirks else pack.current_a
    return current_a + (FLICKER_A[reply % len(FLICKER_A)] if FLICKERS in quirks else 0.0)
