"""A backup that is put back sends nobody what was sent, or acknowledged, after it was made."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from appliance.model import EnergyLevel, Fault
from appliance.model_alarms import AlarmKind, AlarmOrderKind, DeliveryState
from appliance.sections.alarms import AlarmSettings
from appliance.settings import Settings
from appliance.store.backup import make_backup, mark_as_copy
from appliance.store.restore import restore_backup
from tests.conftest import OpenStore
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

HOUR = 3600.0


@pytest.fixture
def unit(settings: Settings, clock: FakeClock, open_store: OpenStore) -> AlarmUnit:
    rules = {
        "people": AlarmSettings(to=("owner",), labels=("person",), acknowledge_s=300.0, bundle_s=0),
        "fault": AlarmSettings(on=AlarmKind.FAULT, to=("owner",)),
        "over": AlarmSettings(on=AlarmKind.FAULT_OVER, to=("owner",)),
    }
    found = AlarmUnit(settings, clock, open_store, alarm=rules)
    found.set_level(EnergyLevel.FULL)
    return found


def back_up(unit: AlarmUnit) -> Path:
    """As by hand, while nothing is being written: the copy's own mark is what is tested."""
    made = unit.settings.unit.data_dir / "copy.db"
    with (
        closing(sqlite3.connect(made)) as copy,
        closing(sqlite3.connect(unit.settings.database)) as own,
    ):
        own.backup(copy)
    return made


def see(unit: AlarmUnit, event_id: str) -> None:
    unit.clock.advance(1)
    unit.see(event_id)


def restore(unit: AlarmUnit, copy: Path) -> None:
    for store in (unit.store, unit.inference, unit.power):
        store.close()
    restore_backup(unit.settings.database, copy)
    unit.reopen()


def pass_hours(unit: AlarmUnit, hours: int = 5) -> None:
    for _ in range(hours):
        unit.clock.advance(HOUR)
        unit.set_level(EnergyLevel.FULL)
        unit.run()


def test_what_waited_was_unread_or_not_acknowledged_in_a_backup_is_not_sent_after_it_is_put_back(
    unit: AlarmUnit,
) -> None:
    see(unit, "sent before")
    unit.run()
    unit.mail.says = "no route to host"
    see(unit, "waits")
    unit.run()
    see(unit, "unread")
    unit.order(AlarmOrderKind.TEST, recipient="owner")
    unit.power.add(Fault(unit.clock.stamp(), "bus", "power", "no answer", None))
    copy = back_up(unit)
    unit.mail.says = "sent"
    unit.clock.advance(60)
    unit.run()
    unit.order(AlarmOrderKind.ACKNOWLEDGE)
    pass_hours(unit, 1)
    assert len(unit.mail.got) == 5
    restore(unit, copy)
    pass_hours(unit)
    unit.power.clear_faults("power")
    pass_hours(unit)
    assert len(unit.mail.got) == 5
    assert unit.sms.got == []
    dropped = [one for one in unit.deliveries() if one.state is DeliveryState.DROPPED]
    assert [one.reason for one in dropped] == [
        "not sent: it stood in a copy of the database, and may have been sent since"
    ]


def test_what_happens_after_it_was_put_back_is_sent_by_numbers_that_were_not_given(
    unit: AlarmUnit,
) -> None:
    see(unit, "e1")
    unit.run()
    copy = back_up(unit)
    for event_id in ("e2", "e3"):
        see(unit, event_id)
        unit.run()
    restore(unit, copy)
    see(unit, "e4")
    pass_hours(unit, 1)
    numbers = [one.sequence for one in unit.mail.got]
    assert numbers == [1, 2, 3, 1002]
    assert [one.sequence for one in unit.alarms()] == [1, 1002]


def test_a_copy_that_is_older_than_alarms_stays_as_it_is(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as db:
        db.execute("CREATE TABLE event (id INTEGER PRIMARY KEY)")
    mark_as_copy(old)
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("SELECT name FROM sqlite_master").fetchall() == [("event",)]


def test_a_backup_itself_holds_no_message_that_waits(unit: AlarmUnit) -> None:
    unit.mail.says = "no route to host"
    see(unit, "e1")
    unit.run()
    made = make_backup(unit.power, unit.settings.unit.data_dir / "copies")
    with closing(sqlite3.connect(made)) as db:
        assert db.execute("SELECT state FROM alarm_delivery").fetchall() == [("DROPPED",)]
    assert unit.deliveries()[0].state is DeliveryState.WAITING
