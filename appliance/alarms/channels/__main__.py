"""A process that sends messages and ends: `python -m appliance.alarms.channels [--answers FILE]`.

Reads: one request in JSON a line on standard input. Writes: one answer in JSON a line on standard
output, and before into FILE; whatever the channels reach.
Never: lives longer than its batch, or than one message may take; leaves the message in hand because
it is to end (SIGTERM) or its service is gone; takes more memory than it may; writes an address, a
password or a key anywhere.

Each kind of channel is imported with the first message that needs it.
"""

import argparse
import resource
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from appliance.alarms.channels.answer_log import AnswerLog
from appliance.alarms.channels.connection_guard import ConnectionGuard, install_guard
from appliance.alarms.channels.errors import ChannelError, ChannelRefusedError
from appliance.alarms.channels.requests import (
    MOST_BYTES,
    SendAnswer,
    SendRequest,
    Sent,
    format_line,
    parse_request,
)
from appliance.errors import locate_error
from appliance.sections.alarms import ChannelKind
from appliance.strict_json import InputError

MOST_MEMORY_BYTES = 256 << 20  # a server may answer without an end
LONGEST_S = 120  # of one message: past the sender's own limit, whoever that was


class Server:
    """Answers each request, in order, until the input ends or it is told to end."""

    def __init__(self, guard: ConnectionGuard, log: AnswerLog) -> None:
        self._guard, self._log = guard, log
        self._is_busy = self._is_ending = False

    def serve(self, requests: BinaryIO, answers: BinaryIO) -> None:
        while not self._is_ending and (line := requests.readline(MOST_BYTES + 2)):
            self._is_busy = True
            signal.alarm(LONGEST_S)
            answer = answer_line(line, self._guard)
            self._log.write(answer)
            signal.alarm(0)
            self._is_busy = False
            answers.write(format_line(answer).encode())
            answers.flush()

    def end(self, *_: object) -> None:
        """The handler of SIGTERM: after the message in hand, else now."""
        self._is_ending = True
        if not self._is_busy:
            raise SystemExit(0)


def answer_line(line: bytes, guard: ConnectionGuard) -> SendAnswer:
    """What became of one request."""
    try:
        request = parse_request(line)
    except InputError as error:
        return SendAnswer("", sent=False, refused=True, text=f"the request is wrong: {error}")
    try:
        sent = send(request, guard)
    except ChannelError as error:
        return SendAnswer(
            request.delivery_id,
            sent=False,
            refused=error.refused,
            text=str(error),
            unsure=error.unsure,
        )
    except Exception as error:  # noqa: BLE001  (libraries read what servers send)
        # Its text may hold a password: where it happened must do.
        text = f"{request.channel}: a fault of the program or its memory ({locate_error(error)})"
        return SendAnswer(request.delivery_id, sent=False, refused=False, text=text, unsure=True)
    return SendAnswer(
        request.delivery_id, sent=True, refused=False, text=sent.text, size_bytes=sent.size_bytes
    )


def send(request: SendRequest, guard: ConnectionGuard) -> Sent:
    """By the channel's kind. Raises `ChannelError`."""
    kind = ChannelKind(request.kind)
    if kind is ChannelKind.APPRISE:
        from appliance.alarms.channels.apprise_channel import send_by_apprise  # noqa: PLC0415

        return send_by_apprise(request, guard)
    if kind is ChannelKind.SMS:
        from appliance.alarms.channels.sms import send_sms  # noqa: PLC0415

        return send_sms(request)
    if kind is ChannelKind.SIA:
        from appliance.alarms.channels.sia import send_by_sia  # noqa: PLC0415

        return send_by_sia(request, guard)
    if kind is ChannelKind.PING:
        from appliance.alarms.channels.ping import send_ping  # noqa: PLC0415

        return send_ping(request, guard)
    raise ChannelRefusedError(
        f"{request.channel}: a `{kind.value}` is switched by the power service, and not sent"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="channels", description="Sends messages.")
    parser.add_argument("--answers", type=Path, help="file that each answer is added to")
    server = Server(install_guard(), AnswerLog(parser.parse_args().answers))
    signal.signal(signal.SIGTERM, server.end)
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    with suppress(BrokenPipeError):  # its service is gone
        server.serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
