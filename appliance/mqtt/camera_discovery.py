"""Home Assistant's device of each camera, which hangs on the unit's. Pure.

In: settings and topics. Out: the message of its discovery.
Never: announces a control or a picture where the settings give none.
"""

from typing import Any

from appliance.mqtt.commands import KINDS, OFF_FOR, OFF_SPANS, SET, STATE
from appliance.mqtt.entities import (
    CONFIG,
    COUNT,
    DIAGNOSTIC,
    ENERGY,
    FINE_POWER,
    TEXT,
    Place,
    build_binary,
    build_device,
    build_reason,
    build_sensor,
)
from appliance.mqtt.event_message import EVENT_TYPE
from appliance.mqtt.presence import list_labels, list_zones
from appliance.mqtt.topics import Documents, Topics
from appliance.settings import Settings


def build_camera_discovery(topics: Topics, settings: Settings, name: str, page: str) -> str:
    """`page`: where people find the unit's page."""
    own = settings.mqtt
    parts = build_values(topics, name) | build_presence(topics, settings, name)
    if own.pictures:
        parts["picture"] = build_picture(topics, name)
    if own.takes_orders:
        parts |= build_switches(topics, name)
    device = {
        "identifiers": [topics.camera_device(name)],
        "name": f"{topics.name} {name}",
        "model": "camera",
        "via_device": topics.unit,
        "configuration_url": page or None,
    }
    return build_device(topics, device, parts)


def build_values(topics: Topics, name: str) -> Documents:
    """What it does, why, what it costs; its events."""
    topic = topics.camera(name)
    mode, power, energy, holds, problem = (
        Place(topic, (key,)) for key in ("mode", "power_w", "energy_kwh", "holds", "problem")
    )
    return {
        "mode": build_sensor(topics, mode, "Mode", TEXT),
        "power": build_sensor(topics, power, "Power", FINE_POWER),
        "energy": build_sensor(topics, energy, "Energy", ENERGY),
        "reason": build_reason(topics, topic),
        "holds": build_sensor(topics, holds, "Held by", TEXT, entity_category=DIAGNOSTIC),
        "problem": build_binary(topics, problem, "Problem", "problem", entity_category=DIAGNOSTIC),
        "event": build_event_entity(topics, name),
    }


def build_event_entity(topics: Topics, name: str) -> dict[str, Any]:
    """Each event, with what was seen."""
    return {
        "platform": "event",
        "unique_id": topics.make_unique_id(topics.event(name), "event"),
        "name": "Event",
        "device_class": "motion",
        "event_types": [EVENT_TYPE],
        "state_topic": topics.event(name),
    }


def build_presence(topics: Topics, settings: Settings, name: str) -> Documents:
    """Whether each label is there, and how often it was; how often each zone was entered."""
    topic, found = topics.camera(name), {}
    for label in list_labels(settings, name):
        title, keys = label.capitalize(), ("labels", label)
        there = Place(topic, (*keys, "present"))
        found[f"label-{label}"] = build_binary(topics, there, title, "occupancy")
        count = Place(topic, (*keys, "events_24_h"))
        found[f"label-{label}-count"] = build_sensor(topics, count, f"{title} in a day", COUNT)
    for zone in list_zones(settings, name):
        place = Place(topic, ("zones", zone, "events_24_h"))
        found[f"zone-{zone}-count"] = build_sensor(topics, place, f"Zone {zone} in a day", COUNT)
    return found


def build_picture(topics: Topics, name: str) -> dict[str, Any]:
    """The snapshot of the last event, as it is stored."""
    return {
        "platform": "image",
        "unique_id": topics.make_unique_id(topics.picture(name), "picture"),
        "name": "Last event",
        "image_topic": topics.picture(name),
        "image_encoding": "b64",
        "content_type": "image/jpeg",
    }


def build_switches(topics: Topics, name: str) -> Documents:
    """What may be taken from a camera: connection, analysing, telling; how long it is off."""
    found: Documents = {}
    for word in KINDS:
        base = f"{topics.camera(name)}/{word}"
        found[word] = {
            "platform": "switch",
            "unique_id": topics.make_unique_id(base, "switch"),
            "name": word.capitalize(),
            "command_topic": f"{base}/{SET}",
            "state_topic": f"{base}/{STATE}",
            "entity_category": CONFIG,
        }
    base = f"{topics.camera(name)}/{OFF_FOR}"
    found[OFF_FOR] = {
        "platform": "select",
        "unique_id": topics.make_unique_id(base, "select"),
        "name": "Off for",
        "command_topic": f"{base}/{SET}",
        "state_topic": f"{base}/{STATE}",
        "options": list(OFF_SPANS),
        "entity_category": CONFIG,
    }
    return found
