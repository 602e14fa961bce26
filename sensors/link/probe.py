"""Whether a server of the unit answers: a TCP connection that is opened and closed again.

    servers = list_servers(settings)            # [("fleet.example.org", 443), ...]
    find_answering(servers)                     # the first that answers, or None

Reads and writes: the network; some 300 bytes a try, and nothing of the unit is in them.
Never: asks anybody whom the settings do not name.
"""

import socket
from collections.abc import Sequence
from contextlib import suppress
from urllib.parse import urlsplit

from appliance.parsing.values import parse_address
from appliance.sections.network import PUSH_PORT
from appliance.settings import Settings
from appliance.strict_json import InputError

ANSWER_S = 10.0
PORTS = {"https": 443, "http": 80}
LOCAL = ("localhost", "127.0.0.1", "::1")
Server = tuple[str, int]


def list_servers(settings: Settings) -> tuple[Server, ...]:
    """Those that the unit speaks to over the internet, each once: fleet, mirrors, DDI, push."""
    addresses = (settings.fleet.server, *settings.update.mirrors, settings.ddi.url)
    found = [parse_server(one) for one in addresses if one]
    if settings.fleet.push:
        with suppress(InputError):
            found.append(parse_address(settings.fleet.push, PUSH_PORT))
    return tuple(dict.fromkeys(one for one in found if one and one[0] not in LOCAL))


def parse_server(address: str) -> Server | None:
    """Host and port of a web address; None where it is none."""
    with suppress(ValueError):
        parts = urlsplit(address)
        if parts.hostname and parts.scheme in PORTS:
            return parts.hostname, parts.port or PORTS[parts.scheme]
    return None


def find_answering(servers: Sequence[Server]) -> Server | None:
    """The first that takes a connection; a refusal is an answer too: data went there and back."""
    for server in servers:
        try:
            with socket.create_connection(server, timeout=ANSWER_S):
                return server
        except ConnectionRefusedError:
            return server
        except OSError:
            continue
    return None
