"""How a port is named in the settings: a serial device, or tcp://HOST:PORT for a gateway.

Reads and writes: nothing; pure.
Never: opens a port.
"""

from urllib.parse import urlsplit

from appliance.errors import SettingsError
from appliance.wording.sentence import say

TCP = "tcp://"
MODBUS_TCP_PORT = 502


def parse_tcp_address(port: str) -> tuple[str, int]:
    """Host and port number of tcp://HOST:PORT; raise `SettingsError` where it is not one."""
    try:
        parts = urlsplit(port)
        host, number = parts.hostname, parts.port
    except ValueError:
        host, number = None, None
    if not host:
        raise SettingsError(
            say("a port must be a serial device or tcp://HOST:PORT, not {port}", port=port)
        )
    return host, number or MODBUS_TCP_PORT
