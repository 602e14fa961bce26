"""One cycle of the MQTT service: events first, then what changed, then what is gone.

Reads: the status document, the database. Writes: to the broker of settings `[mqtt]`, its own rows,
and what holds.py, update_holds.py and alarm_replies.py write.
Never: delays another part of the unit, or leaves at the broker what is not there any more.
"""

import socket
from collections.abc import Callable

from appliance.errors import ApplianceError, StoreError
from appliance.mqtt.alarm_replies import AlarmReplies
from appliance.mqtt.broker import Broker
from appliance.mqtt.camera_discovery import build_camera_discovery
from appliance.mqtt.camera_energy import CameraEnergyCounter
from appliance.mqtt.camera_state import build_camera_states
from appliance.mqtt.event_feed import EventFeed
from appliance.mqtt.holds import HoldCommands
from appliance.mqtt.order_queue import OrderQueue
from appliance.mqtt.pictures import Pictures
from appliance.mqtt.presence import Presence
from appliance.mqtt.published import Published
from appliance.mqtt.quiet import Quiet
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.retraction import Retraction
from appliance.mqtt.secrets import make_tls_context, read_password
from appliance.mqtt.topics import DISTRIBUTION, Messages, Topics, list_former_topics, to_json
from appliance.mqtt.unit_discovery import build_unit_discovery
from appliance.mqtt.unit_state import build_unit_states
from appliance.mqtt.update_holds import UpdateHolds
from appliance.process.service import Service
from appliance.process.unit_identity import read_identity
from appliance.settings import Settings
from appliance.status import status_document

PATIENCE_S = 120.0


class MqttError(ApplianceError):
    """The broker cannot be reached; the unit does not need it."""

    code = "mqtt"


class MqttCycle:
    """Publishes the state where it changed, and each event at least once."""

    def __init__(self, service: Service) -> None:
        self._service, self._settings = service, service.settings
        self.topics = topics = Topics(service.settings, read_identity(service.settings))
        self._page = find_page(service.settings)
        self._well_s = service.clock.stamp().uptime_s
        self.broker = connect(service.settings, topics)
        store = service.store
        self._published = Published(store, list_former_topics(service.settings))
        self._retraction = Retraction(self.broker)
        self._feed = EventFeed(store, topics, self.broker)
        self._presence = Presence(store, service.settings)
        self._energy = CameraEnergyCounter(store, service.settings)
        self._pictures = Pictures(store, service.settings, topics)
        self._quiet = Quiet()
        self._refusals = refusals = Refusals(service)
        self._orders = OrderQueue(service, refusals, self.broker.publish_answer)
        self._holds = HoldCommands(service, topics, refusals)
        self._updates = UpdateHolds(service, topics, refusals)
        self._alarms = AlarmReplies(service, topics, refusals)
        self.broker.take_commands(self._list_patterns(), self._take)

    def cycle(self) -> str:
        """Publish events and state; returns where to, or why not."""
        self._refusals.follow()
        self._attempt(self._feed.follow)
        self._publish(self._build_messages())
        now_s = self._service.clock.stamp().uptime_s
        if doubt := self.broker.find_doubt():
            self._service.report_fault(MqttError(doubt))
            return doubt
        if not self.broker.trouble:
            self._well_s = now_s
            return f"reports to {self._settings.mqtt.host} as {self.topics.root}"
        if now_s - self._well_s > PATIENCE_S:
            advice = "check [mqtt] in the settings, and the broker"
            self._service.report_fault(MqttError(f"{self.broker.trouble}; {advice}"))
        return self.broker.trouble

    def finish(self) -> None:
        """Remember what the broker has acknowledged, and say good-bye."""
        self._orders.close()
        self.broker.close()
        self._feed.settle()

    def _attempt(self, act: Callable[[], None]) -> None:
        """What cannot be stored is reported, and keeps nothing from being published."""
        try:
            act()
        except StoreError as error:
            self._service.report_fault(error)

    def _publish(self, wanted: Messages) -> None:
        """What cannot be remembered is published all the same, and reported."""
        try:
            gone = self._published.follow([*wanted, self.topics.online])
            kept, lacking = self._retraction.follow(gone)
            self.broker.publish_retained(wanted | dict.fromkeys(kept, ""))
            taken = [one for one in kept if self.broker.has_taken(one, "")]
            self._published.forget([*taken, *lacking])
        except StoreError as error:
            self._service.report_fault(error)
            self.broker.publish_retained(wanted)

    def _build_messages(self) -> Messages:
        """All retained messages of this moment, the unit's announcement before those of cameras."""
        store, settings = self._service.store, self._settings
        document = status_document.build(store, settings)
        self._presence.follow()
        self._attempt(self._energy.follow)
        states = build_unit_states(self.topics, document, store)
        states |= build_camera_states(self.topics, document, self._presence, self._energy.energy_wh)
        now_s = self._service.clock.stamp().uptime_s
        found = self._build_discovery() if settings.mqtt.discovery else {}
        for topic, state in states.items():
            found[topic] = to_json(self._quiet.choose(topic, state, now_s))
        found |= self._alarms.build_state(document)
        if settings.mqtt.takes_orders:
            found |= self._holds.build_states(store) | self._updates.build_states(store)
        return found | (self._pictures.build() if settings.mqtt.pictures else {})

    def _build_discovery(self) -> Messages:
        topics, settings, page = self.topics, self._settings, self._page
        found = {topics.discovery: build_unit_discovery(topics, settings, page)}
        for name in settings.camera:
            text = build_camera_discovery(topics, settings, name, page)
            found[topics.camera_discovery(name)] = text
        return found

    # --- messages from others; in paho's thread --------------------------------------------------

    def _list_patterns(self) -> list[str]:
        own = self._settings.mqtt
        patterns = [self.topics.home_assistant] if own.discovery else []
        if own.takes_orders:
            patterns += [*self._holds.topics.list_patterns(), self._alarms.acknowledge]
            patterns.append(self._updates.order_topic)
        return patterns

    def _take(self, topic: str, payload: bytes, *, retained: bool) -> None:
        if self._retraction.note(topic, payload, retained=retained):
            return
        if topic == self.topics.home_assistant:
            if not retained:  # what is kept may have been said by one that is gone
                self._feed.note_listener(payload)
            return
        own: AlarmReplies | HoldCommands | UpdateHolds = self._holds
        if topic == self._updates.order_topic:
            own = self._updates
        elif topic == self._alarms.acknowledge:
            own = self._alarms
        self._orders.submit(topic, lambda: own.take(topic, payload, retained=retained))


def connect(settings: Settings, topics: Topics) -> Broker:
    """The broker of the settings, not connected yet. Raises `SettingsError`."""
    own = settings.mqtt
    client_id = f"{DISTRIBUTION}-{topics.unit}"
    broker = Broker(own.host, own.port, will=topics.online, client_id=client_id)
    if own.user:
        broker.log_in(own.user, read_password(own.password_file))
    if own.tls:
        broker.use_tls(make_tls_context(own))
    return broker


def find_page(settings: Settings) -> str:
    """Where people find the unit's page: as alarms say it, by its own name in the network else."""
    host = next(iter(settings.web.hosts), socket.gethostname())
    return settings.alarms.page or f"http://{host}:{settings.web.port}"
