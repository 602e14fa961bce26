"""Home Assistant's device of the unit itself. Pure.

In: settings and topics. Out: the message of its discovery.
Never: announces a control where the settings take none.
"""

from typing import Any

from appliance.model import EnergyLevel
from appliance.mqtt.alarm_topics import ALL, make_acknowledge_topic, make_alarm_topic
from appliance.mqtt.commands import OFF, ON, SET, STATE
from appliance.mqtt.entities import (
    CONFIG,
    COUNT,
    CURRENT,
    DIAGNOSTIC,
    ENERGY,
    FINE_POWER,
    PERCENT,
    POWER,
    SHARE,
    TEXT,
    TIME,
    VOLTAGE,
    Place,
    Quantity,
    build_binary,
    build_device,
    build_reason,
    build_sensor,
)
from appliance.mqtt.topics import Documents, Topics
from appliance.settings import Settings

# key of the unit's state   name                     quantity    category
SENSORS: tuple[tuple[str, str, Quantity, str | None], ...] = (
    ("charge_pct",          "Charge",                PERCENT,    None),
    ("charge_sigma_pct",    "Charge uncertainty",    SHARE,      DIAGNOSTIC),
    ("battery_voltage_v",   "Battery voltage",       VOLTAGE,    None),
    ("battery_current_a",   "Battery current",       CURRENT,    None),
    ("pv_power_w",          "Solar power",           POWER,      None),
    ("load_power_w",        "Load",                  FINE_POWER, None),
    ("budget_w",            "Budget",                FINE_POWER, DIAGNOSTIC),
    ("sun_kwh",             "Solar energy",          ENERGY,     None),
    ("battery_in_kwh",      "Battery energy in",     ENERGY,     None),
    ("battery_out_kwh",     "Battery energy out",    ENERGY,     None),
    ("load_kwh",            "Load energy",           ENERGY,     None),
    ("events_24_h",         "Events in a day",       COUNT,      None),
    ("last_event_at",       "Last event",            TIME,       None),
)  # fmt: skip


def build_unit_discovery(topics: Topics, settings: Settings, page: str) -> str:
    """`page`: where people find the unit's page."""
    parts: Documents = {
        key: build_sensor(topics, Place(topics.state, (key,)), name, kind, entity_category=category)
        for key, name, kind, category in SENSORS
    }
    parts["level"] = build_level(topics)
    parts["reason"] = build_reason(topics, topics.state)
    parts["fault"] = build_fault(topics)
    for name in settings.source:
        place = Place(topics.state, ("sources", name, "energy_kwh"))
        parts[f"source-{name}"] = build_sensor(topics, place, f"Source {name} energy", ENERGY)
    if settings.recipient:
        parts |= build_alarm_parts(topics, takes_orders=settings.mqtt.takes_orders)
    if settings.update.mirrors:
        parts |= build_update_parts(topics, takes_orders=settings.mqtt.takes_orders)
    device = {
        "identifiers": [topics.unit],
        "name": topics.name,
        "model": "mobile unit",
        "serial_number": topics.unit,
        "configuration_url": page or None,
    }
    return build_device(topics, device, parts)


def build_level(topics: Topics) -> dict[str, Any]:
    """Which loads may run."""
    kind = Quantity(device_class="enum", state_class=None, digits=None)
    levels = [level.name for level in EnergyLevel]
    return build_sensor(
        topics, Place(topics.state, ("level",)), "Energy level", kind, options=levels
    )


def build_fault(topics: Topics) -> dict[str, Any]:
    """Whether something is wrong, and what."""
    return build_binary(
        topics,
        Place(topics.state, ("problem",)),
        "Fault",
        "problem",
        entity_category=DIAGNOSTIC,
        json_attributes_topic=topics.state,
        json_attributes_template=(
            "{{ {'fault': value_json.fault, 'faults': value_json.fault_texts} | tojson }}"
        ),
    )


def build_alarm_parts(topics: Topics, *, takes_orders: bool) -> Documents:
    """How many messages of alarms wait; a button to say that all were seen."""
    topic = make_alarm_topic(topics.root)
    attributes = "{{ {'sentence': value_json.sentence, 'newest': value_json.newest} | tojson }}"
    waiting = build_sensor(
        topics,
        Place(topic, ("waiting",)),
        "Alarm messages waiting",
        COUNT,
        entity_category=DIAGNOSTIC,
        json_attributes_topic=topic,
        json_attributes_template=attributes,
    )
    newest = "{{ value_json.newest.text[:255] if value_json.newest else none }}"
    last = build_sensor(topics, Place(topic, ("newest",)), "Last alarm", TEXT)
    parts: Documents = {"alarms": waiting, "last-alarm": last | {"value_template": newest}}
    if takes_orders:
        parts["acknowledge"] = {
            "platform": "button",
            "unique_id": topics.make_unique_id(topic, "acknowledge"),
            "name": "Acknowledge alarms",
            "command_topic": make_acknowledge_topic(topics.root),
            "payload_press": ALL,
            "entity_category": CONFIG,
        }
    return parts


def build_update_parts(topics: Topics, *, takes_orders: bool) -> Documents:
    """What runs and what comes. The unit decides when: it can be held, not ordered."""
    parts: Documents = {
        "update": {
            "platform": "update",
            "unique_id": topics.make_unique_id(topics.update, "release"),
            "name": "Software",
            "title": "Neural Energy",
            "state_topic": topics.update,
            "entity_category": DIAGNOSTIC,
        }
    }
    if takes_orders:
        parts["update-hold"] = {
            "platform": "switch",
            "unique_id": topics.make_unique_id(topics.update, "hold"),
            "name": "Hold updates",
            "command_topic": f"{topics.update}/hold/{SET}",
            "state_topic": f"{topics.update}/hold/{STATE}",
            "payload_on": ON,
            "payload_off": OFF,
            "entity_category": CONFIG,
        }
    return parts
