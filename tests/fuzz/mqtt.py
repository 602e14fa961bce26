"""Bytes from an MQTT broker, through paho as the service uses it: no byte ends its thread.

Reads: bytes, over a socket pair. Writes: nothing.
Never: lets the loop of the broker's client raise anything.
"""

import socket
from typing import Any

from appliance.mqtt import guarded_client
from appliance.mqtt.broker import Broker
from appliance.mqtt.guarded_client import GuardedClient

guarded_client.AFTER_NONSENSE_S = 0.0


class FuzzedClient(GuardedClient):
    """Reads one connection and ends; its reconnecting finds nobody."""

    ours: socket.socket

    def _create_socket(self) -> socket.socket:
        return self.ours

    def reconnect(self) -> Any:
        self.closing.set()
        raise ConnectionRefusedError


def run_input(data: bytes) -> None:
    """One execution."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        broker = Broker("127.0.0.1", 1, will="unit/online", client_id="unit")
        client = FuzzedClient("unit", broker._on_nonsense)
        client.on_connect, client.on_disconnect = broker._on_connect, broker._on_disconnect
        client._host, client._port, client.ours = "127.0.0.1", 1, ours
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        GuardedClient.__mro__[1].reconnect(client)
        client.reconnect_delay_set(0, 0)
        client.closing.set()
        client._reconnect_on_failure = False
        client.loop_forever(timeout=0.01)
