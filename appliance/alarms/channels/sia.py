"""Sends one message to a monitoring station by SIA DC-09 over TCP, and takes its answer.

Reads: the key file; the station's answer. Writes: one frame.
Never: calls a message sent that the station has not acknowledged, or waits for it without end. It
sends once: who calls sends again, with the same sequence number.

A station judges a message by the time in it (from 40 s before its clock to 20 s after, with
encryption): so that is the time of sending, and when it happened stands in the text.
"""

import re
import socket
import time
from datetime import UTC, datetime

from appliance.alarms.channels.connection_guard import ConnectionGuard
from appliance.alarms.channels.errors import ChannelError, ChannelRefusedError
from appliance.alarms.channels.failures import explain
from appliance.alarms.channels.requests import SendRequest, Sent
from appliance.alarms.channels.secret_files import decode_key, read_secret
from appliance.alarms.channels.sia_frame import (
    Reply,
    SiaMessage,
    build,
    find_station_time,
    parse_answer,
)
from appliance.model_alarms import AlarmKind
from appliance.wording.sentence import say

CONNECT_S, ANSWER_S = 10.0, 20.0  # DC-09, 5.6: a receiver has 20 s to answer
MOST_ANSWER = 1024  # bytes
ACCOUNT = re.compile(r"[0-9A-Fa-f]{3,16}")
# SIA DC-03: burglary, tamper, service required and done, battery, communication lost and back.
CODES = {
    AlarmKind.EVENT: "BA",
    AlarmKind.TAMPER: "TA",
    AlarmKind.FAULT: "YX",
    AlarmKind.FAULT_OVER: "YZ",
    AlarmKind.BATTERY: "YT",
    AlarmKind.ASLEEP: "YS",
    AlarmKind.AWAKE: "YK",
    AlarmKind.TEST: "RX",
    AlarmKind.HEARTBEAT: "",  # a link test
}


def send_by_sia(request: SendRequest, guard: ConnectionGuard) -> Sent:
    """Send it. Raises `ChannelError`."""
    name = request.channel
    if not request.host or not request.port or not ACCOUNT.fullmatch(request.account):
        raise ChannelRefusedError(
            say(
                "{name}: `host`, `port` and `account` (3 to 16 hexadecimal digits) must be "
                "those that the station has given; set them in [channel.{name}]",
                name=name,
            )
        )
    key = read_key(request)
    message = make_message(request, datetime.now(UTC))
    frame = build(message, key)
    try:
        with guard.watch(allow_local=request.allow_local):
            connection = socket.create_connection((request.host, request.port), CONNECT_S)
    except (OSError, UnicodeError) as error:
        if guard.blocked:
            raise ChannelRefusedError(
                say("{name}: {blocked}", name=name, blocked=guard.blocked)
            ) from None
        raise explain(name, f"{request.host}:{request.port}: {error}") from error
    try:
        answer = exchange(connection, frame)
    except OSError as error:
        said = f"{request.host}:{request.port}: {error}"
        raise explain(name, said, unsure=True) from error
    require_acknowledged(name, answer, message, key)
    return Sent(len(frame))


def make_message(request: SendRequest, now: datetime) -> SiaMessage:
    return SiaMessage(
        CODES[AlarmKind(request.alarm)],
        f"{request.title}: {request.body}" if request.body else request.title,
        account=request.account.upper(),
        sequence=request.sequence,
        at=now,
    )


def read_key(request: SendRequest) -> bytes | None:
    """The AES key; None where the station takes plain text."""
    if request.key_file is None:
        return None
    text = read_secret(request.key_file, "key_file", request.channel)
    return decode_key(text, request.key_file, request.channel)


def exchange(connection: socket.socket, frame: bytes) -> bytes:
    """Send a frame and read up to the CR of the answer; b"" where none comes. Raises `OSError`."""
    with connection:
        connection.sendall(frame)
        ends_s, answer = time.monotonic() + ANSWER_S, b""
        while b"\r" not in answer.lstrip(b"\r\n") and len(answer) < MOST_ANSWER:
            connection.settimeout(max(0.01, ends_s - time.monotonic()))
            data = connection.recv(MOST_ANSWER)
            if not data:
                break
            answer += data
    return answer


def require_acknowledged(name: str, answer: bytes, message: SiaMessage, key: bytes | None) -> None:
    """Raises `ChannelError` for any answer but an ACK to this message."""
    reply = parse_answer(answer, message, key)
    if reply is Reply.DUH:
        raise ChannelRefusedError(
            say(
                "{name}: the station does not know this kind of message (DUH, code {code}): ask "
                "it which codes of SIA DC-03 it takes",
                name=name,
                code=message.code,
            )
        )
    if reply is Reply.NAK:
        station = find_station_time(answer) or say("not told")
        raise ChannelError(
            say(
                "{name}: the station refuses the message (NAK); its clock: {station} "
                "(month-day), the unit's: {at:%H:%M:%S,%m-%d-%Y}: check the unit's clock, "
                "account and key",
                name=name,
                station=station,
                at=message.at,
            )
        )
    if reply is Reply.NONE:
        advice = say(": check the key, and that the station encrypts too") if key else ""
        raise ChannelError(
            say(
                "{name}: the station answers nothing that acknowledges the message{advice}; it "
                "is sent again with the same number {number}",
                name=name,
                advice=advice,
                number=message.number,
            ),
            unsure=True,
        )
