"""What the plan expects until sunrise, from the charge that is measured."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyLevel, EnergyPlanStep, EnergyPolicy, Stamp
from appliance.settings import Follows, Settings
from appliance.status import status_document
from appliance.status.night_ahead import NightAhead, read_night_ahead
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock

QUARTER = timedelta(minutes=15)


def write_plan(plan: Store, falls_pct: float, level: EnergyLevel = EnergyLevel.ECO) -> None:
    """30 hours from now: from 50 %, `falls_pct` lower in each; the band is 8 % wide, `level` in the
    second hour.
    """
    now = plan.clock.stamp()
    plan.add(*(make_step(now, number, falls_pct, level) for number in range(120)))


def make_step(now: Stamp, number: int, falls_pct: float, level: EnergyLevel) -> EnergyPlanStep:
    charge = 50.0 - number * falls_pct / 4
    levels = {4: level, 5: level, 6: level, 7: level}
    at = levels.get(number, EnergyLevel.ECO)
    starts = now.utc + number * QUARTER
    return EnergyPlanStep(now, starts, 0.0, 11.0, charge, at, charge - 4, charge + 4)


def policy(now: Stamp, **facts: float) -> EnergyPolicy:
    day = timedelta(days=1)
    return EnergyPolicy(now, now.utc - day, now.utc + day, facts, b"", "sun expected")


def read(store: Store, settings: Settings) -> NightAhead:
    return read_night_ahead(store, settings, 60.0)


@pytest.fixture
def evening(clock: FakeClock, settings: Settings, open_store: OpenStore) -> Store:
    """The power service's store at 18:00 UTC: the sun (at 25 degrees east) rises at 03:33."""
    clock.advance(16 * 3600)
    return open_store("power")


def test_the_charge_at_sunrise_is_the_measured_one_and_the_plans_change(
    evening: Store, settings: Settings, open_store: OpenStore
) -> None:
    write_plan(open_store("plan"), 2.0)
    assert read(evening, settings).charge_pct is None, "without a measured charge nothing"
    evening.add(filled.battery_state(evening.clock.stamp(), 72.0))
    found = read(evening, settings)
    assert found.sunrise is not None
    assert f"{found.sunrise:%H:%M}" in ("03:32", "03:33", "03:34")
    assert found.charge_pct == pytest.approx(72 - 2 * 9.5)  # in the step from 03:30 on
    assert found.low_pct == pytest.approx(72 - 2 * 9.5 - 4)
    assert found.empty_at is found.sleeps_at is None


def test_a_plan_that_runs_empty_or_sleeps_says_when(
    evening: Store, settings: Settings, open_store: OpenStore
) -> None:
    now = evening.clock.stamp().utc
    write_plan(open_store("plan"), 8.0, EnergyLevel.HIBERNATE)
    evening.add(filled.battery_state(evening.clock.stamp(), 50.0))
    found = read(evening, settings)
    assert found.empty_at == now + timedelta(hours=5, minutes=15)  # below 10 %
    assert found.sleeps_at == now + timedelta(hours=1)
    assert found.charge_pct == 0.0


def test_an_old_or_a_short_plan_is_none(
    evening: Store, settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    evening.add(filled.battery_state(evening.clock.stamp(), 50.0))
    assert read(evening, settings).charge_pct is None
    write_plan(open_store("plan"), 1.0)
    clock.advance(27 * 3600)
    evening.add(filled.battery_state(evening.clock.stamp(), 50.0))
    assert read(evening, settings).charge_pct is None


def test_the_ladder_is_known_from_the_plan(evening: Store, settings: Settings) -> None:
    ladder = replace(settings, energy=replace(settings.energy, follows=Follows.LADDER))
    assert not read(evening, settings).is_planned
    evening.add(replace(filled.battery_state(evening.clock.stamp()), sigma_pct=None))
    plan = Store(evening.path, evening.clock, "plan")
    plan.add(policy(evening.clock.stamp()))
    assert read(evening, settings).is_planned
    assert not read(evening, ladder).is_planned
    plan.add(policy(evening.clock.stamp(), ladder=1.0))
    assert not read(evening, settings).is_planned
    plan.close()


def test_the_summary_stands_in_the_document(
    evening: Store, settings: Settings, open_store: OpenStore
) -> None:
    filled.fill(open_store)
    write_plan(open_store("plan"), 2.0)
    found = status_document.build(evening, settings)["summary"]
    assert found["sentence"].startswith("All well. Lasts until sunrise (03:3")
    filled.break_camera(open_store)
    assert status_document.build(evening, settings)["summary"]["verdict"] == "1 fault."
