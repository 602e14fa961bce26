"""The address of a stream or a picture, as a camera names it, made one that may be opened. Pure.

In: the text of the camera, and the address at which it answered. Out: an address of that camera
without a login, and what was put right.
Never: gives an address of another host, of a file or of this computer; what a camera says of its
host is often wrong without malice (an old address, a name that only it knows), so its own takes the
place.
"""

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from urllib.parse import urlsplit

from appliance.log import redact
from appliance.wording.sentence import say

SCHEMES = ("rtsp", "rtsps")
USUAL_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80}
PRINTABLE = re.compile(r"[!-~]+")
LONGEST = 300  # characters


@dataclass(frozen=True, slots=True)
class Placed:
    """The address; "" where there is none that may be opened, and `remarks` say why."""

    url: str = field(repr=False)
    remarks: tuple[str, ...] = ()


def place_stream(text: str, camera: IPv4Address) -> Placed:
    """The address of a stream for the settings."""
    return place(text, camera, SCHEMES)


def place_picture(text: str, camera: IPv4Address) -> Placed:
    """The address of a picture, over HTTP."""
    return place(text, camera, ("http",))


def place(text: str, camera: IPv4Address, schemes: tuple[str, ...]) -> Placed:
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname
    except ValueError:
        return Placed("", (say("what it names as the address of a stream is none"),))
    if parts.scheme not in schemes or not host:
        scheme = parts.scheme if parts.scheme.isalnum() and len(parts.scheme) < 12 else "?"
        return Placed(
            "",
            (
                say(
                    "it names an address that begins with {scheme}: for a stream, which is not "
                    "opened",
                    scheme=scheme,
                ),
            ),
        )
    if not PRINTABLE.fullmatch(text) or len(text) > LONGEST:
        return Placed("", (say("the address that it names is too long, or holds a blank"),))
    shown_port = f":{port}" if port and port != USUAL_PORTS[parts.scheme] else ""
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    url = f"{parts.scheme}://{camera}{shown_port}{path}"
    return Placed(url, tuple(list_remarks(url, camera, host=host, has_login="@" in parts.netloc)))


def list_remarks(url: str, camera: IPv4Address, *, host: str, has_login: bool) -> list[str]:
    """What was put right, and what somebody should know."""
    found: list[str] = []
    if host != str(camera):
        found.append(
            say(
                "it names another host for its stream ({host}): its own address {address} is "
                "taken; set its network settings right if there is no picture",
                host=host if PRINTABLE.fullmatch(host) else "?",
                address=camera,
            )
        )
    if has_login:
        found.append(say("it names its stream with a login: that is left out, yours is taken"))
    if redact(url) != url:
        found.append(
            say(
                "it wants a login in the path of its stream: the path is stored in the settings "
                "and hidden wherever it is shown"
            )
        )
    return found
