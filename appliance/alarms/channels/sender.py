"""Sends messages through a process of its own, started with the first one.

    with Sender(answers=file) as sender:
        if not (why := sender.find_trouble("mail")):
            answer = sender.send(request)

With a file of answers (answer_log.py) a process that has a message in hand is left to end by
itself: what it has sent stands in that file, whatever becomes of the service.

Reads: the process's answers. Writes: requests to it, signals.
Never: waits for longer than its limit, raises for what a channel or the process does, or tries a
channel again in this batch that has just failed: a server that hangs holds up one message, not
all that wait for it.
"""

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

import appliance
from appliance.alarms.channels.answer_log import lock_for_child
from appliance.alarms.channels.requests import (
    MOST_BYTES,
    SendAnswer,
    SendRequest,
    format_line,
    parse_answer,
)
from appliance.strict_json import InputError
from appliance.wording.sentence import say

LIMIT_S = 90.0
COMMAND = (sys.executable, "-m", "appliance.alarms.channels")
PART_BYTES = 65_536
STOPPED = say("the service is ended: it is tried again")


class Sender:
    """One batch. For one thread, but for `cancel`."""

    def __init__(
        self,
        limit_s: float = LIMIT_S,
        command: tuple[str, ...] = COMMAND,
        *,
        answers: Path | None = None,
    ) -> None:
        self._limit_s = limit_s
        self._command = command if answers is None else (*command, "--answers", str(answers))
        self._answers, self._may_leave = answers, answers is not None
        self._process: subprocess.Popen[bytes] | None = None
        self._troubles: dict[str, str] = {}
        self._is_cancelled = False
        self._lock = Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not (self._is_cancelled and self._may_leave):
            self._end()

    def find_trouble(self, channel: str) -> str:
        """Why a channel is not tried any more in this batch; "" where it is."""
        return STOPPED if self._is_cancelled else self._troubles.get(channel, "")

    def send(self, request: SendRequest) -> SendAnswer:
        """What became of one message."""
        if why := self.find_trouble(request.channel):
            return make_failure(request, why)
        answer = self._ask(request)
        if not answer.sent:
            self._troubles[request.channel] = answer.text
        return answer

    def cancel(self) -> None:
        """End the process, from any thread: after the message in hand where its answer is kept;
        else now, and that message counts as failed.
        """
        self._is_cancelled = True
        self._signal(signal.SIGTERM if self._may_leave else signal.SIGKILL)

    def _ask(self, request: SendRequest) -> SendAnswer:
        line = format_line(request).encode()
        if len(line) > MOST_BYTES:
            text = say(
                "{channel}: the message has more than {most_bytes} bytes",
                channel=request.channel,
                most_bytes=MOST_BYTES,
            )
            return SendAnswer(request.delivery_id, sent=False, refused=True, text=text)
        is_given = False
        try:
            process = self._start()
            self._give(process, line)
            is_given = True
            answer = self._hear(process)
        except (OSError, InputError) as error:
            text = say("{channel}: {why}", channel=request.channel, why=self._explain(error))
            self._end()
            return make_failure(request, text, unsure=is_given)
        if answer.refused and not answer.delivery_id:  # it could not read the request
            return replace(answer, delivery_id=request.delivery_id)
        if answer.delivery_id != request.delivery_id:
            self._end()
            text = say(
                "{channel}: the sending process answers another request", channel=request.channel
            )
            return make_failure(request, text, unsure=True)
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        """The process, started where it does not run. What it prints as errors is dropped: a
        traceback may hold an address.
        """
        with self._lock:
            if self._is_cancelled:
                raise ConnectionAbortedError(STOPPED)
            if self._process is None:
                with lock_for_child(self._answers) as passed:
                    self._process = subprocess.Popen(
                        self._command,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                        env=make_environment(),
                        pass_fds=passed,
                    )
            return self._process

    def _give(self, process: subprocess.Popen[bytes], line: bytes) -> None:
        """One request. Raises `OSError`."""
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()

    def _hear(self, process: subprocess.Popen[bytes]) -> SendAnswer:
        """Its answer. Raises `OSError`, `InputError`."""
        assert process.stdout is not None
        ends_s = time.monotonic() + self._limit_s
        return parse_answer(read_line(process.stdout.fileno(), ends_s))

    def _explain(self, error: OSError | InputError) -> str:
        """What the process did, or why it was not started."""
        if self._is_cancelled:
            return STOPPED
        if isinstance(error, TimeoutError):
            return say(
                "no answer within {limit_s:g} s: the server hangs, or the link is slow",
                limit_s=self._limit_s,
            )
        if isinstance(error, InputError):
            return say("the sending process answers nonsense ({error})", error=error)
        code = self._find_end()
        return say(
            "the sending process ended ({code}): it is tried again", code=code or error.strerror
        )

    def _find_end(self) -> str:
        """How the process ended; "" where it runs or never did."""
        if self._process is None:
            return ""
        with suppress(subprocess.TimeoutExpired):
            code = self._process.wait(1.0)
            return signal.Signals(-code).name if code < 0 else f"exit code {code}"
        return ""

    def _end(self) -> None:
        """It has nothing to lose: what it has sent it has answered."""
        self._signal(signal.SIGKILL)
        with self._lock:
            process, self._process = self._process, None
        if process is not None:
            for pipe in (process.stdin, process.stdout):
                with suppress(OSError):  # what it did not read
                    pipe.close()  # type: ignore[union-attr]
            process.wait()

    def _signal(self, number: signal.Signals) -> None:
        """To it, and to what it has started."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, number)


def make_environment() -> dict[str, str]:
    """The process runs the code of this one: an update may have put another in its place."""
    own = str(Path(appliance.__file__).resolve().parents[1])
    paths = [own, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)}


def read_line(pipe: int, ends_s: float) -> bytes:
    """One line; raises `TimeoutError` past `ends_s`, `OSError` where the pipe ends before."""
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while not line.endswith(b"\n") and len(line) <= MOST_BYTES:
            if not selector.select(max(0.0, ends_s - time.monotonic())):
                raise TimeoutError
            data = os.read(pipe, PART_BYTES)
            if not data:
                raise BrokenPipeError(say("it ended without an answer"))
            line += data
    return line


def make_failure(request: SendRequest, text: str, *, unsure: bool = False) -> SendAnswer:
    """An answer for a message that can be tried again."""
    return SendAnswer(request.delivery_id, sent=False, refused=False, text=text, unsure=unsure)
