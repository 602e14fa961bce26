"""A broker that sends what is not MQTT: it is reported, and the thread goes on."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from appliance.mqtt import broker as broker_module
from appliance.mqtt import guarded_client
from appliance.mqtt.acknowledgements import LIMIT_S, MOST_UNACKNOWLEDGED
from appliance.mqtt.broker import DEAF_S, Broker
from tests.stand_ins.side_by_side import check_side_by_side
from tests.waiting import wait_until

NONSENSE = (
    b"\x30\x03\x00\x05A",  # a message whose topic is longer than the packet
    b"\x30\x04\x00\x02\xff\xfe",  # a topic that is no text
    b"\x40\x01\x00",  # an acknowledgement of half a number
    b"\x90\x00",
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    bytes(range(256)),
    b"\xff" * 100,
)
ACCEPTED = b"\x20\x02\x00\x00"
CONNECT, PUBLISH = 1, 3  # packet types
OTHER_VERSION = b"\x20\x02\x00\x01"  # paho connects anew at once, within its reading


class FalseBroker:
    """Sends the next of `answers` to each who connects; listens on loopback."""

    def __init__(self, answers: Iterator[bytes], *, leaves: bool = False) -> None:
        self._leaves = leaves
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._answers = answers
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        for answer in self._answers:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            connection.recv(1000)
            if self._leaves:
                self._socket.close()
            connection.sendall(answer)
            if answer.startswith(ACCEPTED):
                self._kept.append(connection)
            else:
                connection.close()

    def close(self) -> None:
        for one in (self._socket, *self._kept):
            one.close()


def test_nonsense_from_a_broker_ends_no_thread_and_the_next_connection_works(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    monkeypatch.setattr(guarded_client, "AFTER_NONSENSE_S", 0.01)
    check_side_by_side(check_nonsense, NONSENSE)
    assert not ended


def check_nonsense(nonsense: bytes) -> None:
    """The first connection gets `nonsense`, the second one works."""
    with closing(FalseBroker(iter([nonsense, ACCEPTED]))) as other:
        ours = Broker("127.0.0.1", other.port, will="unit/online", client_id="unit")
        ours.start()
        try:
            wait_until(lambda: not ours.trouble, "the connection after the nonsense")
        finally:
            ours.close()


def test_a_broker_that_wants_another_version_and_then_is_gone_ends_no_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    monkeypatch.setattr(guarded_client, "AFTER_NONSENSE_S", 60.0)
    other = FalseBroker(iter([OTHER_VERSION]), leaves=True)
    ours = Broker("127.0.0.1", other.port, will="unit/online", client_id="unit")
    ours.start()
    try:
        wait_until(lambda: "cannot be used" in ours.trouble, "the sentence")
        assert f"127.0.0.1:{other.port}" in ours.trouble
    finally:
        ours.close()
    assert not ended


def test_a_host_that_is_no_name_is_trouble_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", ended.append)
    monkeypatch.setattr(guarded_client, "AFTER_NONSENSE_S", 60.0)
    ours = Broker("a..b", 1883, will="unit/online", client_id="unit")
    ours.start()
    try:
        wait_until(lambda: "cannot be used" in ours.trouble, "the sentence")
    finally:
        ours.close()
    assert not ended


HUGE = b"\x32\xff\xff\xff\x7f\x00\x05a/set"  # a message of 256 MB begins


def test_a_message_that_no_memory_holds_is_not_read_and_orders_are_taken_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guarded_client, "AFTER_NONSENSE_S", 0.01)
    now_s = 0.0
    with closing(FalseBroker(iter([ACCEPTED + HUGE, ACCEPTED]))) as other:
        ours = Broker(
            "127.0.0.1",
            other.port,
            will="unit/online",
            client_id="unit",
            measure_s=lambda: now_s,
        )
        ours.start()
        try:
            wait_until(lambda: ours.connections == 2 and not ours.trouble, "another connection")
            assert "too large to be read: no orders" in ours.find_doubt()
            assert ours._client._in_packet["packet"] == b""
            now_s = DEAF_S + 1
            assert "too large" not in ours.find_doubt()
        finally:
            ours.close()


def test_what_takes_the_connection_and_says_nothing_may_be_no_broker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker_module, "KEEPALIVE_S", 1)
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        ours = Broker("127.0.0.1", other.getsockname()[1], will="unit/online", client_id="unit")
        ours.start()
        try:
            wait_until(lambda: "says nothing" in ours.trouble, "the sentence")
        finally:
            ours.close()


class SilentBroker:
    """Accepts each who connects and reads all; acknowledges only while `acknowledges`."""

    def __init__(self) -> None:
        self.acknowledges = False
        self.connected = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connected += 1
                threading.Thread(target=self._receive, args=(connection,), daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as packets:
            while kind := packets.read(1):
                body = packets.read(read_length(packets))
                if kind[0] >> 4 == CONNECT:
                    connection.sendall(ACCEPTED)
                if kind[0] >> 4 == PUBLISH and self.acknowledges:
                    begins = 2 + int.from_bytes(body[:2], "big")
                    connection.sendall(b"\x40\x02" + body[begins : begins + 2])

    def close(self) -> None:
        self._socket.close()


def read_length(packets: BinaryIO) -> int:
    """The remaining length of a packet: seven bits a byte, the lowest first."""
    length = shift = 0
    while True:
        (byte,) = packets.read(1)
        length |= (byte & 127) << shift
        if byte < 128:
            return length
        shift += 7


def test_a_broker_that_acknowledges_nothing_is_trouble_and_fills_no_memory() -> None:
    now_s = [0.0]
    with closing(SilentBroker()) as other:
        ours = Broker(
            "127.0.0.1",
            other.port,
            will="unit/online",
            client_id="unit",
            measure_s=lambda: now_s[0],
        )
        ours.start()
        try:
            wait_until(lambda: not ours.trouble, "the connection")
            for number in range(3000):
                ours.publish_retained({"unit/state": str(number)})
                told = ours.publish_event("unit/event", str(number))
            assert told is None, "what the broker does not take stays in the database"
            assert len(ours._client._out_messages) <= MOST_UNACKNOWLEDGED + 1
            assert ours.publish_retained({"unit/state": "in vain"}) == 0
            assert not ours.trouble
            other.acknowledges = True
            now_s[0] += LIMIT_S + 1
            assert "acknowledges no message" in ours.trouble
            wait_until(lambda: other.connected > 1, "another connection")
            wait_until(lambda: not ours.trouble, "an acknowledgement")
            wait_until(lambda: ours.publish_retained({"unit/state": "now"}) == 1, "a state")
        finally:
            ours.close()


def test_after_a_message_that_was_too_large_no_orders_are_asked_for_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now_s = 0.0
    asked: list[Any] = []
    ours = Broker("127.0.0.1", 1, will="a/online", client_id="a", measure_s=lambda: now_s)
    ours.take_commands(["a/set"], lambda *_, **__: None)
    monkeypatch.setattr(ours._client, "subscribe", lambda what, *_: asked.append(what))
    taken = [None, None, None, SimpleNamespace(is_failure=False)]
    ours._on_nonsense(guarded_client.TooLargeError("it is too large"))
    ours._on_connect(*taken)
    assert asked == ["a/online"]
    now_s = DEAF_S + 1
    ours._on_connect(*taken)
    assert asked[1:] == ["a/online", [("a/set", 1)]]
