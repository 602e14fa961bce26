"""What readings prove of the charge, and how long the loads go on in a silence by that."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appliance.model import EnergyLevel
from appliance.settings import BatterySettings, Chemistry, Settings
from power.guard.dead_reckoning import find_kept_pct
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.verdict import Verdict
from tests.power.guard.test_guard import SETTINGS, a_reading, a_state
from tests.stand_ins.fakes import FakeClock

HOUR_S = 3600.0
FULL_PCT_PER_H = 100 * SETTINGS.energy.full_power_w / 2560 / 0.45


@dataclass
class Run:
    """A guard and a meter: `see` looks once a minute, `wait` is a silence."""

    clock: FakeClock
    settings: Settings = SETTINGS
    charge: float = 100.0
    sigma: float = 2.0
    ordered: EnergyLevel | None = EnergyLevel.FULL
    heaters_w: float = 0.0
    state: GuardState = field(default_factory=GuardState)
    seen_s: float = 0.0
    looks: int = 0

    def see(self, volts: float, amps: float = -1.5, hours: float = 48.0, **others: Any) -> Verdict:
        for _ in range(round(hours * 60)):
            self.clock.advance(60)
            self.looks += 1
            moving_v = volts + 0.001 * (self.looks % 2)
            reading = replace(a_reading(self.clock, moving_v, amps), **others)
            self.seen_s = self.clock.uptime_s
            verdict = self._judge(reading)
        return verdict

    def wait(self, hours: float) -> Verdict:
        self.clock.advance(hours * HOUR_S)
        return self._judge(None)

    def _judge(self, reading: Any) -> Verdict:
        self.state, verdict = judge(
            self.state,
            reading,
            self.clock.uptime_s - self.seen_s,
            a_state(self.clock, self.charge, self.sigma),
            self.settings,
            self.clock.stamp(),
            clock_confirmed=True,
            ordered=self.ordered,
            heaters_w=self.heaters_w,
        )
        return verdict

    @property
    def proven_pct(self) -> float:
        return self.state.proven.voltage_pct


@pytest.fixture
def run(clock: FakeClock) -> Run:
    return Run(clock)


def test_the_loads_go_on_until_what_is_proven_is_used_and_the_reason_says_so(run: Run) -> None:
    run.see(13.3)
    kept_pct = find_kept_pct(derive_limits(SETTINGS.battery, SETTINGS.energy))
    hours = (run.proven_pct - kept_pct) / FULL_PCT_PER_H
    verdict = run.wait(hours - 0.1)
    assert (verdict.max_level, verdict.may_rise) == (EnergyLevel.FULL, False)
    assert verdict.reason == (
        "no voltage of the battery has been read for 7 h, but 20 % or more are surely left"
    )
    assert run.wait(0.2).max_level is EnergyLevel.ECO
    assert run.wait(2.5).max_level is EnergyLevel.SENTINEL


def test_nothing_goes_on_for_more_than_a_day(run: Run) -> None:
    run.see(13.6)
    run.ordered = EnergyLevel.HIBERNATE
    assert run.wait(23.9).max_level is EnergyLevel.FULL
    assert run.wait(0.2).max_level is EnergyLevel.HIBERNATE


def test_a_voltage_that_was_seen_for_a_moment_proves_nothing(run: Run) -> None:
    run.see(13.4, hours=0.1)
    assert run.wait(1.1).max_level is EnergyLevel.SENTINEL


@pytest.mark.parametrize(("charge", "sigma"), [(38.0, 10.0), (None, 2.0), (24.0, 1.0)])
def test_a_count_that_is_low_or_unsure_proves_no_more_than_its_lower_bound(
    run: Run, charge: float | None, sigma: float
) -> None:
    run.see(13.44)
    run.charge, run.sigma = charge or 0.0, sigma
    run.see(13.44, hours=0.1)
    before = run.state.proven
    run.charge = 90.0
    assert run.wait(6).max_level < EnergyLevel.FULL
    assert before.voltage_pct > 50


def test_what_others_draw_from_the_battery_is_counted_too(run: Run) -> None:
    run.see(13.4)
    alone = run.wait(9)
    run.see(13.4, amps=-7.0, hours=6)
    assert alone.max_level is EnergyLevel.FULL
    assert run.state.proven.others_w == pytest.approx(7 * 13.4 - 25, rel=0.05)
    assert run.wait(9).max_level is EnergyLevel.SENTINEL


def test_loads_that_are_ordered_off_draw_nothing(run: Run) -> None:
    run.see(13.24)
    run.ordered = EnergyLevel.HIBERNATE
    assert run.wait(12).max_level is EnergyLevel.FULL


def test_a_bms_that_falls_silent_leaves_what_its_cells_proved(run: Run) -> None:
    run.see(13.3, lowest_cell_voltage_v=3.31)
    proven = run.state.proven
    run.see(14.4, hours=3)
    assert run.proven_pct == proven.voltage_pct
    assert run.state.proven.drawn_wh == pytest.approx(75, rel=0.02)


def test_the_proof_of_all_packs_is_none_of_those_that_are_left(run: Run) -> None:
    run.see(13.4, discharge_share=1.0)
    run.see(13.4, discharge_share=0.5, hours=0.02)
    assert run.proven_pct == 0


def test_a_surge_of_a_minute_costs_a_percent(run: Run) -> None:
    run.see(13.4)
    before_pct = run.proven_pct
    run.see(11.0, amps=-120.0, hours=1 / 60)
    assert before_pct - 1 < run.proven_pct < before_pct


@pytest.mark.parametrize(
    ("chemistry", "ohm", "rested_v", "charging_v", "charged_pct"),
    [(Chemistry.LFP, 0.02, 12.9, 13.5, 5.0), (Chemistry.AGM, 0.005, 12.2, 13.4, 10.0)],
)
def test_a_charging_voltage_proves_no_more_than_it_can_have_charged(
    clock: FakeClock,
    chemistry: Chemistry,
    ohm: float,
    rested_v: float,
    charging_v: float,
    charged_pct: float,
) -> None:
    """An hour: LFP with C/20 behind three times its resistance; lead-acid with C/10, which raises
    its cells by 0.2 V whatever their resistance is.
    """
    nominal_v = 12.8 if chemistry is Chemistry.LFP else 12.0
    battery = BatterySettings(
        capacity_wh=2560, nominal_voltage_v=nominal_v, chemistry=chemistry, resistance_ohm=ohm
    )
    run = Run(clock, replace(SETTINGS, battery=battery))
    run.see(rested_v)
    before_pct = run.proven_pct
    run.see(charging_v, amps=0.0, hours=1)
    assert 1 < run.proven_pct - before_pct <= charged_pct


def test_a_heater_that_was_switched_on_at_the_last_reading_is_reckoned_with(run: Run) -> None:
    """No meter has seen it yet."""
    run.see(13.3)
    run.heaters_w = 500.0
    assert run.wait(2.0).max_level is EnergyLevel.SENTINEL
