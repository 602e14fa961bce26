"""A simulated Morningstar ProStar MPPT: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register rows (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a ProStar would refuse.

Behaviour from "ProStar MPPT MODBUS Specification" v05: functions 03 and 04 read the same registers,
half floats, NaN where a sensor is not fitted.
"""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from appliance.model import ChargeStage
from power.devices.prostar import EEPROM, RAM
from power.protocol.register import HOLDING, WORD_BYTES
from provisioning.simulated.devices.lead_acid import LEAD_ACID, PROSTAR
from provisioning.simulated.devices.table_device import Range, TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.plant.plant import Plant

IDENTITY = ("Morningstar Corp.", "PS-MPPT-40", "v01.01.05")
RANGES: tuple[Range, ...] = ((0x0000, 0x0050), (0xE000, 0xE035))
REMOTE_TEMPERATURE, NOT_A_NUMBER = 0x001D, b"\x7e\x00"
NO_REMOTE_SENSOR, TOO_FAST, START_UP = "no-remote-sensor", "too-fast", "start-up"
LOAD_CUT, LOAD_UNUSED, PWM = "load-cut", "load-not-used", "pwm"
LEAST_GAP_S = 0.5
LFP_LEVELS = {"low_voltage_disconnect": 11.6, "low_voltage_reconnect": 12.8}  # of 12 V
STATES = {
    ChargeStage.OFF: 3, ChargeStage.FAULT: 4, ChargeStage.BULK: 5, ChargeStage.ABSORPTION: 6,
    ChargeStage.FLOAT: 7, ChargeStage.EQUALIZE: 8,
}  # fmt: skip
STARTS = (0, 1, 2, 3)  # start, night check, disconnect, night
LOAD_NORMAL, LOAD_LOW_VOLTAGE, LOAD_NOT_USED = 1, 3, 8
RESERVED_ON_PWM = ("charge_current", "net_battery_current", "supply_5v")
VERSION = 0x0005  # BCD


class SimulatedProstar(TableDevice):
    """A PS-MPPT-40 in front of `plant`, the loads at its load terminals.

    `now_s`: real seconds, by which it recognises requests that come too fast.
    """

    QUIRKS = {
        **TableDevice.QUIRKS,
        NO_REMOTE_SENSOR: "no remote temperature sensor: NaN",
        TOO_FAST: "it ignores a request that comes within half a second of the last one",
        START_UP: "in the dark it goes through start, night check, disconnect and night",
        LOAD_CUT: "it has disconnected the load for low voltage",
        LOAD_UNUSED: "its load terminals are not used",
        LEAD_ACID: "it is still set to a lead-acid battery, as delivered",
        PWM: "a ProStar PWM (Gen3): charge and battery current are reserved and read 0",
    }
    registers = (*RAM, *(replace(row, function=HOLDING) for row in RAM), *EEPROM)
    ranges = {codec.READ_HOLDING: RANGES, codec.READ_INPUT: RANGES}

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(plant, quirks, device_id, share)
        self._now_s = now_s
        self._last_s = float("-inf")
        self._asked = 0

    @property
    def silent(self) -> bool:
        return super().silent or not self.plant.controller_powered

    def answer(self, pdu: bytes) -> bytes | None:
        now_s = self._now_s()
        early = now_s - self._last_s < LEAST_GAP_S
        self._last_s = now_s
        if early and TOO_FAST in self.quirks:
            return None
        return super().answer(pdu)

    def answer_other(self, pdu: bytes) -> bytes | None:
        if pdu[:2] == bytes([codec.IDENTIFY, codec.IDENTIFY_KIND]):
            return codec.build_identity_reply(IDENTITY)
        return super().answer_other(pdu)

    def data(self) -> dict[tuple[int, int], bytes]:
        self._asked += 1
        found = super().data()
        if NO_REMOTE_SENSOR in self.quirks:
            for function in self.ranges:
                found[function, REMOTE_TEMPERATURE * WORD_BYTES] = NOT_A_NUMBER
        return found

    def values(self) -> Mapping[str, float]:
        values = {
            **build_supplies(self.plant),
            **build_voltages(self.plant),
            **self._currents(),
            **self._temperatures(),
            **self._counters(),
            "charge_state": self._state(),
            "load_state": LOAD_NORMAL,
            **(PROSTAR if LEAD_ACID in self.quirks else LFP_LEVELS),
        }
        if LOAD_CUT in self.quirks:
            values |= {"load_state": LOAD_LOW_VOLTAGE, "load_voltage": 0.0}
        if LOAD_UNUSED in self.quirks:
            values |= {"load_state": LOAD_NOT_USED, "load_voltage": 0.0}
        if PWM in self.quirks:
            values |= dict.fromkeys(RESERVED_ON_PWM, 0.0)
        return values

    def _state(self) -> int:
        if self.plant.stage is ChargeStage.OFF and START_UP in self.quirks:
            return STARTS[self._asked % len(STARTS)]
        return STATES[self.plant.stage]

    def _currents(self) -> dict[str, float]:
        """All in A; a load that is disconnected or wired elsewhere draws nothing here."""
        plant = self.plant
        charge_a = compute_current_a(plant.charge_power_w * self.share, plant.battery_voltage_v)
        load_a = compute_current_a(plant.load_power_w * self.share, plant.battery_voltage_v)
        if {LOAD_CUT, LOAD_UNUSED} & self.quirks:
            load_a = 0.0
        return {
            "charge_current": charge_a,
            "array_current": compute_current_a(plant.pv_power_w * self.share, plant.pv_voltage_v),
            "load_current": load_a,
            "net_battery_current": charge_a - load_a,
            "net_battery_current_1_min": charge_a - load_a,
        }

    def _temperatures(self) -> dict[str, float]:
        celsius = self.plant.battery_temperature_c
        warm_c = celsius + self.plant.charge_power_w * self.share / 50
        return {
            "heatsink_temperature": warm_c,
            "ambient_temperature": warm_c,
            "regulation_temperature": warm_c if NO_REMOTE_SENSOR in self.quirks else celsius,
            "remote_temperature": celsius,
        }

    def _counters(self) -> dict[str, float]:
        total_wh = self.plant.counters.generated_wh["total"] * self.share
        charge_ah = compute_current_a(total_wh, self.plant.battery_voltage_v)
        return {
            "charge_resettable": charge_ah,
            "charge_total": charge_ah,
            "energy_resettable": total_wh / 1000,
            "energy_total": total_wh / 1000,
        }


def build_supplies(plant: Plant) -> dict[str, float]:
    """Its version and its own supplies."""
    return {
        "version": VERSION,
        "system_multiplier": min(2, round(plant.settings.battery.nominal_voltage_v / 12)),
        "supply_3v": 3.3,
        "supply_12v": 12.0,
        "supply_5v": 5.0,
    }


def build_voltages(plant: Plant) -> dict[str, float]:
    """What is measured in V; the target is 0 at night."""
    battery_v = plant.battery_voltage_v
    dark = plant.stage is ChargeStage.OFF
    return {
        "battery_voltage": battery_v,
        "sense_voltage": battery_v,
        "load_voltage": battery_v,
        "battery_voltage_1_min": battery_v,
        "battery_voltage_25_s": battery_v,
        "array_voltage": plant.pv_voltage_v,
        "target_voltage": 0.0 if dark else plant.stage_voltage_v(plant.stage),
    }


def compute_current_a(power_w: float, voltage_v: float) -> float:
    """The current of a power at a voltage; 0 without voltage."""
    return power_w / voltage_v if voltage_v > 0 else 0.0
