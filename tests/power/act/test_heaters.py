"""Heaters of battery and lens, and loads that wait for surplus: when they are on, and when not."""

from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest

from appliance.model import BatteryState, ChargeStage, EnergyBudget, EnergyLevel, PowerReading
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Settings
from power.act.heaters import HeaterReport, Heaters
from power.plan.heater_decision import HeaterDecision
from tests.stand_ins.fakes import FakeClock

COLD = SwitchSettings(runs_when=RunsWhen.BATTERY_COLD, below_c=3.0, idle_w=30.0)
FROST = SwitchSettings(runs_when=RunsWhen.FROST, below_c=2.0, idle_w=8.0)
YES = HeaterDecision(runs=True, reason="heat for 1.0 h lets the sun charge")
NO = HeaterDecision(runs=False, reason="heat would cost more than the sun can charge")


@dataclass
class Box:
    """One heater and the weather around it; `warms_c`: what an hour of it adds."""

    switch: SwitchSettings = COLD
    decision: HeaterDecision | None = YES
    celsius: float | None = -2.0
    level: EnergyLevel = EnergyLevel.ECO
    sun_w: float | None = 0.0
    surplus: bool = False
    silent: bool = False
    warms_c: float = 3.0
    clock: FakeClock = field(default_factory=FakeClock)
    report: HeaterReport = field(default_factory=lambda: HeaterReport({}))
    switched: list[tuple[float, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        settings = replace(Settings(), switch={"heater": self.switch})
        self.heaters = Heaters(settings, lambda *_, **__: self.decision)

    @property
    def on(self) -> bool:
        return self.report.switches.get("heater", False)

    def pass_time(self, seconds: float, every_s: float = 30.0) -> "Box":
        for _ in range(int(seconds / every_s)):
            self.clock.advance(every_s)
            was = self.on
            if was and self.celsius is not None:
                self.celsius += self.warms_c * every_s / 3600
            self.report = self.heaters.follow(
                self._budget(),
                self._battery(),
                None if self.silent else self._reading(),
                self.clock.stamp(),
            )
            if self.on is not was:
                self.switched.append((self.clock.uptime_s, self.on))
        return self

    def _budget(self) -> EnergyBudget:
        now = self.clock.stamp()
        return EnergyBudget(now, self.level, 20.0, now.utc, 50.0, "", sun_is_free=self.surplus)

    def _battery(self) -> BatteryState:
        return BatteryState(
            self.clock.stamp(), 60.0, 2.0, 1500, 2560, None, charge_blocked=True, method="counted"
        )

    def _reading(self) -> PowerReading:
        return PowerReading(
            stamp=self.clock.stamp(),
            device="test",
            pv_power_w=self.sun_w,
            pv_voltage_v=None,
            battery_voltage_v=13.1,
            battery_current_a=0.0,
            battery_temperature_c=self.celsius,
            load_power_w=None,
            charge_stage=ChargeStage.BULK,
            yield_today_wh=None,
        )


def test_a_cold_battery_is_heated_where_the_plan_says_that_it_pays() -> None:
    assert Box().pass_time(60).on
    assert not Box(decision=NO).pass_time(3600).on
    assert not Box(celsius=8.0).pass_time(3600).on


def test_it_stops_when_the_battery_is_warm_enough_and_not_a_little_before() -> None:
    box = Box(celsius=2.5).pass_time(60)
    box.pass_time(1200)
    assert box.celsius is not None
    assert 3.0 < box.celsius < 5.0
    assert box.on
    assert not box.pass_time(2400).on


def test_without_a_plan_only_the_sun_pays_for_heat() -> None:
    assert not Box(decision=None, sun_w=0.0).pass_time(3600).on
    assert Box(decision=None, sun_w=80.0).pass_time(60).on


def test_nothing_is_heated_by_a_temperature_that_no_probe_measures() -> None:
    for unknown in (None, 25.0):
        assert not Box(celsius=unknown).pass_time(3600).on
    assert not Box(FROST, celsius=None).pass_time(3600).on


def test_the_guard_sheds_it_at_once_below_its_level_whatever_its_least_time() -> None:
    box = Box().pass_time(60)
    box.level = EnergyLevel.SENTINEL
    assert not box.pass_time(30).on
    assert not box.pass_time(7200).on


def test_it_keeps_its_least_times_while_the_plan_changes_its_mind() -> None:
    box = Box(warms_c=0.0)
    for turn in range(400):
        box.decision = YES if turn % 2 else NO
        box.pass_time(60)
        box.celsius = -2.0 + turn / 100  # it becomes warmer: no fault
    times = [at_s for at_s, _ in box.switched]
    assert len(times) > 4
    assert all(later - earlier >= 900 for earlier, later in pairwise(times))


def test_a_battery_that_does_not_become_warmer_is_a_fault_and_the_heater_rests() -> None:
    box = Box(warms_c=0.0).pass_time(3600)
    assert not box.report.faults
    box.pass_time(120)
    [fault] = box.report.faults
    assert fault.code == "heater-heater"
    assert "fuse? wiring?" in str(fault)
    assert not box.on
    assert not box.pass_time(5 * 3600).on
    assert box.pass_time(4500).on


def test_one_that_warms_is_no_fault_however_long_it_runs() -> None:
    box = Box(celsius=-20.0, warms_c=0.6)
    for _ in range(10):
        box.pass_time(3600)
        assert not box.report.faults
    assert box.on


def test_against_frost_it_runs_by_the_temperature_and_against_dew_only_in_the_dark() -> None:
    assert Box(FROST, celsius=1.0).pass_time(60).on
    assert not Box(FROST, celsius=5.0).pass_time(60).on
    dew = replace(FROST, runs_when=RunsWhen.DEW)
    assert Box(dew, celsius=1.0, sun_w=0.0).pass_time(60).on
    assert not Box(dew, celsius=1.0, sun_w=50.0).pass_time(60).on
    assert not Box(dew, celsius=1.0, sun_w=None).pass_time(60).on


def test_a_lens_heater_with_a_worth_runs_only_while_its_energy_is_worth_less() -> None:
    priced = replace(FROST, worth=0.1)
    assert not Box(priced, decision=NO, celsius=0.0).pass_time(3600).on
    assert Box(priced, decision=YES, celsius=0.0).pass_time(60).on
    assert Box(priced, decision=None, celsius=0.0).pass_time(60).on


def test_a_load_for_surplus_waits_for_it() -> None:
    pump = SwitchSettings(runs_when=RunsWhen.SURPLUS, idle_w=40.0)
    assert not Box(pump).pass_time(3600).on
    assert Box(pump, surplus=True).pass_time(60).on


def test_a_silence_ends_heat_and_surplus_at_once_whatever_the_least_time() -> None:
    """A heater that goes on unseen empties the battery."""
    for switch in (COLD, FROST, replace(COLD, runs_when=RunsWhen.SURPLUS)):
        box = Box(replace(switch, least_on_s=86_400.0), surplus=True).pass_time(60)
        assert box.on
        box.silent = True
        assert not box.pass_time(30).on


def test_what_the_heaters_that_are_on_draw_is_known() -> None:
    box = Box().pass_time(60)
    assert box.heaters.power_w == 30.0
    box.level = EnergyLevel.SENTINEL
    box.pass_time(30)
    assert box.heaters.power_w == 0.0


@pytest.mark.parametrize("kind", [RunsWhen.LEVEL, RunsWhen.EVENT, RunsWhen.ALARM])
def test_what_is_no_heater_is_not_decided_about(kind: RunsWhen) -> None:
    box = Box(replace(COLD, runs_when=kind)).pass_time(60)
    assert box.report.switches == {}
