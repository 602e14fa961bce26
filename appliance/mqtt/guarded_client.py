"""paho's client with limits of ours: it survives whatever it receives, says why a connection could
not be made, and takes longer before the next one where none lasts.

Reads and writes: a connection.
Never: holds a packet that is larger than anything the unit asks for.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from threading import Event
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

FIRST_RETRY_S, LONGEST_RETRY_S = 1, 120
AFTER_NONSENSE_S = 30.0
LASTING_S = 30.0  # a connection that ends earlier did not last
MOST_PACKET_BYTES = 4_000_000  # a picture of the unit itself has at most 1.4 MB


class TooLargeError(Exception):
    """A packet that is not read; the text says how large it is."""


class GuardedClient(mqtt.Client):  # type: ignore[misc]
    """paho's client, whose thread goes on after an error.

    paho reads packets without limits of its own: a broker, or what answers in its place, can make
    it raise almost anything. That is one more reason to connect anew, and no end of the process.
    """

    def __init__(
        self,
        client_id: str,
        on_nonsense: Callable[[Exception], None],
        *,
        protocol: MQTTProtocolVersion = mqtt.MQTTv311,
        most_packet_bytes: int = MOST_PACKET_BYTES,
        describe: Callable[[OSError], str] | None = None,
    ) -> None:
        """`describe`: why no connection could be made, in words (else `describe_refusal`)."""
        super().__init__(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol)
        self.closing = Event()
        self._most_packet_bytes = most_packet_bytes
        self._describe = describe or describe_refusal
        self.refusal = ""  # why the last connection could not be made
        self.short_lived = 0  # how many connections in a row did not last
        self._on_nonsense = on_nonsense
        self.reconnect_delay_set(FIRST_RETRY_S, LONGEST_RETRY_S)

    def loop_forever(self, *arguments: Any, **named: Any) -> Any:
        """Paho's loop, begun again after an error; runs in paho's thread."""
        while True:
            try:
                return super().loop_forever(*arguments, **named)
            except Exception as error:  # noqa: BLE001  (see the class)
                self._on_nonsense(error)
            if self.closing.wait(AFTER_NONSENSE_S):
                return None
            with suppress(Exception):  # it fails in the loop again and is reported there
                self.reconnect()

    def reconnect(self) -> Any:
        """As paho does; what keeps it from that is remembered in words."""
        self.refusal = ""
        try:
            return super().reconnect()
        except OSError as error:
            self.refusal = self._describe(error)
            raise

    def note_lasted(self, seconds: float) -> None:
        """A connection has ended: after many short ones the next is begun later and later."""
        self.short_lived = 0 if seconds >= LASTING_S else self.short_lived + 1
        delay_s = min(FIRST_RETRY_S << min(self.short_lived, 10), LONGEST_RETRY_S)
        self.reconnect_delay_set(delay_s if self.short_lived else FIRST_RETRY_S, LONGEST_RETRY_S)

    def _sock_recv(self, bufsize: int) -> bytes:
        """Paho asks for the whole of what is left of a packet."""
        if bufsize > self._most_packet_bytes:
            raise TooLargeError(f"it sends a message of {bufsize} bytes")
        return bytes(super()._sock_recv(bufsize))


def describe_refusal(error: OSError) -> str:
    """Why no connection could be made, after "the MQTT broker HOST:PORT"."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"shows a certificate that the unit does not accept ({error.verify_message.rstrip('.')}"
            "): check its certificate, `ca_file` in [mqtt], and the unit's clock"
        )
    if isinstance(error, ssl.SSLError | ConnectionResetError):
        why = getattr(error, "reason", None) or error.strerror or type(error).__name__
        return f"does not speak TLS as the unit does ({why}): check `port` and `tls` in [mqtt]"
    if isinstance(error, socket.gaierror):
        return f"cannot be found by its name ({error.strerror}): check `host` in [mqtt]"
    return f"does not answer ({error.strerror or error})"
