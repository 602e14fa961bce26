"""A Modbus line, by pymodbus: RTU on a serial port, TCP, or RTU through a transparent TCP bridge.

Reads: replies. Writes: requests to read registers and bits.
Never: retries a lost request; power/reading/meter.py does, and counts.

An RTU reply does not say which register it is. So after a loss the line is left silent for as long
as a reply may take, and what arrives in that time is discarded. Where a reply could still be the
late one to another request, the request is repeated: late_replies.py counts. On Modbus TCP the
transaction number shows a late reply of the gateway, but not one of the serial line behind it: so
the same holds there.
"""

import logging
import select
import socket
from collections import defaultdict
from typing import Any

from pymodbus import FramerType, ModbusException
from pymodbus.client import ModbusSerialClient, ModbusTcpClient

from appliance.clock import Clock
from appliance.wording.sentence import say
from power.protocol.bus.failures import LINE_FAILURES
from power.protocol.bus.late_replies import OpenRequests
from power.protocol.bus.modbus_request import WORDS, Answer, ModbusRefusal, ReadRequest
from power.protocol.bus.pause import Pause
from power.protocol.bus.rtu_filter import ExpectedReply, RtuFilter, is_rtu_frame, is_tcp_frame
from power.protocol.bus.second_answers import SecondAnswers
from power.protocol.bus.tcp_connection import discard_stale, is_hung_up, peek_waiting
from power.protocol.errors import (
    MODBUS_EXCEPTIONS,
    NO_REASON,
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
from power.protocol.line_place import LineKind, LinePlace, SerialForm
from power.protocol.ports import TCP, parse_tcp_address

CALLS = {
    1: "read_coils",
    2: "read_discrete_inputs",
    3: "read_holding_registers",
    4: "read_input_registers",
}
NO_ANSWER_BEHIND = 0x0B  # a gateway had no reply from the device: it may still come
DEFAULT_FORM = SerialForm(115_200)


class ModbusBus:
    """One Modbus line, one owner. `port` is a serial device or tcp://HOST:PORT.

    `quiet_s`: the silence after a lost reply; None: as long as the longest wait for one.
    """

    def __init__(
        self,
        port: str,
        clock: Clock,
        form: SerialForm = DEFAULT_FORM,
        *,
        timeout_s: float = 0.8,
        gap_s: float = 0.02,
    ) -> None:
        self.port = port
        self.pause = Pause(clock, gap_s)
        self.quiet_s: float | None = None
        self._place = LinePlace(port, form)
        self._clock = clock
        self._open_requests: defaultdict[int, OpenRequests] = defaultdict(OpenRequests)
        self._filter = RtuFilter(serial_line=self._place.is_rtu)
        self.second_answers = SecondAnswers()
        self._answered: int | None = None  # the device of the last answer
        self._client = make_client(self._place, timeout_s, self._filter)
        # pymodbus logs each lost reply; the journal gets one line of ours per change of state.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

    def read(
        self, function: int, address: int, count: int, device_id: int, reply_id: int | None = None
    ) -> tuple[int, ...]:
        expected = ExpectedReply(
            asked_id=device_id,
            reply_id=device_id if reply_id is None else reply_id,
            function=function,
            content_bytes=2 * count if function in WORDS else (count + 7) // 8,
        )
        request = ReadRequest(expected, address, count)
        answer = self._open_requests[expected.reply_id].exchange(
            request.key, lambda: self._read_once(request)
        )
        if isinstance(answer, RefusedReply):
            raise self._make_refused(request, answer)
        return answer

    def _read_once(self, request: ReadRequest) -> tuple[Answer, int | None]:
        """The values of one reply and their size in bytes, or its refusal and None."""
        expected = request.expected
        call = getattr(self._client, CALLS[expected.function])
        reply = self._ask(
            request,
            lambda: call(request.address, count=request.words, device_id=expected.asked_id),
        )
        if reply.isError():
            number = reply.exception_code
            refusal = ModbusRefusal(number, MODBUS_EXCEPTIONS.get(number, NO_REASON))
            if number == NO_ANSWER_BEHIND:
                raise self._make_refused(request, refusal)
            return refusal, None
        values = reply.registers if expected.function in WORDS else reply.bits[: request.words]
        if reply.function_code != expected.function or len(values) != request.words:
            self._lose(request)
            raise self._make_wrong_frame(request)
        return tuple(int(value) for value in values), expected.content_bytes

    def _make_refused(self, request: ReadRequest, refusal: RefusedReply) -> ExceptionAnswer:
        return ExceptionAnswer(explain_refusal(self.port, request.title, refusal), refusal.number)

    @property
    def timeout_s(self) -> float:
        """The longest wait for a reply."""
        return float(self._client.comm_params.timeout_connect)

    @timeout_s.setter
    def timeout_s(self, seconds: float) -> None:
        self._client.comm_params.timeout_connect = seconds

    def close(self) -> None:
        self._client.close()  # type: ignore[no-untyped-call]

    def _ask(self, request: ReadRequest, call: Any) -> Any:
        """Send one request; return the reply or raise why there is none."""
        device = request.expected.asked_id
        self.pause.wait(device)
        self._note_second_answer()
        self._open()
        self._filter.expect(request.expected)
        try:
            reply = call()
        except ModbusException as error:
            raise self._lose(request) from error
        except LINE_FAILURES as error:
            self._lose(request)
            raise ClosedLine(explain_closed(self.port)) from error
        self.pause.restart(device, answered=True)
        self.second_answers.note_answer(device)
        self._answered = device
        return reply

    def _note_second_answer(self) -> None:
        """Count what has come behind the last answer, where it answers the same request."""
        device, self._answered = self._answered, None
        if device is None or self._client.socket is None or not self._place.is_rtu:
            return
        try:
            if self._filter.finds_two(peek_port(self._client.socket)):
                self.second_answers.note_second(device)
        except LINE_FAILURES:
            return  # shows at the request

    def _open(self) -> None:
        """Connect where it is not; what has arrived unasked since the last reply is discarded."""
        over_tcp = self.port.startswith(TCP)
        if over_tcp and is_hung_up(self._client.socket, discards=self._place.is_rtu):
            self.close()
        is_new = self._client.socket is None
        if not self._client.connect():
            raise ClosedLine(explain_closed(self.port))
        if over_tcp and is_new and self._place.is_rtu:
            discard_stale(self._client.socket)

    def _lose(self, request: ReadRequest) -> WrongFrame | NoAnswer:
        """Close the line after a loss, and be silent for as long as the reply may still take."""
        self.close()
        self.second_answers.note_loss(request.expected.asked_id)
        quiet_s = self.timeout_s if self.quiet_s is None else self.quiet_s
        gap_s = self.pause.restart(
            request.expected.asked_id,
            answered=False,
            quiet_s=quiet_s if self._place.is_rtu else 0.0,
        )
        if received := self._filter.received:
            size = request.expected.measure_content(received, is_rtu=self._place.is_rtu)
            if size is not None:
                self._open_requests[request.expected.reply_id].note_other_size(request.key, size)
            return self._make_wrong_frame(request)
        return NoAnswer(explain_silence(self._place, request.title), gap_s)

    def _make_wrong_frame(self, request: ReadRequest, reason: str = "") -> WrongFrame:
        received = self._filter.received
        reason = reason or guess_framing(self._place.kind, received)
        return WrongFrame(explain_wrong_reply(self._place, request.title, received, reason))


def peek_port(port: Any) -> bytes:
    """What has arrived on a TCP connection or a serial port since the last reply; of a serial port
    it is taken.
    """
    if isinstance(port, socket.socket):
        return peek_waiting(port)
    return bytes(port.read(port.in_waiting))


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


def guess_framing(kind: LineKind, received: bytes) -> str:
    """In words, where the other framing over TCP is used than the settings name; else empty."""
    if kind is LineKind.GATEWAY and is_rtu_frame(received):
        return say('these are RTU frames, as a transparent bridge gives: set `framing = "rtu"`')
    if kind is LineKind.BRIDGE and is_tcp_frame(received):
        return say("these are Modbus TCP frames, as a gateway gives: leave out `framing`")
    return ""


def make_client(
    place: LinePlace, timeout_s: float, rtu_filter: RtuFilter
) -> ModbusSerialClient | ModbusTcpClient:
    """A client that is not yet connected. It does not retry: the meter does."""
    common: dict[str, Any] = {"timeout": timeout_s, "retries": 0, "trace_packet": rtu_filter}
    form = place.form
    if not place.port.startswith(TCP):
        return BlockingSerialClient(
            place.port,
            baudrate=form.baud,
            parity=form.parity,
            stopbits=form.stop_bits,
            **common,
        )
    host, number = parse_tcp_address(place.port)
    framer = FramerType.RTU if place.is_rtu else FramerType.SOCKET
    return ModbusTcpClient(host, port=number, framer=framer, **common)
