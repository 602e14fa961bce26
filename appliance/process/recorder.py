"""The recorder: does what a service wants stored, in a thread of its own where a loop may not wait.

Reads and writes: what its tasks and followed values do in the unit database; prepares and opens it.
Never: ends its service for the sake of the database, or lets a loop wait once it is started.

    recorder.submit(Task("a fault", lambda store: store.raise_fault("power", error), keep=True))
    policy = recorder.follow("the plan", lambda store: store.last(EnergyPolicy), every_s=600)
    policy.value  # None until it is read

Not started, it does each task at once, in the caller's thread. Started, `hand` only queues: a disk
that hangs, a lock that somebody holds and a damaged row cost the caller nothing. What fails because
of the database stays in the queue and is tried again; what fails because of itself is dropped.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from appliance.clock import Clock
from appliance.errors import StoreError
from appliance.log import SentenceLog
from appliance.store.aside import SetAside
from appliance.store.prepare import prepare_database
from appliance.store.refusals import RefusedRowsError, is_of_a_lock, is_of_the_row
from appliance.store.store import Store
from appliance.wording.sentence import say

MOST_TASKS = 100  # a row each 20 s: half an hour of a database that does not answer
RETRY_S = 2.0  # real seconds between two tries of the thread
HANGS_AFTER_S = 10.0  # real seconds: the busy timeout is 5
REPAIR_EVERY_S = 60.0
OWN_WORK = "what the service records"
T = TypeVar("T")


@dataclass(eq=False)
class Task:
    """One thing to store. `keep`: an event; else it is state, dropped first where there is no room.
    `essential`: an event that is never dropped, of which there are few: what a sleep was for.
    `replaces`: of all waiting tasks with this word only the newest is done. `once`: it comes again
    by itself, and is not kept where it fails.

    `submitted_s`, `done_s`: uptimes; `failures`: how often it was tried in vain.
    """

    name: str
    act: Callable[[Store], object]
    keep: bool = False
    essential: bool = False
    replaces: str = ""
    once: bool = False
    submitted_s: float = 0.0
    done_s: float | None = None
    failures: int = 0
    dropped: bool = False


@dataclass(eq=False)
class Followed(Generic[T]):
    """A stored value in memory: `value` is what was read last, None where that is unknown.

    `every_s`: after so long it is read again; None: once is enough.
    """

    name: str
    read: Callable[[Store], T | None]
    every_s: float | None = None
    value: T | None = None
    problem: StoreError | None = None
    read_at_s: float | None = None
    _is_read: threading.Event = field(default_factory=threading.Event)

    def wait(self, limit_s: float) -> bool:
        """Wait real seconds for the first answer, if only that the row is damaged; whether it is
        there.
        """
        return self._is_read.wait(limit_s)

    def renew(self, store: Store, now_s: float) -> None:
        """Read it where that is due. Raises `StoreError` where the whole database is at fault."""
        if not self._is_due(now_s):
            return
        try:
            self.value, self.problem = self.read(store), None
        except StoreError as error:
            if not is_of_the_row(error):
                raise
            self.value, self.problem = None, error
        except Exception as error:  # noqa: BLE001  (a damaged row may raise anything)
            self.value, self.problem = None, describe_damage(self.name, store.path, error)
        self.read_at_s = now_s
        self._is_read.set()

    def _is_due(self, now_s: float) -> bool:
        if self.read_at_s is None:
            return True
        return self.every_s is not None and not 0 <= now_s - self.read_at_s < self.every_s


class Recorder:
    """Everything that a service stores about itself goes through here; see the top of this file."""

    def __init__(self, store: Store, clock: Clock, log: SentenceLog, source: str) -> None:
        self.store, self._clock, self._log, self._source = store, clock, log, source
        self._changed = threading.Condition()
        self._wake = threading.Event()
        self._tasks: deque[Task] = deque()
        self._followed: list[Followed[Any]] = []
        self._thread: threading.Thread | None = None
        self._trouble: StoreError | None = None
        self._refused: dict[str, StoreError] = {}
        self._missed: StoreError | None = None  # why what comes again by itself was not done
        self._busy_since_s: float | None = None
        self._repaired_s: float | None = None
        self._is_repair_wanted = False
        self._wait_until_s = 0.0  # without a thread: a loop waits for a lock once, not at each task
        self.dropped = 0
        self.surprises = 0

    # --- for the loop --------------------------------------------------------------------------

    def submit(self, task: Task) -> Task:
        """Have `task` done; without waiting, once the recorder is started."""
        task.submitted_s = self._clock.stamp().uptime_s
        with self._changed:
            self._make_room(task)
            self._tasks.append(task)
        self.refresh()
        return task

    def follow(
        self, name: str, read: Callable[[Store], T | None], every_s: float | None = None
    ) -> Followed[T]:
        """Keep what `read` finds in memory, read again every `every_s` seconds."""
        followed = Followed(name, read, every_s)
        with self._changed:
            self._followed.append(followed)
        self.refresh()
        return followed

    def refresh(self) -> None:
        """Do what is due, or have it done."""
        if self._thread is None:
            if time.monotonic() >= self._wait_until_s:
                self.work_off()
            return
        if not self._thread.is_alive():
            self.start()
        self._wake.set()

    def find_trouble(self) -> StoreError | None:
        """What keeps the recorder from storing now."""
        since_s = self._busy_since_s
        if since_s is not None and time.monotonic() - since_s > HANGS_AFTER_S:
            return StoreError(
                say(
                    "the database {path} does not answer, nothing is recorded: its disk hangs, "
                    "it is being checked, or another program holds its lock",
                    path=self.store.path,
                )
            )
        problems = (one.problem for one in tuple(self._followed) if one.problem)
        refused = next(iter(tuple(self._refused.values())), None)
        return self._trouble or self._missed or refused or next(problems, None)

    def request_repair(self, error: StoreError) -> None:
        """Prepare and open the database anew, once a minute, where `error` may end by that."""
        self._is_repair_wanted = self._is_repair_wanted or not is_of_a_lock(error)

    def is_clear(self) -> bool:
        """Whether all that was handed over is stored."""
        return not self._tasks

    def flush(self, limit_s: float) -> bool:
        """Wait real seconds until all is stored; whether it is."""
        self.refresh()
        if self._thread is None:
            return self.is_clear()
        with self._changed:
            return self._changed.wait_for(self.is_clear, limit_s)

    def start(self) -> None:
        """From now on work in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()
        self._wake.set()

    # --- the work ------------------------------------------------------------------------------

    def work_off(self) -> None:
        """Do all that is due, in this thread; what the database does not take stays."""
        self._busy_since_s = time.monotonic()
        try:
            self._open_where_needed()
            errors = [*self._read_followed(), *self._do_tasks()]
        except StoreError as error:
            errors = [error]
        finally:
            self._busy_since_s = None
        self._note_trouble(errors[0] if errors else None)

    def open(self) -> None:
        """Prepare the database (a damaged one is set aside) and open it. Raises `StoreError`."""
        self.store.leave_lost_log()
        aside = prepare_database(self.store.path)
        self.store.reopen()
        if aside:
            self._report_set_aside(aside)

    def _run(self) -> None:
        while True:
            if self._trouble:
                time.sleep(RETRY_S)
            else:
                self._wake.wait()
            self._wake.clear()
            try:
                self.work_off()
            except Exception as error:  # noqa: BLE001  (the guard must not end by its records)
                self._note_surprise(OWN_WORK, error)

    def _open_where_needed(self) -> None:
        if not self.store.is_open:
            self.open()
        elif self.store.is_replaced():
            self._log.warning("the database was replaced, opening the new one")
            self.open()
        elif self._is_repair_wanted and self._is_repair_due():
            self._is_repair_wanted, self._repaired_s = False, self._clock.stamp().uptime_s
            self.open()

    def _is_repair_due(self) -> bool:
        now_s = self._clock.stamp().uptime_s
        return self._repaired_s is None or not 0 <= now_s - self._repaired_s < REPAIR_EVERY_S

    def _read_followed(self) -> Iterator[StoreError]:
        """Read what is due; yields what the database as a whole is at fault for."""
        for followed in tuple(self._followed):
            try:
                followed.renew(self.store, self._clock.stamp().uptime_s)
            except StoreError as error:
                self.request_repair(error)
                yield error
                if is_of_a_lock(error):
                    return

    def _do_tasks(self) -> Iterator[StoreError]:
        """Do the tasks in their order, each once; yields why some must wait. While somebody holds
        the database no other is tried: each would wait for the lock.
        """
        tried: set[Task] = set()
        while (task := self._find_next(tried)) is not None:
            tried.add(task)
            error = self._do(task)
            if error is not None:
                self.request_repair(error)
                yield error
                if is_of_a_lock(error):
                    return

    def _do(self, task: Task) -> StoreError | None:
        """Why the task must wait; None where it is done, or dropped because of itself."""
        try:
            task.act(self.store)
        except RefusedRowsError as error:
            self._refuse(task, error)  # the others of its rows are stored
        except StoreError as error:
            if not is_of_the_row(error):
                task.failures += 1
                if task.once:
                    self._missed, task.dropped = error, True
                    self._remove(task)
                return error
            self._refuse(task, error)
            task.dropped = True
        except Exception as error:  # raised again without a thread; in it the guard must not end
            task.dropped = True
            self._remove(task)
            if self._thread is None:
                raise
            self._note_surprise(task.name, error)
        else:
            self._refused.pop(task.name, None)
            self._missed = None  # the database takes what it did not take before
        task.done_s = None if task.dropped else self._clock.stamp().uptime_s
        self._remove(task)
        return None

    def _find_next(self, tried: set[Task]) -> Task | None:
        with self._changed:
            return next((task for task in self._tasks if task not in tried), None)

    def _remove(self, task: Task) -> None:
        with self._changed:
            if task in self._tasks:
                self._tasks.remove(task)
            self._changed.notify_all()

    def _make_room(self, new: Task) -> None:
        """Take out what `new` replaces, and the oldest state (or event) where there is no room."""
        if new.replaces:
            for old in [one for one in self._tasks if one.replaces == new.replaces]:
                self._tasks.remove(old)
        if len(self._tasks) < MOST_TASKS:
            return
        states = (one for one in self._tasks if not (one.keep or one.essential))
        events = (one for one in self._tasks if not one.essential)
        oldest = next(states, None) or next(events, None)
        if oldest is None:
            return
        self._tasks.remove(oldest)
        oldest.dropped = True
        self.dropped += 1

    # --- what is reported ----------------------------------------------------------------------

    def _note_trouble(self, error: StoreError | None) -> None:
        if error is not None and self._trouble is None:
            self._log.warning(str(error), error.message_id, fault=error.code)
        if error is None and self._trouble is not None:
            dropped, self.dropped = self.dropped, 0
            self._log.info("the database takes rows again", dropped=dropped)
        if error is None:
            self._refused.pop(OWN_WORK, None)
        elif is_of_a_lock(error):
            self._wait_until_s = time.monotonic() + RETRY_S
        self._trouble = error

    def _refuse(self, task: Task, error: StoreError) -> None:
        if task.name not in self._refused:
            self._log.warning(f"{task.name}: {error}", error.message_id, fault=error.code)
        self._refused[task.name] = error

    def _note_surprise(self, name: str, error: Exception) -> None:
        self.surprises += 1
        reported = StoreError(
            say(
                "{name} could not be stored, by an error in the program: {error}",
                name=name,
                error=repr(error),
            )
        )
        self._log.warning(
            str(reported), reported.message_id, fault=reported.code, times=self.surprises
        )
        self._refused[name] = reported

    def _report_set_aside(self, aside: SetAside) -> None:
        error = StoreError(aside.text)
        self._log.warning(str(error), StoreError.message_id)
        source = self._source
        task = Task("a damaged file", lambda store: store.raise_fault(source, error), keep=True)
        with self._changed:
            self._tasks.appendleft(task)


def describe_damage(name: str, path: Path, error: Exception) -> StoreError:
    """The fault of a row that no longer is what its table says."""
    return StoreError(
        say(
            "{name} in the database {path} cannot be read and counts as unknown: {error}; the "
            "next one that is stored takes its place",
            name=name,
            path=path,
            error=repr(error),
        )
    )
