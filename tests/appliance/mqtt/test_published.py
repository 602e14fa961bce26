"""What is gone is taken back at a real broker: cameras, names, topics, discovery, controls."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model_alarms import PublishedTopic
from appliance.mqtt.cycle import MqttCycle
from appliance.mqtt.published import Published
from appliance.process.service import Service
from appliance.sections.cameras import CameraSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.free_ports import find_free_port
from tests.conftest import OpenStore
from tests.stand_ins.mosquitto import Listener, mosquitto, needs_broker
from tests.waiting import wait_until

CAMERA = CameraSettings(source="rtsp://10.0.0.9/stream")


@pytest.fixture
def site(settings: Settings) -> Settings:
    own = MqttSettings(host="127.0.0.1", port=find_free_port(), controls=True)
    unit = replace(settings.unit, name="Hütte", id="4711")
    site = replace(settings, unit=unit, camera={"gate": CAMERA, "yard": CAMERA}, mqtt=own)
    prepare_database(site.database)
    return site


@contextmanager
def running(site: Settings) -> Iterator[MqttCycle]:
    """The service with these settings, after its first cycle at the broker."""
    clock = SystemClock()
    store = Store(site.database, clock, "mqtt")
    cycle = MqttCycle(Service("mqtt", site, clock, store, SentenceLog("mqtt")))
    cycle.broker.start()
    wait_until(lambda: not cycle.broker.trouble, "the connection")
    cycle.cycle()
    yield cycle
    cycle.broker.close()
    store.close()


def settle(cycle: MqttCycle) -> None:
    """Until the broker has taken back what is gone, and that is not remembered any more."""

    def is_settled() -> bool:
        cycle.cycle()
        known = {row.topic for row in cycle._service.store.rows(PublishedTopic)}
        return known <= {*cycle._build_messages(), cycle.topics.online}

    wait_until(is_settled, "what is gone to be taken back")


def list_kept(site: Settings) -> dict[str, str]:
    """What a broker gives to somebody who comes now."""
    listener = Listener(site.mqtt.port)
    listener.publish("end", "of what is kept")
    wait_until(lambda: bool(listener.list_texts("end")), "what is kept")
    listener.close()
    return {name: text for name, text in listener.list_kept().items() if name != "end"}


@needs_broker
@pytest.mark.parametrize(
    "change",
    [
        {"camera": {"gate": CAMERA}},
        {"unit": {"id": "4712"}},
        {"mqtt": {"topic": "house/solar"}},
        {"mqtt": {"discovery": False}},
        {"mqtt": {"discovery_prefix": "ha"}},
        {"mqtt": {"controls": False}},
    ],
    ids=lambda change: str(next(iter(change))),
)
def test_what_is_gone_after_a_change_of_the_settings_is_taken_back(
    site: Settings, tmp_path: Path, change: dict[str, dict[str, object]]
) -> None:
    later = site
    for section, values in change.items():
        own = values if section == "camera" else replace(getattr(site, section), **values)
        later = replace(later, **{section: own})  # type: ignore[arg-type]
    with mosquitto(tmp_path, site.mqtt.port):
        with running(site) as cycle:
            settle(cycle)
            before = set(cycle._build_messages())
        with running(later) as cycle:
            settle(cycle)
            wanted = {*cycle._build_messages(), cycle.topics.online}
            kept = list_kept(site)
    assert before - wanted, "something is gone"
    assert set(kept) == wanted


@needs_broker
def test_what_was_published_before_a_kill_is_taken_back_after_it(
    site: Settings, tmp_path: Path
) -> None:
    with mosquitto(tmp_path, site.mqtt.port):
        clock = SystemClock()
        store = Store(site.database, clock, "mqtt")
        killed = MqttCycle(Service("mqtt", site, clock, store, SentenceLog("mqtt")))
        killed.broker.start()
        wait_until(lambda: not killed.broker.trouble, "the connection")
        killed.cycle()  # and nothing more: no good-bye, no second cycle
        wait_until(lambda: killed.topics.camera("yard") in list_kept(site), "the camera")
        killed.broker._client._thread_terminate = True
        connection = killed.broker._client.socket()
        assert connection is not None
        connection.close()
        with running(replace(site, camera={"gate": CAMERA})) as cycle:
            settle(cycle)
            assert not [name for name in list_kept(site) if "yard" in name]
        store.close()


@needs_broker
def test_what_releases_before_identities_left_under_the_name_is_taken_back(
    site: Settings, tmp_path: Path
) -> None:
    old = {
        "homeassistant/device/H-tte/config": "{}",
        "neural-energy/H-tte/online": "offline",
        "neural-energy/H-tte/state": "{}",
        "neural-energy/H-tte/camera/gate": "{}",
        "neural-energy/H-tte/camera/gate/detect/state": "ON",
    }
    with mosquitto(tmp_path, site.mqtt.port):
        listener = Listener(site.mqtt.port)
        for topic, text in old.items():
            listener.publish(topic, text, retain=True)
        listener.close()
        with running(site) as cycle:
            settle(cycle)
            assert not set(old) & set(list_kept(site))


@needs_broker
@pytest.mark.parametrize(("one", "other"), [("field", "field"), ("Сад", "Поле"), ("花园", "田地")])
def test_two_units_of_one_name_stay_two(
    settings: Settings, tmp_path: Path, one: str, other: str
) -> None:
    port = find_free_port()
    sites = []
    for number, name in enumerate((one, other)):
        unit = replace(
            settings.unit, name=name, id=f"unit-{number}", data_dir=tmp_path / f"data-{number}"
        )
        own = MqttSettings(host="127.0.0.1", port=port)
        sites.append(replace(settings, unit=unit, mqtt=own))
        prepare_database(sites[-1].database)
    with mosquitto(tmp_path, port), running(sites[0]) as first, running(sites[1]) as second:
        for cycle in (first, second, first, second):
            cycle.cycle()
            assert not cycle.broker.trouble, "no one throws the other off"
        kept = list_kept(sites[0])
        devices = [json.loads(text) for name, text in kept.items() if name.endswith("config")]
        ids = [part["unique_id"] for one in devices for part in one["components"].values()]
        assert len(ids) == len(set(ids))
        assert len({one["device"]["identifiers"][0] for one in devices}) == len(devices) == 4
        names = {one["device"]["name"] for one in devices if "via_device" not in one["device"]}
        assert names == {one, other}, "people see the names"


def test_what_is_published_is_remembered_before_and_forgotten_only_when_told(
    open_store: OpenStore,
) -> None:
    published = Published(open_store("mqtt"), ["former"])
    assert published.follow(["a", "b"]) == ["former"]
    assert Published(open_store("mqtt"), []).follow(["a"]) == ["b", "former"]
    published.forget(["former"])
    assert Published(open_store("mqtt"), ["former"]).follow(["a", "b"]) == []
