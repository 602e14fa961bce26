"""Under which names and addresses the unit is reached, and so for which its certificate is.

    names = list_names(socket.gethostname(), settings.web.hosts, list_addresses())

Reads: /proc/net. Writes: nothing.
Never: asks a name server, or takes an address that only the internet reaches: the page is for
private and link-local networks alone.
"""

import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.parsing.values import parse_host

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
# Endings that no public name server answers for; routers give them to the devices at home.
HOME_ENDINGS = ("", ".local", ".lan", ".home.arpa", ".internal")
LOCALHOST = "localhost"
LOOPBACK: tuple[Address, ...] = (
    ipaddress.IPv4Address("127.0.0.1"),
    ipaddress.IPv6Address("::1"),
)
# As in systemd/appliance-proxy.socket.
OWN_NETWORKS: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "169.254.0.0/16",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fe80::/10",
        "fc00::/7",
    )
)
FIB, IPV6 = Path("/proc/net/fib_trie"), Path("/proc/net/if_inet6")
LOCAL_ADDRESS = re.compile(r"\|-- (\S+)\n\s+/32 host LOCAL")
DNS_NAME = re.compile(r"(?=.{1,253}\Z)(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")


@dataclass(frozen=True, slots=True)
class Names:
    """What a certificate is for, in a fixed order."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]


def list_names(own: str, more: Iterable[str], addresses: Iterable[Address]) -> Names:
    """Of a computer with the host name `own`; `more`: of the settings, names or addresses."""
    hosts = [LOCALHOST, *list_home_names(own)]
    found = [*LOOPBACK, *addresses]
    for text in map(parse_host, more):
        try:
            found.append(ipaddress.ip_address(text))
        except ValueError:
            hosts.append(text)
    usable = [one for one in hosts if DNS_NAME.fullmatch(one)]
    return Names(tuple(dict.fromkeys(usable)), tuple(dict.fromkeys(found)))


def list_home_names(own: str) -> list[str]:
    """The host name as it is, and as routers know it."""
    own = own.lower()
    short = own.partition(".")[0]
    return [own, *(f"{short}{ending}" for ending in HOME_ENDINGS)]


def list_addresses(fib: Path = FIB, ipv6: Path = IPV6) -> list[Address]:
    """Those that this computer has now, in its own networks, the loopback's left out; an address
    that changes by itself to hide a computer (IPv6, temporary) has no place in a certificate.
    """
    found: list[Address] = [*map(ipaddress.IPv4Address, LOCAL_ADDRESS.findall(read(fib)))]
    for line in read(ipv6).splitlines():
        digits, _, _, _, flags, _ = line.split()
        if not int(flags, 16) & 0x01:  # IFA_F_TEMPORARY
            found.append(ipaddress.IPv6Address(int(digits, 16)))
    own = {one for one in found if is_own(one) and not one.is_loopback}
    return sorted(own, key=lambda one: (one.version, int(one)))


def is_own(address: Address) -> bool:
    """Whether it is in a network of the owner's."""
    return any(address in network for network in OWN_NETWORKS)


def read(path: Path) -> str:
    """A file of /proc; without it (no IPv6) there is nothing in it."""
    try:
        return path.read_text()
    except OSError:
        return ""
