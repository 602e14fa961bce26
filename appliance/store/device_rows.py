"""Rows that say what one power device is and how it answers: one of each device, updated in place.

Reads and writes: the tables `device_state` and `set_points`, through the `Store` that it is given.
Never: touches what was measured: that stays as long as the table keeps it.
"""

from collections.abc import Iterable

from appliance.store.store import Store


def forget_devices(store: Store, titles: Iterable[str]) -> None:
    """Delete those of these devices ("charger main"): another one stands there now. On the disk
    when it returns, with all that was stored before. Raises `StoreError`.
    """
    with store.housekeeping(durable=True) as execute:
        for title in titles:
            execute("DELETE FROM device_state WHERE device = ?", (title,))
            execute("DELETE FROM set_points WHERE device = ?", (title,))
