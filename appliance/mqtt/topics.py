"""The topics of one unit, and payloads as JSON. Pure.

In: the unit's identity, the settings. Out: names of topics, JSON text.
Never: puts the unit's name into a topic (two units may have one name), or a secret into a payload.

    PREFIX/ID/online            "online" or "offline", retained (its last will)
    PREFIX/ID/state             the unit, retained
    PREFIX/ID/camera/NAME       each camera, retained
    PREFIX/ID/update            the release that runs and the one that comes, retained
    PREFIX/ID/event/NAME        each event of that camera, not retained
    PREFIX/ID/picture/NAME      its last event's snapshot (`[mqtt] pictures`), base64, retained
    DISCOVERY/device/ID/config, DISCOVERY/device/ID-camera-NAME/config    for Home Assistant
"""

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from appliance.log import redact_all
from appliance.settings import Settings

ONLINE, OFFLINE = "online", "offline"
DISTRIBUTION = "neural-energy-appliance"
FORMER_DISCOVERY = "homeassistant"
Messages = dict[str, str]
Document = Mapping[str, Any]
Documents = dict[str, dict[str, Any]]


class Topics:
    """The names of one unit's topics. `unit` is its identity."""

    def __init__(self, settings: Settings, identity: str) -> None:
        self.unit = make_topic_part(identity)
        self.name = settings.unit.name
        self.root = f"{settings.mqtt.topic.strip('/')}/{self.unit}"
        self.online = f"{self.root}/online"
        self.state = f"{self.root}/state"
        self.prefix = settings.mqtt.discovery_prefix.strip("/")

    def camera(self, name: str) -> str:
        return f"{self.root}/camera/{name}"

    def event(self, camera: str) -> str:
        return f"{self.root}/event/{camera}"

    def picture(self, camera: str) -> str:
        return f"{self.root}/picture/{camera}"

    @property
    def update(self) -> str:
        return f"{self.root}/update"

    @property
    def discovery(self) -> str:
        return f"{self.prefix}/device/{self.unit}/config"

    def camera_device(self, name: str) -> str:
        """A camera's identity as a device."""
        return f"{self.unit}-camera-{make_topic_part(name)}"

    def camera_discovery(self, name: str) -> str:
        return f"{self.prefix}/device/{self.camera_device(name)}/config"

    @property
    def home_assistant(self) -> str:
        """Where Home Assistant says that it has come or gone."""
        return f"{self.prefix}/status"

    def make_unique_id(self, topic: str, key: str) -> str:
        """An entity's unique id, the same after a restart and a new name."""
        return make_topic_part(f"{self.unit}-{topic.removeprefix(self.root).strip('/')}-{key}")


def make_topic_part(name: str) -> str:
    """A name as part of a topic: wildcards and slashes mean something there. Two different names
    stay different: one that loses something gets a digest.
    """
    part = re.sub(r"[^A-Za-z0-9_-]+", "-", name).strip("-")
    if part == name:
        return part
    digest = hashlib.sha256(name.encode(errors="surrogatepass")).hexdigest()[:8]
    return f"{part}-{digest}" if part else digest


def list_former_topics(settings: Settings) -> list[str]:
    """What releases before identities may have left at the broker, under the unit's name."""
    unit = re.sub(r"[^A-Za-z0-9_-]+", "-", settings.unit.name).strip("-") or "unit"
    root = f"{settings.mqtt.topic.strip('/')}/{unit}"
    found = [f"{FORMER_DISCOVERY}/device/{unit}/config"]
    found += [f"{root}/{own}" for own in ("online", "state", "alarm")]
    for name in settings.camera:
        camera = f"{root}/camera/{name}"
        switches = [f"{camera}/{word}/state" for word in ("enabled", "detect", "notifications")]
        found += [camera, *switches, f"{camera}/notifications/suspended"]
    return found


def to_json(document: Document) -> str:
    """JSON without secrets."""
    return json.dumps(redact_all(dict(document)), separators=(",", ":"), sort_keys=True)
