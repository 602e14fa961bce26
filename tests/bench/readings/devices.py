"""How devices report the truth: resolution, noise, dead band, a mean of minutes; and faults.

Reads and writes: nothing.
Never: reports in the wrong way by itself: each fault is a field that a case sets.
"""

from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from appliance.model import BatteryReading, ChargeStage, PowerReading, Stamp
from power import devices
from power.protocol.profile import Profile
from power.reading.combine import Charger
from tests.bench.readings.plant import EFFICIENCY, POLL_S, Truth


def to_step(value: float, step: float) -> float:
    return round(round(value / step) * step, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Controller:
    """A charge controller; `loads_on_battery` as in the settings. The first one has the loads, at
    its output if it has one, unless they hang on the battery.
    """

    model: str = "epever-tracer"
    has_output: bool = True
    step_a: float = 0.01
    step_v: float = 0.01
    step_w: float = 0.01
    noise_a: float = 0.02
    noise_v: float = 0.008
    drop_ohm: float = 0.0  # of the wires to the battery, which it measures with
    loads_on_battery: bool = False
    forgets_loads: bool = False  # they hang on the battery, and the settings do not say so
    factor: float = 1.0  # of the current: -1 is the wrong sign
    offset_a: float = 0.0
    temperature_c: float | None = None  # the sensor's own; None: the true one
    frozen_from_h: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pack:
    """A BMS. `share` of the whole battery; `mean_s`: it reports a mean of that time."""

    step_a: float = 0.01
    step_v: float = 0.01
    step_ah: float = 0.01
    step_pct: float = 1.0
    noise_a: float = 0.02
    noise_v: float = 0.003
    dead_band_a: float = 0.0
    mean_s: float = 0.0
    held_polls: int = 1  # its values are new only once in so many polls
    share: float = 1.0
    gain: float = 1.0
    offset_a: float = 0.0
    top_spread_v: float = 0.0
    factor_in: float = 1.0  # of the reported current: -1 is the wrong sign
    factor_out: float = 1.0
    temperature_c: float | None = None
    alarms: str = ""
    frozen_from_h: float = float("inf")


@dataclass
class ReportingController:
    """A controller at work."""

    kind: Controller
    share: float
    has_loads: bool
    random: Random
    profile: Profile = field(init=False)
    _yield_wh: float = 0.0
    _last: PowerReading | None = None

    def __post_init__(self) -> None:
        self.profile = devices.find_charger(self.kind.model)

    def report(self, truth: Truth, stamp: Stamp) -> Charger:
        if self._last is None or truth.at_s < self.kind.frozen_from_h * 3600:
            self._last = self._measure(truth, stamp)
        return Charger(self.profile, self.kind.loads_on_battery, replace(self._last, stamp=stamp))

    def _measure(self, truth: Truth, stamp: Stamp) -> PowerReading:
        kind = self.kind
        is_wired = kind.has_output and not (kind.loads_on_battery or kind.forgets_loads)
        own_load_a = truth.load_a if self.has_loads and is_wired else 0.0
        gives_a = truth.charge_a * self.share
        volts = truth.bus_v + gives_a * kind.drop_ohm + self.random.gauss(0, kind.noise_v)
        power_w = max(0.0, gives_a * truth.bus_v / EFFICIENCY)
        self._yield_wh = 0.0 if truth.hour < POLL_S / 3600 else self._yield_wh
        self._yield_wh += power_w * POLL_S / 3600
        amps = (gives_a - own_load_a) * kind.factor + kind.offset_a
        lit_v = 32 + 0.02 * truth.sun_w + self.random.gauss(0, 0.05)
        return PowerReading(
            stamp,
            kind.model,
            to_step(power_w, kind.step_w),
            round(lit_v, 2) if truth.sun_w else 0.0,
            to_step(volts, kind.step_v),
            to_step(amps + self.random.gauss(0, kind.noise_a), kind.step_a),
            round(truth.temperature_c if kind.temperature_c is None else kind.temperature_c),
            to_step(own_load_a * volts, kind.step_w) if kind.has_output else None,
            truth.stage,
            float(int(self._yield_wh)),
        )


@dataclass
class ReportingPack:
    """A BMS at work. Its counter counts what it measures, before a wrong sign is put on it."""

    kind: Pack
    name: str
    capacity_ah: float
    charge_pct: float
    cells: int
    random: Random
    _mean_a: float = 0.0
    _polls: int = 0
    _last: BatteryReading | None = None

    def report(self, truth: Truth, stamp: Stamp) -> BatteryReading:
        amps = self._measure_a(truth)
        self._count(truth, amps)
        is_new = self._polls % self.kind.held_polls == 0
        if self._last is None or (is_new and truth.at_s < self.kind.frozen_from_h * 3600):
            self._last = self._describe(truth, stamp, amps)
        self._polls += 1
        return replace(self._last, stamp=stamp)

    def _measure_a(self, truth: Truth) -> float:
        kind, true_a = self.kind, truth.battery_a * self.kind.share
        if kind.mean_s:
            self._mean_a += (true_a - self._mean_a) * min(1.0, POLL_S / kind.mean_s)
            true_a = self._mean_a
        amps = true_a * kind.gain + kind.offset_a + self.random.gauss(0, kind.noise_a)
        return 0.0 if abs(amps) < kind.dead_band_a else amps

    def _count(self, truth: Truth, amps: float) -> None:
        moved_pct = amps * POLL_S / 3600 / self.capacity_ah * 100
        self.charge_pct = min(100.0, max(0.0, self.charge_pct + moved_pct))
        if truth.charge_pct > 99.5:
            self.charge_pct = 100.0

    def _describe(self, truth: Truth, stamp: Stamp, amps: float) -> BatteryReading:
        kind, cells = self.kind, self._list_cells(truth)
        volts = truth.cells_v + self.random.gauss(0, kind.noise_v)
        charge_pct = to_step(self.charge_pct, kind.step_pct)
        warmth_c = truth.temperature_c if kind.temperature_c is None else kind.temperature_c
        values: dict[str, Any] = {
            "voltage_v": to_step(volts, kind.step_v),
            "current_a": to_step(amps, kind.step_a)
            * (kind.factor_in if amps > 0 else kind.factor_out),
            "state_of_charge_pct": charge_pct,
            "remaining_ah": to_step(self.charge_pct / 100 * self.capacity_ah, kind.step_ah),
            "full_ah": self.capacity_ah,
            "cycles": 10.0,
            "cell_voltages_v": cells,
            "lowest_cell_voltage_v": min(cells.values()),
            "highest_cell_voltage_v": max(cells.values()),
            "lowest_temperature_c": round(warmth_c),
            "highest_temperature_c": round(warmth_c),
            "charge_allowed": not truth.refuses_charge,
            "discharge_allowed": True,
            "alarms": kind.alarms,
        }
        return BatteryReading(stamp, self.name, **values)

    def _list_cells(self, truth: Truth) -> dict[str, float]:
        """The cells; the last one is above the others at the top."""
        middle_v = truth.cells_v / self.cells
        cells = {str(one + 1): round(middle_v + 0.001 * one, 3) for one in range(self.cells)}
        is_top = truth.stage in (ChargeStage.ABSORPTION, ChargeStage.FLOAT)
        if is_top and middle_v > 3.42:
            cells[str(self.cells)] = round(middle_v + self.kind.top_spread_v, 3)
        return cells
