"""The alarm service from stored rows to channels: with a real database and channels that fail."""

import os
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.alarms.__main__ import assemble
from appliance.alarms.doorbell import open_socket
from appliance.errors import BusError
from appliance.model import EnergyLevel, Sleep
from appliance.model_alarms import (
    AlarmKind,
    AlarmOrderKind,
    DeliveryState,
)
from appliance.model_cameras import CameraHold, HoldKind
from appliance.process.alarm_wake import wake
from appliance.process.service import Leave
from appliance.sections.alarms import (
    AlarmSettings,
    AlarmsSettings,
    ChannelKind,
    ChannelSettings,
    RecipientSettings,
)
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

MINUTE = 60.0
HOUR = 3600.0


def test_an_event_reaches_its_recipient_once_with_time_battery_and_links(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.run()
    unit.run()
    (request,) = unit.mail.got
    assert request.title == "test: person at demo"
    assert "15 Apr" in request.body
    assert "The unit: How long the battery lasts is not known." in request.body
    assert "Look: https://unit.example/events/e1" in request.body
    assert "I have seen it: https://unit.example/alarm/" in request.body
    (delivery,) = unit.deliveries()
    assert (delivery.state, delivery.size_bytes) == (DeliveryState.SENT, 1000)
    assert unit.sms.got == []


def test_one_visit_is_one_message(unit: AlarmUnit) -> None:
    for number in range(20):
        unit.see(f"e{number}")
        unit.clock.advance(30)
        unit.run()
    assert len(unit.mail.got) == 1
    (alarm,) = unit.alarms()
    assert alarm.occurrences == 20


def test_what_joins_before_it_is_sent_stands_in_the_one_message(unit: AlarmUnit) -> None:
    for number in range(5):
        unit.see(f"e{number}")
    unit.run()
    (request,) = unit.mail.got
    assert "4 more occurrences since: person at demo." in request.body
    assert unit.deliveries()[0].covers == 5


def test_ten_thousand_events_in_an_hour_are_a_few_messages(unit: AlarmUnit) -> None:
    for number in range(1000):
        unit.see(f"e{number}")
    unit.run()
    assert len(unit.mail.got) == 1
    assert unit.alarms()[0].occurrences == 1000


def test_an_acknowledged_alarm_goes_no_further_and_what_waits_is_withdrawn(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner", "guard"), acknowledge_s=300.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.sms.says = "no modem"
    unit.see("e1")
    unit.run()
    unit.order(AlarmOrderKind.ACKNOWLEDGE, unit.alarms()[0].alarm_id)
    unit.run()
    states = {one.channel: one.state for one in unit.deliveries()}
    assert states == {"mail": DeliveryState.SENT, "sms": DeliveryState.ACKNOWLEDGED}
    unit.sms.says = "sent"
    unit.clock.advance(HOUR)
    unit.run()
    assert unit.sms.got == []
    assert unit.alarms()[0].acknowledged_by == "anna (unitctl)"
    by_channel = {one.channel: one for one in unit.deliveries()}
    assert by_channel["sms"].state is DeliveryState.ACKNOWLEDGED
    assert by_channel["sms"].reason == "not sent: acknowledged by anna (unitctl)"


def test_a_sleep_is_told_at_hibernate_with_when_it_ends(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rules = {"sleep": AlarmSettings(on=AlarmKind.ASLEEP, to=("owner",))}
    unit = AlarmUnit(settings, clock, open_store, alarm=rules)
    unit.set_level(EnergyLevel.HIBERNATE)
    back = clock.utc + timedelta(hours=5)
    sleep = Sleep(clock.stamp(), EnergyLevel.HIBERNATE, back, "rtc", back, 14.0, 2.0, "14 %")
    unit.power.add(sleep)
    unit.run()
    (body,) = unit.bodies(AlarmKind.ASLEEP)
    assert "The unit goes to sleep (HIBERNATE), it is expected back at Wed 15 Apr 07:00" in body


def test_a_fault_and_its_end_are_told_each_once(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rules = {
        "fault": AlarmSettings(on=AlarmKind.FAULT, to=("owner",), faults=("bus",)),
        "over": AlarmSettings(on=AlarmKind.FAULT_OVER, to=("owner",), faults=("bus",)),
    }
    unit = AlarmUnit(settings, clock, open_store, alarm=rules)
    unit.power.raise_fault("power", BusError("the charger is silent"))
    unit.run()
    unit.restart()
    unit.run()
    assert [one.title for one in unit.mail.got] == ["test: the charger is silent"]
    unit.power.clear_faults("power")
    unit.run()
    unit.run()
    assert [one.title for one in unit.mail.got[1:]] == ["test: over: the charger is silent"]


def test_nobody_is_told_of_a_camera_that_was_muted(unit: AlarmUnit, open_store: OpenStore) -> None:
    now = unit.clock.stamp()
    hold = CameraHold(now, "demo", HoldKind.MUTE, True, 3600.0, None, "anna", "unitctl", "")  # noqa: FBT003
    open_store("camera").add(hold)
    unit.see("e1")
    unit.run()
    assert unit.alarms() == []
    unit.clock.advance(2 * HOUR)
    unit.see("e2")
    unit.run()
    assert len(unit.mail.got) == 1


def test_the_heartbeat_comes_in_its_time_and_not_more_often(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    own = AlarmsSettings(heartbeat_s=24 * HOUR, heartbeat_to=("owner",))
    unit = AlarmUnit(settings, clock, open_store, alarms=own, alarm={})
    unit.run()
    for _ in range(48):
        clock.advance(HOUR)
        unit.restart()
        unit.run()
    assert len(unit.bodies(AlarmKind.HEARTBEAT)) == 3
    assert "I have seen it" not in unit.bodies(AlarmKind.HEARTBEAT)[0]


def test_without_anything_to_do_it_waits_for_ever_on_a_laptop_and_leaves_under_pid_1(
    unit: AlarmUnit,
) -> None:
    unit.run()
    assert unit.cycle.find_wait_s() is None
    unit.bell.is_passed = True
    unit.cycle._busy_s -= 60
    with pytest.raises(Leave, match="nothing waits"):
        unit.cycle.find_wait_s()


def test_without_a_recipient_it_leaves_and_what_happens_meanwhile_is_no_alarm_later(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    unit = AlarmUnit(settings, clock, open_store)
    unit.see("e1")
    unit.service.settings = settings
    loop = assemble(unit.service)
    with pytest.raises(Leave, match="there is nobody to tell"):
        loop.cycle()
    unit.restart()
    unit.run()
    assert unit.mail.got == []


def test_without_a_recipient_it_hears_who_rang_lest_pid_1_starts_it_without_an_end(
    settings: Settings,
    clock: FakeClock,
    open_store: OpenStore,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    unit = AlarmUnit(settings, clock, open_store)
    unit.service.settings = settings
    with closing(open_socket(tmp_path / "bell")) as held_by_pid_1:
        wake(tmp_path / "bell")
        passed = os.dup(held_by_pid_1.fileno())
        monkeypatch.setattr("appliance.alarms.__main__.take_passed_sockets", lambda: [passed])
        assemble(unit.service)
        held_by_pid_1.setblocking(False)  # noqa: FBT003  (the only form)
        with pytest.raises(BlockingIOError):
            held_by_pid_1.recv(1)


def test_heartbeats_of_a_week_without_a_link_are_one_and_no_limit_holds_it_back(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    unit = AlarmUnit(
        settings,
        clock,
        open_store,
        alarms=AlarmsSettings(heartbeat_s=HOUR, heartbeat_to=("owner",)),
        recipient={"owner": RecipientSettings(channels=("mail",), messages_a_day=1)},
        alarm={},
    )
    unit.mail.says = "no route to host"
    for _ in range(30):
        unit.run()
        unit.clock.advance(HOUR)
    unit.mail.says = "sent"
    unit.clock.advance(HOUR)
    unit.run()
    assert len(unit.mail.got) == 1
    for _ in range(3):
        unit.clock.advance(HOUR)
        unit.run()
    assert len(unit.mail.got) == 4


def test_a_level_that_is_not_known_yet_loses_no_alarm(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), runs_from=EnergyLevel.SENTINEL)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.see("e1")
    unit.run()
    assert len(unit.mail.got) == 1


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_set_joins_no_later_visit_to_an_alarm_and_parts_no_visit(
    settings: Settings, clock: FakeClock, open_store: OpenStore, hours: int
) -> None:
    unit = AlarmUnit(settings, clock, open_store)
    unit.see("e1")
    unit.run()
    clock.set_wall_clock(clock.utc + timedelta(hours=hours))
    clock.advance(MINUTE)
    unit.see("e2")
    unit.run()
    assert len(unit.mail.got) == 1
    clock.advance(10 * MINUTE)
    unit.see("e3")
    unit.run()
    assert len(unit.mail.got) == 2


def test_two_boots_that_begin_in_1970_are_two_visits(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    clock.set_wall_clock(clock.utc.replace(year=1970))
    unit = AlarmUnit(settings, clock, open_store)
    unit.see("e1")
    unit.run()
    clock.reboot()
    clock.set_wall_clock(clock.utc.replace(year=1970, month=4, day=15))
    unit.restart()
    unit.see("e2")
    unit.run()
    assert len(unit.mail.got) == 2


def test_a_clock_that_is_ten_years_ahead_deletes_no_alarm_and_ninety_days_do(
    unit: AlarmUnit,
) -> None:
    unit.see("e1")
    unit.run()
    unit.clock.set_wall_clock(unit.clock.utc.replace(year=2036))
    unit.cycle.cycle()
    assert len(unit.alarms()) == 1
    unit.clock.advance(91 * 24 * HOUR)
    unit.bell.ring()
    unit.cycle.cycle()
    assert (unit.alarms(), unit.deliveries()) == ([], [])


def test_an_alarm_that_is_acknowledged_as_somebody_joins_it_counts_both(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.run()
    unit.see("e2")
    unit.order(AlarmOrderKind.ACKNOWLEDGE)
    unit.run()
    (alarm,) = unit.alarms()
    assert (alarm.occurrences, alarm.acknowledged_by) == (2, "anna (unitctl)")


def test_a_dead_mans_switch_gets_heartbeats_and_a_siren_none(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    channels = {
        "mail": ChannelSettings(kind=ChannelKind.PING),
        "sms": ChannelSettings(kind=ChannelKind.SWITCH, switch="siren"),
    }
    unit = AlarmUnit(
        settings,
        clock,
        open_store,
        alarms=AlarmsSettings(heartbeat_s=HOUR, heartbeat_to=("owner",)),
        recipient={"owner": RecipientSettings(channels=("mail", "sms"))},
        channel=channels,
    )
    unit.cycle.take_in()
    assert [one.channel for one in unit.deliveries()] == ["mail"]
    unit.see("e1")
    unit.cycle.take_in()
    assert sorted(one.channel for one in unit.deliveries()) == ["mail", "sms"]
