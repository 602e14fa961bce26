"""Sends one message by Apprise: mail, ntfy, Telegram, Signal, webhooks and many more.

Reads: the address file, the picture. Writes: whatever the address leads to.
Never: puts a part of the address into an answer, or connects to this computer unless allowed.

The importer of Apprise, which with its parsers takes 25 MB: only a sending process loads this.
"""

import logging
import os
import ssl
import sys
from pathlib import Path
from typing import Any

from appliance.alarms.channels.apprise_plugins import open_plugin
from appliance.alarms.channels.connection_guard import ConnectionGuard
from appliance.alarms.channels.errors import ChannelRefusedError
from appliance.alarms.channels.failures import explain
from appliance.alarms.channels.requests import SendRequest, Sent
from appliance.alarms.channels.secret_files import hide, read_secret
from appliance.alarms.channels.unanswered import watch_answers
from appliance.errors import locate_error
from appliance.wording.sentence import say

# A mail server may look for spam before it says that it has taken a mail: who gives up before that
# sends it again and again. RFC 5321 would wait 10 min; the sender's limit is 90 s.
CONNECT_S, READ_S = 15.0, 60.0
REASON = "Socket Exception"  # Apprise tells causes so, among what it logs for developers
MOST_LINES, LONGEST_LINE = 20, 4000  # far more than is shown: a secret that is cut is not hidden
OF_BASE64 = 4 / 3


class HeardLines(logging.Handler):
    """Collects what Apprise says of a failure (payloads and pictures stand in other lines), and who
    has taken the message.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.taken: list[Any] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = record.getMessage()
        if record.levelno >= logging.WARNING or text.startswith(REASON):
            self.lines = [*self.lines[-MOST_LINES:], " ".join(text[:LONGEST_LINE].split())]


def send_by_apprise(request: SendRequest, guard: ConnectionGuard) -> Sent:
    """Send it. Raises `ChannelError`. Where an address names several people, and some have got it,
    it counts as sent: those would get it again and again.
    """
    address = read_secret(request.address_file, "address_file", request.channel)
    trust_system()
    heard = HeardLines()
    logger = logging.getLogger("apprise")
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    logger.addHandler(heard)
    try:
        plugin = open_plugin(address, request.channel)
        with guard.watch(allow_local=request.allow_local), watch_answers() as watch:
            sent = notify(plugin, request, heard)
    finally:
        logger.removeHandler(heard)
    if sent:
        return Sent(measure(request))
    if guard.blocked:
        told = say("{channel}: {blocked}", channel=request.channel, blocked=guard.blocked)
        raise ChannelRefusedError(told)
    # The cause stands behind what it was the cause of.
    said = "; ".join(reversed(heard.lines)) or say("Apprise gives no reason")
    error = explain(request.channel, hide(said, address), unsure=watch.is_unanswered)
    if heard.taken:
        told = say("sent, but not to all in the address: {error}", error=error)
        return Sent(measure(request), told)
    raise error


def trust_system() -> None:
    """Webhooks are checked by the certificates of this computer, as mail is, not by those that come
    with a library: there a technician adds their own.
    """
    paths = ssl.get_default_verify_paths()
    if trusted := paths.cafile or paths.capath:
        os.environ["REQUESTS_CA_BUNDLE"] = trusted


def notify(plugin: Any, request: SendRequest, heard: HeardLines) -> bool:
    """Whether it was sent; what a library raises is heard as well."""
    plugin.socket_connect_timeout, plugin.socket_read_timeout = CONNECT_S, READ_S
    keep_message_id(plugin, request.delivery_id)
    plugin.mark_delivered = lambda key, **_: heard.taken.append(key)
    headers = getattr(plugin, "headers", None)
    if isinstance(headers, dict):
        headers |= make_headers(request)
    try:
        return bool(
            plugin.notify(
                title=request.title,
                body=request.body,
                body_format="text",
                attach=find_picture(request),
            )
        )
    except Exception as error:  # noqa: BLE001  (190 plugins read what servers send)
        heard.lines.append(say("{where}: {error}", where=locate_error(error), error=error))
        return False


def keep_message_id(plugin: Any, delivery_id: str) -> None:
    """A repeated mail has the Message-ID of the first: mail programs show such a pair once. Apprise
    makes a new one each time, and a header of ours would stand beside it: so the function by which
    its module makes one is ours. Where a later Apprise has none, mails are sent all the same.
    """
    module: Any = sys.modules[type(plugin).__module__]
    if hasattr(module, "make_msgid"):
        module.make_msgid = lambda domain=None: f"<{delivery_id}@{domain or 'alarm.invalid'}>"


def make_headers(request: SendRequest) -> dict[str, str]:
    """By which a repetition is known, and all messages of one alarm stand together."""
    alarm_id = request.delivery_id.partition(".")[0]
    return {
        "X-Alarm-Delivery": request.delivery_id,
        "X-Alarm-Sequence": str(request.sequence),
        "References": f"<{alarm_id}@alarm.invalid>",
    }


def find_picture(request: SendRequest) -> str | None:
    """Its path; None where it was deleted meanwhile: the text goes without it."""
    if request.picture is None or not Path(request.picture).is_file():
        return None
    return request.picture


def measure(request: SendRequest) -> int:
    """Bytes of text and picture, as mail and JSON carry one."""
    picture = find_picture(request)
    size = 0 if picture is None else Path(picture).stat().st_size * OF_BASE64
    return len(f"{request.title}{request.body}".encode()) + round(size)
