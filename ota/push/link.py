"""The connection to the fleet's broker: MQTT 5, one subscription, nothing published.

    link = Link(("fleet.example.org", 8883), serial, topics, context, take)
    link.start()                         # connects in a thread of its own, and again for ever
    link.trouble                         # why no hint can come, "" where it can

A clean start and no session: what was missed is retained at the broker, and comes with the
subscription. A packet that keeps the connection is sent each 20 minutes.

Reads: messages. Writes: nothing.
Never: blocks the caller, or takes a message larger than a hint can be.
"""

import random
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from appliance.mqtt.guarded_client import LONGEST_RETRY_S, GuardedClient
from appliance.wording.sentence import say
from ota.push.refusals import describe_refusal

KEEPALIVE_S = 1200
MOST_PACKET_BYTES = 4096
RETRY_S = 60.0  # at most, by chance, until a connection that was lost is begun again
ANSWER_S = 60.0  # from a connection to the broker's answer
Take = Callable[[str, bytes], None]


class PushClient(GuardedClient):
    """With pauses of its own: thousands of units lose a broker at one moment."""

    retry_s = RETRY_S

    def note_lasted(self, seconds: float) -> None:
        """The next connection is begun at a moment of its own."""
        super().note_lasted(seconds)
        most_s = max(self.retry_s, float(min(1 << self.short_lived, LONGEST_RETRY_S)))
        self.reconnect_delay_set(random.uniform(min(1.0, most_s), most_s), LONGEST_RETRY_S)


class Link:
    """`take` gets each message, `tell` a sentence at each connection, both in paho's thread.
    `is_refused`: the broker does not want the unit, which no waiting mends.
    """

    def __init__(
        self,
        address: tuple[str, int],
        serial: str,
        topics: Sequence[str],
        context: ssl.SSLContext,
        take: Take,
        tell: Callable[[str], None] = lambda _: None,
        *,
        keepalive_s: int = KEEPALIVE_S,
        retry_s: float = RETRY_S,
    ) -> None:
        self.where = f"{address[0]}:{address[1]}"
        self.trouble: str = say("the fleet's broker {where} was not reached yet", where=self.where)
        self.is_refused = False
        self._address, self._topics, self._take = address, tuple(topics), take
        self._tell, self._keepalive_s = tell, keepalive_s
        self._begun_s: float | None = None  # the connection, whether it is answered or not
        self._is_answered = False
        self.client = PushClient(
            serial,
            self._on_nonsense,
            protocol=mqtt.MQTTv5,
            most_packet_bytes=MOST_PACKET_BYTES,
            describe=self._describe,
        )
        self.client.retry_s = retry_s
        self.client.tls_set_context(context)
        self.client.on_connect = self._on_connect
        self.client.on_connect_fail = self._on_connect_fail
        self.client.on_disconnect = self._on_disconnect
        self.client.on_subscribe = self._on_subscribe
        self.client.on_message = self._on_message
        self.client.on_socket_open = self._on_socket_open

    def start(self) -> None:
        """Connect in a thread of its own, and again for ever."""
        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = 0
        properties.MaximumPacketSize = MOST_PACKET_BYTES
        self.client.connect_async(
            *self._address, keepalive=self._keepalive_s, clean_start=True, properties=properties
        )
        self.client.loop_start()

    def check(self) -> None:
        """End a connection on which no answer came; once a cycle."""
        begun_s = self._begun_s
        if begun_s is None or self._is_answered or time.monotonic() - begun_s < ANSWER_S:
            return
        with suppress(OSError, AttributeError):  # None where it has ended meanwhile
            self.client.socket().shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.client.closing.set()
        self.client.disconnect()
        self.client.loop_stop()

    # --- in paho's thread ----------------------------------------------------------------------

    def _describe(self, error: OSError) -> str:
        self.is_refused = isinstance(error, ssl.SSLCertVerificationError)
        return describe_refusal(error)

    def _on_socket_open(self, *_: Any) -> None:
        self._begun_s, self._is_answered = time.monotonic(), False

    def _on_connect(self, *arguments: Any) -> None:
        reason: ReasonCode = arguments[3]
        self._is_answered = True
        self.is_refused = reason.is_failure
        if reason.is_failure:
            self.trouble = say(
                "the fleet's broker {where} refuses the unit: {reason}",
                where=self.where,
                reason=reason,
            )
            return
        self.client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in self._topics])

    def _on_subscribe(self, *arguments: Any) -> None:
        refused = [code for code in arguments[3] if code.is_failure]
        self.is_refused = bool(refused)
        self.trouble = ""
        if refused:
            self.trouble = say(
                "the fleet's broker {where} does not let the unit read its hints "
                "({refused}): check its access list",
                where=self.where,
                refused=refused[0],
            )
        self._tell(self.trouble or say("connected to the fleet's broker {where}", where=self.where))

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        if message.payload and message.topic in self._topics:
            self._take(message.topic, bytes(message.payload))

    def _on_nonsense(self, error: Exception) -> None:
        what = str(error) or type(error).__name__
        self.trouble = say(
            "the fleet's broker {where} cannot be used ({what})", where=self.where, what=what[:100]
        )
        self._begun_s = None

    def _on_disconnect(self, *_: Any) -> None:
        begun_s, self._begun_s = self._begun_s, None
        lasted_s = 0.0 if begun_s is None else time.monotonic() - begun_s
        if self._is_answered:
            self.client.note_lasted(lasted_s)
            if not self.is_refused:
                self.trouble = say(
                    "the connection to the fleet's broker {where} was lost", where=self.where
                )
        else:
            self.is_refused = True
            self.trouble = say(
                "the fleet's broker {where} ends the connection without an answer: it may "
                "not accept the unit's certificate (revoked, expired, of another fleet)",
                where=self.where,
            )

    def _on_connect_fail(self, *_: Any) -> None:
        self.trouble = say(
            "the fleet's broker {where} {refusal}",
            where=self.where,
            refusal=self.client.refusal or say("does not answer"),
        )
