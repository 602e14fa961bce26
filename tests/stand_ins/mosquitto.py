"""A real broker (mosquitto) on loopback, a client that keeps what it receives, and an event.

with mosquitto(directory, port):
    listener = Listener(port)
"""

import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from appliance.clock import Clock
from appliance.model import EnergyLevel
from appliance.model_cameras import Box, Event, Tier
from tests.waiting import wait_until

needs_broker = pytest.mark.skipif(
    shutil.which("mosquitto") is None, reason="needs mosquitto: apt-get install mosquitto"
)


class Listener:
    """A client that keeps what it receives."""

    def __init__(self, port: int) -> None:
        self.received: list[tuple[str, str, bool]] = []
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        ready = threading.Event()
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        assert ready.wait(30)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        self.received.append((message.topic, message.payload.decode(), message.retain))

    def list_kept(self) -> dict[str, str]:
        """What a new subscriber would get: the newest of each topic, where it is not empty."""
        newest = {name: text for name, text, _ in self.received}
        return {name: text for name, text in newest.items() if text}

    def publish(self, topic: str, text: str, *, retain: bool = False) -> None:
        self._client.publish(topic, text, 1, retain=retain).wait_for_publish(10)

    def list_texts(self, topic: str) -> list[str]:
        return [text for name, text, _ in self.received if name == topic]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def mosquitto(directory: Path, port: int, *lines: str) -> Iterator[None]:
    """A broker on loopback; `lines`: more of its configuration."""
    config = directory / "mosquitto.conf"
    own = (f"listener {port} 127.0.0.1", "allow_anonymous true", *lines)
    config.write_text("\n".join(own) + "\n")
    process = subprocess.Popen(["mosquitto", "-c", config], stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: listens(port), "the broker")
        yield
    finally:
        process.kill()
        process.wait()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def event(clock: Clock, number: int) -> Event:
    stamp = clock.stamp()
    box = Box(0.1, 0.1, 0.2, 0.4)
    return Event(
        stamp, f"e{number}", "demo", "person", 0.8, stamp.utc, 5, box, None, "0" * 64, Tier.INT8,
        "CPUExecutionProvider", 0.45, EnergyLevel.ECO, 2.5, energy_measured=False,
        reason="analysed because ECO", rule="zone drive",
    )  # fmt: skip
