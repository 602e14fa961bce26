"""What the unit's devices would say of the plant: with a BMS, or with the charge controller alone.

Reads and writes: nothing.
Never: knows more than a device at the battery's terminals.

A BMS has a shunt: current to 0.5 %, voltage to 10 mV. A charge controller alone measures what it
puts in and what its load output draws, each with an error of its own, in coarse steps, and nothing
below its dead band; it counts no charge.
"""

import random
from dataclasses import dataclass, replace
from typing import Any

from appliance.chemistry import get_profile
from appliance.model import ChargeStage, PowerReading, Stamp
from provisioning.simulated.plant.pack import make_pack
from tests.bench.energy.cases import Case

NOISE_V, NOISE_SHARE, LAG_CELL_V = 0.01, 0.005, 0.006


class Sensors:
    """True readings of the plant, as a charge controller and a BMS would give them."""

    def __init__(self, case: Case, seed: int) -> None:
        self._pack = make_pack(case.settings.battery)
        self._random = random.Random(seed)
        self._efficiency = get_profile(case.settings.battery).charge_efficiency

    def read(
        self,
        stamp: Stamp,
        *,
        charge: float,
        change_pct_per_h: float,
        battery_c: float,
        sun_w: float,
        load_w: float,
        held: bool,
    ) -> PowerReading:
        """`change_pct_per_h`: change of the charge since the poll before."""
        current_a = change_pct_per_h / 100 * self._pack.capacity_ah
        if current_a > 0:
            current_a /= self._efficiency
        at = self._pack.find_ocv(charge, battery_c)
        lag_v = LAG_CELL_V * self._pack.cells * (1 if current_a > 0 else -1)
        voltage_v = at.ocv_v + current_a * self._pack.resistance_ohm + lag_v
        top_v = 3.6 * self._pack.cells
        if held:
            voltage_v = top_v
        noise = self._random.gauss
        stage = ChargeStage.OFF
        if sun_w > 1:
            stage = ChargeStage.ABSORPTION if held else ChargeStage.BULK
        return PowerReading(
            stamp=stamp,
            device="bench",
            pv_power_w=sun_w * (1 + noise(0, NOISE_SHARE)),
            pv_voltage_v=30.0 + noise(0, 0.1) if sun_w > 1 else 0.0,
            battery_voltage_v=min(voltage_v, top_v) + noise(0, NOISE_V),
            battery_current_a=current_a * (1 + noise(0, NOISE_SHARE)),
            battery_temperature_c=battery_c,
            load_power_w=load_w,
            charge_stage=stage,
            yield_today_wh=None,
        )


@dataclass(frozen=True, slots=True)
class Coarseness:
    """What a usual charge controller makes of a value (Renogy Rover, EPever Tracer: voltage in
    steps of 0.1 V or 0.01 V, currents in 0.01 A, accuracy not stated or 1 to 2 %; full scale 40 A).
    """

    step_v: float = 0.1
    step_a: float = 0.01
    step_c: float = 1.0
    dead_band_a: float = 0.05
    scale_sigma: float = 0.015  # of current and load; fixed for one device
    offset_sigma_v: float = 0.02  # of 12.8 V


class ChargerSensors(Sensors):
    """The charge controller alone: its own errors are drawn once for each device."""

    def __init__(self, case: Case, seed: int) -> None:
        super().__init__(case, seed)
        self._coarse = Coarseness()
        self._packs = case.settings.battery.nominal_voltage_v / 12.8
        self._scale = 1 + self._random.gauss(0, self._coarse.scale_sigma)
        self._load_scale = 1 + self._random.gauss(0, self._coarse.scale_sigma)
        self._offset_v = self._random.gauss(0, self._coarse.offset_sigma_v) * self._packs

    def read(self, stamp: Stamp, **true: Any) -> PowerReading:
        """The same, through the controller's own measurement."""
        reading, coarse = super().read(stamp, **true), self._coarse
        voltage_v = round_to((reading.battery_voltage_v or 0.0) + self._offset_v, coarse.step_v)
        current_a = round_to((reading.battery_current_a or 0.0) * self._scale, coarse.step_a)
        return replace(
            reading,
            battery_voltage_v=voltage_v,
            battery_current_a=current_a if abs(current_a) >= coarse.dead_band_a else 0.0,
            battery_temperature_c=round_to(reading.battery_temperature_c or 0.0, coarse.step_c),
            load_power_w=(reading.load_power_w or 0.0) * self._load_scale,
        )


def round_to(value: float, step: float) -> float:
    """The nearest multiple of `step`."""
    return round(round(value / step) * step, 6)


def make_sensors(case: Case, seed: int) -> Sensors:
    """Those of the case's unit."""
    return Sensors(case, seed) if case.has_bms else ChargerSensors(case, seed)
