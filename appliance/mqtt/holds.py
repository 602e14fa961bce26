"""Takes commands over MQTT and stores them as holds; publishes what is in force.

Reads: CameraHold rows, messages. Writes: CameraHold rows, in the name of the cameras.
Never: takes a retained message for an order (it would be given again at each connection), or more
than some in a minute: each is a write to the flash.
"""

from appliance.mqtt.command_limit import CommandGate
from appliance.mqtt.commands import CommandTopics, parse_command
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Messages, Topics
from appliance.process.service import Service
from appliance.store.camera_holds import HoldReader, add_holds
from appliance.store.store import Store
from appliance.store.tables import CAMERA
from appliance.wording.site_time import find_zone


class HoldCommands:
    """The commands of one unit. `take` may be called in another thread than the rest, and raises
    `StoreError` where the order may be tried again.
    """

    def __init__(self, service: Service, topics: Topics, refusals: Refusals) -> None:
        self._service = service
        self._zone = find_zone(service.settings.site.timezone)
        self.topics = CommandTopics(topics.root, service.settings.camera)
        self._gate = CommandGate(service, refusals)

    def build_states(self, store: Store) -> Messages:
        """What is in force of each camera, as retained messages. Raises `StoreError`."""
        reader = HoldReader(store)
        return self.topics.build_states({name: reader.find(name) for name in self.topics.cameras})

    def take(self, topic: str, payload: bytes, *, retained: bool) -> Messages:
        """Store what a message orders; returns the states that hold now, none if refused."""
        return self._gate.take(topic, lambda: self._store(topic, payload), retained=retained)

    def _store(self, topic: str, payload: bytes) -> Messages:
        place = self.topics.find_place(topic)
        hold = parse_command(place, topic, payload, self._service.clock.stamp(), self._zone)
        store = Store(self._service.settings.database, self._service.clock, CAMERA)
        try:
            add_holds(store, hold)
            return self.build_states(store)
        finally:
            store.close()
