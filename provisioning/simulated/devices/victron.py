"""Simulated Victron devices on VE.Direct: MPPT controllers, and a SmartShunt.

Reads: the plant, and the driver's HEX register table (rows only). Writes: nothing.
Never: takes HEX command 8 (set) or 6 (restart), and never sends without battery voltage.

Behaviour from captures: a block each second; a shunt sends two, its history in the second. Voltages
and currents come in steps of 10 mV and 10 mA, the load current in whole 0.1 A, cut off. After HEX
was sent to it, firmware before 1.53 sends no text for some seconds.
"""

from collections.abc import Mapping

from appliance.model import ChargeStage
from power.devices.victron import REGISTERS
from provisioning.simulated.devices.lead_acid import (
    LEAD_ACID,
    VICTRON,
    VICTRON_LOAD,
    scale_set_points,
)
from provisioning.simulated.devices.victron_text import (
    NO_TEMPERATURE,
    ODD_HEX_END,
    OLD_FIRMWARE,
    VeDirectDevice,
    Words,
)
from provisioning.simulated.plant.cells import make_pack_view

NOT_SYNCHRONISED, DC_METER, SOC0 = "not-synchronised", "dc-meter", "soc0"
STATES = {
    ChargeStage.OFF: 0,
    ChargeStage.FAULT: 2,
    ChargeStage.BULK: 3,
    ChargeStage.ABSORPTION: 4,
    ChargeStage.FLOAT: 5,
    ChargeStage.EQUALIZE: 7,
}
NO_INPUT_POWER = 0x00000001
USER, USER_LEVELS = 0xFF, 5  # EDF1, EDAB


class SimulatedMppt(VeDirectDevice):
    """A SmartSolar 100/50: no load output; its current is the charger's."""

    QUIRKS = {
        **VeDirectDevice.QUIRKS,
        OLD_FIRMWARE: "firmware 1.39: no text for three seconds after HEX is spoken to it",
        ODD_HEX_END: "HEX lines end with 0xFE",
        LEAD_ACID: "it is still set to a lead-acid battery, with BatteryLife",
    }
    registers = REGISTERS
    product = 0xA057

    def live_words(self) -> Words:
        plant = self.plant
        return [
            ("PID", f"0x{self.product:04X}"),
            ("FW", "139" if OLD_FIRMWARE in self.quirks else "164"),
            ("SER#", "HQ2148SIMUL"),
            ("V", round_to_step(plant.battery_voltage_v)),
            ("I", round_to_step(self.battery_current_a())),
            ("VPV", round_to_step(plant.pv_voltage_v)),
            ("PPV", str(round(plant.pv_power_w * self.share))),
            ("CS", str(STATES[plant.stage])),
            ("MPPT", str(self.tracker())),
            ("OR", f"0x{NO_INPUT_POWER if plant.stage is ChargeStage.OFF else 0:08X}"),
            ("ERR", "0"),
            ("LOAD", "ON"),
            *self.load_words(),
        ]

    def battery_current_a(self) -> float:
        """At the controller's battery terminals."""
        volts = self.plant.battery_voltage_v
        return self.plant.charge_power_w * self.share / volts if volts > 0 else 0.0

    def load_words(self) -> Words:
        """What there is with a load output only."""
        return [("Relay", "OFF")]

    def tracker(self) -> int:
        """0 off, 1 limited by voltage or current, 2 tracking."""
        if self.plant.stage is ChargeStage.OFF:
            return 0
        return 1 if self.plant.curtailed else 2

    def history_words(self) -> Words:
        made = self.plant.counters.generated_wh
        return [
            ("H19", str(int(made["total"] * self.share / 10))),
            ("H20", str(int(made["today"] * self.share / 10))),
            ("H21", str(round(self.plant.pv_power_w * self.share))),
            ("H22", "0"),
            ("H23", "0"),
            ("HSDS", str(self.plant.local.timetuple().tm_yday - 1)),
        ]

    def register_values(self) -> Mapping[str, float]:
        plant = self.plant
        values = {
            "controller_temperature": plant.battery_temperature_c + plant.charge_power_w / 50,
            "highest_charge_current": plant.rated_a,
            "absorption_voltage": plant.stage_voltage_v(ChargeStage.ABSORPTION),
            "float_voltage": plant.stage_voltage_v(ChargeStage.FLOAT),
            "low_temperature_level": 0.0,
            "equalize_voltage": plant.stage_voltage_v(ChargeStage.ABSORPTION),
            "equalize_interval": 0,
            "temperature_compensation": 0.0,
            "battery_type": USER,
            "battery_chemistry": USER,
            "system_voltage": 12 * max(1, round(plant.settings.battery.nominal_voltage_v / 12)),
        }
        if NO_TEMPERATURE not in self.quirks:
            values["battery_temperature"] = plant.battery_temperature_c
        if LEAD_ACID in self.quirks:
            values |= scale_set_points(VICTRON, plant)
        return values


class SimulatedMpptLoad(SimulatedMppt):
    """A SmartSolar 75/15: its current is charge less load, as the whole battery sees it."""

    product = 0xA053

    def register_values(self) -> Mapping[str, float]:
        return {
            **super().register_values(),
            "load_control": USER_LEVELS,
            "load_off_below": 2.9 * self.plant.pack.cells,
            "load_on_above": 3.2 * self.plant.pack.cells,
            **(VICTRON_LOAD if LEAD_ACID in self.quirks else {}),
        }

    def battery_current_a(self) -> float:
        return self.plant.battery_current_a * self.share

    def load_words(self) -> Words:
        volts = self.plant.battery_voltage_v
        load_a = self.plant.load_power_w * self.share / volts if volts > 0 else 0.0
        return [("IL", str(int(load_a * 10) * 100))]


class SimulatedShunt(VeDirectDevice):
    """A SmartShunt with a temperature sensor at the battery."""

    QUIRKS = {
        **VeDirectDevice.QUIRKS,
        NOT_SYNCHRONISED: "was never synchronised: no state of charge",
        DC_METER: "is set up to measure one load, not a battery",
        SOC0: "a state of charge of 0 % whatever the voltage",
    }
    product = 0xA389

    @property
    def one_block(self) -> bool:
        return False

    def live_words(self) -> Words:
        view = make_pack_view(self.plant, self.share)
        alarm = 1 << 5 if view.temperature_c < -20 else 0
        return [
            ("PID", f"0x{self.product:04X}"),
            ("V", str(round(1000 * view.voltage_v))),
            ("T", "---" if NO_TEMPERATURE in self.quirks else str(round(view.temperature_c))),
            ("I", str(round(1000 * view.current_a))),
            ("P", str(round(view.voltage_v * view.current_a))),
            *self._charge_words(),
            ("Alarm", "ON" if alarm else "OFF"),
            ("AR", str(alarm)),
            ("BMV", "SmartShunt 500A/50mV"),
            ("FW", "0413"),
            ("MON", "1" if DC_METER in self.quirks else "0"),
        ]

    def _charge_words(self) -> Words:
        if NOT_SYNCHRONISED in self.quirks:
            return [("CE", "---"), ("SOC", "---"), ("TTG", "---")]
        view = make_pack_view(self.plant, self.share)
        missing_ah = view.full_ah - view.remaining_ah
        left_min = round(60 * view.remaining_ah / -view.current_a) if view.current_a < 0 else -1
        charge = 0 if SOC0 in self.quirks else round(10 * view.state_of_charge_pct)
        return [
            ("CE", str(-round(1000 * missing_ah))),
            ("SOC", str(charge)),
            ("TTG", str(min(left_min, 14_400))),
        ]

    def history_words(self) -> Words:
        return [
            ("H1", "-60000"),
            ("H2", "-20000"),
            ("H3", "-30000"),
            ("H4", "12"),
            ("H5", "0"),
            ("H6", "-720000"),
            ("H7", "11800"),
            ("H8", "14600"),
        ]


def round_to_step(value: float) -> str:
    """Thousandths in steps of ten."""
    return str(10 * round(100 * value))
