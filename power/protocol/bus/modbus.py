"""A Modbus line, RTU on a serial port or TCP, by pymodbus.

Reads: replies. Writes: requests to read registers and bits.
Never: retries; power/reading/meter.py does, and counts.
"""

import logging
import select
import socket
from typing import Any

from pymodbus import ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from appliance.clock import Clock
from power.protocol.bus.failures import LINE_FAILURES
from power.protocol.bus.pause import Pause
from power.protocol.bus.rtu_filter import ExpectedReply, RtuFilter
from power.protocol.errors import (
    MODBUS_EXCEPTIONS,
    ClosedLine,
    ExceptionAnswer,
    NoAnswer,
    RefusedReply,
    WrongFrame,
    explain_closed,
    explain_refusal,
    explain_silence,
    explain_wrong_reply,
)
from power.protocol.ports import TCP, parse_tcp_address
from power.protocol.profile import SerialForm

WORDS = (3, 4)  # functions whose reply is 16-bit words
DEFAULT_FORM = SerialForm(115_200)


class ModbusBus:
    """One Modbus line, one owner. `port` is a serial device or tcp://HOST:PORT."""

    def __init__(
        self,
        port: str,
        clock: Clock,
        form: SerialForm = DEFAULT_FORM,
        timeout_s: float = 0.8,
        gap_s: float = 0.02,
    ) -> None:
        self.port = port
        self.pause = Pause(clock, gap_s)
        self._filter = RtuFilter(serial_line=not port.startswith(TCP))
        self._client = make_client(port, form, timeout_s, self._filter)
        # pymodbus logs each lost reply; the journal gets one line of ours per change of state.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        what = f"{count} from 0x{address:04X} (function {function:02d}) of Modbus id {device_id}"
        calls = {
            1: self._client.read_coils,
            2: self._client.read_discrete_inputs,
            3: self._client.read_holding_registers,
            4: self._client.read_input_registers,
        }
        expected = ExpectedReply(
            asked_id=device_id,
            reply_id=device_id if reply_id is None else reply_id,
            function=function,
            content_bytes=2 * count if function in WORDS else (count + 7) // 8,
        )
        reply = self._ask(
            what, expected, lambda: calls[function](address, count=count, device_id=device_id)
        )
        values = reply.registers if function in WORDS else reply.bits[:count]
        if reply.function_code != function or len(values) != count:
            raise self._make_wrong_frame(what)
        return tuple(int(value) for value in values)

    @property
    def timeout_s(self) -> float:
        """The longest wait for a reply."""
        return float(self._client.comm_params.timeout_connect)

    @timeout_s.setter
    def timeout_s(self, seconds: float) -> None:
        self._client.comm_params.timeout_connect = seconds

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _ask(self, what: str, expected: ExpectedReply, call: Any) -> Any:
        """Send one request; return the reply or raise why there is none."""
        if self.port.startswith(TCP) and is_hung_up(self._client.socket):
            self.close()
        if not self._client.connect():
            raise ClosedLine(explain_closed(self.port))
        self.pause.wait()
        self._filter.expect(expected)
        try:
            reply = call()
        except ModbusException as error:
            self.close()
            raise self._make_failure(what) from error
        except LINE_FAILURES as error:
            self.close()
            raise ClosedLine(explain_closed(self.port)) from error
        finally:
            self.pause.restart()
        if reply.isError():
            number = reply.exception_code
            refused = RefusedReply(number, MODBUS_EXCEPTIONS.get(number, "it gives no reason"))
            raise ExceptionAnswer(explain_refusal(self.port, what, refused), number)
        return reply

    def _make_failure(self, what: str) -> WrongFrame | NoAnswer:
        if self._filter.received:
            return self._make_wrong_frame(what)
        return NoAnswer(explain_silence(self.port, what))

    def _make_wrong_frame(self, what: str) -> WrongFrame:
        self.close()
        return WrongFrame(explain_wrong_reply(self.port, what, self._filter.received))


class BlockingSerialClient(ModbusSerialClient):
    """Blocks in the kernel until a reply begins; pymodbus alone polls once a millisecond."""

    def recv(self, size: int | None) -> bytes:
        if self.socket is not None:
            begun, _, _ = select.select([self.socket.fileno()], [], [], self._timeout_s)
            if not begun:
                return b""  # what pymodbus takes for silence
        return bytes(super().recv(size))

    @property
    def _timeout_s(self) -> float:
        return float(self.comm_params.timeout_connect)


def is_hung_up(connection: Any) -> bool:
    """Whether the other end has closed the connection; a TriStar does so after each reply."""
    if connection is None:
        return False
    try:
        ready, _, _ = select.select([connection], [], [], 0)
        return bool(ready) and connection.recv(1, socket.MSG_PEEK) == b""
    except (OSError, ValueError):
        return True


def make_client(
    port: str, form: SerialForm, timeout_s: float, rtu_filter: RtuFilter
) -> ModbusSerialClient | ModbusTcpClient:
    """A client that is not yet connected. It does not retry: the meter does."""
    if not port.startswith(TCP):
        return BlockingSerialClient(
            port,
            baudrate=form.baud,
            parity=form.parity,
            stopbits=form.stop_bits,
            timeout=timeout_s,
            retries=0,
            trace_packet=rtu_filter,
        )
    host, number = parse_tcp_address(port)
    return ModbusTcpClient(host, port=number, timeout=timeout_s, retries=0, trace_packet=rtu_filter)
