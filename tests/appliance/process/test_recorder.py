"""What a service hands to its recorder is stored; what the database does costs the loop nothing."""

import fcntl
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from threading import Event
from typing import Any

import pytest

from appliance.errors import BusError, StoreError
from appliance.log import SentenceLog
from appliance.model import EnergyLevel, Fault, ServiceState
from appliance.process import recorder as module
from appliance.process.recorder import MOST_TASKS, Followed, Recorder, Task
from appliance.process.service import Service
from appliance.settings import Settings
from appliance.store.refusals import add_rows
from appliance.store.store import Store
from tests.conftest import OpenStore
from tests.scenes import filled
from tests.stand_ins.fakes import FakeClock
from tests.waiting import wait_until


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store("power")


@pytest.fixture
def recorder(store: Store, clock: FakeClock) -> Recorder:
    return Recorder(store, clock, SentenceLog("power"), "power")


@pytest.fixture
def hung(recorder: Recorder) -> Iterator[Event]:
    """A recorder in its thread whose database does not answer until the event is set."""
    answers, asked = Event(), Event()

    def hang(_: Store) -> None:
        asked.set()
        answers.wait(60)

    recorder.start()
    recorder.submit(Task("the first", hang))
    assert asked.wait(60)
    yield answers
    answers.set()
    assert recorder.flush(60)


def sentence(clock: FakeClock, text: str) -> Callable[[Store], None]:
    state = ServiceState(clock.stamp(), "power", text)
    return lambda store: store.add(state)


def refuse(*_: Any) -> Any:
    raise StoreError("the disk is full")


def test_without_a_thread_a_task_is_done_at_once(
    recorder: Recorder, clock: FakeClock, store: Store
) -> None:
    task = recorder.submit(Task("a sentence", sentence(clock, "at work")))
    assert task.done_s == clock.uptime_s
    assert store.rows(ServiceState)[0].status == "at work"


def test_what_the_database_refuses_waits_in_its_order_until_it_is_taken(
    recorder: Recorder,
) -> None:
    done: list[int] = []
    full = True

    def make(number: int) -> Task:
        return Task("a row", lambda store: refuse(store) if full else done.append(number))

    tasks = [recorder.submit(make(number)) for number in range(3)]
    assert not recorder.is_clear()
    assert "the disk is full" in str(recorder.find_trouble())
    full = False
    recorder.refresh()
    assert done == [0, 1, 2]
    assert recorder.find_trouble() is None
    assert tasks[0].failures == 3


@pytest.mark.usefixtures("hung")
def test_a_hanging_database_costs_whoever_hands_over_nothing_and_is_reported(
    recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    handed = [recorder.submit(Task("a row", lambda _: None)) for _ in range(10)]
    assert [task.done_s for task in handed] == [None] * 10
    assert recorder.find_trouble() is None
    monkeypatch.setattr(module, "HANGS_AFTER_S", 0.0)
    assert "does not answer, nothing is recorded" in str(recorder.find_trouble())


def test_rows_about_sleep_are_kept_whatever_else_waits(recorder: Recorder, hung: Event) -> None:
    sleep = recorder.submit(Task("rows about sleep", lambda _: None, essential=True))
    events = [
        recorder.submit(Task(f"event {number}", lambda _: None, keep=True))
        for number in range(3 * MOST_TASKS)
    ]
    assert not sleep.dropped
    assert not events[-1].dropped
    sleeps = [
        recorder.submit(Task("rows about sleep", lambda _: None, essential=True))
        for _ in range(2 * MOST_TASKS)
    ]
    assert not any(task.dropped for task in (sleep, *sleeps))
    assert all(task.dropped for task in events)


def test_a_fault_that_is_repeated_for_hours_takes_the_room_of_one_and_keeps_its_first_time(
    store: Store, clock: FakeClock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service("power", settings, clock, store, SentenceLog("power"))

    def complain(number: int) -> str:
        raise BusError(f"the charger is silent, {number}")

    met = clock.stamp()
    with monkeypatch.context() as locked:
        for name in ("raise_fault", "clear_faults", "add"):
            locked.setattr(Store, name, refuse)
        sleep = service.recorder.submit(
            Task("rows about sleep", lambda store: store.add(), essential=True)
        )
        for number in range(500):
            service.run_once(lambda number=number: complain(number))  # type: ignore[misc]
            clock.advance(10)
        assert len(service.recorder._tasks) < 8
        assert not sleep.dropped
    service.run_once(lambda: complain(500))
    (fault,) = [one for one in store.rows(Fault) if one.code == "bus"]
    assert fault.stamp == met
    assert fault.text == "the charger is silent, 500"
    assert sleep.done_s is not None


def test_where_there_is_no_room_state_is_dropped_and_counted_and_events_are_kept(
    recorder: Recorder, hung: Event
) -> None:
    event = recorder.submit(Task("a fault", lambda _: None, keep=True))
    states = [recorder.submit(Task("a row", lambda _: None)) for _ in range(MOST_TASKS + 20)]
    assert recorder.dropped == 22  # the first task, which hangs, went too
    assert [task.dropped for task in states[:21]] == [True] * 21
    hung.set()
    assert recorder.flush(60)
    assert event.done_s is not None
    assert states[-1].done_s is not None


@pytest.mark.usefixtures("hung")
def test_of_tasks_that_replace_each_other_only_the_newest_waits(recorder: Recorder) -> None:
    for _ in range(5):
        recorder.submit(Task("the sentence", lambda _: None, replaces="say"))
    assert len(recorder._tasks) == 2  # and the one that hangs


def test_an_error_of_the_program_is_counted_and_reported_and_the_thread_goes_on(
    recorder: Recorder, store: Store, clock: FakeClock
) -> None:
    recorder.start()
    broken = recorder.submit(Task("a row", lambda _: 1 / 0))
    recorder.submit(Task("a sentence", sentence(clock, "still at work")))
    assert recorder.flush(60)
    assert broken.dropped
    assert recorder.surprises == 1
    assert "an error in the program: ZeroDivisionError" in str(recorder.find_trouble())
    with closing(Store(store.path, clock)) as reader:
        assert reader.rows(ServiceState)[0].status == "still at work"


def test_without_a_thread_an_error_of_the_program_ends_the_service(recorder: Recorder) -> None:
    with pytest.raises(ZeroDivisionError):
        recorder.submit(Task("a row", lambda _: 1 / 0))
    assert recorder.is_clear()


def test_a_row_whose_table_is_damaged_holds_up_no_other(
    recorder: Recorder, store: Store, clock: FakeClock
) -> None:
    with closing(sqlite3.connect(store.path)) as db:
        db.execute("ALTER TABLE power_reading DROP COLUMN pv_power_w")
    now = clock.stamp()
    rows = [filled.reading(now), filled.budget(now, EnergyLevel.ECO)]
    task = recorder.submit(Task("rows of the power cycle", lambda store: add_rows(store, rows)))
    assert task.done_s is not None
    assert store.last(type(rows[1])) is not None
    assert "1 of 2 rows refused" in str(recorder.find_trouble())


def test_a_followed_value_is_read_at_once_and_again_when_its_time_has_come(
    recorder: Recorder, clock: FakeClock
) -> None:
    answers = iter([1, 2])
    followed = recorder.follow("a number", lambda _: next(answers), every_s=600)
    assert (followed.wait(0), followed.value) == (True, 1)
    clock.advance(590)
    recorder.refresh()
    assert followed.value == 1
    clock.advance(10)
    recorder.refresh()
    assert followed.value == 2


@pytest.mark.parametrize("spoiled", [KeyError("XBSENT"), ValueError("no time"), TypeError("text")])
def test_a_damaged_row_is_unknown_and_reported_and_the_others_are_read(
    recorder: Recorder, spoiled: Exception
) -> None:
    def fail(_: Store) -> Any:
        raise spoiled

    damaged = recorder.follow("the newest plan", fail)
    sound = recorder.follow("a number", lambda _: 7)
    assert (damaged.wait(0), damaged.value, sound.value) == (True, None, 7)
    assert "the newest plan in the database" in str(recorder.find_trouble())


def test_a_followed_value_that_the_database_does_not_give_is_not_read(recorder: Recorder) -> None:
    followed: Followed[int] = recorder.follow("a number", refuse)
    assert not followed.wait(0)
    assert not followed.wait(0)


def test_a_lock_that_somebody_holds_keeps_nothing_but_the_rows(
    settings: Settings, clock: FakeClock
) -> None:
    """The service makes its cycles; the rows come when the lock is let go."""
    settings.unit.data_dir.mkdir()
    store = Store(settings.database, clock, "power", opened=False)
    service = Service("power", settings, clock, store, SentenceLog("power"))
    with open(f"{settings.database}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        service.recorder.start()

        def cycle() -> str:
            service.report_fault(BusError("the charger does not answer"))
            return "at work"

        service.run_once(cycle)
        service.run_once(lambda: "at work")
        assert not service.recorder.is_clear()
    assert service.recorder.flush(60)
    (fault,) = store.rows(Fault)
    assert (fault.code, fault.cleared) == ("bus", clock.utc)
    assert store.rows(ServiceState)[0].status == "at work"


def test_a_fault_that_is_stored_late_says_when_it_was_met(
    settings: Settings, clock: FakeClock, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service("power", settings, clock, store, SentenceLog("power"))
    began = clock.utc

    def fail() -> str:
        raise BusError("the charger does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(store, "add", lambda *_: refuse(store))
        service.run_once(fail)
        clock.advance(300)
    service.run_once(fail)
    assert [fault.stamp.utc for fault in store.list_open_faults() if fault.code == "bus"] == [began]


def test_a_thread_that_is_gone_is_started_anew(recorder: Recorder) -> None:
    recorder.start()
    first = recorder._thread
    recorder._thread = replace_thread(first)
    recorder.submit(Task("a row", lambda _: None))
    assert recorder.flush(60)
    assert recorder._thread is not first


def replace_thread(_: object) -> Any:
    class Gone:
        def is_alive(self) -> bool:
            return False

    return Gone()


def test_the_first_open_comes_by_itself_when_the_directory_can_be_written(
    settings: Settings, clock: FakeClock
) -> None:
    blocker = settings.unit.data_dir
    blocker.write_text("a file where the data directory should be")
    recorder = Recorder(
        Store(settings.database, clock, "power", opened=False), clock, SentenceLog("power"), "power"
    )
    task = recorder.submit(Task("a sentence", sentence(clock, "at work")))
    assert task.done_s is None
    assert "the data directory" in str(recorder.find_trouble())
    blocker.unlink()
    recorder.start()
    wait_until(recorder.is_clear, "the sentence")


def test_a_task_that_the_disk_does_not_take_holds_up_none_behind_it(recorder: Recorder) -> None:
    done: list[int] = []
    first = recorder.submit(Task("a fault", refuse, keep=True))
    recorder.submit(Task("a budget", lambda _: done.append(1)))
    assert done == [1]
    assert not recorder.is_clear()
    assert first.failures == 2


def test_a_value_that_cannot_be_read_holds_up_no_task(recorder: Recorder) -> None:
    recorder.follow("a number", refuse)
    assert recorder.submit(Task("a budget", lambda _: None)).done_s is not None
    assert "the disk is full" in str(recorder.find_trouble())


def test_while_a_lock_is_held_a_loop_waits_for_it_once_and_not_at_each_task(
    recorder: Recorder,
) -> None:
    def wait_for_lock(_: Store) -> None:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        raise StoreError("the database cannot be written") from error

    tasks = [recorder.submit(Task("a row", wait_for_lock)) for _ in range(5)]
    assert [task.failures for task in tasks] == [1, 0, 0, 0, 0]


def test_what_comes_again_by_itself_is_not_kept_where_it_fails(recorder: Recorder) -> None:
    task = recorder.submit(Task("retention", refuse, once=True))
    assert task.dropped
    assert recorder.is_clear()
    assert "the disk is full" in str(recorder.find_trouble())
    recorder.refresh()
    assert "the disk is full" in str(recorder.find_trouble())
    recorder.submit(Task("a row", lambda _: None))
    assert recorder.find_trouble() is None, "it does not wait for the next retention"


def test_pid_one_receives_what_keeps_the_service_from_recording(
    settings: Settings, clock: FakeClock, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service("power", settings, clock, store, SentenceLog("power"))
    reported: list[str] = []
    monkeypatch.setattr(service.notifier, "set_status", reported.append)
    monkeypatch.setattr(store, "add", lambda *_: refuse(store))
    for _ in range(2):
        service.run_once(lambda: "at work")
    assert reported[-1] == "at work; the disk is full"
