"""What the BMSs allow to be discharged: the cut that is about to come, and packs that are away."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from appliance.model import EnergyLevel
from appliance.settings import BatterySettings, EnergySettings, Settings
from power.guard.by_disconnect import find_disconnect_faults
from power.guard.guard import judge
from power.guard.observations import GuardState, find_deadline_s
from power.guard.verdict import Verdict
from tests.power.guard.test_guard import SETTINGS, a_reading, a_state
from tests.stand_ins.fakes import FakeClock


@dataclass
class Run:
    """A guard that is told each time what share of the packs may be discharged."""

    clock: FakeClock
    settings: Settings = SETTINGS
    state: GuardState = field(default_factory=GuardState)

    def look(
        self, share: float | None = 1.0, *, charge: float = 90.0, after_s: float = 2.0, **seen: Any
    ) -> Verdict:
        self.clock.advance(after_s)
        reading = replace(a_reading(self.clock, 13.1, -2.0), discharge_share=share, **seen)
        battery = a_state(self.clock, charge, 2.0)
        now = self.clock.stamp()
        self.state, verdict = judge(
            self.state, reading, 0.0, battery, self.settings, now, clock_confirmed=True
        )
        return verdict


@pytest.fixture
def run(clock: FakeClock) -> Run:
    return Run(clock)


def test_loads_stop_and_the_computer_shuts_down_before_the_only_pack_disconnects(run: Run) -> None:
    assert run.look().max_level is EnergyLevel.FULL
    first = run.look(0.0)
    assert (first.max_level, first.may_rise) == (EnergyLevel.FULL, False)
    assert run.look(0.0).max_level is EnergyLevel.HIBERNATE
    for _ in range(13):
        assert not run.look(0.0).power_off
    verdict = run.look(0.0)
    assert verdict.power_off
    assert verdict.reason == (
        "the BMS does not allow discharge and may disconnect the unit at any moment"
    )


def test_a_start_beside_a_pack_that_may_not_be_discharged_starts_no_load(run: Run) -> None:
    assert run.look(0.0).max_level is EnergyLevel.HIBERNATE


def test_a_pack_that_is_being_charged_is_waited_for(run: Run) -> None:
    """Charge is what ends an under-voltage disconnect."""
    for _ in range(60):
        verdict = run.look(0.0, battery_current_a=5.0, after_s=10)
        assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert verdict.reason.endswith("but charging")
    assert run.look(0.0, battery_current_a=-0.2).power_off


def test_one_reading_alone_stops_nothing(run: Run) -> None:
    run.look()
    run.look(0.0)
    assert run.look(1.0).max_level is EnergyLevel.FULL


def test_a_bms_that_falls_silent_after_that_has_not_allowed_it_again(run: Run) -> None:
    run.look()
    for _ in range(3):
        run.look(0.0)
    for _ in range(20):
        verdict = run.look(None, after_s=60)
    assert verdict.max_level is EnergyLevel.HIBERNATE
    assert run.look(1.0).max_level is EnergyLevel.FULL


def test_a_bms_that_does_not_say_so_changes_nothing(run: Run) -> None:
    assert run.look(None).max_level is EnergyLevel.FULL


def test_a_poll_falls_due_when_the_power_off_does(run: Run) -> None:
    run.look()
    run.look(0.0)
    assert find_deadline_s(run.state) == run.clock.uptime_s + 30
    for _ in range(20):
        run.look(0.0)
    assert find_deadline_s(run.state) is None


@pytest.mark.parametrize(
    ("share", "level"),
    [(0.5, EnergyLevel.FULL), (0.25, EnergyLevel.ECO), (0.05, EnergyLevel.HIBERNATE)],
)
def test_the_level_is_what_the_other_packs_can_carry(
    clock: FakeClock, share: float, level: EnergyLevel
) -> None:
    energy = EnergySettings(full_power_w=800, eco_power_w=500, sentinel_power_w=150)
    settings = Settings(battery=BatterySettings(capacity_wh=5120), energy=energy)
    run = Run(clock, settings)
    verdict = run.look(share)
    assert verdict.max_level is level
    if level < EnergyLevel.FULL:
        assert f"only {share:.0%} of the batteries may be discharged" in verdict.reason


def test_what_is_kept_goes_by_the_packs_that_are_left(clock: FakeClock) -> None:
    energy = EnergySettings(hibernate_power_w=3.0)
    run = Run(clock, replace(SETTINGS, energy=energy))
    assert run.look(0.25).reserve_wh == pytest.approx(0.3 * 2560 / 4)


@pytest.mark.parametrize("share", [float("nan"), -1.0, 7.0])
def test_a_share_that_cannot_be_changes_nothing(run: Run, share: float) -> None:
    assert run.look(share).max_level is EnergyLevel.FULL


def test_a_bms_that_allows_discharge_for_moments_only_is_about_to_disconnect(run: Run) -> None:
    run.look()
    levels, offs = [], []
    for number in range(100):
        verdict = run.look(float(number % 2))
        levels.append(verdict.max_level)
        offs.append(verdict.power_off)
    assert all(level is not EnergyLevel.FULL for level in levels[30:])
    assert offs.index(True) * 2 <= 190
    assert not any(run.look(1.0).power_off for _ in range(5))
    assert run.look(1.0).max_level is EnergyLevel.HIBERNATE
    for _ in range(60):
        verdict = run.look(1.0)
    assert (verdict.max_level, verdict.may_rise) == (EnergyLevel.FULL, True)


def test_a_bms_that_flickers_while_it_is_charged_is_waited_for(run: Run) -> None:
    run.look()
    for number in range(200):
        verdict = run.look(float(number % 2), battery_current_a=5.0)
        assert not verdict.power_off
    assert verdict.max_level is EnergyLevel.HIBERNATE


# --- a report that is stuck -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "seen",
    [
        {"battery_current_a": -0.5},
        {"battery_current_a": None, "pv_power_w": 0.0},  # nobody measures it, and it is dark
    ],
)
def test_a_report_since_the_boot_that_the_battery_contradicts_powers_off_nothing(
    run: Run, seen: dict[str, Any]
) -> None:
    for _ in range(59):
        verdict = run.look(0.0, after_s=10, **seen)
        assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert verdict.reason.endswith("but its battery supplies the unit")
    assert not find_disconnect_faults(run.state)
    for _ in range(3):
        verdict = run.look(0.0, after_s=10, **seen)
    assert verdict.max_level is EnergyLevel.FULL
    assert not run.state.may_lose_power
    (fault,) = find_disconnect_faults(run.state)
    assert "the report is not followed" in str(fault)
    run.look(1.0)
    assert not find_disconnect_faults(run.state)


@pytest.mark.parametrize(
    "seen",
    [
        {"battery_current_a": 0.0},  # the panels feed the unit
        {"battery_current_a": None, "pv_power_w": 80.0},
        {"battery_current_a": None},
        {"battery_voltage_v": 12.6},
    ],
)
def test_a_report_since_the_boot_that_nothing_contradicts_is_followed(
    run: Run, seen: dict[str, Any]
) -> None:
    verdicts = [run.look(0.0, after_s=10, **seen) for _ in range(70)]
    assert all(one.max_level <= EnergyLevel.HIBERNATE for one in verdicts)
    assert verdicts[4].power_off


def test_a_report_that_is_no_longer_followed_is_followed_again_once_it_was_different(
    run: Run,
) -> None:
    for _ in range(70):
        run.look(0.0, after_s=10)
    assert run.look(1.0).max_level is EnergyLevel.FULL
    for _ in range(20):
        verdict = run.look(0.0)
    assert verdict.power_off


def test_a_wrong_answer_once_in_a_while_stops_nothing(run: Run) -> None:
    for number in range(300):
        share = 0.0 if number % 10 == 5 else 1.0
        assert run.look(share).max_level is EnergyLevel.FULL
