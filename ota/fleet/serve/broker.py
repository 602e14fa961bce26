"""The broker for hints that runs beside the server: mosquitto, on this computer.

Reads and writes: through push/broker.py.
Never: holds a rule of its own.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from ota.fleet.claims.authority import Authority
from ota.fleet.push.broker import AUTHORITY, CONFIGURATION, OWN, OWN_KEY, BrokerPlace
from ota.fleet.push.publishing import BrokerAddress

PLACE, HERE = "broker", "localhost"


@dataclass(frozen=True, slots=True)
class Broker:
    place: BrokerPlace

    @property
    def command(self) -> list[str]:
        return ["mosquitto", "-c", str(self.place.directory / CONFIGURATION)]

    @property
    def address(self) -> BrokerAddress:
        """As the server itself reaches it, with the certificate that may write."""
        own = self.place.directory
        return BrokerAddress(HERE, own / OWN, own / OWN_KEY, self.place.port, own / AUTHORITY)


def make_place(
    directory: Path, authority: Authority, names: tuple[str, ...], port: int
) -> BrokerPlace:
    """`directory`: the fleet's; `names`: of the server, as units call it."""
    user = "root" if os.getuid() == 0 else ""
    return BrokerPlace(
        directory / PLACE, authority, tuple(dict.fromkeys((*names, HERE))), port, user=user
    )
