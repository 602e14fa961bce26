"""Batteries in the cold and in the heat: what can be drawn at the loads' own rate, and frost."""

from dataclasses import replace
from pathlib import Path

import pytest

from appliance.model import EnergyLevel, PowerReading
from appliance.settings import BatterySettings, Chemistry, EnergySettings, Settings
from appliance.settings_file import load_settings
from power.battery import estimator
from power.battery.estimate import Estimate
from power.guard.by_temperature import find_frost_faults, judge_frost
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState
from power.guard.verdict import Verdict
from power.plan.ladder import Ladder
from tests.power.guard.test_guard import a_reading, a_state
from tests.stand_ins.fakes import FakeClock

LFP = Settings()
OLD_LADDER = Settings(battery=BatterySettings(chemistry=Chemistry.FLOODED, nominal_voltage_v=12))
CAREFUL = replace(  # the ladder of lead-acid
    OLD_LADDER,
    energy=EnergySettings(
        full_from_pct=80, eco_from_pct=70, sentinel_from_pct=60, off_below_pct=40
    ),
)


def judge_cold(
    clock: FakeClock,
    settings: Settings,
    *,
    charge: float,
    celsius: float,
    volts: float,
    sigma: float = 4.0,
    amps: float = -1.0,
) -> Verdict:
    """The estimator's report of a count, and the guard's verdict on it."""
    reading = replace(a_reading(clock, volts, amps), battery_temperature_c=celsius)
    estimate = Estimate(clock.stamp(), charge, sigma, "counted", temperature_c=celsius)
    state = estimator.report_state(
        estimate, reading, settings.battery, clock.stamp(), loads_w=settings.energy.full_power_w
    )
    _, verdict = judge(
        GuardState(), reading, 0.0, state, settings, clock.stamp(), clock_confirmed=True
    )
    return verdict


@pytest.mark.parametrize(
    ("settings", "charge", "celsius", "volts"),
    [
        (LFP, 40, -20, 13.1),
        (OLD_LADDER, 40, 0, 12.5),
        (OLD_LADDER, 50, -10, 12.5),
        (OLD_LADDER, 60, -20, 12.5),
        (CAREFUL, 40, 0, 12.5),
        (CAREFUL, 50, -10, 12.5),
        (CAREFUL, 60, -20, 12.5),
    ],
)
def test_a_cold_battery_of_sound_voltage_is_not_powered_off(
    clock: FakeClock, settings: Settings, charge: float, celsius: float, volts: float
) -> None:
    verdict = judge_cold(clock, settings, charge=charge, celsius=celsius, volts=volts)
    assert verdict.max_level >= EnergyLevel.HIBERNATE
    assert not verdict.power_off


def lead(chemistry: Chemistry, times: int) -> Settings:
    """A lead-acid unit with the ladder of its chemistry."""
    pack = BatterySettings(
        chemistry=chemistry, nominal_voltage_v=12.0 * times, capacity_wh=2400.0 * times
    )
    return replace(CAREFUL, battery=pack)


@pytest.mark.parametrize("times", [1, 2, 4])
@pytest.mark.parametrize("chemistry", [one for one in Chemistry if one is not Chemistry.LFP])
@pytest.mark.parametrize("celsius", [25.1, 18, 10, 0, -10, -20])
def test_lead_acid_between_its_floor_and_half_is_not_powered_off_for_the_cold(
    clock: FakeClock, chemistry: Chemistry, times: int, celsius: float
) -> None:
    """It has the voltage of its charge, which is no sound one: that is the voltage at 50 %."""
    for charge in (49, 45, 41):
        volts = (12.24 + (charge - 50) * 0.0104) * times
        verdict = judge_cold(
            clock,
            lead(chemistry, times),
            charge=charge,
            celsius=celsius,
            volts=volts,
            sigma=2.0,
            amps=-0.5,
        )
        assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)


@pytest.mark.parametrize(
    ("charge", "sigma", "volts"),
    [(38, 2.0, 12.2), (45, 2.0, 12.0), (60, 2.0, 12.07), (42, 35.0, 12.2)],
)
def test_lead_acid_below_its_floor_or_its_count_is_powered_off(
    clock: FakeClock, charge: float, sigma: float, volts: float
) -> None:
    """Also where the voltage is lower than that of the count, or the count says next to nothing."""
    verdict = judge_cold(
        clock, CAREFUL, charge=charge, celsius=-20, volts=volts, sigma=sigma, amps=-0.5
    )
    assert verdict.power_off


def test_an_empty_battery_in_the_cold_is_powered_off(clock: FakeClock) -> None:
    assert judge_cold(clock, LFP, charge=12, celsius=-20, volts=13.1).power_off
    assert judge_cold(clock, LFP, charge=24, celsius=-20, volts=12.7).power_off
    assert judge_cold(clock, OLD_LADDER, charge=12, celsius=0, volts=12.5).power_off


def test_a_low_limit_of_the_owner_holds_beside_a_voltage_that_shows_no_more(
    clock: FakeClock,
) -> None:
    owner = replace(LFP, energy=EnergySettings(sentinel_from_pct=50, off_below_pct=35))
    assert judge_cold(clock, owner, charge=30, celsius=20, volts=13.1).power_off
    verdict = judge_cold(clock, owner, charge=30, celsius=20, volts=13.35)
    assert "the voltage shows" in verdict.reason


def unavailable_pct(clock: FakeClock, watts: float, celsius: float = -20.0) -> float:
    estimate = Estimate(clock.stamp(), 100.0, 1.0, "counted", temperature_c=celsius)
    state = estimator.report_state(estimate, None, LFP.battery, clock.stamp(), loads_w=watts)
    assert state.energy_wh is not None
    return 100 - state.energy_wh / state.capacity_wh * 100


def test_the_cold_hides_the_less_the_more_slowly_is_drawn(clock: FakeClock) -> None:
    slow, middle, fast = (unavailable_pct(clock, watts) for watts in (25, 300, 2560))
    assert slow == pytest.approx(15)
    assert fast == pytest.approx(30)
    assert slow < middle < fast
    assert unavailable_pct(clock, 25, 25.0) == pytest.approx(0)


def test_without_any_known_draw_the_sheets_rate_counts(clock: FakeClock) -> None:
    estimate = Estimate(clock.stamp(), 100.0, 1.0, "counted", temperature_c=-20.0)
    state = estimator.report_state(estimate, None, LFP.battery, clock.stamp())
    assert state.energy_wh == pytest.approx(0.7 * 2560)


def test_a_load_of_an_hour_counts_and_a_surge_does_not(clock: FakeClock) -> None:
    """A kettle of 1 kW for three minutes, and the same for three hours."""

    def draw(estimate: Estimate, watts: float, minutes: int) -> Estimate:
        for step in range(minutes):
            clock.advance(60)
            reading = PowerReading(
                clock.stamp(), "t", 0.0, None, 13.0 - step % 3 / 100, -watts / 13, -20.0, watts,
                None, None,
            )  # fmt: skip
            after = estimator.update(estimate, reading, LFP.battery)
            assert after is not None
            estimate = after
        return estimate

    def hidden(estimate: Estimate) -> float:
        state = estimator.report_state(
            estimate, None, LFP.battery, clock.stamp(), loads_w=LFP.energy.full_power_w
        )
        assert state.energy_wh is not None
        assert state.state_of_charge_pct is not None
        return state.state_of_charge_pct - state.energy_wh / 25.6

    usual = draw(Estimate(clock.stamp(), 95.0, 3.0, "counted"), 20.0, 10)
    assert hidden(usual) == pytest.approx(15)
    assert hidden(draw(usual, 1000.0, 3)) == pytest.approx(15, abs=1)
    assert hidden(draw(usual, 1000.0, 60)) > 25


# --- frost ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("charge", "celsius", "level"),
    [
        (90, -30, EnergyLevel.FULL),
        (70, -20, EnergyLevel.FULL),
        (45, -20, EnergyLevel.HIBERNATE),
        (20, -20, EnergyLevel.OFF),
        (20, -5, EnergyLevel.FULL),
    ],
)
def test_a_discharged_lead_acid_battery_in_frost_gives_nothing_more(
    clock: FakeClock, charge: float, celsius: float, level: EnergyLevel
) -> None:
    reading = replace(a_reading(clock, 12.0, -1.0), battery_temperature_c=celsius)
    estimate = Estimate(clock.stamp(), charge, 4.0, "counted", temperature_c=celsius)
    state = estimator.report_state(estimate, reading, OLD_LADDER.battery, clock.stamp())
    limits = derive_limits(OLD_LADDER.battery, OLD_LADDER.energy)
    assert judge_frost(state, reading, None, limits).max_level is level
    faults = find_frost_faults(state, reading, limits)
    assert bool(faults) is (level < EnergyLevel.FULL)


def test_the_fault_says_what_to_do_and_its_text_stays_the_same(clock: FakeClock) -> None:
    texts = set()
    for charge, celsius in ((31, -19.2), (29, -20.6)):
        reading = replace(a_reading(clock, 12.0, -1.0), battery_temperature_c=celsius)
        estimate = Estimate(clock.stamp(), charge, 4.0, "counted", temperature_c=celsius)
        state = estimator.report_state(estimate, reading, OLD_LADDER.battery, clock.stamp())
        limits = derive_limits(OLD_LADDER.battery, OLD_LADDER.energy)
        (fault,) = find_frost_faults(state, reading, limits)
        texts.add(str(fault))
    (text,) = texts
    assert text.startswith(
        "the battery may freeze, which destroys it: it has some 30 % at some -20 C. Charge it"
    )


def test_a_freezing_battery_that_is_charged_keeps_its_computer(clock: FakeClock) -> None:
    verdict = judge_cold(clock, OLD_LADDER, charge=20, celsius=-20, volts=12.4, amps=10)
    assert (verdict.max_level, verdict.power_off) == (EnergyLevel.HIBERNATE, False)


@pytest.mark.parametrize("celsius", [25.0, float("nan")])
def test_a_temperature_that_nobody_measures_is_no_frost(clock: FakeClock, celsius: float) -> None:
    verdict = judge_cold(clock, OLD_LADDER, charge=90, celsius=celsius, volts=12.6)
    assert verdict.max_level is EnergyLevel.FULL


def test_a_lithium_battery_does_not_freeze(clock: FakeClock) -> None:
    verdict = judge_cold(clock, LFP, charge=60, celsius=-30, volts=13.1)
    assert verdict.max_level is EnergyLevel.FULL


@pytest.mark.parametrize(
    ("settings", "celsius", "level"),
    [
        (LFP, 59, EnergyLevel.FULL),
        (LFP, 65, EnergyLevel.HIBERNATE),
        (OLD_LADDER, 50, EnergyLevel.FULL),
        (OLD_LADDER, 56, EnergyLevel.HIBERNATE),
    ],
)
def test_no_load_heats_a_battery_that_is_too_hot(
    clock: FakeClock, settings: Settings, celsius: float, level: EnergyLevel
) -> None:
    verdict = judge_cold(clock, settings, charge=90, celsius=celsius, volts=13.3, amps=40)
    assert (verdict.max_level, verdict.power_off) == (level, False)


# --- the ladder of lead-acid ---------------------------------------------------------------------


@pytest.mark.parametrize("chemistry", ["agm", "gel", "flooded", "lead-acid"])
def test_lead_acid_named_alone_is_not_used_below_half(
    clock: FakeClock, tmp_path: Path, chemistry: str
) -> None:
    """Guard and ladder by the settings file, as a technician writes it."""
    path = tmp_path / "unit.toml"
    path.write_text(f'[battery]\nchemistry = "{chemistry}"\nnominal_voltage_v = 12.0\n')
    settings = load_settings(path)
    reading = a_reading(clock, 12.3, -1.0)
    for charge in range(10, 101):
        state = a_state(clock, charge, 2.0)
        _, verdict = judge(
            GuardState(), reading, 0.0, state, settings, clock.stamp(), clock_confirmed=True
        )
        proposal = Ladder(settings).propose(state, reading, None)
        may_run = min(verdict.max_level, proposal.level) > EnergyLevel.HIBERNATE
        assert verdict.max_level <= EnergyLevel.HIBERNATE or charge - 2 >= 50
        assert may_run is (charge - 2 >= 60)
