"""Cameras paused, muted and switched off over MQTT: parsed strictly, and with a real broker."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model_cameras import CameraHold, HoldKind
from appliance.model_updates import UpdateHold
from appliance.mqtt.camera_discovery import build_camera_discovery
from appliance.mqtt.command_limit import MOST_IN_A_MINUTE
from appliance.mqtt.commands import CommandTopics, Place, parse_command
from appliance.mqtt.cycle import MqttCycle
from appliance.mqtt.holds import HoldCommands
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Topics
from appliance.process.service import Service
from appliance.sections.cameras import CameraSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.strict_json import InputError
from provisioning.free_ports import find_free_port
from tests.stand_ins.fakes import FakeClock
from tests.stand_ins.mosquitto import Listener, event, mosquitto, needs_broker
from tests.waiting import wait_until

TOPICS = CommandTopics("neural-energy/test", ("gate", "yard"))
GATE = "neural-energy/test/camera/gate"


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    camera = CameraSettings(source="rtsp://10.0.0.9/stream")
    own = MqttSettings(host="127.0.0.1", port=find_free_port(), controls=True)
    unit = replace(settings.unit, id="test")
    site = replace(settings, unit=unit, camera={"gate": camera, "yard": camera}, mqtt=own)
    prepare_database(site.database)
    clock = SystemClock()
    store = Store(site.database, clock, "mqtt")
    yield Service("mqtt", site, clock, store, SentenceLog("mqtt"))
    store.close()


def parse(verb: str, payload: str) -> CameraHold:
    topic = f"{GATE}/{verb}"
    place = TOPICS.find_place(topic)
    return parse_command(place, topic, payload.encode(), FakeClock().stamp(), UTC)


def test_the_words_of_frigate_are_understood() -> None:
    row = parse("detect/set", "OFF")
    assert (row.camera, row.kind, row.holds, row.lasts_s) == ("gate", HoldKind.PAUSE, True, None)
    assert (row.who, row.via) == ("somebody over MQTT", f"{GATE}/detect/set")
    assert not parse("detect/set", "ON").holds
    assert parse("enabled/set", "off").kind is HoldKind.OFF
    assert parse("notifications/suspend", "45").lasts_s == 45 * 60
    assert not parse("notifications/suspend", "0").holds


def test_an_object_says_how_long_who_and_why() -> None:
    text = '{"state": "OFF", "for": "2h", "who": "anna", "reason": "visitors"}'
    row = parse("notifications/set", text)
    assert (row.kind, row.lasts_s) == (HoldKind.MUTE, 7200)
    assert (row.who, row.reason) == ("anna", "visitors")
    until = parse("detect/set", '{"state": "OFF", "until": "18:00"}').until
    assert until is not None
    assert (until.hour, until.minute) == (18, 0)


@pytest.mark.parametrize(
    ("verb", "payload", "says"),
    [
        ("detect/set", "PERHAPS", "state is ON or OFF"),
        ("detect/set", '{"state": "OFF", "for": "2h", "until": "18:00"}', "not both"),
        ("detect/set", '{"state": "OFF", "days": 3}', "not known"),
        ("detect/set", '{"state": "OFF", "until": "2020-01-01"}', "over already"),
        ("detect/set", "", "state is ON or OFF"),
        ("detect/set", "{" * 2000, "more than 1024 bytes"),
        ("notifications/suspend", "soon", "no whole number"),
        ("zoom/set", "ON", "there is no switch 'zoom'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(verb: str, payload: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        parse(verb, payload)


@given(st.text(max_size=60))
def test_whatever_the_topic_is_it_names_a_switch_or_is_refused(text: str) -> None:
    for topic in (text, f"neural-energy/test/{text}", f"{GATE}/{text}", f"{text}/set"):
        with suppress(InputError):
            TOPICS.find_place(topic)


@given(st.binary(max_size=80))
def test_whatever_comes_is_an_order_or_a_refusal(payload: bytes) -> None:
    place = Place("gate", HoldKind.PAUSE, suspends=False)
    with suppress(InputError):
        parse_command(place, GATE, payload, FakeClock().stamp(), UTC)


def test_retained_and_too_many_commands_are_not_taken(service: Service) -> None:
    commands = HoldCommands(service, Topics(service.settings, "test"), Refusals(service))
    topic = "neural-energy/test/camera/gate/detect/set"
    assert commands.take(topic, b"OFF", retained=True) == {}
    for _ in range(MOST_IN_A_MINUTE):
        assert commands.take(topic, b"OFF", retained=False)
    assert commands.take(topic, b"OFF", retained=False) == {}
    assert len(service.store.rows(CameraHold)) == MOST_IN_A_MINUTE


@needs_broker
def test_a_message_pauses_a_camera_and_a_muted_camera_s_events_are_told_to_nobody(
    service: Service, tmp_path: Path
) -> None:
    port, root = service.settings.mqtt.port, "neural-energy/test"
    inference = Store(service.settings.database, service.clock, "inference")
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        cycle = MqttCycle(service)
        cycle.broker.start()
        wait_until(lambda: not cycle.broker.trouble, "the connection")
        cycle.cycle()

        def say(topic: str) -> list[str]:
            return listener.list_texts(f"{root}/{topic}")

        wait_until(lambda: say("camera/gate/detect/state") == ["ON"], "the first state")
        listener.publish(f"{root}/camera/gate/detect/set", '{"state":"OFF","for":"2h"}')
        wait_until(lambda: say("camera/gate/detect/state") == ["ON", "OFF"], "the answer")
        listener.publish(f"{root}/cameras/notifications/set", "OFF")
        wait_until(lambda: say("camera/yard/notifications/state")[-1] == "OFF", "the mute")
        for camera in ("gate", "yard"):
            inference.add(replace(event(SystemClock(), 1), camera=camera))
        cycle.cycle()
        listener.publish(f"{root}/camera/yard/notifications/set", "ON")
        wait_until(lambda: say("camera/yard/notifications/state")[-1] == "ON", "the end")
        inference.add(replace(event(SystemClock(), 2), camera="yard"))
        cycle.cycle()
        wait_until(lambda: bool(say("event/yard")), "the event after the mute")
        assert json.loads(say("event/yard")[0])["event_id"] == "e2"
        assert not say("event/gate")
        cycle.broker.close()
        listener.close()
    [first, *_] = service.store.rows(CameraHold)
    assert (first.kind, first.lasts_s, first.via) == (
        HoldKind.PAUSE, 7200, f"{root}/camera/gate/detect/set",
    )  # fmt: skip
    inference.close()


def test_home_assistant_gets_switches_only_where_orders_are_taken(service: Service) -> None:
    site = service.settings
    topics = Topics(site, "test")

    def list_parts(own: MqttSettings) -> dict[str, Any]:
        text = build_camera_discovery(topics, replace(site, mqtt=own), "gate", "")
        parts: dict[str, Any] = json.loads(text)["components"]
        return parts

    switch = list_parts(site.mqtt)["detect"]
    assert switch["platform"] == "switch"
    assert switch["command_topic"] == "neural-energy/test/camera/gate/detect/set"
    assert switch["state_topic"] == "neural-energy/test/camera/gate/detect/state"
    assert list_parts(site.mqtt)["off-for"]["options"][:2] == ["on", "1 h"]
    assert "detect" in list_parts(MqttSettings(commands=True)), "the former name of the key"
    assert not {"detect", "off-for"} & set(list_parts(MqttSettings()))


def test_a_choice_of_hours_switches_a_camera_off_for_so_long() -> None:
    row = parse("off-for/set", "4 h")
    assert (row.kind, row.holds, row.lasts_s) == (HoldKind.OFF, True, 4 * 3600)
    assert parse("off-for/set", "until switched on").lasts_s is None
    assert not parse("off-for/set", "on").holds
    with pytest.raises(InputError, match="is none of on, 1 h"):
        parse("off-for/set", "until a time")


def test_what_is_in_force_is_one_of_the_choices() -> None:
    hold = parse("off-for/set", "4 h")
    state = f"{GATE}/off-for/state"
    assert TOPICS.build_states({"gate": {}})[state] == "on"
    assert TOPICS.build_states({"gate": {HoldKind.OFF: hold}})[state] == "4 h"
    odd = parse("enabled/set", '{"state": "OFF", "for": "37m"}')
    assert TOPICS.build_states({"gate": {HoldKind.OFF: odd}})[state] == "until a time"


@needs_broker
def test_without_controls_nothing_is_ordered(service: Service, tmp_path: Path) -> None:
    own = replace(service.settings.mqtt, controls=False)
    service.settings = replace(service.settings, mqtt=own)
    with mosquitto(tmp_path, own.port):
        listener = Listener(own.port)
        cycle = MqttCycle(service)
        cycle.broker.start()
        wait_until(lambda: not cycle.broker.trouble, "the connection")
        cycle.cycle()
        wait_until(lambda: "neural-energy/test/state" in listener.list_kept(), "the state")
        listener.publish(f"{GATE}/detect/set", "OFF")
        listener.publish("neural-energy/test/alarm/acknowledge", "ALL")
        listener.publish("neural-energy/test/update/hold/set", "ON")
        cycle.cycle()
        cycle.broker.close()
        assert not [name for name in listener.list_kept() if "/detect/" in name and "state" in name]
        listener.close()
    assert service.store.rows(CameraHold) == []
    assert service.store.rows(UpdateHold) == []
