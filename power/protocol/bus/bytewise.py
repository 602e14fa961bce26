"""A line with another protocol than Modbus, by pyserial; over TCP the same bytes.

Reads: whatever comes. Writes: requests to read.
Never: listens for longer than its time, however much comes.
"""

import select
from collections.abc import Callable
from typing import Any

import serial

from appliance.clock import Clock
from power.protocol.bus.pause import Pause
from power.protocol.bus.rtu_filter import without_echo
from power.protocol.errors import (
    LINE_FAILURES,
    TCP,
    ClosedLine,
    Damaged,
    ExceptionAnswer,
    NoAnswer,
    Refused,
    WrongFrame,
    tcp_address,
    why_closed,
    why_refused,
    why_silent,
    why_wrong,
)
from power.protocol.profile import SerialForm

LONGEST_FRAME = 8192  # bytes; whoever sends more without a frame in it floods the line


class ByteLine:
    """One line with another protocol than Modbus; `port` as above, TCP carrying the same bytes."""

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

    def exchange(
        self, request: bytes, find: Callable[[bytes, bool], bytes | None], what: str
    ) -> bytes:
        """Send `request` (nothing where the device talks by itself); return its reply's content.

        `find(heard, over)` looks for the reply in all bytes since: its content, or None while it
        may still come; `over` says that no more will. It may raise `Damaged` or `Refused`.
        Raises NoAnswer, WrongFrame or ExceptionAnswer.
        """
        line = self._opened()
        self.pause.keep()
        try:
            line.reset_input_buffer()
            if request:
                line.write(request)
            return self._listen(line, request, find, what)
        except LINE_FAILURES as error:
            self.close()
            raise ClosedLine(why_closed(self.port)) from error
        finally:
            self.pause.begin()

    def close(self) -> None:
        if self._serial is not None:
            self._serial.close()
            self._serial = None

    def _listen(
        self,
        line: serial.Serial,
        request: bytes,
        find: Callable[[bytes, bool], bytes | None],
        what: str,
    ) -> bytes:
        heard = b""
        until_s = self._clock.media_s() + self.timeout_s
        while True:
            more = receive(line, until_s - self._clock.media_s())
            heard += more
            reply = without_echo(request, heard) if request else heard
            try:
                content = find(reply, not more)
            except Damaged as error:
                raise WrongFrame(why_wrong(self.port, what, reply, str(error))) from error
            except Refused as error:
                raise ExceptionAnswer(why_refused(self.port, what, error), error.number) from error
            if content is not None:
                return content
            if len(heard) > LONGEST_FRAME:
                raise WrongFrame(why_wrong(self.port, what, reply, "a flood of bytes"))
            if not more:
                if reply:
                    raise WrongFrame(why_wrong(self.port, what, reply))
                raise NoAnswer(why_silent(self.port, what))

    def _opened(self) -> serial.Serial:
        if self._serial is not None:
            return self._serial
        url = self.port
        if url.startswith(TCP):
            host, number = tcp_address(url)
            url = f"socket://{host}:{number}"
        try:
            self._serial = serial.serial_for_url(
                url,
                baudrate=self._form.baud,
                parity=self._form.parity,
                stopbits=self._form.stop_bits,
                timeout=0,
                **({} if self.port.startswith(TCP) else {"exclusive": True}),
            )
        except (*LINE_FAILURES, ValueError) as error:
            raise ClosedLine(why_closed(self.port)) from error
        return self._serial


def receive(line: Any, wait_s: float) -> bytes:
    """What has arrived, waiting up to `wait_s` for the first byte; nothing: the time is over."""
    if wait_s <= 0:
        return b""
    ready, _, _ = select.select([line.fileno()], [], [], wait_s)
    return bytes(line.read(4096)) if ready else b""
