"""What no row tells: the unit lives, and the battery will not last until the sun."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from appliance.alarms.watching import Watcher, find_empty
from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import AlarmSettings, AlarmsSettings
from appliance.settings import Settings
from appliance.status.night_ahead import NightAhead
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

NOW = datetime(2026, 4, 15, 20, 0, tzinfo=UTC)
SUNRISE = NOW + timedelta(hours=9)
HOUR = 3600.0


def test_the_plan_decides_where_there_is_one_else_the_present_use() -> None:
    battery = filled.battery_state(FakeClock(NOW).stamp())
    drained = replace(battery, time_to_go_s=4 * HOUR)
    night = NightAhead(SUNRISE, SUNRISE)
    assert find_empty(night, drained, NOW) == NOW + timedelta(hours=4)
    assert find_empty(night, replace(battery, time_to_go_s=10 * HOUR), NOW) is None
    assert find_empty(night, replace(battery, time_to_go_s=None), NOW) is None
    assert find_empty(night, None, NOW) is None
    planned = replace(night, charge_pct=30.0)
    assert find_empty(planned, drained, NOW) is None
    empty_at = NOW + timedelta(hours=7)
    assert find_empty(replace(planned, empty_at=empty_at), drained, NOW) == empty_at


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> AlarmUnit:
    clock.utc = NOW
    rules = {"battery": AlarmSettings(on=AlarmKind.BATTERY, to=("owner",))}
    return AlarmUnit(settings, clock, open_store, alarm=rules)


def drain(unit: AlarmUnit, hours: float) -> None:
    now = unit.clock.stamp()
    state = replace(filled.battery_state(now), time_to_go_s=hours * HOUR)
    unit.power.add(filled.reading(now), state, filled.budget(now, EnergyLevel.HIBERNATE))


def test_a_battery_that_will_not_last_is_told_once_a_night_also_at_hibernate(
    unit: AlarmUnit,
) -> None:
    for _ in range(3):
        drain(unit, 2.0)
        unit.run()
        unit.clock.advance(HOUR / 2)
        unit.restart()
    (body,) = unit.bodies(AlarmKind.BATTERY)
    assert body.startswith("The battery lasts until about Wed 22:00 only, not until sunrise (Thu ")
    unit.clock.advance(24 * HOUR)
    drain(unit, 2.0)
    unit.run()
    assert len(unit.bodies(AlarmKind.BATTERY)) == 2


def test_a_battery_that_lasts_is_no_alarm(unit: AlarmUnit) -> None:
    drain(unit, 20.0)
    unit.run()
    assert unit.alarms() == []


def test_a_heartbeat_follows_the_interval_through_a_clock_that_is_set_back(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    site = replace(settings, alarms=AlarmsSettings(heartbeat_s=HOUR, heartbeat_to=("owner",)))
    watcher = Watcher(open_store("alarm"), site)
    last_s = int(NOW.timestamp())
    assert watcher.find_heartbeat(NOW, None) == NOW
    half = NOW + timedelta(minutes=30)
    assert watcher.find_heartbeat(half, last_s) == NOW + timedelta(hours=1)
    assert watcher.find_heartbeat(NOW.replace(year=1990), last_s) == NOW.replace(year=1990)
    none = Watcher(open_store("alarm"), settings)
    assert none.find_heartbeat(NOW, None) is None
