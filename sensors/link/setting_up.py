"""Sets the mobile link up: the connection of NetworkManager, and the SIM's PIN for the first time.

    setup = LinkSetUp(PinTrial(pin_file, data_dir))
    setup.find_apn()                    # of the connection that is there; None: there is none
    setup.connect("internet")           # made or changed, then begun

Reads and writes: both daemons.
Never: touches a connection that is not of a modem, or gives NetworkManager the PIN.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sensors.link import modem_manager, network_manager, positioning
from sensors.link.bus import open_bus
from sensors.link.look import LinkLook, LinkTask, LinkTools
from sensors.link.pin import PinTrial
from sensors.link.probe import Server, find_answering

NAME = "mobile-link"
UUID = str(uuid.uuid5(uuid.NAMESPACE_DNS, NAME))  # so that there are never two
FOR_EVER = 0  # of autoconnect-retries


@dataclass(frozen=True, slots=True)
class LinkSetUp:
    """`bus`: "SYSTEM", or an address."""

    trial: PinTrial
    bus: str = "SYSTEM"
    ask: Callable[[tuple[Server, ...]], Server | None] = find_answering

    def look(self, servers: tuple[Server, ...] = ()) -> LinkLook:
        """What is there; a locked SIM is given its PIN where the trial allows it. Asks servers."""
        return LinkTools(self.trial, self.bus, self.ask).look(LinkTask(servers=servers))

    def find_apn(self) -> str | None:
        """Of the first connection of a modem; None where there is none. Raises `LinkError`."""
        with open_bus(self.bus) as bus:
            found = network_manager.list_connections(bus)
        if not found:
            return None
        apn = found[0][1].get("gsm", {}).get("apn", ("s", ""))[1]
        return apn if isinstance(apn, str) else ""

    def has_idle_receiver(self) -> bool:
        """Whether the modem could hear satellites, and does not. Raises `LinkError`."""
        with open_bus(self.bus) as bus:
            modem = modem_manager.read_modem(bus)
            return modem is not None and positioning.has_idle_receiver(bus, modem.path)

    def begin_positioning(self) -> None:
        """Have the modem look for its place, where it can. Raises `LinkError`."""
        with open_bus(self.bus) as bus:
            modem = modem_manager.read_modem(bus)
            if modem is not None:
                positioning.switch_satellites(bus, modem.path, on=True)

    def connect(self, apn: str) -> None:
        """Raises `LinkError`. A connection that is there keeps all but its APN."""
        with open_bus(self.bus) as bus:
            found = network_manager.list_connections(bus)
            if found:
                path, settings = found[0]
                gsm = {**settings.get("gsm", {}), "apn": ("s", apn)}
                network_manager.update_connection(bus, path, {**settings, "gsm": gsm})
            else:
                network_manager.add_connection(bus, make_connection(apn))
            network_manager.reconnect(bus, network_manager.read_network(bus))


def make_connection(apn: str) -> dict[str, Any]:
    """One that is begun by itself, and again for ever."""
    return {
        "connection": {
            "id": ("s", NAME),
            "uuid": ("s", UUID),
            "type": ("s", "gsm"),
            "autoconnect": ("b", True),
            "autoconnect-retries": ("i", FOR_EVER),
        },
        "gsm": {"apn": ("s", apn)},
        "ipv4": {"method": ("s", "auto")},
        "ipv6": {"method": ("s", "auto")},
    }
