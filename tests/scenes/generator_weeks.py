"""Weeks of a unit with a generator, played in memory: the real planner, rules and guard, and
weather that only the battery knows.

Reads and writes: nothing.
Never: tells the planner the sun of a time to come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from appliance.model import BatteryState, EnergyLevel, EnergyPolicy, PowerReading, Stamp
from appliance.model_sources import SourcePolicy, SourceState
from appliance.settings import Settings
from power.act.source_evidence import Evidence
from power.act.source_need import find_need
from power.act.source_rules import follow_source
from power.act.source_start import SourceInputs
from power.battery.charge_physics import ChargeModel, compute_charge_change_pct
from power.guard.by_charge import judge_charge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.proven_charge import compute_lower_bound_pct
from power.plan.plan import make_policy, solve_plan
from power.plan.policy_planner import PolicyPlanner
from power.plan.problem import SiteHistory
from power.plan.source_plan import solve_with_sources
from power.plan.source_planner import SourcePlanner
from power.plan.source_policy import PolicyChoice
from power.plan.weather_model import DayWeather
from tests.power.plan.site_days import MIDNIGHT, a_problem, plain_sky

STEP_S = 900.0
NAME = "generator"
LEVEL_WORTH = {EnergyLevel.FULL: 1.0, EnergyLevel.ECO: 0.6, EnergyLevel.SENTINEL: 0.3}


@dataclass
class Weeks:
    """One unit. `days`: the clear-sky index of each day to come; `past`: of those before."""

    settings: Settings
    days: Sequence[float]
    charge_pct: float
    past: Sequence[float] = ()
    starts_s: list[float] = field(default_factory=list)
    given_kwh: float = 0.0
    dark_s: float = 0.0
    lowest_pct: float = 100.0
    level_s: dict[EnergyLevel, float] = field(default_factory=dict)
    state: SourceState = field(init=False)

    def __post_init__(self) -> None:
        self._sun_policy: EnergyPolicy | None = None
        self._source_policy: SourcePolicy | None = None
        self._source = self.settings.source.get(NAME)
        planner = SourcePlanner(self.settings, lambda: self._source_policy)
        self._decide = planner.decide
        choice = PolicyChoice(
            lambda: self._sun_policy, lambda: self._source_policy, lambda _: not self.state.failures
        )
        self._planner = PolicyPlanner(self.settings, choice.get_policy, predicts_change=False)
        full_kwh = self._source.full_tank_kwh if self._source else None
        self.state = SourceState(self._stamp(0.0), NAME, fuel_left_kwh=full_kwh)
        self._battery = ChargeModel.from_settings(self.settings.battery)

    def play(self) -> "Weeks":
        """Live through the days."""
        level: EnergyLevel | None = None
        for step in range(int(len(self.days) * 86_400 / STEP_S)):
            at_s = step * STEP_S
            if at_s % 86_400 == 0:
                self._plan(at_s)
            level = self._live(at_s, level)
        return self

    @property
    def worth_h(self) -> float:
        """Hours of FULL that were done."""
        return sum(LEVEL_WORTH.get(level, 0.0) * s for level, s in self.level_s.items()) / 3600

    def _stamp(self, at_s: float) -> Stamp:
        return Stamp(MIDNIGHT + timedelta(seconds=at_s), "00000001", 1000.0 + at_s)

    def _plan(self, at_s: float) -> None:
        stamp = self._stamp(at_s)
        known = [*self.past, *self.days[: int(at_s // 86_400)]]
        history = SiteHistory(tuple(DayWeather(one, 15.0) for one in known), (1.0,) * 24)
        problem = replace(a_problem(self.settings, history), now=stamp)
        plan = solve_plan(problem)
        self._sun_policy = make_policy(plan)
        with_sources = solve_with_sources(plan, {NAME: self.state}, self._make_battery(stamp))
        row = None if with_sources is None else with_sources.make_row(self._sun_policy)
        self._source_policy = row

    def _live(self, at_s: float, before: EnergyLevel | None) -> EnergyLevel:
        now = self._stamp(at_s)
        battery, reading = self._make_battery(now), self._make_reading(now)
        limits = derive_limits(self.settings.battery, self.settings.energy)
        verdict = judge_charge(
            compute_lower_bound_pct(battery), battery, limits, reserve_wh=50.0, reading=reading
        )
        proposal = self._planner.propose(battery, reading, before)
        level = min(proposal.level, verdict.max_level)
        if self._source is not None:
            self._follow_source(now, battery, reading)
        self._spend(now, level, min(proposal.power_w, self.settings.get_level_power_w(level)))
        return level

    def _follow_source(self, now: Stamp, battery: BatteryState, reading: PowerReading) -> None:
        assert self._source is not None
        need = find_need(GuardState(), battery, self.settings, 50.0)
        was = self.state.is_ordered
        inputs = SourceInputs(
            now=now,
            local_h=now.utc.hour + now.utc.minute / 60,
            charge_pct=battery.state_of_charge_pct,
            refusal="",
            need=need.reason,
            is_safe=need.is_safe,
            decision=self._decide(NAME, battery, reading, was),
            evidence=Evidence(was, self._source.power_w if was else None),
        )
        stamp = replace(self.state.stamp, uptime_s=max(0.0, now.uptime_s - 60))
        self.state = follow_source(replace(self.state, stamp=stamp), self._source, inputs)
        if self.state.is_ordered and not was:
            self.starts_s.append(now.uptime_s - 1000.0)

    def _spend(self, now: Stamp, level: EnergyLevel, power_w: float) -> None:
        gives_w = self._source.power_w if self._source and self.state.is_ordered else 0.0
        self.given_kwh += gives_w * STEP_S / 3.6e6
        if self.state.is_ordered and self.state.fuel_left_kwh is not None:
            # `follow_source` counted a minute of this step; the rest of it here.
            used_kwh = gives_w * (STEP_S - 60) / 3.6e6
            left_kwh = max(0.0, self.state.fuel_left_kwh - used_kwh)
            self.state = replace(self.state, fuel_left_kwh=left_kwh)
        change_pct = compute_charge_change_pct(
            self._battery,
            sun_w=self._sun_w(now),
            draw_w=power_w - gives_w,
            hours=STEP_S / 3600,
            cold=False,
        )
        self.charge_pct = min(100.0, max(0.0, self.charge_pct + change_pct))
        self.lowest_pct = min(self.lowest_pct, self.charge_pct)
        self.level_s[level] = self.level_s.get(level, 0.0) + STEP_S
        if level <= EnergyLevel.HIBERNATE:
            self.dark_s += STEP_S

    def _sun_w(self, now: Stamp) -> float:
        day = min(len(self.days) - 1, (now.utc - MIDNIGHT).days)
        clear_w = plain_sky(self.settings.site, self.settings.panels, [now.utc])[0]
        return clear_w * self.days[day]

    def _make_battery(self, now: Stamp) -> BatteryState:
        whole_wh = self.settings.battery.capacity_wh
        return BatteryState(
            now,
            self.charge_pct,
            2.0,
            self.charge_pct / 100 * whole_wh,
            whole_wh,
            None,
            charge_blocked=False,
            method="counted",
        )

    def _make_reading(self, now: Stamp) -> PowerReading:
        return PowerReading(
            stamp=now,
            device="test",
            pv_power_w=self._sun_w(now),
            pv_voltage_v=30.0,
            battery_voltage_v=13.1,
            battery_current_a=0.0,
            battery_temperature_c=15.0,
            load_power_w=None,
            charge_stage=None,
            yield_today_wh=None,
        )
