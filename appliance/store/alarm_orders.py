"""What people order of alarms is a row, which the alarm service takes.

    add_order(settings.database, clock, order, make_wake(settings.alarm_socket))

Reads: nothing. Writes: `AlarmOrder` rows, in the name of their one writer: the service may not be
running, and an order must not wait for it.
Never: acknowledges itself; the service does, and stores with it what is not sent any more.
"""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from appliance.clock import Clock
from appliance.model_alarms import AlarmOrder
from appliance.store.store import Store
from appliance.store.tables import ALARM


def add_order(path: Path, clock: Clock, order: AlarmOrder, wake: Callable[[str], None]) -> None:
    """Store it in the database `path`, and have the service woken. Raises `StoreError`."""
    with closing(Store(path, clock, ALARM)) as store:
        store.wake_alarms = wake
        store.add(order)
