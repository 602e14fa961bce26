"""The unit's real code on the benchmark's plant, for a year, in steps of seven and a half minutes.

Reads: a case, a planner, faults. Writes: nothing; `YearRecord` holds the result.
Never: lets the unit see anything but readings: the sun of the step that begins now is not among
them, and what the plant did is known to the judge alone.

Real are the plausibility watch, the estimator, the guard, the planner, the arbiter. While the unit
hibernates it polls once an hour, and each poll costs a minute of the computer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

import numpy as np

from appliance.model import BatteryState, ChargeStage, EnergyLevel, PowerReading, SolarDay, Stamp
from power.act.arbiter import ArbiterState, arbitrate
from power.battery import estimator
from power.battery.ageing import AgeCounter
from power.battery.estimate import Estimate
from power.guard.guard import judge
from power.guard.limits import NO_RISE_AFTER_S
from power.guard.observations import GuardState
from power.plan.ladder import Proposal
from power.plan.solar_day import HourMean, filter_sun_w, make_sun_day
from power.reading.plausibility import PlausibilityFilter
from tests.bench.energy import plant
from tests.bench.energy.cases import Case
from tests.bench.energy.faults import Faults
from tests.bench.energy.sensors import make_sensors
from tests.bench.energy.weather import Floats

POLLS = 2  # in each step of the plant
POLL_S = 900 / POLLS
POLL_H = POLL_S / 3600
HOURLY = round(3600 / POLL_S)
WAKE_WH = 5 / 60  # a minute of the computer, while it hibernates
START_PCT = 95.0
FALSE_SHARE = 0.35  # of the capacity above the cut: a stop there was for nothing
BOOT, BEGIN_S = "bench", 1000.0


class Controller(Protocol):
    """What is judged. It proposes, as a planner does; `end_day` comes at each solar midnight."""

    def propose(
        self,
        battery: BatteryState | None,
        reading: PowerReading | None,
        previous: EnergyLevel | None,
    ) -> Proposal:
        """What it would do now."""

    def end_day(self, end: "DayEnd") -> None:
        """A day has ended."""


class DayEnd(NamedTuple):
    """What the unit knows at a solar midnight: all days so far, the mean sigma of the last one's
    charge, and when the battery was last full.
    """

    now: Stamp
    days: Sequence[SolarDay]
    sigma_pct: float | None
    full_at: datetime | None


@dataclass(frozen=True, slots=True)
class YearRecord:
    """The result of a year. Per step of 15 min: utility (hours), level at its end, true charge (%)
    at its start; and the true charge at the end.
    """

    utility: Floats
    levels: Floats
    charge_pct: Floats
    estimated_pct: Floats
    power_w: Floats
    end_pct: float
    cuts: int
    starts: int
    switches: int
    false_stops: int


@dataclass
class DayLog:
    """What the unit itself notes of its days, for the planner."""

    case: Case
    clear_w: Floats  # hourly, from local solar midnight
    days: list[SolarDay] = field(default_factory=list)
    sums: dict[int, tuple[float, int]] = field(default_factory=dict)
    temperatures_c: list[float] = field(default_factory=list)

    def add_reading(self, hour: int, reading: PowerReading | None, throttled: bool) -> None:
        """One poll in local solar `hour`."""
        if reading is None:
            return
        if reading.battery_temperature_c is not None:
            self.temperatures_c.append(reading.battery_temperature_c)
        sun_w = filter_sun_w(reading.pv_power_w, self.case.settings.panels.peak_w)
        if sun_w is not None and not throttled:
            total, count = self.sums.get(hour, (0.0, 0))
            self.sums[hour] = (total + sun_w, count + 1)

    def end_day(self, now: Stamp, number: int) -> None:
        """The day of that number is over."""
        begin = number * 24 % len(self.clear_w)
        hours = {
            hour: HourMean(total / count, count / HOURLY)
            for hour, (total, count) in self.sums.items()
        }
        clear_w = [float(value) for value in self.clear_w[begin : begin + 24]]
        self.days.append(
            make_sun_day(now, now.utc, hours, clear_w=clear_w, temperatures_c=self.temperatures_c)
        )
        self.sums, self.temperatures_c = {}, []


def compute_step(stamp: Stamp) -> int:
    """The plant's step in which that is."""
    return int((stamp.uptime_s - BEGIN_S) // 900)


def simulate_year(
    case: Case, controller: Controller, faults: Faults | None, clear_w: Floats, seed: int = 1
) -> YearRecord:
    """A year of `case` under `controller`. `clear_w` is hourly, from the first local midnight."""
    return YearSimulation(case, controller, faults, clear_w, seed).simulate()


class YearSimulation:
    """One run; its parts are the unit (what it estimates) and the world (what is)."""

    def __init__(
        self, case: Case, controller: Controller, faults: Faults | None, clear_w: Floats, seed: int
    ) -> None:
        self.case, self.controller, self.faults = case, controller, faults
        self.settings = case.settings
        self.capacity_wh = case.settings.battery.capacity_wh
        self.charge_wh = START_PCT / 100 * self.capacity_wh
        self.floor_wh = (
            plant.hidden_wh(case.battery_c, self.capacity_wh) + plant.CUT_SHARE * self.capacity_wh
        )
        self.sensors = make_sensors(case, seed)
        self.watch = PlausibilityFilter()
        self.day_log = DayLog(case, clear_w)
        self.local_shift = timedelta(hours=round(case.site.longitude_deg / 15))
        self.estimate: Estimate | None = None
        self.age = AgeCounter(case.settings.battery)
        self.guard, self.ruling = GuardState(), ArbiterState()
        self.state: BatteryState | None = None
        self.sigmas_pct: list[float] = []
        self.last_reading: PowerReading | None = None
        self.level, self.draw_w = EnergyLevel.SENTINEL, case.choices[1].power_w
        self.dead, self.cuts, self.starts, self.switches, self.false_stops = False, 0, 0, 0, 0
        self.change_pct_per_h, self.used_w, self.held, self.drawn_w = 0.0, 0.0, False, 0.0
        self.begins = case.utc(0)
        self.day = self._day(self.begins)

    def simulate(self) -> YearRecord:
        """Simulate it."""
        steps = self.case.steps
        utility, levels = np.zeros(steps), np.zeros(steps)
        charge, estimated, power = np.zeros(steps), np.zeros(steps), np.zeros(steps)
        for step in range(steps):
            charge[step] = self.charge_wh / self.capacity_wh * 100
            for poll in range(POLLS):
                if not self.dead:
                    self._poll(step, poll)
                utility[step] += self._pass_time(step)
            levels[step] = int(self.level) if not self.dead else 0
            power[step] = self.drawn_w
            if self.state is not None and self.state.state_of_charge_pct is not None:
                estimated[step] = self.state.state_of_charge_pct
        return YearRecord(
            utility, levels, charge, estimated, power, self.charge_wh / self.capacity_wh * 100,
            self.cuts, self.starts, self.switches, self.false_stops,
        )  # fmt: skip

    # --- the unit ------------------------------------------------------------------------------

    def _poll(self, step: int, poll: int) -> None:
        number = step * POLLS + poll
        now = self._stamp(number)
        day = self._day(now.utc)
        if day != self.day:
            self.day_log.end_day(now, self.day)
            self.day = day
            sigma_pct = sum(self.sigmas_pct) / len(self.sigmas_pct) if self.sigmas_pct else None
            full_at = self.state.full_at if self.state else None
            self.controller.end_day(DayEnd(now, self.day_log.days, sigma_pct, full_at))
            self.sigmas_pct = []
        if self.level <= EnergyLevel.HIBERNATE:
            if number % HOURLY:
                return
            self.charge_wh -= WAKE_WH
        reading, reported_pct = self._reading(now, step)
        self._decide(now, reading, reported_pct)

    def _reading(self, now: Stamp, step: int) -> tuple[PowerReading | None, float | None]:
        """What the devices say: the charger's reading, and the BMS's own count."""
        true = self.sensors.read(
            now,
            charge=self.charge_wh / self.capacity_wh,
            change_pct_per_h=self.change_pct_per_h,
            battery_c=float(self.case.battery_c[step]),
            sun_w=self.used_w,
            load_w=self.drawn_w,
            held=self.held,
        )
        reading: PowerReading | None = true
        reported_pct = self.charge_wh / self.capacity_wh * 100 if self.case.has_bms else None
        if self.faults is not None:
            reading, reported_pct = self.faults.apply(true, reported_pct, now.uptime_s)
        return self.watch.filter_charger("bench", reading), reported_pct

    def _decide(self, now: Stamp, reading: PowerReading | None, reported_pct: float | None) -> None:
        settings = self.settings
        if reading is not None and reading.battery_voltage_v is not None:
            self.last_reading = reading
        self.estimate = estimator.update(
            self.estimate, reading, settings.battery, reported_pct, self.age.capacity
        )
        self.age.count(self.estimate, now)
        state = self.state = estimator.report_state(
            self.estimate, reading, settings.battery, now, loads_w=settings.energy.full_power_w
        )
        if state.sigma_pct is not None:
            self.sigmas_pct.append(state.sigma_pct)
        age_s = now.uptime_s - self.last_reading.stamp.uptime_s if self.last_reading else None
        fresh = self.last_reading if age_s is not None and age_s <= NO_RISE_AFTER_S else None
        throttled = state.charge_blocked or self._target_held(reading)
        hour = (now.utc + self.local_shift).hour
        self.day_log.add_reading(hour, reading, throttled)
        proposal = self.controller.propose(state, fresh, self.ruling.level)
        self.guard, verdict = judge(
            self.guard,
            fresh,
            age_s,
            state,
            settings,
            now,
            clock_confirmed=True,
            ordered=self.ruling.level,
        )
        self.ruling, budget = arbitrate(self.ruling, verdict, proposal, settings, now)
        stopped = budget.level <= EnergyLevel.HIBERNATE < self.level
        if (
            stopped
            and self.charge_wh > self.floor_wh[compute_step(now)] + FALSE_SHARE * self.capacity_wh
        ):
            self.false_stops += 1
        self._take(budget.level, budget.power_w)

    def _take(self, level: EnergyLevel, power_w: float) -> None:
        """The way to spend that is nearest below the budget."""
        affordable = [one for one in self.case.choices if one.power_w <= power_w + 1e-6]
        option = affordable[-1] if level > EnergyLevel.HIBERNATE and affordable else None
        before = self.level
        self.level = option.level if option else min(level, EnergyLevel.HIBERNATE)
        if option and option.level <= EnergyLevel.HIBERNATE:
            self.level = EnergyLevel.HIBERNATE
        self.draw_w = option.power_w if option else self.case.choices[0].power_w
        self.worth_per_h = option.utility if option else 0.0
        if before <= EnergyLevel.HIBERNATE < self.level:
            self.starts += 1
            self.charge_wh -= plant.boot_wh(self.case)
        self.switches += before != self.level

    @staticmethod
    def _target_held(reading: PowerReading | None) -> bool:
        return reading is not None and reading.charge_stage in (
            ChargeStage.ABSORPTION,
            ChargeStage.FLOAT,
        )

    # --- the world -----------------------------------------------------------------------------

    worth_per_h = 0.0

    def _pass_time(self, step: int) -> float:
        """The world goes on until the next poll; returns the utility of that time."""
        before_wh = self.charge_wh
        sun_w = float(self.case.sun_w[step])
        draw_w = 0.0 if self.dead else self.draw_w
        result = plant.step(
            before_wh,
            sun_w=sun_w,
            draw_w=draw_w,
            cold=bool(self.case.battery_c[step] < 0),
            floor_wh=float(self.floor_wh[step]),
            capacity_wh=self.capacity_wh,
            hours=POLL_H,
        )
        self.charge_wh = result.charge_wh
        self.change_pct_per_h = (self.charge_wh - before_wh) / self.capacity_wh * 100 / POLL_H
        self.used_w = sun_w - result.unused_w
        self.held = result.unused_w > 1 and self.case.battery_c[step] >= 0
        self.drawn_w = draw_w
        if result.cut:
            self.cuts += 1
            self.dead = True
            return 0.0
        if self.dead:
            back_wh = self.floor_wh[step] + plant.BACK_SHARE * self.capacity_wh
            if self.charge_wh >= back_wh:
                self.dead, self.level = False, EnergyLevel.HIBERNATE
            return 0.0
        return self.worth_per_h * POLL_H

    def _stamp(self, number: int) -> Stamp:
        seconds = number * POLL_S
        return Stamp(self.begins + timedelta(seconds=seconds), BOOT, BEGIN_S + seconds)

    def _day(self, utc: datetime) -> int:
        """The number of the local solar day since the start."""
        return (utc + self.local_shift).toordinal() - (self.begins + self.local_shift).toordinal()
