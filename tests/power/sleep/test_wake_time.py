"""When the unit sleeps and when it is woken: by the plan, by the sun, later after each failure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import EnergyLevel, EnergyPlanStep, Stamp
from appliance.settings import HostSettings, Settings, SiteSettings, SleepMode
from power.sleep.wake_time import (
    choose_sleep_mode,
    choose_wake_time,
    compute_needed_w,
    is_sleep_due,
    move_into_daylight,
    solar_hour,
    wake_pct,
)

HOUR = timedelta(hours=1)
# At 30 degrees east the sun is two hours ahead of UTC.
SETTINGS = replace(Settings(), site=SiteSettings(longitude_deg=30.0))
EVENING = datetime(2026, 1, 10, 19, 0, tzinfo=UTC)  # nine by the sun
MORNING = datetime(2026, 1, 11, 7, 0, tzinfo=UTC)  # nine by the sun


def stamp(uptime_s: float = 0.0, utc: datetime = EVENING) -> Stamp:
    return Stamp(utc, "00000001", uptime_s)


def step(starts: datetime, pv_w: float, pct: float, made: datetime = EVENING) -> EnergyPlanStep:
    return EnergyPlanStep(stamp(utc=made), starts, pv_w, 0.3, pct, EnergyLevel.HIBERNATE)


def sleeping(mode: SleepMode, may_power_off: bool = True) -> Settings:
    return replace(SETTINGS, host=HostSettings(sleep=mode, may_power_off=may_power_off))


@pytest.mark.parametrize(
    ("level", "low_for_s", "asleep"),
    [
        (EnergyLevel.HIBERNATE, 299, False),
        (EnergyLevel.HIBERNATE, 300, True),
        (EnergyLevel.OFF, 300, True),
        (EnergyLevel.SENTINEL, 9000, False),
    ],
)
def test_only_five_minutes_of_hibernate_make_the_unit_sleepy(
    level: EnergyLevel, low_for_s: float, asleep: bool
) -> None:
    assert is_sleep_due(level, 1000.0, stamp(1000.0 + low_for_s), SETTINGS) is asleep


def test_a_level_that_has_just_fallen_is_not_slept_over() -> None:
    assert not is_sleep_due(EnergyLevel.HIBERNATE, None, stamp(9000.0), SETTINGS)


def test_who_may_not_power_off_never_sleeps_by_power_off() -> None:
    assert choose_sleep_mode(sleeping(SleepMode.POWER_OFF)) is SleepMode.POWER_OFF
    for mode in (SleepMode.POWER_OFF, SleepMode.STAY):
        settings = sleeping(mode, may_power_off=False)
        assert choose_sleep_mode(settings) is SleepMode.STAY
        assert not is_sleep_due(EnergyLevel.HIBERNATE, 0.0, stamp(9000.0), settings)
    assert choose_sleep_mode(sleeping(SleepMode.SUSPEND, may_power_off=False)) is SleepMode.SUSPEND


def test_without_a_plan_the_unit_is_woken_at_nine_by_the_local_sun() -> None:
    wake = choose_wake_time(EVENING, [], 0, SETTINGS)
    assert wake.at == wake.enough_at == MORNING
    assert wake.expected == MORNING + timedelta(minutes=15)
    assert "by the height of the sun" in wake.reason


def test_a_wake_is_never_farther_than_twelve_hours_nor_nearer_than_thirty_minutes() -> None:
    early = choose_wake_time(EVENING - 2 * HOUR, [], 0, SETTINGS)
    assert early.at == EVENING + 10 * HOUR
    assert early.enough_at == MORNING
    noon = datetime(2026, 1, 11, 10, 0, tzinfo=UTC)
    assert choose_wake_time(noon, [], 0, SETTINGS).at == noon + HOUR / 2


def test_the_plan_says_when_sun_and_charge_suffice() -> None:
    least = wake_pct(SETTINGS)
    plan = [
        step(MORNING - HOUR, 200, least - 1),
        step(MORNING + HOUR, compute_needed_w(SETTINGS), least + 20),
        step(MORNING - HOUR / 2, 40, least + 1),
        step(MORNING, 300, least + 9),
    ]
    wake = choose_wake_time(EVENING, plan, 0, SETTINGS)
    assert wake.at == MORNING - HOUR / 2
    assert "the plan expects 40 W of PV power" in wake.reason


def test_the_low_end_of_the_plan_counts() -> None:
    hopeful = replace(step(MORNING - HOUR, 200, 60), low_charge_pct=5.0)
    assert choose_wake_time(EVENING, [hopeful], 0, SETTINGS).at == MORNING


def test_an_old_plan_is_none() -> None:
    stale = step(MORNING - HOUR, 200, 90, made=EVENING - 27 * HOUR)
    assert choose_wake_time(EVENING, [stale], 0, SETTINGS).at == MORNING


def test_a_plan_that_sees_nothing_for_a_day_still_has_the_unit_woken() -> None:
    plan = [step(EVENING + hours * HOUR, 0, 8) for hours in range(36)]
    assert choose_wake_time(EVENING, plan, 0, SETTINGS).at == MORNING


@pytest.mark.parametrize(("boots", "wait_h"), [(1, 1), (2, 2), (3, 4), (4, 8), (5, 12)])
def test_each_failed_boot_waits_longer(boots: int, wait_h: int) -> None:
    dawn = datetime(2026, 1, 11, 7, 0, tzinfo=UTC) - 4 * HOUR  # wherever it lies, not in the dark
    for hours in range(24):
        now = dawn + hours * HOUR
        wake = choose_wake_time(now, [], boots, SETTINGS)
        assert wait_h * HOUR <= wake.at - now <= 24 * HOUR, now
    bright = [step(EVENING + n * HOUR / 4, 500, 99) for n in range(144)]
    assert choose_wake_time(EVENING, bright, boots, SETTINGS).at == EVENING + wait_h * HOUR


def test_however_many_boots_failed_there_is_a_wake_a_day_and_by_day() -> None:
    for boots in (6, 7, 100):
        for hours in range(24):
            now = EVENING + hours * HOUR
            wake = choose_wake_time(now, [], boots, SETTINGS)
            assert 12 * HOUR <= wake.at - now <= 24 * HOUR
            if wake.at - now < 24 * HOUR:
                assert 9 <= solar_hour(wake.at, 30.0) <= 15
    noon = datetime(2026, 1, 11, 10, 0, tzinfo=UTC)
    assert choose_wake_time(noon, [], 6, SETTINGS).at == noon + 24 * HOUR
    assert "6 boots in a row failed" in choose_wake_time(noon, [], 6, SETTINGS).reason


@pytest.mark.parametrize("longitude_deg", [-180, -122, 0, 26, 151, 180])
def test_nine_by_the_sun_is_found_all_around_the_world(longitude_deg: float) -> None:
    for minutes in range(0, 1440, 7):
        at = EVENING + timedelta(minutes=minutes)
        light = move_into_daylight(at, longitude_deg)
        assert timedelta(0) <= light - at <= 18 * HOUR
        assert 9 - 1e-6 <= solar_hour(light, longitude_deg) <= 15
