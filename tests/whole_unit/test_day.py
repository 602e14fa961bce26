"""The headline story: two days of one unit, from before one sunrise to before the third.

Simulated sun and battery, fake clock; everything between the register table and the event's
snapshot on disk is the real code.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.model import (
    BatteryState,
    ChargeStage,
    EnergyBudget,
    EnergyLevel,
    EnergyPlanStep,
    Fault,
    PowerReading,
)
from appliance.model_cameras import Event
from appliance.sections.computer import ComputerSettings
from appliance.settings import Settings
from appliance.settings_file import load_settings
from provisioning.laptop import Laptop, RunRequest
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.in_process import InProcessUnit

DAWN = datetime(2026, 4, 15, 2, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def demo_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The laptop's demonstration unit. Its computer draws what inference, which looks for a few
    seconds of each minute only, does not draw here.
    """
    directory = tmp_path_factory.mktemp("day") / "run"
    laptop = Laptop(RunRequest(240, 8080, directory, charge_pct=40))
    laptop.stop()
    return replace(load_settings(laptop.settings.path), computer=ComputerSettings(idle_w=15))


@pytest.fixture(scope="module")
def two_days(demo_settings: Settings) -> Iterator[InProcessUnit]:
    """The unit after two days, with the truth about its battery noted each minute."""
    unit = InProcessUnit(demo_settings, FakeClock(DAWN), every_s=120)
    unit.run_until(DAWN + HOUR)
    unit.plan()
    unit.run_until(DAWN + 48 * HOUR)
    yield unit
    unit.close()


def test_each_day_goes_from_careful_to_full_and_back(two_days: InProcessUnit) -> None:
    budgets = two_days.reader.rows(EnergyBudget)

    def levels(day: int) -> list[EnergyLevel]:
        start, end = DAWN + 24 * day * HOUR, DAWN + 24 * (day + 1) * HOUR
        seen: list[EnergyLevel] = []
        for budget in budgets:
            if start <= budget.stamp.utc < end and seen[-1:] != [budget.level]:
                seen.append(budget.level)
        return seen

    for day in (0, 1):
        assert EnergyLevel.FULL in levels(day), levels(day)
        assert len(set(levels(day))) >= 3, levels(day)
        assert levels(day)[-1] < EnergyLevel.FULL, levels(day)


def test_every_budget_says_why(two_days: InProcessUnit) -> None:
    for budget in two_days.reader.rows(EnergyBudget):
        assert budget.reason.startswith(budget.level.name)
        assert len(budget.reason) > 20


def test_the_belief_follows_the_true_charge(two_days: InProcessUnit) -> None:
    state = two_days.reader.last(BatteryState)
    assert state is not None
    assert state.state_of_charge_pct is not None
    assert state.sigma_pct is not None
    apart_pct = abs(state.state_of_charge_pct - two_days.plant.state_of_charge_pct)
    assert apart_pct <= 3 * state.sigma_pct
    assert state.sigma_pct < 20  # nothing has shown its capacity yet


def test_a_battery_that_was_charged_until_it_floats_is_known_to_be_full(
    two_days: InProcessUnit,
) -> None:
    floated = [
        reading.stamp.utc
        for reading in two_days.reader.rows(PowerReading)
        if reading.charge_stage is ChargeStage.FLOAT
    ]
    state = two_days.reader.last(BatteryState)
    assert state is not None
    assert floated
    assert state.full_at is not None
    assert abs(state.full_at - floated[-1]) < 10 * HOUR


def test_people_are_found_by_day_and_nobody_looks_by_night(two_days: InProcessUnit) -> None:
    events = two_days.reader.rows(Event)
    assert len(events) > 10
    for event in events:
        assert event.energy_level in (EnergyLevel.ECO, EnergyLevel.FULL)
        assert event.snapshot is not None
        assert (two_days.settings.unit.data_dir / event.snapshot).read_bytes()[:2] == b"\xff\xd8"
    sentinel = [
        budget.stamp.utc
        for budget in two_days.reader.rows(EnergyBudget)
        if budget.level == EnergyLevel.SENTINEL
    ]
    for event in events:
        nearest = min(abs(event.stamp.utc - night) for night in sentinel)
        assert nearest > timedelta(0)


def test_loads_are_started_and_stopped_through_pid_one(two_days: InProcessUnit) -> None:
    orders = two_days.pid_one.orders
    assert orders.count("start appliance-inference") == 2
    assert orders[0] == "stop appliance-inference"  # nothing heavy runs before power has looked
    assert orders.count("stop appliance-inference") >= 2
    assert "poweroff" not in orders


def test_the_plan_is_there_beside_reality(two_days: InProcessUnit) -> None:
    steps = two_days.reader.rows(EnergyPlanStep)
    assert len(steps) == 72 * 4
    assert max(step.pv_power_w for step in steps) > 50


def test_nothing_went_wrong_and_the_lights_never_went_out(two_days: InProcessUnit) -> None:
    assert two_days.reader.rows(Fault) == []
    assert two_days.plant.totals.dark_s == 0
    assert len(two_days.reader.rows(PowerReading)) > 2 * 24 * 25


def test_a_crash_of_the_power_service_does_not_forget_the_charge(demo_settings: Settings) -> None:
    settings = with_data_in(demo_settings, "crash")
    unit = InProcessUnit(settings, FakeClock(DAWN), every_s=120)
    unit.run_until(DAWN + 10 * HOUR)
    before, level = unit.reader.last(BatteryState), unit.budget().level
    unit.restart_power()
    unit.run_until(DAWN + 10 * HOUR + timedelta(minutes=2))
    after = unit.reader.last(BatteryState)
    assert before is not None
    assert after is not None
    assert after.state_of_charge_pct == pytest.approx(before.state_of_charge_pct, abs=1)
    assert unit.budget().level == level
    unit.close()


def test_a_week_without_sun_ends_in_a_clean_shutdown_before_the_battery_cuts(
    demo_settings: Settings,
) -> None:
    settings = with_data_in(demo_settings, "dark")
    sky = replace(settings.simulation, cloudiness=0.95, battery_charge_pct=60)
    panels = replace(settings.panels, peak_w=10)
    unit = InProcessUnit(replace(settings, simulation=sky, panels=panels), FakeClock(DAWN), 120)
    unit.run_until(DAWN + 7 * 24 * HOUR)
    assert unit.pid_one.orders[-1] == "poweroff"
    assert unit.budget().level == EnergyLevel.OFF
    assert "floor" in unit.budget().reason or "below" in unit.budget().reason
    assert unit.plant.totals.dark_s == 0
    assert unit.plant.state_of_charge_pct > 3
    unit.close()


def with_data_in(settings: Settings, name: str) -> Settings:
    """The same unit with a database of its own."""
    return replace(settings, unit=replace(settings.unit, data_dir=settings.unit.data_dir / name))


def test_a_full_charge_read_each_twenty_seconds_is_seen_and_is_no_fault(
    demo_settings: Settings,
) -> None:
    simulation = replace(demo_settings.simulation, battery_charge_pct=90.0)
    settings = replace(with_data_in(demo_settings, "full"), simulation=simulation)
    unit = InProcessUnit(settings, FakeClock(DAWN + 6 * HOUR), every_s=20)
    unit.run_until(DAWN + 8 * HOUR)
    state = unit.reader.last(BatteryState)
    assert unit.reader.rows(Fault) == []
    assert state is not None
    assert state.full_at is not None
    assert state.sigma_pct is not None
    assert state.sigma_pct < 2
    unit.close()
