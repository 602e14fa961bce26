"""A simulated Morningstar TriStar MPPT: answers as the real one does, from the plant behind it.

Reads: the plant, and the driver's register rows (rows only). Writes: nothing.
Never: takes a write, and never answers an address that a TriStar would refuse.

Behaviour from "TriStar MPPT MODBUS Document v10": functions 03 and 04 read the same registers, all
volts and amperes are fractions of a scaling that it sends, the day's counters begin again at night.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace

from appliance.model import ChargeStage
from power.devices.tristar import EEPROM, RAM
from power.protocol.register import HOLDING
from provisioning.simulated.devices.lead_acid import LEAD_ACID, TRISTAR
from provisioning.simulated.devices.table_device import Range, TableDevice
from provisioning.simulated.lines import pdu as codec
from provisioning.simulated.plant.charging import EFFICIENCY
from provisioning.simulated.plant.plant import Plant

IDENTITY = ("Morningstar Corp.", "TS-MPPT-60", "v01.01.12")
# RAM with the manual control at its end, then settings, counters and identity.
RANGES: tuple[Range, ...] = (
    (0x0000, 0x005B), (0xE000, 0xE021), (0xE080, 0xE08C), (0xE0C0, 0xE0CD),
)  # fmt: skip
OTHER_SCALING, NO_REMOTE_SENSOR = "other-scaling", "no-remote-sensor"
START_UP, NIGHT_OFFSET, TEN_WH, SLAVE = "start-up", "night-offset", "ten-wh", "slave"
USUAL_SCALES = (180.0, 80.0)
OTHER_SCALES = (0x7B + 0xE041 / 65536, 66.5)  # volts from the document's example on page 25
STATES = {
    ChargeStage.OFF: 3, ChargeStage.FAULT: 4, ChargeStage.BULK: 5, ChargeStage.ABSORPTION: 6,
    ChargeStage.FLOAT: 7, ChargeStage.EQUALIZE: 8,
}  # fmt: skip
STARTS = (0, 1, 2, 3)  # start, night check, disconnect, night
SLAVE_STATE = 9
NO_SENSOR, NO_SENSOR_C = 0x80, 25.0
OFFSET_A = -88 * 80 / 2**15  # as captured
MEAN_CELL_V = 3.35  # over a day of charging
VERSION = 0x0012  # BCD


class SimulatedTristar(TableDevice):
    """A TS-MPPT-60 in front of `plant`. It has no load output."""

    QUIRKS = {
        **TableDevice.QUIRKS,
        OTHER_SCALING: "full scale is 123.88 V and 66.50 A instead of 180 V and 80 A",
        NO_REMOTE_SENSOR: "no remote temperature sensor: it reads 0x80, and regulates for 25 C",
        START_UP: "in the dark it goes through start, night check, disconnect and night",
        NIGHT_OFFSET: "in the dark its charge current is -0.21 A",
        TEN_WH: "the day's energy counts in steps of 10 Wh",
        LEAD_ACID: "it is still set to a lead-acid battery, as delivered",
        SLAVE: "another controller regulates it",
    }
    registers = (*RAM, *(replace(row, function=HOLDING) for row in RAM), *EEPROM)
    ranges = {codec.READ_HOLDING: RANGES, codec.READ_INPUT: RANGES}

    def __init__(
        self,
        plant: Plant,
        quirks: Collection[str] = (),
        device_id: int | None = None,
        share: float = 1.0,
    ) -> None:
        super().__init__(plant, quirks, device_id, share)
        self.set_volts: dict[str, float] = {}  # what somebody has set, in V of 12 V
        self._asked = 0

    @property
    def silent(self) -> bool:
        return super().silent or not self.plant.controller_powered

    def answer_other(self, pdu: bytes) -> bytes | None:
        if pdu[:2] == bytes([codec.IDENTIFY, codec.IDENTIFY_KIND]):
            return codec.build_identity_reply(IDENTITY)
        return super().answer_other(pdu)

    def answer_bits(self, request: codec.ReadRequest) -> bytes:
        """Coils: equalize triggered (0), charge disconnected (2); both off."""
        if request.address + request.count > 3 or not request.count:
            return codec.build_exception_reply(request.function, codec.ILLEGAL_ADDRESS)
        return codec.build_bits_reply(request.function, [False] * request.count)

    def data(self) -> dict[tuple[int, int], bytes]:
        self._asked += 1
        return super().data()

    def values(self) -> Mapping[str, float]:
        full_v, full_a = self.scales
        fractions = {
            **{name: value / full_v for name, value in build_voltages(self.plant).items()},
            **{name: value / full_a for name, value in self._currents().items()},
            **{name: value / (full_v * full_a) for name, value in self._powers().items()},
        }
        return {
            "voltage_scale": full_v,
            "current_scale": full_a,
            **fractions,
            **build_diagnostics(),
            **self._set_points(),
            **self._temperatures(),
            **self._counters(),
            "charge_state": self._state(),
        }

    @property
    def scales(self) -> tuple[float, float]:
        """Full scale in V and A."""
        return OTHER_SCALES if OTHER_SCALING in self.quirks else USUAL_SCALES

    @property
    def _dark(self) -> bool:
        return self.plant.stage is ChargeStage.OFF

    def _state(self) -> int:
        if self._dark and START_UP in self.quirks:
            return STARTS[self._asked % len(STARTS)]
        if SLAVE in self.quirks and not self._dark:
            return SLAVE_STATE
        return STATES[self.plant.stage]

    def _powers(self) -> dict[str, float]:
        return {
            "output_power": self.plant.charge_power_w * self.share,
            "input_power": self.plant.pv_power_w * self.share,
        }

    def _currents(self) -> dict[str, float]:
        powers, plant = self._powers(), self.plant
        charge_a = compute_current_a(powers["output_power"], plant.battery_voltage_v)
        if self._dark and NIGHT_OFFSET in self.quirks:
            charge_a = OFFSET_A
        return {
            "charge_current": charge_a,
            "charge_current_1_min": charge_a,
            "array_current": compute_current_a(powers["input_power"], plant.pv_voltage_v),
        }

    def _set_points(self) -> dict[str, float]:
        """E000 on: fractions of full scale, of a 12 V battery."""
        batteries = max(1, round(self.plant.settings.battery.nominal_voltage_v / 12))
        volts: dict[str, float] = {
            "absorption_voltage": self.plant.stage_voltage_v(ChargeStage.ABSORPTION) / batteries,
            "float_voltage": self.plant.stage_voltage_v(ChargeStage.FLOAT) / batteries,
            "equalize_voltage": 0.0,
            "temperature_compensation": 0.0,
        }
        volts |= TRISTAR if LEAD_ACID in self.quirks else {}
        return {name: value / self.scales[0] for name, value in (volts | self.set_volts).items()}

    def _temperatures(self) -> dict[str, float]:
        celsius = self.plant.battery_temperature_c
        without = NO_REMOTE_SENSOR in self.quirks
        return {
            "heatsink_temperature": celsius + self._powers()["output_power"] / 50,
            "remote_temperature": NO_SENSOR if without else celsius,
            "regulation_temperature": NO_SENSOR_C if without else celsius,
        }

    def _counters(self) -> dict[str, float]:
        """Energy that went out to the battery; the ampere-hours are those at a usual voltage."""
        generated = self.plant.counters.generated_wh
        today_wh, total_wh = (
            generated[period] * EFFICIENCY * self.share for period in ("today", "total")
        )
        mean_v = self.plant.pack.cells * MEAN_CELL_V
        return {
            "charge_today": today_wh / mean_v,
            "energy_today": today_wh / (10 if TEN_WH in self.quirks else 1),
            "charge_resettable": total_wh / mean_v,
            "charge_total": total_wh / mean_v,
            "energy_resettable": total_wh / 1000,
            "energy_total": total_wh / 1000,
        }


def build_voltages(plant: Plant) -> dict[str, float]:
    """What is measured in V; the target is 0 at night."""
    battery_v = plant.battery_voltage_v
    dark = plant.stage is ChargeStage.OFF
    return {
        "battery_voltage": battery_v,
        "terminal_voltage": battery_v,
        "sense_voltage": battery_v,
        "battery_voltage_1_min": battery_v,
        "array_voltage": plant.pv_voltage_v,
        "target_voltage": 0.0 if dark else plant.stage_voltage_v(plant.stage),
    }


def build_diagnostics() -> dict[str, float]:
    """Its version, its own supplies and its hours."""
    return {
        "version": VERSION,
        "supply_12v": 12.1,
        "supply_3v": 3.3,
        "supply_1v8": 1.8,
        "hours": 1000,
        "model": 1,
    }


def compute_current_a(power_w: float, voltage_v: float) -> float:
    """The current of a power at a voltage; 0 without voltage."""
    return power_w / voltage_v if voltage_v > 0 else 0.0
