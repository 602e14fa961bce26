"""Who is told next where nobody acknowledges."""

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.alarms.awaited_replies import AwaitedReplies
from appliance.model_alarms import AlarmDelivery, AlarmOrderKind
from appliance.sections.alarms import AlarmSettings, RecipientSettings
from appliance.settings import Settings
from appliance.store import unacknowledged
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

MINUTE = 60.0
HOUR = 3600.0


def test_who_does_not_acknowledge_is_followed_by_the_next_who_reads_why(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), acknowledge_s=300.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.see("e1")
    unit.run()
    unit.clock.advance(299)
    unit.run()
    assert unit.sms.got == []
    unit.clock.advance(2)
    unit.run()
    (request,) = unit.sms.got
    assert "You get it since owner has not acknowledged it." in request.body
    unit.clock.advance(HOUR)
    unit.run()
    assert len(unit.sms.got) == len(unit.mail.got) == 1


def test_a_message_that_waits_behind_others_for_a_dead_channel_goes_on_to_the_next(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), acknowledge_s=300.0, bundle_s=0.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.mail.says = "no route to host"
    for number in range(3):
        unit.see(f"e{number}", at=clock.utc + timedelta(seconds=number))
    unit.run()
    unit.clock.advance(301)
    unit.run()
    assert len(unit.sms.got) == 3


@pytest.mark.parametrize(("wrong_year", "right_year"), [(1970, 2026), (2036, 2026)])
def test_a_clock_that_is_set_keeps_no_alarm_from_going_on_to_the_next(
    settings: Settings, clock: FakeClock, open_store: OpenStore, wrong_year: int, right_year: int
) -> None:
    clock.set_wall_clock(clock.utc.replace(year=wrong_year))
    rule = AlarmSettings(to=("owner",), acknowledge_s=300.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.see("e1")
    unit.run()
    clock.set_wall_clock(clock.utc.replace(year=right_year))
    clock.advance(301)
    unit.run()
    assert (len(unit.mail.got), len(unit.sms.got)) == (1, 1)


def test_the_third_of_three_gets_it_where_nobody_answers_for_days(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    people = {
        "owner": RecipientSettings(channels=("mail",), next="guard"),
        "guard": RecipientSettings(channels=("mail",), next="chief"),
        "chief": RecipientSettings(channels=("sms",)),
    }
    rule = AlarmSettings(to=("owner",), acknowledge_s=24 * HOUR)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule}, recipient=people)
    unit.see("e1")
    for _ in range(3):
        unit.run()
        clock.advance(24 * HOUR + MINUTE)
    assert len(unit.sms.got) == 1


def test_a_test_escalates_by_no_rule_that_has_its_name(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), acknowledge_s=300.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"test": rule})
    unit.order(AlarmOrderKind.TEST, recipient="owner")
    unit.run()
    clock.advance(HOUR)
    unit.run()
    assert (len(unit.mail.got), unit.sms.got) == (1, [])


def test_of_thousands_that_nobody_acknowledges_the_oldest_goes_on_to_the_next_as_well(
    settings: Settings, clock: FakeClock, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unacknowledged, "PAGE_ROWS", 20)
    rule = AlarmSettings(to=("owner",), acknowledge_s=300.0, bundle_s=0.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.see("e1")
    unit.run()
    (first,) = unit.alarms()
    (told,) = unit.deliveries()
    later = [replace(first, alarm_id=f"a-{n}", sequence=n, key=f"k{n}") for n in range(2, 2101)]
    unit.store.add(*later, *(make_told(told, one.alarm_id) for one in later))
    clock.advance(301)
    unit.cycle.take_in()
    going_on = [one.alarm_id for one in unit.deliveries() if one.recipient == "guard"]
    assert len(going_on) == 2100
    assert first.alarm_id in going_on


def test_of_thousands_that_wait_for_a_limit_none_is_read_before_its_time_is_over(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), acknowledge_s=300.0, bundle_s=0.0)
    people = {
        "owner": RecipientSettings(channels=("mail",), next="guard", messages_a_day=1),
        "guard": RecipientSettings(channels=("sms",)),
    }
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule}, recipient=people)
    for number in range(50):
        unit.see(f"e{number}", at=clock.utc + timedelta(seconds=number))
    unit.run()
    replies = AwaitedReplies(unit.store, unit.settings)
    assert list(replies.list_over(clock.utc)) == []
    assert replies.find_next(clock.utc) == clock.utc + timedelta(minutes=5)
    clock.advance(301)
    ((alarm, _),) = replies.list_over(clock.utc)
    assert alarm.sequence == 1
    unit.run()
    assert replies.find_next(clock.utc) == clock.utc + timedelta(days=1, seconds=-1)
    clock.advance(24 * HOUR)
    assert len(list(replies.list_over(clock.utc))) == 49


def test_all_of_thousands_are_acknowledged_by_one_order(
    settings: Settings, clock: FakeClock, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unacknowledged, "PAGE_ROWS", 20)
    unit = AlarmUnit(settings, clock, open_store)
    unit.see("e1")
    unit.run()
    (first,) = unit.alarms()
    unit.store.add(*(replace(first, alarm_id=f"a-{n}", sequence=n) for n in range(2, 2101)))
    unit.order(AlarmOrderKind.ACKNOWLEDGE)
    unit.cycle.take_in()
    assert {one.acknowledged_by for one in unit.alarms()} == {"anna (unitctl)"}


def make_told(told: AlarmDelivery, alarm_id: str) -> AlarmDelivery:
    """The same message of another alarm."""
    return replace(told, alarm_id=alarm_id, delivery_id=f"{alarm_id}.1.owner.mail")
