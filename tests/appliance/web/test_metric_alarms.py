"""What Prometheus reads of alarms: queued, failing, sent and dropped, and how long they wait."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.model import EnergyLevel
from appliance.model_alarms import DeliveryState
from appliance.settings import Settings
from appliance.web.metric_samples import collect_samples
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

HOUR = 3600.0
DAY = timedelta(days=1)


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> AlarmUnit:
    found = AlarmUnit(settings, clock, open_store)
    found.set_level(EnergyLevel.FULL)
    return found


def read(unit: AlarmUnit, settings: Settings | None = None) -> dict[str, float | None]:
    """Those of alarms by mail, and without a channel."""
    samples = collect_samples(unit.store, settings or unit.settings)
    return {
        one.name.removeprefix("alarm_"): one.value
        for one in samples
        if one.name.startswith("alarm_") and one.labels in ((), ("mail",))
    }


def test_a_unit_that_waits_for_nothing_says_so_by_zeros(unit: AlarmUnit) -> None:
    assert read(unit) == {
        "waiting_messages": 0,
        "failing_messages": 0,
        "last_day_sent_messages": 0,
        "dropped_messages": 0,
        "longest_wait_seconds": None,
    }


def test_what_waits_fails_was_sent_and_was_dropped_is_counted_by_channel(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.run()
    unit.mail.says = "no route to host"
    unit.clock.advance(7 * HOUR)
    unit.set_level(EnergyLevel.FULL)
    unit.see("e2")
    unit.run()
    unit.clock.advance(HOUR)
    (sent, waiting) = unit.deliveries()
    unit.store.add(replace(sent, delivery_id="d", state=DeliveryState.DROPPED, sent=None))
    new = replace(waiting, delivery_id="n", stamp=unit.clock.stamp(), attempts=0)
    unit.store.add(replace(new, sequence=9))
    assert read(unit) == {
        "waiting_messages": 2,
        "failing_messages": 1,
        "last_day_sent_messages": 1,
        "dropped_messages": 1,
        "longest_wait_seconds": HOUR,
    }


def test_a_clock_that_is_set_makes_no_wait_longer(unit: AlarmUnit) -> None:
    unit.mail.says = "no route to host"
    unit.see("e1")
    unit.run()
    unit.clock.advance(60)
    unit.clock.set_wall_clock(unit.clock.utc + 4000 * DAY)
    assert read(unit)["longest_wait_seconds"] == 60


def test_where_nobody_is_told_there_are_none(unit: AlarmUnit) -> None:
    assert read(unit, replace(unit.settings, recipient={})) == {}
