"""The unit with a real broker (mosquitto): what it publishes, and that the broker may fail."""

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.errors import SettingsError, StoreError
from appliance.log import SentenceLog
from appliance.model_alarms import ReportPosition
from appliance.mqtt.__main__ import assemble
from appliance.mqtt.broker import Broker
from appliance.mqtt.cycle import MqttCycle
from appliance.mqtt.event_feed import EventFeed
from appliance.process.service import Leave, Service
from appliance.sections.cameras import CameraSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.free_ports import find_free_port
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import Listener, event, mosquitto, needs_broker
from tests.waiting import wait_until

SECRET = "hunter2"


def has_text(listener: Listener, topic: str) -> bool:
    return bool(listener.list_texts(topic))


@pytest.fixture
def port() -> int:
    return find_free_port()


@pytest.fixture
def site(settings: Settings, port: int) -> Settings:
    camera = CameraSettings(source=f"rtsp://viewer:{SECRET}@10.0.0.9/stream")
    return replace(
        settings,
        unit=replace(settings.unit, id="test"),
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


@needs_broker
def test_the_unit_reports_and_each_event_is_reported_once(
    service: Service, port: int, tmp_path: Path
) -> None:
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        cycle = MqttCycle(service)
        cycle.broker.start()
        topics = cycle.topics
        inference = Store(service.settings.database, service.clock, "inference")
        wait_until(lambda: not cycle.broker.trouble, "the connection")
        cycle.cycle()
        for number in range(3):
            inference.add(event(SystemClock(), number))
            cycle.cycle()
        wait_until(lambda: len(listener.list_texts(topics.event("demo"))) == 3, "the events")
        cycle.cycle()
        ids = [json.loads(text)["event_id"] for text in listener.list_texts(topics.event("demo"))]
        assert ids == ["e0", "e1", "e2"]
        assert json.loads(listener.list_texts(topics.event("demo"))[0])["rule"] == "zone drive"
        assert listener.list_texts(topics.online) == ["online"]
        assert {topics.discovery, topics.camera_discovery("demo")} <= set(listener.list_kept())
        cycle.broker.close()
        wait_until(lambda: listener.list_texts(topics.online)[-1] == "offline", "the good-bye")
        assert SECRET not in str(listener.received)
        listener.close()
        inference.close()


@needs_broker
def test_what_was_told_before_the_service_ends_is_remembered(
    service: Service, port: int, tmp_path: Path
) -> None:
    with mosquitto(tmp_path, port):
        cycle = MqttCycle(service)
        cycle.cycle()  # what was stored before is not told
        cycle.broker.start()
        wait_until(lambda: cycle.broker.gives_back, "the connection")
        inference = Store(service.settings.database, service.clock, "inference")
        inference.add(event(SystemClock(), 1))
        cycle.cycle()
        loop = assemble(service)
        assert loop.finish is not None
        cycle.finish()
        told = {row.stream: row.row_id for row in service.store.rows(ReportPosition)}
        assert told["event"] == 1
        inference.close()
    assert loop.finish.__func__ is MqttCycle.finish  # type: ignore[attr-defined]
    loop.finish()


@needs_broker
def test_a_disk_that_takes_no_row_keeps_nothing_from_being_told(
    service: Service, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        cycle = MqttCycle(service)
        cycle.cycle()
        cycle.broker.start()
        wait_until(lambda: cycle.broker.gives_back, "the connection")

        def refuse(*_: object) -> None:
            raise StoreError("the disk is full")

        monkeypatch.setattr(service.store, "add", refuse)
        inference = Store(service.settings.database, service.clock, "inference")
        for number in (1, 2):
            inference.add(event(SystemClock(), number))
            assert cycle.cycle().startswith("reports to")
        topic = cycle.topics.event("demo")
        wait_until(lambda: len(listener.list_texts(topic)) == 2, "both events")
        wait_until(partial(has_text, listener, cycle.topics.state), "the state")
        assert cycle.cycle().startswith("reports to")
        assert "the disk is full" in service._faults["store"]
        monkeypatch.undo()
        cycle.finish()
        told = {row.stream: row.row_id for row in service.store.rows(ReportPosition)}
        assert told["event"] == 2
        inference.close()
        listener.close()


@needs_broker
def test_after_a_broker_s_restart_all_is_reported_again(
    service: Service, port: int, tmp_path: Path
) -> None:
    cycle = MqttCycle(service)
    assert "was not reached" in cycle.cycle()
    for _ in range(2):
        with mosquitto(tmp_path, port):
            if cycle.broker._client._thread is None:
                cycle.broker.start()
            wait_until(lambda: not cycle.broker.trouble, "the connection")
            listener = Listener(port)
            cycle.cycle()
            wait_until(partial(has_text, listener, cycle.topics.state), "the state")
            listener.close()
        wait_until(lambda: bool(cycle.broker.trouble), "the loss")
    cycle.broker.close()


@needs_broker
def test_what_the_broker_keeps_of_home_assistant_does_not_say_that_it_is_there(
    service: Service, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[bytes] = []
    monkeypatch.setattr(EventFeed, "note_listener", lambda _, payload: noted.append(payload))
    with mosquitto(tmp_path, port):
        listener, cycle = Listener(port), MqttCycle(service)
        listener.publish(cycle.topics.home_assistant, "online", retain=True)
        cycle.broker.start()
        wait_until(lambda: cycle.broker.gives_back, "the connection")
        number = cycle.broker.ask_for([cycle.topics.home_assistant])
        wait_until(lambda: cycle.broker.has_answered(number), "what is kept")
        listener.publish(cycle.topics.home_assistant, "offline", retain=True)
        wait_until(lambda: bool(noted), "what is said now")
        listener.close()
        cycle.broker.close()
    assert noted == [b"offline"]


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
