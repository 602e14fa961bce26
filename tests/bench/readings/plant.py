"""The true plant behind the devices: sun, loads, and an LFP battery with its voltage.

Reads and writes: nothing; a seed decides clouds and noise.
Never: shares code with the product: its curve and its stages of charge are its own.
"""

import math
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from appliance.model import ChargeStage

POLL_S = 10.0
SUNRISE_H, SUNSET_H = 5.5, 20.5
CHARGE_PCT = (0.0, 3.0, 10.0, 20.0, 40.0, 60.0, 80.0, 95.0, 98.0, 99.3, 100.0)
REST_V = (2.8, 3.0, 3.2, 3.25, 3.29, 3.31, 3.33, 3.35, 3.38, 3.45, 3.55)
ABSORB_S = 7200.0
CELL_OHM = 0.005
EFFICIENCY = 0.97


def never(_hour: float) -> bool:
    return False


def nothing(_hour: float) -> float:
    return 0.0


def mild(_hour: float) -> float:
    return 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plant:
    """A site as it is built. `load_w` is there always, `step_w` comes and goes each `step_s`.

    `refuses_charge`: whether the BMS has disabled charging at that hour of the day. `cools_share`
    of the sun goes into loads that follow it. `generator_a`: what a charger gives that no device
    measures; `hidden_w`: what is connected directly to the battery.
    """

    cells: int = 4
    capacity_ah: float = 100.0
    charge_pct: float = 70.0
    pv_w: float = 200.0
    cloud: float = 0.3
    load_w: float = 8.0
    step_w: float = 40.0
    step_s: float = 1200.0
    step_share: float = 0.4
    absorb_v: float = 3.55
    float_v: float = 3.375
    temperature_c: Callable[[float], float] = mild
    refuses_charge: Callable[[float], bool] = never
    cools_share: float = 0.0
    generator_a: Callable[[float], float] = nothing
    hidden_w: float = 0.0
    start_h: float = 0.0


@dataclass(frozen=True, slots=True)
class Truth:
    """What is true at one moment. `charge_a` is what all controllers give, `battery_a` what flows
    into the battery; `cells_v` is the pack's voltage, `bus_v` that of the wires.
    """

    at_s: float
    hour: float
    sun_w: float
    load_a: float
    charge_a: float
    battery_a: float
    cells_v: float
    bus_v: float
    charge_pct: float
    stage: ChargeStage
    temperature_c: float
    refuses_charge: bool


@dataclass
class RunningPlant:
    """The plant at work: `advance()` is one poll's time."""

    plant: Plant
    random: Random
    charge_pct: float = 0.0
    at_s: float = 0.0
    _stage: ChargeStage = ChargeStage.BULK
    _absorbed_s: float = 0.0
    _clear: float = 1.0
    _truth: Truth | None = field(default=None)

    def __post_init__(self) -> None:
        self.charge_pct = self.plant.charge_pct

    def advance(self) -> Truth:
        hour = (self.plant.start_h + self.at_s / 3600) % 24
        sun_w = self._shine(hour)
        load_w = self._draw() + self.plant.cools_share * sun_w
        truth = self._flow(hour, sun_w, load_w)
        moved_pct = truth.battery_a * POLL_S / 3600 / self.plant.capacity_ah * 100
        self.charge_pct = min(100.0, max(0.0, self.charge_pct + moved_pct))
        self.at_s += POLL_S
        return truth

    def _shine(self, hour: float) -> float:
        if self.random.random() < 0.02:
            self._clear = 1 - self.plant.cloud * self.random.random()
        if not SUNRISE_H < hour < SUNSET_H:
            return 0.0
        height = math.sin((hour - SUNRISE_H) / (SUNSET_H - SUNRISE_H) * math.pi)
        return float(self.plant.pv_w * height**1.3 * self._clear)

    def _draw(self) -> float:
        drawn = int(self.at_s // self.plant.step_s) * 2654435761 % 1000
        is_on = drawn / 1000 < self.plant.step_share
        return self.plant.load_w + (self.plant.step_w if is_on else 0.0)

    def _flow(self, hour: float, sun_w: float, load_w: float) -> Truth:
        plant, cells = self.plant, self.plant.cells
        rest_v, ohm = find_rest_v(self.charge_pct) * cells, CELL_OHM * cells
        load_a, most_a = load_w / rest_v, sun_w * EFFICIENCY / rest_v
        hidden_a = plant.hidden_w / rest_v
        refuses_charge = plant.refuses_charge(hour)
        limit_v = self._find_limit_v()
        generator_a = plant.generator_a(hour)
        surplus_a = most_a + generator_a - load_a - hidden_a
        held = not refuses_charge and rest_v + surplus_a * ohm > limit_v
        battery_a = max((limit_v - rest_v) / ohm, -load_a - hidden_a) if held else surplus_a
        battery_a = min(0.0, battery_a) if refuses_charge else battery_a
        cells_v = rest_v + battery_a * ohm
        self._follow_stage(sun_w, battery_a, held=held)
        return Truth(
            at_s=self.at_s,
            hour=hour,
            sun_w=sun_w,
            load_a=load_a,
            charge_a=max(0.0, battery_a + load_a + hidden_a - generator_a) if sun_w else 0.0,
            battery_a=battery_a,
            cells_v=cells_v,
            bus_v=limit_v if refuses_charge and surplus_a > 0 else cells_v,
            charge_pct=self.charge_pct,
            stage=self._stage if sun_w >= 1 else ChargeStage.OFF,
            temperature_c=plant.temperature_c(hour),
            refuses_charge=refuses_charge,
        )

    def _find_limit_v(self) -> float:
        in_float = self._stage is ChargeStage.FLOAT
        return (self.plant.float_v if in_float else self.plant.absorb_v) * self.plant.cells

    def _follow_stage(self, sun_w: float, battery_a: float, *, held: bool) -> None:
        """Bulk until the voltage is reached, absorption for two hours or until 2 A, then float."""
        if not sun_w:
            self._stage = ChargeStage.BULK
        elif held and self._stage is ChargeStage.BULK:
            self._stage, self._absorbed_s = ChargeStage.ABSORPTION, 0.0
        elif held and self._stage is ChargeStage.ABSORPTION:
            self._absorbed_s += POLL_S
            if self._absorbed_s > ABSORB_S or battery_a < 2:
                self._stage = ChargeStage.FLOAT


def find_rest_v(charge_pct: float) -> float:
    """A cell's voltage at rest."""
    place = min(len(CHARGE_PCT) - 1, bisect_right(CHARGE_PCT, charge_pct))
    low, high = CHARGE_PCT[place - 1], CHARGE_PCT[place]
    share = (charge_pct - low) / (high - low)
    return REST_V[place - 1] + share * (REST_V[place] - REST_V[place - 1])
