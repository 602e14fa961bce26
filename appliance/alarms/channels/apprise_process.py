"""A process that sends by Apprise and ends: `python -m appliance.alarms.channels.apprise_process`.

Reads: one request in JSON a line on standard input. Writes: one answer in JSON a line on standard
output; whatever Apprise's channel reaches.
Never: lives longer than its batch, or writes a channel's address anywhere.

The one importer of Apprise, which with its parsers takes 25 MB and half a second.
"""

import json
import logging
import sys
from dataclasses import asdict
from typing import TextIO

import apprise

from appliance.alarms.channels.requests import SendAnswer, SendRequest, parse_request
from appliance.strict_json import InputError

REFUSALS = ("error=400", "error=401", "error=403", "error=404", "Authentication", "Unparseable")
SENDING = "Notifying 1 service"


def serve(requests: TextIO, answers: TextIO) -> None:
    """Answer each line, in order, until the input ends."""
    for line in requests:
        answers.write(json.dumps(asdict(answer_line(line))) + "\n")
        answers.flush()


def answer_line(line: str) -> SendAnswer:
    """What became of one request."""
    try:
        request = parse_request(line)
    except InputError as error:
        return SendAnswer("", sent=False, refused=True, text=str(error))
    return send(request)


def send(request: SendRequest) -> SendAnswer:
    """By the channel of its address; the text is what Apprise says, without the address."""
    channel = apprise.Apprise()
    with apprise.LogCapture(level=logging.WARNING, fmt="%(message)s") as said:
        known = channel.add(request.address)
        sent = known and bool(
            channel.notify(title=request.title, body=request.body, attach=request.picture)
        )
    text = " ".join(said.getvalue().split())
    if not known:
        text = "the address is of no kind that Apprise knows"
    refused = not sent and (not known or any(mark in text for mark in REFUSALS))
    return SendAnswer(request.delivery_id, sent=sent, refused=refused, text=text or "sent")


if __name__ == "__main__":
    serve(sys.stdin, sys.stdout)
