"""Days of one battery under the unit's real estimator, guard, ladder and arbiter.

Reads and writes: nothing.
Never: lets the unit see anything but readings.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading, Stamp
from appliance.settings import Settings
from power.act.arbiter import ArbiterState, arbitrate
from power.battery import estimator
from power.battery.ageing import AgeCounter
from power.battery.charge_balance import ChargeBalance
from power.battery.estimate import Estimate
from power.battery.unmeasured_flow import FlowKind
from power.battery.unmeasured_source import find_source_faults
from power.guard.guard import judge
from power.guard.observations import GuardState
from power.plan.ladder import Ladder
from tests.bench.estimator.plant import STEP_S, Plant, Setup

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY_S, HOUR_S = 86_400.0, 3600.0
SETTLED_S = 2 * HOUR_S  # the first voltage is all that is known before
OTHERS_OFF_BELOW = 0.06  # of its charge
OFF_H, SWAPPED_CHARGE = 8.0, 0.35
RESTART_ABOVE = 0.15  # of its charge: what has disconnected comes back


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A site: what stands there, what the settings say, and what its meters do."""

    setup: Setup
    settings: Settings
    weather: tuple[float, ...] = (0.9, 0.15, 0.6, 0.1, 1.0, 0.3)
    offset_a: float = 0.02
    meter_v: float = 0.02
    noise_v: float = 0.008
    has_probe: bool = True
    generator_h: tuple[float, float] | None = None  # hours of each second day
    generator_a: float = 0.0
    hidden_w: float = 0.0  # what is connected before the shunt, and no meter sees
    factor: float = 1.0  # of the reported current: -1 is the wrong sign
    meters_differ_a: float | None = None  # a second meter of the same current
    others_w: float = 0.0  # what is connected behind the shunt, on these days (first, last)
    others_days: tuple[int, int] = (0, -1)
    dead_band_a: float = 0.0  # of the current sensor: less is reported as 0
    has_load_meter: bool = True
    has_bms: bool = False  # whose count tells the truth
    full_ah_share: float | None = None  # of the rated capacity, that a BMS reports
    swapped_days: tuple[int, ...] = ()  # another battery, of half the charge, after hours off
    clock_jump_days: tuple[int, ...] = ()  # on which the clock was wrong by a month
    path_open_days: tuple[int, ...] = ()
    seed: int = 1


@dataclass
class Result:
    """What came of it."""

    readings: int = 0
    within: int = 0
    worst_high_pct: float = 0.0
    worst_low_pct: float = 0.0
    sigma_sum_pct: float = 0.0
    shares: list[float] = field(default_factory=list)  # of each error over two sigma
    cuts: int = 0
    anchors: int = 0
    source_found_h: float = 0.0
    full_level_h: float = 0.0
    resistance_ohm: float | None = None
    balance_h: float | None = None  # when the balance first contradicted the count
    clear_h: float | None = None  # when it said how
    balance_texts: tuple[str, ...] = ()

    def compare(self, truth_pct: float, state: BatteryState) -> None:
        """One moment's estimate beside the truth."""
        if state.state_of_charge_pct is None or state.sigma_pct is None:
            return
        off_pct = state.state_of_charge_pct - truth_pct
        self.readings += 1
        self.within += abs(off_pct) <= 2 * state.sigma_pct
        self.shares.append(abs(off_pct) / (2 * state.sigma_pct))
        self.worst_high_pct = max(self.worst_high_pct, off_pct)
        self.worst_low_pct = min(self.worst_low_pct, off_pct)
        self.sigma_sum_pct += state.sigma_pct


@dataclass
class Site:
    """The plant, and the unit beside it."""

    case: Case
    estimate: Estimate | None = None
    guard: GuardState = field(default_factory=GuardState)
    arbiter: ArbiterState = field(default_factory=ArbiterState)
    level: EnergyLevel = EnergyLevel.SENTINEL
    load_w: float = 5.0
    result: Result = field(default_factory=Result)

    def __post_init__(self) -> None:
        self.plant = Plant(self.case.setup, charge=self.case.setup.charge)
        self.chance, self.ladder = Random(self.case.seed), Ladder(self.case.settings)
        self.age = AgeCounter(self.case.settings.battery)
        self.cloud, self.dead = 1.0, False
        self.balance = ChargeBalance(self.case.settings.battery)
        self.state: BatteryState | None = None
        if self.case.full_ah_share is not None:
            self.age.note_full_ah(self.case.full_ah_share * self.case.setup.rated_ah)

    def run(self, days: int) -> Result:
        for step in range(int(days * DAY_S / STEP_S)):
            self._live(step * STEP_S)
        if self.estimate is not None:
            self.result.resistance_ohm = self.estimate.resistance.ohm
        return self.result

    def _live(self, at_s: float) -> None:
        setup, hour, day = self.case.setup, at_s % DAY_S / HOUR_S, int(at_s // DAY_S)
        celsius = setup.mean_c + setup.swing_c * math.sin((hour - 9) / 12 * math.pi)
        self.plant.path_open = day in self.case.path_open_days
        if self._swap(day, hour):
            return
        self.plant.step(
            sun_w=self._sun_w(hour, day),
            load_w=self.case.hidden_w + self._find_load_w(day),
            celsius=celsius,
            extra_a=self._generator_a(hour, day),
        )
        if self.plant.is_cut and not self.dead:
            self.dead, self.result.cuts = True, self.result.cuts + 1
        if self.dead:
            self.dead = self.plant.charge < RESTART_ABOVE
            return
        self._decide(self._read(at_s, celsius), at_s)

    def _find_load_w(self, day: int) -> float:
        """What the meters see of the loads."""
        first, last = self.case.others_days
        others_w = self.case.others_w if first <= day <= last and not self.is_low else 0.0
        return others_w + (0.0 if self.dead else self.load_w)

    @property
    def is_low(self) -> bool:
        """Whether its owner switches the others off."""
        return self.plant.charge < OTHERS_OFF_BELOW

    def _sun_w(self, hour: float, day: int) -> float:
        if self.chance.random() < STEP_S / 600:
            self.cloud = self.chance.uniform(0.35, 1.0)
        height = max(0.0, math.sin((hour - 7) / 10 * math.pi)) if 7 < hour < 17 else 0.0
        clear = self.case.weather[day % len(self.case.weather)]
        return self.case.setup.peak_w * height * clear * self.cloud

    def _generator_a(self, hour: float, day: int) -> float:
        hours = self.case.generator_h
        if hours is None or day % 2 == 0 or not hours[0] <= hour < hours[1]:
            return 0.0
        return self.case.generator_a

    def _read(self, at_s: float, celsius: float) -> PowerReading:
        case, plant, noise = self.case, self.plant, self.chance.gauss
        stage = plant.stage
        if case.setup.charger.always is not None and stage is not ChargeStage.OFF:
            stage = case.setup.charger.always
        return PowerReading(
            stamp=self._stamp(at_s),
            device="bench",
            pv_power_w=round(plant.pv_w, 1),
            pv_voltage_v=36.0 if plant.pv_w else 0.0,
            battery_voltage_v=round(plant.measured_v() + case.meter_v + noise(0, case.noise_v), 2),
            battery_current_a=self._measure_a(),
            battery_temperature_c=round(celsius, 1) if case.has_probe else None,
            load_power_w=round(self._find_load_w(int(at_s // DAY_S)), 1)
            if case.has_load_meter
            else None,
            charge_stage=stage,
            yield_today_wh=None,
        )

    def _stamp(self, at_s: float) -> Stamp:
        day = int(at_s // DAY_S)
        wrong = timedelta(days=-30 if day in self.case.clock_jump_days else 0)
        boot = f"{1 + sum(day >= one for one in self.case.swapped_days):08x}"
        return Stamp(START + wrong + timedelta(seconds=at_s), boot, 1000 + at_s)

    def _swap(self, day: int, hour: float) -> bool:
        """Whether the unit is off, since its battery is swapped; then it starts anew."""
        if day not in self.case.swapped_days or hour >= OFF_H:
            return False
        self.plant.charge = SWAPPED_CHARGE
        if self.state is not None:
            now = self._stamp(day * DAY_S + OFF_H * HOUR_S)
            self.estimate = estimator.restore(self.state, now, clock_went_on=True)
        return True

    def _measure_a(self) -> float:
        """What the shunt or controller reports: without what is connected before it."""
        case, plant = self.case, self.plant
        seen_a = plant.current_a + case.hidden_w / max(1.0, plant.measured_v())
        if abs(seen_a) < case.dead_band_a:
            return 0.0
        return round(case.factor * seen_a + case.offset_a + self.chance.gauss(0, 0.03), 2)

    def _decide(self, reading: PowerReading, at_s: float) -> None:
        settings, now = self.case.settings, reading.stamp
        full_at = self.estimate.full_at if self.estimate else None
        self.estimate = estimator.update(
            self.estimate,
            reading,
            settings.battery,
            self._bms_pct(),
            self.age.capacity,
            self.balance.flow,
        )
        self.age.count(self.estimate, now)
        self.balance.follow(self.estimate, reading, self.case.meters_differ_a)
        self._note_balance(at_s)
        state = self.state = estimator.report_state(
            self.estimate, reading, settings.battery, now, loads_w=settings.energy.full_power_w
        )
        self.guard, verdict = judge(
            self.guard, reading, 0.0, state, settings, now, clock_confirmed=True
        )
        proposal = self.ladder.propose(state, reading, self.level)
        self.arbiter, budget = arbitrate(self.arbiter, verdict, proposal, settings, now)
        self.level = EnergyLevel.HIBERNATE if verdict.power_off else budget.level
        self.load_w = settings.get_level_power_w(self.level)
        self._note(state, at_s, anchored=bool(self.estimate and self.estimate.full_at != full_at))

    def _bms_pct(self) -> float | None:
        return min(100.0, max(0.1, 100 * self.plant.charge)) if self.case.has_bms else None

    def _note_balance(self, at_s: float) -> None:
        result = self.result
        for fault in self.balance.find_faults():
            if result.balance_h is None:
                result.balance_h = at_s / HOUR_S
            if str(fault) not in result.balance_texts:
                result.balance_texts += (str(fault),)
        flow = self.balance.flow
        if flow and flow.kind is not FlowKind.UNCLEAR and result.clear_h is None:
            result.clear_h = at_s / HOUR_S

    def _note(self, state: BatteryState, at_s: float, *, anchored: bool) -> None:
        result = self.result
        result.anchors += anchored
        result.source_found_h += bool(find_source_faults(self.estimate)) * STEP_S / HOUR_S
        result.full_level_h += (self.level is EnergyLevel.FULL) * STEP_S / HOUR_S
        if at_s >= SETTLED_S:
            result.compare(min(100.0, max(0.0, 100 * self.plant.charge)), state)


def run_case(case: Case, days: int) -> Result:
    return Site(case).run(days)
