"""MQTT messages: topics and payloads made of the status document and of events. Pure.

In: the status document (docs/status.md), events as documents. Out: topic -> JSON text.
Never: sends an old value as a present one: what is not fresh is null. Never sends a picture, an
address or a password.

    PREFIX/UNIT/online            "online" or "offline", retained (its last will)
    PREFIX/UNIT/state             the unit: charge, power, level and reason, retained
    PREFIX/UNIT/camera/NAME       each camera: mode, power and reason, retained
    PREFIX/UNIT/event/NAME        each event of that camera, once, not retained
    (appliance/mqtt/commands.py has the topics of commands, alarm_replies.py those of alarms)
    homeassistant/device/ID/config  Home Assistant's device discovery, retained
"""

import json
import re
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from appliance.log import redact_all
from appliance.model import EnergyLevel
from appliance.mqtt.commands import KINDS, SET, STATE
from appliance.settings import Settings

ONLINE, OFFLINE = "online", "offline"
DISTRIBUTION = "neural-energy-appliance"
EVENT_TYPE = "seen"
Messages = dict[str, str]
Document = Mapping[str, Any]


class Topics:
    """The names of one unit's topics."""

    def __init__(self, settings: Settings) -> None:
        self.unit = make_topic_part(settings.unit.name)
        self.root = f"{settings.mqtt.topic.strip('/')}/{self.unit}"
        self.online = f"{self.root}/online"
        self.state = f"{self.root}/state"

    def camera(self, name: str) -> str:
        return f"{self.root}/camera/{name}"

    def event(self, camera: str) -> str:
        return f"{self.root}/event/{camera}"

    @property
    def discovery(self) -> str:
        return f"homeassistant/device/{self.unit}/config"


def make_topic_part(name: str) -> str:
    """A name as part of a topic: wildcards and slashes mean something there."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-") or "unit"


def build_states(topics: Topics, status: Document) -> Messages:
    """The retained messages: the unit and each camera as they are now."""
    documents = {topics.state: build_state(status)}
    for camera in status["cameras"]:
        documents[topics.camera(camera["camera"])] = build_camera_state(camera)
    return {topic: to_json(document) for topic, document in documents.items()}


def build_state(status: Document) -> Document:
    """The unit in a few numbers."""
    battery, sun, energy = (select_fresh(status[name]) for name in ("battery", "sun", "energy"))
    newest = status["events"]["newest"] or {}
    return {
        "charge_pct": battery.get("state_of_charge_pct"),
        "charge_sigma_pct": battery.get("sigma_pct"),
        "battery_voltage_v": battery.get("voltage_v"),
        "battery_current_a": battery.get("current_a"),
        "pv_power_w": sun.get("pv_power_w"),
        "load_power_w": status["load"]["power_w"],
        "level": energy.get("level"),
        "budget_w": energy.get("power_w"),
        "reason": energy.get("reason"),
        "events_24_h": status["events"]["last_24_h"],
        "last_event_at": newest.get("at"),
        "faults": len(status["faults"]),
        "fault": status["faults"][0]["text"] if status["faults"] else None,
    }


def build_camera_state(camera: Document) -> Document:
    """One camera in a few words."""
    now = select_fresh(camera)
    return {
        "mode": now.get("mode"),
        "power_w": now.get("power_w"),
        "reason": now.get("reason"),
        "stream": now.get("stream"),
        "holds": "; ".join(one["text"] for one in camera["holds"]) or None,
    }


def build_event(topics: Topics, event: Document) -> tuple[str, str]:
    """One event's topic and payload."""
    names = ["event_id", "at", "last_seen", "camera", "label", "confidence", "rule", "reason"]
    names += ["sub_label", "sub_confidence"] if event.get("sub_label") else []
    document = {"event_type": EVENT_TYPE} | {name: event.get(name) for name in names}
    return topics.event(event["camera"]), to_json(document)


def select_fresh(part: Document | None) -> Document:
    """A part of the status document, or nothing where it is old or was never there."""
    return part if part and part.get("fresh") else {}


def to_json(document: Document) -> str:
    """JSON without secrets."""
    return json.dumps(redact_all(dict(document)), separators=(",", ":"), sort_keys=True)


# --- Home Assistant ------------------------------------------------------------------------------

# key of the unit's state     name                  device class     unit   state class
SENSORS = (
    ("charge_pct",            "Charge",             "battery",       "%",   "measurement"),
    ("charge_sigma_pct",      "Charge uncertainty", None,            "%",   "measurement"),
    ("battery_voltage_v",     "Battery voltage",    "voltage",       "V",   "measurement"),
    ("battery_current_a",     "Battery current",    "current",       "A",   "measurement"),
    ("pv_power_w",            "Solar power",        "power",         "W",   "measurement"),
    ("load_power_w",          "Load",               "power",         "W",   "measurement"),
    ("budget_w",              "Budget",             "power",         "W",   "measurement"),
    ("level",                 "Energy level",       "enum",          None,  None),
    ("reason",                "Reason",             None,            None,  None),
    ("events_24_h",           "Events in a day",    None,            None,  "measurement"),
    ("last_event_at",         "Last event",         "timestamp",     None,  None),
)  # fmt: skip


def build_discovery(topics: Topics, settings: Settings) -> str:
    """The message that announces the unit to Home Assistant ("device discovery")."""
    parts = {
        key: build_sensor(
            topics, topics.state, key, name, kind=kind, unit=unit, state_class=state_class
        )
        for key, name, kind, unit, state_class in SENSORS
    }
    parts["fault"] = build_fault(topics)
    for name in settings.camera:
        parts |= build_camera_components(topics, name, commands=settings.mqtt.commands)
    return to_json(
        {
            "device": {
                "identifiers": [topics.unit],
                "name": settings.unit.name,
                "manufacturer": "Neural Energy",
                "model": "mobile unit",
                "sw_version": version(DISTRIBUTION),
            },
            "origin": {"name": DISTRIBUTION, "sw_version": version(DISTRIBUTION)},
            "availability_topic": topics.online,
            "qos": 1,
            "components": parts,
        }
    )


def build_sensor(
    topics: Topics,
    topic: str,
    key: str,
    name: str,
    *,
    kind: str | None = None,
    unit: str | None = None,
    state_class: str | None = None,
) -> Document:
    """One value of a state as an entity."""
    found = {
        "platform": "sensor",
        "unique_id": make_unique_id(topics, topic, key),
        "name": name,
        "state_topic": topic,
        "value_template": f"{{{{ value_json.{key} }}}}",
        "device_class": kind,
        "unit_of_measurement": unit,
        "state_class": state_class,
        "options": [level.name for level in EnergyLevel] if kind == "enum" else None,
    }
    return {name: value for name, value in found.items() if value is not None}


def build_fault(topics: Topics) -> Document:
    """Whether something is wrong."""
    return {
        "platform": "binary_sensor",
        "unique_id": make_unique_id(topics, topics.state, "faults"),
        "name": "Fault",
        "device_class": "problem",
        "state_topic": topics.state,
        "value_template": "{{ 'ON' if value_json.faults else 'OFF' }}",
        "json_attributes_topic": topics.state,
        "json_attributes_template": "{{ {'fault': value_json.fault} | tojson }}",
    }


def build_camera_components(topics: Topics, name: str, *, commands: bool) -> dict[str, Document]:
    """A camera's mode, power and events, and its switches where commands are taken."""
    topic = topics.camera(name)
    return {
        f"{name}-mode": build_sensor(topics, topic, "mode", f"{name} mode"),
        f"{name}-power": build_sensor(
            topics,
            topic,
            "power_w",
            f"{name} power",
            kind="power",
            unit="W",
            state_class="measurement",
        ),
        f"{name}-event": {
            "platform": "event",
            "unique_id": make_unique_id(topics, topics.event(name), "event"),
            "name": f"{name} event",
            "device_class": "motion",
            "event_types": [EVENT_TYPE],
            "state_topic": topics.event(name),
        },
        **(build_camera_switches(topics, name) if commands else {}),
    }


def build_camera_switches(topics: Topics, name: str) -> dict[str, Document]:
    """What may be taken from a camera: connection, analysing, telling."""
    found: dict[str, Document] = {}
    for word in KINDS:
        base = f"{topics.camera(name)}/{word}"
        found[f"{name}-{word}"] = {
            "platform": "switch",
            "unique_id": make_unique_id(topics, base, "switch"),
            "name": f"{name} {word}",
            "command_topic": f"{base}/{SET}",
            "state_topic": f"{base}/{STATE}",
        }
    return found


def make_unique_id(topics: Topics, topic: str, key: str) -> str:
    """An entity's unique id, the same after a restart."""
    return make_topic_part(f"{topics.unit}-{topic.removeprefix(topics.root)}-{key}")
