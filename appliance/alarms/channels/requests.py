"""What goes to a sending process and what it answers: one line of JSON each. Pure.

    request = make_request("mail", channel, delivery_id="7.1.ada.mail", ...)
    line = format_line(request)              # on the process's standard input
    answer = parse_answer(line)              # from its standard output

Reads and writes: nothing.
Never: holds a password, a key or an address with one: a request names the file that has it.
"""

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import ChannelKind, ChannelSettings
from appliance.strict_json import InputError, parse_object, show
from appliance.wording.sentence import say

MOST_BYTES = 65_536
T = TypeVar("T", "SendRequest", "SendAnswer")


@dataclass(frozen=True, slots=True)
class SendRequest:
    """One message by one channel. `channel`: its name. `kind`: a `ChannelKind`. `alarm`: an
    `AlarmKind`. `sequence`: the same when it is repeated. `picture`: path of a JPEG.
    """

    delivery_id: str
    channel: str
    kind: str
    alarm: str
    sequence: int
    title: str
    body: str
    picture: str | None = None
    address_file: str | None = None
    number: str = ""
    host: str = ""
    port: int = 0
    account: str = ""
    key_file: str | None = None
    allow_local: bool = False


@dataclass(frozen=True, slots=True)
class SendAnswer:
    """What the channel said. `refused`: trying again without a change is of no use; neither `sent`
    nor `refused`: later. `size_bytes`: of the message, about. `unsure`: not sent as far as is
    known, but the recipient may have it.
    """

    delivery_id: str
    sent: bool
    refused: bool
    text: str
    size_bytes: int = 0
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Sent:
    """A message that a channel took: about its bytes, and what there is to say of it."""

    size_bytes: int
    text: str = "sent"


def make_request(
    name: str,
    channel: ChannelSettings,
    *,
    delivery_id: str,
    alarm: AlarmKind,
    sequence: int,
    title: str,
    body: str,
    picture: str | None = None,
) -> SendRequest:
    """One message by [channel.NAME]."""
    return SendRequest(
        delivery_id=delivery_id,
        channel=name,
        kind=channel.kind.value,
        alarm=alarm.value,
        sequence=sequence,
        title=title,
        body=body,
        picture=picture,
        address_file=format_path(channel.address_file),
        number=channel.number,
        host=channel.host,
        port=channel.port,
        account=channel.account,
        key_file=format_path(channel.key_file),
        allow_local=channel.allow_local,
    )


def format_path(path: object | None) -> str | None:
    return None if path is None else str(path)


def format_line(message: SendRequest | SendAnswer) -> str:
    """With its end."""
    return json.dumps(asdict(message)) + "\n"


def parse_request(line: bytes) -> SendRequest:
    """Raises `InputError`."""
    request = parse_line(line, SendRequest)
    require_word(request.kind, "kind", [one.value for one in ChannelKind])
    require_word(request.alarm, "alarm", [one.value for one in AlarmKind])
    return request


def parse_answer(line: bytes) -> SendAnswer:
    """Raises `InputError`."""
    return parse_line(line, SendAnswer)


def parse_line(line: bytes, kind: type[T]) -> T:
    """All fields, each of its type."""
    found: dict[str, Any] = parse_object(line, most_bytes=MOST_BYTES)
    known = {one.name: one.type for one in fields(kind)}
    if set(found) != set(known):
        raise InputError(say("it must have the fields {known}", known=", ".join(known)))
    for name, type_ in known.items():
        if type(found[name]) not in list_types(type_):
            raise InputError(say("{name} cannot be {found}", name=name, found=show(found[name])))
    return kind(**found)


def list_types(annotation: Any) -> tuple[type, ...]:
    """The types that a field may have: `str` or `str | None`."""
    return getattr(annotation, "__args__", None) or (annotation,)


def require_word(value: str, name: str, known: list[str]) -> None:
    if value not in known:
        raise InputError(
            say(
                "{name} is {value}, and must be one of {known}",
                name=name,
                value=show(value),
                known=", ".join(known),
            )
        )
