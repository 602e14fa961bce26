"""Alarms that switch a siren or a lamp: the power service is asked by a row, and answers by one.

    row = desk.ask(delivery, alarm)           # to store beside the delivery that is `sending`
    for answer in desk.list_answers(): ...

Reads: `AlarmSwitch` and `SwitchOrder` rows. Writes: nothing; the queue stores the row.
Never: asks twice, or late: a siren in an hour is of no use.
"""

from collections.abc import Iterator

from appliance.alarms.channels.requests import SendAnswer
from appliance.alarms.channels.switch_requests import find_switch_answer, make_switch_request
from appliance.alarms.ending import is_switch
from appliance.model_alarms import Alarm, AlarmDelivery, AlarmSwitch, DeliveryState
from appliance.model_cameras import SwitchOrder
from appliance.settings import Settings
from appliance.store.store import Store

LOOK_EVERY_S = 2.0


class SwitchDesk:
    """The requests that wait for their answer."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._asked: dict[str, AlarmSwitch] = {}

    def is_switch(self, channel: str) -> bool:
        return is_switch(channel, self._settings)

    @property
    def under_way(self) -> frozenset[str]:
        """The deliveries that wait for the power service."""
        return frozenset(self._asked)

    def ask(self, delivery: AlarmDelivery, alarm: Alarm) -> AlarmSwitch:
        """The row of a request. For a delivery that was `sending` before: the one it has."""
        found = None
        if delivery.state is DeliveryState.SENDING:
            found = self._store.last(AlarmSwitch, request_id=delivery.delivery_id)
        channel, now = self._settings.channel[delivery.channel], self._store.clock.stamp()
        row = found or make_switch_request(
            delivery.delivery_id, channel, now=now, reason=alarm.text
        )
        self._asked[delivery.delivery_id] = row
        return row

    def list_answers(self) -> Iterator[SendAnswer]:
        """Those that are there. Raises `StoreError`."""
        for request_id, row in list(self._asked.items()):
            orders = self._store.rows(SwitchOrder, event_id=request_id)
            answer = find_switch_answer(row, orders, self._store.clock.stamp())
            if answer is not None:
                yield answer

    def release(self, request_id: str) -> None:
        """Its answer is stored."""
        self._asked.pop(request_id, None)
