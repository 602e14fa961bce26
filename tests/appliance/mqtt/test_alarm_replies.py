"""Alarms acknowledged over MQTT: parsed strictly, and with a real broker."""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.clock import SystemClock
from appliance.log import SentenceLog
from appliance.model_alarms import AlarmOrder
from appliance.mqtt.alarm_replies import AlarmReplies, parse_reply
from appliance.mqtt.command_limit import MOST_IN_A_MINUTE
from appliance.mqtt.cycle import MqttCycle
from appliance.mqtt.refusals import Refusals
from appliance.mqtt.topics import Topics
from appliance.process.service import Service
from appliance.sections.alarms import RecipientSettings
from appliance.sections.network import MqttSettings
from appliance.settings import Settings
from appliance.store.prepare import prepare_database
from appliance.store.store import Store
from appliance.strict_json import InputError
from provisioning.free_ports import find_free_port
from tests.scenes import alarms
from tests.stand_ins.mosquitto import Listener, mosquitto, needs_broker
from tests.waiting import wait_until

ROOT = "neural-energy/test"


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    own = MqttSettings(host="127.0.0.1", port=find_free_port(), controls=True)
    owner = RecipientSettings(channels=("mail",))
    unit = replace(settings.unit, id="test")
    site = replace(settings, unit=unit, mqtt=own, recipient={"owner": owner})
    prepare_database(site.database)
    clock = SystemClock()
    store = Store(site.database, clock, "mqtt")
    yield Service("mqtt", site, clock, store, SentenceLog("mqtt"))
    store.close()


def test_a_number_an_id_all_and_an_object_are_understood() -> None:
    assert parse_reply(b"12") == ("12", "somebody")
    assert parse_reply(b" 0badcafe-100-7\n") == ("0badcafe-100-7", "somebody")
    assert parse_reply(b"all") == ("", "somebody")
    assert parse_reply(b'{"alarm": "12", "who": "anna"}') == ("12", "anna")


@pytest.mark.parametrize(
    "payload",
    [b"", b"{}", b'{"alarm": 12}', b'{"alarm": "1", "why": "x"}', b"[" * 900, b"x" * 2000, b"\0"],
)
def test_what_names_no_alarm_is_refused(payload: bytes) -> None:
    with pytest.raises(InputError):
        parse_reply(payload)


@given(st.binary(max_size=80))
def test_whatever_comes_is_a_reply_or_a_refusal(payload: bytes) -> None:
    with suppress(InputError):
        parse_reply(payload)


def test_retained_and_too_many_are_not_taken(service: Service) -> None:
    replies = AlarmReplies(service, Topics(service.settings, "test"), Refusals(service))
    replies.take(replies.acknowledge, b"1", retained=True)
    assert service.store.rows(AlarmOrder) == []
    for _ in range(MOST_IN_A_MINUTE + 5):
        replies.take(replies.acknowledge, b"1", retained=False)
    assert len(service.store.rows(AlarmOrder)) == MOST_IN_A_MINUTE


@needs_broker
def test_the_newest_alarm_is_published_and_a_message_acknowledges_it(
    service: Service, tmp_path: Path
) -> None:
    port = service.settings.mqtt.port
    with mosquitto(tmp_path, port):
        listener = Listener(port)
        store = Store(service.settings.database, service.clock, "alarm")
        store.add(*alarms.make_rows(service.clock.stamp())[:2])
        cycle = MqttCycle(service)
        cycle.broker.start()
        wait_until(lambda: not cycle.broker.trouble, "the connection")
        cycle.cycle()
        wait_until(lambda: bool(listener.list_texts(f"{ROOT}/alarm")), "the alarm")
        shown = json.loads(listener.list_texts(f"{ROOT}/alarm")[0])
        assert (shown["waiting"], shown["newest"]["text"]) == (1, "a person at demo")
        reply = json.dumps({"alarm": str(shown["newest"]["sequence"]), "who": "anna"})
        listener.publish(f"{ROOT}/alarm/acknowledge", reply)
        wait_until(lambda: store.rows(AlarmOrder) != [], "the order")
        cycle.broker.close()
        listener.close()
        (order,) = store.rows(AlarmOrder)
        assert (order.alarm_id, order.who, order.via) == ("1", "anna", "MQTT")
        store.close()


def test_a_unit_that_tells_nobody_publishes_nothing_of_alarms(service: Service) -> None:
    replies = AlarmReplies(service, Topics(service.settings, "test"), Refusals(service))
    assert replies.build_state({"alarms": {"is_set": False}}) == {}
