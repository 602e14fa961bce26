"""Check: do the serial lines to chargers and batteries exist, and do the devices answer?

Reads: the ports, and the newest PowerReading. Writes: nothing; a TCP gateway is only connected to
while no reading is fresh, since many take one client at a time.
Never: sends on a line: the power service is its one master.
"""

import os
import socket
from urllib.parse import urlsplit

from appliance.checks import Finding
from appliance.clock import Clock
from appliance.model import PowerReading
from appliance.process.units import format_unit
from appliance.settings import Settings
from appliance.status.status_document import compute_power_max_age_s
from appliance.store.store import Store
from appliance.wording.counts import format_count

NAME = "power"
CONNECT_S = 2.0


def check(settings: Settings, store: Store | None, clock: Clock) -> Finding:  # noqa: ARG001
    ports = list_ports(settings)
    if not ports:
        advice = "connect the charge controller and let `unitctl power probe --write` find it"
        return Finding(NAME, "the settings name no charger and no BMS", advice, ok=False)
    if store and (reading := store.latest(PowerReading, compute_power_max_age_s(settings))):
        count = format_count(len(reading.device.split(" + ")), "device")
        return Finding(NAME, f"replies of {count}: {reading.device} at {', '.join(ports)}", ok=True)
    for port in ports:
        if (
            wrong := find_gateway_fault(port)
            if port.startswith("tcp://")
            else find_port_fault(port)
        ):
            advice = "check cable and power of the line, and `port` in its [charger] section"
            return Finding(NAME, f"{port}: {wrong}", advice, ok=False)
    advice = (
        f"check the devices' power, `model` and `device_id`, and that {format_unit('power')} runs"
    )
    return Finding(
        NAME, f"{', '.join(ports)}: exists, but gives no fresh reading", advice, ok=False
    )


def list_ports(settings: Settings) -> list[str]:
    """All ports of the settings, each once."""
    return list(dict.fromkeys(one.port for one in settings.power_devices))


def find_port_fault(port: str) -> str | None:
    """What is wrong with a serial device; None if nothing is."""
    if not os.path.exists(port):
        return "there is no such device"
    return None if os.access(port, os.R_OK | os.W_OK) else "this user may not open it"


def find_gateway_fault(port: str) -> str | None:
    """What is wrong with a TCP gateway; None if it takes a connection."""
    try:
        place = urlsplit(port)
        socket.create_connection((place.hostname, place.port), timeout=CONNECT_S).close()
    except (OSError, ValueError) as error:
        return f"no connection: {error}"
    return None
