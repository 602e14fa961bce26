"""A real broker (mosquitto) on loopback without a memory, and who listens there.

Reads: nothing. Writes: its configuration file. Never: keeps what it was told.
"""

import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from provisioning.free_ports import find_free_port
from tests.waiting import wait_until

CONFIGURATION = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
"""


class Broker:
    """One mosquitto; `start` and `kill` may follow each other."""

    def __init__(self, directory: Path) -> None:
        self.port = find_free_port()
        self._file = directory / "mosquitto.conf"
        self._file.write_text(CONFIGURATION.format(port=self.port))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            ["mosquitto", "-c", self._file], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        wait_until(self._listens, "the broker")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass(frozen=True, slots=True)
class Received:
    """One message. `at_s`: when, on the clock of `time.monotonic`."""

    at_s: float
    topic: str
    text: str
    retained: bool


@dataclass
class Listener:
    """A client that notes all messages of a broker."""

    port: int
    received: list[Received] = field(default_factory=list)

    def __post_init__(self) -> None:
        ready = Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: ready.set()
        self._client.connect("127.0.0.1", self.port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        assert ready.wait(30)

    def _on_message(self, _client: Any, _data: Any, message: mqtt.MQTTMessage) -> None:
        text = message.payload.decode(errors="replace")
        one = Received(time.monotonic(), message.topic, text, message.retain)
        self.received.append(one)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
