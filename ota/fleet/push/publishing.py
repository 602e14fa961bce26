"""Publishes hints: MQTT 5, retained, each acknowledged by the broker.

    with connect(BrokerAddress("fleet.example.org"), files) as broker:
        lines = broker.publish(["fleet/unit/a41f0c53d2be4c1f/hint"], Hint(serial))

Reads: certificates. Writes: retained messages.
Never: tells a unit what to do, or waits longer than its limits.
"""

import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from appliance.mqtt.guarded_client import GuardedClient
from ota.fleet.errors import FleetError
from ota.push.hint import Hint
from ota.push.refusals import describe_refusal

PORT = 8883
CONNECT_S, ACKNOWLEDGE_S = 20.0, 60.0
KEEPALIVE_S = 30
EXPIRY_S = 7 * 86_400  # a unit that is back later has asked by itself at its boot
IN_FLIGHT = 200  # messages that the broker has not acknowledged yet


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """`ca`: what the broker is checked with, None: the system's certificates; `certificate`, `key`:
    of the publisher.
    """

    host: str
    certificate: Path
    key: Path
    port: int = PORT
    ca: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(slots=True)
class Publisher:
    """One connection; `refusal`: why it could not be made, or why the broker takes nothing."""

    address: BrokerAddress
    client: GuardedClient = field(init=False)
    answered: threading.Event = field(default_factory=threading.Event)
    refusal: str = ""
    acknowledged: set[int] = field(default_factory=set)
    changed: threading.Condition = field(default_factory=threading.Condition)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.client = GuardedClient(
            "", self._on_nonsense, protocol=mqtt.MQTTv5, describe=describe_refusal
        )
        self.client.max_inflight_messages_set(IN_FLIGHT)
        self.client.on_connect = self._on_connect
        self.client.on_connect_fail = self._on_connect_fail
        self.client.on_disconnect = self._on_disconnect
        self.client.on_publish = self._on_publish

    def open(self) -> None:
        """Raises `FleetError`."""
        self.client.tls_set_context(make_context(self.address))
        self.client.connect_async(
            self.address.host, self.address.port, keepalive=KEEPALIVE_S, clean_start=True
        )
        self.client.loop_start()
        if not self.answered.wait(CONNECT_S):
            self.refusal = self.refusal or "does not answer"
        if self.refusal:
            self.close()
            raise FleetError(f"the broker {self.address} {self.refusal}")

    def publish(self, topics: Sequence[str], hint: Hint) -> None:
        """The same hint for each topic, in the place of the one before. Raises `FleetError`."""
        properties = Properties(PacketTypes.PUBLISH)
        properties.MessageExpiryInterval = EXPIRY_S
        # Without the lock: paho holds one of its own while it tells what was acknowledged.
        sent = {
            self.client.publish(topic, hint.format(), qos=1, retain=True, properties=properties).mid
            for topic in topics
        }
        with self.changed:
            self.changed.wait_for(lambda: self.refusal or sent <= self.acknowledged, ACKNOWLEDGE_S)
            missing, refused = len(sent - self.acknowledged), list(self.refused)
        if missing:
            raise FleetError(
                f"the broker {self.address} {self.refusal or 'acknowledges too slowly'}: {missing} "
                f"of {len(topics)} hints may not be there"
            )
        if refused:
            raise FleetError(
                f"the broker {self.address} refuses hints ({refused[0]}): let the certificate "
                f"{self.address.certificate} write fleet/# (docs/fleet.md)"
            )

    def close(self) -> None:
        self.client.closing.set()
        self.client.disconnect()
        self.client.loop_stop()

    # --- in paho's thread ----------------------------------------------------------------------

    def _on_connect(self, *arguments: Any) -> None:
        reason: ReasonCode = arguments[3]
        if reason.is_failure:
            self._end(f"refuses {self.address.certificate}: {reason}")
        self.answered.set()

    def _on_connect_fail(self, *_: Any) -> None:
        self._end(self.client.refusal or "does not answer")

    def _on_disconnect(self, *_: Any) -> None:
        if not self.client.closing.is_set():
            self._end(
                "ended the connection"
                + (
                    ""
                    if self.answered.is_set()
                    else " without an answer: "
                    f"it may not accept the certificate {self.address.certificate}"
                )
            )

    def _on_nonsense(self, error: Exception) -> None:
        self._end(f"cannot be used ({str(error)[:100] or type(error).__name__})")

    def _on_publish(self, *arguments: Any) -> None:
        reason: ReasonCode = arguments[3]
        with self.changed:
            self.acknowledged.add(arguments[2])
            if reason.is_failure:
                self.refused.append(str(reason))
            self.changed.notify_all()

    def _end(self, why: str) -> None:
        with self.changed:
            self.refusal = self.refusal or why
            self.changed.notify_all()
        self.answered.set()


@contextmanager
def connect(address: BrokerAddress) -> Iterator[Publisher]:
    """Raises `FleetError`."""
    publisher = Publisher(address)
    publisher.open()
    try:
        yield publisher
    finally:
        with suppress(OSError):
            publisher.close()


def make_context(address: BrokerAddress) -> ssl.SSLContext:
    """Raises `FleetError`."""
    try:
        ca = None if address.ca is None else str(address.ca)
        context = ssl.create_default_context(cafile=ca)
        context.load_cert_chain(address.certificate, address.key)
    except (OSError, ValueError) as error:
        raise FleetError(
            f"the certificates for the broker cannot be used ({error}): check "
            f"{address.ca or 'the system'}, {address.certificate} and {address.key}; `fleet "
            "broker` makes them"
        ) from error
    return context
