"""A line with another protocol than Modbus, by pyserial; over TCP the same bytes.

Reads: all bytes that arrive. Writes: requests to read.
Never: listens for longer than its timeout, however much arrives.
"""

import select
from typing import Any, NamedTuple, Protocol

import serial

from appliance.clock import Clock
from power.protocol.bus.failures import LINE_FAILURES
from power.protocol.bus.pause import Pause
from power.protocol.bus.rtu_filter import strip_echo
from power.protocol.errors import (
    ClosedLine,
    DamagedReply,
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

LONGEST_FRAME = 8192  # bytes; more than that without a frame is a flood


class FindReply(Protocol):
    """Looks for the reply in all bytes received since the request."""

    def __call__(self, received: bytes, *, final: bool) -> bytes | None:
        """The reply's content, or None while it may still come; `final`: no more bytes will.

        Raises `DamagedReply` or `RefusedReply`.
        """


class Request(NamedTuple):
    """The bytes to send (none where the device sends unasked), and how messages name them."""

    data: bytes
    title: str


class ByteLine:
    """One line; `port` is a serial device, or tcp://HOST:PORT carrying the same bytes."""

    def __init__(
        self,
        port: str,
        clock: Clock,
        form: SerialForm,
        timeout_s: float = 0.8,
        gap_s: float = 0.02,
    ) -> None:
        self.port = port
        self.pause = Pause(clock, gap_s)
        self._clock = clock
        self._form = form
        self.timeout_s = timeout_s
        self._serial: serial.Serial | None = None

    def exchange(self, request: bytes, find: FindReply, what: str) -> bytes:
        """Send `request` (nothing where the device sends unasked); return its reply's content.

        `what` names the request in messages. Raises NoAnswer, WrongFrame or ExceptionAnswer.
        """
        line = self._open()
        self.pause.wait()
        try:
            line.reset_input_buffer()
            if request:
                line.write(request)
            return self._listen(line, Request(request, what), find)
        except LINE_FAILURES as error:
            self.close()
            raise ClosedLine(explain_closed(self.port)) from error
        finally:
            self.pause.restart()

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def _listen(self, line: serial.Serial, request: Request, find: FindReply) -> bytes:
        """The reply's content, from as many parts as it comes in."""
        received = b""
        until_s = self._clock.media_s() + self.timeout_s
        while True:
            more = receive(line, until_s - self._clock.media_s())
            received += more
            reply = strip_echo(request.data, received) if request.data else received
            content = self._find(find, reply, request, final=not more)
            if content is not None:
                return content
            if len(received) > LONGEST_FRAME:
                raise self._make_wrong_frame(request, reply, "a flood of bytes")
            if not more:
                if reply:
                    raise self._make_wrong_frame(request, reply)
                raise NoAnswer(explain_silence(self.port, request.title))

    def _find(
        self, find: FindReply, reply: bytes, request: Request, *, final: bool
    ) -> bytes | None:
        try:
            return find(reply, final=final)
        except DamagedReply as error:
            raise self._make_wrong_frame(request, reply, str(error)) from error
        except RefusedReply as error:
            text = explain_refusal(self.port, request.title, error)
            raise ExceptionAnswer(text, error.number) from error

    def _make_wrong_frame(self, request: Request, reply: bytes, reason: str = "") -> WrongFrame:
        return WrongFrame(explain_wrong_reply(self.port, request.title, reply, reason))

    def _open(self) -> serial.Serial:
        if self._serial is not None:
            return self._serial
        over_tcp = self.port.startswith(TCP)
        url = "socket://{}:{}".format(*parse_tcp_address(self.port)) if over_tcp else self.port
        try:
            self._serial = serial.serial_for_url(
                url,
                baudrate=self._form.baud,
                parity=self._form.parity,
                stopbits=self._form.stop_bits,
                timeout=0,
                **({} if over_tcp else {"exclusive": True}),
            )
        except (*LINE_FAILURES, ValueError) as error:
            raise ClosedLine(explain_closed(self.port)) from error
        return self._serial


def receive(line: Any, wait_s: float) -> bytes:
    """What has arrived, waiting up to `wait_s` for the first byte; empty: the time is over."""
    if wait_s <= 0:
        return b""
    ready, _, _ = select.select([line.fileno()], [], [], wait_s)
    return bytes(line.read(4096)) if ready else b""
