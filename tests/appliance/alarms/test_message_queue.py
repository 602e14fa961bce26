"""What waits, for how long, in which order, and what a kill makes of it."""

from datetime import timedelta

import pytest

from appliance.errors import StoreError
from appliance.model import EnergyLevel
from appliance.model_alarms import (
    AlarmKind,
    AlarmOrderKind,
    AlarmPriority,
    DeliveryState,
)
from appliance.sections.alarms import (
    AlarmSettings,
    RecipientSettings,
)
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

MINUTE = 60.0
HOUR = 3600.0


def test_a_link_that_was_gone_for_a_week_delivers_in_the_order_of_importance(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rules = {
        "people": AlarmSettings(to=("owner",), labels=("person",), bundle_s=0.0),
        "dogs": AlarmSettings(
            to=("owner",), labels=("dog",), priority=AlarmPriority.URGENT, bundle_s=0.0
        ),
    }
    unit = AlarmUnit(settings, clock, open_store, alarm=rules)
    unit.mail.says = "no route to host"
    for day in range(7):
        unit.set_level(EnergyLevel.FULL)
        unit.see(f"p{day}")
        unit.see(f"d{day}", label="dog")
        unit.run()
        unit.clock.advance(24 * HOUR)
    assert unit.mail.got == []
    assert unit.mail.asked < 40
    unit.mail.says = "sent"
    unit.set_level(EnergyLevel.FULL)
    unit.run()
    got = [request.title.rpartition(": ")[2] for request in unit.mail.got]
    assert got == ["dog at demo"] * 7 + ["person at demo"] * 7
    assert "It comes 168 hours late." in unit.mail.got[0].body


def test_a_message_waits_no_longer_than_the_settings_say(unit: AlarmUnit) -> None:
    unit.mail.says = "no route to host"
    unit.see("e1")
    unit.run()
    unit.clock.advance(15 * 24 * HOUR)
    unit.run()
    (delivery,) = unit.deliveries()
    assert delivery.state is DeliveryState.DROPPED
    assert delivery.reason == "dropped after 14 days: no route to host"


def test_a_clock_that_jumps_from_1970_to_today_drops_nothing(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    today = clock.utc
    clock.set_wall_clock(today.replace(year=1970))
    unit = AlarmUnit(settings, clock, open_store)
    unit.mail.says = "the server's certificate is not yet valid"
    unit.see("e1")
    unit.run()
    unit.clock.set_wall_clock(today)
    unit.mail.says = "sent"
    unit.clock.advance(MINUTE)
    unit.run()
    assert len(unit.mail.got) == 1


def test_a_kill_between_the_channels_answer_and_its_record_repeats_and_says_so(
    unit: AlarmUnit,
) -> None:
    unit.see("e1")
    unit.cycle.take_in()
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    assert [one.state for one in unit.deliveries()] == [DeliveryState.SENDING]
    unit.restart()
    unit.run()
    first, second = unit.mail.got
    assert (first.delivery_id, first.sequence) == (second.delivery_id, second.sequence)
    assert "You may have this already" not in first.body
    assert "You may have this already" in second.body


def test_a_message_whose_sending_timed_out_says_that_it_may_be_a_repetition(
    unit: AlarmUnit,
) -> None:
    unit.mail.says = "unsure: no answer within 90 s"
    unit.see("e1")
    unit.run()
    unit.mail.says = "no route to host"  # what is sure of one attempt says nothing of those before
    unit.clock.advance(MINUTE)
    unit.run()
    unit.restart()
    unit.mail.says = "sent"
    unit.clock.advance(HOUR)
    unit.set_level(EnergyLevel.FULL)
    unit.run()
    (request,) = unit.mail.got
    assert "You may have this already" in request.body
    (delivery,) = unit.deliveries()
    assert (delivery.attempts, delivery.perhaps_sent) == (2, True)


def test_a_message_that_certainly_was_not_sent_says_nothing_of_a_repetition(
    unit: AlarmUnit,
) -> None:
    unit.mail.says = "no route to host"
    unit.see("e1")
    unit.run()
    unit.mail.says = "sent"
    unit.clock.advance(MINUTE)
    unit.run()
    assert "You may have this already" not in unit.mail.got[0].body


def test_after_a_kill_and_an_attempt_that_failed_it_may_still_be_a_repetition(
    unit: AlarmUnit,
) -> None:
    unit.see("e1")
    unit.cycle.take_in()
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    unit.restart()
    unit.mail.says = "no route to host"
    unit.run()
    unit.mail.says = "sent"
    unit.clock.advance(MINUTE)
    unit.run()
    assert "You may have this already" in unit.mail.got[-1].body


def test_an_answer_that_the_channel_left_on_disk_is_believed_after_a_kill(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.cycle.take_in()
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    left = unit.workers.take_answers()
    unit.restart()
    unit.queue.resume(left)
    unit.run()
    assert len(unit.mail.got) == 1
    assert unit.deliveries()[0].state is DeliveryState.SENT


def test_a_database_that_takes_nothing_sends_nothing_and_loses_no_answer(
    unit: AlarmUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit.see("e1")
    unit.cycle.take_in()
    add_if = unit.store.add_if

    def refuse(*rows: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(unit.store, "add_if", refuse)
    with pytest.raises(StoreError):
        unit.queue.send(EnergyLevel.FULL)
    assert unit.mail.asked == 0
    monkeypatch.setattr(unit.store, "add_if", add_if)
    unit.queue.send(EnergyLevel.FULL)
    assert unit.bell.wait(10)
    monkeypatch.setattr(unit.store, "add_if", refuse)
    for _ in range(3):
        with pytest.raises(StoreError):
            unit.queue.settle()
    monkeypatch.setattr(unit.store, "add_if", add_if)
    unit.run()
    assert len(unit.mail.got) == 1
    assert unit.deliveries()[0].state is DeliveryState.SENT


def test_quiet_hours_hold_back_and_say_until_when(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    owner = RecipientSettings(channels=("mail",), quiet="01:00-06:00")
    unit = AlarmUnit(settings, clock, open_store, recipient={"owner": owner})
    unit.see("e1")  # at 02:00
    unit.run()
    (delivery,) = unit.deliveries()
    assert delivery.reason == "waits for the end of quiet hours 01:00-06:00"
    assert delivery.not_before - clock.utc == timedelta(hours=4)
    assert unit.queue.find_next() == delivery.not_before
    clock.advance(4 * HOUR)
    unit.run()
    assert "It comes 4 hours late." in unit.mail.got[0].body


def test_a_limit_of_messages_holds_back_the_next_and_not_what_is_urgent(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    owner = RecipientSettings(channels=("mail",), messages_a_day=3)
    rules = {
        "people": AlarmSettings(to=("owner",), labels=("person",), bundle_s=0.0),
        "dogs": AlarmSettings(to=("owner",), labels=("dog",), priority=AlarmPriority.URGENT),
    }
    unit = AlarmUnit(settings, clock, open_store, recipient={"owner": owner}, alarm=rules)
    for number in range(5):
        unit.see(f"e{number}")
        clock.advance(1)
        unit.run()
    unit.see("d", label="dog")
    unit.run()
    titles = [one.title.rpartition(": ")[2] for one in unit.mail.got]
    assert titles == ["person at demo"] * 3 + ["dog at demo"]
    waiting = [one for one in unit.deliveries() if one.state is DeliveryState.WAITING]
    assert {one.reason for one in waiting} == {"waits for the end of the limit of 3 messages a day"}


def test_at_sentinel_the_text_goes_without_a_picture_and_below_it_waits(unit: AlarmUnit) -> None:
    snapshot = unit.settings.snapshots_dir / "2026-04-15/e1.jpg"
    snapshot.parent.mkdir(parents=True)
    snapshot.write_bytes(b"\xff\xd8 small")
    for level, pictures in ((EnergyLevel.ECO, True), (EnergyLevel.SENTINEL, False)):
        unit.set_level(level)
        unit.see(f"e{level.name}", snapshot="snapshots/2026-04-15/e1.jpg")
        unit.run()
        assert (unit.mail.got[-1].picture is not None) is pictures
        unit.clock.advance(10 * MINUTE)
    unit.set_level(EnergyLevel.HIBERNATE)
    unit.see("last")
    unit.run()
    assert len(unit.mail.got) == 2
    assert unit.queue.waiting[0].reason == "waits for the end of the energy level HIBERNATE"
    assert list(unit.settings.unit.run_dir.glob("alarm-*.jpg")) == []


def test_a_test_reaches_everybody_also_in_quiet_hours(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    owner = RecipientSettings(channels=("mail", "sms"), quiet="00:00-23:59")
    unit = AlarmUnit(settings, clock, open_store, recipient={"owner": owner}, alarm={})
    unit.order(AlarmOrderKind.TEST)
    unit.run()
    (body,) = unit.bodies(AlarmKind.TEST)
    assert body.startswith("This is a test of the alarms, ordered by anna.")
    assert len(unit.sms.got) == 1


def test_what_is_held_back_together_is_written_together(
    settings: Settings, clock: FakeClock, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = RecipientSettings(channels=("mail",), quiet="01:00-06:00")
    rule = AlarmSettings(to=("owner",), bundle_s=0.0)
    unit = AlarmUnit(
        settings, clock, open_store, recipient={"owner": owner}, alarm={"people": rule}
    )
    for number in range(100):
        unit.see(f"e{number}", at=clock.utc + timedelta(seconds=number))
    unit.cycle.take_in()
    writes: list[int] = []
    add = unit.store.add

    def count(*rows: object) -> None:
        writes.append(len(rows))
        add(*rows)

    monkeypatch.setattr(unit.store, "add", count)
    unit.queue.send(EnergyLevel.FULL)
    assert writes == [100]
