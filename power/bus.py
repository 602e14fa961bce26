"""The Modbus line to a power device, RTU on a serial port or TCP: asks, and checks the answer.

Reads: registers. Writes: requests to read; nothing else, there is no call that writes.
Never: gives out words of a damaged, foreign or half reply. The one importer of pymodbus, pyserial.

An adapter may return the request itself before the reply (half-duplex echo): exactly those bytes
are stripped. A reply may come in several bursts. What is left of an earlier reply is thrown away
before each request. After a failure the line is closed and the next request opens it again, which
also finds an adapter that was unplugged and came back.
"""

import logging
import os
import select
from pathlib import Path
from threading import Event
from typing import Any, Protocol
from urllib.parse import urlsplit

from pymodbus import ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from appliance.clock import Clock
from appliance.errors import BusError, SettingsError

TCP_PORT = 502
LEAST_TIMEOUT_S = 0.5
RETRIES = 1
EXCEPTIONS = {
    1: "it does not know this function",
    2: "it does not have this register",
    3: "it does not take this value",
    4: "it failed inside",
    6: "it is busy",
}


class NoAnswer(BusError):  # noqa: N818  (named for what came back)
    """Nothing came back, or the line cannot be opened."""


class WrongFrame(BusError):  # noqa: N818  (named for what came back)
    """Something came back that is not the answer to what was asked."""

    message_id = "768fcc46d23e4ce6aa2d28ce3e8de0ae"


class ExceptionAnswer(BusError):  # noqa: N818  (named for what came back)
    """The device answered that it will not; `exception` is its Modbus exception code."""

    def __init__(self, text: str, exception: int) -> None:
        super().__init__(text)
        self.exception = exception


class Bus(Protocol):
    """What a driver needs of a line."""

    def read(self, function: int, address: int, count: int, device_id: int) -> tuple[int, ...]:
        """`count` 16-bit words (functions 03, 04) or bits (01, 02) from `address` on.

        Raises NoAnswer, WrongFrame or ExceptionAnswer.
        """


class ModbusBus:
    """One line, one owner. `port` is a serial device or tcp://HOST:PORT.

    `gap_s` is kept between two requests in real time, however fast the unit's clock runs.
    """

    def __init__(
        self,
        port: str,
        clock: Clock,
        baud: int = 115_200,
        parity: str = "N",
        timeout_s: float = 0.8,
        gap_s: float = 0.02,
    ) -> None:
        self.port = port
        self._clock = clock
        self._gap_s = gap_s
        self._free_at_s = clock.media_s()
        self._ear = Ear(strip_echo=not port.startswith("tcp://"))
        self._client = make_client(port, baud, parity, max(timeout_s, LEAST_TIMEOUT_S), self._ear)
        # Its own words about each lost reply are not for the journal: ours are, once a change.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    def read(self, function: int, address: int, count: int, device_id: int) -> tuple[int, ...]:
        what = f"{count} from 0x{address:04X} (function {function:02d}) of Modbus id {device_id}"
        calls = {
            1: self._client.read_coils,
            2: self._client.read_discrete_inputs,
            3: self._client.read_holding_registers,
            4: self._client.read_input_registers,
        }
        reply = self._ask(what, lambda: calls[function](address, count=count, device_id=device_id))
        values = reply.registers if function in (3, 4) else reply.bits[:count]
        if reply.function_code != function or len(values) != count:
            raise self._wrong_frame(what)
        return tuple(int(value) for value in values)

    def identify(self, device_id: int) -> tuple[str, ...]:
        """Maker, product and version as the device names itself (function 2B 0E)."""
        reply = self._ask(
            f"the identity of Modbus id {device_id}",
            lambda: self._client.read_device_information(read_code=1, device_id=device_id),
        )
        parts: dict[int, bytes] = reply.information
        return tuple(parts[number].decode("latin-1") for number in sorted(parts))

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _ask(self, what: str, call: Any) -> Any:
        """Send one request; the reply, or the error that says why there is none."""
        self._open()
        self._clock.wait_media(self._free_at_s - self._clock.media_s(), Event())
        self._ear.forget()
        try:
            reply = call()
        except ModbusException as error:
            self.close()
            raise self._failure(what) from error
        finally:
            self._free_at_s = self._clock.media_s() + self._gap_s
        if reply.isError():
            number = reply.exception_code
            why = EXCEPTIONS.get(number, "it does not say why")
            raise ExceptionAnswer(
                f"the device on {self.port} refuses {what}: exception {number:02d}, {why}; "
                "check that charger.model in the settings is this device",
                number,
            )
        return reply

    def _open(self) -> None:
        if not self._client.connect():
            raise NoAnswer(why_closed(self.port))

    def _failure(self, what: str) -> BusError:
        return self._wrong_frame(what) if self._ear.heard else self._no_answer(what)

    def _no_answer(self, what: str) -> NoAnswer:
        if self.port.startswith("tcp://"):
            advice = "check the gateway, its wiring to the controller, and charger.device_id"
        else:
            advice = (
                "check that the controller has battery voltage, that the RS485 wires A and B are "
                "not swapped, and charger.device_id in the settings"
            )
        return NoAnswer(f"no answer on {self.port} to {what}; {advice}")

    def _wrong_frame(self, what: str) -> WrongFrame:
        heard = self._ear.heard
        self.close()
        return WrongFrame(
            f"a damaged or foreign reply on {self.port} to {what}: {len(heard)} bytes, "
            f"{heard[:12].hex(' ')}; check the RS485 cable, its ground, and that nothing else "
            "speaks on this line"
        )


class Ear:
    """Listens to the bytes of one request and its reply, and takes the echo off the reply."""

    def __init__(self, strip_echo: bool) -> None:
        self._strip_echo = strip_echo
        self._sent = b""
        self.heard = b""

    def forget(self) -> None:
        """A new request begins."""
        self._sent = self.heard = b""

    def __call__(self, sending: bool, data: bytes) -> bytes:
        """What pymodbus shows before it sends, and before it decodes all received so far."""
        if sending:
            self._sent = data
            return data
        if self._strip_echo:
            data = without_echo(self._sent, data)
        self.heard = data or self.heard
        return data


def without_echo(sent: bytes, received: bytes) -> bytes:
    """`received` without the request in front; nothing while it may still become one."""
    if received.startswith(sent):
        return received[len(sent) :]
    return b"" if sent.startswith(received) else received


class PatientSerialClient(ModbusSerialClient):
    """Sleeps in the kernel until a reply begins; pymodbus alone looks once a millisecond."""

    def recv(self, size: int | None) -> bytes:
        if self.socket is not None:
            begun, _, _ = select.select([self.socket.fileno()], [], [], self._patience_s)
            if not begun:
                return b""  # what pymodbus takes for silence
        return bytes(super().recv(size))

    @property
    def _patience_s(self) -> float:
        return float(self.comm_params.timeout_connect)


def make_client(
    port: str, baud: int, parity: str, timeout_s: float, ear: Ear
) -> ModbusSerialClient | ModbusTcpClient:
    """A client that is not yet connected."""
    if not port.startswith("tcp://"):
        return PatientSerialClient(
            port,
            baudrate=baud,
            parity=parity,
            timeout=timeout_s,
            retries=RETRIES,
            trace_packet=ear,
        )
    host, number = tcp_address(port)
    return ModbusTcpClient(host, port=number, timeout=timeout_s, retries=RETRIES, trace_packet=ear)


def tcp_address(port: str) -> tuple[str, int]:
    """Host and port number of tcp://HOST:PORT; raise `SettingsError` where it is not one."""
    try:
        parts = urlsplit(port)
        host, number = parts.hostname, parts.port
    except ValueError:
        host, number = None, None
    if not host:
        raise SettingsError(f"charger.port must be a serial device or tcp://HOST:PORT, not {port}")
    return host, number or TCP_PORT


def why_closed(port: str) -> str:
    """Why the line cannot be opened, as far as can be seen from here."""
    if port.startswith("tcp://"):
        return f"nothing accepts a connection at {port}; check the gateway's address and cable"
    if not Path(port).exists():
        return f"there is no {port}; check the USB cable and the names in /dev/serial/by-path"
    if not os.access(port, os.R_OK | os.W_OK):
        return f"{port} may not be opened; the service's user must be in the group dialout"
    return f"{port} cannot be opened; another program has it, or it is no serial port"
