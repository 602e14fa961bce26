"""The connection to a broker: the one importer of paho.

Reads: files of certificates. Writes: messages, each at least once (QoS 1), states as retained
messages; an empty one takes back what the broker keeps.
Never: blocks the caller. Without a connection nothing is published, and nothing waits in memory:
the caller asks again.
"""

import socket
import ssl
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from threading import Lock
from typing import Any, Protocol

import paho.mqtt.client as mqtt
from paho.mqtt.reasoncodes import ReasonCode

from appliance.mqtt.acknowledgements import Acknowledgements
from appliance.mqtt.echo import Echo
from appliance.mqtt.guarded_client import LASTING_S, GuardedClient, TooLargeError
from appliance.mqtt.topics import OFFLINE, ONLINE, Messages
from appliance.mqtt.troubles import (
    describe_deafness,
    describe_doubt,
    describe_fickle,
    describe_no_answer,
)

KEEPALIVE_S = 60
MOST_SHORT_LIVED = 3  # connections in a row
DEAF_S = 3600.0  # so long no orders are taken after a message that was too large


class TakeCommand(Protocol):
    """Takes one message, and does not wait."""

    def __call__(self, topic: str, payload: bytes, *, retained: bool) -> None:
        """Whatever it is."""


class Broker:
    """One broker. `trouble` is why nothing is published, "" where it is."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        will: str,
        client_id: str,
        measure_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._trouble = f"the MQTT broker {host}:{port} was not reached yet"
        self._where = f"{host}:{port}"
        self._address = (host, port)
        self._will = will
        self._published: Messages = {}
        self._numbers: dict[str, int] = {}  # of what was published last, by topic
        self._lock = Lock()
        self._client = GuardedClient(client_id, self._on_nonsense)
        self._client.will_set(will, OFFLINE, qos=1, retain=True)
        self._acknowledgements = Acknowledgements(measure_s)
        self._echo = Echo(ONLINE, measure_s)
        self._measure_s = measure_s
        self._connected_s: float | None = None  # since when; None: not connected
        self._is_refused = False  # on this connection
        self._deaf_until_s: float | None = None
        self._client.on_publish = self._on_publish
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._patterns: list[str] = []
        self._take: TakeCommand | None = None
        self._answered: set[int] = set()
        self.connections = 0  # how many there were

    @property
    def trouble(self) -> str:
        """Why nothing is published; a connection without acknowledgements is begun anew."""
        if self._acknowledgements.is_overdue():
            self._hang_up()
        trouble = self._trouble or self._find_fickle()
        if not self._acknowledgements.is_silent:
            return trouble
        silence = f"the MQTT broker {self._where} acknowledges no message"
        return f"{silence}; {trouble}" if trouble else silence

    @property
    def gives_back(self) -> bool:
        """Whether this connection has brought what the unit published."""
        return self._echo.is_heard

    def find_doubt(self) -> str:
        """Why it is not known that anything arrives, "" where it is; asks again. Once a cycle."""
        if self.trouble:
            return ""
        if self._echo.is_due():
            self._client.subscribe(self._will, 1)
            self._publish(self._will, ONLINE, retain=True)
        if self._echo.is_doubtful():
            return describe_doubt(self._where, self._will)
        return describe_deafness(self._where) if self._is_deaf() else ""

    def _is_deaf(self) -> bool:
        return self._deaf_until_s is not None and self._measure_s() < self._deaf_until_s

    def _find_fickle(self) -> str:
        """A connection that is young after several that did not last is none to rely on."""
        begun_s = self._connected_s
        if self._client.short_lived < MOST_SHORT_LIVED or begun_s is None:
            return ""
        return describe_fickle(self._where) if self._measure_s() - begun_s <= LASTING_S else ""

    def log_in(self, user: str, password: str) -> None:
        self._client.username_pw_set(user, password)

    def use_tls(self, context: ssl.SSLContext) -> None:
        self._client.tls_set_context(context)

    def take_commands(self, patterns: Sequence[str], take: TakeCommand) -> None:
        """Subscribe to `patterns` at each connection; each message goes to `take`, in paho's
        thread.
        """
        self._patterns, self._take = list(patterns), take

    def ask_for(self, topics: Collection[str]) -> int:
        """Let this connection bring what the broker keeps of these, to where commands go; returns
        the number of the question.
        """
        number = self._client.subscribe([(topic, 1) for topic in topics])[1]
        return -1 if number is None else int(number)

    def has_answered(self, number: int) -> bool:
        """Whether the broker has taken that question, on this connection."""
        return number in self._answered

    def start(self) -> None:
        """Connect in a thread of its own, and again for ever."""
        self._client.connect_async(*self._address, keepalive=KEEPALIVE_S)
        self._client.loop_start()

    def close(self) -> None:
        """Publish "offline" (a clean disconnect sends no last will), disconnect, end the thread."""
        self._client.closing.set()
        if self._client.is_connected():  # also where there is trouble
            offline = self._client.publish(self._will, OFFLINE, qos=1, retain=True)
            # Where the connection has just been lost, the broker publishes the last will instead.
            with suppress(RuntimeError, ValueError):
                offline.wait_for_publish(2)
        self._client.disconnect()
        self._client.loop_stop()

    def publish_retained(self, messages: Messages) -> int:
        """Publish the retained messages that changed on this connection; returns how many."""
        if self.trouble:
            return 0
        count = 0
        for topic, text in messages.items():
            if self._acknowledgements.is_full():
                break
            if self._published.get(topic) != text:
                self._publish_kept(topic, text)
                count += 1
        return count

    def publish_answer(self, messages: Messages) -> None:
        """Publish retained messages also where they are as before; in any thread."""
        if not self.trouble:
            for topic, text in messages.items():
                self._publish_kept(topic, text)

    def publish_event(self, topic: str, text: str) -> int | None:
        """Publish one event; its number, or None without a connection, and while the broker does
        not acknowledge or gives nothing back.
        """
        if self.trouble or not self.gives_back or self._acknowledgements.is_full():
            return None
        return self._publish(topic, text)

    def has_acknowledged(self, number: int) -> bool:
        """Whether the broker has what was published by that number."""
        return self._acknowledgements.has(number)

    def has_taken(self, topic: str, text: str) -> bool:
        """Whether the broker has acknowledged that as the retained message of a topic."""
        with self._lock:
            number = self._numbers.get(topic) if self._published.get(topic) == text else None
        return number is not None and self._acknowledgements.has(number)

    def _publish_kept(self, topic: str, text: str) -> None:
        with self._lock:
            self._published[topic] = text
            self._numbers.pop(topic, None)
        number = self._publish(topic, text, retain=True)
        with self._lock:
            self._numbers[topic] = number

    def _publish(self, topic: str, text: str, *, retain: bool = False) -> int:
        sent = self._client.publish(topic, text, qos=1, retain=retain)
        self._acknowledgements.note_sent(sent.mid)
        return int(sent.mid)

    def _hang_up(self) -> None:
        """End a connection on which nothing is acknowledged; paho begins another one."""
        with suppress(OSError, AttributeError):  # None where it has ended meanwhile
            self._client.socket().shutdown(socket.SHUT_RDWR)

    # --- in paho's thread ----------------------------------------------------------------------

    def _on_connect(self, *arguments: Any) -> None:
        reason: ReasonCode = arguments[3]
        if reason.is_failure:
            self._is_refused = True
            self._trouble = f"the MQTT broker {self._where} refuses the unit: {reason}"
            return
        with self._lock:
            self._published.clear()  # the broker may have been restarted without its memory
        self._acknowledgements.restart()
        self._echo.restart()
        self._connected_s = self._measure_s()
        self._client.subscribe(self._will, 1)  # before it is published, so that it comes back
        self._publish(self._will, ONLINE, retain=True)
        self.connections += 1
        self._answered.clear()
        self._trouble = ""
        if self._patterns and not self._is_deaf():
            self._client.subscribe([(pattern, 1) for pattern in self._patterns])

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.topic == self._will:
            if self._echo.note(message.payload):
                with self._lock:
                    self._published.clear()  # the broker has thrown it away
            return
        if self._take is not None:
            self._take(message.topic, message.payload, retained=message.retain)

    def _on_subscribe(self, *arguments: Any) -> None:
        self._answered.add(arguments[2])

    def _on_publish(self, *arguments: Any) -> None:
        self._acknowledgements.note_acknowledged(arguments[2])

    def _on_nonsense(self, error: Exception) -> None:
        if isinstance(error, TooLargeError):
            self._deaf_until_s = self._measure_s() + DEAF_S
        what = str(error) or type(error).__name__
        self._trouble = f"the MQTT broker {self._where} cannot be used ({what[:100]})"
        self._connected_s = None

    def _on_disconnect(self, *arguments: Any) -> None:
        reason: ReasonCode = arguments[3]
        was_refused, self._is_refused = self._is_refused, False
        begun_s, self._connected_s = self._connected_s, None
        if begun_s is not None:
            self._client.note_lasted(self._measure_s() - begun_s)
            is_fickle = self._client.short_lived >= MOST_SHORT_LIVED
            lost = f"the connection to the MQTT broker {self._where} was lost"
            self._trouble = describe_fickle(self._where) if is_fickle else lost
        elif not was_refused:
            is_silent = reason == "Keep alive timeout"
            self._trouble = describe_no_answer(self._where, is_silent=is_silent)

    def _on_connect_fail(self, *_: Any) -> None:
        self._trouble = f"the MQTT broker {self._where} {self._client.refusal or 'does not answer'}"
