"""What is deleted by age is old by boots and uptime: whatever the wall clock says meanwhile."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.errors import CameraError
from appliance.model import Fault, PowerReading
from appliance.model_cameras import Event
from appliance.store.retention import EVERY_S, retain, take_turn
from appliance.store.store import Store
from appliance.store.trusted_time import LONGEST_OFF_S, PLAUSIBLE_OFF_S, BootSpan, follow
from appliance.store.unit_time import UnitTime, read_time, record_time
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import START, FakeClock

DAY_S = 86_400.0
DEAD_CLOCK = datetime(1970, 1, 1, 0, 3, tzinfo=UTC)
WRITERS = ("power", "inference", "camera")


@pytest.fixture
def unit(open_store: OpenStore) -> dict[str, Store]:
    return {name: open_store(name) for name in WRITERS}


def tidy(unit: dict[str, Store]) -> None:
    for store in unit.values():
        take_turn(store)


def work(unit: dict[str, Store], clock: FakeClock, hours: int) -> None:
    """A reading and an event each hour, and what every service does once an hour."""
    for _ in range(hours):
        unit["power"].add(filled.reading(clock.stamp()))
        unit["inference"].add(filled.event(clock.stamp(), f"e{clock.utc:%Y%m%dT%H}"))
        tidy(unit)
        clock.advance(3600)


def count(unit: dict[str, Store]) -> tuple[int, int]:
    return len(unit["power"].rows(PowerReading)), len(unit["inference"].rows(Event))


@pytest.mark.parametrize("years", [2, -2, 50])
@pytest.mark.parametrize("with_reboot", [False, True])
def test_a_wall_clock_that_is_years_off_for_an_hour_deletes_nothing(
    unit: dict[str, Store], clock: FakeClock, years: int, with_reboot: bool
) -> None:
    work(unit, clock, hours=12)
    fault = CameraError("gone")
    unit["camera"].raise_fault("camera@demo", fault)
    unit["camera"].clear_faults("camera@demo")
    right = clock.utc
    clock.set_wall_clock(right + timedelta(days=365 * years))
    if with_reboot:
        clock.reboot()
    work(unit, clock, hours=2)
    assert count(unit) == (14, 14)
    clock.set_wall_clock(right + timedelta(hours=2))
    if with_reboot:
        clock.reboot()
    work(unit, clock, hours=2)
    assert count(unit) == (16, 16)
    assert len(unit["camera"].rows(Fault)) == 1


def test_many_short_boots_with_a_wrong_clock_age_nothing_by_more_than_they_lasted(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    work(unit, clock, hours=12)
    for boot in range(30):
        clock.set_wall_clock(START + timedelta(days=boot))
        clock.reboot()
        tidy(unit)
        clock.advance(60)
        tidy(unit)
    assert count(unit) == (12, 12)


def test_a_dead_clock_at_boot_and_then_a_time_server_delete_nothing_of_what_happened_meanwhile(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    clock.set_wall_clock(DEAD_CLOCK)
    work(unit, clock, hours=3)
    clock.set_wall_clock(START)
    clock.synchronized = True
    work(unit, clock, hours=3)
    assert count(unit) == (6, 6)
    assert read_time(unit["power"]).trusted_utc == clock.utc


def test_a_unit_whose_clock_always_begins_in_1970_keeps_and_deletes_by_the_time_that_passed(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    for _ in range(6):
        clock.set_wall_clock(DEAD_CLOCK)
        clock.reboot(down_s=0)
        work(unit, clock, hours=12)
    readings, events = count(unit)
    # What a boot lasted after its last record, up to an hour, is lost and makes nothing older.
    assert 49 <= readings <= 49 + 6
    assert events == 72


def test_a_slow_honest_decade_keeps_what_the_table_promises(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    """On for 14 hours a day, ten years long; two winters of 20 days without power."""
    power = unit["power"]
    for day in range(3650):
        clock.synchronized = day % 7 == 0
        if day % 5 == 0:
            power.add(filled.reading(clock.stamp()))
        clock.advance(14 * 3600)
        if day % 5 == 0:
            unit["inference"].add(filled.event(clock.stamp(), f"e{day}"))
        if day % 30 == 0:
            tidy(unit)
        else:
            record_time(power)
        clock.reboot(down_s=20 * DAY_S if day in (700, 2500) else 10 * 3600)
    tidy(unit)
    readings, events = count(unit)
    assert readings == 1
    assert 73 <= events <= 75
    oldest = unit["inference"].rows(Event, limit=1)[0].stamp.utc
    assert clock.utc - oldest < timedelta(days=365 + 20 + 11)


def test_a_pause_counts_where_it_is_plausible_or_known_for_sure(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    power = unit["power"]

    def off_for(days: float, *, synchronized: bool) -> float:
        clock.synchronized = synchronized
        clock.advance(14 * 3600)
        before = record_time(power).unit_s
        clock.reboot(down_s=days * DAY_S)
        return (record_time(power).unit_s - before - 5) / DAY_S

    assert off_for(0.5, synchronized=False) == pytest.approx(0.5, abs=0.001)
    assert off_for(PLAUSIBLE_OFF_S / DAY_S + 1, synchronized=False) == 0
    assert off_for(20, synchronized=True) == pytest.approx(20, abs=0.001)
    assert off_for(900, synchronized=True) == pytest.approx(LONGEST_OFF_S / DAY_S, abs=0.001)


def test_a_time_server_that_answers_late_explains_the_pause_before(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    power = unit["power"]
    clock.synchronized = True
    clock.advance(14 * 3600)
    before = record_time(power).unit_s
    clock.synchronized = False
    clock.reboot(down_s=20 * DAY_S)
    assert record_time(power).unit_s - before == pytest.approx(5)
    clock.advance(60)
    clock.synchronized = True
    assert record_time(power).unit_s - before == pytest.approx(20 * DAY_S + 60)
    clock.advance(60)
    assert record_time(power).unit_s - before == pytest.approx(20 * DAY_S + 120)


def test_the_trusted_time_is_never_ahead_of_what_passed(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    power, clock.synchronized = unit["power"], True
    assert record_time(power).trusted_utc == START
    clock.synchronized = False
    clock.advance(3600)
    clock.set_wall_clock(START + timedelta(days=700))
    assert record_time(power).trusted_utc == START + timedelta(hours=1)
    clock.set_wall_clock(START - timedelta(days=700))
    assert record_time(power).trusted_utc == clock.utc, "nor ahead of the clock"


times = st.floats(-50 * 365, 50 * 365).map(lambda days: START + timedelta(days=days))


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.floats(0, 1e6), times), max_size=20))
def test_whatever_clocks_say_within_a_boot_only_uptime_counts(
    steps: list[tuple[bool, bool, float, datetime]],
) -> None:
    clock, boots, seen = FakeClock(), list[BootSpan](), list[tuple[int, float, float]]()
    for reboots, synchronized, seconds, utc in steps:
        clock.advance(seconds)
        clock.set_wall_clock(utc)
        if reboots:
            clock.reboot(0)
        boots = follow(boots, clock.stamp(), synchronized=synchronized)
        seen.append((clock.boot, clock.uptime_s, boots[-1].ends_s))
    for (boot, uptime_s, unit_s), (later, later_uptime_s, later_s) in pairwise(seen):
        assert later_s >= unit_s, "the unit's time went back"
        if boot == later:
            off_s = later_s - unit_s - (later_uptime_s - uptime_s)
            assert -1e-3 <= off_s <= LONGEST_OFF_S + 1e-3


def test_of_all_processes_of_one_writer_one_tidies_up_in_an_hour(
    open_store: OpenStore, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns: list[Store] = []
    monkeypatch.setattr("appliance.store.retention.retain", turns.append)
    cameras = [open_store("camera") for _ in range(8)]
    for _ in range(3):
        for camera in cameras:
            take_turn(camera)
        clock.advance(EVERY_S + 1)
    assert len(turns) == 3


def test_a_damaged_row_goes_with_the_next_one_that_is_old(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    power = unit["power"]
    power.add(*(filled.reading(clock.stamp()) for _ in range(3)))
    power.query("SELECT 1")
    with power.housekeeping() as execute:
        execute("UPDATE power_reading SET uptime_s = 'late', at = 'yesterday' WHERE id = ?", (1,))
    clock.advance(3 * DAY_S)
    retain(power)
    assert len(power.query("SELECT id FROM power_reading")) == 1


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE boot SET starts_s = 'abc'",
        "UPDATE boot SET at = x'00'",
        "UPDATE boot SET starts_s = starts_s + 1e9",
        "UPDATE boot SET uptime_s = 1e9",
        "UPDATE unit_time SET epoch = 'never'",
        "UPDATE unit_time SET unit_s = 1e9",
        "DELETE FROM boot",
    ],
)
@pytest.mark.parametrize("with_reboot", [False, True])
def test_a_damaged_record_of_boots_makes_nothing_older(
    unit: dict[str, Store], clock: FakeClock, damage: str, with_reboot: bool
) -> None:
    work(unit, clock, hours=12)
    with unit["power"].housekeeping() as execute:
        execute(damage, ())
    if with_reboot:
        clock.reboot()
    clock.set_wall_clock(START + timedelta(days=900))
    work(unit, clock, hours=2)
    assert count(unit) == (14, 14)
    assert isinstance(read_time(unit["power"]), UnitTime)


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE boot SET starts_s = 'x1234' WHERE boot_id = ?",
        "UPDATE boot SET starts_s = starts_s - 900000 WHERE boot_id = ?",
        "UPDATE boot SET starts_s = starts_s + 7200 WHERE boot_id = ?",
        "UPDATE boot SET uptime_s = -900000 WHERE boot_id = ?",
        "DELETE FROM boot WHERE boot_id = ?",
        "UPDATE power_reading SET boot_id = 'x' WHERE boot_id = ?",
        "UPDATE power_reading SET uptime_s = -900000 WHERE boot_id = ?",
    ],
)
@pytest.mark.parametrize("boots_ago", range(6))
def test_one_damaged_boot_deletes_no_row_that_is_young(
    unit: dict[str, Store], clock: FakeClock, damage: str, boots_ago: int
) -> None:
    boots = []
    for _ in range(16):  # readings are kept for two days: those of the last ten boots or so
        boots.append(clock.stamp().boot_id)
        work(unit, clock, hours=5)
        clock.reboot(down_s=0)
    kept = count(unit)
    with unit["power"].housekeeping() as execute:
        execute(damage, (boots[-1 - boots_ago],))
    retain(unit["power"])
    clock.advance(EVERY_S)
    tidy(unit)
    assert count(unit)[0] >= kept[0] - 2
    assert count(unit)[1] == kept[1]


def test_a_cleared_fault_of_an_unknown_boot_goes_with_the_next_one_that_is_old(
    unit: dict[str, Store], clock: FakeClock
) -> None:
    power, clock.synchronized = unit["power"], True
    for code in ("one", "two", "three"):
        power.raise_fault("power", CameraError(code))
        clock.advance(60)
        power.clear_faults("power")
    with power.housekeeping() as execute:
        execute("UPDATE fault SET boot_id = 'x' WHERE id IN (1, 3)", ())
    clock.advance(4000 * DAY_S)
    retain(power)
    assert [row["id"] for row in power.query("SELECT id FROM fault")] == [3]
