"""Check: is the charge controller's line there, and does the controller answer?

Reads: the port, and the newest PowerReading. Writes: nothing; a TCP gateway is only connected to
while no reading is fresh, since many take one client at a time.
Never: speaks on the bus; the power service is its one master.
"""

import os
import socket
from urllib.parse import urlsplit

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.model import PowerReading
from appliance.settings import Settings
from appliance.status import power_max_age_s
from appliance.store import Store

NAME = "charger"
CONNECT_S = 2.0


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    port = settings.charger.port
    if store and (reading := store.latest(PowerReading, power_max_age_s(settings))):
        return Finding(NAME, True, f"{reading.device} answers at {port}")
    wrong = unreachable(port) if port.startswith("tcp://") else unusable(port)
    if wrong:
        advice = "check cable and power of the line, and `port` in the [charger] settings"
        return Finding(NAME, False, f"{port}: {wrong}", advice)
    advice = "check the controller's power, its `device_id`, and that power.service runs"
    return Finding(NAME, False, f"{port} is there, but no fresh reading comes", advice)


def unusable(port: str) -> str | None:
    """What is wrong with a serial device; None if nothing is."""
    if not os.path.exists(port):
        return "there is no such device"
    return None if os.access(port, os.R_OK | os.W_OK) else "this user may not open it"


def unreachable(port: str) -> str | None:
    """What is wrong with a TCP gateway; None if it takes a connection."""
    try:
        place = urlsplit(port)
        socket.create_connection((place.hostname, place.port), timeout=CONNECT_S).close()
    except (OSError, ValueError) as error:
        return f"no connection: {error}"
    return None
