"""A siren by an alarm: asked for once, never late."""

from datetime import timedelta

from appliance.model_alarms import (
    AlarmSwitch,
    DeliveryState,
)
from appliance.model_cameras import SwitchOrder
from appliance.sections.alarms import (
    ChannelKind,
    ChannelSettings,
    RecipientSettings,
)
from appliance.sections.loads import RunsWhen, SwitchSettings
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

MINUTE = 60.0
HOUR = 3600.0


def siren_of(settings: Settings, clock: FakeClock, open_store: OpenStore) -> AlarmUnit:
    sections = {
        "switch": {"siren": SwitchSettings(runs_when=RunsWhen.ALARM, idle_w=10.0)},
        "channel": {"siren": ChannelSettings(kind=ChannelKind.SWITCH, switch="siren", on_s=30.0)},
        "recipient": {"owner": RecipientSettings(channels=("siren",))},
    }
    unit = AlarmUnit(settings, clock, open_store, **sections)
    unit.see("e1")
    unit.run()
    return unit


def test_a_siren_is_asked_for_once_and_the_power_services_answer_is_kept(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    unit = siren_of(settings, clock, open_store)
    (row,) = unit.store.rows(AlarmSwitch)
    assert (row.switch, row.on_s, row.reason) == ("siren", 30.0, "person at demo")
    unit.restart()
    unit.run()
    assert len(unit.store.rows(AlarmSwitch)) == 1
    unit.power.add(SwitchOrder(clock.stamp(), "siren", True, "on for 30 s", row.request_id))  # noqa: FBT003
    unit.run()
    (delivery,) = unit.deliveries()
    assert (delivery.state, delivery.reason) == (DeliveryState.SENT, "on for 30 s")


def test_a_siren_that_may_not_go_on_is_dropped_with_the_reason(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    unit = siren_of(settings, clock, open_store)
    (row,) = unit.store.rows(AlarmSwitch)
    text = "stays off, the level is SENTINEL"
    unit.power.add(SwitchOrder(clock.stamp(), "siren", False, text, row.request_id))  # noqa: FBT003
    unit.run()
    (delivery,) = unit.deliveries()
    assert (delivery.state, delivery.reason) == (DeliveryState.DROPPED, text)


def test_a_siren_is_not_switched_on_after_the_unit_was_off(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    unit = siren_of(settings, clock, open_store)
    unit.see("e2", at=clock.utc + timedelta(hours=1))
    unit.cycle.take_in()
    clock.advance(HOUR)
    unit.run()
    assert len(unit.store.rows(AlarmSwitch)) == 1
    assert [one.state for one in unit.deliveries()] == [DeliveryState.DROPPED] * 2


def test_a_request_keeps_its_age_through_a_restart_and_ends_where_nobody_answers(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    unit = siren_of(settings, clock, open_store)
    clock.advance(50)
    unit.restart()
    unit.run()
    assert unit.deliveries()[0].state is DeliveryState.SENDING
    clock.advance(15)
    unit.run()
    (delivery,) = unit.deliveries()
    assert delivery.state is DeliveryState.DROPPED
    assert "the power service has not answered" in delivery.reason
