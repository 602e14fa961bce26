"""Where a request comes from, as its WSGI environment says: touchscreen, network or plain.

    origin = find_origin(request.environ)

Set by connections.py for each request, from the socket that it came by and from what the proxy says
of its client; never from what a client says.

Reads: the WSGI environment. Writes: nothing.
Never: takes a request of another machine for one of the touchscreen.
"""

import ipaddress
from collections.abc import Mapping
from typing import Any

from appliance.access.roles import Origin

__all__ = ["ORIGIN", "Origin", "find_origin", "judge_peer"]
ORIGIN = "appliance.origin"  # in the WSGI environment: an Origin


def find_origin(environ: Mapping[str, Any]) -> Origin:
    """Of a request; where no server of ours has said it (in a test), by the address of its peer."""
    said = environ.get(ORIGIN)
    return said if isinstance(said, Origin) else judge_peer(str(environ.get("REMOTE_ADDR", "")))


def judge_peer(address: str) -> Origin:
    """Of a connection over TCP to the page's own port."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return Origin.PLAIN
    mapped = getattr(found, "ipv4_mapped", None) or found
    return Origin.TOUCHSCREEN if mapped.is_loopback else Origin.PLAIN
