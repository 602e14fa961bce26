"""Requests of tests, and the real sending process that answers them."""

from pathlib import Path

from appliance.alarms.channels.requests import SendAnswer, SendRequest, make_request
from appliance.alarms.channels.sender import Sender
from appliance.model_alarms import AlarmKind
from appliance.sections.alarms import ChannelKind, ChannelSettings


def write_address(directory: Path, address: str) -> Path:
    """A file as a technician makes it."""
    file = directory / "address"
    file.write_text(f"{address}\n")
    return file


def ask(
    channel: ChannelSettings,
    *,
    alarm: AlarmKind = AlarmKind.EVENT,
    title: str = "Gate: person",
    body: str = "a person at the gate, 03:10",
    picture: Path | None = None,
    delivery_id: str = "b007b007-7.1.ada.mail",
) -> SendRequest:
    return make_request(
        "mail",
        channel,
        delivery_id=delivery_id,
        alarm=alarm,
        sequence=7,
        title=title,
        body=body,
        picture=None if picture is None else str(picture),
    )


def send(request: SendRequest, limit_s: float = 30.0) -> SendAnswer:
    """By a process of its own."""
    with Sender(limit_s) as sender:
        return sender.send(request)


def make_channel(directory: Path, address: str, *, allow_local: bool = True) -> ChannelSettings:
    """An Apprise channel to a server of this computer."""
    return ChannelSettings(
        kind=ChannelKind.APPRISE,
        address_file=write_address(directory, address),
        allow_local=allow_local,
    )
