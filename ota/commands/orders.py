"""What a technician may order of updates: ask now, from a stick, hold, retry.

Reads: settings, rows. Writes: orders.json in the update directory; asks PID 1 for a check-in.
Never: installs: the updater does, in its own sandbox and with its own rights.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from appliance.commands.opening import load_unit_settings
from appliance.errors import HostError, SettingsError
from appliance.media.erasing import find_user_name
from appliance.model_updates import UpdateState
from appliance.process.host import Host, Job
from appliance.settings import Settings
from appliance.store.rows import encode_time
from appliance.store.store import Store
from ota.commands.showing import show_status
from ota.disk import Disk
from ota.errors import SpaceError
from ota.machine.orders import Orders, OrdersFile

UNIT = "appliance-checkin.service"
LOOK_S = 0.5  # real seconds
PRESENT = timedelta(hours=12)  # so long a technician counts as present
METADATA = ("image/metadata", "director/metadata")


def order_check(arguments: argparse.Namespace) -> int:
    """Ask the mirrors now, and follow what comes of it."""
    settings = load_unit_settings(arguments)
    if not settings.update.mirrors:
        raise SettingsError(
            f"{settings.path} names no mirror: set `mirrors` in [update] (docs/updates.md)"
        )
    give(settings, lambda orders: replace(orders, ask=True))
    return follow(arguments, settings)


def order_stick(arguments: argparse.Namespace) -> int:
    """Take a release from a directory, with a technician present, and follow it."""
    settings = load_unit_settings(arguments)
    path = Path(os.path.abspath(arguments.path))
    missing = [name for name in METADATA if not (path / name).is_dir()]
    if missing:
        raise SettingsError(
            f"{path} is no stick with releases: {missing[0]} is missing; it is made with "
            "`fleet usb DIRECTORY`, and is to be mounted here"
        )
    who = find_user_name()
    until = encode_time(settings.make_clock().stamp().utc + PRESENT)

    def add_stick(orders: Orders) -> Orders:
        return replace(orders, stick=str(path), technician=who, present_until=until, ask=True)

    give(settings, add_stick)
    return follow(arguments, settings)


def order_hold(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    if arguments.off:
        give(settings, lambda orders: replace(orders, hold="", hold_until=None))
        print("updates are not held any more")
        return 0
    now = settings.make_clock().stamp().utc
    until = encode_time(now + arguments.span) if isinstance(arguments.span, timedelta) else None
    why = f"by {find_user_name()}" + (f": {arguments.reason}" if arguments.reason else "")
    give(settings, lambda orders: replace(orders, hold=why, hold_until=until))
    print(f"updates are held {why}" + (f", until {until}" if until else ""))
    return 0


def order_retry(arguments: argparse.Namespace) -> int:
    settings = load_unit_settings(arguments)
    release = arguments.release
    give(settings, lambda orders: replace(orders, retry=(*orders.retry, release), ask=True))
    return follow(arguments, settings)


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
    """Have PID 1 run a check-in and print its steps until it ends."""
    job = start(settings)
    store = Store(settings.database, settings.make_clock())
    try:
        seen = len(store.rows(UpdateState))
        while not job.is_over():
            seen = print_new(store, seen)
            time.sleep(LOOK_S)
        print_new(store, seen)
    finally:
        store.close()
    return show_status(arguments)


def start(settings: Settings) -> Job:
    try:
        return Host(settings.host.systemctl).run(UNIT)
    except HostError as error:
        raise HostError(f"{error}; the order stands, the next check-in obeys it") from error


def print_new(store: Store, seen: int) -> int:
    rows = store.rows(UpdateState)
    for row in rows[seen:]:
        print(f"{row.step.value}: {row.reason}", flush=True)
    return len(rows)
