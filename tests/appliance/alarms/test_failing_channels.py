"""Channels that fail, hang or are gone: the others go on, and each message says why it waits."""

from datetime import timedelta

from appliance.model_alarms import (
    AlarmDelivery,
    AlarmKind,
    AlarmOrderKind,
    AlarmPriority,
)
from appliance.sections.alarms import AlarmSettings
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

MINUTE = 60.0
HOUR = 3600.0


def test_a_channel_that_hangs_holds_up_no_other(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner", "guard"))
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.mail.holds.set()
    unit.see("e1")
    unit.run()
    assert len(unit.sms.got) == 1
    unit.mail.released.set()
    unit.run()
    assert len(unit.mail.got) == 1


def test_a_refused_password_is_tried_hourly_however_much_waits(unit: AlarmUnit) -> None:
    unit.mail.says = "refused: the password is wrong"
    for number in range(30):
        unit.see(f"e{number}")
        unit.run()
        unit.clock.advance(5 * MINUTE)
    assert unit.mail.asked <= 33
    assert len(unit.queue.waiting) == 30


def test_a_channel_that_fails_again_and_again_is_a_fault(unit: AlarmUnit) -> None:
    unit.mail.says = "no route to host"
    unit.see("e1")
    for _ in range(4):
        unit.run()
        unit.clock.advance(MINUTE)
    assert list(unit.queue.list_troubles()) == [
        "the channel mail does not take messages: no route to host"
    ]
    unit.mail.says = "sent"
    unit.run()
    assert list(unit.queue.list_troubles()) == []


def test_a_message_behind_one_that_failed_says_what_its_channel_answered(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), bundle_s=0.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.mail.says = "no route to host"
    unit.see("e1")
    unit.run()
    unit.see("e2", at=clock.utc + timedelta(seconds=1))
    unit.run()
    _, behind = unit.queue.waiting
    assert behind.attempts == 0
    assert behind.reason == "waits for its channel: no route to host"


def test_a_channel_that_was_taken_out_of_the_settings_drops_its_messages(
    unit: AlarmUnit, settings: Settings
) -> None:
    unit.mail.says = "no route to host"
    unit.see("e1")
    unit.run()
    channels = {"sms": unit.settings.channel["sms"]}
    unit.queue._settings = unit.queue._settings.__class__(channel=channels)
    unit.clock.advance(HOUR)
    unit.run()
    rows: list[AlarmDelivery] = unit.deliveries()
    assert rows[0].reason == "dropped: there is no [channel.mail] any more"


def test_a_link_that_is_gone_is_asked_ever_more_seldom_however_much_waits(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), bundle_s=0.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.mail.says = "no route to host"
    for number in range(50):
        unit.see(f"e{number}", at=clock.utc + timedelta(seconds=number))
    for _ in range(180):
        unit.run()
        clock.advance(10)
    assert unit.mail.asked < 60
    before = unit.mail.asked
    for _ in range(180):
        unit.run()
        clock.advance(10)
    assert unit.mail.asked - before < 8


def test_what_waits_for_a_dead_channel_holds_up_no_other_however_much_it_is(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rules = {
        "people": AlarmSettings(
            to=("owner",), labels=("person",), priority=AlarmPriority.HIGH, bundle_s=0.0
        ),
        "dogs": AlarmSettings(to=("guard",), labels=("dog",), bundle_s=0.0),
    }
    unit = AlarmUnit(settings, clock, open_store, alarm=rules)
    unit.mail.says = "no route to host"
    for number in range(250):
        unit.see(f"e{number}", at=clock.utc + timedelta(seconds=number))
    unit.run()
    unit.see("d", label="dog")
    unit.run()
    assert len(unit.sms.got) == 1


def test_what_waits_for_a_channel_that_is_busy_wakes_nobody_until_it_answers(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    rule = AlarmSettings(to=("owner",), bundle_s=0.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"people": rule})
    unit.mail.holds.set()
    for number in range(2):
        unit.see(f"e{number}", at=clock.utc + timedelta(seconds=number))
    unit.run()
    assert unit.queue.find_next() is None
    unit.mail.released.set()
    unit.run()
    assert len(unit.mail.got) == 2


def test_a_test_of_a_channel_that_was_mended_does_not_wait_for_its_pause(unit: AlarmUnit) -> None:
    unit.mail.says = "refused: the password is wrong"
    unit.see("e1")
    unit.run()
    unit.mail.says = "sent"
    unit.order(AlarmOrderKind.TEST)
    unit.run()
    assert len(unit.bodies(AlarmKind.TEST)) == 1
