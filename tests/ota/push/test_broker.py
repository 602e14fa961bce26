"""The fleet's broker as `fleet broker` makes it (a real mosquitto): who may read and write what."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from sqlalchemy import Engine

from ota.fleet.database.opening import open_database
from ota.fleet.errors import FleetError
from ota.fleet.push.access import PUBLISHER, Reader, format_access
from ota.fleet.push.broker import OWN, REVOKED, SERVER
from ota.fleet.push.publishing import EXPIRY_S, connect
from ota.fleet.registry.changes import revoke_unit
from ota.push.hint import Hint, find_group_topic, find_unit_topic, make_serial, parse_hint
from ota.push.link import Link, PushClient
from ota.push.secrets import make_tls_context
from ota.reporting.file_names import AUTHORITY, CERTIFICATE, PRIVATE
from tests.stand_ins.fleet_broker import HOST, FleetBroker, now
from tests.stand_ins.fleet_unit import FleetUnit
from tests.stand_ins.mosquitto import needs_broker
from tests.waiting import wait_until

pytestmark = needs_broker
HEARD_S, ENCODING = 120.0, Encoding.PEM


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = open_database(f"sqlite:///{tmp_path / 'fleet.db'}")
    yield opened
    opened.dispose()


@pytest.fixture
def broker(tmp_path: Path, engine: Engine) -> Iterator[FleetBroker]:
    with FleetBroker(tmp_path, engine) as running:
        yield running


class Ear:
    """A unit's connection, and what it hears."""

    def __init__(self, broker: FleetBroker, unit: FleetUnit, *topics: str) -> None:
        own = (find_unit_topic(unit.serial), find_group_topic(unit.group))
        self.heard: list[tuple[str, Hint]] = []
        context = make_tls_context(unit.directory, None)
        address, heard = (HOST, broker.port), topics or own
        self.link = Link(address, unit.serial, heard, context, self._take, retry_s=1)

    def _take(self, topic: str, payload: bytes) -> None:
        self.heard.append((topic, parse_hint(payload)))

    def wait(self, hint: Hint) -> None:
        wait_until(lambda: hint in [one for _, one in self.heard], "the hint", HEARD_S)

    def wait_for_link(self) -> None:
        wait_until(lambda: not self.link.trouble, "the connection", HEARD_S)

    def wait_for_refusal(self) -> str:
        wait_until(lambda: self.link.is_refused, "the refusal", HEARD_S)
        return self.link.trouble


@pytest.fixture
def listen(broker: FleetBroker) -> Iterator[Callable[..., Ear]]:
    ears: list[Ear] = []

    def begin(unit: FleetUnit, *topics: str) -> Ear:
        ear = Ear(broker, unit, *topics)
        ears.append(ear)
        ear.link.start()
        return ear

    yield begin
    for ear in ears:
        ear.link.close()


Listen = Callable[..., Ear]


def test_a_hint_reaches_its_unit_and_no_other(broker: FleetBroker, listen: Listen) -> None:
    seven, eight = broker.enter("field-7"), broker.enter("field-8")
    first, second = listen(seven), listen(eight)
    for ear in (first, second):
        ear.wait_for_link()
    hint = broker.push(find_unit_topic(seven.serial))
    last = broker.push(find_unit_topic(eight.serial))
    first.wait(hint)
    second.wait(last)
    assert (len(first.heard), len(second.heard)) == (1, 1)


@pytest.mark.parametrize("group", ["hills", "all", "a/b", "+", "#", "süd hang", "50%"])
def test_a_groups_hint_reaches_its_units_whatever_the_group_is_called(
    broker: FleetBroker, listen: Listen, group: str
) -> None:
    inside, outside = listen(broker.enter("field-7", group)), listen(broker.enter("field-8", "x"))
    for ear in (inside, outside):
        ear.wait_for_link()
    hint = broker.push(find_group_topic(group), spread_s=600.0)
    last = broker.push(find_group_topic("x"))
    inside.wait(hint)
    outside.wait(last)
    assert (len(inside.heard), len(outside.heard)) == (1, 1)


def test_a_unit_whose_link_was_down_hears_it_at_the_next_contact(
    broker: FleetBroker, listen: Listen
) -> None:
    unit = broker.enter("field-7")
    broker.push(find_unit_topic(unit.serial))
    newest = broker.push(find_unit_topic(unit.serial))
    ear = listen(unit)
    ear.wait(newest)
    assert len(ear.heard) == 1, "only the newest is kept"


def test_a_broker_that_is_restarted_keeps_hints_and_units_come_back(
    broker: FleetBroker, listen: Listen
) -> None:
    unit = broker.enter("field-7")
    ear = listen(unit)
    ear.wait_for_link()
    first = broker.push(find_unit_topic(unit.serial))
    ear.wait(first)
    broker.stop()
    wait_until(lambda: bool(ear.link.trouble), "the loss of the connection", HEARD_S)
    broker.start()
    ear.wait_for_link()
    wait_until(lambda: len(ear.heard) == 2, "the hint that was kept", HEARD_S)
    assert ear.heard[1][1] == first
    second = broker.push(find_unit_topic(unit.serial))
    ear.wait(second)


def test_a_unit_reads_neither_another_units_hints_nor_another_groups_nor_all(
    broker: FleetBroker, listen: Listen
) -> None:
    curious, other = broker.enter("field-7", "hills"), broker.enter("field-8", "valley")
    foreign = (find_unit_topic(other.serial), find_group_topic("valley"))
    broker.push(*foreign)
    own = find_unit_topic(curious.serial)
    ear = listen(curious, *foreign, "fleet/#", "fleet/unit/+/hint", "$SYS/#", own)
    ear.wait_for_link()
    broker.push(*foreign)
    ear.wait(broker.push(own))
    assert {topic for topic, _ in ear.heard} == {own}


def publish_as(broker: FleetBroker, unit: FleetUnit, topic: str) -> ReasonCode:
    """What the broker answers to a unit that publishes."""
    answer: list[ReasonCode] = []
    done = threading.Event()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(make_tls_context(unit.directory, None))

    def note(*arguments: Any) -> None:
        answer.append(arguments[3])
        done.set()

    client.on_publish = note
    client.on_connect = lambda *_: client.publish(topic, b"{}", qos=1, retain=True)
    client.connect(HOST, broker.port)
    client.loop_start()
    assert done.wait(HEARD_S)
    client.disconnect()
    client.loop_stop()
    return answer[0]


def test_a_unit_writes_no_hint_not_even_its_own(broker: FleetBroker, listen: Listen) -> None:
    unit, other = broker.enter("field-7", "hills"), broker.enter("field-8", "hills")
    topics = [find_unit_topic(one.serial) for one in (unit, other)]
    for topic in (*topics, find_group_topic("hills"), "fleet/x"):
        assert publish_as(broker, unit, topic) == "Not authorized"
    ear = listen(other)
    ear.wait(broker.push(find_unit_topic(other.serial)))
    assert len(ear.heard) == 1


def test_a_hint_expires_after_a_week_and_is_mqtt_5(broker: FleetBroker) -> None:
    unit = broker.enter("field-7")
    broker.push(find_unit_topic(unit.serial))
    left: list[int] = []
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set_context(make_tls_context(unit.directory, None))
    client.on_connect = lambda *_: client.subscribe(find_unit_topic(unit.serial), 1)

    def note(_client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        assert message.properties is not None
        assert message.retain
        left.append(message.properties.MessageExpiryInterval)

    client.on_message = note
    client.connect(HOST, broker.port)
    client.loop_start()
    wait_until(lambda: bool(left), "the hint", HEARD_S)
    client.disconnect()
    client.loop_stop()
    assert EXPIRY_S - 60 <= left[0] <= EXPIRY_S


def test_a_unit_without_a_certificate_and_one_of_another_fleet_are_refused(
    broker: FleetBroker, listen: Listen, tmp_path: Path, engine: Engine
) -> None:
    unit = broker.enter("field-7")
    stranger = FleetBroker(tmp_path / "elsewhere", engine, broker.port).enter("field-9")
    (stranger.directory / AUTHORITY).write_bytes((unit.directory / AUTHORITY).read_bytes())
    assert "certificate" in listen(stranger).wait_for_refusal()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.tls_set(str(unit.directory / AUTHORITY))
    ended = threading.Event()
    client.on_disconnect = lambda *_: ended.set()
    answered = threading.Event()
    client.on_connect = lambda *_: answered.set()
    client.connect(HOST, broker.port)
    client.loop_start()
    assert ended.wait(HEARD_S)
    client.loop_stop()
    assert not answered.is_set()


def test_a_certificate_that_has_expired_is_refused(broker: FleetBroker, listen: Listen) -> None:
    unit = broker.enter("field-7")
    old = broker.authority.issue(unit.serial, unit.key.public, now() - timedelta(days=900))
    (unit.directory / CERTIFICATE).write_bytes(old.public_bytes(ENCODING))
    assert "certificate" in listen(unit).wait_for_refusal()


def test_a_broker_of_another_authority_is_refused_by_the_unit(
    broker: FleetBroker, listen: Listen, tmp_path: Path, engine: Engine
) -> None:
    unit = broker.enter("field-7")
    other = FleetBroker(tmp_path / "elsewhere", engine, broker.port)
    certificate = other.authority.certificate.public_bytes(ENCODING)
    (unit.directory / AUTHORITY).write_bytes(certificate)
    ear = listen(unit)
    wait_until(lambda: "does not accept" in ear.link.trouble, "the refusal", HEARD_S)
    assert ear.link.is_refused


def test_a_revoked_unit_hears_nothing_any_more_and_does_not_come_back(
    broker: FleetBroker, listen: Listen, engine: Engine
) -> None:
    seven, eight, nine = (broker.enter(f"field-{number}") for number in (7, 8, 9))
    stolen, fine = listen(seven), listen(eight)
    for ear in (stolen, fine):
        ear.wait_for_link()
    for name in ("field-7", "field-9"):
        revoke_unit(engine, name, "stolen", now())
    assert broker.refresh()
    assert not broker.refresh(), "nothing has changed since"
    wait_until(lambda: is_refused(broker, nine), "the broker's new list", HEARD_S)
    broker.push(find_unit_topic(seven.serial))
    fine.wait(broker.push(find_unit_topic(eight.serial)))
    assert not stolen.link.trouble
    assert not stolen.heard, "also on the connection that it had"


def is_refused(broker: FleetBroker, unit: FleetUnit) -> bool:
    """Whether it cannot connect anew; the broker reads its list a moment after it was told to."""
    again = Ear(broker, unit)
    again.link.start()
    try:
        wait_until(lambda: again.link.is_refused or not again.link.trouble, "an answer", HEARD_S)
        return again.link.is_refused
    finally:
        again.link.close()


def test_a_unit_that_moved_to_another_group_hears_that_one(
    broker: FleetBroker, listen: Listen
) -> None:
    unit = broker.enter("field-7", "hills")
    assert format_access([Reader(unit.serial, "hills")]) == read_access(broker)
    assert format_access([Reader(unit.serial, "valley")]) != read_access(broker)


def read_access(broker: FleetBroker) -> str:
    return (broker.place.directory / "access.txt").read_text()


def test_a_serial_that_would_be_two_lines_of_the_access_file_gets_nothing() -> None:
    odd = [Reader(f"x\nuser {PUBLISHER}", "all"), Reader("", "all"), Reader("a b", "all")]
    assert format_access(odd) == format_access([])


def test_certificates_and_lists_are_made_anew_before_they_end(broker: FleetBroker) -> None:
    place = broker.place
    before = {name: (place.directory / name).read_bytes() for name in (SERVER, OWN, REVOKED)}
    place.prepare(now())
    place.refresh(broker.engine, now())
    assert all((place.directory / name).read_bytes() == data for name, data in before.items())
    later = now() + timedelta(days=14)
    assert place.refresh(broker.engine, later), "a list of thirty days"
    place.prepare(now() + timedelta(days=800))
    after = {name: (place.directory / name).read_bytes() for name in (SERVER, OWN, REVOKED)}
    assert all(after[name] != data for name, data in before.items())
    there = x509.load_pem_x509_crl(after[REVOKED])
    assert there.next_update_utc is not None
    assert there.next_update_utc > later + timedelta(days=20)


def test_private_keys_are_for_the_broker_and_the_publisher_alone(broker: FleetBroker) -> None:
    for name in ("server-key.pem", "push-key.pem"):
        assert (broker.place.directory / name).stat().st_mode & 0o077 == 0


def test_a_publisher_that_is_refused_says_why(broker: FleetBroker, tmp_path: Path) -> None:
    unit, address = broker.enter("field-7"), broker.address
    hint = Hint(make_serial(now()))
    posing = replace(
        address, certificate=unit.directory / CERTIFICATE, key=unit.directory / PRIVATE
    )
    with connect(posing) as publisher, pytest.raises(FleetError, match="let the certificate"):
        publisher.publish([find_unit_topic(unit.serial)], hint)
    for wrong, text in (
        (replace(address, port=1), "does not answer"),
        (replace(address, ca=None), "does not accept"),
        (replace(address, key=tmp_path / "none.pem"), "cannot be used"),
    ):
        with pytest.raises(FleetError, match=text), connect(wrong):
            pass


def test_a_thousand_hints_are_acknowledged(broker: FleetBroker) -> None:
    topics = [find_unit_topic(f"box-{number}") for number in range(1000)]
    with connect(broker.address) as publisher:
        publisher.publish(topics, Hint(make_serial(now())))
        assert publisher.acknowledged


def test_units_that_lose_their_broker_come_back_at_different_moments() -> None:
    client = PushClient("x", lambda _: None)
    delays = set()
    for _ in range(100):
        client.note_lasted(3600.0)
        delays.add(round(client._reconnect_min_delay, 1))
    assert len(delays) > 80
    assert 1 <= min(delays) < 10
    assert 50 < max(delays) <= 60
