"""The stick that was ordered at the page becomes an order of this unit's updater, and ends as one.

    obey_page(settings, clock, log)         # before a check-in looks at its orders

Reads: what root's oneshot says (ota/stick), orders, the journal. Writes: orders.json.
Never: believes a word but root's; keeps the presence of a technician for whom nothing is under way.
"""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from appliance.clock import Clock, SystemClock
from appliance.log import SentenceLog
from appliance.model_updates import UpdateStep
from appliance.process.stick_order import TAKES, StickProgress, find_place, read_progress
from appliance.settings import Settings
from appliance.store.rows import encode_time
from ota.files import Files
from ota.machine.journal import JOURNAL, Journal
from ota.machine.orders import PRESENT, Orders, OrdersFile
from ota.machine.progress import Progress


def obey_page(settings: Settings, clock: Clock, files: Files, log: SentenceLog) -> None:
    """Give the order, or end one that is over; a disk that is full stops no check-in."""
    directory, place = settings.update.dir, find_place(settings.unit.run_dir)
    file = OrdersFile(files, directory)
    orders = file.read()
    found = read_progress(settings.unit.run_dir)
    if found is not None and is_mounted(found, place):
        wanted = begin(orders, found, clock.stamp().utc)
    else:
        wanted = end(orders, place, is_idle=is_idle(files, directory))
    try:
        if wanted != orders:
            file.write(wanted)
    except OSError as error:
        log.warning(f"the order to take a stick cannot be written: {error}")


def is_mounted(found: StickProgress, place: Path) -> bool:
    """Whether a stick is there now, for the updater to take."""
    is_below = Path(found.stick).is_relative_to(place)
    return is_below and found.phase == TAKES and found.is_under_way(SystemClock())


def begin(orders: Orders, found: StickProgress, now: datetime) -> Orders:
    """As `unitctl update from-usb` orders it."""
    until, at = encode_time(now + PRESENT), encode_time(now)
    return replace(
        orders, stick=found.stick, technician=found.who, present_until=until, asked_at=at
    )


def end(orders: Orders, place: Path, *, is_idle: bool) -> Orders:
    """The stick is gone; its technician counts as present for the update that has begun with it."""
    if not orders.stick or not Path(orders.stick).is_relative_to(place):
        return orders
    if is_idle:
        return replace(orders, stick="", technician="", present_until=None)
    return replace(orders, stick="")


def is_idle(files: Files, directory: Path) -> bool:
    """Whether no update is under way; not where that cannot be told."""
    with suppress(OSError):
        return Progress.fold(Journal(files, directory / JOURNAL).read()).step is UpdateStep.IDLE
    return False
