"""The unit with a real broker (mosquitto): what it publishes, and what Home Assistant finds."""

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from appliance.clock import SystemClock
from appliance.errors import SettingsError
from appliance.log import SentenceLog
from appliance.model import EnergyLevel
from appliance.model_cameras import Box, Event, Tier
from appliance.mqtt import messages
from appliance.mqtt.__main__ import MqttCycle, assemble
from appliance.mqtt.broker import Broker
from appliance.process.service import Leave, Service
from appliance.sections.cameras import CameraSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.status import status_document
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.laptop import find_free_port
from tests.conftest import OpenStore
from tests.scenes.filled import fill
from tests.stand_ins.fakes import FakeClock
from tests.waiting import wait_until

SECRET = "hunter2"
needs_broker = pytest.mark.skipif(
    shutil.which("mosquitto") is None, reason="needs mosquitto: apt-get install mosquitto"
)


class Listener:
    """A client that keeps what it receives."""

    def __init__(self, port: int) -> None:
        self.received: list[tuple[str, str, bool]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        assert ready.wait(30)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.received.append((message.topic, message.payload.decode(), message.retain))

    def list_texts(self, topic: str) -> list[str]:
        return [text for name, text, _ in self.received if name == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def mosquitto(directory: Path, port: int) -> Iterator[None]:
    """A broker on loopback."""
    config = directory / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    process = subprocess.Popen(["mosquitto", "-c", config], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), "the broker")
        yield
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def port() -> int:
    return find_free_port()


@pytest.fixture
def site(settings: Settings, port: int) -> Settings:
    camera = CameraSettings(source=f"rtsp://viewer:{SECRET}@10.0.0.9/stream")
    return replace(
        settings,
        camera={"demo": camera},
        mqtt=MqttSettings(host="127.0.0.1", port=port),
    )


@pytest.fixture
def service(site: Settings) -> Iterator[Service]:
    prepare_database(site.database)
    clock = SystemClock()
    store = Store(site.database, clock, "mqtt")
    yield Service("mqtt", site, clock, store, SentenceLog("mqtt"))
    store.close()


def event(clock: SystemClock, number: int) -> Event:
    stamp = clock.stamp()
    box = Box(0.1, 0.1, 0.2, 0.4)
    return Event(
        stamp, f"e{number}", "demo", "person", 0.8, stamp.utc, 5, box, None, "0" * 64, Tier.INT8,
        "CPUExecutionProvider", 0.45, EnergyLevel.ECO, 2.5, energy_measured=False,
        reason="analysed because ECO", rule="zone drive",
    )  # fmt: skip


@pytest.fixture
def document(site: Settings, clock: FakeClock, open_store: OpenStore) -> dict[str, Any]:
    """The status document of a unit at work."""
    fill(open_store)
    store = Store(site.database, clock)
    made = status_document.build(store, site)
    store.close()
    return made


def test_what_is_kept_is_the_unit_and_each_camera(site: Settings, document: dict[str, Any]) -> None:
    topics = messages.Topics(site)
    kept = messages.build_states(topics, document)
    assert set(kept) == {topics.state, topics.camera("demo")}
    unit = json.loads(kept[topics.state])
    assert unit["level"] in EnergyLevel.__members__
    assert unit["charge_pct"] is not None
    assert SECRET not in str(kept)


def test_what_is_old_is_reported_as_unknown(site: Settings, document: dict[str, Any]) -> None:
    topics = messages.Topics(site)
    document["battery"]["fresh"] = document["energy"]["fresh"] = False
    unit = json.loads(messages.build_states(topics, document)[topics.state])
    assert (unit["charge_pct"], unit["level"], unit["reason"]) == (None, None, None)


def test_home_assistant_finds_every_template_s_value_in_the_state(
    site: Settings, document: dict[str, Any]
) -> None:
    topics = messages.Topics(site)
    kept = {
        topic: json.loads(text) for topic, text in messages.build_states(topics, document).items()
    }
    found = json.loads(messages.build_discovery(topics, site))
    assert found["availability_topic"] == topics.online
    parts = found["components"]
    assert len({part["unique_id"] for part in parts.values()}) == len(parts)
    for part in parts.values():
        if part["platform"] == "sensor":
            key = part["value_template"].split("value_json.")[1].split(" ")[0]
            assert key in kept[part["state_topic"]], part
    assert parts["demo-event"]["event_types"] == [messages.EVENT_TYPE]


def test_a_name_with_wildcards_makes_no_wildcard_topic(site: Settings) -> None:
    named = replace(site, unit=replace(site.unit, name="field #1/+west"))
    assert messages.Topics(named).root == "neural-energy/field-1-west"


@needs_broker
def test_the_unit_reports_and_each_event_is_reported_once(
    service: Service, port: int, tmp_path: Path
) -> None:
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        cycle = MqttCycle(service)
        cycle.broker.start()
        topics = messages.Topics(service.settings)
        inference = Store(service.settings.database, service.clock, "inference")
        wait_until(lambda: not cycle.broker.trouble, "the connection")
        for number in range(3):
            inference.add(event(SystemClock(), number))
            cycle.cycle()
        wait_until(lambda: len(listener.list_texts(topics.event("demo"))) == 3, "the events")
        cycle.cycle()
        ids = [json.loads(text)["event_id"] for text in listener.list_texts(topics.event("demo"))]
        assert ids == ["e0", "e1", "e2"]
        assert json.loads(listener.list_texts(topics.event("demo"))[0])["rule"] == "zone drive"
        assert listener.list_texts(topics.online) == ["online"]
        assert listener.list_texts(topics.discovery)
        cycle.broker.close()
        wait_until(lambda: listener.list_texts(topics.online)[-1] == "offline", "the good-bye")
        assert SECRET not in str(listener.received)
        listener.close()
        inference.close()


@needs_broker
def test_after_a_broker_s_restart_all_is_reported_again_and_waiting_events_are_reported(
    service: Service, port: int, tmp_path: Path
) -> None:
    topics = messages.Topics(service.settings)
    cycle = MqttCycle(service)
    inference = Store(service.settings.database, service.clock, "inference")
    inference.add(event(SystemClock(), 7))
    assert "was not reached" in cycle.cycle()
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        cycle.broker.start()
        wait_until(lambda: bool(listener.list_texts(topics.event("demo"))), "the event that waited")
        cycle.cycle()
        wait_until(lambda: bool(listener.list_texts(topics.state)), "the state")
        listener.close()
    wait_until(lambda: bool(cycle.broker.trouble), "the loss")
    with mosquitto(tmp_path, port):
        wait_until(lambda: not cycle.broker.trouble, "the connection")
        listener = Listener(port)
        cycle.cycle()
        wait_until(lambda: bool(listener.list_texts(topics.state)), "the state, again")
        listener.close()
    cycle.broker.close()
    inference.close()


def test_a_broker_that_is_lost_at_the_last_moment_does_not_stop_the_end() -> None:
    broker = Broker("127.0.0.1", 1, will="unit/online", client_id="last")
    broker._trouble = ""  # the loss was not yet noticed; paho says "not connected"
    with pytest.raises(RuntimeError):
        broker._client.publish("unit/online", "offline", qos=1).wait_for_publish(2)
    broker.close()


@needs_broker
def test_a_unit_that_is_gone_is_offline_by_its_last_will(port: int, tmp_path: Path) -> None:
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        broker = Broker("127.0.0.1", port, will="unit/online", client_id="gone")
        broker.start()
        wait_until(lambda: listener.list_texts("unit/online") == ["online"], "the state")
        connection = broker._client.socket()
        assert connection is not None
        broker._client._reconnect_min_delay = 60
        connection.shutdown(socket.SHUT_RDWR)
        wait_until(lambda: "offline" in listener.list_texts("unit/online"), "the last will")
        broker.close()
        listener.close()


def test_a_broker_that_is_not_there_is_a_fault_after_two_minutes(
    site: Settings, clock: FakeClock
) -> None:
    prepare_database(site.database)
    store = Store(site.database, clock, "mqtt")
    service = Service("mqtt", site, clock, store, SentenceLog("mqtt"))
    cycle = MqttCycle(service)
    service.run_once(cycle.cycle)
    assert store.list_open_faults() == []
    clock.advance(121)
    service.run_once(cycle.cycle)
    (fault,) = store.list_open_faults()
    assert (fault.code, fault.source) == ("mqtt", "mqtt")
    assert "check [mqtt]" in fault.text
    store.close()


def test_without_a_broker_in_the_settings_it_leaves(service: Service) -> None:
    service.settings = replace(service.settings, mqtt=MqttSettings())
    with pytest.raises(Leave, match="nobody to report to"):
        assemble(service).cycle()


def test_a_password_that_cannot_be_read_is_reported(service: Service, tmp_path: Path) -> None:
    own = MqttSettings(host="127.0.0.1", user="unit", password_file=tmp_path / "none")
    service.settings = replace(service.settings, mqtt=own)
    with pytest.raises(SettingsError, match=r"cannot be read from .*none.*\[mqtt\]"):
        MqttCycle(service)
