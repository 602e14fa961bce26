"""What was ordered of updates over the network: a hold, until when, by whom and why.

    hold = find_update_hold(store, now)        # "by anna over MQTT: guests", "" where none is

Reads: UpdateHold rows. Writes: nothing.
Never: says anything of what a technician holds; ota/machine/orders.py does.
"""

from datetime import datetime

from appliance.model_updates import UpdateHold
from appliance.store.store import Store


def find_update_order(store: Store, now: datetime) -> UpdateHold | None:
    """The order that holds updates now; None where none does. Raises `StoreError`."""
    last = store.last(UpdateHold)
    if last is None or not last.holds or (last.until is not None and now >= last.until):
        return None
    return last


def find_update_hold(store: Store, now: datetime) -> str:
    """The same in words, "" where none does. Raises `StoreError`."""
    order = find_update_order(store, now)
    if order is None:
        return ""
    return f"by {order.who} over MQTT" + (f": {order.reason}" if order.reason else "")
