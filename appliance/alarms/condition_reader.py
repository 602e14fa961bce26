"""What decides whether a message goes now, as it stands in the database at this moment.

    reader = ConditionReader(store, settings, level)       # for one pass
    conditions = reader.read(delivery, handed)

Reads: what the recipient was sent in the last 24 hours, once in a pass. Writes: nothing.
Never: looks for what an urgent message does not ask for.
"""

from collections.abc import Iterable, Sequence

from appliance.alarms.holding import Conditions
from appliance.alarms.limits import DAY, SentMessage
from appliance.model import EnergyLevel
from appliance.model_alarms import AlarmDelivery, AlarmPriority
from appliance.settings import Settings
from appliance.store import alarm_rows
from appliance.store.store import Store
from appliance.wording.site_time import find_zone


class ConditionReader:
    """`level`: None where it is not known."""

    def __init__(self, store: Store, settings: Settings, level: EnergyLevel | None) -> None:
        self._store, self._settings, self._level = store, settings, level
        self._zone = find_zone(settings.site.timezone)
        self._sent: dict[str, Sequence[SentMessage]] = {}

    def read(self, delivery: AlarmDelivery, handed: Iterable[AlarmDelivery]) -> Conditions:
        """Those of one message. `handed`: what channels have now. Raises `StoreError`."""
        now, name = self._store.clock.stamp().utc, delivery.recipient
        own: list[SentMessage] = []
        if delivery.priority is not AlarmPriority.URGENT:
            on_the_way = (one for one in handed if one.recipient == name)
            own = [
                *self._list_sent(name),
                *(SentMessage(now, one.size_bytes) for one in on_the_way),
            ]
        local_now, recipient = now.astimezone(self._zone), self._settings.recipient[name]
        return Conditions(now, local_now, self._level, recipient, own)

    def _list_sent(self, recipient: str) -> Sequence[SentMessage]:
        if recipient not in self._sent:
            since = self._store.clock.stamp().utc - DAY
            rows = alarm_rows.list_sent(self._store, recipient, since)
            found = [SentMessage(one.sent, one.size_bytes) for one in rows if one.sent is not None]
            self._sent[recipient] = found
        return self._sent[recipient]
