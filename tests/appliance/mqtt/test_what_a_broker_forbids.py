"""A broker whose rules (ACL) let the unit write or read nothing: MQTT 3.1.1 says so to nobody."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model_alarms import PublishedTopic
from appliance.mqtt import echo
from appliance.mqtt.broker import Broker
from appliance.mqtt.cycle import MqttCycle
from appliance.mqtt.echo import PATIENCE_S, Echo
from appliance.process.service import Service
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from provisioning.free_ports import find_free_port
from tests.stand_ins.mosquitto import Listener, event, mosquitto, needs_broker
from tests.waiting import wait_until

OTHERS = ("topic readwrite #",)  # who does not log in


@pytest.fixture
def site(settings: Settings, tmp_path: Path) -> Settings:
    (tmp_path / "password").write_text("secret")
    own = MqttSettings(
        host="127.0.0.1",
        port=find_free_port(),
        user="unit",
        password_file=tmp_path / "password",
    )
    site = replace(settings, unit=replace(settings.unit, id="4711"), mqtt=own)
    prepare_database(site.database)
    return site


@contextmanager
def running(site: Settings) -> Iterator[MqttCycle]:
    """The service, connected."""
    clock = SystemClock()
    store = Store(site.database, clock, "mqtt")
    cycle = MqttCycle(Service("mqtt", site, clock, store, SentenceLog("mqtt")))
    cycle.cycle()  # what was stored before is not told
    cycle.broker.start()
    wait_until(lambda: not cycle.broker.trouble, "the connection")
    yield cycle
    cycle.broker.close()
    store.close()


@contextmanager
def forbidding(site: Settings, directory: Path, *rules: str) -> Iterator[None]:
    """A broker with rules for the unit."""
    passwords, acl = directory / "passwords", directory / "acl"
    subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "unit", "secret"], check=True)
    acl.write_text("\n".join((*OTHERS, "user unit", *rules)) + "\n")
    lines = (f"password_file {passwords}", f"acl_file {acl}", "user root")
    with mosquitto(directory, site.mqtt.port, *lines):
        yield


def list_remembered(cycle: MqttCycle) -> set[str]:
    return {row.topic for row in cycle._service.store.rows(PublishedTopic)}


@needs_broker
@pytest.mark.parametrize("rule", ["topic read #", "topic write #"])
def test_what_is_not_given_back_is_said_and_no_event_counts_as_told(
    site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    monkeypatch.setattr(echo, "PATIENCE_S", -1.0)
    with forbidding(site, tmp_path, rule), running(site) as cycle:
        inference = Store(site.database, SystemClock(), "inference")
        inference.add(event(SystemClock(), 1))
        wait_until(lambda: "does not give it back" in cycle.cycle(), "the sentence")
        inference.close()
        cycle._published._known.add("neural-energy/4711/camera/gone")
        cycle.cycle()
        assert "neural-energy/4711/camera/gone" in cycle._published._known
    (tmp_path / "acl").unlink()
    with mosquitto(tmp_path, site.mqtt.port), running(site) as cycle:
        listener = Listener(site.mqtt.port)
        wait_until(lambda: cycle.broker.gives_back, "what the unit said")
        assert cycle.cycle().startswith("reports to")
        topic = cycle.topics.event("demo")
        wait_until(lambda: len(listener.list_texts(topic)) == 1, "the event")
        listener.close()


@needs_broker
def test_the_rules_of_the_document_are_enough(site: Settings, tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs/mqtt.md").read_text()
    _, _, rest = page.partition("    user unit\n")
    rules = [one.strip() for one in rest.partition("\n\n")[0].splitlines()]
    assert len(rules) >= 3
    rules = [one.replace("ID", "4711") for one in rules]
    with forbidding(site, tmp_path, *rules), running(site) as cycle:
        wait_until(lambda: cycle.broker.gives_back, "what the unit said")
        cycle.cycle()
        listener = Listener(site.mqtt.port)
        wanted = {*cycle._build_messages(), cycle.topics.online}
        wait_until(lambda: wanted <= set(listener.list_kept()), "all that is reported")
        listener.close()


@needs_broker
def test_a_false_good_bye_at_the_broker_is_said_against(
    site: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(echo, "PATIENCE_S", -1.0)
    with mosquitto(tmp_path, site.mqtt.port), running(site) as cycle:
        listener = Listener(site.mqtt.port)
        listener.publish(cycle.topics.online, "offline", retain=True)

        def is_online() -> bool:
            cycle.cycle()
            return listener.list_texts(cycle.topics.online)[-2:] == ["offline", "online"]

        wait_until(is_online, "the unit's own word")
        listener.close()


def test_what_comes_late_is_asked_for_again_but_not_often() -> None:
    now_s = 0.0
    found = Echo("online", lambda: now_s)
    found.restart()
    assert not found.is_doubtful()
    assert not found.is_due()
    now_s = PATIENCE_S + 1
    assert found.is_doubtful()
    assert found.is_due()
    assert not found.is_due(), "just asked"
    assert found.note(b"online"), "late"
    now_s += PATIENCE_S + 1
    assert not found.is_due()
    assert not found.is_doubtful()
    assert not found.note(b"offline"), "in time, but wrong"
    assert found.is_due()
    found.restart()
    assert not found.is_heard


def test_a_unit_that_somebody_throws_off_again_and_again_waits_longer_and_says_why() -> None:
    now_s = 0.0
    broker = Broker("127.0.0.1", 1, will="a/online", client_id="a", measure_s=lambda: now_s)
    accepted, lost = [None, None, None, FakeReason()], [None, None, None, FakeReason()]
    delays = []
    for _ in range(9):
        broker._on_connect(*accepted)
        now_s += 1
        broker._on_disconnect(*lost)
        delays.append(broker._client._reconnect_min_delay)
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (2, 120)
    assert "the same identity" in broker.trouble
    broker._on_connect(*accepted)
    assert "the same identity" in broker.trouble, "it has not lasted yet"
    assert broker.publish_retained({"a/state": "{}"}) == 0
    now_s += 31
    assert broker.trouble == ""
    broker._on_disconnect(*lost)
    assert "was lost" in broker.trouble
    assert broker._client._reconnect_min_delay == 1


class FakeReason:
    """Of a connection that was taken, or lost."""

    is_failure = False
