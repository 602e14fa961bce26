"""What a technician may order of updates: ask now, from a stick, hold, retry.

Reads: settings, rows, the journal of updates. Writes: orders.json in the update directory; asks PID
1 for a check-in.
Never: installs: the updater does, in its own sandbox and with its own rights.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile
from pathlib import Path

from appliance.commands.opening import format_local, load_unit_settings
from appliance.errors import HostError, SettingsError, StoreError
from appliance.media.erasing import find_user_name
from appliance.model_updates import UpdateState
from appliance.process.host import Host, Job
from appliance.settings import HostSettings, Settings
from appliance.store.rows import encode_time
from appliance.store.store import Store
from appliance.store.update_holds import find_newest_row
from ota.commands.showing import MOMENT, show_status
from ota.disk import Disk
from ota.errors import SpaceError
from ota.machine.journal import JOURNAL, Journal
from ota.machine.orders import PRESENT, Orders, OrdersFile
from ota.machine.progress import Progress
from ota.stick.tree import METADATA

UNIT = "appliance-checkin.service"
LOOK_S = 0.5  # real seconds
MOST_NEW = 200  # rows from one look to the next
HIDDEN = ("/home", "/root", "/run/user", "/tmp", "/var/tmp")  # noqa: S108  (nothing is put there)
FAILED = (
    "the check-in ended with a fault, or PID 1 refused to run it: run this as root, and see "
    "`journalctl -u appliance-checkin`; the order stands, the next check-in obeys it"
)


def order_check(arguments: argparse.Namespace) -> int:
    """Ask the mirrors now, and follow what comes of it."""
    settings = load_unit_settings(arguments)
    if not settings.update.mirrors:
        raise SettingsError(
            f"{settings.path} names no mirror: set `mirrors` in [update] (docs/updates.md)"
        )
    now = tell_now(settings)
    give(settings, lambda orders: replace(orders, asked_at=now))
    return follow(arguments, settings)


def order_stick(arguments: argparse.Namespace) -> int:
    """Take a release from a directory, with a technician present, and follow it."""
    settings = load_unit_settings(arguments)
    path = Path(os.path.abspath(arguments.path))
    require_stick(path)
    refuse_hidden(settings, path)
    who, now = find_user_name(), tell_now(settings)
    until = encode_time(settings.make_clock().stamp().utc + PRESENT)

    def add_stick(orders: Orders) -> Orders:
        return replace(orders, stick=str(path), technician=who, present_until=until, asked_at=now)

    give(settings, add_stick)
    return follow(arguments, settings)


def require_stick(path: Path) -> None:
    """Raises `SettingsError`, with what a technician has probably done."""
    missing = [name for name in METADATA if not (path / name).is_dir()]
    if missing:
        raise SettingsError(
            f"{path} is no stick with releases: {describe_no_stick(path, missing[0])}; a stick is "
            "made with `fleet usb DIRECTORY`"
        )


def describe_no_stick(path: Path, missing: str) -> str:
    try:
        inside = sorted(path.iterdir())
    except OSError as error:
        return f"it cannot be read ({error.strerror}): mount the stick there"
    if not inside:
        return "it is empty: mount the stick there"
    found = [one for one in inside if all((one / name).is_dir() for name in METADATA)]
    return f"the releases are in {found[0]}: name that" if found else f"{missing} is missing"


def order_hold(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    if arguments.off:
        give(settings, lambda orders: replace(orders, hold="", hold_until=None, hold_row=None))
        print("updates are not held any more")
        return 0
    now = settings.make_clock().stamp().utc
    until = encode_time(now + arguments.span) if isinstance(arguments.span, timedelta) else None
    row = find_last_order(settings)
    why = f"by {find_user_name()}" + (f": {arguments.reason}" if arguments.reason else "")
    give(settings, lambda orders: replace(orders, hold=why, hold_until=until, hold_row=row))
    print(f"updates are held {why}" + (f", until {tell_local(until, settings)}" if until else ""))
    return 0


def find_last_order(settings: Settings) -> int | None:
    """The newest order of the page or of MQTT; None where the database cannot be read."""
    with suppress(StoreError), closing(Store(settings.database, settings.make_clock())) as store:
        return find_newest_row(store)
    return None


def order_retry(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    release, now = arguments.release, tell_now(settings)
    failed = list_failed(settings.update.dir)
    if release not in failed:
        known = ", ".join(failed) or "none"
        raise SettingsError(f"release {release} has not failed here (failed: {known})")

    def add_release(orders: Orders) -> Orders:
        retry = tuple(dict.fromkeys((*orders.retry, release)))
        return replace(orders, retry=retry, asked_at=now)

    give(settings, add_release)
    return follow(arguments, settings)


def list_failed(directory: Path) -> list[str]:
    """The releases that failed here, or came out damaged. Raises `SpaceError`."""
    try:
        records = Journal(Disk(), directory / JOURNAL).read()
    except OSError as error:
        raise SpaceError(
            f"the journal of updates in {directory} cannot be read ({error.strerror}): run it as "
            "root, and check the disk",
            "journal-not-read",
        ) from error
    progress = Progress.fold(records)
    spoiled = {progress.release} if progress.spoiled and progress.release else set()
    return sorted({one.release for one in progress.failures.values()} | spoiled)


def tell_local(at: str, settings: Settings) -> str:
    """A stored time as the unit's own clock shows it."""
    return format_local(at, settings, MOMENT)


def tell_now(settings: Settings) -> str:
    return encode_time(settings.make_clock().stamp().utc)


def refuse_hidden(settings: Settings, path: Path) -> None:
    """The updater's sandbox has no /home and a /tmp of its own. Raises `SettingsError`."""
    if settings.host.systemctl != HostSettings().systemctl:
        return  # a laptop, without sandboxes
    if any(path.resolve().is_relative_to(one) for one in HIDDEN):
        raise SettingsError(
            f"{path} cannot be seen by the updater, whose sandbox hides {', '.join(HIDDEN)}: mount "
            "the stick elsewhere, such as at /mnt"
        )


def give(settings: Settings, change: Callable[[Orders], Orders]) -> None:
    """Change the orders on the disk. Raises `SpaceError`."""
    file = OrdersFile(Disk(), settings.update.dir)
    try:
        settings.update.dir.mkdir(parents=True, exist_ok=True)
        file.write(change(file.read()))
    except OSError as error:
        raise SpaceError(
            f"the order cannot be written to {settings.update.dir} ({error.strerror}): run it as "
            "root, and check the disk",
            "orders-not-written",
        ) from error


def follow(arguments: argparse.Namespace, settings: Settings) -> int:
    """Have PID 1 run a check-in and print its steps until it ends; the exit code."""
    with closing(Store(settings.database, settings.make_clock())) as store:
        last = store.last(UpdateState)
        job = start(settings)
        while not job.is_over():
            last = print_new(store, last)
            time.sleep(LOOK_S)
        print_new(store, last)
    code = show_status(arguments)
    if job.has_failed():
        print(FAILED, file=sys.stderr)
    return 1 if job.has_failed() else code


def start(settings: Settings) -> Job:
    try:
        return Host(settings.host.systemctl).run(UNIT)
    except HostError as error:
        raise HostError(f"{error}; the order stands, the next check-in obeys it") from error


def print_new(store: Store, last: UpdateState | None) -> UpdateState | None:
    """Print what came after the row `last`; the newest row."""
    newest = store.rows(UpdateState, limit=MOST_NEW, newest_first=True)
    for row in reversed(list(takewhile(lambda row: row != last, newest))):
        share = f" ({row.progress_pct:.0f} %)" if row.progress_pct is not None else ""
        print(f"{row.step.value}: {row.reason}{share}", flush=True)
    return newest[0] if newest else last
