"""Orders while another program holds the database, a thousand at once, and what is said of them."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.errors import StoreError
from appliance.log import SentenceLog
from appliance.model_cameras import CameraHold, HoldKind
from appliance.mqtt import order_queue
from appliance.mqtt.command_limit import MOST_IN_A_MINUTE
from appliance.mqtt.cycle import MqttCycle
from appliance.mqtt.order_queue import MOST_WAITING, OrderQueue
from appliance.mqtt.refusals import MINUTE_S, MOST_SAID, Refusals
from appliance.mqtt.topics import Messages
from appliance.process.service import Service
from appliance.sections.cameras import CameraSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.store import connection
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.free_ports import find_free_port
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import Listener, mosquitto, needs_broker
from tests.waiting import wait_until

TOPIC = "neural-energy/test/camera/gate/detect/set"


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    own = MqttSettings(host="127.0.0.1", port=find_free_port(), controls=True)
    camera = CameraSettings(source="rtsp://10.0.0.9/stream")
    unit = replace(settings.unit, id="test")
    site = replace(settings, unit=unit, camera={"gate": camera}, mqtt=own)
    prepare_database(site.database)
    store = Store(site.database, SystemClock(), "mqtt")
    yield Service("mqtt", site, SystemClock(), store, SentenceLog("mqtt"))
    store.close()


@needs_broker
def test_an_order_waits_for_a_program_that_holds_the_database(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "BUSY_TIMEOUT_MS", 1)
    monkeypatch.setattr(order_queue, "AGAIN_S", 0.01)
    with mosquitto(tmp_path, service.settings.mqtt.port):
        listener = Listener(service.settings.mqtt.port)
        cycle = MqttCycle(service)
        cycle.broker.start()
        wait_until(lambda: cycle.broker.gives_back, "the connection")
        cycle.cycle()
        state = "neural-energy/test/camera/gate/detect/state"
        wait_until(lambda: listener.list_texts(state) == ["ON"], "the first state")
        tried: list[bytes] = []
        store = cycle._holds._store

        def count(topic: str, payload: bytes) -> Messages:
            tried.append(payload)
            return store(topic, payload)

        monkeypatch.setattr(cycle._holds, "_store", count)
        with closing(sqlite3.connect(service.settings.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            listener.publish(TOPIC, '{"state": "OFF", "who": "anna"}')
            wait_until(lambda: len(tried) > 2, "the order, tried again")
            assert listener.list_texts(state) == ["ON"]
            other.execute("ROLLBACK")
        wait_until(lambda: listener.list_texts(state)[-1] == "OFF", "the answer")
        cycle.finish()
        listener.close()
    [hold] = service.store.rows(CameraHold)
    assert (hold.kind, hold.who) == (HoldKind.PAUSE, "anna")


@needs_broker
def test_of_a_thousand_orders_some_are_taken_and_the_journal_has_some_lines(
    service: Service, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with mosquitto(tmp_path, service.settings.mqtt.port):
        listener = Listener(service.settings.mqtt.port)
        cycle = MqttCycle(service)
        cycle.broker.start()
        wait_until(lambda: cycle.broker.gives_back, "the connection")
        for _ in range(1000):
            listener._client.publish(TOPIC, "OFF", 1)
        listener.publish("end", "of orders")
        wait_until(lambda: len(service.store.rows(CameraHold)) == MOST_IN_A_MINUTE, "the orders")
        assert not cycle.broker.trouble
        cycle.finish()
        listener.close()
    assert len(service.store.rows(CameraHold)) == MOST_IN_A_MINUTE
    refused = [one for one in caplog.messages if "was not taken" in one]
    assert 0 < len(refused) <= MOST_SAID


def test_what_is_not_said_is_counted(
    settings: Settings, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    store = Store(settings.database, clock, "mqtt", opened=False)
    refusals = Refusals(Service("mqtt", settings, clock, store, SentenceLog("mqtt")))
    clock.advance(MINUTE_S)
    for _ in range(MOST_SAID + 7):
        refusals.tell("a/set", "nonsense")
    assert caplog.messages == ["the command a/set was not taken: nonsense"] * MOST_SAID
    caplog.clear()
    refusals.follow()
    clock.advance(MINUTE_S)
    refusals.follow()
    refusals.follow()
    assert caplog.messages == ["7 more commands were not taken in a minute"]
    refusals.tell("a/set", "nonsense")
    assert len(caplog.messages) == 2


def test_an_order_that_no_database_takes_is_given_up_and_said(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(order_queue, "KEPT_S", 0.0)
    monkeypatch.setattr(order_queue, "AGAIN_S", 0.0)
    published: list[Messages] = []
    orders = OrderQueue(service, Refusals(service), published.append)

    def refuse() -> Messages:
        raise StoreError("the disk is full")

    orders.submit("a/set", refuse)
    orders.submit("a/set", lambda: {"a/state": "OFF"})
    wait_until(lambda: published == [{"a/state": "OFF"}], "the next order")
    assert caplog.messages == ["the command a/set was not taken: the disk is full"]
    orders.close()


def test_no_more_wait_than_memory_is_meant_for(
    service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    orders = OrderQueue(service, Refusals(service), lambda _: None)
    may_end, has_begun = threading.Event(), threading.Event()

    def wait() -> Messages:
        has_begun.set()
        may_end.wait(60)
        return {}

    orders.submit("a/set", wait)
    assert has_begun.wait(60)
    for _ in range(MOST_WAITING + 1):
        orders.submit("a/set", dict)
    assert caplog.messages == [
        f"the command a/set was not taken: {MOST_WAITING} others wait already"
    ]
    may_end.set()
    wait_until(orders._waiting.empty, "the end")
    orders.close()
