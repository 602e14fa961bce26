"""Rows of any age: whatever stands in a row, every reader answers and tells what it left out."""

import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as budget
from hypothesis import strategies as st

from appliance.__main__ import main
from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model import BatteryState, ChargeStage, EnergyBudget, Fault, PowerReading
from appliance.model_cameras import Event
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.decoding import decode, list_columns
from appliance.store.event_pages import EventQuery, read_older
from appliance.store.event_rows import PAGE_ROWS, read_new_events
from appliance.store.rows import encode
from appliance.store.store import Store
from appliance.store.tables import TABLES
from appliance.store.unreadable import FORGET_S
from tests.conftest import OpenStore
from tests.fuzz import corpus
from tests.fuzz import rows as fuzz_rows
from tests.scenes import damaged_rows, filled
from tests.scenes.damaged_rows import DAMAGE, damage, drop_column, fill_every_table, list_readers
from tests.stand_ins.fakes import FakeClock

COLUMNS = [(table.name, column) for table in TABLES for column in list_columns(table.row)]


@pytest.fixture
def unit(open_store: OpenStore, settings: Settings, clock: FakeClock) -> Callable[[], Path]:
    """A unit with rows in every table; called, it is as it was at first."""
    fill_every_table(open_store, lambda: clock.advance(60))
    template = settings.database.with_suffix(".template")
    with sqlite3.connect(settings.database) as db:
        db.execute("VACUUM INTO ?", (str(template),))

    def begin_anew() -> Path:
        for side in ("-wal", "-shm"):
            Path(f"{settings.database}{side}").unlink(missing_ok=True)
        settings.database.unlink()
        shutil.copy(template, settings.database)
        return settings.database

    return begin_anew


def ask_everybody(settings: Settings, clock: FakeClock) -> None:
    """Call every reader; one that raises is named."""
    opened: list[Store] = []

    def open_it(writer: str | None = None) -> Store:
        opened.append(Store(settings.database, clock, writer))
        return opened[-1]

    try:
        for name, read in list_readers(open_it, settings).items():
            try:
                read()
            except Exception as error:
                error.add_note(f"while reading: {name}")
                raise
    finally:
        for store in opened:
            store.close()


@given(place=st.sampled_from(COLUMNS), how=st.sampled_from(sorted(DAMAGE)), all_rows=st.booleans())
@budget(max_examples=120, suppress_health_check=list(HealthCheck))
def test_every_reader_answers_whatever_stands_in_a_field(
    unit: Callable[[], Path],
    settings: Settings,
    clock: FakeClock,
    place: tuple[str, str],
    how: str,
    all_rows: bool,
) -> None:
    if damage(unit(), *place, DAMAGE[how], all_rows=all_rows):
        ask_everybody(settings, clock)


@given(place=st.sampled_from(COLUMNS))
@budget(max_examples=25, suppress_health_check=list(HealthCheck))
def test_every_reader_answers_on_a_database_that_has_no_such_column(
    unit: Callable[[], Path], settings: Settings, clock: FakeClock, place: tuple[str, str]
) -> None:
    if drop_column(unit(), *place):
        ask_everybody(settings, clock)


value = st.none() | st.integers() | st.floats() | st.text() | st.binary()


@given(st.sampled_from(TABLES), st.data())
@budget(max_examples=300)
def test_decoding_never_raises_and_gives_only_what_can_be_encoded(
    table: object, data: st.DataObject
) -> None:
    kind = table.row  # type: ignore[attr-defined]
    row = {name: data.draw(value) for name in list_columns(kind)}
    found, unreadable = decode(kind, row)
    if found is None:
        assert unreadable
    else:
        encode(found)


@given(st.binary(max_size=600))
@budget(max_examples=300)
def test_the_fuzzers_target_holds_for_random_bytes(data: bytes) -> None:
    fuzz_rows.run_input(data)


def test_the_fuzzers_seeds_are_rows() -> None:
    seeds = list(corpus.list_rows())
    assert len(seeds) > 10
    for seed in seeds:
        fuzz_rows.run_input(seed)


def test_the_newest_row_that_can_be_read_counts_and_is_as_old_as_it_is(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(filled.budget(clock.stamp()))
    clock.advance(100)
    for _ in range(40):
        power.add(filled.budget(clock.stamp()))
    with sqlite3.connect(power.path) as db:
        db.execute("UPDATE energy_budget SET level = 'TURBO' WHERE id > 1")
    found = power.latest(EnergyBudget)
    assert found is not None
    assert clock.age_s(found.stamp) == 100
    clock.advance(81)
    assert power.latest(EnergyBudget) is None, "an unreadable row made an old one look fresh"
    assert power.last(EnergyBudget) == found


def test_a_row_that_is_yet_to_come_is_not_fresh(open_store: OpenStore, clock: FakeClock) -> None:
    power = open_store("power")
    power.add(filled.budget(replace(clock.stamp(), uptime_s=1e9)))
    assert power.latest(EnergyBudget) is None


def test_an_optional_field_is_unknown_and_the_rest_of_the_row_counts(
    open_store: OpenStore, clock: FakeClock
) -> None:
    power = open_store("power")
    power.add(filled.reading(clock.stamp()))
    damage(power.path, "power_reading", "charge_stage", "TURBO", all_rows=True)
    damage(power.path, "power_reading", "pv_power_w", "abc", all_rows=True)
    found = power.last(PowerReading)
    assert found == replace(filled.reading(clock.stamp()), charge_stage=None, pv_power_w=None)
    assert found.charge_stage is not ChargeStage.OFF
    (reported,) = power.unreadable.list_tables()
    assert (reported.table, reported.rows, reported.first, reported.column) == (
        "power_reading",
        1,
        "1",
        "pv_power_w",
    )


def test_text_in_a_number_is_no_zero_in_a_mean(open_store: OpenStore, clock: FakeClock) -> None:
    power = open_store("power")
    power.add(*(filled.battery_state(clock.stamp()) for _ in range(2)))
    damage(power.path, "battery_state", "sigma_pct", "abc", all_rows=False)
    begin = clock.utc - timedelta(hours=1)
    assert power.average(BatteryState, "sigma_pct", begin, clock.utc) == 3.0
    assert power.sum_columns(BatteryState, begin, clock.utc, "sigma_pct") == (3.0,)


def test_rows_that_cannot_be_read_do_not_shorten_an_answer(
    open_store: OpenStore, clock: FakeClock
) -> None:
    inference = open_store("inference")
    for number in range(PAGE_ROWS + 60):
        inference.add(filled.event(clock.stamp(), f"e{number}"))
        clock.advance(1)
    with sqlite3.connect(inference.path) as db:
        db.execute("UPDATE event SET tier = 'HUGE' WHERE id <= ? OR id > 240", (PAGE_ROWS + 1,))
    assert len(inference.rows(Event, limit=10, newest_first=True)) == 10
    assert len(read_older(inference, EventQuery(), None, 39)) == 39
    assert read_new_events(inference, 0)[0][0] == PAGE_ROWS + 2


def test_a_service_reports_which_rows_it_cannot_read_until_it_meets_them_no_more(
    settings: Settings, open_store: OpenStore, clock: FakeClock
) -> None:
    store = open_store("power")
    store.add(*(filled.reading(clock.stamp()) for _ in range(3)))
    with sqlite3.connect(store.path) as db:
        db.execute("UPDATE power_reading SET quality = 'XBSENT' WHERE id > 1")
    service = Service("power", settings, clock, store, SentenceLog("power"))

    def work() -> str:
        return str(store.last(PowerReading) is not None)

    service.run_once(work)
    (fault,) = store.list_open_faults()
    assert (fault.code, fault.source) == ("rows", "power")
    assert fault.text.startswith("2 rows of power_reading (the first: 3, its quality) cannot")
    document = status_document.build(open_store(), settings)
    assert document["unreadable_rows"] == [
        {"table": "power_reading", "rows": 2, "first": "3", "column": "quality"}
    ]
    assert document["faults"][0]["text"] == fault.text
    store.add(filled.reading(clock.stamp()))
    service.run_once(work)
    assert store.list_open_faults() == [fault], "it is over only when no such row was met for long"
    clock.advance(FORGET_S + 1)
    service.run_once(work)
    assert store.list_open_faults() == []
    assert store.rows(Fault)[0].cleared == clock.utc


def test_the_commands_show_what_can_be_read(
    settings: Settings, open_store: OpenStore, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SystemClock()
    open_store()
    with_real_clock = {name: Store(settings.database, clock, name) for name in WRITERS}
    fill_every_table(lambda name=None: with_real_clock.get(name) or with_real_clock["power"])
    settings.path.write_text(
        f'[unit]\ndata_dir = "{settings.unit.data_dir}"\nrun_dir = "{settings.unit.run_dir}"\n'
        '[camera.demo]\nsource = "/dev/null"\n'
    )
    for table, column, wrong in (
        ("power_reading", "quality", "XBSENT"),
        ("energy_budget", "level", "TURBO"),
        ("battery_state", "at", "yesterday"),
        ("event", "tier", b"\xff"),
        ("camera_state", "power_w", "abc"),
        ("fault", "text", damaged_rows.BAD_TEXT),
        ("energy_policy", "facts", "{"),
    ):
        assert damage(settings.database, table, column, wrong, all_rows=True)
    bundle = settings.path.with_name("bundle.tar.gz")
    for words in (*COMMANDS, f"export --to {bundle}"):
        with pytest.raises(SystemExit) as left:
            main([*words.split(), "--settings", str(settings.path)])
        assert left.value.code in (None, 0, 1), words
        reported = capsys.readouterr()
        assert "Traceback" not in reported.err, words
        if words == "doctor":
            assert "1 row of energy_policy (the first: 1, its facts)" in reported.out
        if words == "status":
            assert "cannot be read and count as unknown" in reported.out


WRITERS = ("power", "sensors", "camera", "inference", "hints", "plan", "checkin", "alarm", "mqtt")
COMMANDS = (
    "status",
    "status --json",
    "events",
    "events --json",
    "faults --all",
    "cameras",
    "cameras cost",
    "cameras why demo",
    "energy why",
    "energy outlook",
    "doctor",
)
