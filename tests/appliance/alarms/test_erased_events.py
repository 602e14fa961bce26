"""`unitctl events erase` takes what alarms say of the events, and nobody is sent it later."""

from datetime import timedelta
from typing import Any

import pytest

from appliance.alarms import pictures
from appliance.media import erasing
from appliance.media.erasing import Selection
from appliance.model import EnergyLevel, Fault
from appliance.model_alarms import AlarmKind, AlarmOrderKind, AlarmSwitch, DeliveryState
from appliance.sections.alarms import AlarmSettings, ChannelKind, ChannelSettings, RecipientSettings
from appliance.settings import Settings
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

HOUR = 3600.0


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> AlarmUnit:
    rules = {
        "people": AlarmSettings(to=("owner",), labels=("person",), acknowledge_s=300.0),
        "tamper": AlarmSettings(on=AlarmKind.TAMPER, to=("owner",)),
    }
    found = AlarmUnit(settings, clock, open_store, alarm=rules)
    found.set_level(EnergyLevel.FULL)
    return found


def erase(unit: AlarmUnit, selection: Selection) -> erasing.Erasure:
    found = erasing.find_erasure(unit.inference, unit.settings.snapshots_dir, selection)
    erasing.erase(unit.inference, found)
    return found


def lay_snapshot(unit: AlarmUnit, event_id: str) -> str:
    path = unit.settings.snapshots_dir / f"2026-04-15/{event_id}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\xff\xd8 a face")
    return str(path.relative_to(unit.settings.unit.data_dir))


def read_database(unit: AlarmUnit) -> bytes:
    path = unit.settings.database
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


def test_a_message_that_waits_is_not_sent_after_its_events_were_erased(unit: AlarmUnit) -> None:
    unit.mail.says = "no route to host"
    unit.see("e1", snapshot=lay_snapshot(unit, "e1"))
    unit.run()
    assert unit.mail.asked == 1
    assert erase(unit, erasing.select_camera("demo")).sentence.endswith(
        ", 1 alarm of the camera demo"
    )
    unit.mail.says = "sent"
    for _ in range(3):
        unit.clock.advance(HOUR)
        unit.set_level(EnergyLevel.FULL)
        unit.run()
    assert (unit.mail.got, unit.sms.got) == ([], [])
    (delivery,) = unit.deliveries()
    assert delivery.state is DeliveryState.ACKNOWLEDGED
    assert delivery.reason.startswith("not sent: erased by ")


@pytest.mark.parametrize("by", ["camera", "event", "before"])
def test_of_an_erased_alarm_only_when_by_what_rule_and_to_whom_is_left(
    unit: AlarmUnit, by: str
) -> None:
    unit.see("e1", snapshot=lay_snapshot(unit, "e1"), sub_label="postman")
    unit.run()
    assert b"postman" in read_database(unit)
    erase(
        unit,
        {
            "camera": erasing.select_camera("demo"),
            "event": erasing.select_event("e1"),
            "before": erasing.select_before(unit.clock.utc + timedelta(seconds=1), "UTC"),
        }[by],
    )
    (alarm,) = unit.alarms()
    assert (alarm.text, alarm.camera, alarm.label, alarm.event_id) == ("erased", "", "", "")
    assert (alarm.snapshot, alarm.rule, alarm.sequence) == (None, "people", 1)
    assert alarm.acknowledged_by.endswith(" (erased it)")
    (delivery,) = unit.deliveries()
    assert (delivery.state, delivery.recipient) == (DeliveryState.SENT, "owner")
    assert b"postman" not in read_database(unit)


def erase_meanwhile(unit: AlarmUnit, passed: int = 0) -> None:
    """The camera's events are erased while the service is about to store the next rows, after those
    that it has `passed`.
    """
    add_if, left = unit.store.add_if, [None] * passed

    def erase_and_add(*given: Any) -> bool:
        if left:
            left.pop()
        else:
            unit.store.add_if = add_if  # type: ignore[method-assign]
            erase(unit, erasing.select_camera("demo"))
        return add_if(*given)

    unit.store.add_if = erase_and_add  # type: ignore[method-assign,assignment]


def test_an_event_that_is_erased_while_its_alarm_is_made_makes_none(unit: AlarmUnit) -> None:
    unit.see("e1", sub_label="postman")
    erase_meanwhile(unit)
    unit.run()
    assert (unit.alarms(), unit.deliveries(), unit.mail.got) == ([], [], [])
    assert b"postman" not in read_database(unit)


@pytest.mark.parametrize("is_seen", [True, False])
def test_an_alarm_that_is_erased_while_it_is_joined_or_acknowledged_stays_erased(
    unit: AlarmUnit, is_seen: bool
) -> None:
    unit.see("e1", sub_label="postman")
    unit.run()
    if is_seen:
        unit.order(AlarmOrderKind.ACKNOWLEDGE)
    else:
        unit.see("e2")
    erase_meanwhile(unit)
    unit.run()
    (alarm,) = unit.alarms()
    assert (alarm.text, alarm.camera, alarm.occurrences) == ("erased", "", 1)
    assert alarm.acknowledged_by.endswith(" (erased it)")
    assert len(unit.mail.got) == 1


@pytest.mark.parametrize("channel", ["mail", "siren"])
def test_an_alarm_that_is_erased_while_it_goes_to_its_channel_is_not_sent(
    settings: Settings, clock: FakeClock, open_store: OpenStore, channel: str
) -> None:
    sections = {
        "recipient": {"owner": RecipientSettings(channels=(channel,))},
        "channel": {
            "mail": ChannelSettings(),
            "siren": ChannelSettings(kind=ChannelKind.SWITCH, switch="siren"),
        },
    }
    unit = AlarmUnit(settings, clock, open_store, **sections)
    unit.set_level(EnergyLevel.FULL)
    unit.see("e1", snapshot=lay_snapshot(unit, "e1"))
    erase_meanwhile(unit, passed=1)
    unit.run()
    unit.run()
    (delivery,) = unit.deliveries()
    assert delivery.state is DeliveryState.ACKNOWLEDGED
    assert (unit.mail.asked, unit.store.rows(AlarmSwitch)) == (0, [])
    assert list(unit.settings.unit.run_dir.glob("alarm-*.jpg")) == []


def test_a_picture_of_a_later_event_of_the_visit_goes_with_that_event(unit: AlarmUnit) -> None:
    unit.see("e1", snapshot=None)
    unit.see("e2", snapshot=lay_snapshot(unit, "e2"))
    unit.run()
    erase(unit, erasing.select_event("e2"))
    assert unit.alarms()[0].snapshot is None


def test_numbers_go_on_after_the_newest_alarm_was_erased(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.run()
    erase(unit, erasing.select_camera("demo"))
    unit.see("e2")
    unit.run()
    assert [one.sequence for one in unit.mail.got] == [1, 2]
    assert [one.text for one in unit.alarms()] == ["erased", "person at demo"]


def test_other_cameras_and_what_is_of_no_event_stay(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.see("e2", camera="yard", snapshot=None)
    now = unit.clock.stamp()
    unit.power.add(Fault(now, "camera-covered", "camera@demo", "it is dark", None))
    unit.run()
    erase(unit, erasing.select_camera("demo"))
    assert sorted(one.text for one in unit.alarms()) == ["erased", "it is dark", "person at yard"]


def test_what_a_siren_was_asked_for_says_no_more_of_the_event(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    sections = {
        "recipient": {"owner": RecipientSettings(channels=("siren",))},
        "channel": {"siren": ChannelSettings(kind=ChannelKind.SWITCH, switch="siren")},
    }
    unit = AlarmUnit(settings, clock, open_store, **sections)
    unit.set_level(EnergyLevel.FULL)
    unit.see("e1")
    unit.run()
    assert [one.reason for one in unit.store.rows(AlarmSwitch)] == ["person at demo"]
    erase(unit, erasing.select_camera("demo"))
    assert unit.store.rows(AlarmSwitch)[0].reason.startswith("erased by ")


def test_an_alarm_whose_event_is_long_gone_is_erased_by_its_camera(unit: AlarmUnit) -> None:
    unit.see("e1")
    unit.run()
    with unit.inference.housekeeping() as execute:
        execute("DELETE FROM event", ())
    found = erase(unit, erasing.select_camera("demo"))
    assert (found.events, len(found.alarms)) == (0, 1)
    assert unit.alarms()[0].text == "erased"
    assert erase(unit, erasing.select_camera("demo")).alarms == []


def test_a_picture_that_is_laid_ready_goes_and_that_of_another_alarm_stays(
    unit: AlarmUnit,
) -> None:
    own = pictures.prepare(unit.settings, lay_snapshot(unit, "e1"), "a-1.1.owner.mail")
    other = pictures.prepare(unit.settings, lay_snapshot(unit, "e2"), "a-12.1.owner.mail")
    assert own is not None
    assert other is not None
    pictures.discard_of(unit.settings, "a-1")
    assert (own.exists(), other.exists()) == (False, True)
