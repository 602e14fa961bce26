"""What is new in the tables: by positions, also after rows, positions or the file are lost."""

import pytest

from appliance.alarms.new_rows import FOLLOWED
from appliance.errors import BusError
from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmKind, AlarmPosition
from appliance.sections.alarms import AlarmSettings
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.tables import BY_ROW
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.alarm_unit import AlarmUnit
from tests.stand_ins.fakes import FakeClock

HOUR = 3600.0


def test_what_happened_before_the_first_start_is_no_alarm(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    before = AlarmUnit(settings, clock, open_store)
    before.store.query("SELECT 1")
    unit = before
    unit.see("e1")
    with unit.store.housekeeping() as execute:
        execute("DELETE FROM alarm_position", ())
    unit.restart()
    unit.run()
    assert unit.mail.got == []
    unit.see("e2")
    unit.run()
    assert len(unit.mail.got) == 1


def test_what_happens_after_the_newest_events_were_erased_is_an_alarm(unit: AlarmUnit) -> None:
    for number in range(3):
        unit.see(f"e{number}")
    unit.run()
    with unit.inference.housekeeping() as execute:
        execute("DELETE FROM event WHERE id >= 2", ())
    unit.clock.advance(HOUR)
    unit.run()
    unit.see("e4")
    unit.run()
    assert [one.event_id for one in unit.alarms()] == ["e0", "e4"]


def test_a_position_that_is_damaged_makes_no_alarms_of_the_years_before(unit: AlarmUnit) -> None:
    for number in range(3):
        unit.see(f"e{number}")
        unit.run()
        unit.clock.advance(7 * HOUR)
    with unit.store.housekeeping() as execute:
        execute("UPDATE alarm_position SET row_id = 'x' WHERE stream = 'event'", ())
    unit.run()
    unit.see("e9")
    unit.run()
    assert [one.event_id for one in unit.alarms()] == ["e0", "e1", "e2", "e9"]


@pytest.mark.parametrize(
    "damage", ["row_id = 0", "negative = 0", "negative = NULL, row_id = row_id"]
)
def test_a_position_that_is_damaged_downwards_tells_nothing_again_and_loses_nothing(
    settings: Settings, clock: FakeClock, open_store: OpenStore, damage: str
) -> None:
    rules = {
        "people": AlarmSettings(to=("owner",)),
        "fault": AlarmSettings(on=AlarmKind.FAULT, to=("owner",)),
    }
    unit = AlarmUnit(settings, clock, open_store, alarm=rules)
    unit.set_level(EnergyLevel.FULL)
    for number in range(3):
        unit.see(f"e{number}")
        unit.power.raise_fault("power", BusError("silent"))
        unit.run()
        unit.power.clear_faults("power")
        unit.clock.advance(7 * HOUR)
        unit.set_level(EnergyLevel.FULL)
    unit.see("e8")
    with unit.store.housekeeping() as execute:
        execute(f"UPDATE alarm_position SET {damage}", ())
    for _ in range(2):
        unit.restart()
        unit.run()
    assert [one.event_id for one in unit.alarms() if one.event_id] == ["e0", "e1", "e2", "e8"]
    assert [one.occurrences for one in unit.alarms()] == [1] * 7
    assert len(unit.mail.got) == 7


def test_an_event_that_made_an_alarm_makes_no_second_one_wherever_it_is_read_from(
    unit: AlarmUnit,
) -> None:
    for number in range(3):
        unit.see(f"e{number}")
        unit.run()
        unit.clock.advance(7 * HOUR)
        unit.set_level(EnergyLevel.FULL)
    unit.store.add(AlarmPosition(unit.clock.stamp(), "event", 0))
    unit.run()
    assert [one.event_id for one in unit.alarms()] == ["e0", "e1", "e2"]
    assert len(unit.mail.got) == 3


def test_what_woke_the_service_of_a_new_database_is_an_alarm(
    settings: Settings, clock: FakeClock, open_store: OpenStore
) -> None:
    open_store("inference").add(filled.event(clock.stamp(), "e1"))
    unit = AlarmUnit(settings, clock, open_store)
    unit.run()
    assert [one.event_id for one in unit.alarms()] == ["e1"]


def test_the_end_of_a_fault_is_told_once_also_after_a_kill_beside_its_record(
    settings: Settings, clock: FakeClock, open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = AlarmSettings(on=AlarmKind.FAULT_OVER, to=("owner",), bundle_s=0.0)
    unit = AlarmUnit(settings, clock, open_store, alarm={"over": rule})
    unit.power.raise_fault("power", BusError("silent"))
    unit.run()
    unit.power.clear_faults("power")

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("appliance.store.alarm_rows.delete_positions", kill)
        with pytest.raises(KeyboardInterrupt):
            unit.run()
    unit.restart()
    unit.run()
    unit.run()
    assert [one.occurrences for one in unit.alarms()] == [1]
    assert len(unit.mail.got) == 1
    assert not [one for one in unit.store.rows(AlarmPosition) if one.stream.startswith("open")]


def test_a_position_behind_the_last_row_hides_nothing_that_comes(unit: AlarmUnit) -> None:
    unit.run()
    with unit.store.housekeeping() as execute:
        execute("UPDATE alarm_position SET row_id = 1000 WHERE stream = 'event'", ())
    unit.run()
    unit.see("e1")
    unit.run()
    assert len(unit.mail.got) == 1


def test_each_table_that_is_looked_at_has_a_position_from_the_first_moment_on(
    open_store: OpenStore,
) -> None:
    names = {BY_ROW[kind].name for kind in FOLLOWED}
    assert set(alarm_rows.read_positions(open_store())) == names
