"""The loop of every resident service: settings -> parts -> a cycle, until PID 1 stops it.

Reads and writes: the settings, its `ServiceState` and `Fault` rows, PID 1's notify socket.
Never: hides an unexpected error (it ends the process and PID 1 restarts it), and never sends READY
or WATCHDOG but at the end of a cycle that failed in nothing but the database.
"""

import argparse
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from typing import NoReturn

from appliance import log, settings_file
from appliance.clock import Clock
from appliance.errors import ApplianceError, SettingsError, StoreError
from appliance.model import ServiceState, Stamp
from appliance.parsing.arguments import NAME, PATH
from appliance.process import instance_lock
from appliance.process.alarm_wake import list_tables, make_wake
from appliance.process.instance_lock import InstanceLock, RunningError
from appliance.process.kept_settings import (
    ChosenSettings,
    FindErrors,
    choose_settings,
    keep,
)
from appliance.process.notify import Notifier
from appliance.process.recorder import Recorder, Task
from appliance.settings import DEFAULT_PATH, PATH_VARIABLE, Settings
from appliance.store import retention
from appliance.store.store import Store
from appliance.store.unreadable import RowsError

Cycle = Callable[[], str]
Assemble = Callable[["Service"], "Loop"]
REPORT_EVERY_S = 60.0  # the sentence, and what faults are open, lest the database was replaced
RETAIN_EVERY_S = 3600.0
SETTINGS_EVERY_S = 30.0  # until a mended file is seen; docs/units.md
FLUSH_S = 5.0  # real seconds for the last rows; PID 1 gives 15 to end
WRONG_WORLD, WRONG_SETTINGS, RUNS_ALREADY = 1, 2, 3  # exit codes


@dataclass(frozen=True, slots=True)
class Loop:
    """What a service repeats: `cycle` every `every_s` seconds (picture seconds if `media`), or as
    after each cycle when `every_s()` has passed.

    `finish` is called once after the last cycle, to store what is still in memory.
    """

    cycle: Cycle
    every_s: float | Callable[[], float]
    media: bool = False
    finish: Callable[[], None] | None = None


class Leave(Exception):  # noqa: N818  (no error: a service that has nothing to do leaves)
    """Raised by a cycle to end the process cleanly, with the reason; PID 1 does not restart it."""


@dataclass
class Service:
    """One running service and what it may use. `name` is its writer name and its fault source."""

    name: str
    settings: Settings
    clock: Clock
    store: Store
    log: log.SentenceLog
    instance: str = ""
    stop: Event = field(default_factory=Event)
    notifier: Notifier = field(default_factory=Notifier)
    lock: InstanceLock = field(default_factory=InstanceLock)
    recorder: Recorder = field(init=False)
    _faults: dict[str, str] = field(default_factory=dict)
    _reported: dict[str, str] = field(default_factory=dict)
    _met: dict[str, Stamp] = field(default_factory=dict)
    _faults_before: frozenset[str] | None = None
    _last_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.store, self.clock, self.log, self.source)

    @property
    def source(self) -> str:
        """The name under which faults and sentences are stored: `camera@front`, `power`."""
        return format_source(self.name, self.instance)

    def run(
        self, cycle: Cycle, every_s: float | Callable[[], float], *, media: bool = False
    ) -> None:
        """Repeat `cycle` every `every_s` seconds until PID 1 stops it or the cycle leaves.

        The cycle returns one sentence about what it did and why. `media`: the seconds are picture
        seconds (appliance/clock.py), for services that follow a camera.
        """
        now_s = self.clock.media_s if media else lambda: self.clock.stamp().uptime_s
        wait = self.clock.wait_media if media else self.clock.wait
        while not self.stop.is_set():
            started_s = now_s()
            try:
                self.run_once(cycle)
            except Leave as leave:
                self.log.info(f"leaving: {leave}")
                self._store_sentence(str(leave), now=True)
                break
            period_s = every_s() if callable(every_s) else every_s
            wait(period_s - (now_s() - started_s), self.stop)
        self.notifier.notify_stopping()

    def run_once(self, cycle: Cycle) -> None:
        """One cycle with its faults, sentence, watchdog and retention."""
        self._faults = {}
        self.lock.beat()
        self.recorder.refresh()
        good = lives = True
        try:
            sentence = cycle()
        except ApplianceError as error:
            self.report_fault(error)
            sentence, good = str(error), False
            lives = isinstance(error, StoreError)  # no disk is mended by a restart
        if trouble := self.recorder.find_trouble():
            self.report_fault(trouble)
        if unreadable := self.store.unreadable.describe():
            self.report_fault(RowsError(unreadable))
        self._clear_ended_faults()
        self._store_sentence(sentence, f"; {trouble}" if trouble and good else "")
        if lives:
            self.notifier.notify_ready()
            self.notifier.notify_alive()
            if self.take_turn("retain", RETAIN_EVERY_S):
                self.recorder.submit(Task("retention", retention.take_turn, once=True))

    def finish(self, act: Callable[[], None]) -> None:
        """The loop's last action; its fault is recorded, and the process ends all the same."""
        try:
            act()
        except ApplianceError as error:
            self.report_fault(error)

    def report_fault(self, error: ApplianceError) -> None:
        """Record a fault that this cycle met; it is cleared by the first cycle without it."""
        self._faults[error.code] = str(error)
        if self._faults_before is None or error.code not in self._faults_before:
            self.log.warning(str(error), error.message_id, fault=error.code)
        if isinstance(error, StoreError):
            self.recorder.request_repair(error)
        if self._reported.get(error.code) != str(error) or self.take_turn(
            error.code, REPORT_EVERY_S
        ):
            self._reported[error.code] = str(error)
            at = self._met.setdefault(error.code, self.clock.stamp())
            self._keep(f"the fault {error.code}", lambda store: self._raise(store, error, at))

    def end_fault(self, error: ApplianceError) -> None:
        """What this cycle met does not hold any more, and there is no next one."""
        self._faults.pop(error.code, None)
        self._clear_ended_faults()

    def _raise(self, store: Store, error: ApplianceError, at: Stamp) -> None:
        store.raise_fault(self.source, error, at)

    def _clear_ended_faults(self) -> None:
        now = frozenset(self._faults)
        if now == self._faults_before and not self.take_turn("clear", REPORT_EVERY_S):
            return
        self._faults_before = now
        self._reported = {code: text for code, text in self._reported.items() if code in now}
        self._met = {code: at for code, at in self._met.items() if code in now}
        at = self.clock.stamp()
        self._keep("the end of faults", lambda store: self._clear(store, now, at))

    def _clear(self, store: Store, still: frozenset[str], at: Stamp) -> None:
        for code in store.clear_faults(self.source, still, at):
            self.log.info("fault is over", fault=code)

    def _keep(self, name: str, act: Callable[[Store], object]) -> None:
        """Have it stored as an event; one that is repeated takes the place of the one before."""
        self.recorder.submit(Task(name, act, keep=True, replaces=name))

    def _store_sentence(self, sentence: str, trouble: str = "", *, now: bool = False) -> None:
        """Tell PID 1, also what keeps it from being stored; store it once a minute."""
        self.notifier.set_status(f"{sentence}{trouble}")
        if now or self.take_turn("say", REPORT_EVERY_S):
            at, text = self.clock.stamp(), log.redact(sentence)
            state = ServiceState(at, self.source, text)
            task = Task("the sentence", lambda store: store.add(state), replaces="say")
            self.recorder.submit(task)

    def take_turn(self, what: str, every_s: float) -> bool:
        """Whether `what` is due after `every_s` unit seconds; if so, it counts as done now."""
        now_s = self.clock.stamp().uptime_s
        last_s = self._last_s.get(what)
        if last_s is not None and now_s - last_s < every_s:
            return False
        self._last_s[what] = now_s
        return True


def main(
    name: str,
    assemble: Assemble,
    *,
    takes_instance: bool = False,
    waits_for_store: bool = True,
    find_errors: FindErrors | None = None,
) -> None:
    """Entry point of a service package: `python -m PACKAGE [INSTANCE] --settings FILE`.

    Exit codes: 0 stopped or left, 1 something in the world is wrong, 2 the settings are, 3 another
    copy runs.
    `waits_for_store` False: its loop never does; the recorder opens and uses the database in a
    thread of its own, and what it finds comes when it comes.
    `find_errors`: given for a service that goes on with the last settings that it could use where
    the file is broken; what it finds wrong in settings, in words.
    """
    arguments = make_parser(name, takes_instance).parse_args()
    instance = arguments.instance if takes_instance else ""
    log.setup(format_source(name, instance))
    stop = stop_on_signals()
    try:
        chosen = read_settings(arguments.settings, name, find_errors)
        service = start_service(
            name, chosen.settings, stop, instance=instance, waits_for_store=waits_for_store
        )
        loop = assemble_or_record(service, assemble)
    except ApplianceError as error:
        end_with(name, error)
    threading.excepthook = end_process
    if chosen.refused is not None:
        back = choose_back(arguments.settings, name, find_errors)
        loop = replace(loop, cycle=report_kept(service, loop.cycle, chosen.refused, back))
    elif find_errors is not None:
        service.recorder.submit(Task("the settings", lambda _: keep(chosen, name), once=True))
    run_until_stopped(service, loop)
    service.lock.release()


def run_forked(name: str, instance: str, settings: Settings, assemble: Assemble) -> None:
    """One service in a process that was forked with its settings; ends like `main`."""
    log.setup(format_source(name, instance))
    stop = stop_on_signals()
    try:
        service = start_service(name, settings, stop, instance=instance)
        loop = assemble_or_record(service, assemble)
    except ApplianceError as error:
        end_with(name, error)
    threading.excepthook = end_process
    run_until_stopped(service, loop)
    service.lock.release()


def format_source(name: str, instance: str) -> str:
    """The name under which a service's faults and sentences are stored."""
    return f"{name}@{instance}" if instance else name


def start_service(
    name: str,
    settings: Settings,
    stop: Event,
    *,
    instance: str = "",
    waits_for_store: bool = True,
) -> Service:
    """The service with its lock and its database, before its parts; raises `ApplianceError`."""
    source = format_source(name, instance)
    writer_log = log.SentenceLog(source)
    lock = take_lock(settings, source, writer_log)
    clock = settings.make_clock()
    store = Store(settings.database, clock, name, opened=False)
    if settings.recipient:
        tables = list_tables(settings.alarm.values())
        store.wake_alarms = make_wake(settings.alarm_socket, tables)
    service = Service(name, settings, clock, store, writer_log, instance, stop, lock=lock)
    (service.recorder.open if waits_for_store else service.recorder.start)()
    return service


def end_with(name: str, error: ApplianceError) -> NoReturn:
    """End the process that cannot start, with the reason and the exit code for it."""
    print(f"{name}: {log.redact(str(error))}", file=sys.stderr)
    sys.exit(find_exit_code(error))


def read_settings(path: Path | None, name: str, find_errors: FindErrors | None) -> ChosenSettings:
    """The settings of the file; for some services those that were kept, where it is broken."""
    if find_errors is None:
        path = path or settings_file.find_settings_file()
        settings, refused = settings_file.build_with_fault(path, settings_file.read_file(path))
        return ChosenSettings(settings, refused=refused)
    return choose_settings(path, name, find_errors)


def choose_back(path: Path | None, name: str, find_errors: FindErrors | None) -> Callable[[], bool]:
    """Whether the settings file can be used by now. Without `find_errors` nobody asks: PID 1 would
    not start a service again that leaves, and what mends a layer restarts all of them.
    """

    def is_mended() -> bool:
        if find_errors is None:
            return False
        try:
            return choose_settings(path, name, find_errors).refused is None
        except SettingsError:
            return False

    return is_mended


def report_kept(
    service: "Service", cycle: Cycle, refused: SettingsError, is_mended: Callable[[], bool]
) -> Cycle:
    """The cycle of a service that goes on with kept settings: it says so, and leaves, to be started
    anew by PID 1, when the file is valid. One that leaves takes that fault with it: nobody would
    see that the file is mended.
    """

    def run() -> str:
        service.report_fault(refused)
        try:
            if service.take_turn("settings file", SETTINGS_EVERY_S) and is_mended():
                raise Leave("the settings file is valid again: it starts anew with it")
            return cycle()
        except Leave:
            service.end_fault(refused)
            raise

    return run


def run_until_stopped(service: Service, loop: Loop) -> None:
    """The loop from its first cycle to its last action, and what it leaves to the recorder."""
    started_s = time.monotonic()
    service.log.info("started")
    service.run(loop.cycle, loop.every_s, media=loop.media)
    if loop.finish is not None:
        service.finish(loop.finish)
    service.recorder.flush(FLUSH_S)
    service.log.info("stopped", after_s=f"{time.monotonic() - started_s:.1f}")


def stop_on_signals() -> Event:
    """Set by SIGTERM and SIGINT, from the first moment on: a stop during the start is clean too."""
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def take_lock(settings: Settings, source: str, writer_log: log.SentenceLog) -> InstanceLock:
    """The lock of this service; raises `RunningError` where a copy of it runs."""
    lock = instance_lock.take(settings.unit.run_dir, source)
    if lock.warning:
        writer_log.warning(lock.warning)
    return lock


def find_exit_code(error: ApplianceError) -> int:
    """Under which code a service ends that cannot start; docs/units.md."""
    if isinstance(error, SettingsError):
        return WRONG_SETTINGS
    return RUNS_ALREADY if isinstance(error, RunningError) else WRONG_WORLD


def assemble_or_record(service: Service, assemble: Assemble) -> Loop:
    """Build the service's parts; what is missing becomes a fault before the process ends."""
    try:
        return assemble(service)
    except SettingsError:
        raise  # printed for whoever started this: no process would ever clear the fault
    except ApplianceError as error:
        service.report_fault(error)
        service.recorder.flush(FLUSH_S)
        raise


def end_process(failed: threading.ExceptHookArgs) -> None:
    """Crash only: an unexpected error in a thread ends the process, as it does in the loop."""
    sys.excepthook(failed.exc_type, failed.exc_value or SystemExit(), failed.exc_traceback)
    log.flush()
    os._exit(1)


def make_parser(name: str, takes_instance: bool) -> argparse.ArgumentParser:
    """The command line that every service has."""
    result = argparse.ArgumentParser(prog=name, description=f"The unit's {name} service.")
    if takes_instance:
        result.add_argument("instance", type=NAME, help="the name after the @ of the unit")
    where = f"settings file (default: ${PATH_VARIABLE}, else {DEFAULT_PATH})"
    result.add_argument("--settings", type=PATH, help=where)
    return result
