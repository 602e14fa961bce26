"""Updates held over MQTT.

    PREFIX/ID/update/hold/set      ON, OFF, or {"state": "ON", "for": "3d", "who": "anna",
                                   "reason": "guests"} (`until` in place of `for`)
    PREFIX/ID/update/hold/state    ON or OFF, retained

Reads: messages, `UpdateHold` rows. Writes: `UpdateHold` rows; the updater obeys them.
Never: ends what a technician holds, installs anything, or takes a retained message for an order.
"""

from datetime import datetime

from appliance.model_updates import UpdateHold
from appliance.mqtt.command_limit import CommandGate
from appliance.mqtt.commands import MOST_BYTES, OFF, ON, SET, STATE, parse_order, parse_set
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Messages, Topics
from appliance.process.service import Service
from appliance.store.camera_holds import Order, require_span
from appliance.store.store import Store
from appliance.store.tables import MQTT
from appliance.store.unit_time import record_time
from appliance.store.update_holds import find_update_order
from appliance.strict_json import InputError
from appliance.wording.site_time import find_zone


class UpdateHolds:
    """Of one unit. `take` may be called in another thread than the rest, and raises
    `StoreError` where the order may be tried again.
    """

    def __init__(self, service: Service, topics: Topics, refusals: Refusals) -> None:
        self._service = service
        self._zone = find_zone(service.settings.site.timezone)
        self._gate = CommandGate(service, refusals)
        self.order_topic = f"{topics.update}/hold/{SET}"
        self._state_topic = f"{topics.update}/hold/{STATE}"

    def build_states(self, store: Store) -> Messages:
        """Whether they are held now. Raises `StoreError`."""
        held = find_update_order(store, self._service.clock.stamp().utc)
        return {self._state_topic: ON if held else OFF}

    def take(self, topic: str, payload: bytes, *, retained: bool) -> Messages:
        """Store what a message orders; returns the state that holds now, none if refused."""
        return self._gate.take(topic, lambda: self._store(topic, payload), retained=retained)

    def _store(self, topic: str, payload: bytes) -> Messages:
        row = self._parse(topic, payload)
        store = Store(self._service.settings.database, self._service.clock, MQTT)
        try:
            store.add(row)
            record_time(store)
            return self.build_states(store)
        finally:
            store.close()

    def _parse(self, topic: str, payload: bytes) -> UpdateHold:
        if len(payload) > MOST_BYTES:
            raise InputError(f"it has more than {MOST_BYTES} bytes")
        now = self._service.clock.stamp()
        given = parse_set(payload.decode(errors="replace").strip())
        state, order = parse_order(given, topic, now, self._zone)
        until = find_end(order, now.utc) if state == ON else None
        return UpdateHold(now, state == ON, until, order.who, topic, order.reason)


def find_end(order: Order, now: datetime) -> datetime | None:
    """When a hold ends; None: until further notice. Raises `InputError`."""
    span = require_span(order, now)
    return None if span is None else now + span
