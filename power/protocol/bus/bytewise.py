"""A line with another protocol than Modbus, by pyserial; over TCP the same bytes.

Reads: all bytes that arrive. Writes: requests to read.
Never: listens for longer than its timeout, however much arrives, and never passes on a reply that
may be the late one to another request: see power/protocol/bus/modbus.py.
"""

import select
from collections import defaultdict
from typing import Any, NamedTuple, Protocol

import serial

from appliance.clock import Clock
from appliance.wording.sentence import say
from power.protocol.bus.failures import LINE_FAILURES
from power.protocol.bus.late_replies import OpenRequests, RequestKey
from power.protocol.bus.pause import Pause
from power.protocol.bus.rtu_filter import strip_echo
from power.protocol.bus.second_answers import SecondAnswers
from power.protocol.bus.tcp_connection import discard_stale, is_hung_up
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
from power.protocol.line_place import LinePlace, SerialForm
from power.protocol.ports import TCP, parse_tcp_address

LONGEST_FRAME = 8192  # bytes; more than that without a frame is a flood


class FindReply(Protocol):
    """Looks for the reply in all bytes received since the request."""

    def __call__(self, received: bytes, *, final: bool) -> bytes | None:
        """The reply's content, or None while it may still come; `final`: no more bytes will.

        Raises `DamagedReply` or `RefusedReply`.
        """


class Request(NamedTuple):
    """The bytes to send (none where the device sends unasked), and how messages name them.

    `named_by_reply`: its reply shows which request it answers, so a late one is no danger.
    """

    data: bytes
    title: str
    named_by_reply: bool = True
    device: int = 0

    @property
    def key(self) -> RequestKey:
        """What its reply says about it, and what it does not."""
        return RequestKey(0, self.data)


Answer = bytes | ExceptionAnswer


class ByteLine:
    """One line; `port` is a serial device, or tcp://HOST:PORT carrying the same bytes."""

    def __init__(
        self,
        port: str,
        clock: Clock,
        form: SerialForm,
        *,
        timeout_s: float = 0.8,
        gap_s: float = 0.02,
    ) -> None:
        self.port = port
        self.pause = Pause(clock, gap_s)
        self.quiet_s: float | None = None  # the silence after a lost reply; None: the time-out
        self._place = LinePlace(port, form, modbus=False)
        self._open_requests: defaultdict[int, OpenRequests] = defaultdict(OpenRequests)
        self.second_answers = SecondAnswers()
        self._answered: tuple[Request, FindReply] | None = None  # the last request that was
        self._sizes: dict[bytes, int] = {}  # of the last reply to each request
        self._clock = clock
        self._form = form
        self.timeout_s = timeout_s
        self._serial: serial.Serial | None = None

    def exchange(
        self,
        data: bytes,
        find: FindReply,
        what: str,
        *,
        named_by_reply: bool = True,
        device: int = 0,
    ) -> bytes:
        """Send `data` (nothing where the device sends unasked); return its reply's content.

        `what` names the request in messages. Raises NoAnswer, WrongFrame or ExceptionAnswer.
        """
        request = Request(data, what, named_by_reply, device)
        if named_by_reply:
            answer, _ = self._exchange_once(request, find)
        else:
            key = request.key._replace(size=self._sizes.get(data))
            answer = self._open_requests[device].exchange(
                key, lambda: self._exchange_once(request, find)
            )
        if isinstance(answer, ExceptionAnswer):
            raise answer
        self._sizes[request.data] = len(answer)
        return answer

    def _exchange_once(self, request: Request, find: FindReply) -> tuple[Answer, int | None]:
        """The content of one reply and its size in bytes, or its refusal and None."""
        self.pause.wait(request.device)
        self._note_second_answer()
        line = self._open()
        answer: tuple[Answer, int | None]
        try:
            content = self._ask(line, request, find)
            answer = content, len(content)
        except ExceptionAnswer as refused:
            answer = refused, None
        except NoAnswer as silence:
            silence.gap_s = self._lose(request)
            raise
        except WrongFrame:
            self._lose(request)
            raise
        except LINE_FAILURES as error:
            self.close()
            self._lose(request)
            raise ClosedLine(explain_closed(self.port)) from error
        self.pause.restart(request.device, answered=True)
        self.second_answers.note_answer(request.device)
        self._answered = request, find
        return answer

    def _note_second_answer(self) -> None:
        """Count what has come behind the last answer, where it answers the same request."""
        answered, self._answered = self._answered, None
        if answered is None or self._serial is None or not answered[0].data:
            return
        request, find = answered
        try:
            if find(receive(self._serial, 1e-6), final=True) is not None:
                self.second_answers.note_second(request.device)
        except (DamagedReply, RefusedReply, *LINE_FAILURES):
            return  # no second answer; a failed line shows at the request

    def _ask(self, line: serial.Serial, request: Request, find: FindReply) -> bytes:
        line.reset_input_buffer()
        if request.data:
            line.write(request.data)
        return self._listen(line, request, find)

    def _lose(self, request: Request) -> float | None:
        """Be silent for as long as the lost reply may still take."""
        self.second_answers.note_loss(request.device)
        quiet_s = self.timeout_s if self.quiet_s is None else self.quiet_s
        return self.pause.restart(
            request.device, answered=False, quiet_s=0.0 if request.named_by_reply else quiet_s
        )

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
                raise self._make_wrong_frame(request, reply, say("a flood of bytes"))
            if not more:
                if reply:
                    raise self._make_wrong_frame(request, reply)
                raise NoAnswer(explain_silence(self._place, request.title))

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
        return WrongFrame(explain_wrong_reply(self._place, request.title, reply, reason))

    def _open(self) -> serial.Serial:
        over_tcp = self.port.startswith(TCP)
        if (
            self._serial is not None
            and over_tcp
            and is_hung_up(get_socket(self._serial), discards=True)
        ):
            self.close()
        if self._serial is not None:
            return self._serial
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
        if over_tcp:
            discard_stale(get_socket(self._serial))
        return self._serial


def get_socket(line: Any) -> Any:
    """The connection below pyserial's `socket://` port, which hides it."""
    return line._socket  # noqa: SLF001


def receive(line: Any, wait_s: float) -> bytes:
    """What has arrived, waiting up to `wait_s` for the first byte; empty: the time is over."""
    if wait_s <= 0:
        return b""
    ready, _, _ = select.select([line.fileno()], [], [], wait_s)
    return bytes(line.read(4096)) if ready else b""
