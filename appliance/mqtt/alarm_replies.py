"""Alarms over MQTT: the newest and what waits, and "I have seen it".

    PREFIX/ID/alarm                 the newest alarm, and how many messages wait and why; retained
    PREFIX/ID/alarm/acknowledge     its number or id, ALL, or {"alarm": "12", "who": "anna"}

Reads: the status document, messages. Writes: `AlarmOrder` rows.
Never: takes a retained message for an order, or more than some in a minute.
"""

from collections.abc import Mapping
from typing import Any

from appliance.model_alarms import AlarmOrder, AlarmOrderKind
from appliance.mqtt.alarm_topics import ALL, make_acknowledge_topic, make_alarm_topic
from appliance.mqtt.command_limit import CommandGate
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Document, Messages, Topics, to_json
from appliance.parsing.values import parse_name
from appliance.process.alarm_wake import make_wake
from appliance.process.service import Service
from appliance.store.alarm_orders import add_order
from appliance.strict_json import InputError, parse_object, refuse_unknown, require_text

MOST_BYTES, LONGEST = 1024, 100
SOMEBODY = "somebody"
VIA = "MQTT"
SHOWN = ("alarm_id", "sequence", "at", "kind", "priority", "text", "occurrences", "acknowledged_by")


class AlarmReplies:
    """Of one unit. `take` may be called in another thread than the rest, and raises
    `StoreError` where the order may be tried again.
    """

    def __init__(self, service: Service, topics: Topics, refusals: Refusals) -> None:
        self._service = service
        self._gate = CommandGate(service, refusals)
        self.topic = make_alarm_topic(topics.root)
        self.acknowledge = make_acknowledge_topic(topics.root)

    def build_state(self, status: Document) -> Messages:
        """The retained message; none where nobody is told of alarms."""
        own = status["alarms"]
        if not own["is_set"]:
            return {}
        newest = own["recent"][0] if own["recent"] else None
        document = {
            "waiting": own["waiting"],
            "sentence": own["sentence"],
            "newest": newest and {name: newest[name] for name in SHOWN},
        }
        return {self.topic: to_json(document)}

    def take(self, topic: str, payload: bytes, *, retained: bool) -> Messages:
        """Store that an alarm was seen; the state follows when the service has taken it."""
        return self._gate.take(topic, lambda: self._order(payload), retained=retained)

    def _order(self, payload: bytes) -> Messages:
        settings, clock = self._service.settings, self._service.clock
        alarm_id, who = parse_reply(payload)
        order = AlarmOrder(clock.stamp(), AlarmOrderKind.ACKNOWLEDGE, alarm_id, "", who, VIA)
        add_order(settings.database, clock, order, make_wake(settings.alarm_socket))
        return {}


def parse_reply(payload: bytes) -> tuple[str, str]:
    """Which alarm ("" for all) and who. Raises `InputError`."""
    if len(payload) > MOST_BYTES:
        raise InputError(f"it has more than {MOST_BYTES} bytes")
    text = payload.decode(errors="replace").strip()
    given: Mapping[str, Any] = {"alarm": text}
    if text.startswith("{"):
        given = parse_object(payload, most_bytes=MOST_BYTES)
        refuse_unknown(given, ("alarm", "who"))
    named = parse_name(require_text(given.get("alarm"), "alarm", LONGEST))
    who = require_text(given.get("who", SOMEBODY), "who", LONGEST)
    return ("" if named.upper() == ALL else named), parse_name(who)
