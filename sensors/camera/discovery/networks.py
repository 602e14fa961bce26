"""The networks of this computer in which cameras are looked for.

Reads: the kernel's list of addresses; /sys/class/net. Writes: nothing.
Never: names a network that leads to strangers: a mobile network may have private addresses too.
"""

import fcntl
import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from pathlib import Path

from appliance.parsing.small_file import read_small_file

# From Linux' sockios.h and if.h.
SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFNETMASK = 0x8913, 0x8915, 0x891B
IFF_UP, IFF_LOOPBACK, IFF_POINTOPOINT, IFF_MULTICAST = 0x1, 0x8, 0x10, 0x1000
FLAGS, ADDRESS = struct.Struct("16xH22x"), struct.Struct("20x4s16x")  # of `struct ifreq`
PRIVATE = tuple(
    map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"))
)
SYS = Path("/sys/class/net")
STRANGERS = ("DEVTYPE=wwan", "DEVTYPE=ppp")
MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Network:
    """A network card, and the first IPv4 address that this computer has on it."""

    name: str
    interface: IPv4Interface

    @property
    def address(self) -> IPv4Address:
        return self.interface.ip


@dataclass(frozen=True, slots=True)
class Card:
    """The same with what decides whether it is asked."""

    network: Network
    flags: int


def list_networks(sys: Path = SYS) -> list[Network]:
    """The private networks that are up, one for each card."""
    return [card.network for card in list_cards() if is_asked(card, sys)]


def is_asked(card: Card, sys: Path = SYS) -> bool:
    """Whether cameras can be there: a private network of several computers, of our own."""
    if not card.flags & IFF_UP or not card.flags & IFF_MULTICAST:
        return False
    if card.flags & (IFF_LOOPBACK | IFF_POINTOPOINT) or not is_private(card.network.address):
        return False
    return not leads_to_strangers(card.network.name, sys)


def is_private(address: IPv4Address) -> bool:
    """Of RFC 1918, or link-local."""
    return any(address in network for network in PRIVATE)


def leads_to_strangers(name: str, sys: Path = SYS) -> bool:
    """Whether a card is a modem, by what its driver says."""
    try:
        said = read_small_file(sys / name / "uevent", MOST_BYTES).decode(errors="replace")
    except OSError:
        return False
    return any(word in said.split() for word in STRANGERS)


def list_cards() -> Iterator[Card]:
    """All cards with an IPv4 address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        for _, name in socket.if_nameindex():
            with suppress(OSError):  # it has no address, or is gone by now
                ip, mask = (
                    IPv4Address(ADDRESS.unpack(ask(control, question, name))[0])
                    for question in (SIOCGIFADDR, SIOCGIFNETMASK)
                )
                flags = FLAGS.unpack(ask(control, SIOCGIFFLAGS, name))[0]
                yield Card(Network(name, IPv4Interface(f"{ip}/{mask}")), flags)


def ask(control: socket.socket, question: int, name: str) -> bytes:
    """One question to the kernel about one card."""
    return fcntl.ioctl(control, question, struct.pack("40s", name.encode()))
