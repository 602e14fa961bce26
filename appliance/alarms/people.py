"""What people order of alarms: that they have seen one, or that a test is sent.

    apply_orders(orders, maker, store, settings, now)      # adds rows to `maker.made`

Reads: alarms and their messages. Writes: nothing; the caller stores the rows.
Never: takes back what was sent; what waits is not sent any more.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from appliance.alarms.deliveries import withdraw
from appliance.alarms.making import TEST, Maker
from appliance.alarms.streams import make_own
from appliance.model import EnergyLevel, Stamp
from appliance.model_alarms import (
    Alarm,
    AlarmKind,
    AlarmOrder,
    AlarmOrderKind,
    DeliveryState,
)
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.store import Store
from appliance.store.unacknowledged import list_unacknowledged
from appliance.wording.sentence import say


def apply_orders(
    orders: Iterable[AlarmOrder],
    maker: Maker,
    store: Store,
    settings: Settings,
    level: EnergyLevel,
) -> list[Any]:
    """The rows of acknowledged alarms; tests go to the maker. Raises `StoreError`."""
    now = store.clock.stamp()
    rows: list[Any] = []
    for order in orders:
        if order.kind is AlarmOrderKind.TEST:
            make_test(order, maker, settings, now, level)
        else:
            for alarm in list_meant(store, order):
                joined = maker.made.alarms.get(alarm.key, alarm)  # by what is new in this pass
                newest = joined if joined.alarm_id == alarm.alarm_id else alarm
                rows += acknowledge(store, newest, f"{order.who} ({order.via})")
    return rows


def make_test(
    order: AlarmOrder, maker: Maker, settings: Settings, now: Stamp, level: EnergyLevel
) -> None:
    """A message to one recipient, or to all."""
    text = say("this is a test of the alarms, ordered by {who}", who=order.who)
    to = [order.recipient] if order.recipient else list(settings.recipient)
    maker.make_one(make_own(AlarmKind.TEST, now.utc, text, level), to, now, rule=TEST)


def list_meant(store: Store, order: AlarmOrder) -> list[Alarm]:
    """The alarm that an order names; all that wait for an acknowledgement, where it names none."""
    if not order.alarm_id:
        return list(list_unacknowledged(store))
    found = alarm_rows.find_alarm(store, order.alarm_id)
    return [found] if found is not None and not found.acknowledged_by else []


def acknowledge(store: Store, alarm: Alarm, who: str) -> Iterator[Any]:
    """The alarm, and those of its messages that wait."""
    yield replace(alarm, acknowledged_by=who)
    for delivery in alarm_rows.list_deliveries(store, alarm.alarm_id):
        if delivery.state is DeliveryState.WAITING:
            yield withdraw(delivery, who)
