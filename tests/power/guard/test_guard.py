"""The guard: told stories, and hypothesis trying to talk it into something."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from appliance.model import BatteryState, EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings
from power.guard.by_charge import compute_hibernate_below_pct
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState, observe
from power.guard.proven_charge import compute_lower_bound_pct
from power.guard.reserve import compute_reserve_wh
from power.guard.verdict import Verdict
from tests.stand_ins.fakes import FakeClock

SETTINGS = Settings()
MIDWINTER = datetime(2026, 12, 21, tzinfo=UTC)


@dataclass
class GuardRun:
    """A guard in use: each look is one cycle."""

    clock: FakeClock
    settings: Settings = SETTINGS
    state: GuardState = field(default_factory=GuardState)
    heard_s: float | None = None

    def look(
        self,
        volts: float | None = 13.0,
        amps: float | None = -2.0,
        charge: float | None = 90.0,
        sigma: float = 2.0,
        answers: bool = True,
        cell: float | None = None,
    ) -> Verdict:
        reading = a_reading(self.clock, volts, amps) if answers else None
        reading = replace(reading, lowest_cell_voltage_v=cell) if reading else None
        if answers:
            self.heard_s = self.clock.uptime_s
        age_s = None if self.heard_s is None else self.clock.uptime_s - self.heard_s
        battery = a_state(self.clock, charge, sigma)
        self.state, verdict = judge(
            self.state,
            reading,
            age_s,
            battery,
            self.settings,
            self.clock.stamp(),
            clock_confirmed=True,
        )
        return verdict


def a_reading(clock: FakeClock, volts: float | None, amps: float | None) -> PowerReading:
    return PowerReading(clock.stamp(), "test", None, None, volts, amps, None, None, None, None)


def a_state(clock: FakeClock, charge: float | None, sigma: float | None) -> BatteryState:
    return BatteryState(
        clock.stamp(), charge, sigma, None, 2560, None, charge_blocked=False, method="counted"
    )


@pytest.fixture
def run(clock: FakeClock) -> GuardRun:
    return GuardRun(clock)


def test_a_silent_charger_is_allowed_less_the_longer_it_is_silent(run: GuardRun) -> None:
    run.look()
    seen = []
    for silent_s in (0, 60, 1, 539, 1, 2999, 1):
        run.clock.advance(silent_s)
        verdict = run.look(answers=False)
        seen.append((verdict.max_level.name, verdict.may_rise))
    assert seen == [
        ("FULL", True),
        ("FULL", True),
        ("FULL", False),
        ("FULL", False),
        ("ECO", False),
        ("ECO", False),
        ("SENTINEL", False),
    ]
    assert verdict.reason == "no voltage of the battery has been read for 60 min"


def test_a_charger_that_never_answered_allows_no_more_than_listening(run: GuardRun) -> None:
    assert run.look(answers=False).max_level == EnergyLevel.SENTINEL


def test_a_charger_that_answers_without_a_voltage_is_not_called_silent(run: GuardRun) -> None:
    verdict = run.look(volts=None)
    assert verdict.max_level == EnergyLevel.SENTINEL
    assert verdict.reason == "no voltage of the battery has been read since the start"


def test_a_low_voltage_powers_off_after_half_a_minute_whatever_the_estimate(run: GuardRun) -> None:
    run.look(charge=95)
    first = run.look(volts=11.9, charge=95)
    assert (first.max_level, first.may_rise) == (EnergyLevel.FULL, False)
    run.clock.advance(10)
    assert not run.look(volts=11.9, charge=95).power_off
    run.clock.advance(20)
    verdict = run.look(volts=11.9, charge=95)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.OFF, True)
    assert verdict.reason == "2.98 V per cell is below 3 V for 30 s"


def test_a_short_sag_is_forgiven(run: GuardRun) -> None:
    run.look()
    run.look(volts=11.9)
    run.clock.advance(10)
    run.look(volts=12.1)
    run.clock.advance(25)
    assert run.look(volts=11.9).max_level == EnergyLevel.FULL


def test_a_confirmed_low_voltage_must_rise_clearly_before_loads_run_again(run: GuardRun) -> None:
    for _ in range(4):
        run.look(volts=11.9)
        run.clock.advance(10)
    assert run.look(volts=12.5).max_level == EnergyLevel.HIBERNATE
    assert run.look(answers=False).max_level == EnergyLevel.HIBERNATE
    assert run.look(volts=12.65).max_level == EnergyLevel.FULL


def test_zero_for_absent_is_not_a_low_voltage(run: GuardRun) -> None:
    for _ in range(10):
        verdict = run.look(volts=0.0)
        run.clock.advance(10)
    assert not verdict.power_off


@pytest.mark.parametrize(
    ("charge", "level", "power_off"),
    [
        (23, EnergyLevel.FULL, False),
        (20, EnergyLevel.SENTINEL, False),
        (16, EnergyLevel.HIBERNATE, False),
        (11, EnergyLevel.OFF, True),
        (None, EnergyLevel.SENTINEL, False),
        (float("nan"), EnergyLevel.SENTINEL, False),
    ],
)
def test_the_floors_are_judged_on_the_charge_less_sigma(
    run: GuardRun, charge: float | None, level: EnergyLevel, power_off: bool
) -> None:
    verdict = run.look(charge=charge, sigma=2.0)
    assert (verdict.max_level, verdict.power_off) == (level, power_off)


def test_what_is_unavailable_in_the_cold_is_not_counted_on(clock: FakeClock) -> None:
    """Where the last 30 % cannot be drawn, 38 % on the meter is next to nothing; only a sound
    voltage speaks for more.
    """
    cold = replace(a_state(clock, 38.0, 2.0), energy_wh=0.08 * 2560)
    for volts, powers_off in ((12.7, True), (12.9, False)):
        reading = a_reading(clock, volts, -2.0)
        _, verdict = judge(
            GuardState(), reading, 0.0, cold, SETTINGS, clock.stamp(), clock_confirmed=True
        )
        assert verdict.max_level <= EnergyLevel.HIBERNATE
        assert verdict.power_off is powers_off


def test_uncertainty_alone_does_not_power_off_a_battery_of_sound_voltage(run: GuardRun) -> None:
    doubtful = run.look(charge=35, sigma=30, volts=13.1)
    assert (doubtful.max_level, doubtful.power_off) == (EnergyLevel.HIBERNATE, False)
    assert run.look(charge=35, sigma=30, volts=12.6).power_off
    assert run.look(charge=35, sigma=30, volts=None).power_off
    assert run.look(charge=15, sigma=10, volts=13.1).power_off


def test_an_empty_unit_that_is_being_charged_waits_instead_of_leaving(run: GuardRun) -> None:
    verdict = run.look(charge=5, amps=4.0)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert verdict.reason == "there may be only 3 % left to draw, the floor is 10 %, but charging"


def test_the_reserve_is_seven_dark_days_and_never_more_than_a_third() -> None:
    energy, battery = EnergySettings(), BatterySettings()
    assert compute_reserve_wh(battery, energy) == pytest.approx(2.0 * 24 * 7)
    assert compute_reserve_wh(battery, replace(energy, hibernate_power_w=100)) == pytest.approx(768)


def test_loads_stop_before_they_eat_the_reserve(clock: FakeClock) -> None:
    clock.set_wall_clock(MIDWINTER)
    energy = EnergySettings(hibernate_power_w=3.0)  # 504 Wh, 20 % of the pack
    run = GuardRun(clock, replace(SETTINGS, energy=energy))
    assert run.look(charge=21, sigma=2).max_level == EnergyLevel.HIBERNATE


def test_lead_acid_has_a_floor_of_its_own(clock: FakeClock) -> None:
    lead = BatterySettings(chemistry=Chemistry.LEAD_ACID, nominal_voltage_v=12)
    run = GuardRun(clock, replace(SETTINGS, battery=lead))
    for _ in range(4):
        verdict = run.look(volts=11.7)
        run.clock.advance(10)
    assert not verdict.power_off
    for _ in range(4):
        verdict = run.look(volts=11.5)
        run.clock.advance(10)
    assert verdict.power_off


def test_a_voltage_that_was_never_good_forbids_loads_at_once(run: GuardRun) -> None:
    verdict = run.look(volts=11.9, charge=95)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert verdict.reason == "the first measured voltages are low, 2.98 V per cell"
    assert run.look(volts=13.0).max_level == EnergyLevel.FULL


def test_a_service_that_starts_again_and_again_runs_no_load_on_a_low_voltage(
    clock: FakeClock,
) -> None:
    for _ in range(20):
        run = GuardRun(clock)
        for _ in range(2):
            assert run.look(volts=11.9, charge=95).max_level <= EnergyLevel.HIBERNATE
            clock.advance(10)


def test_loads_stop_on_a_voltage_that_stays_low_and_the_computer_stays(run: GuardRun) -> None:
    run.look(charge=95)
    for _ in range(31):
        run.clock.advance(10)
        verdict = run.look(volts=12.3, charge=95)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)
    assert verdict.reason == "3.08 V per cell is below 3.1 V for 5 min"
    assert not run.look(volts=12.5, charge=95).may_rise
    assert run.look(volts=12.65, charge=95).may_rise


def test_a_low_voltage_and_then_nothing_is_a_low_voltage(run: GuardRun) -> None:
    run.look()
    run.look(volts=12.3)
    run.clock.advance(290)
    assert run.look(answers=False).max_level == EnergyLevel.FULL
    run.clock.advance(10)
    verdict = run.look(answers=False)
    assert verdict.max_level == EnergyLevel.HIBERNATE
    assert verdict.reason == "the last measured voltage was below 3.1 V per cell"


def test_an_empty_cell_after_hours_of_low_voltage_still_has_to_be_confirmed(run: GuardRun) -> None:
    run.look()
    for _ in range(31):
        run.clock.advance(10)
        run.look(volts=12.3)
    assert run.look(volts=11.9).max_level == EnergyLevel.HIBERNATE
    run.clock.advance(30)
    assert run.look(volts=11.9).power_off


def test_a_battery_that_is_charged_again_has_ten_minutes_to_show_it(run: GuardRun) -> None:
    run.look()
    power_offs = []
    for _ in range(61):
        verdict = run.look(volts=11.9, amps=4.0)
        power_offs.append(verdict.power_off)
        run.clock.advance(10)
    assert power_offs == [False] * 60 + [True]


# --- charge --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "blocked",
    [{"battery_temperature_c": -0.5}, {"charge_allowed": False}, {"charge_blocked": True}],
)
@pytest.mark.parametrize("volts", [11.9, 13.0])
def test_the_sun_is_no_income_for_a_battery_that_takes_no_charge(
    clock: FakeClock, blocked: dict[str, Any], volts: float
) -> None:
    """A current into such a battery is a sensor's error."""

    def powers_off(blocked: dict[str, Any]) -> bool:
        state = GuardState()
        for _ in range(5):
            clock.advance(10)
            battery = replace(a_state(clock, 5, 1), charge_blocked="charge_blocked" in blocked)
            seen = a_reading(clock, volts, 5.0)
            seen = seen if battery.charge_blocked else replace(seen, **blocked)
            state, verdict = judge(
                state, seen, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True
            )
        return verdict.power_off

    assert powers_off(blocked)
    assert not powers_off({"battery_temperature_c": 0.5})


def test_lead_acid_is_charged_in_the_cold(clock: FakeClock) -> None:
    lead = BatterySettings(chemistry=Chemistry.LEAD_ACID, nominal_voltage_v=12)
    settings = replace(SETTINGS, battery=lead)
    seen = replace(a_reading(clock, 12.5, 5.0), battery_temperature_c=-10.0)
    _, verdict = judge(
        GuardState(), seen, 0.0, a_state(clock, 5, 1), settings, clock.stamp(), clock_confirmed=True
    )
    assert not verdict.power_off


def test_zero_for_an_absent_cell_is_not_an_empty_cell(run: GuardRun) -> None:
    for _ in range(10):
        verdict = run.look(cell=0.0)
        run.clock.advance(10)
    assert verdict.max_level == EnergyLevel.FULL


@pytest.mark.parametrize(("charge", "sigma"), [(606.0, 2.0), (90.0, -50.0), (90.0, float("nan"))])
def test_a_charge_that_cannot_be_is_unknown(clock: FakeClock, charge: float, sigma: float) -> None:
    assert compute_lower_bound_pct(a_state(clock, charge, sigma)) is None


def test_sigma_and_cold_are_taken_off_as_independent_errors(clock: FakeClock) -> None:
    cold = replace(a_state(clock, 60, 9), energy_wh=0.48 * 2560)
    assert compute_lower_bound_pct(cold) == pytest.approx(60 - 15)
    assert compute_lower_bound_pct(replace(cold, capacity_wh=0.0)) == pytest.approx(51)


def test_a_clean_shutdown_is_kept_even_in_a_tiny_battery(clock: FakeClock) -> None:
    tiny = replace(SETTINGS, battery=BatterySettings(capacity_wh=12))  # 120 s of 25 W are 7 %
    careless = replace(tiny, energy=EnergySettings(off_below_pct=1.0))
    assert GuardRun(clock, careless).look(charge=11, sigma=2, volts=12.6).power_off
    large = replace(careless, energy=EnergySettings(off_below_pct=1.0, full_power_w=72))
    assert GuardRun(clock, large).look(charge=21, sigma=2, volts=12.6).power_off


def test_the_reserve_of_the_day_raises_the_floor_and_is_in_the_verdict(clock: FakeClock) -> None:
    energy = EnergySettings(hibernate_power_w=3.0)
    settings = replace(SETTINGS, energy=energy)
    reading = a_reading(clock, 13.0, -2.0)

    def at(utc: datetime, full_at: datetime | None = None, charge: float = 20) -> Verdict:
        clock.set_wall_clock(utc)
        battery = replace(a_state(clock, charge, 1), full_at=full_at)
        _, verdict = judge(
            GuardState(), reading, 0.0, battery, settings, clock.stamp(), clock_confirmed=True
        )
        return verdict

    summer, winter = at(datetime(2026, 6, 21, tzinfo=UTC)), at(MIDWINTER)
    assert (summer.max_level, winter.max_level) == (EnergyLevel.SENTINEL, EnergyLevel.HIBERNATE)
    assert winter.reserve_wh == pytest.approx(3 * 24 * 7)
    assert at(MIDWINTER, charge=26).max_level == EnergyLevel.FULL
    long_ago = at(MIDWINTER, datetime(2026, 12, 11, tzinfo=UTC), charge=26)
    assert long_ago.max_level == EnergyLevel.HIBERNATE
    assert long_ago.reserve_wh == pytest.approx(768)  # 14 days would be 1008 Wh
    assert compute_hibernate_below_pct(settings) == pytest.approx(504 / 2560 * 100)
    assert compute_hibernate_below_pct(settings, 768.0) == pytest.approx(30)


# --- single cells --------------------------------------------------------------------------------


def test_a_weak_cell_is_low_though_every_third_poll_brings_only_the_mean(run: GuardRun) -> None:
    for poll in range(4):
        verdict = run.look(12.9, cell=None if poll == 2 else 2.8)
        run.clock.advance(10)
    assert verdict.power_off
    assert "2.80 V per cell is below 3 V" in verdict.reason
    assert not run.look(12.9).may_rise


def test_a_weak_cell_that_is_better_counts_at_once(run: GuardRun) -> None:
    run.look(12.9, cell=2.8)
    run.clock.advance(10)
    assert run.look(12.9, cell=3.2).may_rise


def test_a_bms_that_died_with_a_low_cell_does_not_hold_the_unit_for_ever(run: GuardRun) -> None:
    for _ in range(4):
        run.look(13.2, cell=2.8)
        run.clock.advance(10)
    assert run.look(13.2).max_level is EnergyLevel.HIBERNATE
    run.clock.advance(600)
    assert run.look(13.2).max_level is EnergyLevel.FULL


def test_a_sound_lowest_cell_does_not_hide_a_low_battery(clock: FakeClock) -> None:
    low = replace(a_reading(clock, 10.4, -2.0), lowest_cell_voltage_v=3.3)
    weak = replace(a_reading(clock, 13.2, -2.0), lowest_cell_voltage_v=2.8)
    for reading, cell_v in ((low, 2.6), (weak, 2.8)):
        received = observe(reading, derive_limits(SETTINGS.battery, SETTINGS.energy), clock.stamp())
        assert received is not None
        assert received.cell_v == pytest.approx(cell_v)
