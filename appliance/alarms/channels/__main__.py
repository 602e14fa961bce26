"""A process that sends messages and ends: `python -m appliance.alarms.channels`.

Reads: one request in JSON a line on standard input. Writes: one answer in JSON a line on standard
output; whatever the channels reach.
Never: lives longer than its batch, or than one message may take; takes more memory than it may;
writes an address, a password or a key anywhere.

Each kind of channel is imported with the first message that needs it.
"""

import resource
import signal
import sys
from typing import BinaryIO

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


def serve(requests: BinaryIO, answers: BinaryIO, guard: ConnectionGuard) -> None:
    """Answer each line, in order, until the input ends."""
    while line := requests.readline(MOST_BYTES + 2):
        signal.alarm(LONGEST_S)
        answer = answer_line(line, guard)
        signal.alarm(0)
        answers.write(format_line(answer).encode())
        answers.flush()


def answer_line(line: bytes, guard: ConnectionGuard) -> SendAnswer:
    """What became of one request."""
    try:
        request = parse_request(line)
    except InputError as error:
        return SendAnswer("", sent=False, refused=True, text=f"the request is wrong: {error}")
    try:
        sent = send(request, guard)
    except ChannelError as error:
        text, refused = str(error), error.refused
        return SendAnswer(request.delivery_id, sent=False, refused=refused, text=text)
    except Exception as error:  # noqa: BLE001  (libraries read what servers send)
        # Its text may hold a password: where it happened must do.
        text = f"{request.channel}: a fault of the program or its memory ({locate_error(error)})"
        return SendAnswer(request.delivery_id, sent=False, refused=False, text=text)
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
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # what a library prints is no answer
    serve(sys.stdin.buffer, answers, install_guard())


if __name__ == "__main__":
    main()
