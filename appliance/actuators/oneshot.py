"""The run of every actuator: settings, one action, one sentence, one exit code.

Reads: the settings. Writes: the journal, and its own faults in the unit database.
Never: needs the database; where that is broken the action is done all the same.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

from appliance import log, settings_file
from appliance.errors import ApplianceError, HostError, SettingsError, StoreError
from appliance.process.kept_settings import ChosenSettings
from appliance.settings import Settings
from appliance.store.file_locks import take_lock
from appliance.store.store import Store
from appliance.wording.sentence import say

LONGEST_WAIT_S = 60.0  # less than TimeoutStartSec= of the units
Action = Callable[[Settings], str]
Choose = Callable[[], ChosenSettings]


def perform(
    source: str, path: Path | None, action: Action, choose: Choose | None = None
) -> NoReturn:
    """Do `action` once and end. It returns its sentence or raises an `ApplianceError`.
    `choose`: gives other settings than those of the file where that cannot be used.

    Exit codes: 0 done, 1 something in the world is wrong, 2 the settings are.
    """
    journal = log.setup(source)
    try:
        chosen = choose() if choose else ChosenSettings(settings_file.load_settings(path))
    except SettingsError as error:
        journal.warning(str(error), error.message_id, fault=error.code)
        sys.exit(2)
    settings, refused = chosen.settings, chosen.refused
    if refused is not None:
        journal.warning(str(refused), refused.message_id, fault=refused.code)
    try:
        journal.info(action(settings))
    except ApplianceError as error:
        journal.warning(str(error), error.message_id, fault=error.code)
        record_fault(settings, source, error, journal)
        sys.exit(2 if isinstance(error, SettingsError) else 1)
    record_fault(settings, source, None, journal)
    sys.exit(0)


def record_fault(
    settings: Settings, source: str, error: ApplianceError | None, journal: log.SentenceLog
) -> None:
    """Store the fault for the page, or end those of an earlier run."""
    try:
        with closing(Store(settings.database, settings.make_clock(), writer=source)) as store:
            store.clear_faults(source, frozenset({error.code} if error else ()))
            if error:
                store.raise_fault(source, error)
    except StoreError as broken:
        journal.warning(str(broken), broken.message_id, fault=broken.code)


@contextmanager
def one_at_a_time(settings: Settings, name: str) -> Iterator[None]:
    """Wait until no other process holds the lock: PID 1 starts instances of a template side by
    side, and the one that was ordered last must also be the last to act.

    Raises `LockedError` where the lock is held for longer than an action may take.
    """
    path = settings.unit.run_dir / f"{name}.lock"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o660)
    except OSError as error:
        raise HostError(
            say(
                "{path} cannot be opened: {cause}; `systemd-tmpfiles --create` makes its directory",
                path=path,
                cause=error.strerror,
            )
        ) from error
    try:
        take_lock(handle, path, LONGEST_WAIT_S)
        yield
    finally:
        os.close(handle)
