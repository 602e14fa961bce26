"""The guard and silence: no answer, an answer without a voltage, and always the same answer."""

from dataclasses import replace

import pytest

from appliance.model import ChargeStage, EnergyLevel
from appliance.settings import EnergySettings
from power.guard.guard import judge
from power.guard.limits import derive_limits
from power.guard.observations import GuardState, observe
from tests.power.guard.test_guard import SETTINGS, GuardRun, a_reading, a_state
from tests.stand_ins.fakes import FakeClock


@pytest.fixture
def run(clock: FakeClock) -> GuardRun:
    return GuardRun(clock)


def test_a_silence_ends_in_hibernation_whatever_the_count(run: GuardRun) -> None:
    run.look(charge=95)
    run.clock.advance(11 * 3600)
    assert run.look(charge=95, answers=False).max_level == EnergyLevel.SENTINEL
    run.clock.advance(3600)
    assert run.look(charge=95, answers=False).max_level == EnergyLevel.HIBERNATE


LARGE = EnergySettings(full_power_w=150, eco_power_w=100, sentinel_power_w=50)


@pytest.mark.parametrize(
    ("capacity_wh", "energy", "frozen", "share"),
    [
        (2560, EnergySettings(), False, 0.03),
        (2560, EnergySettings(sentinel_power_w=2.0), False, 0.03),
        (2560, LARGE, False, 0.03),
        (2560, EnergySettings(), True, 0.03),
        (640, EnergySettings(), True, 0.03),  # it carries FULL for a day, and no smaller one may
    ],
)
def test_what_a_silence_costs_is_bounded(
    clock: FakeClock, capacity_wh: float, energy: EnergySettings, frozen: bool, share: float
) -> None:
    battery = replace(SETTINGS.battery, capacity_wh=capacity_wh)
    settings = replace(SETTINGS, energy=energy, battery=battery)
    run = GuardRun(clock, settings)
    used_wh, level = 0.0, run.look().max_level
    for _ in range(60 * 48):
        clock.advance(60)
        used_wh += settings.get_level_power_w(level) / 60
        level = run.look(charge=95, answers=frozen).max_level
    assert level == EnergyLevel.HIBERNATE
    late_wh = energy.full_power_w / 30  # it observations once a minute
    assert used_wh <= share * capacity_wh + late_wh + 48 * energy.hibernate_power_w


def test_a_meter_that_reports_exactly_the_same_counts_as_silent(run: GuardRun) -> None:
    run.look()
    seen = []
    for waited_s in (1790, 20, 1780, 20, 12 * 3600):
        for _ in range(10):  # looked at more often than it changes anything
            run.clock.advance(waited_s / 10)
            verdict = run.look()
        seen.append(verdict.max_level.name)
    assert seen == ["FULL", "ECO", "ECO", "SENTINEL", "HIBERNATE"]
    assert verdict.reason == "the charger has reported exactly the same for 13 h"
    assert run.look(volts=13.01).max_level == EnergyLevel.FULL


@pytest.mark.parametrize(
    ("stage", "sun_moves", "level"),
    [
        (ChargeStage.FLOAT, True, EnergyLevel.FULL),  # the battery is full, the sun is held off
        (ChargeStage.FLOAT, False, EnergyLevel.SENTINEL),
        (ChargeStage.BULK, True, EnergyLevel.SENTINEL),  # the sun moves, the battery must too
    ],
)
def test_only_a_full_battery_in_the_sun_may_stand_still(
    clock: FakeClock, stage: ChargeStage, sun_moves: bool, level: EnergyLevel
) -> None:
    state = GuardState()
    for minute in range(70):
        sun_w = 100.0 + (minute if sun_moves else 0)
        seen = replace(a_reading(clock, 13.6, 0.0), charge_stage=stage, pv_power_w=sun_w)
        battery = a_state(clock, 95, 2)
        state, verdict = judge(
            state, seen, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True
        )
        clock.advance(60)
    assert verdict.max_level == level


def test_a_charger_that_answers_without_a_voltage_is_silent(run: GuardRun) -> None:
    run.look()
    run.clock.advance(3700)
    verdict = run.look(volts=0.0)
    assert verdict.max_level == EnergyLevel.SENTINEL
    assert GuardRun(run.clock).look(volts=None).max_level == EnergyLevel.SENTINEL


def test_a_start_without_a_reading_may_listen_for_an_hour_and_longer_on_a_known_charge(
    clock: FakeClock,
) -> None:
    clock.reboot()
    run = GuardRun(clock)
    clock.advance(3500)
    assert run.look(answers=False, charge=None).max_level == EnergyLevel.SENTINEL
    clock.advance(100)
    assert run.look(answers=False, charge=None).max_level == EnergyLevel.HIBERNATE
    assert run.look(answers=False, charge=90).max_level == EnergyLevel.SENTINEL
    clock.advance(11 * 3600)
    assert run.look(answers=False, charge=90).max_level == EnergyLevel.HIBERNATE


def test_what_is_old_foreign_or_from_the_future_is_not_used(clock: FakeClock) -> None:
    limits = derive_limits(SETTINGS.battery, SETTINGS.energy)
    now = clock.stamp()
    good = a_reading(clock, 13.0, -2.0)
    assert observe(good, limits, now) is not None
    for stamp in (replace(now, boot_id="other"), replace(now, uptime_s=now.uptime_s + 1)):
        assert observe(replace(good, stamp=stamp), limits, now) is None
    assert observe(replace(good, ages_s={"battery_voltage_v": 181.0}), limits, now) is None
    received = observe(replace(good, ages_s={"battery_voltage_v": 60.0}), limits, now)
    assert received is not None
    assert received.at_s == now.uptime_s - 60


def test_one_measurement_reported_for_a_minute_confirms_nothing(clock: FakeClock) -> None:
    run = GuardRun(clock)
    run.look()
    for old_s in (0.0, 20.0, 40.0, 59.0):
        seen = replace(a_reading(clock, None, -2.0), lowest_cell_voltage_v=2.9)
        seen = replace(seen, ages_s={"lowest_cell_voltage_v": old_s})
        battery = a_state(clock, 90, 2)
        run.state, verdict = judge(
            run.state, seen, 0.0, battery, SETTINGS, clock.stamp(), clock_confirmed=True
        )
        clock.advance(20 if old_s < 40 else 19)
    assert not verdict.power_off


def test_a_charge_that_is_not_estimated_anew_counts_as_unknown(clock: FakeClock) -> None:
    old = a_state(clock, 90, 2)
    clock.advance(601)
    reading = a_reading(clock, 13.0, -2.0)
    _, verdict = judge(
        GuardState(), reading, 0.0, old, SETTINGS, clock.stamp(), clock_confirmed=True
    )
    assert verdict.reason == "the charge of the battery is unknown"
