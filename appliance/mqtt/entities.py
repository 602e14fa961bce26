"""Entities of Home Assistant's MQTT discovery, one function for each kind. Pure.

In: topics and facts. Out: documents, by the schema of https://www.home-assistant.io/integrations/mqtt
Never: gives an entity an id that follows a name of people.
"""

import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from appliance.mqtt.topics import DISTRIBUTION, Documents, Topics, to_json

DIAGNOSTIC, CONFIG = "diagnostic", "config"
MANUFACTURER = "Neural Energy"
MEASUREMENT, RISING = "measurement", "total_increasing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What a sensor's number is: device class, unit, state class and digits, as they are there."""

    device_class: str | None = None
    unit: str | None = None
    state_class: str | None = MEASUREMENT
    digits: int | None = 0


POWER = Quantity(device_class="power", unit="W")
FINE_POWER = Quantity(device_class="power", unit="W", digits=1)
ENERGY = Quantity(device_class="energy", unit="kWh", state_class=RISING, digits=2)
PERCENT = Quantity(device_class="battery", unit="%")
SHARE = Quantity(unit="%")
VOLTAGE = Quantity(device_class="voltage", unit="V", digits=2)
CURRENT = Quantity(device_class="current", unit="A", digits=1)
COUNT = Quantity()
TIME = Quantity(device_class="timestamp", state_class=None, digits=None)
TEXT = Quantity(state_class=None, digits=None)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entity's state is: a topic, and the path of keys in its JSON."""

    topic: str
    keys: tuple[str, ...]

    @property
    def expression(self) -> str:
        """The value in a template; a key may be any text."""
        return "value_json" + "".join(f"[{json.dumps(key)}]" for key in self.keys)

    @property
    def template(self) -> str:
        return f"{{{{ {self.expression} }}}}"


def build_sensor(
    topics: Topics, place: Place, name: str, quantity: Quantity, **more: Any
) -> dict[str, Any]:
    """One value of a state; `more`: further keys of the discovery."""
    return drop_unknown(
        {
            "platform": "sensor",
            "unique_id": make_unique_id(topics, place),
            "name": name,
            "state_topic": place.topic,
            "value_template": place.template,
            "device_class": quantity.device_class,
            "unit_of_measurement": quantity.unit,
            "state_class": quantity.state_class,
            "suggested_display_precision": quantity.digits,
            **more,
        }
    )


def build_reason(topics: Topics, topic: str) -> dict[str, Any]:
    """Why; the whole of it is an attribute, since a state takes 255 characters."""
    template = "{{ {'reason': value_json.reason_whole} | tojson }}"
    return build_sensor(
        topics,
        Place(topic, ("reason",)),
        "Reason",
        TEXT,
        entity_category=DIAGNOSTIC,
        json_attributes_topic=topic,
        json_attributes_template=template,
    )


def build_binary(
    topics: Topics, place: Place, name: str, device_class: str, **more: Any
) -> dict[str, Any]:
    """On where the value is true, off where it is false, unknown where it is null."""
    value = place.expression
    return {
        "platform": "binary_sensor",
        "unique_id": make_unique_id(topics, place),
        "name": name,
        "device_class": device_class,
        "state_topic": place.topic,
        "value_template": f"{{{{ None if {value} is none else 'ON' if {value} else 'OFF' }}}}",
        **more,
    }


def build_device(topics: Topics, device: dict[str, Any], components: Documents) -> str:
    """The message that announces one device ("device discovery")."""
    release = version(DISTRIBUTION)
    own = {"manufacturer": MANUFACTURER, "sw_version": release, **device}
    return to_json(
        {
            "device": drop_unknown(own),
            "origin": {"name": DISTRIBUTION, "sw_version": release},
            "availability_topic": topics.online,
            "qos": 1,
            "components": components,
        }
    )


def make_unique_id(topics: Topics, place: Place) -> str:
    """The same after a restart and a new name."""
    return topics.make_unique_id(place.topic, "/".join(place.keys))


def drop_unknown(document: dict[str, Any]) -> dict[str, Any]:
    """Without what is None: the schema takes no nulls."""
    return {name: value for name, value in document.items() if value is not None}
