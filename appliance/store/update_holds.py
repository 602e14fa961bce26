"""What was ordered of updates over the network: a hold, until when, by whom and why.

    hold = find_update_hold(store, now)        # "by anna over MQTT: guests", "" where none is

Reads: UpdateHold rows, the unit's own time. Writes: nothing.
Never: lets a wall clock that nothing explains end a hold (unit_time.py), or says anything of what
was held with `unitctl`; ota/machine/orders.py does.
"""

from datetime import datetime

from appliance.model_updates import UpdateHold
from appliance.store.store import Store
from appliance.store.unit_time import WRONG_DATE_S, read_time

PAGE = "page"  # as `via`: not a topic of MQTT


def find_update_order(store: Store, now: datetime) -> UpdateHold | None:
    """The order that holds updates now; None where none does. Raises `StoreError`."""
    last = store.last(UpdateHold)
    if last is None or not last.holds or is_over(store, last, now):
        return None
    return last


def find_ended_row(store: Store) -> int:
    """The number of the newest row by which a technician at the page ended all holds; 0 where there
    is none. Raises `StoreError`.
    """
    sql = "SELECT max(id) FROM update_hold WHERE holds = 0 AND via = ?"
    return int(store.query(sql, (PAGE,))[0][0] or 0)


def find_newest_row(store: Store) -> int:
    """The number of the newest row; 0 where there is none. Raises `StoreError`."""
    return int(store.query("SELECT max(id) FROM update_hold")[0][0] or 0)


def is_over(store: Store, hold: UpdateHold, now: datetime) -> bool:
    """Whether its time has passed; by its age where it was ordered on another date than the right
    one: while the clock was ahead, or in this boot before it was set.
    """
    if hold.until is None:
        return False
    time = read_time(store)
    present = min(now, time.trusted_utc)
    age_s = time.measure_age_s(hold.stamp.boot_id, hold.stamp.uptime_s)
    passed_s = (present - hold.stamp.utc).total_seconds()
    same_boot = hold.stamp.boot_id == time.now.boot_id
    was_set = same_boot and age_s is not None and passed_s - age_s > WRONG_DATE_S
    if passed_s >= 0 and not was_set:
        return present >= hold.until
    return age_s is not None and age_s >= (hold.until - hold.stamp.utc).total_seconds()


def find_update_hold(store: Store, now: datetime) -> str:
    """The same in words, "" where none does. Raises `StoreError`."""
    order = find_update_order(store, now)
    if order is None:
        return ""
    via = "at the page" if order.via == PAGE else "over MQTT"
    return f"by {order.who} {via}" + (f": {order.reason}" if order.reason else "")
