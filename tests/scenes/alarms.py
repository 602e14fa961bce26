"""One alarm with its message, and all that is asked of the tables of alarms.

Reads and writes: nothing; through the store that it is given.
Never: sends anything.
"""

from datetime import datetime, timedelta
from typing import Any

from appliance.model import Stamp
from appliance.model_alarms import (
    Alarm,
    AlarmDelivery,
    AlarmKind,
    AlarmOrder,
    AlarmOrderKind,
    AlarmPosition,
    AlarmPriority,
    AlarmSwitch,
    DeliveryState,
)
from appliance.store import alarm_rows, unacknowledged
from appliance.store.store import Store

DAY = timedelta(days=1)


def make_rows(now: Stamp) -> list[Any]:
    return [
        Alarm(
            now,
            "a-1",
            1,
            "people/demo/",
            "people",
            AlarmKind.EVENT,
            AlarmPriority.HIGH,
            "a person at demo",
            last=now.utc,
            ends=now.utc,
            occurrences=1,
            reason="[alarm.people] holds",
        ),
        AlarmDelivery(
            now,
            "a-1.owner.mail",
            "a-1",
            "owner",
            "mail",
            DeliveryState.WAITING,
            AlarmPriority.HIGH,
            covers=1,
            not_before=now.utc,
            attempts=0,
            reason="just made",
        ),
        AlarmSwitch(now, "a-1.owner.siren", "siren", 60.0, "a person at demo"),
        AlarmPosition(now, "event", 3),
        AlarmOrder(now, AlarmOrderKind.ACKNOWLEDGE, "a-1", "", "anna", "unitctl"),
    ]


def read_all(store: Store, until: datetime) -> list[Any]:
    """All that the service, the page and `unitctl` ask of them."""
    span = {"until": until - 30 * DAY, "latest": until + DAY}
    pair: dict[str, Any] = {"before": "owner", "after": "guard", **span}
    return [
        alarm_rows.list_open(store),
        alarm_rows.count_open(store),
        alarm_rows.count_acknowledgements(store, "a-1"),
        alarm_rows.list_sending(store),
        alarm_rows.list_open_channels(store),
        alarm_rows.list_due(store, "mail", until, until + DAY, 10),
        alarm_rows.list_next(store, "mail", until - 30 * DAY),
        alarm_rows.list_failing(store, "mail", 0),
        alarm_rows.list_waiting_heartbeats(store),
        alarm_rows.list_sent(store, "owner", until - 3 * DAY),
        list(unacknowledged.list_unacknowledged(store)),
        list(unacknowledged.list_going_on(store, "people", **pair)),
        unacknowledged.find_next_begin(store, "people", **pair),
        alarm_rows.list_recent_alarms(store, 10),
        alarm_rows.list_deliveries(store, "a-1"),
        alarm_rows.find_alarm(store, "1"),
        alarm_rows.find_last_alarm(store, "people/demo/"),
        alarm_rows.find_last_sequence(store),
        alarm_rows.read_positions(store),
        alarm_rows.read_new(store, AlarmOrder, 0),
        alarm_rows.find_faults(store, [1, 2]),
    ]
