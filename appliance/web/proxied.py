"""What the proxy says of the client of a request: headers that it sets itself on each.

    said = read_said(environ)        # of a request that came over the proxy's socket
    remove_said(environ)             # of every request: nobody else says anything of a client

Reads: the WSGI environment. Writes: that environment.
Never: believes these headers on a connection that is not the proxy's.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from appliance.web.origins import Origin

CLIENT, ORIGIN, LOCAL = "X-Forwarded-For", "X-Appliance-Origin", "X-Appliance-Local"
FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED", "HTTP_X_APPLIANCE", "HTTP_X_REAL_IP")
UNKNOWN_CLIENT = "proxy"  # until its request is here


@dataclass(frozen=True, slots=True)
class Said:
    """`client`: its address; `local_address`: that of ours which it reached."""

    client: str
    origin: Origin
    local_address: str


def read_said(environ: Mapping[str, Any]) -> Said:
    """What is missing is taken for the least: plain, and an unknown client."""
    said = str(environ.get(to_variable(ORIGIN), ""))
    return Said(
        str(environ.get(to_variable(CLIENT), "")) or UNKNOWN_CLIENT,
        Origin.NETWORK if said == Origin.NETWORK.value else Origin.PLAIN,
        str(environ.get(to_variable(LOCAL), "")),
    )


def is_passed_on(environ: Mapping[str, Any]) -> bool:
    """Whether another program says that it speaks for a client: a reverse proxy of the owner, which
    reaches this computer's loopback as the touchscreen does. nginx says nothing unless it is told
    to, but speaks a protocol that no browser speaks.
    """
    is_old = environ.get("SERVER_PROTOCOL") == "HTTP/1.0"
    return is_old or any(one.startswith((*FORWARDED, "HTTP_VIA")) for one in environ)


def remove_said(environ: MutableMapping[str, Any]) -> None:
    """Take out whatever claims to speak of a client."""
    for name in [one for one in environ if one.startswith(FORWARDED)]:
        del environ[name]


def find_client(headers: Mapping[str, str]) -> str:
    """Of a parsed request of waitress, whose names of headers are in capitals."""
    return headers.get(CLIENT.upper().replace("-", "_"), "") or UNKNOWN_CLIENT


def to_variable(header: str) -> str:
    """The name of a header in the WSGI environment."""
    return f"HTTP_{header.upper().replace('-', '_')}"
