"""A simulated Seplos v3 pack: Modbus id 0, words by function 04 and bits by function 01.

Reads: the plant, and the driver's register table (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a pack would refuse.

Behaviour from a capture with the maker's program: places of sensors that are not fitted read 0.0 C
(2731), and the bits from 0x1400 on are 1 where a protection is switched on.
"""

from collections.abc import Mapping

from power.devices.seplos_v3 import BIT_ROWS, CELL_ROWS, COILS, WORDS
from power.protocol.register import WORD_BYTES
from provisioning.simulated.devices.table_device import TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.lines.quirks import SILENCE
from provisioning.simulated.plant.cells import PackView, make_pack_view

LOST_CHARGE, NO_BITS = "lost-soc", "no-bits"
BIT_RANGES = ((0x1200, 0x128F), (0x1400, 0x144F))
CHARGE_STATE, DISCHARGE_STATE = 0x1241, 0x1240
FUNCTIONS_FROM, FUNCTIONS_ON = 0x1400, 22
IDENTITY = b"XZH-ElecTech Co.,Ltd" + b"BMS16S200A-SP05B".ljust(20, b"\0") + b"13SP05B2311260063"
IDENTITY_FROM = 0x1700
TEMPERATURES_FROM, NOT_FITTED = 0x1110, 2731
FITTED = (0, 1, 2, 3, 8, 9)  # four at the cells, then the case and the MOSFETs
LIMIT_A = 180


class SimulatedSeplosV3(TableDevice):
    """A pack in front of `plant`."""

    QUIRKS = {
        SILENCE: TableDevice.QUIRKS[SILENCE],
        LOST_CHARGE: "the state of charge and the remaining capacity read 0 after a reset",
        NO_BITS: "refuses to read bits",
    }
    registers = WORDS + CELL_ROWS + BIT_ROWS
    ranges = {
        codec.READ_INPUT: (
            (0x1000, 0x1011),
            (0x1100, 0x1119),
            (0x1300, 0x1369),
            (0x1500, 0x1503),
            (IDENTITY_FROM, 0x1732),
        )
    }
    default_id = 0

    def data(self) -> dict[tuple[int, int], bytes]:
        found = super().data()
        found[codec.READ_INPUT, IDENTITY_FROM * WORD_BYTES] = IDENTITY
        found[codec.READ_INPUT, TEMPERATURES_FROM * WORD_BYTES] = self._temperatures()
        return found

    def answer_bits(self, request: codec.ReadRequest) -> bytes:
        last = request.address + request.count - 1
        within = any(low <= request.address and last <= high for low, high in BIT_RANGES)
        if request.function != COILS or NO_BITS in self.quirks:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_FUNCTION)
        if not within or request.count < 1:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        set_bits = self._set_bits()
        return codec.build_bits_reply(
            COILS, [address in set_bits for address in range(request.address, last + 1)]
        )

    def values(self) -> Mapping[str, float]:
        pack = make_pack_view(self.plant, self.share)
        known = 0.0 if LOST_CHARGE in self.quirks else 1.0
        return {
            **{f"cell_{number}": cell_v for number, cell_v in enumerate(pack.cells_v, 1)},
            **build_measurements(pack),
            "remaining_capacity": known * pack.remaining_ah,
            "state_of_charge": known * pack.state_of_charge_pct,
            "charge_on": pack.charge_on,
            "discharge_on": pack.discharge_on,
        }

    def _set_bits(self) -> frozenset[int]:
        """The addresses of all bits that are 1."""
        values, current_a = self.values(), make_pack_view(self.plant, self.share).current_a
        found = {row.address for row in BIT_ROWS if values.get(row.name)}
        found.add(CHARGE_STATE if current_a > 0 else DISCHARGE_STATE)
        return frozenset(found | set(range(FUNCTIONS_FROM, FUNCTIONS_FROM + FUNCTIONS_ON)))

    def _temperatures(self) -> bytes:
        raw = round(make_pack_view(self.plant, self.share).temperature_c * 10) + NOT_FITTED
        words = [raw if place in FITTED else NOT_FITTED for place in range(10)]
        return b"".join(word.to_bytes(WORD_BYTES, "big") for word in words)


def build_measurements(pack: PackView) -> dict[str, float]:
    """The words from 0x1000 on, by the names of the driver's rows."""
    return {
        "voltage": pack.voltage_v,
        "current": pack.current_a,
        "full_capacity": pack.full_ah,
        "discharged_in_all": 640,
        "state_of_health": 100,
        "cycles": 2,
        "mean_cell_voltage": pack.voltage_v / len(pack.cells_v),
        "mean_temperature": pack.temperature_c,
        "highest_cell_voltage": max(pack.cells_v),
        "lowest_cell_voltage": min(pack.cells_v),
        "highest_temperature": pack.temperature_c,
        "lowest_temperature": pack.temperature_c,
        "discharge_limit": LIMIT_A,
        "charge_limit": LIMIT_A if pack.charge_on else 0,
        "cells": len(pack.cells_v),
    }
