"""Under which names the page is served: a name of a stranger that leads here is refused.

A page of evil.example, whose name is made to lead to the unit ("DNS rebinding"), could otherwise
read the unit's data in the visitor's browser.

Reads: this computer's host name, once. Writes: nothing.
Never: asks a name server.
"""

import ipaddress
import socket
from collections.abc import Iterable

from appliance.parsing.values import parse_address, parse_host
from appliance.proxy.names import LOCALHOST, list_home_names
from appliance.strict_json import InputError, show
from appliance.wording.sentence import say

HTTP_PORT = 80


class AllowedHosts:
    """The names of this unit: localhost, its host name, and those of the settings."""

    def __init__(self, more: Iterable[str] = (), own: str | None = None) -> None:
        own = (socket.gethostname() if own is None else own).lower()
        self._names = {LOCALHOST, *list_home_names(own), *(parse_host(name) for name in more)}

    def find_refusal(self, header: str, local_address: str) -> str | None:
        """Why a request for this host is not answered; None: it is.

        `header` is empty where a program that is no browser names no host. `local_address` is where
        the client reached this computer: that address may stand in the header too.
        """
        if not header:
            return None
        try:
            host, _ = parse_address(header, HTTP_PORT)
        except InputError:
            return say("{header} is no name and no address of a unit", header=show(header))
        if host in self._names or is_own_address(host, local_address):
            return None
        return say(
            "this unit does not answer for {host}: add it to `hosts` under [web] in the "
            "settings if it is a name of this unit",
            host=show(host),
        )


def is_own_address(host: str, local_address: str) -> bool:
    """Whether that is the address at which the client is connected, or this computer's own."""
    try:
        asked = strip_mapping(ipaddress.ip_address(host))
    except ValueError:
        return False
    if asked.is_loopback:
        return True
    try:
        here = strip_mapping(ipaddress.ip_address(local_address.partition("%")[0]))
    except ValueError:
        return False
    return asked == here


def strip_mapping(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """An IPv4 address that came through an IPv6 socket, as itself."""
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address
