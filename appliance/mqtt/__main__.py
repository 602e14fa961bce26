"""The MQTT service: `python -m appliance.mqtt --settings FILE`.

Reads: the status document, new events, commands. Writes: to the broker of settings `[mqtt]`, and
what appliance/mqtt/holds.py and alarm_replies.py write.
Never: runs without a broker in the settings, and never delays another part of the unit.
"""

from appliance.errors import ApplianceError
from appliance.model_cameras import HoldKind
from appliance.mqtt import messages
from appliance.mqtt.alarm_replies import AlarmReplies
from appliance.mqtt.broker import Broker
from appliance.mqtt.holds import HoldCommands
from appliance.mqtt.settings_check import read_password
from appliance.process.service import Leave, Loop, Service, main
from appliance.status import status_document
from appliance.status.events import describe_event
from appliance.store.camera_holds import HoldReader
from appliance.store.event_pages import EventPlace, PlacedEvent
from appliance.store.event_rows import read_new_events, read_newest_id
from appliance.store.rows import encode_time

CYCLE_EVERY_S = 10.0
PATIENCE_S = 120.0


class MqttError(ApplianceError):
    """The broker cannot be reached; the unit does not need it."""

    code = "mqtt"


class MqttCycle:
    """Publishes the state where it changed, and each new event once, unless its camera is muted."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._settings = service.settings
        self._topics = messages.Topics(service.settings)
        self._last_id = read_newest_id(service.store)
        self._well_s = service.clock.stamp().uptime_s
        own = service.settings.mqtt
        client_id = f"{messages.DISTRIBUTION}-{self._topics.unit}"
        self.broker = Broker(own.host, own.port, will=self._topics.online, client_id=client_id)
        if own.user:
            self.broker.log_in(own.user, read_password(own.password_file))
        if own.tls:
            self.broker.use_tls()
        self._commands = HoldCommands(service, self._topics)
        self._alarms = AlarmReplies(service, self._topics)
        if own.commands:
            patterns = [*self._commands.topics.list_patterns(), self._alarms.acknowledge]
            self.broker.take_commands(patterns, self._take)
        self._holds = HoldReader(service.store)

    def _take(self, topic: str, payload: bytes, *, retained: bool) -> messages.Messages:
        own = self._alarms if topic == self._alarms.acknowledge else self._commands
        return own.take(topic, payload, retained=retained)

    def cycle(self) -> str:
        """Publish events and state; returns where to, or why not."""
        self._publish_events()
        self._publish_state()
        now_s = self._service.clock.stamp().uptime_s
        if not self.broker.trouble:
            self._well_s = now_s
            return f"reports to {self._settings.mqtt.host} as {self._topics.root}"
        if now_s - self._well_s > PATIENCE_S:
            advice = "check [mqtt] in the settings, and the broker"
            self._service.report_fault(MqttError(f"{self.broker.trouble}; {advice}"))
        return self.broker.trouble

    def _publish_state(self) -> None:
        document = status_document.build(self._service.store, self._settings)
        states = messages.build_states(self._topics, document)
        states |= self._commands.build_states(self._service.store)
        states |= self._alarms.build_state(document)
        if self._settings.mqtt.discovery:
            states[self._topics.discovery] = messages.build_discovery(self._topics, self._settings)
        self.broker.publish_retained(states)

    def _publish_events(self) -> None:
        for row_id, event in read_new_events(self._service.store, self._last_id):
            muted = HoldKind.MUTE in self._holds.find(event.camera)
            self._last_id = row_id
            if muted:
                continue
            placed = PlacedEvent(EventPlace(encode_time(event.stamp.utc), row_id), event)
            self.broker.publish_event(*messages.build_event(self._topics, describe_event(placed)))


def assemble(service: Service) -> Loop:
    """Wire the service."""
    if not service.settings.mqtt.host:
        return Loop(leave, CYCLE_EVERY_S)
    mqtt = MqttCycle(service)
    mqtt.broker.start()
    return Loop(mqtt.cycle, CYCLE_EVERY_S, finish=mqtt.broker.close)


def leave() -> str:
    raise Leave("no broker is named in [mqtt]: there is nobody to report to")


if __name__ == "__main__":
    main("mqtt", assemble)
