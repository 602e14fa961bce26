"""Whether a check-in has nothing to do: found with little, since nearly all of them are such.

    find_rest(settings, store, Disk(), log)     # "it is not time to ask for a release yet"

Reads: orders, the last check-in's row, the journal, the pointers, the last report. Writes: nothing.
Never: imports what only a check-in with work needs (tuf, cryptography, zstandard, urllib3).
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from appliance.errors import StoreError
from appliance.log import SentenceLog
from appliance.model import Sleep, Wake
from appliance.model_updates import UpdateStep
from appliance.process.update_ask import was_asked_since
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.wording.sentence import say
from ota.checkin.rate import is_due
from ota.checkin.rows import UpdateRows
from ota.files import Files
from ota.layers.layers import Layers
from ota.machine.journal import JOURNAL, Journal
from ota.machine.orders import OrdersFile
from ota.machine.progress import Progress
from ota.push.heard import HintFiles, open_files

REPORT = "report.json"
MOST_REPORT_BYTES = 2**20
DAY = timedelta(days=1)
REST = say("it is not time to ask for a release yet")


def find_rest(settings: Settings, store: Store, files: Files, log: SentenceLog) -> str:
    """Why nothing is to be done now; "" where the check-in has work, or cannot tell."""
    directory = settings.update.dir
    orders = OrdersFile(files, directory).read()
    rows = UpdateRows(store, log)
    asked, next_at = rows.find_times(settings.unit.name)
    now = store.clock.stamp().utc
    is_asked = bool(orders.asked_at or orders.retry)
    is_asked = is_asked or was_asked_since(settings.unit.run_dir, asked, now)
    is_asked = is_asked or is_hurried(open_files(files, settings), rows)
    if is_asked or is_due(next_at=next_at, last=asked, now=now):
        return ""
    with suppress(OSError, StoreError):
        if is_at_rest(files, directory) and is_reported(files, directory, store):
            return REST
    return ""


def is_hurried(hints: HintFiles, rows: UpdateRows) -> bool:
    """Whether the fleet has asked the unit to ask at once, and there is energy for that."""
    waiting = hints.find_waiting()
    if waiting is None or not waiting.is_due(rows.store.clock.stamp().utc):
        return False
    return rows.has_energy_to_be_hurried()


def is_at_rest(files: Files, directory: Path) -> bool:
    """Whether no update is under way and all pointers are sound. Raises `OSError`."""
    progress = Progress.fold(Journal(files, directory / JOURNAL).read())
    layers = Layers(directory, files).examine()
    is_sound = not any(one.on_trial or one.faults for one in layers)
    return progress.step is UpdateStep.IDLE and is_sound


def is_reported(files: Files, directory: Path, store: Store) -> bool:
    """Whether the last report says when the unit will be back. Raises `OSError`, `StoreError`."""
    return is_still_so(read_report(files, directory), store)


def has_report_of_today(files: Files, directory: Path, store: Store) -> bool:
    """The same, of a report that is not a day old; not so where one cannot tell."""
    with suppress(OSError, StoreError, ValueError):
        report = read_report(files, directory)
        age = store.clock.stamp().utc - datetime.fromisoformat(str(report.get("at")))
        return is_still_so(report, store) and timedelta() <= age < DAY
    return False


def is_still_so(report: Mapping[str, Any], store: Store) -> bool:
    until = find_return(store)
    expected = encode_time(until) if until else None
    return "expected_at" in report and report["expected_at"] == expected


def read_report(files: Files, directory: Path) -> Mapping[str, Any]:
    """The last report; an empty one where it is damaged. Raises `OSError`."""
    data = files.read(directory / REPORT, most_bytes=MOST_REPORT_BYTES)
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def find_return(store: Store) -> datetime | None:
    """When the unit expects to be at work again; None while it stays awake. Raises `StoreError`."""
    sleep, wake = store.last(Sleep), store.last(Wake)
    is_over = sleep is None or (wake is not None and wake.stamp.utc >= sleep.stamp.utc)
    return None if sleep is None or is_over else sleep.expected
